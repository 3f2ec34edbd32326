// StockFlows: whole months from the months' sums, other days from the moves.
#include "ledger-rebuild/stock_flows.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "ledger-rebuild/figure_sums.h"
#include "ledger-rebuild/month_sums.h"
#include "ledger-rebuild/row_cursor.h"

namespace rebuild {

using core::BusinessDay;
using core::Currency;
using core::ProductId;
using core::Quantity;
using core::Result;
using core::sql::Database;
using core::sql::Statement;

namespace {

BusinessDay first_day_of(std::int64_t month) {
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(month / 100)},
                                         std::chrono::month{static_cast<unsigned>(month % 100)},
                                         std::chrono::day{1}};
  return BusinessDay{
      static_cast<std::int32_t>(std::chrono::sys_days{date}.time_since_epoch().count())};
}

std::int64_t month_after(std::int64_t month) {
  return month % 100 == 12 ? month + 89 : month + 1;
}

// Which months, or products in months, have to be read day by day.
class DayByDay {
 public:
  DayByDay(const Settings& settings, const FigureRange& range) {
    if (range.from && !begins_month(*range.from)) months_.insert(month_of(*range.from));
    if (range.to && !begins_month(BusinessDay{range.to->days + 1})) {
      months_.insert(month_of(*range.to));
    }
    for (const auto& [id, product] : settings.products) {
      for (const WorthStep& step : product.cost) {
        if (!begins_month(step.from)) products_.insert({month_of(step.from), id});
      }
    }
  }

  bool wants(std::int64_t month, ProductId product) const {
    return months_.contains(month) || products_.contains({month, product});
  }

 private:
  static bool begins_month(BusinessDay day) {
    return month_of(day) != month_of(BusinessDay{day.days - 1});
  }

  std::set<std::int64_t> months_;
  std::set<std::pair<std::int64_t, ProductId>> products_;
};

// One row a store, product, day on which it is booked and business day, ascending; the moves of
// what is never counted are left out.
constexpr const char* kCountedMovesSql =
    "SELECT m.store, v.product, m.booked, m.day, SUM(CASE WHEN v.to_place = 1 THEN v.thousandths "
    "ELSE -v.thousandths END) FROM moves v JOIN messages m ON m.number = v.message JOIN "
    "(SELECT DISTINCT n.store, c.product FROM counted c JOIN messages n ON n.number = c.message "
    "WHERE n.state IN (1, 2)) k ON k.store = m.store AND k.product = v.product "
    "GROUP BY m.store, v.product, m.booked, m.day ORDER BY m.store, v.product, m.booked, m.day";
constexpr const char* kCountsSql =
    "SELECT m.store, c.product, m.booked, m.day, SUM(c.thousandths) FROM counted c "
    "JOIN messages m ON m.number = c.message WHERE m.state IN (1, 2) "
    "GROUP BY m.store, c.product, m.booked, m.day ORDER BY m.store, c.product, m.booked, m.day";

// The rows of such a query, one after the other.
struct StockRows {
  explicit StockRows(Statement s) : statement(std::move(s)) {}
  Result<void> advance() {
    TRY_ASSIGN(there, statement.step());
    if (!there) return {};
    where = {id_at<core::StoreId>(statement, 0), id_at<ProductId>(statement, 1)};
    booked = day_in(statement, 2);
    day = day_in(statement, 3);
    thousandths = statement.column_int(4);
    return {};
  }

  Statement statement;
  bool there = false;
  std::pair<core::StoreId, ProductId> where;
  BusinessDay booked, day;
  std::int64_t thousandths = 0;
};

// Of one product in one store, in the order in which it is booked.
class Shelf {
 public:
  Result<void> move(BusinessDay day, std::int64_t thousandths) {
    std::int64_t& sum = moved_[day];
    TRY_ASSIGN(sum, core::checked_add(sum, thousandths));
    TRY_ASSIGN(on_hand_, core::checked_add(on_hand_, thousandths));
    return {};
  }

  // What must be there at the end of `day`, by what is booked by now. A count that is booked later
  // than its day leaves out what moved since; behind a newer count it says nothing any more.
  Result<std::int64_t> expected(BusinessDay day, std::int64_t counted) const {
    if (counted_on_ && day < *counted_on_) return counted;
    if (counted_on_ && day == *counted_on_) return 0;  // another till's part of the same count
    std::int64_t out = on_hand_;
    for (auto it = moved_.upper_bound(day); it != moved_.end(); ++it) {
      TRY_ASSIGN(out, core::checked_subtract(out, it->second));
    }
    return out;
  }

  Result<void> count(BusinessDay day, std::int64_t difference) {
    if (!counted_on_ || *counted_on_ < day) counted_on_ = day;
    TRY_ASSIGN(on_hand_, core::checked_add(on_hand_, difference));
    return {};
  }

 private:
  std::map<BusinessDay, std::int64_t> moved_;  // by business day
  std::int64_t on_hand_ = 0;                   // by what is booked, counts included
  std::optional<BusinessDay> counted_on_;
};

Result<void> for_months(Database& db, const DayByDay& day_by_day, std::int64_t last,
                        std::set<std::int64_t>& by_days,
                        const std::function<Result<void>(const Flow&)>& take) {
  TRY_ASSIGN(Statement rows, db.prepare("SELECT month, product, place, thousandths "
                                        "FROM month_moves WHERE month <= ? "
                                        "ORDER BY month, product, place"));
  rows.bind_int(1, last);
  while (true) {
    TRY_ASSIGN(const bool more, rows.step());
    if (!more) return {};
    const std::int64_t month = rows.column_int(0);
    const auto product = id_at<ProductId>(rows, 1);
    if (day_by_day.wants(month, product)) {
      by_days.insert(month);
      continue;
    }
    TRY(take({first_day_of(month), product, static_cast<Place>(rows.column_int(2)),
              rows.column_int(3)}));
  }
}

}  // namespace

