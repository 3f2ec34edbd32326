// ExportFormats: each format's text. Sources: the manuals of ledger 3 (section "Journal Format"),
// hledger 1.25 (hledger_journal(5)) and beancount 2 (Beancount Language Syntax), RFC 4180.
#include "ledger-rebuild/export_formats.h"

#include <cctype>
#include <nlohmann/json.hpp>

#include "core/base/decimal.h"

namespace rebuild {
namespace {

using core::BusinessDay;
using core::Currency;
using core::Errc;
using core::fail;
using core::Money;
using core::Result;

std::string decimal(Money money) {
  return core::format_decimal(money.minor, money.currency.minor_digits());
}

std::string_view root_of(std::string_view type) {
  if (type == "asset") return "Assets";
  if (type == "liability") return "Liabilities";
  if (type == "equity") return "Equity";
  return type == "expense" ? "Expenses" : "Income";
}

// What a reader should look at twice.
char flag_of(const ExportEntry& entry) {
  return entry.state == State::kProven ? '*' : '!';
}

std::string place_of(const ExportEntry& entry) {
  if (is_of_message(entry)) {
    return to_string(entry.till) + " " + to_string(entry.epoch) + "." + to_string(entry.sequence);
  }
  return entry.what == EntryOf::kStoreDay ? to_string(entry.till.store) : "settings";
}

std::string words_of(const ExportEntry& entry) {
  const std::string late =
      entry.of != entry.day ? " of " + to_string(entry.of) + ", a correction" : "";
  switch (entry.what) {
    case EntryOf::kClosing:
      return "Closing" + late;
    case EntryOf::kReversal:
      return "Reversal of a closing" + late;
    case EntryOf::kStoreDay:
      return "Goods and points of store " + to_string(entry.till.store);
    case EntryOf::kRevaluation:
      return "Change of worth";
    case EntryOf::kDepartments:
      break;
  }
  return "Sales by department";
}

// The same in one word, for programs.
std::string_view kind_of(const ExportEntry& entry) {
  switch (entry.what) {
    case EntryOf::kClosing:
    case EntryOf::kReversal:
      return state_text(entry.state);
    case EntryOf::kStoreDay:
      return "goods";
    case EntryOf::kRevaluation:
      return "revaluation";
    case EntryOf::kDepartments:
      return "departments";
  }
  CORE_CHECK(false);
}

// A line of a posting: the account, then the amount set right of it.
std::string posting_line(const std::string& account, const std::string& amount) {
  std::string out = "    " + account;
  constexpr std::size_t kAmountEnds = 72;
  const std::size_t used = out.size() + amount.size();
  out.append(used + 2 < kAmountEnds ? kAmountEnds - used : 2, ' ');
  return out + amount;
}

// The postings that carry what stands in the books; they add up to zero.
std::string lines_of(const Balances& balances) {
  std::string out;
  for (const auto& [key, balance] : balances) {
    if (balance.minor != 0)
      out += posting_line(account_path(*key.first), to_string(balance)) + "\n";
  }
  return out;
}

std::string head_of(const std::string& origin, const BooksDigest& digest) {
  return "; " + origin + "\n; books digest " + digest.books.hex() + "\n\n";
}

std::string end_of(std::uint64_t entries) {
  return "\n; end: " + std::to_string(entries) + " entries\n";
}

// ledger and hledger, which read the same journal but for how a commodity is declared.
class PlainText : public ExportFormat {
 public:
  explicit PlainText(bool hledger) : hledger_(hledger) {}

