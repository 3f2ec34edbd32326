// Outside judges: ledger, hledger and beancount read the books' export, agree on every account, and
// refuse it when one cent is changed.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "core/base/decimal.h"
#include "core/base/random.h"
#include "core/sqlite/database.h"
#include "tests/support/process.h"
#include "tests/support/rebuild_log.h"

using core::Currency;
using core::Money;
using core::retail::Closing;
using core::retail::TenderKind;
using test::Outcome;

namespace {

// By account number and currency, as decimal text; what stands at zero is left out.
using Sums = std::map<std::pair<int, std::string>, std::string>;

Outcome rebuild(std::vector<std::string> words) {
  words.insert(words.begin(), std::string(DAYBOOK_BIN_DIR) + "/daybook-rebuild");
  return test::run(words);
}

struct Judge {
  std::string format;
  std::vector<std::string> accepts;  // exit status 0: the file is sound
  std::vector<std::string> sums;     // prints an account and its amounts a line
};

const std::vector<Judge>& judges() {
  static const std::vector<Judge> all = {
      {"ledger",
       {"ledger", "-f", "FILE", "--strict", "--pedantic", "stats"},
       {"ledger", "-f", "FILE", "--flat", "--no-total", "balance", "--format",
        "%(account) %(join(display_total))\\n"}},
      {"hledger",
       {"hledger", "-f", "FILE", "check", "--strict"},
       {"hledger", "-f", "FILE", "balance", "--flat", "--no-total", "-O", "csv"}},
      {"beancount",
       {"bean-check", "FILE"},
       {"bean-query", "-q", "-f", "csv", "FILE",
        "SELECT account, sum(position) GROUP BY account"}}};
  return all;
}

Outcome ask(std::vector<std::string> words, const std::string& file) {
  for (std::string& word : words) {
    if (word == "FILE") word = file;
  }
  return test::run(words);
}

Sums sums_in(const std::string& text) {
  static const std::regex account("(Assets|Liabilities|Equity|Income|Expenses):([0-9]+)-");
  static const std::regex amount("(-?[0-9]+(\\.[0-9]+)?) +([A-Z]{3})");
  Sums out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch found;
    if (!std::regex_search(line, found, account)) continue;
    const int number = std::stoi(found[2]);
    for (std::sregex_iterator at(line.begin(), line.end(), amount), end; at != end; ++at) {
      if ((*at)[1].str().find_first_of("123456789") == std::string::npos) continue;
      out[{number, (*at)[3]}] = (*at)[1];
    }
  }
  return out;
}

// The same of our own report.
Sums sums_of(const std::string& books, const std::vector<std::string>& more = {}) {
  std::vector<std::string> words = {"report", "--books", books, "--json"};
  words.insert(words.end(), more.begin(), more.end());
  const Outcome report = rebuild(words);
  const auto json = nlohmann::json::parse(report.out);
  Sums out;
  for (const auto& row : json["trial_balance"]) {
    const Currency currency = Currency::parse(row["currency"].get<std::string>()).value();
    const auto minor = row["balance_minor"].get<std::int64_t>();
    if (minor == 0) continue;
    const std::string text = to_string(Money{minor, currency});
    out[{row["account"].get<int>(), row["currency"]}] = text.substr(0, text.find(' '));
  }
  return out;
}

std::string exported(const std::string& books, const std::string& format, const std::string& file,
                     std::vector<std::string> more = {}) {
  std::vector<std::string> words = {"export", "--books", books, "--format", format};
  words.insert(words.end(), more.begin(), more.end());
  const Outcome out = rebuild(words);
  REQUIRE_MESSAGE(out.status == 0, out.err);
  test::write_file(file, core::as_bytes(out.out));
  return out.out;
}

// The first posting gets a cent, or whatever the currency's last digit is, more.
std::string with_a_cent_more(const std::string& text) {
  static const std::regex posting("\n    [AILE][a-z]+:[^ ]+ +-?[0-9.]*[0-9] [A-Z]{3}");
  std::smatch found;
  REQUIRE(std::regex_search(text, found, posting));
  std::string out = text;
  const std::size_t digit =
      static_cast<std::size_t>(found.position(0)) + static_cast<std::size_t>(found.length(0)) - 5;
  out[digit] = out[digit] == '9' ? '8' : static_cast<char>(out[digit] + 1);
  return out;
}

