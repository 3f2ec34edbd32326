// Departments: what products and departments sold, net of tax, to the minor unit.
// Must not know costs or how figures are printed. Rule: docs/reading-the-books.md, "Departments".
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/result.h"
#include "ledger-rebuild/books.h"
#include "ledger-rebuild/figures.h"
#include "ledger-rebuild/settings.h"

namespace rebuild {

struct SoldSum {
  std::int64_t thousandths = 0;    // less what came back
  std::int64_t net_minor = 0;      // as the tills took it, tax included
  std::int64_t revenue_minor = 0;  // net of tax
};

// What the sold lines of products and the taxes of closings came to, of one currency. Shape: one
// stretch of days within a month.
struct MonthSales {
  std::map<core::ProductId, SoldSum> products;
  struct Taxed {
    std::int64_t gross_minor = 0;
    std::int64_t revenue_minor = 0;
  };
  std::map<core::TaxCode, Taxed> taxes;

  // Shares each tax code's revenue out to the products that the settings have under it, in
  // proportion to what was taken for them (core/retail/spread.h). Errors: kOverflow.
  core::Result<void> share(const Settings& settings);
};

struct Sales {
  std::map<std::pair<core::ProductId, core::Currency>, SoldSum> products;
  // What no product of the settings accounts for: products that they do not have, and takings that
  // stand under another tax code than the product's.
  std::map<core::Currency, SoldSum> rest;
};

// Shared out month by month, and in a month up to its last day asked for, less up to the day before
// the first: so ranges that follow on add up. Products and rest add up to the accounts' revenue,
// and net to what the tills took. Errors: kDatabase, kDamaged, kOverflow.
core::Result<Sales> sales_of(const Books& books, const Settings& settings,
                             const FigureRange& range);

// What moves revenue to the accounts of departments, when the chart has any; adds up to zero.
using DepartmentPostings = std::vector<std::pair<const ChartAccount*, core::Money>>;
core::Result<DepartmentPostings> department_postings(const Books& books, const Settings& settings,
                                                     const FigureRange& range);
// The same of sales that were shared out.
core::Result<DepartmentPostings> department_postings(const Sales& sales, const Settings& settings);

}  // namespace rebuild