  std::string begin(const std::string& origin, const BooksDigest& digest,
                    const std::vector<Currency>& currencies, const Chart& chart) override {
    std::string out = head_of(origin, digest);
    for (const Currency currency : currencies) {
      out += "commodity ";
      if (hledger_) {
        const std::string sample = core::format_decimal(0, currency.minor_digits());
        out += sample + (currency.minor_digits() == 0 ? ". " : " ");
      }
      out += std::string(currency.code()) + "\n";
    }
    out += "tag message\ntag code\n\n";
    for (const ChartAccount& info : chart.accounts()) out += "account " + account_path(info) + "\n";
    return out;
  }
  std::string carried_forward(BusinessDay day, const Balances& balances) override {
    return "\n" + to_string(day) + " * Carried forward\n" + lines_of(balances);
  }
  std::string entry(const ExportEntry& entry) override {
    std::string out = "\n" + to_string(entry.day) + " " + flag_of(entry) + " (" + place_of(entry) +
                      ") " + words_of(entry) + "\n";
    if (is_of_message(entry)) out += "    ; message: " + entry.message.hex() + "\n";
    for (const ExportPosting& posting : entry.postings) {
      out += posting_line(account_path(*posting.account), to_string(posting.amount));
      if (posting.code != kNoCode) out += "  ; code: " + std::to_string(posting.code);
      out += "\n";
    }
    return out;
  }
  std::string assertion(BusinessDay day, const Balances& balances) override {
    std::string out = "\n" + to_string(day) + " * Balances of the day\n";
    for (const auto& [key, balance] : balances) {
      out += posting_line(account_path(*key.first), to_string(Money{0, key.second})) + " = " +
             to_string(balance) + "\n";
    }
    return out;
  }
  std::string end(std::uint64_t entries) override { return end_of(entries); }

