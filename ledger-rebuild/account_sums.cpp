// AccountSums: roles and codes become accounts of the chart here.
#include "ledger-rebuild/account_sums.h"

#include <map>

#include "ledger-rebuild/departments.h"
#include "ledger-rebuild/figure_sums.h"
#include "ledger-rebuild/valued_sums.h"

namespace rebuild {

using core::Currency;
using core::Money;
using core::Result;
using core::sql::Statement;

namespace {

using AccountMap = std::map<std::pair<const ChartAccount*, Currency>, AccountSum>;

AccountSum& sum_of(AccountMap& sums, const ChartAccount* account, Currency currency) {
  const Money zero{0, currency};
  return sums.try_emplace({account, currency}, AccountSum{account, zero, zero, zero}).first->second;
}

Result<void> add_amount(AccountMap& sums, const ChartAccount* account, Money amount) {
  AccountSum& sum = sum_of(sums, account, amount.currency);
  if (amount.minor >= 0) {
    TRY_ASSIGN(sum.debit, add(sum.debit, amount));
  } else {
    TRY_ASSIGN(sum.credit, subtract(sum.credit, amount));
  }
  return {};
}

}  // namespace

Result<AccountSums> account_sums(const Books& books, const Settings& settings,
                                 const FigureRange& range) {
  AccountMap sums;
  const FigureSums from = figure_sums(range, is_whole_months(range));
  TRY(for_range(books.database(),
                "SELECT account, code, currency, SUM(debit_minor), SUM(credit_minor) FROM " +
                    from.accounts() + " GROUP BY account, code, currency",
                from, [&](const Statement& row) -> Result<void> {
                  TRY_ASSIGN(const Currency currency, Currency::parse(row.column_text(2)));
                  TRY_ASSIGN(const ChartAccount* const account,
                             settings.chart.account(static_cast<int>(row.column_int(0)),
                                                    row.column_int(1)));
                  AccountSum& sum = sum_of(sums, account, currency);
                  TRY_ASSIGN(sum.debit, add(sum.debit, Money{row.column_int(3), currency}));
                  TRY_ASSIGN(sum.credit, add(sum.credit, Money{row.column_int(4), currency}));
                  return {};
                }));
  TRY_ASSIGN(const ValuedSums valued, valued_sums(books, settings, range));
  for (const ValuedPosting& posting : valued.postings) {
    TRY(add_amount(sums, &settings.chart.account(posting.account, kNoCode), posting.amount));
  }
  TRY_ASSIGN(const DepartmentPostings departments, department_postings(books, settings, range));
  for (const auto& [account, amount] : departments) TRY(add_amount(sums, account, amount));
  AccountSums out;
  out.without_cost = valued.without_cost;
  for (auto& [key, sum] : sums) {
    if (sum.debit.minor == 0 && sum.credit.minor == 0) continue;
    TRY_ASSIGN(sum.balance, subtract(sum.debit, sum.credit));
    out.accounts.push_back(sum);
  }
  return out;
}

}  // namespace rebuild
