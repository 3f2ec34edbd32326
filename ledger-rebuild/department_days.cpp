// DepartmentDays: a month's sums grow day by day and are shared out anew each time.
#include "ledger-rebuild/department_days.h"

#include <algorithm>

#include "core/base/arithmetic.h"
#include "ledger-rebuild/month_sums.h"

namespace rebuild {

using core::BusinessDay;
using core::Currency;
using core::Money;
using core::Result;
using core::sql::Statement;

namespace {

constexpr const char* kSoldSql =
    "SELECT m.booked, m.currency, s.product, SUM(s.thousandths), SUM(s.net_minor) FROM sold s "
    "JOIN messages m ON m.number = s.message WHERE m.state IN (1, 2) "
    "GROUP BY m.booked, m.currency, s.product ORDER BY m.booked, m.currency, s.product";
constexpr const char* kTaxedSql =
    "SELECT m.booked, p.currency, p.code, -SUM(p.amount_minor), "
    "-SUM(CASE WHEN p.account = 4000 THEN p.amount_minor ELSE 0 END) FROM postings p "
    "JOIN messages m ON m.number = p.message WHERE p.code >= 0 AND p.account IN (2200, 4000) "
    "GROUP BY m.booked, p.currency, p.code ORDER BY m.booked, p.currency, p.code";

Result<void> accumulate_minor(std::int64_t& sum, std::int64_t more) {
  TRY_ASSIGN(sum, core::checked_add(sum, more));
  return {};
}

}  // namespace

Result<DepartmentDays> DepartmentDays::open(const Books& books, const Settings& settings) {
  DepartmentDays out(settings);
  if (!settings.chart.has_departments() || !settings.has_products) return out;
  TRY(out.sold_.open(books, kSoldSql, [](const Statement& row) -> Result<Row> {
    Row sold;
    sold.day = day_in(row, 0);
    TRY_ASSIGN(sold.currency, Currency::parse(row.column_text(1)));
    sold.product = id_at<core::ProductId>(row, 2);
    sold.sold = {row.column_int(3), row.column_int(4), 0};
    return sold;
  }));
  TRY(out.taxed_.open(books, kTaxedSql, [](const Statement& row) -> Result<Row> {
    Row taxed;
    taxed.day = day_in(row, 0);
    TRY_ASSIGN(taxed.currency, Currency::parse(row.column_text(1)));
    taxed.code = id_at<core::TaxCode>(row, 2);
    taxed.gross_minor = row.column_int(3);
    taxed.revenue_minor = row.column_int(4);
    return taxed;
  }));
  return out;
}

std::optional<BusinessDay> DepartmentDays::next() const {
  std::optional<BusinessDay> out;
  for (const auto* row : {&sold_.peek(), &taxed_.peek()}) {
    if (*row) out = out ? std::min(*out, (*row)->day) : (*row)->day;
  }
  return out;
}

Result<void> DepartmentDays::take_rows(BusinessDay day) {
  while (sold_.peek() && sold_.peek()->day == day) {
    const Row& row = *sold_.peek();
    SoldSum& sum = sales_[row.currency].products[row.product];
    TRY(accumulate_minor(sum.thousandths, row.sold.thousandths));
    TRY(accumulate_minor(sum.net_minor, row.sold.net_minor));
    TRY(sold_.advance());
  }
  while (taxed_.peek() && taxed_.peek()->day == day) {
    const Row& row = *taxed_.peek();
    MonthSales::Taxed& sum = sales_[row.currency].taxes[row.code];
    TRY(accumulate_minor(sum.gross_minor, row.gross_minor));
    TRY(accumulate_minor(sum.revenue_minor, row.revenue_minor));
    TRY(taxed_.advance());
  }
  return {};
}

Result<void> DepartmentDays::take(std::vector<ExportEntry>& out) {
  const auto day = next();
  if (!day) return {};
  if (month_of(*day) != month_) {
    month_ = month_of(*day);
    sales_.clear();
    posted_.clear();
  }
  TRY(take_rows(*day));
  for (const auto& [currency, month] : sales_) TRY(post(*day, currency, month, out));
  return {};
}

Result<void> DepartmentDays::post(BusinessDay day, Currency currency, MonthSales month,
                                  std::vector<ExportEntry>& out) {
  TRY(month.share(*settings_));
  Sales sales;
  for (const auto& [product, sold] : month.products) sales.products[{product, currency}] = sold;
  TRY_ASSIGN(const DepartmentPostings postings, department_postings(sales, *settings_));
  Posted now;
  for (const auto& [account, amount] : postings) now[account] = amount.minor;
  Posted& before = posted_[currency];
  for (const auto& [account, minor] : before) now.try_emplace(account, 0);
  ExportEntry entry;
  entry.what = EntryOf::kDepartments;
  entry.of = day;
  entry.day = day;
  for (const auto& [account, minor] : now) {
    TRY_ASSIGN(const std::int64_t more, core::checked_subtract(minor, before[account]));
    if (more != 0) entry.postings.push_back({account, kNoCode, Money{more, currency}});
  }
  if (!entry.postings.empty()) out.push_back(std::move(entry));
  before = std::move(now);
  return {};
}

}  // namespace rebuild
