// MonthSums: sums in memory, then one upsert a row.
#include "ledger-rebuild/month_sums.h"

#include <algorithm>
#include <chrono>
#include <span>

#include "core/base/arithmetic.h"
#include "ledger-rebuild/rows.h"

namespace rebuild {

using core::Result;
using core::sql::Database;
using core::sql::Statement;

namespace {

template <std::size_t N>
Result<void> add_all(std::array<std::int64_t, N>& sum, const std::array<std::int64_t, N>& more,
                     int sign) {
  for (std::size_t i = 0; i < N; ++i) {
    TRY_ASSIGN(sum[i], core::checked_add(sum[i], sign * more[i]));
  }
  return {};
}

bool is_nothing(std::span<const std::int64_t> sums) {
  return std::all_of(sums.begin(), sums.end(), [](std::int64_t sum) { return sum == 0; });
}

}  // namespace

std::int64_t month_of(core::BusinessDay day) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day.days}}};
  return int{date.year()} * 100 + static_cast<std::int64_t>(unsigned{date.month()});
}

// In whole numbers only: each database has other functions for dates. Years begin in March here, so
// that a leap day is the last one. Source: Neri and Schneider, "Euclidean affine functions and
// their application to calendar algorithms", 2022.
std::string month_sql(const std::string& day) {
  const std::string since_0000 = "(4 * " + day + " + 2877875)";
  const std::string in_century = "(4 * (" + since_0000 + " % 146097 / 4) + 3)";
  const std::string month = "((5 * (" + in_century + " % 1461 / 4) + 461) / 153)";  // 3 to 14
  const std::string year = "(100 * (" + since_0000 + " / 146097) + " + in_century + " / 1461)";
  return "(100 * " + year + " + " + month + " + CASE WHEN " + month +
         " > 12 THEN 88 ELSE 0 END)";  // to the next year's January
}

Result<void> MonthSums::post(const Where& where, std::int64_t account, std::int64_t code,
                             std::int64_t amount, int sign) {
  return add_all(accounts_[{where, account, code}],
                 DebitCredit{std::max<std::int64_t>(amount, 0), std::max<std::int64_t>(-amount, 0)},
                 sign);
}

Result<void> MonthSums::move(std::int64_t month, std::int64_t product, Place from, Place to,
                             std::int64_t thousandths) {
  // Every move has a store at one end.
  const bool is_into_store = to == Place::kStore;
  std::int64_t& sum = moves_[{month, product, static_cast<int>(is_into_store ? from : to)}];
  TRY_ASSIGN(sum, is_into_store ? core::checked_subtract(sum, thousandths)
                                : core::checked_add(sum, thousandths));
  return {};
}

Result<void> MonthSums::add(core::StoreId store, const Entry& entry, core::BusinessDay booked) {
  for (const StockMove& m : entry.moves) {
    TRY(move(month_of(booked), as_int(m.product.value), m.from, m.to, m.thousandths));
  }
  if (entry.kind != Kind::kClosing) return {};
  const Where where{month_of(booked), store.value, entry.currency};
  TRY_ASSIGN(const std::int64_t shelf, core::checked_add(entry.net_minor, entry.discount_minor));
  TRY(add_all(takings_[where],
              Takings{as_int(entry.sales), as_int(entry.voids), as_int(entry.refunds), shelf,
                      entry.discount_minor, entry.net_minor, entry.refunded_minor,
                      entry.over_short_minor, entry.points_earned, entry.points_redeemed},
              1));
  for (const Posting& posting : entry.postings) {
    TRY(post(where, static_cast<int>(posting.account), posting.code, posting.amount_minor, 1));
  }
  const Where anywhere{where.month, 0, where.currency};
  for (const SoldLine& line : entry.sold) {
    TRY(add_all(products_[{anywhere, as_int(line.product.value)}],
                Sold{line.thousandths, line.net_minor}, 1));
  }
  return {};
}

