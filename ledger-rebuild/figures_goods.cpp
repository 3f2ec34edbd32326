// FiguresGoods: accounts of the chart, and what products and departments sold and cost.
#include "ledger-rebuild/figures_goods.h"

#include <algorithm>
#include <map>

#include "core/base/arithmetic.h"
#include "ledger-rebuild/account_sums.h"
#include "ledger-rebuild/departments.h"
#include "ledger-rebuild/figure_sums.h"
#include "ledger-rebuild/rows.h"
#include "ledger-rebuild/stock_flows.h"
#include "ledger-rebuild/valued_sums.h"

namespace rebuild {

using core::Currency;
using core::Errc;
using core::fail;
using core::Money;
using core::ProductId;
using core::Quantity;
using core::Result;
using core::sql::Statement;

namespace {

// What was sold of a thing, and what it cost, in one currency.
struct GoodsRow {
  SoldSum sold;
  std::int64_t cost_minor = 0;

  bool is_nothing() const {
    return sold.thousandths == 0 && sold.net_minor == 0 && sold.revenue_minor == 0 &&
           cost_minor == 0;
  }
};

Result<void> add_goods(GoodsRow& sum, const GoodsRow& more) {
  for (auto figure : {&SoldSum::thousandths, &SoldSum::net_minor, &SoldSum::revenue_minor}) {
    TRY_ASSIGN(sum.sold.*figure, core::checked_add(sum.sold.*figure, more.sold.*figure));
  }
  TRY_ASSIGN(sum.cost_minor, core::checked_add(sum.cost_minor, more.cost_minor));
  return {};
}

// The row's cells from its currency on.
Result<void> add_cells(std::vector<Cell>& cells, Currency currency, const GoodsRow& row) {
  TRY_ASSIGN(const std::int64_t margin,
             core::checked_subtract(row.sold.revenue_minor, row.cost_minor));
  cells.push_back(Cell::of(std::string(currency.code())));
  cells.push_back(Cell::of(Quantity{row.sold.thousandths}));
  for (const std::int64_t minor :
       {row.sold.net_minor, row.sold.revenue_minor, row.cost_minor, margin}) {
    cells.push_back(Cell::of(Money{minor, currency}));
  }
  return {};
}

struct Goods {
  std::map<std::pair<ProductId, Currency>, GoodsRow> products;
  std::map<Currency, GoodsRow> rest;
  std::set<ProductId> without_cost;
};

Result<Goods> goods_of(const Books& books, const FigureRange& range, const Settings& settings) {
  Goods out;
  TRY_ASSIGN(const Sales sales, sales_of(books, settings, range));
  for (const auto& [key, sold] : sales.products) out.products[key].sold = sold;
  for (const auto& [currency, sold] : sales.rest) out.rest[currency].sold = sold;
  TRY_ASSIGN(const ValuedSums valued, valued_sums(books, settings, range));
  for (const auto& [product, cost] : valued.products) {
    out.products[{product, cost.currency}].cost_minor = cost.minor;
  }
  out.without_cost = valued.without_cost;
  return out;
}

// What is one product, under its number.
Result<void> unite(const Products& products, Goods& goods) {
  std::map<std::pair<ProductId, Currency>, GoodsRow> rows;
  for (const auto& [key, row] : goods.products) {
    TRY(add_goods(rows[{products.number_of(key.first), key.second}], row));
  }
  goods.products = std::move(rows);
  return {};
}

// The most first, then ascending.
std::vector<std::pair<std::pair<ProductId, Currency>, GoodsRow>> by_takings(const Goods& goods) {
  std::vector<std::pair<std::pair<ProductId, Currency>, GoodsRow>> rows(goods.products.begin(),
                                                                        goods.products.end());
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return a.second.sold.net_minor > b.second.sold.net_minor;
  });
  return rows;
}

// The settings' name, or else what its till called it.
std::string name_of(ProductId product, const ProductInfo* info, const Products& products) {
  if (info != nullptr) return info->name;
  const auto minted = products.minted.find(product);
  return minted == products.minted.end() ? std::string() : minted->second.name;
}

// As tills report it, without settings.
Result<Table> sold_products(const Books& books, const FigureRange& range,
                            const Products& products) {
  Table table{{"product", "currency", "sold", "net"}, {}};
  const FigureSums sums = figure_sums(range, is_whole_months(range));
  Goods goods;
  TRY(for_range(books.database(),
                "SELECT product, currency, SUM(thousandths), SUM(net_minor) FROM " +
                    sums.products() + " GROUP BY product, currency",
                sums, [&](const Statement& row) -> Result<void> {
                  TRY_ASSIGN(const Currency currency, Currency::parse(row.column_text(1)));
                  goods.products[{id_at<ProductId>(row, 0), currency}].sold = {
                      row.column_int(2), row.column_int(3), 0};
                  return {};
                }));
  TRY(unite(products, goods));
  for (const auto& [key, row] : by_takings(goods)) {
    if (row.is_nothing()) continue;
    table.rows.push_back({Cell::of(static_cast<std::int64_t>(key.first.value)),
                          Cell::of(std::string(key.second.code())),
                          Cell::of(Quantity{row.sold.thousandths}),
                          Cell::of(Money{row.sold.net_minor, key.second})});
  }
  return table;
}

}  // namespace