// "-12.50" and 1 is "-12.49".
std::string plus(const std::string& amount, std::int64_t units) {
  std::string digits = amount;
  const std::size_t point = digits.find('.');
  const int scale = point == std::string::npos ? 0 : static_cast<int>(digits.size() - point - 1);
  if (point != std::string::npos) digits.erase(point, 1);
  return core::format_decimal(std::stoll(digits) + units, scale);
}

// Two accounts of the first entry: one gets a cent more, the other one less. The entry balances;
// at the end of its day both are a cent off.
std::string with_a_cent_moved(const std::string& text) {
  static const std::regex posting("(\n    ([AILE][a-z]+:[^ ]+) +)(-?[0-9.]*[0-9])( [A-Z]{3})");
  std::sregex_iterator first(text.begin(), text.end(), posting), second = first;
  while (second != std::sregex_iterator() && (*second)[2] == (*first)[2]) ++second;
  REQUIRE(second != std::sregex_iterator());
  std::string out = text;
  for (const auto& [at, units] : {std::pair(*second, -1), std::pair(*first, 1)}) {  // back to front
    out.replace(static_cast<std::size_t>(at.position(3)), static_cast<std::size_t>(at.length(3)),
                plus(at[3], units));
  }
  return out;
}

// The balances after its day are wrong then, though every entry that is left balances.
std::string without_an_entry(const std::string& text) {
  const std::size_t entry = text.find("Closing");
  REQUIRE(entry != std::string::npos);
  const std::size_t begin = text.rfind("\n\n", entry);
  return text.substr(0, begin) + text.substr(text.find("\n\n", entry));
}

std::size_t line_of_change(const std::string& before, const std::string& after) {
  std::size_t line = 1;
  for (std::size_t i = 0; before[i] == after[i]; ++i) line += before[i] == '\n' ? 1U : 0U;
  return line;
}

void judge(const std::string& books, const std::filesystem::path& dir,
           const std::vector<std::string>& more = {}) {
  const Sums ours = sums_of(books, more);
  CHECK(ours.size() > 1);
  for (const Judge& judge : judges()) {
    CAPTURE(judge.format);
    const std::string file = (dir / ("books." + judge.format)).string();
    const std::string text = exported(books, judge.format, file, more);
    const Outcome accepted = ask(judge.accepts, file);
    CHECK_MESSAGE(accepted.status == 0, accepted.out << accepted.err);
    const Outcome sums = ask(judge.sums, file);
    CHECK_MESSAGE(sums.status == 0, sums.err);
    CHECK_MESSAGE(sums_in(sums.out) == ours, sums.out);

    const std::string changed = with_a_cent_more(text);
    test::write_file(file, core::as_bytes(changed));
    const Outcome refused = ask(judge.accepts, file);
    CHECK(refused.status != 0);
    // Where: the entry's first line, or the line itself.
    const std::string said = refused.out + refused.err;
    bool named = false;
    for (std::size_t back = 0; back < 8; ++back) {
      const std::size_t line = line_of_change(text, changed) - back;
      named = named || std::regex_search(said, std::regex("\\b" + std::to_string(line) + "\\b"));
    }
    CHECK_MESSAGE(named, said);

    test::write_file(file, core::as_bytes(with_a_cent_moved(text)));
    CHECK(ask(judge.accepts, file).status != 0);
    test::write_file(file, core::as_bytes(without_an_entry(text)));
    CHECK(ask(judge.accepts, file).status != 0);
  }
}

