// Figures: one query each, over the days asked for.
#include "ledger-rebuild/figures.h"

#include <algorithm>
#include <limits>

#include "core/base/arithmetic.h"
#include "core/retail/names.h"
#include "ledger-rebuild/accounts.h"
#include "ledger-rebuild/csv_file.h"
#include "ledger-rebuild/posting_rules.h"
#include "ledger-rebuild/rows.h"

namespace rebuild {

using core::BusinessDay;
using core::Currency;
using core::Errc;
using core::fail;
using core::Money;
using core::Quantity;
using core::Result;
using core::sqlite::Database;
using core::sqlite::Statement;

namespace {

// Calls take(row) for the rows of a query whose ?1 and ?2 are the first and the last day.
template <typename Take>
Result<void> for_days(Database& db, const std::string& sql, const FigureRange& range, Take take) {
  TRY_ASSIGN(Statement rows, db.prepare(sql));
  constexpr auto kLimits = std::numeric_limits<std::int32_t>();
  rows.bind_int(1, range.from ? range.from->days : kLimits.min())
      .bind_int(2, range.to ? range.to->days : kLimits.max());
  while (true) {
    TRY_ASSIGN(const bool more, rows.step());
    if (!more) return {};
    TRY(take(std::as_const(rows)));
  }
}

Result<Money> money_at(const Statement& row, int column, int currency_column) {
  TRY_ASSIGN(const Currency currency, Currency::parse(row.column_text(currency_column)));
  return Money{row.column_int(column), currency};
}

// Takings, from the closings' own figures; shelf = net + discount.
constexpr std::string_view kTakingsSql =
    ", m.currency, SUM(m.sales), SUM(m.voids), SUM(m.refunds), SUM(m.net_minor + "
    "m.discount_minor), "
    "SUM(m.discount_minor), SUM(m.net_minor), SUM(m.refunded_minor), SUM(m.over_short_minor) "
    "FROM messages m WHERE m.kind = 2 AND m.state IN (1, 2) AND m.day BETWEEN ?1 AND ?2 "
    "GROUP BY 1, m.currency ORDER BY 1, m.currency";

struct TakingsRow {
  std::int64_t sales = 0, voids = 0, refunds = 0;
  std::int64_t shelf = 0, discount = 0, net = 0, refunded = 0, over_short = 0;
};

void add_row(Table& table, Cell name, Currency currency, const TakingsRow& t) {
  const auto money = [&](std::int64_t minor) { return Cell::of(Money{minor, currency}); };
  table.rows.push_back({std::move(name), Cell::of(std::string(currency.code())), Cell::of(t.sales),
                        Cell::of(t.voids), Cell::of(t.refunds), money(t.shelf), money(t.discount),
                        money(t.net), money(t.refunded), money(t.over_short)});
}

TakingsRow takings_at(const Statement& row) {
  TakingsRow t;
  int column = 2;
  for (std::int64_t* figure : {&t.sales, &t.voids, &t.refunds, &t.shelf, &t.discount, &t.net,
                               &t.refunded, &t.over_short}) {
    *figure = row.column_int(column++);
  }
  return t;
}

Table takings_table(const char* first_column) {
  return {{first_column, "currency", "sales", "voids", "refunds", "shelf", "discount", "net",
           "refunded", "over_short"},
          {}};
}

// `key`: what SQL groups by; `name_of` gives it its name.
template <typename NameOf>
Result<Table> takings_by(Database& db, const char* column, const char* key,
                         const FigureRange& range, NameOf name_of) {
  Table table = takings_table(column);
  TRY(for_days(db, "SELECT " + std::string(key) + std::string(kTakingsSql), range,
               [&](const Statement& row) -> Result<void> {
                 TRY_ASSIGN(const Currency currency, Currency::parse(row.column_text(1)));
                 add_row(table, name_of(row), currency, takings_at(row));
                 return {};
               }));
  return table;
}

Result<Table> takings_by_region(Database& db, const FigureRange& range, const Regions& regions) {
  std::map<std::pair<std::string, Currency>, TakingsRow> sums;
  TRY(for_days(db, "SELECT m.store" + std::string(kTakingsSql), range,
               [&](const Statement& row) -> Result<void> {
                 TRY_ASSIGN(const Currency currency, Currency::parse(row.column_text(1)));
                 const auto region = regions.find(id_at<core::StoreId>(row, 0));
                 TakingsRow& sum = sums[{region == regions.end() ? "(none)" : region->second, currency}];
                 const TakingsRow more = takings_at(row);
                 for (auto figure : {&TakingsRow::sales, &TakingsRow::voids, &TakingsRow::refunds,
                                     &TakingsRow::shelf, &TakingsRow::discount, &TakingsRow::net,
                                     &TakingsRow::refunded, &TakingsRow::over_short}) {
                   TRY_ASSIGN(sum.*figure, core::checked_add(sum.*figure, more.*figure));
                 }
                 return {};
               }));
  Table table = takings_table("region");
  for (const auto& [key, sum] : sums) add_row(table, Cell::of(key.first), key.second, sum);
  return table;
}

Result<Table> by_tender(Database& db, const FigureRange& range) {
  Table table{{"tender", "currency", "amount"}, {}};
  TRY(for_days(db,
               "SELECT p.code, p.currency, SUM(p.amount_minor) FROM postings p "
               "JOIN messages m ON m.number = p.message WHERE p.code > 0 AND p.account IN "
               "(1000, 1010, 1020, 2400, 2410, 2420, 5910) AND m.day BETWEEN ?1 AND ?2 "
               "GROUP BY 1, 2 HAVING SUM(p.amount_minor) <> 0 ORDER BY 1, 2",
               range, [&](const Statement& row) -> Result<void> {
                 TRY_ASSIGN(const Money amount, money_at(row, 2, 1));
                 const auto kind = static_cast<core::retail::TenderKind>(row.column_int(0));
                 table.rows.push_back({Cell::of(std::string(core::retail::name_of(kind))),
                                       Cell::of(std::string(row.column_text(1))),
                                       Cell::of(amount)});
                 return {};
               }));
  return table;
}

Result<Table> by_tax(Database& db, const FigureRange& range) {
  Table table{{"tax_code", "currency", "gross", "tax", "net_of_tax"}, {}};
  TRY(for_days(db,
               "SELECT p.code, p.currency, -SUM(p.amount_minor), "
               "-SUM(CASE p.account WHEN 2200 THEN p.amount_minor ELSE 0 END), "
               "-SUM(CASE p.account WHEN 4000 THEN p.amount_minor ELSE 0 END) FROM postings p "
               "JOIN messages m ON m.number = p.message WHERE p.code >= 0 AND p.account IN "
               "(2200, 4000) AND m.day BETWEEN ?1 AND ?2 GROUP BY 1, 2 "
               "HAVING SUM(p.amount_minor) <> 0 ORDER BY 1, 2",
               range, [&](const Statement& row) -> Result<void> {
                 std::vector<Cell> cells = {Cell::of(row.column_int(0)),
                                            Cell::of(std::string(row.column_text(1)))};
                 for (const int column : {2, 3, 4}) {
                   TRY_ASSIGN(const Money amount, money_at(row, column, 1));
                   cells.push_back(Cell::of(amount));
                 }
                 table.rows.push_back(std::move(cells));
                 return {};
               }));
  return table;
}

Result<Table> by_account(Database& db, const FigureRange& range) {
  Table table{{"account", "name", "currency", "debit", "credit", "balance"}, {}};
  TRY(for_days(db,
               "SELECT p.account, p.currency, SUM(MAX(p.amount_minor, 0)), "
               "SUM(-MIN(p.amount_minor, 0)), SUM(p.amount_minor) FROM postings p "
               "JOIN messages m ON m.number = p.message WHERE m.day BETWEEN ?1 AND ?2 "
               "GROUP BY 1, 2 ORDER BY 1, 2",
               range, [&](const Statement& row) -> Result<void> {
                 const AccountInfo* account = find_account(static_cast<int>(row.column_int(0)));
                 if (account == nullptr) {
                   return fail(Errc::kDamaged, "a posting to account " +
                                                   std::to_string(row.column_int(0)) +
                                                   ", which the chart of accounts does not have");
                 }
                 std::vector<Cell> cells = {Cell::of(row.column_int(0)),
                                            Cell::of(std::string(account->name)),
                                            Cell::of(std::string(row.column_text(1)))};
                 for (const int column : {2, 3, 4}) {
                   TRY_ASSIGN(const Money amount, money_at(row, column, 1));
                   cells.push_back(Cell::of(amount));
                 }
                 table.rows.push_back(std::move(cells));
                 return {};
               }));
  return table;
}

Result<Table> by_product(Database& db, const FigureRange& range) {
  Table table{{"product", "currency", "sold", "net"}, {}};
  TRY(for_days(db,
               "SELECT s.product, m.currency, SUM(s.thousandths), SUM(s.net_minor) FROM sold s "
               "JOIN messages m ON m.number = s.message WHERE m.state IN (1, 2) "
               "AND m.day BETWEEN ?1 AND ?2 GROUP BY 1, 2 ORDER BY 4 DESC, 1, 2",
               range, [&](const Statement& row) -> Result<void> {
                 TRY_ASSIGN(const Money net, money_at(row, 3, 1));
                 table.rows.push_back({Cell::of(row.column_int(0)),
                                       Cell::of(std::string(row.column_text(1))),
                                       Cell::of(Quantity{row.column_int(2)}), Cell::of(net)});
                 return {};
               }));
  return table;
}

Result<Table> by_count(Database& db, const FigureRange& range) {
  Table table{{"store", "product", "day", "expected", "counted", "difference"}, {}};
  TRY(for_days(
      db,
      "WITH latest AS (SELECT m.store, c.product, MAX(m.day) AS day FROM counted c "
      "JOIN messages m ON m.number = c.message WHERE m.state IN (1, 2) AND m.day BETWEEN ?1 AND ?2 "
      "GROUP BY 1, 2), "
      "count AS (SELECT l.store, l.product, l.day, SUM(c.thousandths) AS counted FROM latest l "
      "JOIN messages m ON m.store = l.store AND m.day = l.day AND m.state IN (1, 2) "
      "JOIN counted c ON c.message = m.number AND c.product = l.product GROUP BY 1, 2, 3) "
      "SELECT k.store, k.product, k.day, k.counted, COALESCE(SUM(CASE WHEN v.to_place = 1 THEN "
      "v.thousandths ELSE -v.thousandths END), 0) FROM count k "
      "LEFT JOIN (SELECT m.store, m.day, v.product, v.to_place, v.thousandths FROM moves v "
      "JOIN messages m ON m.number = v.message) v ON v.store = k.store "
      "AND v.product = k.product AND v.day <= k.day GROUP BY 1, 2, 3, 4 ORDER BY 1, 2",
      range, [&](const Statement& row) -> Result<void> {
        const Quantity counted{row.column_int(3)};
        const Quantity expected{row.column_int(4)};
        TRY_ASSIGN(const Quantity difference, core::subtract(counted, expected));
        const BusinessDay day{static_cast<std::int32_t>(row.column_int(2))};
        table.rows.push_back({Cell::of(row.column_int(0)), Cell::of(row.column_int(1)),
                              Cell::of(to_string(day)), Cell::of(expected), Cell::of(counted),
                              Cell::of(difference)});
        return {};
      }));
  return table;
}

Cell text_cell(const Statement& row) {
  return Cell::of(std::string(row.column_text(0)));
}

}  // namespace

Result<Regions> read_regions(const std::filesystem::path& file) {
  Regions out;
  TRY(read_csv(file, "store,region", [&](const CsvFields& fields) -> Result<void> {
    TRY_ASSIGN(const std::uint32_t store, csv_number(fields[0], "store"));
    out[core::StoreId{store}] = fields[1];
    return {};
  }));
  return out;
}

Result<Table> figures(const Books& books, By by, const FigureRange& range, const Regions& regions) {
  Database& db = books.database();
  switch (by) {
    case By::kStore:
      return takings_by(db, "store", "m.store", range,
                        [](const Statement& row) { return Cell::of(row.column_int(0)); });
    case By::kTill:
      return takings_by(db, "till", "printf('%d/%d', m.store, m.till)", range, text_cell);
    case By::kRegion:
      return takings_by_region(db, range, regions);
    case By::kDay:
      return takings_by(db, "day", "date(m.day * 86400, 'unixepoch')", range, text_cell);
    case By::kMonth:
      return takings_by(db, "month", "strftime('%Y-%m', m.day * 86400, 'unixepoch')", range,
                        text_cell);
    case By::kTender:
      return by_tender(db, range);
    case By::kTax:
      return by_tax(db, range);
    case By::kAccount:
      return by_account(db, range);
    case By::kProduct:
      return by_product(db, range);
    case By::kCount:
      return by_count(db, range);
  }
  return fail(Errc::kUsage, "nothing to add up by");
}

}  // namespace rebuild
