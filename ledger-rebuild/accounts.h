// Accounts: the chart of accounts that the posting rules use. The same list, for people and other
// programs: seeds/chart_of_accounts.csv (a test holds the two together).
// Must not know messages.
#pragma once

#include <array>
#include <string_view>

namespace rebuild {

enum class Account : int {
  kCash = 1000,
  kCard = 1010,
  kCouponsReceivable = 1020,
  kSafe = 1030,
  kPaidOut = 1040,
  kTaxOnDeposits = 1050,
  kTaxPayable = 2200,
  kPaidIn = 2300,
  kVouchersOutstanding = 2400,
  kPointsLiability = 2410,
  kDepositsHeld = 2420,
  kSalesRevenue = 4000,
  kDiscountsGiven = 4090,
  kForfeitedDeposits = 4100,
  kOverShort = 5900,
  kCashRounding = 5910,
};

struct AccountInfo {
  Account account;
  std::string_view name;
  std::string_view type;  // asset, liability, revenue, contra-revenue, expense
};

inline constexpr std::array<AccountInfo, 16> kChartOfAccounts = {{
    {Account::kCash, "Cash in tills", "asset"},
    {Account::kCard, "Card receipts receivable", "asset"},
    {Account::kCouponsReceivable, "Manufacturers' coupons receivable", "asset"},
    {Account::kSafe, "Cash in safes", "asset"},
    {Account::kPaidOut, "Paid out of tills (to be allocated)", "asset"},
    {Account::kTaxOnDeposits, "Sales tax on deposits until the sale", "asset"},
    {Account::kTaxPayable, "Sales tax payable", "liability"},
    {Account::kPaidIn, "Paid into tills (to be allocated)", "liability"},
    {Account::kVouchersOutstanding, "Vouchers outstanding", "liability"},
    {Account::kPointsLiability, "Members' points", "liability"},
    {Account::kDepositsHeld, "Deposits on layaways", "liability"},
    {Account::kSalesRevenue, "Sales revenue at shelf price", "revenue"},
    {Account::kDiscountsGiven, "Discounts given", "contra-revenue"},
    {Account::kForfeitedDeposits, "Deposits forfeited", "revenue"},
    {Account::kOverShort, "Cash over and short", "expense"},
    {Account::kCashRounding, "Cash rounding", "expense"},
}};

// nullptr: the chart has no such account.
constexpr const AccountInfo* find_account(int number) {
  for (const AccountInfo& info : kChartOfAccounts) {
    if (static_cast<int>(info.account) == number) return &info;
  }
  return nullptr;
}

}  // namespace rebuild
