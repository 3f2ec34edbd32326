// PrintReport: reading it all, and the text form.
#include "ledger-rebuild/print_report.h"

#include <algorithm>
#include <cstdio>

namespace rebuild {
namespace {

using core::Money;
using core::Quantity;
using core::Result;
using core::retail::TenderKind;

// A table whose columns are as wide as their widest cell; the first `left` columns are flush left.
class ColumnsOfText {
 public:
  ColumnsOfText(std::size_t left, std::vector<std::string> head) : left_(left) {
    row(std::move(head));
  }
  void row(std::vector<std::string> cells) {
    widths_.resize(std::max(widths_.size(), cells.size()));
    for (std::size_t i = 0; i < cells.size(); ++i) {
      widths_[i] = std::max(widths_[i], cells[i].size());
    }
    rows_.push_back(std::move(cells));
  }
  std::string text() const {
    std::string out;
    for (const auto& cells : rows_) {
      std::string line = " ";
      for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::string pad(widths_[i] - cells[i].size(), ' ');
        line += " " + (i < left_ ? cells[i] + pad : pad + cells[i]) + " ";
      }
      line.erase(line.find_last_not_of(' ') + 1);
      out += line + "\n";
    }
    return out;
  }

 private:
  std::size_t left_;
  std::vector<std::size_t> widths_;
  std::vector<std::vector<std::string>> rows_;
};

std::string amount(Money money) {
  std::string text = to_string(money);
  return text.substr(0, text.find(' '));
}

std::string amount_of(const core::retail::Tenders& tenders, TenderKind kind, Money zero) {
  const auto it = tenders.find(kind);
  return amount(it == tenders.end() ? zero : it->second);
}

std::vector<std::string> takings_cells(const Takings& t) {
  const Money zero{0, t.net.currency};
  Money tax = zero;
  for (const auto& [code, row] : t.taxes) {
    if (const auto sum = core::add(tax, row.tax)) tax = *sum;
  }
  return {std::string(t.net.currency.code()),
          std::to_string(t.sales),
          std::to_string(t.voids),
          amount(t.shelf),
          amount(t.discount),
          amount(t.net),
          amount_of(t.tenders, TenderKind::kCash, zero),
          amount_of(t.tenders, TenderKind::kCard, zero),
          amount_of(t.tenders, TenderKind::kCoupon, zero),
          amount_of(t.tenders, TenderKind::kCouponExcess, zero),
          amount_of(t.tenders, TenderKind::kCashRounding, zero),
          amount(tax),
          amount(t.over_short)};
}

std::vector<std::string> joined(std::vector<std::string> first, std::vector<std::string> rest) {
  first.insert(first.end(), rest.begin(), rest.end());
  return first;
}

const std::vector<std::string> kTakingsHead = {
    "currency", "sales",  "voids",  "shelf",    "discount", "net",       "cash",
    "card",     "coupon", "excess", "rounding", "tax",      "over/short"};

// Calls print(item) for the first `list_max` items and says how many more there are.
template <typename Items, typename Print>
void limited(const Items& items, std::size_t list_max, std::string& out, Print print) {
  std::size_t printed = 0;
  for (const auto& item : items) {
    if (list_max > 0 && printed == list_max) {
      out += "  ... and " + std::to_string(items.size() - printed) + " more (--all lists them)\n";
      return;
    }
    print(item);
    ++printed;
  }
}

std::string place_text(core::TillRef till, core::Epoch epoch) {
  return "till " + to_string(till) + ", epoch " + to_string(epoch);
}

std::string name_text(const MessageName& name) {
  return place_text(name.till, name.epoch) + ", sequence " + to_string(name.sequence) + "  " +
         name.id.hex();
}

void print_takings(const ReportData& r, std::size_t list_max, std::string& out) {
  out += "\nTakings by store and day\n";
  ColumnsOfText table(3, joined({"store", "day"}, kTakingsHead));
  std::size_t printed = 0;
  for (const StoreDay& day : r.store_days) {
    if (list_max > 0 && printed++ == list_max) break;
    table.row(joined({to_string(day.store), to_string(day.day)}, takings_cells(day.takings)));
  }
  for (const auto& [currency, takings] : r.totals) {
    table.row(joined({"all", ""}, takings_cells(takings)));
  }
  out += table.text();
  if (list_max > 0 && r.store_days.size() > list_max) {
    out += "  ... and " + std::to_string(r.store_days.size() - list_max) +
           " more store days (--all lists them)\n";
  }
  out += "\nTax\n";
  ColumnsOfText taxes(2, {"currency", "code", "takings", "tax inside"});
  for (const auto& [currency, takings] : r.totals) {
    for (const auto& [code, row] : takings.taxes) {
      taxes.row(
          {std::string(currency.code()), to_string(code), amount(row.gross), amount(row.tax)});
    }
  }
  out += taxes.text();
}

void print_stock(const ReportData& r, std::size_t list_max, std::string& out) {
  const auto cells = [](std::string store, core::ProductId product, const Stock& s) {
    return std::vector<std::string>{
        std::move(store),      to_string(product),   to_string(s.received),
        to_string(s.consumed), to_string(s.on_hand), s.on_hand < Quantity{} ? "negative" : ""};
  };
  out += "\nStock\n";
  ColumnsOfText table(2, {"store", "product", "received", "consumed", "on hand", ""});
  std::size_t all = 0;
  for (const auto& [store, products] : r.stock_by_store) {
    for (const auto& [product, stock] : products) {
      if (list_max == 0 || all < list_max) table.row(cells(to_string(store), product, stock));
      ++all;
    }
  }
  std::size_t sums = 0;
  for (const auto& [product, stock] : r.stock) {
    if (list_max > 0 && sums++ == list_max) break;
    table.row(cells("all", product, stock));
  }
  out += table.text();
  if (list_max > 0 && all > list_max) {
    out += "  ... and " + std::to_string(all - list_max) + " more rows (--all lists them)\n";
  }
}

void print_trial_balance(const ReportData& r, std::string& out) {
  out += "\nTrial balance\n";
  ColumnsOfText table(2, {"account", "name", "currency", "debit", "credit", "balance"});
  for (const AccountBalance& b : r.trial_balance.accounts) {
    table.row({std::to_string(b.account), b.name, std::string(b.currency.code()), amount(b.debit),
               amount(b.credit), amount(b.balance)});
  }
  for (const auto& [currency, takings] : r.totals) {
    Money debit{0, currency};
    Money credit = debit;
    for (const AccountBalance& b : r.trial_balance.accounts) {
      if (b.currency != currency) continue;
      if (const auto sum = core::add(debit, b.debit)) debit = *sum;
      if (const auto sum = core::add(credit, b.credit)) credit = *sum;
    }
    table.row({"all", "", std::string(currency.code()), amount(debit), amount(credit),
               amount(core::subtract(debit, credit).value())});
  }
  out += table.text();
}

void print_periods(const ReportData& r, std::size_t list_max, std::string& out) {
  if (r.closed_periods.empty()) return;
  out += "\nClosed through " + to_string(r.closed_periods.back()) + " (" +
         std::to_string(r.closed_periods.size()) +
         " periods)\nCorrections: " + std::to_string(r.corrections.size()) + "\n";
  limited(r.corrections, list_max, out, [&](const Correction& c) {
    out += "  " + std::string(kind_text(c.kind)) + " of " + to_string(c.day) + ", booked on " +
           to_string(c.booked) + ": " + name_text(c.message) + "\n";
  });
}

void print_gaps(const ReportData& r, std::size_t list_max, std::string& out) {
  out += "\nMissing: " + std::to_string(r.missing.size()) + "\n";
  limited(r.missing, list_max, out, [&](const MissingRange& m) {
    out += "  " + place_text(m.till, m.epoch) + ", sequence " + to_string(m.first);
    if (m.last > m.first) out += " to " + to_string(m.last);
    out += "\n";
  });
  limited(r.incomplete, list_max, out, [&](const IncompleteDay& d) {
    out += "  " + place_text(d.till, d.epoch) + ", " + std::string(kind_text(d.kind)) + " of " +
           to_string(d.day) + ": part";
    for (const std::uint32_t part : d.missing_parts) out += " " + std::to_string(part);
    out += " of " + std::to_string(d.parts) + "\n";
  });
  if (r.as_of) {
    out += "Silent before " + to_string(*r.as_of) + ": " + std::to_string(r.silent.size()) + "\n";
    limited(r.silent, list_max, out, [&](const Silent& s) {
      out += "  till " + to_string(s.till) +
             (s.open_day ? ": " + to_string(*s.open_day) + " is open" : ": no message") + "\n";
    });
  }
}

void print_tills(const ReportData& r, std::size_t list_max, std::string& out) {
  if (!r.closed_twice.empty()) {
    out += "Days that were closed more than once: " + std::to_string(r.closed_twice.size()) + "\n";
  }
  limited(r.closed_twice, list_max, out, [&](const ClosedTwice& one) {
    out += "  till " + to_string(one.till) + ", " + to_string(one.day) + ": " +
           std::to_string(one.closings) + " closings\n";
  });
  if (!r.clock_jumps.empty()) {
    out += "Closings with documents whose time cannot be right: " +
           std::to_string(r.clock_jumps.size()) + "\n";
  }
  limited(r.clock_jumps, list_max, out, [&](const ClockJump& jump) {
    out += "  " + name_text(jump.message) + ", " + to_string(jump.day) + ": " +
           std::to_string(jump.documents) + " documents\n";
  });
}

void print_messages(const ReportData& r, std::size_t list_max, std::string& out) {
  const auto names = [&](std::string_view title, const std::vector<MessageName>& list) {
    out += std::string(title) + ": " + std::to_string(list.size()) + "\n";
    limited(list, list_max, out,
            [&](const MessageName& name) { out += "  " + name_text(name) + "\n"; });
  };
  out += "Unproven: " + std::to_string(r.unproven.size()) + "\n";
  limited(r.unproven, list_max, out, [&](const Unproven& u) {
    out += "  " + name_text(u.message) + (u.broken ? "  (broken chain)" : "") + "\n";
  });
  names("Contradicted (two contents for one place: the till is cloned)", r.contradicted);
  if (!r.copies.empty()) names("Copies (same content, another signature: not posted)", r.copies);
  if (!r.evidence.empty()) {
    names("Evidence (head office has another content for its place: not posted)", r.evidence);
  }
  if (!r.revoked.empty()) {
    names("Revoked (behind the last message that holds of a key: posted and reversed)", r.revoked);
  }
  if (!r.covered.empty()) names("Bad signatures that the chain covers", r.covered);
  if (!r.number_jumps.empty()) {
    out += "Numbers that do not go on where the till's closing before ended: " +
           std::to_string(r.number_jumps.size()) + "\n";
  }
  limited(r.number_jumps, list_max, out, [&](const NumberJump& jump) {
    out += "  " + name_text(jump.message) + ": " + jump.what + " " + std::to_string(jump.found) +
           ", expected " + std::to_string(jump.expected) + "\n";
  });
  if (!r.refunded_twice.empty()) {
    out += "Receipts refunded at several tills, or several times away from their own: " +
           std::to_string(r.refunded_twice.size()) + "\n";
  }
  limited(r.refunded_twice, list_max, out, [&](const RefundedTwice& one) {
    out += "  invoice " + std::to_string(one.invoice) + " of till " + to_string(one.sold_at) +
           ": " + to_string(one.refunded) + " in " + std::to_string(one.closings) +
           " closings of " + std::to_string(one.tills) + " tills\n";
  });
  out += "Quarantined: " + std::to_string(r.quarantined.size()) + "\n";
  limited(r.quarantined, list_max, out, [&](const Quarantined& q) {
    out += "  log index " + std::to_string(q.log_index) + ", " + q.reason;
    if (q.claimed) out += ", claims till " + to_string(*q.claimed);
    out += "  " + q.id.hex() + "\n    " + q.detail + "\n";
  });
}

}  // namespace