 private:
  bool hledger_;
};

class Beancount : public ExportFormat {
 public:
  std::string begin(const std::string& origin, const BooksDigest& digest,
                    const std::vector<Currency>& currencies, const Chart& chart) override {
    std::string out = head_of(origin, digest);
    for (const Currency currency : currencies) {
      out += "1970-01-01 commodity " + std::string(currency.code()) + "\n";
    }
    for (const ChartAccount& info : chart.accounts()) {
      out += "1970-01-01 open " + account_path(info) + "\n";
    }
    return out;
  }
  std::string carried_forward(BusinessDay day, const Balances& balances) override {
    return "\n" + to_string(day) + " * \"Carried forward\"\n" + lines_of(balances);
  }
  std::string entry(const ExportEntry& entry) override {
    std::string out = "\n" + to_string(entry.day) + " " + flag_of(entry) + " \"" + place_of(entry) +
                      "\" \"" + words_of(entry) + "\"\n";
    if (is_of_message(entry)) out += "    message: \"" + entry.message.hex() + "\"\n";
    for (const ExportPosting& posting : entry.postings) {
      out += posting_line(account_path(*posting.account), to_string(posting.amount)) + "\n";
      if (posting.code != kNoCode) out += "        code: " + std::to_string(posting.code) + "\n";
    }
    return out;
  }
  // Of the morning after, because beancount checks a balance before its day; exact, because it
  // would let a cent pass otherwise.
  std::string assertion(BusinessDay day, const Balances& balances) override {
    const std::string next = to_string(BusinessDay{day.days + 1});
    std::string out = "\n";
    for (const auto& [key, balance] : balances) {
      out += next + " balance " + account_path(*key.first) + "  " + decimal(balance) + " ~ 0 " +
             std::string(key.second.code()) + "\n";
    }
    return out;
  }
  std::string end(std::uint64_t entries) override { return end_of(entries); }
};

std::string csv_quoted(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

class Csv : public ExportFormat {
 public:
  std::string begin(const std::string&, const BooksDigest&, const std::vector<Currency>&,
                    const Chart&) override {
    return "row,day,store,till,epoch,sequence,message,state,reversal,account,name,code,amount,"
           "currency,business_day\r\n";
  }
  std::string carried_forward(BusinessDay day, const Balances& balances) override {
    return rows_of("carried-forward", day, balances);
  }
  std::string entry(const ExportEntry& entry) override {
    // store,till,epoch,sequence,message,state,reversal
    const std::string store = to_string(entry.till.store);
    std::string origin = (entry.what == EntryOf::kStoreDay ? store : "") + ",,,,";
    if (is_of_message(entry)) {
      origin = store + "," + to_string(entry.till.till) + "," + to_string(entry.epoch) + "," +
               to_string(entry.sequence) + "," + entry.message.hex();
    }
    origin += "," + std::string(kind_of(entry)) + (entry.what == EntryOf::kReversal ? ",1" : ",0");
    std::string out;
    for (const ExportPosting& posting : entry.postings) {
      out += "posting," + to_string(entry.day) + "," + origin + "," +
             account_text(*posting.account) + "," +
             (posting.code == kNoCode ? std::string() : std::to_string(posting.code)) + "," +
             amount_text(posting.amount) + "," + to_string(entry.of) + "\r\n";
    }
    return out;
  }
  std::string assertion(BusinessDay day, const Balances& balances) override {
    return rows_of("balance", day, balances);
  }
  std::string end(std::uint64_t entries) override {
    return "end," + std::to_string(entries) + ",,,,,,,,,,,,,\r\n";
  }

 private:
  static std::string account_text(const ChartAccount& info) {
    return std::to_string(info.number) + "," + csv_quoted(info.name);
  }
  static std::string amount_text(Money money) {
    return decimal(money) + "," + std::string(money.currency.code());
  }
  static std::string rows_of(const std::string& row, BusinessDay day, const Balances& balances) {
    std::string out;
    for (const auto& [key, balance] : balances) {
      out += row + "," + to_string(day) + ",,,,,,,," + account_text(*key.first) + ",," +
             amount_text(balance) + ",\r\n";
    }
    return out;
  }
};

class JsonLines : public ExportFormat {
 public:
  std::string begin(const std::string& origin, const BooksDigest& digest,
                    const std::vector<Currency>&, const Chart&) override {
    return line({{"row", "begin"}, {"origin", origin}, {"books_digest", digest.books.hex()}});
  }
  std::string carried_forward(BusinessDay day, const Balances& balances) override {
    return rows_of("carried-forward", day, balances);
  }
  std::string entry(const ExportEntry& entry) override {
    Json postings = Json::array();
    for (const ExportPosting& posting : entry.postings) {
      postings.push_back({{"account", posting.account->number},
                          {"name", posting.account->name},
                          {"code", posting.code == kNoCode ? Json() : Json(posting.code)},
                          {"amount_minor", posting.amount.minor},
                          {"currency", posting.amount.currency.code()}});
    }
    Json out = {
        {"row", "entry"}, {"day", to_string(entry.day)}, {"business_day", to_string(entry.of)}};
    const bool of_message = is_of_message(entry);
    if (of_message || entry.what == EntryOf::kStoreDay) out["store"] = entry.till.store.value;
    if (of_message) {
      out["till"] = entry.till.till.value;
      out["epoch"] = entry.epoch.value;
      out["sequence"] = entry.sequence.value;
      out["message"] = entry.message.hex();
    }
    out["state"] = kind_of(entry);
    out["reversal"] = entry.what == EntryOf::kReversal;
    out["postings"] = std::move(postings);
    return line(out);
  }
  std::string assertion(BusinessDay day, const Balances& balances) override {
    return rows_of("balance", day, balances);
  }
  std::string end(std::uint64_t entries) override {
    return line({{"row", "end"}, {"entries", entries}});
  }

 private:
  using Json = nlohmann::ordered_json;
  static std::string line(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  static std::string rows_of(const char* row, BusinessDay day, const Balances& balances) {
    std::string out;
    for (const auto& [key, balance] : balances) {
      out += line({{"row", row},
                   {"day", to_string(day)},
                   {"account", key.first->number},
                   {"name", key.first->name},
                   {"balance_minor", balance.minor},
                   {"currency", key.second.code()}});
    }
    return out;
  }
};

}  // namespace

std::string account_path(const ChartAccount& account) {
  std::string out = std::string(root_of(account.type)) + ":" + std::to_string(account.number);
  bool dash = true;
  for (const char c : account.name) {
    const bool word = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (word && dash) out += '-';
    if (word) out += c;
    if (c == '\'') continue;  // "coupons'" is one word
    dash = !word;
  }
  return out;
}

Result<std::unique_ptr<ExportFormat>> export_format(std::string_view name) {
  std::unique_ptr<ExportFormat> out;
  if (name == "ledger") out = std::make_unique<PlainText>(false);
  if (name == "hledger") out = std::make_unique<PlainText>(true);
  if (name == "beancount") out = std::make_unique<Beancount>();
  if (name == "csv") out = std::make_unique<Csv>();
  if (name == "json") out = std::make_unique<JsonLines>();
  if (out) return out;
  return fail(Errc::kUsage, "'" + std::string(name) +
                                "' is no format; there are ledger, hledger, beancount, csv, json");
}

}  // namespace rebuild
