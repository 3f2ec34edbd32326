// Accounts: the roles that the posting rules and the valuation post to, and the chart of accounts
// that serves when a retailer has none of its own (chart.h). The same list, for people and other
// programs: seeds/chart_of_accounts.csv (a test holds the two together).
// Must not know messages.
#pragma once

#include <array>
#include <string_view>

namespace rebuild {

// A role. Its number is what books.db has; a retailer's chart gives it another one to be seen.
enum class Account : int {
  kCash = 1000,
  kCard = 1010,
  kCouponsReceivable = 1020,
  kSafe = 1030,
  kPaidOut = 1040,
  kTaxOnDeposits = 1050,
  kInventory = 1200,
  kGoodsInTransit = 1210,
  kGoodsReceived = 2100,
  kTaxPayable = 2200,
  kPaidIn = 2300,
  kVouchersOutstanding = 2400,
  kPointsLiability = 2410,
  kDepositsHeld = 2420,
  kSalesRevenue = 4000,
  kDiscountsGiven = 4090,
  kForfeitedDeposits = 4100,
  kCostOfGoods = 5000,
  kStockVariance = 5100,
  kRevaluation = 5110,
  kPointsExpense = 5200,
  kOverShort = 5900,
  kCashRounding = 5910,
  kStockRounding = 5920,
};

struct AccountInfo {
  Account account;
  std::string_view role;  // its word in a retailer's chart
  std::string_view name;
  std::string_view type;  // asset, liability, equity, revenue, contra-revenue, expense
};

// Ascending numbers.
inline constexpr std::array<AccountInfo, 24> kChartOfAccounts = {{
    {Account::kCash, "cash", "Cash in tills", "asset"},
    {Account::kCard, "card-clearing", "Card receipts receivable", "asset"},
    {Account::kCouponsReceivable, "coupons-receivable", "Manufacturers' coupons receivable",
     "asset"},
    {Account::kSafe, "safe", "Cash in safes", "asset"},
    {Account::kPaidOut, "paid-out", "Paid out of tills (to be allocated)", "asset"},
    {Account::kTaxOnDeposits, "tax-on-deposits", "Sales tax on deposits until the sale", "asset"},
    {Account::kInventory, "inventory", "Inventory at standard cost", "asset"},
    {Account::kGoodsInTransit, "goods-in-transit", "Goods in transit between stores", "asset"},
    {Account::kGoodsReceived, "goods-received", "Goods received not invoiced", "liability"},
    {Account::kTaxPayable, "tax-payable", "Sales tax payable", "liability"},
    {Account::kPaidIn, "paid-in", "Paid into tills (to be allocated)", "liability"},
    {Account::kVouchersOutstanding, "vouchers-outstanding", "Vouchers outstanding", "liability"},
    {Account::kPointsLiability, "points-liability", "Members' points", "liability"},
    {Account::kDepositsHeld, "deposits", "Deposits on layaways", "liability"},
    {Account::kSalesRevenue, "sales", "Sales revenue at shelf price", "revenue"},
    {Account::kDiscountsGiven, "discounts", "Discounts given", "contra-revenue"},
    {Account::kForfeitedDeposits, "deposits-forfeited", "Deposits forfeited", "revenue"},
    {Account::kCostOfGoods, "cost-of-goods", "Cost of goods sold", "expense"},
    {Account::kStockVariance, "stock-variance", "Shrink and other stock variances", "expense"},
    {Account::kRevaluation, "revaluation", "Revaluation of stock", "expense"},
    {Account::kPointsExpense, "points-expense", "Members' points earned", "expense"},
    {Account::kOverShort, "over-short", "Cash over and short", "expense"},
    {Account::kCashRounding, "cash-rounding", "Cash rounding", "expense"},
    {Account::kStockRounding, "stock-rounding", "Rounding of stock values", "expense"},
}};

}  // namespace rebuild