Result<ReportData> read_report(const Books& books, std::optional<core::BusinessDay> as_of,
                               const Settings& settings) {
  ReportData r;
  TRY_ASSIGN(r.origin, books.origin());
  TRY_ASSIGN(r.states, books.state_counts());
  TRY_ASSIGN(r.digest, books.digest());
  TRY_ASSIGN(r.totals, totals(books));
  TRY_ASSIGN(r.store_days, store_days(books));
  TRY_ASSIGN(r.stock_by_store, stock_by_store(books));
  TRY_ASSIGN(r.stock, stock(books));
  TRY_ASSIGN(r.trial_balance, trial_balance(books, settings));
  TRY_ASSIGN(r.missing, missing(books));
  TRY_ASSIGN(r.incomplete, incomplete_days(books));
  TRY_ASSIGN(r.unproven, unproven(books));
  TRY_ASSIGN(r.contradicted, contradicted(books));
  TRY_ASSIGN(r.copies, copies(books));
  TRY_ASSIGN(r.evidence, evidence(books));
  TRY_ASSIGN(r.revoked, revoked(books));
  TRY_ASSIGN(r.closed_periods, closed_periods(books));
  TRY_ASSIGN(r.corrections, corrections(books));
  TRY_ASSIGN(r.covered, covered_bad_signatures(books));
  TRY_ASSIGN(r.number_jumps, number_jumps(books));
  TRY_ASSIGN(r.refunded_twice, refunded_twice(books));
  TRY_ASSIGN(r.closed_twice, closed_twice(books));
  TRY_ASSIGN(r.clock_jumps, clock_jumps(books));
  TRY_ASSIGN(r.quarantined, quarantined(books));
  r.as_of = as_of;
  if (as_of) {
    TRY_ASSIGN(r.silent, silent(books, *as_of));
  }
  return r;
}

std::string report_text(const ReportData& r, std::size_t list_max) {
  const StateCounts& s = r.states;
  std::string out = "Books of " + r.origin + "\n\nMessages: " + std::to_string(s.all()) + " (" +
                    std::to_string(s.proven) + " proven, " + std::to_string(s.unproven) +
                    " unproven, " + std::to_string(s.contradicted) + " contradicted, " +
                    std::to_string(s.copies) + " copies, " + std::to_string(s.quarantined) +
                    " quarantined" +
                    (s.evidence > 0 ? ", " + std::to_string(s.evidence) + " evidence" : "") +
                    (s.revoked > 0 ? ", " + std::to_string(s.revoked) + " revoked" : "") + ")\n";
  print_takings(r, list_max, out);
  print_stock(r, list_max, out);
  print_trial_balance(r, out);
  print_periods(r, list_max, out);
  print_gaps(r, list_max, out);
  print_messages(r, list_max, out);
  print_tills(r, list_max, out);
  out += "\nBooks digest:   " + r.digest.books.hex() +
         "\nFigures digest: " + r.digest.figures.hex() + "\n";
  return out;
}

}  // namespace rebuild