Result<std::vector<Variance>> variances(const Books& books, std::optional<BusinessDay> to) {
  Database& db = books.database();
  std::vector<Variance> out;
  TRY_ASSIGN(Statement counts, db.prepare(kCountsSql));
  StockRows count(std::move(counts));
  TRY(count.advance());
  if (!count.there) return out;  // and the moves are not read
  TRY_ASSIGN(Statement moves, db.prepare(kCountedMovesSql));
  StockRows move(std::move(moves));
  TRY(move.advance());
  std::pair<core::StoreId, ProductId> where;
  for (Shelf shelf; count.there;) {
    if (count.where != where) shelf = {};
    where = count.where;
    // Those behind the last count of another store or product are passed over.
    while (move.there && std::tie(move.where, move.booked) <= std::tie(where, count.booked)) {
      if (move.where == where) TRY(shelf.move(move.day, move.thousandths));
      TRY(move.advance());
    }
    TRY_ASSIGN(const std::int64_t expected, shelf.expected(count.day, count.thousandths));
    TRY_ASSIGN(const std::int64_t difference, core::checked_subtract(count.thousandths, expected));
    TRY(shelf.count(count.day, difference));
    if (!to || count.booked <= *to) {
      out.push_back({count.booked, where.first, where.second, Quantity{expected},
                     Quantity{count.thousandths}, Quantity{difference}});
    }
    TRY(count.advance());
  }
  return out;
}

Result<std::optional<BusinessDay>> last_day(const Books& books) {
  TRY_ASSIGN(Statement row,
             books.database().prepare("SELECT MAX(booked) FROM messages WHERE kind IN (1, 2) "
                                      "AND state IN (1, 2, 3, 7)"));
  TRY_ASSIGN(const bool there, row.step());
  if (!there || row.column_is_null(0)) return std::optional<BusinessDay>{};
  return std::optional(day_in(row, 0));
}

Result<void> for_flows(const Books& books, const Settings& settings, const FigureRange& range,
                       const std::function<Result<void>(const Flow&)>& take) {
  const DayByDay day_by_day(settings, range);
  const BusinessDay to = range.to.value_or(BusinessDay{BusinessDay::kMax});
  std::set<std::int64_t> by_days;
  TRY(for_months(books.database(), day_by_day, month_of(to), by_days, take));
  TRY_ASSIGN(const auto counts, variances(books, to));
  for (const Variance& variance : counts) {
    if (variance.difference.thousandths != 0) TRY(take(variance.flow()));
  }
  if (by_days.empty()) return {};
  TRY_ASSIGN(Statement rows,
             books.database().prepare(
                 "SELECT m.booked, v.product, CASE WHEN v.to_place = 1 THEN v.from_place ELSE "
                 "v.to_place END AS place, SUM(CASE WHEN v.to_place = 1 THEN -v.thousandths ELSE "
                 "v.thousandths END) FROM moves v JOIN messages m ON m.number = v.message "
                 "WHERE m.booked BETWEEN ? AND ? GROUP BY m.booked, v.product, place"));
  rows.bind_int(1, first_day_of(*by_days.begin()).days)
      .bind_int(2, std::min(first_day_of(month_after(*by_days.rbegin())).days - 1, to.days));
  while (true) {
    TRY_ASSIGN(const bool more, rows.step());
    if (!more) return {};
    const BusinessDay day = day_in(rows, 0);
    const auto product = id_at<ProductId>(rows, 1);
    if (!day_by_day.wants(month_of(day), product)) continue;
    TRY(take({day, product, static_cast<Place>(rows.column_int(2)), rows.column_int(3)}));
  }
}

Result<std::vector<PointsLedger::Day>> points_until(const Books& books, BusinessDay to) {
  const FigureRange range{{}, to};
  const FigureSums sums = figure_sums(range, is_whole_months(range));
  std::map<Currency, PointsLedger::Day> days;
  const auto day_of = [&](const Statement& row) -> Result<PointsLedger::Day*> {
    TRY_ASSIGN(const Currency currency, Currency::parse(row.column_text(0)));
    PointsLedger::Day& day = days[currency];
    day.day = to;
    day.currency = currency;
    return &day;
  };
  TRY(for_range(books.database(),
                "SELECT currency, SUM(points_earned), SUM(points_redeemed) FROM " + sums.takings() +
                    " GROUP BY currency",
                sums, [&](const Statement& row) -> Result<void> {
                  TRY_ASSIGN(PointsLedger::Day* const day, day_of(row));
                  day->earned = row.column_int(1);
                  day->redeemed = row.column_int(2);
                  return {};
                }));
  TRY(for_range(books.database(),
                "SELECT currency, SUM(debit_minor - credit_minor) FROM " + sums.accounts() +
                    " WHERE account = 2410 GROUP BY currency",
                sums, [&](const Statement& row) -> Result<void> {
                  TRY_ASSIGN(PointsLedger::Day* const day, day_of(row));
                  day->tender_minor = row.column_int(1);
                  return {};
                }));
  std::vector<PointsLedger::Day> out;
  out.reserve(days.size());
  for (const auto& [currency, day] : days) out.push_back(day);
  return out;
}

}  // namespace rebuild
