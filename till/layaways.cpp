// Till: layaways: goods that are paid by and by. Stock and revenue move when they are handed over.
#include <utility>

#include "core/base/arithmetic.h"
#include "core/retail/pricing.h"
#include "till/payment.h"
#include "till/till.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Money;
using core::Result;
using core::TaxCode;
using namespace core::retail;

// Of a deposit of which `before` was paid earlier, and `now` more is: its share of the goods' tax.
Result<std::map<TaxCode, Money>> tax_share(const std::vector<SaleLine>& lines, Money total,
                                           Money before, Money now) {
  std::map<TaxCode, Money> sums;
  for (const SaleLine& line : lines) {
    Money& sum = sums.try_emplace(line.tax, Money{0, total.currency}).first->second;
    TRY_ASSIGN(sum, add(sum, line.tax_amount));
  }
  std::map<TaxCode, Money> shares;
  if (total.minor == 0) return shares;
  for (const auto& [code, tax] : sums) {
    TRY_ASSIGN(const std::int64_t minor,
               next_share(tax.minor, before.minor, now.minor, total.minor));
    if (minor != 0) shares.emplace(code, Money{minor, total.currency});
  }
  return shares;
}

Result<void> only_deposit_tenders(const Tenders& tendered) {
  for (const auto& [kind, amount] : tendered) {
    if (kind != TenderKind::kCash && kind != TenderKind::kCard) {
      return fail(Errc::kUsage, "a deposit is paid in cash or by card");
    }
  }
  return {};
}

// What is paid of at most `most`: a card's amount, and cash less change for what is above.
Result<Payment> settle_deposit(Money most, const Tenders& tendered, Money deposit,
                               std::int64_t cash_step_minor) {
  TRY(only_deposit_tenders(tendered));
  if (deposit.minor <= 0 || deposit > most) {
    return fail(Errc::kUnbalanced, "a deposit is above zero, and at most the " + to_string(most) +
                                       " that are not paid yet");
  }
  return settle(deposit, tendered, cash_step_minor);
}

}  // namespace

Result<Till::OpenLayaway> Till::find_layaway(std::uint64_t number) {
  TRY_ASSIGN(const auto item, journal_.find_open_item({Series::kLayaway, number}));
  if (!item) {
    return fail(Errc::kState, "document " + document_number(ref(), Series::kLayaway, number) +
                                  " is no layaway that is open");
  }
  TRY_ASSIGN(auto row, journal_.find_document(Series::kLayaway, number));
  auto* opened = row ? std::get_if<Layaway>(&row->document) : nullptr;
  if (opened == nullptr || opened->kind != LayawayKind::kOpened) {
    return fail(Errc::kDamaged, journal_.path().string() + ": layaway " + std::to_string(number) +
                                    " is open and was not opened");
  }
  OpenLayaway out{std::move(*opened), {}, item->amount};
  TRY_ASSIGN(out.total, net_of(out.opened.lines, out.opened.currency));
  return out;
}

Result<LaidAway> Till::open_layaway(const LayawayOrder& order, std::int64_t time_ms) {
  TRY(need_open_day());
  Layaway layaway;
  layaway.currency = journal_.identity().currency;
  layaway.time_ms = time_ms;
  layaway.name = order.name;
  layaway.forfeited = Money{0, layaway.currency};
  TRY_ASSIGN(Priced priced, price(order.lines, {}));
  layaway.lines = std::move(priced.lines);
  layaway.catalog = priced.version;
  TRY_ASSIGN(const Money total, net_of(layaway.lines, layaway.currency));
  Payment payment{{}, Money{0, layaway.currency}, {}};
  if (order.deposit.minor != 0) {
    TRY_ASSIGN(payment,
               settle_deposit(total, order.tendered, order.deposit, priced.cash_step_minor));
  }
  layaway.tenders = payment.tenders;
  if (journal_.settings().tax_at_deposit) {
    TRY_ASSIGN(layaway.taxes,
               tax_share(layaway.lines, total, Money{0, total.currency}, order.deposit));
  }
  TRY_ASSIGN(const DocumentNumbers numbers, record(std::move(layaway)));
  TRY_ASSIGN(const Money left, subtract(total, order.deposit));
  return LaidAway{numbers.at(Series::kLayaway), total, left, payment.change};
}