Result<void> MonthSums::add_written(Database& db, std::int64_t message, int sign) {
  // A reversed message took nothing; its postings and their reversals both stand.
  TRY_ASSIGN(auto row,
             db.prepare("SELECT booked, store, currency, sales, voids, refunds, "
                        "net_minor + discount_minor, discount_minor, net_minor, refunded_minor, "
                        "over_short_minor, points_earned, points_redeemed, "
                        "(SELECT COUNT(*) FROM postings p WHERE p.message = "
                        "number AND p.reversal = 1), kind FROM messages WHERE number = ? AND "
                        "kind <> 0"));
  row.bind_int(1, message);
  TRY_ASSIGN(const bool there, row.step());
  if (!there) return {};
  Where where;
  where.month = month_of(core::BusinessDay{static_cast<std::int32_t>(row.column_int(0))});
  where.store = row.column_int(1);
  TRY_ASSIGN(auto moves, db.prepare("SELECT product, from_place, to_place, thousandths FROM moves "
                                    "WHERE message = ?"));
  moves.bind_int(1, message);
  while (true) {
    TRY_ASSIGN(const bool more, moves.step());
    if (!more) break;
    TRY(move(where.month, moves.column_int(0), static_cast<Place>(moves.column_int(1)),
             static_cast<Place>(moves.column_int(2)), sign * moves.column_int(3)));
  }
  constexpr int kReversedColumn = 13;
  if (row.column_int(kReversedColumn + 1) != static_cast<int>(Kind::kClosing)) return {};
  TRY_ASSIGN(where.currency, core::Currency::parse(row.column_text(2)));
  Takings takings{};
  for (std::size_t i = 0; i < takings.size(); ++i) {
    takings[i] = row.column_int(3 + static_cast<int>(i));
  }
  const bool is_reversed = row.column_int(kReversedColumn) > 0;
  TRY_ASSIGN(auto postings,
             db.prepare("SELECT account, code, amount_minor FROM postings WHERE message = ?"));
  postings.bind_int(1, message);
  while (true) {
    TRY_ASSIGN(const bool more, postings.step());
    if (!more) break;
    TRY(post(where, postings.column_int(0), postings.column_int(1), postings.column_int(2), sign));
  }
  if (is_reversed) return {};
  TRY(add_all(takings_[where], takings, sign));
  TRY_ASSIGN(auto sold, db.prepare("SELECT product, thousandths, net_minor FROM sold "
                                   "WHERE message = ?"));
  sold.bind_int(1, message);
  while (true) {
    TRY_ASSIGN(const bool more, sold.step());
    if (!more) return {};
    TRY(add_all(products_[{Where{where.month, 0, where.currency}, sold.column_int(0)}],
                Sold{sold.column_int(1), sold.column_int(2)}, sign));
  }
}

Result<void> MonthSums::flush(Database& db) {
  TRY_ASSIGN(
      auto takings,
      db.prepare(
          "INSERT INTO month_takings AS kept VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
          "ON CONFLICT(month, store, currency) DO UPDATE SET sales = kept.sales + excluded.sales, "
          "voids = kept.voids + excluded.voids, refunds = kept.refunds + excluded.refunds, "
          "shelf_minor = kept.shelf_minor + excluded.shelf_minor, "
          "discount_minor = kept.discount_minor + excluded.discount_minor, "
          "net_minor = kept.net_minor + excluded.net_minor, "
          "refunded_minor = kept.refunded_minor + excluded.refunded_minor, "
          "over_short_minor = kept.over_short_minor + excluded.over_short_minor, "
          "points_earned = kept.points_earned + excluded.points_earned, "
          "points_redeemed = kept.points_redeemed + excluded.points_redeemed"));
  for (const auto& [where, sums] : takings_) {
    if (is_nothing(sums)) continue;
    takings.bind_int(1, where.month).bind_int(2, where.store).bind_text(3, where.currency.code());
    for (std::size_t i = 0; i < sums.size(); ++i) {
      takings.bind_int(4 + static_cast<int>(i), sums[i]);
    }
    TRY(takings.run());
  }
  TRY_ASSIGN(auto accounts,
             db.prepare("INSERT INTO month_accounts AS kept VALUES(?, ?, ?, ?, ?, ?, ?) "
                        "ON CONFLICT(month, store, account, code, currency) DO UPDATE SET "
                        "debit_minor = kept.debit_minor + excluded.debit_minor, "
                        "credit_minor = kept.credit_minor + excluded.credit_minor"));
  for (const auto& [key, sums] : accounts_) {
    if (is_nothing(sums)) continue;
    const auto& [where, account, code] = key;
    TRY(accounts.bind_int(1, where.month)
            .bind_int(2, where.store)
            .bind_int(3, account)
            .bind_int(4, code)
            .bind_text(5, where.currency.code())
            .bind_int(6, sums[0])
            .bind_int(7, sums[1])
            .run());
  }
  TRY_ASSIGN(auto products, db.prepare("INSERT INTO month_products AS kept VALUES(?, ?, ?, ?, ?) "
                                       "ON CONFLICT(month, product, currency) DO UPDATE SET "
                                       "thousandths = kept.thousandths + excluded.thousandths, "
                                       "net_minor = kept.net_minor + excluded.net_minor"));
  for (const auto& [key, sums] : products_) {
    if (is_nothing(sums)) continue;
    TRY(products.bind_int(1, key.first.month)
            .bind_int(2, key.second)
            .bind_text(3, key.first.currency.code())
            .bind_int(4, sums[0])
            .bind_int(5, sums[1])
            .run());
  }
  TRY_ASSIGN(auto moves, db.prepare("INSERT INTO month_moves AS kept VALUES(?, ?, ?, ?) "
                                    "ON CONFLICT(month, product, place) DO UPDATE SET "
                                    "thousandths = kept.thousandths + excluded.thousandths"));
  for (const auto& [key, thousandths] : moves_) {
    if (thousandths == 0) continue;
    const auto& [month, product, place] = key;
    TRY(moves.bind_int(1, month)
            .bind_int(2, product)
            .bind_int(3, place)
            .bind_int(4, thousandths)
            .run());
  }
  moves_.clear();
  takings_.clear();
  accounts_.clear();
  products_.clear();
  return {};
}

}  // namespace rebuild
