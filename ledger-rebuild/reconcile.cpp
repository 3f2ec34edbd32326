// Reconcile: reads the file, sums the books, and puts both beside each other.
#include "ledger-rebuild/reconcile.h"

#include <algorithm>

#include "core/base/arithmetic.h"
#include "ledger-rebuild/accounts.h"
#include "ledger-rebuild/csv_file.h"
#include "ledger-rebuild/rows.h"

namespace rebuild {
namespace {

using core::BusinessDay;
using core::Currency;
using core::Errc;
using core::fail;
using core::Money;
using core::Result;
using core::sql::Statement;

struct PaidLine {
  PaidKey key;
  Money amount;
};

Result<PaidLine> read_line(const CsvFields& fields, Paid paid) {
  PaidLine out;
  std::size_t at = 0;
  TRY_ASSIGN(out.key.till.store.value, csv_number(fields[at++], "store"));
  if (paid == Paid::kCards) {
    TRY_ASSIGN(out.key.till.till.value, csv_number(fields[at++], "till"));
  }
  TRY_ASSIGN(out.key.day, core::parse_business_day(fields[at++]));
  TRY_ASSIGN(out.key.currency, Currency::parse(fields[at + 1]));
  TRY_ASSIGN(out.amount, core::parse_money(fields[at], out.key.currency));
  return out;
}

Result<void> add_to(PaidSums& sums, const PaidKey& key, Money amount) {
  Money& sum = sums.try_emplace(key, Money{0, key.currency}).first->second;
  TRY_ASSIGN(sum, add(sum, amount));
  return {};
}

Result<PaidSums> sums_of(const Books& books, Paid what, const Reconciliation& days) {
  PaidSums out;
  if (!days.first || !days.last) return out;
  const bool cards = what == Paid::kCards;
  TRY_ASSIGN(Statement rows, books.database().prepare(
                                 std::string("SELECT day, store, ") + (cards ? "till" : "0") +
                                 ", postings.currency, sum(amount_minor) FROM messages "
                                 "JOIN postings ON postings.message = messages.number "
                                 "WHERE account = ? AND day BETWEEN ? AND ? GROUP BY 1, 2, 3, 4"));
  rows.bind_int(1, static_cast<int>(cards ? Account::kCard : Account::kSafe));
  rows.bind_int(2, days.first->days).bind_int(3, days.last->days);
  while (true) {
    TRY_ASSIGN(const bool row, rows.step());
    if (!row) return out;
    PaidKey key;
    key.day = BusinessDay{static_cast<std::int32_t>(rows.column_int(0))};
    key.till = till_at(rows, 1);
    TRY_ASSIGN(key.currency, Currency::parse(rows.column_text(3)));
    if (rows.column_int(4) != 0) out[key] = Money{rows.column_int(4), key.currency};
  }
}

PaidRow::Outcome outcome_of(bool in_books, bool in_file, Money books, Money paid) {
  if (books == paid) return PaidRow::Outcome::kMatched;
  if (!in_file) return PaidRow::Outcome::kNotPaid;
  return in_books ? PaidRow::Outcome::kDifferent : PaidRow::Outcome::kNotInBooks;
}

}  // namespace

Result<PaidSums> read_paid_file(const std::filesystem::path& file, Paid paid) {
  PaidSums sums;
  TRY(read_csv(
      file, paid == Paid::kCards ? "store,till,day,amount,currency" : "store,day,amount,currency",
      [&](const CsvFields& fields) -> Result<void> {
        TRY_ASSIGN(const PaidLine line, read_line(fields, paid));
        return add_to(sums, line.key, line.amount);
      }));
  return sums;
}

bool Reconciliation::clean() const {
  return std::all_of(rows.begin(), rows.end(),
                     [](const PaidRow& row) { return row.outcome == PaidRow::Outcome::kMatched; });
}

Result<Reconciliation> reconcile(const Books& books, const PaidSums& paid, Paid what,
                                 const ReconcileRange& range) {
  Reconciliation out;
  out.first = range.from;
  out.last = range.to;
  if (!out.first && !paid.empty()) out.first = paid.begin()->first.day;
  if (!out.last && !paid.empty()) out.last = paid.rbegin()->first.day;
  TRY_ASSIGN(const PaidSums ours, sums_of(books, what, out));
  // Every key of either side once, in order.
  std::map<PaidKey, PaidRow> rows;
  const auto row_of = [&](const PaidKey& key) -> PaidRow& {
    const Money zero{0, key.currency};
    return rows.try_emplace(key, PaidRow{key, PaidRow::Outcome::kMatched, zero, zero})
        .first->second;
  };
  for (const auto& [key, sum] : ours) row_of(key).books = sum;
  for (const auto& [key, sum] : paid) {
    if ((out.first && key.day < *out.first) || (out.last && *out.last < key.day)) continue;
    row_of(key).paid = sum;
  }
  for (auto& [key, row] : rows) {
    row.outcome = outcome_of(ours.contains(key), paid.contains(key), row.books, row.paid);
    out.rows.push_back(row);
    const Money zero{0, key.currency};
    PaidTotal& total =
        out.totals.try_emplace(std::pair(row.outcome, key.currency), PaidTotal{0, zero, zero})
            .first->second;
    ++total.rows;
    TRY_ASSIGN(total.books, add(total.books, row.books));
    TRY_ASSIGN(total.paid, add(total.paid, row.paid));
  }
  return out;
}

}  // namespace rebuild