Result<LaidAway> Till::pay_layaway(std::uint64_t number, Money deposit, const Tenders& tendered,
                                   std::int64_t time_ms) {
  TRY(need_open_day());
  TRY_ASSIGN(const OpenLayaway open, find_layaway(number));
  TRY_ASSIGN(const Money owed, subtract(open.total, open.paid));
  TRY_ASSIGN(const std::int64_t cash_step, cash_step_minor());
  TRY_ASSIGN(const Payment payment, settle_deposit(owed, tendered, deposit, cash_step));
  Layaway step;
  step.kind = LayawayKind::kDeposit;
  step.currency = journal_.identity().currency;
  step.time_ms = time_ms;
  step.layaway = number;
  step.forfeited = Money{0, step.currency};
  step.tenders = payment.tenders;
  if (journal_.settings().tax_at_deposit) {
    TRY_ASSIGN(step.taxes, tax_share(open.opened.lines, open.total, open.paid, deposit));
  }
  TRY(record(std::move(step)));
  TRY_ASSIGN(const Money left, subtract(owed, deposit));
  return LaidAway{number, open.total, left, payment.change};
}

Result<std::map<TaxCode, Money>> Till::declared_taxes(std::uint64_t number, const Layaway& opened) {
  std::map<TaxCode, Money> back;
  const auto take = [&](const std::map<TaxCode, Money>& taxes) -> Result<void> {
    for (const auto& [code, tax] : taxes) {
      Money& sum = back.try_emplace(code, Money{0, tax.currency}).first->second;
      TRY_ASSIGN(sum, subtract(sum, tax));
    }
    return {};
  };
  TRY(take(opened.taxes));
  TRY(journal_.documents_about({Series::kLayaway, number}, [&](DocumentRow&& row) -> Result<void> {
    const auto* step = std::get_if<Layaway>(&row.document);
    return step == nullptr ? Result<void>{} : take(step->taxes);
  }));
  std::erase_if(back, [](const auto& row) { return row.second.minor == 0; });
  return back;
}

Result<Money> Till::cancel_layaway(const LayawayCancellation& order, std::int64_t time_ms) {
  TRY(need_open_day());
  TRY_ASSIGN(const OpenLayaway open, find_layaway(order.layaway));
  if (order.forfeited.minor < 0 || order.forfeited > open.paid) {
    return fail(Errc::kUsage,
                "at most the " + to_string(open.paid) + " that were paid can be kept");
  }
  if (order.paid_back_by != TenderKind::kCash && order.paid_back_by != TenderKind::kCard) {
    return fail(Errc::kUsage, "a deposit is paid back in cash or to the card");
  }
  Layaway step;
  step.kind = LayawayKind::kCancelled;
  step.currency = journal_.identity().currency;
  step.time_ms = time_ms;
  step.layaway = order.layaway;
  step.forfeited = order.forfeited;
  step.reason = order.reason;
  TRY_ASSIGN(step.taxes, declared_taxes(order.layaway, open.opened));
  TRY_ASSIGN(const Money back, subtract(open.paid, order.forfeited));
  TRY_ASSIGN(const Money net, negate(back));
  TRY_ASSIGN(const std::int64_t cash_step, cash_step_minor());
  TRY_ASSIGN(const Money handed_out, pay_back(net, order.paid_back_by, cash_step, step.tenders));
  TRY(record(std::move(step)));
  return handed_out;
}

Result<Rung> Till::hand_over(std::uint64_t layaway, const Tenders& tendered, std::int64_t time_ms) {
  TRY(need_open_day());
  TRY_ASSIGN(const OpenLayaway open, find_layaway(layaway));
  Sale sale;
  sale.currency = journal_.identity().currency;
  sale.time_ms = time_ms;
  sale.layaway = layaway;
  sale.lines = open.opened.lines;
  sale.catalog = open.opened.catalog;
  TRY_ASSIGN(sale.deposit_taxes, declared_taxes(layaway, open.opened));
  Tenders all = tendered;
  if (all.contains(TenderKind::kDeposit)) {
    return fail(Errc::kUsage, "the deposit is known, and not tendered again");
  }
  if (open.paid.minor != 0) all.emplace(TenderKind::kDeposit, open.paid);
  TRY_ASSIGN(const std::int64_t cash_step, cash_step_minor());
  TRY_ASSIGN(Payment payment, settle(open.total, all, cash_step));
  sale.tenders = std::move(payment.tenders);
  TRY_ASSIGN(DocumentNumbers numbers, record_sale(std::move(sale)));
  return Rung{std::move(numbers), open.total, payment.change, payment.coupon_excess};
}

}  // namespace till
