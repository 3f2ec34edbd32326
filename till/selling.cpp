// Till: ringing a sale: prices, tenders and change. Writing it down: till/documents.cpp.
#include <utility>

#include "core/base/arithmetic.h"
#include "core/retail/pricing.h"
#include "core/retail/tax_share.h"
#include "till/payment.h"
#include "till/till.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Money;
using core::Result;
using namespace core::retail;

}  // namespace

Result<Till::Priced> Till::price(const std::vector<BasketLine>& lines,
                                 core::CatalogVersion version) {
  Priced out;
  out.version = version.value != 0 ? version : shelf_.present;
  std::vector<core::ProductId> ids;
  ids.reserve(lines.size());
  for (const BasketLine& line : lines) ids.push_back(line.product);
  TRY_ASSIGN(const Catalog* catalog, shelf().slice(out.version, ids));
  out.cash_step_minor = catalog->cash_step_minor();
  out.lines.reserve(lines.size());
  for (const BasketLine& line : lines) {
    TRY_ASSIGN(SaleLine one, price_line(*catalog, line));
    out.lines.push_back(std::move(one));
  }
  TRY(tax_lines(catalog->taxes(), out.lines));
  return out;
}

Result<std::int64_t> Till::cash_step_minor() {
  TRY_ASSIGN(const core::retail::Terms* terms, shelf().terms(shelf_.present));
  return terms->cash_step_minor;
}

// What follows from the basket beside what was handed over.
Result<Tenders> Till::tenders_of(const Basket& basket) {
  const core::Currency currency = journal_.identity().currency;
  Tenders tendered = basket.tendered;
  for (const TenderKind computed :
       {TenderKind::kVoucher, TenderKind::kPoints, TenderKind::kDeposit}) {
    if (tendered.contains(computed)) {
      return fail(Errc::kUsage, "vouchers, points and deposits are named, not tendered by amount");
    }
  }
  if (!basket.vouchers_redeemed.empty()) {
    TRY_ASSIGN(const Money worth, sum_of(basket.vouchers_redeemed, currency));
    tendered.emplace(TenderKind::kVoucher, worth);
  }
  if (basket.points_redeemed != 0) {
    if (!basket.member) return fail(Errc::kUsage, "only a member's points can pay");
    TRY_ASSIGN(const Money worth,
               worth_of_points(journal_.settings(), basket.points_redeemed, currency));
    tendered.emplace(TenderKind::kPoints, worth);
  }
  if (basket.cards.empty()) return tendered;
  Money charged{0, currency};
  for (const std::uint64_t card : basket.cards) {
    TRY_ASSIGN(const Money amount, card_amount(card));
    TRY_ASSIGN(charged, add(charged, amount));
  }
  if (tendered.contains(TenderKind::kCard) &&
      tender_of(tendered, TenderKind::kCard, currency) != charged) {
    return fail(Errc::kUnbalanced,
                "the cards were charged " + to_string(charged) + ", which is not the card tender");
  }
  tendered[TenderKind::kCard] = charged;
  return tendered;
}

Result<Rung> Till::ring(const Basket& basket, std::int64_t time_ms) {
  TRY(need_open_day());
  if (basket.lines.empty() && basket.vouchers_sold.empty()) {
    return fail(Errc::kUsage, "a sale has one line at least");
  }
  Sale sale;
  sale.currency = journal_.identity().currency;
  sale.time_ms = time_ms;
  TRY_ASSIGN(Priced priced, price(basket.lines, basket.catalog));
  sale.lines = std::move(priced.lines);
  sale.catalog = priced.version;
  TRY_ASSIGN(const Money net, net_of(sale));
  TRY_ASSIGN(const Money vouchers, sum_of(basket.vouchers_sold, sale.currency));
  TRY_ASSIGN(const Money total, add(net, vouchers));
  TRY_ASSIGN(const Tenders tendered, tenders_of(basket));
  TRY_ASSIGN(Payment payment, settle(total, tendered, priced.cash_step_minor));
  sale.tenders = std::move(payment.tenders);
  sale.vouchers_sold = basket.vouchers_sold;
  sale.vouchers_redeemed = basket.vouchers_redeemed;
  sale.cards = basket.cards;
  sale.member = basket.member;
  sale.points_redeemed = basket.points_redeemed;
  if (basket.member) {
    // Points that pay earn none.
    TRY_ASSIGN(const Money earning,
               subtract(net, tender_of(sale.tenders, TenderKind::kPoints, sale.currency)));
    TRY_ASSIGN(sale.points_earned, points_earned(journal_.settings(), earning));
  }
  sale.hold = basket.hold;
  sale.lines_voided = basket.lines_voided;
  TRY_ASSIGN(const PointsService service, points().service());
  const bool held = basket.points_redeemed != 0 && !service.url.empty();
  TRY_ASSIGN(DocumentNumbers numbers, record(std::move(sale), [&]() -> Result<void> {
               if (!held) return {};
               return points().use(basket.points_held, *basket.member, basket.points_redeemed);
             }));
  for (const HoldId& id : basket.points_held) points_.in_progress.erase(id);
  return Rung{std::move(numbers), total, payment.change, payment.coupon_excess};
}

Result<std::uint64_t> Till::train(const Basket& basket, std::int64_t time_ms) {
  Training training;
  training.currency = journal_.identity().currency;
  training.time_ms = time_ms;
  TRY_ASSIGN(Priced priced, price(basket.lines, basket.catalog));
  training.lines = std::move(priced.lines);
  training.catalog = priced.version;
  TRY_ASSIGN(const Money net, net_of(training.lines, training.currency));
  TRY_ASSIGN(const Payment payment, settle(net, basket.tendered, priced.cash_step_minor));
  training.tenders = payment.tenders;
  TRY_ASSIGN(const DocumentNumbers numbers, record(std::move(training)));
  return numbers.at(Series::kTraining);
}

}  // namespace till