void add_remark(Table& table, const std::set<ProductId>& without_cost) {
  if (without_cost.empty()) return;
  constexpr std::size_t kNamed = 10;
  std::string text =
      std::to_string(without_cost.size()) +
      (without_cost.size() == 1 ? " product moved and has" : " products moved and have") +
      " no cost in the settings: ";
  std::size_t named = 0;
  for (const ProductId product : without_cost) {
    if (named == kNamed) break;
    text += (named++ == 0 ? "" : ", ") + to_string(product);
  }
  if (without_cost.size() > kNamed) {
    text += " and " + std::to_string(without_cost.size() - kNamed) + " more";
  }
  table.remarks.push_back(std::move(text));
}

Result<Table> figures_by_account(const Books& books, const FigureRange& range,
                                 const Settings& settings) {
  Table table{{"account", "name", "currency", "debit", "credit", "balance"}, {}};
  TRY_ASSIGN(const AccountSums sums, account_sums(books, settings, range));
  for (const AccountSum& sum : sums.accounts) {
    table.rows.push_back({Cell::of(sum.account->number), Cell::of(sum.account->name),
                          Cell::of(std::string(sum.balance.currency.code())), Cell::of(sum.debit),
                          Cell::of(sum.credit), Cell::of(sum.balance)});
  }
  add_remark(table, sums.without_cost);
  return table;
}

Result<Table> figures_by_product(const Books& books, const FigureRange& range,
                                 const Settings& settings, const Products& products) {
  if (!settings.has_products) return sold_products(books, range, products);
  Table table{
      {"product", "name", "department", "currency", "sold", "net", "net_of_tax", "cost", "margin"},
      {}};
  TRY_ASSIGN(Goods goods, goods_of(books, range, settings));
  TRY(unite(products, goods));
  for (const auto& [key, row] : by_takings(goods)) {
    if (row.is_nothing()) continue;
    const ProductInfo* product = settings.find(key.first);
    std::vector<Cell> cells = {Cell::of(static_cast<std::int64_t>(key.first.value)),
                               Cell::of(name_of(key.first, product, products)),
                               Cell::of(product == nullptr ? kNoDepartment : product->department)};
    TRY(add_cells(cells, key.second, row));
    table.rows.push_back(std::move(cells));
  }
  for (const auto& [currency, row] : goods.rest) {
    if (row.is_nothing()) continue;
    std::vector<Cell> cells = {Cell::of(std::string("(rest)")), Cell::of(std::string()),
                               Cell::of(std::string(kNoDepartment))};
    TRY(add_cells(cells, currency, row));
    table.rows.push_back(std::move(cells));
  }
  add_remark(table, goods.without_cost);
  return table;
}

Result<Table> figures_by_department(const Books& books, const FigureRange& range,
                                    const Settings& settings) {
  if (!settings.has_products) {
    return fail(Errc::kUsage,
                "departments are in products.csv of the settings: name them with "
                "--settings DIR");
  }
  TRY_ASSIGN(const Goods goods, goods_of(books, range, settings));
  std::map<std::pair<std::string, Currency>, GoodsRow> departments;
  for (const auto& [key, row] : goods.products) {
    const ProductInfo* product = settings.find(key.first);
    const std::string name = product == nullptr ? kNoDepartment : product->department;
    TRY(add_goods(departments[{name, key.second}], row));
  }
  for (const auto& [currency, row] : goods.rest) {
    TRY(add_goods(departments[{kNoDepartment, currency}], row));
  }
  Table table{{"department", "currency", "sold", "net", "net_of_tax", "cost", "margin"}, {}};
  for (const auto& [key, row] : departments) {
    if (row.is_nothing()) continue;
    std::vector<Cell> cells = {Cell::of(key.first)};
    TRY(add_cells(cells, key.second, row));
    table.rows.push_back(std::move(cells));
  }
  add_remark(table, goods.without_cost);
  return table;
}

// A row a count: what a shop counted is compared with what was there under that number, so that no
// difference changes when products become one. They stand under the number that they go by.
Result<Table> figures_by_variance(const Books& books, const FigureRange& range,
                                  const Settings& settings, const Products& products) {
  Table table{{"store", "product", "day", "expected", "counted", "difference"}, {}};
  if (settings.has_products) table.columns.insert(table.columns.end(), {"currency", "worth"});
  TRY_ASSIGN(std::vector<Variance> counts, variances(books, range.to));
  const auto place = [&](const Variance& count) {
    return std::pair(count.store, products.number_of(count.product));
  };
  std::stable_sort(counts.begin(), counts.end(),
                   [&](const Variance& a, const Variance& b) { return place(a) < place(b); });
  for (const Variance& count : counts) {
    if (range.from && count.day < *range.from) continue;
    const ProductId number = products.number_of(count.product);
    std::vector<Cell> cells = {Cell::of(std::int64_t{count.store.value}),
                               Cell::of(static_cast<std::int64_t>(number.value)),
                               Cell::of(to_string(count.day)),
                               Cell::of(count.expected),
                               Cell::of(count.counted),
                               Cell::of(count.difference)};
    const ProductInfo* product = settings.costed(count.product);
    if (product != nullptr) {
      const Exact worth = Exact{count.difference.thousandths} * worth_on(product->cost, count.day);
      TRY_ASSIGN(const std::int64_t minor, core::round_half_away(worth, kExactUnit));
      cells.push_back(Cell::of(std::string(product->currency.code())));
      cells.push_back(Cell::of(Money{minor, product->currency}));
    } else if (settings.has_products) {
      cells.insert(cells.end(), {Cell::of(std::string()), Cell::of(std::string())});
    }
    table.rows.push_back(std::move(cells));
  }
  return table;
}

}  // namespace rebuild
