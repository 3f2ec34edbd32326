// AccountSums: what the accounts of a chart came to in some days: what the books have posted, and,
// with settings, what the valuation adds. Must not know how they are printed.
#pragma once

#include <set>
#include <vector>

#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/result.h"
#include "ledger-rebuild/books.h"
#include "ledger-rebuild/chart.h"
#include "ledger-rebuild/figures.h"
#include "ledger-rebuild/settings.h"

namespace rebuild {

struct AccountSum {
  const ChartAccount* account = nullptr;  // owner: the settings' chart
  core::Money debit;
  core::Money credit;   // positive
  core::Money balance;  // debit - credit
};

struct AccountSums {
  std::vector<AccountSum> accounts;
  std::set<core::ProductId> without_cost;  // moved, and are not valued
};

// By account and currency, those without postings left out. What the valuation adds to an account
// is one sum, on the side on which it comes out. Errors: kDatabase, kDamaged, kOverflow.
core::Result<AccountSums> account_sums(const Books& books, const Settings& settings,
                                       const FigureRange& range);

}  // namespace rebuild
