// Figures: one query each, over the days asked for.
#include "ledger-rebuild/figures.h"

#include <array>
#include <cstdio>
#include <tuple>

#include "core/base/arithmetic.h"
#include "core/retail/names.h"
#include "ledger-rebuild/csv_file.h"
#include "ledger-rebuild/figure_sums.h"
#include "ledger-rebuild/figures_goods.h"
#include "ledger-rebuild/month_sums.h"
#include "ledger-rebuild/products.h"
#include "ledger-rebuild/rows.h"

namespace rebuild {

using core::BusinessDay;
using core::Currency;
using core::Errc;
using core::fail;
using core::Money;
using core::Quantity;
using core::Result;
using core::sql::Database;
using core::sql::Statement;

namespace {

Result<Money> money_at(const Statement& row, int column, int currency_column) {
  TRY_ASSIGN(const Currency currency, Currency::parse(row.column_text(currency_column)));
  return Money{row.column_int(column), currency};
}

// The sums that can answer for a range. A till and a day have none by month.
FigureSums sums_for(By by, const FigureRange& range) {
  const bool has_months =
      by != By::kTill && by != By::kDay && by != By::kOperator && by != By::kCount;
  return figure_sums(range, has_months && is_whole_months(range));
}

constexpr std::string_view kTakingsSql =
    ", currency, SUM(sales), SUM(voids), SUM(refunds), SUM(shelf_minor), SUM(discount_minor), "
    "SUM(net_minor), SUM(refunded_minor), SUM(over_short_minor) FROM ";
// Months in which everything was taken back again are in the sums with zeros.
constexpr std::string_view kTakingsEndSql =
    " GROUP BY 1, currency HAVING SUM(sales) <> 0 OR SUM(voids) <> 0 OR SUM(refunds) <> 0 OR "
    "SUM(shelf_minor) <> 0 OR SUM(over_short_minor) <> 0 OR SUM(refunded_minor) <> 0 "
    "ORDER BY 1, currency";

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
Result<Table> takings_by(Database& db, const char* column, const std::string& key,
                         const FigureSums& sums, NameOf name_of) {
  Table table = takings_table(column);
  TRY(for_range(
      db, "SELECT " + key + std::string(kTakingsSql) + sums.takings() + std::string(kTakingsEndSql),
      sums, [&](const Statement& row) -> Result<void> {
        TRY_ASSIGN(const Currency currency, Currency::parse(row.column_text(1)));
        add_row(table, name_of(row), currency, takings_at(row));
        return {};
      }));
  return table;
}

Result<Table> takings_by_region(Database& db, const FigureSums& sums, const Regions& regions) {
  std::map<std::pair<std::string, Currency>, TakingsRow> rows;
  TRY(for_range(
      db, "SELECT store" + std::string(kTakingsSql) + sums.takings() + std::string(kTakingsEndSql),
      sums, [&](const Statement& row) -> Result<void> {
        TRY_ASSIGN(const Currency currency, Currency::parse(row.column_text(1)));
        const auto region = regions.find(id_at<core::StoreId>(row, 0));
        TakingsRow& sum = rows[{region == regions.end() ? "(none)" : region->second, currency}];
        const TakingsRow more = takings_at(row);
        for (auto figure : {&TakingsRow::sales, &TakingsRow::voids, &TakingsRow::refunds,
                            &TakingsRow::shelf, &TakingsRow::discount, &TakingsRow::net,
                            &TakingsRow::refunded, &TakingsRow::over_short}) {
          TRY_ASSIGN(sum.*figure, core::checked_add(sum.*figure, more.*figure));
        }
        return {};
      }));
  Table table = takings_table("region");
  for (const auto& [key, sum] : rows) add_row(table, Cell::of(key.first), key.second, sum);
  return table;
}

Result<Table> by_tender(Database& db, const FigureSums& sums) {
  Table table{{"tender", "currency", "amount"}, {}};
  TRY(for_range(db,
                "SELECT code, currency, SUM(debit_minor - credit_minor) FROM " + sums.accounts() +
                    " WHERE code > 0 AND account IN (1000, 1010, 1020, 2400, 2410, 2420, 5910) "
                    "GROUP BY 1, 2 HAVING SUM(debit_minor - credit_minor) <> 0 ORDER BY 1, 2",
                sums, [&](const Statement& row) -> Result<void> {
                  TRY_ASSIGN(const Money amount, money_at(row, 2, 1));
                  const auto kind = static_cast<core::retail::TenderKind>(row.column_int(0));
                  table.rows.push_back({Cell::of(std::string(core::retail::name_of(kind))),
                                        Cell::of(std::string(row.column_text(1))),
                                        Cell::of(amount)});
                  return {};
                }));
  return table;
}

// Appends the amounts of these columns; their currency is in column `currency`.
Result<void> add_amounts(std::vector<Cell>& cells, const Statement& row,
                         std::initializer_list<int> columns, int currency) {
  for (const int column : columns) {
    TRY_ASSIGN(const Money amount, money_at(row, column, currency));
    cells.push_back(Cell::of(amount));
  }
  return {};
}

Result<Table> by_tax(Database& db, const FigureSums& sums) {
  Table table{{"tax_code", "currency", "gross", "tax", "net_of_tax"}, {}};
  TRY(for_range(db,
                "SELECT code, currency, SUM(credit_minor - debit_minor), "
                "SUM(CASE account WHEN 2200 THEN credit_minor - debit_minor ELSE 0 END), "
                "SUM(CASE account WHEN 4000 THEN credit_minor - debit_minor ELSE 0 END) FROM " +
                    sums.accounts() +
                    " WHERE code >= 0 AND account IN (2200, 4000) GROUP BY 1, 2 "
                    "HAVING SUM(credit_minor - debit_minor) <> 0 ORDER BY 1, 2",
                sums, [&](const Statement& row) -> Result<void> {
                  std::vector<Cell> cells = {Cell::of(row.column_int(0)),
                                             Cell::of(std::string(row.column_text(1)))};
                  TRY(add_amounts(cells, row, {2, 3, 4}, 1));
                  table.rows.push_back(std::move(cells));
                  return {};
                }));
  return table;
}

Result<Table> by_operator(Database& db, const FigureSums& sums) {
  Table table{{"store", "operator", "currency", "sales", "net", "discount", "lines_voided",
               "refunds", "refunded"},
              {}};
  TRY(for_range(
      db,
      "SELECT m.store, o.operator, m.currency, SUM(o.sales), SUM(o.net_minor), "
      "SUM(o.discount_minor), SUM(o.lines_voided), SUM(o.refunds), SUM(o.refunded_minor) "
      "FROM operators o JOIN messages m ON m.number = o.message "
      "WHERE m.state IN (1, 2) AND m.booked BETWEEN ?1 AND ?2 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
      sums, [&](const Statement& row) -> Result<void> {
        std::vector<Cell> cells = {Cell::of(row.column_int(0)), Cell::of(row.column_int(1)),
                                   Cell::of(std::string(row.column_text(2))),
                                   Cell::of(row.column_int(3))};
        TRY(add_amounts(cells, row, {4, 5}, 2));
        cells.push_back(Cell::of(row.column_int(6)));
        cells.push_back(Cell::of(row.column_int(7)));
        TRY(add_amounts(cells, row, {8}, 2));
        table.rows.push_back(std::move(cells));
        return {};
      }));
  return table;
}

// What each count of a product that is one with others says is added up under its number.
Result<Table> by_count(Database& db, const FigureSums& sums, const Products& products) {
  Table table{{"store", "product", "day", "expected", "counted", "difference"}, {}};
  struct Counted {
    Quantity expected, counted;
  };
  std::map<std::tuple<core::StoreId, core::ProductId, BusinessDay>, Counted> rows;
  TRY(for_range(
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
      sums, [&](const Statement& row) -> Result<void> {
        const BusinessDay day{static_cast<std::int32_t>(row.column_int(2))};
        Counted& sum = rows[{id_at<core::StoreId>(row, 0),
                             products.number_of(id_at<core::ProductId>(row, 1)), day}];
        TRY_ASSIGN(sum.counted, core::add(sum.counted, Quantity{row.column_int(3)}));
        TRY_ASSIGN(sum.expected, core::add(sum.expected, Quantity{row.column_int(4)}));
        return {};
      }));
  for (const auto& [key, sum] : rows) {
    const auto& [store, product, day] = key;
    TRY_ASSIGN(const Quantity difference, core::subtract(sum.counted, sum.expected));
    table.rows.push_back({Cell::of(std::int64_t{store.value}), Cell::of(as_int(product.value)),
                          Cell::of(to_string(day)), Cell::of(sum.expected), Cell::of(sum.counted),
                          Cell::of(difference)});
  }
  return table;
}

// A till as one number, which sorts by store first; both are 32 bits, and so it fits 64 with a
// sign.
constexpr const char* kTillSql = "(store - 2147483648) * 4294967296 + till";

Cell till_cell(const Statement& row) {
  constexpr std::int64_t kShift = 2147483648;
  const std::int64_t key = row.column_int(0);
  return Cell::of(std::to_string((key >> 32) + kShift) + "/" + std::to_string(key & 0xffffffff));
}

Cell day_cell(const Statement& row) {
  return Cell::of(to_string(BusinessDay{static_cast<std::int32_t>(row.column_int(0))}));
}

Cell month_cell(const Statement& row) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d", static_cast<int>(row.column_int(0) / 100),
                static_cast<int>(row.column_int(0) % 100));
  return Cell::of(std::string(text.data()));
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

Result<Table> figures(const Books& books, By by, const FigureRange& range, const Regions& regions,
                      const Settings& given) {
  Database& db = books.database();
  TRY_ASSIGN(const Products products, read_products(books));
  const Settings settings = settings_for(products, given);
  const FigureSums sums = sums_for(by, range);
  switch (by) {
    case By::kStore:
      return takings_by(db, "store", "store", sums,
                        [](const Statement& row) { return Cell::of(row.column_int(0)); });
    case By::kTill:
      return takings_by(db, "till", kTillSql, sums, till_cell);
    case By::kRegion:
      return takings_by_region(db, sums, regions);
    case By::kDay:
      return takings_by(db, "day", "booked", sums, day_cell);
    case By::kMonth:
      return takings_by(db, "month", sums.by_month ? "month" : month_sql("booked"), sums,
                        month_cell);
    case By::kTender:
      return by_tender(db, sums);
    case By::kTax:
      return by_tax(db, sums);
    case By::kAccount:
      return figures_by_account(books, range, settings);
    case By::kProduct:
      return figures_by_product(books, range, settings, products);
    case By::kDepartment:
      return figures_by_department(books, range, settings);
    case By::kOperator:
      return by_operator(db, sums);
    case By::kCount:
      return by_count(db, sums, products);
    case By::kVariance:
      return figures_by_variance(books, range, settings, products);
  }
  return fail(Errc::kUsage, "nothing to add up by");
}

}  // namespace rebuild
