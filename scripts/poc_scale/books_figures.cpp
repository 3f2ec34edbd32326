// BooksFigures, by the rebuild's reports and one query for stock by day.
#include "scripts/poc_scale/books_figures.h"

#include "core/sql/database.h"
#include "ledger-rebuild/figures.h"
#include "ledger-rebuild/report.h"

namespace sweep {
namespace {

using core::Result;
using core::retail::TenderKind;

// Places of posting_rules.h: 0 supplier, 1 store, 2 sold. A reversing move runs the other way.
constexpr std::string_view kStockByDay =
    "SELECT m.store, m.day, "
    "SUM(v.thousandths * ((v.from_place = 0) - (v.to_place = 0))), "
    "SUM(v.thousandths * ((v.to_place = 2) - (v.from_place = 2))) "
    "FROM moves v JOIN messages m ON m.number = v.message GROUP BY m.store, m.day";

std::int64_t tender(const rebuild::Takings& takings, TenderKind kind) {
  const auto it = takings.tenders.find(kind);
  return it == takings.tenders.end() ? 0 : it->second.minor;
}

DayFigures plain(const rebuild::Takings& takings) {
  DayFigures day;
  day.sales = takings.sales;
  day.voids = takings.voids;
  day.net_minor = takings.net.minor;
  day.discount_minor = takings.discount.minor;
  day.coupon_minor = tender(takings, TenderKind::kCoupon);
  return day;
}

// Columns of `figures --by operator`: store, operator, currency, sales, net, and more.
Result<void> read_operators(const rebuild::Books& books, Figures& figures) {
  TRY_ASSIGN(const auto table, rebuild::figures(books, rebuild::By::kOperator, {}, {}));
  for (const auto& row : table.rows) {
    const auto store = static_cast<std::uint32_t>(row[0].value);
    figures.operators[store][static_cast<std::uint32_t>(row[1].value)] = {
        static_cast<std::uint64_t>(row[3].value), row[4].value};
  }
  return {};
}

}  // namespace

Result<Figures> read_figures(const rebuild::Books& books) {
  Figures figures;
  TRY_ASSIGN(const auto states, books.state_counts());
  figures.messages = states.all();
  TRY_ASSIGN(const auto totals, rebuild::totals(books));
  for (const auto& [currency, takings] : totals) figures.total = plain(takings);
  if (totals.size() > 1) {
    return core::fail(core::Errc::kCurrency, "the sweep's books have more than one currency");
  }
  TRY_ASSIGN(const auto days, rebuild::store_days(books));
  for (const rebuild::StoreDay& day : days) {
    figures.store_days[{day.store.value, day.day}] = plain(day.takings);
  }
  TRY_ASSIGN(auto rows, books.database().prepare(kStockByDay));
  while (true) {
    TRY_ASSIGN(const bool more, rows.step());
    if (!more) break;
    DayFigures& day =
        figures.store_days[{static_cast<std::uint32_t>(rows.column_int(0)),
                            core::BusinessDay{static_cast<std::int32_t>(rows.column_int(1))}}];
    day.received = rows.column_int(2);
    day.consumed = rows.column_int(3);
    figures.total.received += day.received;
    figures.total.consumed += day.consumed;
  }
  TRY_ASSIGN(const auto stores, rebuild::stock_by_store(books));
  for (const auto& [store, products] : stores) {
    for (const auto& [product, stock] : products) {
      figures.stock[store.value][product.value] = {stock.received.thousandths,
                                                   stock.consumed.thousandths};
    }
  }
  TRY(read_operators(books, figures));
  return figures;
}

Result<StockFigures> read_stock(const rebuild::Books& books) {
  StockFigures figures;
  TRY_ASSIGN(const auto products, rebuild::stock(books));
  for (const auto& [product, stock] : products) {
    figures.received[product.value] = stock.received.thousandths;
    figures.consumed[product.value] = stock.consumed.thousandths;
    figures.on_hand[product.value] = stock.on_hand.thousandths;
  }
  return figures;
}

Result<std::uint64_t> count_postings(const rebuild::Books& books) {
  TRY_ASSIGN(const std::int64_t rows,
             books.database().query_int(
                 "SELECT (SELECT count(*) FROM postings) + (SELECT count(*) FROM moves)"));
  return static_cast<std::uint64_t>(rows);
}

}  // namespace sweep
