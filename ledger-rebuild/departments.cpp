// Departments: sums of months, shared out and added up.
#include "ledger-rebuild/departments.h"

#include "core/base/arithmetic.h"
#include "core/retail/spread.h"
#include "ledger-rebuild/figure_sums.h"
#include "ledger-rebuild/month_sums.h"
#include "ledger-rebuild/posting_rules.h"
#include "ledger-rebuild/rows.h"

namespace rebuild {

using core::BusinessDay;
using core::Currency;
using core::Money;
using core::ProductId;
using core::Result;
using core::TaxCode;
using core::sql::Statement;

namespace {

struct Segment {
  FigureRange range;
  int sign = 1;
};

BusinessDay first_of_month(BusinessDay day) {
  while (month_of(BusinessDay{day.days - 1}) == month_of(day)) --day.days;
  return day;
}
BusinessDay last_of_month(BusinessDay day) {
  while (month_of(BusinessDay{day.days + 1}) == month_of(day)) ++day.days;
  return day;
}

// Whole months, and months from their first day on, some of them to be taken away.
std::vector<Segment> segments_of(const FigureRange& range) {
  if (is_whole_months(range)) return {{range, 1}};
  std::vector<Segment> out;
  FigureRange whole = range;
  const bool in_one = range.from && range.to && month_of(*range.from) == month_of(*range.to);
  if (range.from && first_of_month(*range.from) != *range.from) {
    const BusinessDay first = first_of_month(*range.from);
    out.push_back({{first, BusinessDay{range.from->days - 1}}, -1});
    whole.from = first;
  }
  if (range.to && last_of_month(*range.to) != *range.to) {
    const BusinessDay first = first_of_month(*range.to);
    out.push_back({{first, range.to}, 1});
    whole.to = BusinessDay{first.days - 1};
    if (in_one) return out;
  }
  if (!whole.from || !whole.to || *whole.from <= *whole.to) out.push_back({whole, 1});
  return out;
}

using MonthKey = std::pair<std::int64_t, Currency>;

Result<std::map<MonthKey, MonthSales>> read_months(const Books& books, const FigureRange& range) {
  const FigureSums from = figure_sums(range, is_whole_months(range));
  const std::string month = from.by_month ? "month" : "0";
  const std::string grouped = from.by_month ? "month, " : "";
  std::map<MonthKey, MonthSales> out;
  const auto month_at = [&](const Statement& row) -> Result<MonthSales*> {
    TRY_ASSIGN(const Currency currency, Currency::parse(row.column_text(1)));
    return &out[{row.column_int(0), currency}];
  };
  TRY(for_range(
      books.database(),
      "SELECT " + month + ", currency, product, SUM(thousandths), SUM(net_minor) FROM " +
          from.products() + " GROUP BY " + grouped + "currency, product",
      from, [&](const Statement& row) -> Result<void> {
        TRY_ASSIGN(MonthSales* const sales, month_at(row));
        sales->products[id_at<ProductId>(row, 2)] = {row.column_int(3), row.column_int(4), 0};
        return {};
      }));
  TRY(for_range(
      books.database(),
      "SELECT " + month + ", currency, code, account, SUM(credit_minor - debit_minor) FROM " +
          from.accounts() + " WHERE code >= 0 AND account IN (2200, 4000) GROUP BY " + grouped +
          "currency, code, account",
      from, [&](const Statement& row) -> Result<void> {
        TRY_ASSIGN(MonthSales* const sales, month_at(row));
        MonthSales::Taxed& taxed = sales->taxes[id_at<TaxCode>(row, 2)];
        TRY_ASSIGN(taxed.gross_minor, core::checked_add(taxed.gross_minor, row.column_int(4)));
        const bool is_revenue = row.column_int(3) == static_cast<int>(Account::kSalesRevenue);
        if (is_revenue) taxed.revenue_minor = row.column_int(4);
        return {};
      }));
  return out;
}

Result<void> add_sum(SoldSum& sum, const SoldSum& more, int sign) {
  for (auto figure : {&SoldSum::thousandths, &SoldSum::net_minor, &SoldSum::revenue_minor}) {
    TRY_ASSIGN(sum.*figure, core::checked_add(sum.*figure, sign * (more.*figure)));
  }
  return {};
}

Result<void> add_month(Sales& out, const Settings& settings, Currency currency,
                       const MonthSales& month, int sign) {
  SoldSum rest;
  for (const auto& [code, taxed] : month.taxes) {
    TRY(add_sum(rest, {0, taxed.gross_minor, taxed.revenue_minor}, 1));
  }
  for (const auto& [product, sold] : month.products) {
    TRY(add_sum(out.products[{product, currency}], sold, sign));
    // The net of a product without settings has a row of its own; its revenue is in the rest.
    const bool known = settings.find(product) != nullptr;
    TRY(add_sum(rest, {0, sold.net_minor, known ? sold.revenue_minor : 0}, -1));
  }
  return add_sum(out.rest[currency], rest, sign);
}

}  // namespace

Result<void> MonthSales::share(const Settings& settings) {
  std::map<TaxCode, std::vector<ProductId>> by_code;
  for (auto& [product, sold] : products) {
    sold.revenue_minor = 0;
    if (const ProductInfo* info = settings.find(product))
      by_code[info->tax_code].push_back(product);
  }
  for (const auto& [code, taxed] : taxes) {
    const auto at = by_code.find(code);
    if (at == by_code.end() || taxed.gross_minor == 0) continue;
    std::vector<std::int64_t> weights;
    std::int64_t rest = taxed.gross_minor;
    for (const ProductId product : at->second) {
      weights.push_back(products[product].net_minor);
      TRY_ASSIGN(rest, core::checked_subtract(rest, weights.back()));
    }
    weights.push_back(rest);
    TRY_ASSIGN(const auto shares, core::retail::spread_signed(taxed.revenue_minor, weights));
    for (std::size_t i = 0; i < at->second.size(); ++i) {
      products[at->second[i]].revenue_minor = shares[i];
    }
  }
  return {};
}

Result<Sales> sales_of(const Books& books, const Settings& settings, const FigureRange& range) {
  Sales out;
  for (const Segment& segment : segments_of(range)) {
    TRY_ASSIGN(auto months, read_months(books, segment.range));
    for (auto& [key, month] : months) {
      TRY(month.share(settings));
      TRY(add_month(out, settings, key.second, month, segment.sign));
    }
  }
  return out;
}

Result<DepartmentPostings> department_postings(const Sales& sales, const Settings& settings) {
  std::map<std::pair<const ChartAccount*, Currency>, Money> sums;
  const auto post = [&](const ChartAccount& account, Money amount) -> Result<void> {
    Money& sum =
        sums.try_emplace({&account, amount.currency}, Money{0, amount.currency}).first->second;
    TRY_ASSIGN(sum, add(sum, amount));
    return {};
  };
  for (const auto& [key, sold] : sales.products) {
    const ProductInfo* product = settings.find(key.first);
    const ChartAccount* department =
        product == nullptr ? nullptr : settings.chart.department(product->department);
    if (department == nullptr) continue;
    const Money revenue{sold.revenue_minor, key.second};
    TRY(post(settings.chart.account(Account::kSalesRevenue, product->tax_code.value), revenue));
    TRY_ASSIGN(const Money credit, negate(revenue));
    TRY(post(*department, credit));
  }
  DepartmentPostings out;
  for (const auto& [key, amount] : sums) {
    if (amount.minor != 0) out.emplace_back(key.first, amount);
  }
  return out;
}

Result<DepartmentPostings> department_postings(const Books& books, const Settings& settings,
                                               const FigureRange& range) {
  if (!settings.chart.has_departments() || !settings.has_products) return DepartmentPostings{};
  TRY_ASSIGN(const Sales sales, sales_of(books, settings, range));
  return department_postings(sales, settings);
}

}  // namespace rebuild
