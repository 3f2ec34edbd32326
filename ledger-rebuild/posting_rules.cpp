// Posting rules: closings to double entry, openings and consumption to stock moves.
#include "ledger-rebuild/posting_rules.h"

#include <algorithm>
#include <string>
#include <tuple>

#include "core/base/arithmetic.h"
#include "core/retail/limits.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::Money;
using core::Result;
using core::retail::check_figure;
using core::retail::Closing;
using core::retail::Components;
using core::retail::Opening;
using core::retail::TenderKind;

Account account_of(TenderKind kind) {
  switch (kind) {
    case TenderKind::kCash:
    case TenderKind::kCouponExcess:  // paid out of the drawer
      return Account::kCash;
    case TenderKind::kCashRounding:
      return Account::kCashRounding;
    case TenderKind::kCard:
      return Account::kCard;
    case TenderKind::kCoupon:
      return Account::kCouponsReceivable;
  }
  CORE_CHECK(false);
}

void post(Entry& entry, Account account, std::int64_t code, std::int64_t amount_minor) {
  if (amount_minor != 0) entry.postings.push_back(Posting{account, code, amount_minor});
}

Result<void> post_tenders(Entry& entry, const Closing& closing) {
  for (const auto& [kind, amount] : closing.tenders) {
    TRY(check_figure(amount.minor, "a tender"));
    post(entry, account_of(kind), static_cast<std::int64_t>(kind), amount.minor);
  }
  return {};
}

Result<void> post_revenue(Entry& entry, const Closing& closing) {
  for (const auto& [code, row] : closing.taxes) {
    TRY(check_figure(row.gross.minor, "the takings of tax code " + to_string(code)));
    TRY(check_figure(row.tax.minor, "the tax of tax code " + to_string(code)));
    post(entry, Account::kSalesRevenue, code.value, row.tax.minor - row.gross.minor);
    post(entry, Account::kTaxPayable, code.value, -row.tax.minor);
  }
  // The shelf price is what was taken and what was given away.
  TRY(check_figure(closing.discount.minor, "the discount"));
  post(entry, Account::kDiscountsGiven, kNoCode, closing.discount.minor);
  post(entry, Account::kSalesRevenue, kNoCode, -closing.discount.minor);
  return {};
}

Result<void> post_over_short(Entry& entry, const Closing& closing) {
  TRY(check_figure(closing.over_short.minor, "over and short"));
  post(entry, Account::kCash, kNoCode, closing.over_short.minor);
  post(entry, Account::kOverShort, kNoCode, -closing.over_short.minor);
  return {};
}

Account other_side(core::retail::CashKind kind) {
  using core::retail::CashKind;
  switch (kind) {
    case CashKind::kFloat:
    case CashKind::kPickUp:
      return Account::kSafe;
    case CashKind::kPaidIn:
      return Account::kPaidIn;
    case CashKind::kPaidOut:
      return Account::kPaidOut;
  }
  CORE_CHECK(false);
}

Result<void> post_cash_movements(Entry& entry, const Closing& closing) {
  using core::retail::CashKind;
  for (const auto& [kind, amount] : closing.cash_movements) {
    TRY(check_figure(amount.minor, "a cash movement"));
    const bool comes_in = kind == CashKind::kFloat || kind == CashKind::kPaidIn;
    const std::int64_t into_drawer = comes_in ? amount.minor : -amount.minor;
    const std::int64_t code = kMovementCode - static_cast<std::int64_t>(kind);
    post(entry, Account::kCash, code, into_drawer);
    post(entry, other_side(kind), code, -into_drawer);
  }
  return {};
}

Result<void> take_evidence(Entry& entry, const Closing& closing) {
  TRY(check_figure(closing.refunded.minor, "what was refunded"));
  entry.refunds = closing.refunds;
  entry.refunded_minor = closing.refunded.minor;
  entry.ever_sold_minor = closing.grand_totals.sales.minor;
  entry.ever_refunded_minor = closing.grand_totals.refunds.minor;
  entry.numbers = closing.numbers;
  return {};
}

Result<void> move_stock(Entry& entry, const Components& components, Place from, Place to) {
  for (const auto& [product, quantity] : components) {
    TRY(check_figure(quantity.thousandths, "the quantity of product " + to_string(product)));
    TRY(core::retail::check_product_id(product));
    if (quantity.thousandths == 0) continue;
    entry.moves.push_back(StockMove{product, from, to, quantity.thousandths});
  }
  return {};
}

Result<Entry> entry_of(const Opening& opening) {
  Entry entry;
  entry.kind = Kind::kOpening;
  entry.day = opening.day;
  entry.part = opening.part;
  TRY(move_stock(entry, opening.received, Place::kSupplier, Place::kStore));
  return entry;
}

Result<Entry> entry_of(const Closing& closing) {
  Entry entry;
  entry.kind = Kind::kClosing;
  entry.day = closing.day;
  entry.part = closing.part;
  entry.currency = closing.currency;
  entry.sales = closing.sales;
  entry.voids = closing.voids;
  entry.net_minor = closing.net.minor;
  entry.discount_minor = closing.discount.minor;
  entry.over_short_minor = closing.over_short.minor;
  TRY(check_figure(closing.net.minor, "net"));
  TRY(post_tenders(entry, closing));
  TRY(post_revenue(entry, closing));
  TRY(post_over_short(entry, closing));
  TRY(post_cash_movements(entry, closing));
  TRY(take_evidence(entry, closing));
  TRY(move_stock(entry, closing.consumed, Place::kStore, Place::kSold));
  TRY(check_balanced(entry.postings));
  std::sort(entry.postings.begin(), entry.postings.end(), [](const Posting& a, const Posting& b) {
    return std::tie(a.account, a.code) < std::tie(b.account, b.code);
  });
  return entry;
}

}  // namespace

Result<Entry> make_entry(const core::retail::Summary& summary) {
  return std::visit([](const auto& s) { return entry_of(s); }, summary);
}

Result<void> check_balanced(const std::vector<Posting>& postings) {
  std::int64_t sum = 0;
  for (const Posting& posting : postings) {
    TRY_ASSIGN(sum, core::checked_add(sum, posting.amount_minor));
  }
  if (sum == 0) return {};
  return fail(Errc::kUnbalanced, "debits less credits are " + std::to_string(sum));
}

}  // namespace rebuild