// What a till may say: several tenders and taxes, a discount, cash in and out, all of one currency.
Closing random_closing(core::Random& random, int day, Currency currency) {
  Closing c = core::retail::empty_closing(core::BusinessDay{20000 + day}, currency);
  const auto some = [&](std::uint64_t below) {
    return Money{static_cast<std::int64_t>(random.between(1, below)), currency};
  };
  c.sales = random.between(2, 500);
  const Money cash = some(9'999'999);
  const Money card = some(9'999'999);
  const Money coupon = some(9'999);
  const std::int64_t rounded = static_cast<std::int64_t>(random.between(0, 4)) - 2;
  c.tenders[TenderKind::kCash] = cash;
  c.tenders[TenderKind::kCard] = card;
  c.tenders[TenderKind::kCoupon] = coupon;
  if (rounded != 0) c.tenders[TenderKind::kCashRounding] = Money{rounded, currency};
  c.net = Money{cash.minor + card.minor + coupon.minor + rounded, currency};
  c.taxes[core::TaxCode{1}] = {Money{c.net.minor / 3, currency}, Money{c.net.minor / 21, currency}};
  c.taxes[core::TaxCode{2}] = {Money{c.net.minor - c.net.minor / 3, currency}, Money{0, currency}};
  c.discount = some(99'999);
  for (std::uint64_t product = 1; product <= 3; ++product) {
    const core::Quantity some_of{static_cast<std::int64_t>(random.between(1, 9000))};
    c.consumed[core::ProductId{product}] = some_of;
    c.received[core::ProductId{product}] =
        core::Quantity{static_cast<std::int64_t>(random.between(1, 12000))};
    c.sold[core::ProductId{product}] = {some_of, Money{c.net.minor / 5, currency}};
  }
  c.sold[core::ProductId{9}] = {core::Quantity{1000},
                                Money{c.net.minor - 3 * (c.net.minor / 5), currency}};
  if (day % 4 == 0) {
    c.on_hand[core::ProductId{2}] =
        core::Quantity{static_cast<std::int64_t>(random.between(0, 20000))};
  }
  // Two operators made it all: one a sale more than nothing, the other the rest.
  const auto money = [&](std::int64_t minor) { return Money{minor, currency}; };
  c.operators[core::OperatorId{3}] = {1, money(100), money(1), 0, 0, money(0)};
  c.operators[core::OperatorId{8}] = {
      c.sales - 1, money(c.net.minor - 100), money(c.discount.minor - 1), 0, 0, money(0)};
  c.members[core::retail::MemberKey{}] = {static_cast<std::int64_t>(random.between(1, 999)), 3};
  c.cash_movements = {{core::retail::CashKind::kFloat, some(20000)},
                      {core::retail::CashKind::kPaidOut, some(500)}};
  return c;
}

const std::vector<Currency>& currencies() {
  static const std::vector<Currency> all = {Currency::parse("USD").value(),
                                            Currency::parse("JPY").value(),
                                            Currency::parse("KWD").value()};
  return all;
}

// Six tills in three currencies and twelve days; one of them signed two days for one place.
struct Chain {
  Chain() {
    for (std::uint32_t till = 1; till <= 6; ++till) fleet.enrol((till + 1) / 2, till);
    core::Random random(20261128);
    std::vector<core::Bytes> log;
    for (int day = 1; day <= 12; ++day) {
      for (std::size_t till = 0; till < 6; ++till) {
        log.push_back(fleet.next(till, test::opening(20000 + day, {})));
        const test::ChainEnd before = fleet.till(till);
        const Currency currency = currencies()[till % 3];
        log.push_back(fleet.next(till, random_closing(random, day, currency)));
        if (day != 7 || till != 4) continue;
        const Closing other = random_closing(random, day, currency);
        log.push_back(test::sign(test::header_after(before), core::retail::encode_summary(other),
                                 before.key));
      }
    }
    test::write_head_office(dir / "ho", fleet);
    test::append_log(dir / "log", log);
    const Outcome replayed = rebuild({"replay", "--log", (dir / "log").string(), "--head-office",
                                      (dir / "ho").string(), "--books", books()});
    CHECK_MESSAGE(replayed.status == 1, replayed.err);  // it is contradicted
  }
  std::string books() const { return (dir / "books.db").string(); }
  // Costs that change in the midst of the days, in two currencies, and accounts of its own.
  std::string settings() const {
    const std::filesystem::path out = dir / "settings";
    std::filesystem::create_directories(out);
    const core::Bytes seeds =
        test::read_file(std::string(DAYBOOK_SOURCE_DIR) + "/seeds/chart_of_accounts.csv");
    std::string chart(core::as_text(seeds));
    chart +=
        "sales,,Tools,401000,Sales of tools,revenue\ntax-payable,1,,220200,Tax one,liability\n";
    test::write_file(out / "accounts.csv", core::as_bytes(chart));
    test::write_file(out / "products.csv",
                     core::as_bytes("product,name,department,tax_code,from,cost,currency\n"
                                    "1,Nail,Tools,1,,0.0133,USD\n2,Saw,Tools,2,,9.99,USD\n"
                                    "2,Saw,Tools,2," +
                                    to_string(core::BusinessDay{20000 + 6}) +
                                    ",10.49,USD\n3,Rice,Food,2,,123.4,JPY\n"));
    test::write_file(out / "points.csv",
                     core::as_bytes("from,currency,worth_of_1000\n,USD,4.5\n,JPY,700\n"));
    return out.string();
  }

  test::TempDir dir;
  test::Fleet fleet;
};

}  // namespace

TEST_CASE("ledger, hledger and beancount agree with the books, and see a cent that was changed") {
  const Chain chain;
  judge(chain.books(), chain.dir / "");
  const std::string whole = exported(chain.books(), "ledger", (chain.dir / "whole").string());
  CHECK(whole.find("Reversal of a closing") != std::string::npos);
  std::size_t asserted = 0;
  for (std::size_t at = 0; (at = whole.find("Balances of the day", at)) != std::string::npos;
       ++at) {
    ++asserted;
  }
  CHECK(asserted == 12);                                            // once a day
  CHECK(whole.find("\n; end: 75 entries\n") != std::string::npos);  // 72, one more, two reversals
}

TEST_CASE("they agree with what goods and points are worth, by a chart of the retailer's own") {
  const Chain chain;
  const std::vector<std::string> more = {"--settings", chain.settings()};
  judge(chain.books(), chain.dir / "", more);
  const Sums ours = sums_of(chain.books(), more);
  for (const int account : {1200, 2100, 2410, 5000, 5100, 5110, 5200, 220200, 401000}) {
    CAPTURE(account);
    CHECK(ours.contains({account, "USD"}));
  }
  CHECK(ours.contains({1200, "JPY"}));
  const std::string whole = exported(chain.books(), "ledger", (chain.dir / "whole").string(), more);
  for (const char* words : {"Goods and points of store 2", "Change of worth", "Sales by department",
                            "Assets:1200-Inventory-at-standard-cost"}) {
    CAPTURE(words);
    CHECK(whole.find(words) != std::string::npos);
  }
  // A day in the midst: what stood before is one entry, and the sums are the same.
  std::vector<std::string> late = more;
  late.insert(late.end(), {"--from", to_string(core::BusinessDay{20000 + 9})});
  const std::string file = (chain.dir / "late").string();
  for (const Judge& judge : judges()) {
    CAPTURE(judge.format);
    exported(chain.books(), judge.format, file, late);
    const Outcome accepted = ask(judge.accepts, file);
    CHECK_MESSAGE(accepted.status == 0, accepted.out << accepted.err);
    CHECK(sums_in(ask(judge.sums, file).out) == ours);
  }
}

TEST_CASE("a cent that is moved from inventory to the cost of goods is seen") {
  const Chain chain;
  const std::vector<std::string> more = {"--settings", chain.settings()};
  for (const Judge& judge : judges()) {
    CAPTURE(judge.format);
    const std::string file = (chain.dir / "moved").string();
    const std::string text = exported(chain.books(), judge.format, file, more);
    const std::size_t goods = text.find("Goods and points");
    REQUIRE(goods != std::string::npos);
    test::write_file(file,
                     core::as_bytes(text.substr(0, goods) + with_a_cent_moved(text.substr(goods))));
    CHECK(ask(judge.accepts, file).status != 0);
  }
}

TEST_CASE("they agree with the books of the sweep, too") {
  const test::TempDir dir;
  const Outcome swept = rebuild({"sweep", "--tills", "40", "--no-faults", "--keep", "--quiet",
                                 "--work", (dir / "work").string()});
  REQUIRE_MESSAGE(swept.status == 0, swept.out << swept.err);
  judge((dir / "work" / "40" / "books.db").string(), dir / "");
}

TEST_CASE("an export of some days begins with what stood before, and ends at the same sums") {
  const Chain chain;
  const std::string file = (chain.dir / "late").string();
  const std::string first = to_string(core::BusinessDay{20000 + 9});
  for (const Judge& judge : judges()) {
    CAPTURE(judge.format);
    const std::string text = exported(chain.books(), judge.format, file, {"--from", first});
    CHECK(text.find("Carried forward") != std::string::npos);
    CHECK(text.find(to_string(core::BusinessDay{20000 + 8})) == std::string::npos);
    CHECK(text.find("; end: 24 entries") != std::string::npos);
    const Outcome accepted = ask(judge.accepts, file);
    CHECK_MESSAGE(accepted.status == 0, accepted.out << accepted.err);
    CHECK(sums_in(ask(judge.sums, file).out) == sums_of(chain.books()));
    // Nothing is carried into the first day, and nothing comes after the last.
    const std::string early = exported(chain.books(), judge.format, file,
                                       {"--to", to_string(core::BusinessDay{20000 + 2})});
    CHECK(early.find("Carried forward") == std::string::npos);
    CHECK(early.find("; end: 12 entries") != std::string::npos);
    CHECK(ask(judge.accepts, file).status == 0);
  }
}

TEST_CASE("CSV and JSON have every posting, and the same sums") {
  const Chain chain;
  const Sums ours = sums_of(chain.books());
  const std::string file = (chain.dir / "rows").string();
  std::map<std::pair<int, std::string>, Money> sums;
  std::istringstream lines(exported(chain.books(), "json", file));
  nlohmann::json row;
  std::map<std::pair<int, std::string>, std::int64_t> asserted;
  for (std::string line; std::getline(lines, line);) {
    row = nlohmann::json::parse(line);
    if (row["row"] == "balance") {
      asserted[{row["account"].get<int>(), row["currency"]}] = row["balance_minor"];
    }
    if (row["row"] != "entry") continue;
    for (const auto& posting : row["postings"]) {
      const std::string code = posting["currency"];
      Money& sum = sums.try_emplace({posting["account"].get<int>(), code},
                                    Money{0, Currency::parse(code).value()})
                       .first->second;
      sum.minor += posting["amount_minor"].get<std::int64_t>();
    }
  }
  CHECK(row == nlohmann::json{{"row", "end"}, {"entries", 75}});
  Sums found;
  for (const auto& [key, sum] : sums) {
    CHECK(asserted.at(key) == sum.minor);
    const std::string text = to_string(sum);
    if (sum.minor != 0) found[key] = text.substr(0, text.find(' '));
  }
  CHECK(found == ours);

  std::istringstream rows(exported(chain.books(), "csv", file));
  for (std::string line; std::getline(rows, line);) {
    CHECK(std::count(line.begin(), line.end(), ',') == 14);
  }
}

TEST_CASE("what cannot be exported is refused with what to do") {
  const Chain chain;
  const auto refused = [&](std::vector<std::string> words, int status, const std::string& what) {
    const Outcome out = rebuild(std::move(words));
    CHECK(out.status == status);
    CHECK_MESSAGE(out.err.find(what) != std::string::npos, out.err);
  };
  const std::string books = chain.books();
  refused({"export", "--books", books, "--format", "qif"}, 2, "there are ledger, hledger");
  refused({"export", "--books", books, "--format", "csv", "--from", "today"}, 2, "--from");
  refused(
      {"export", "--books", books, "--format", "csv", "--from", "2026-03-02", "--to", "2026-03-01"},
      2, "--to is before --from");
  refused({"export", "--books", (chain.dir / "none.db").string(), "--format", "csv"}, 1,
          "not-found");
  refused({"figures", "--books", books, "--by", "department"}, 2, "--settings DIR");
  const std::string none = (chain.dir / "none").string();
  refused({"figures", "--books", books, "--by", "account", "--settings", none}, 1, "no such dir");
  refused({"report", "--books", books, "--settings", none}, 1, "no such directory");
  refused({"export", "--books", books, "--format", "csv", "--settings", none}, 1, "no such dir");
  {
    auto db = core::sqlite::Database::open(books, {}).value();
    REQUIRE(
        db.exec("UPDATE postings SET amount_minor = amount_minor + 1 WHERE account = 1000 AND "
                "message = (SELECT max(message) FROM postings)"));
  }
  refused({"export", "--books", books, "--format", "csv"}, 1, "do not add up to zero");
  const Outcome full =
      test::run({"sh", "-c", "\"$0\" export --books \"$1\" --format csv >/dev/full",
                 std::string(DAYBOOK_BIN_DIR) + "/daybook-rebuild", books});
  CHECK(full.status == 1);
}

namespace {

// Of scripts/audit-books.sql, which runs none of our code.
std::string audit(const std::string& books) {
  const Outcome out = test::run({"sh", "-c", "sqlite3 -readonly \"$0\" <\"$1\"", books,
                                 std::string(DAYBOOK_SOURCE_DIR) + "/scripts/audit-books.sql"});
  CHECK_MESSAGE(out.status == 0, out.err);
  return out.out;
}

}  // namespace

TEST_CASE(
    "an audit in SQL alone comes to the same balances, and finds each figure that was changed") {
  const Chain chain;
  const std::string sound = audit(chain.books());
  CHECK(sound.find(" | 0 wrong\n") != std::string::npos);
  CHECK(sound.rfind("wrong |", 0) == std::string::npos);
  static const std::regex balance("balance \\| ([0-9]+) \\| ([A-Z]{3}) \\| (-?[0-9]+)");
  Sums found;
  for (std::sregex_iterator at(sound.begin(), sound.end(), balance), end; at != end; ++at) {
    const Money money{std::stoll((*at)[3]), Currency::parse((*at)[2].str()).value()};
    const std::string text = to_string(money);
    if (money.minor != 0) found[{std::stoi((*at)[1]), (*at)[2]}] = text.substr(0, text.find(' '));
  }
  CHECK(found == sums_of(chain.books()));
  const Outcome figures =
      rebuild({"figures", "--by", "operator", "--output", "json", "--books", chain.books()});
  std::size_t rows = 0;
  for (const auto& row : nlohmann::json::parse(figures.out)) {
    const std::string line = "operators | " + row["store"].dump() + " | " + row["operator"].dump() +
                             " | " + row["currency"].get<std::string>() + " | " +
                             row["sales"].dump() + " sales | " + row["net_minor"].dump() + "\n";
    CHECK_MESSAGE(sound.find(line) != std::string::npos, line);
    ++rows;
  }
  CHECK(rows == 12);  // two at each of six tills, whose stores have two currencies each

  const core::Bytes before = test::read_file(chain.books());
  const std::string of_one = " WHERE number = (SELECT max(number) FROM messages WHERE kind = 2)";
  const std::string posting = " AND message = (SELECT max(message) FROM postings)";
  const std::pair<std::string, std::string> changes[] = {
      {"UPDATE postings SET amount_minor = amount_minor - 1 WHERE account = 1000 AND code = 1" +
           posting,
       "an entry does not balance"},
      {"UPDATE messages SET net_minor = net_minor + 1" + of_one, "net is not what the tenders"},
      {"UPDATE messages SET net_minor = net_minor + 1" + of_one, "net is not what the taxes"},
      {"UPDATE messages SET discount_minor = 0" + of_one, "the discount is another"},
      {"UPDATE messages SET over_short_minor = 7" + of_one, "over and short is another"},
      {"UPDATE messages SET currency = 'EUR'" + of_one, "posted in another currency"},
      {"UPDATE messages SET state = 5" + of_one, "posted, though it must not be"},
      {"DELETE FROM postings WHERE reversal = 1 AND account = 4000", "is not reversed whole"},
      {"UPDATE messages SET state = 1 WHERE state = 3", "reversed, though nothing contradicts it"},
      {"DELETE FROM postings WHERE account = 1010", "does not come to zero"},
      {"UPDATE operators SET net_minor = net_minor + 1 WHERE operator = 8",
       "operators took more, or less, than all of the net"},
      {"UPDATE operators SET discount_minor = 2 WHERE operator = 3",
       "operators gave another discount"},
      {"UPDATE operators SET refunded_minor = 1", "operators gave back more, or less"},
      {"UPDATE operators SET sales = sales + 1", "operators made more sales"},
      {"UPDATE operators SET refunds = 1", "operators made more refunds"},
      {"UPDATE messages SET state = 5" + of_one, "operators of a message that must not be posted"}};
  for (const auto& [sql, says] : changes) {
    const auto& its_sql = sql;
    CAPTURE(its_sql);
    test::write_file(chain.books(), before);
    {
      auto db = core::sqlite::Database::open(chain.books(), {}).value();
      REQUIRE(db.exec(sql));
    }
    const std::string text = audit(chain.books());
    CHECK_MESSAGE(text.find(says) != std::string::npos, text);
    CHECK(text.find("wrong |") != std::string::npos);
  }
}
