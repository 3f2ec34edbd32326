// Commands that write a document: each opens the journal, does one thing through Till, and prints
// what was done.
#include <utility>

#include "core/retail/names.h"
#include "till/command_support.h"
#include "till/kind_words.h"
#include "till/reports.h"
#include "till/scan.h"
#include "till/words.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Result;
using core::retail::CashKind;
using core::retail::Series;
using core::retail::TenderKind;

Result<BasketLine> read_line(Till& till, core::CatalogVersion version, const std::string& word) {
  TRY_ASSIGN(const auto code, parse_code_word(word));
  if (code) return scan_line(till.shelf(), version, code->digits, code->count);
  return parse_line(word, till.currency());
}

// Points are held before they pay; what is not sold after all is given back.
Result<void> ring_with_points(Till& till, Basket& basket, const std::filesystem::path& authorities,
                              std::int64_t time_ms) {
  if (!basket.member) return fail(Errc::kUsage, "only a member's points can pay: give --member");
  TRY_ASSIGN(const PointsService service, till.points().service());
  bool offline = false;
  if (!service.url.empty()) {
    TRY_ASSIGN(const AskPoints ask, points_over_http(authorities));
    TRY_ASSIGN(const ReservedPoints held,
               till.points().reserve(*basket.member, basket.points_redeemed, ask));
    basket.points_held = {held.id};
    offline = held.offline;
  }
  const auto rung = till.ring(basket, time_ms);
  if (!rung) {
    // What cannot be given back now is at the next start.
    for (const HoldId& id : basket.points_held) (void)till.points().give_up(id);
    return fail(rung.error());
  }
  print(report_rung(till.ref(), *rung));
  if (offline) print("points paid without the balance service, under the day's allowance\n");
  return {};
}

}  // namespace

Result<void> run_ring(const CommandWords& words, const core::Clock& clock) {
  TRY_ASSIGN(Till till, open_till(words));
  const core::Currency currency = till.currency();
  Basket basket;
  basket.catalog = till.shelf().present();
  for (const std::string& word : words.lines) {
    TRY_ASSIGN(BasketLine line, read_line(till, basket.catalog, word));
    basket.lines.push_back(std::move(line));
  }
  TRY(apply_discounts(words.discounts, basket.lines));
  TRY_ASSIGN(basket.tendered, parse_tenders(words.tenders, currency));
  if (!words.member.empty()) {
    TRY_ASSIGN(basket.member, core::retail::member_of(till.settings(), words.member));
  }
  basket.points_redeemed = words.points;
  if (words.points == 0) {
    TRY_ASSIGN(const Rung rung, till.ring(basket, clock.now_ms()));
    print(report_rung(till.ref(), rung));
    return {};
  }
  return ring_with_points(till, basket, words.authorities, clock.now_ms());
}

Result<void> run_void(const CommandWords& words, const core::Clock& clock) {
  TRY_ASSIGN(Till till, open_till(words));
  TRY_ASSIGN(const core::retail::Sale sale,
             till.void_sale(words.invoice, words.reason, clock.now_ms()));
  TRY_ASSIGN(const core::Money net, net_of(sale));
  print(core::retail::document_number(till.ref(), core::retail::Series::kInvoice, words.invoice) +
        " voided, " + to_string(net) + "\n");
  return {};
}

Result<void> run_refund(const CommandWords& words, const core::Clock& clock) {
  TRY_ASSIGN(Till till, open_till(words));
  TRY_ASSIGN(const StoredDocument stored, till.document(Series::kInvoice, words.invoice));
  RefundOrder order;
  order.invoice = words.invoice;
  order.reason = words.reason;
  order.paid_back_by = words.to_card ? TenderKind::kCard : TenderKind::kCash;
  TRY_ASSIGN(order.lines, parse_returned(words.lines, words.scrap,
                                         std::get<core::retail::Sale>(stored.document)));
  TRY_ASSIGN(const Refunded refunded, till.refund(order, clock.now_ms()));
  print(document_number(till.ref(), Series::kRefund, refunded.number) + "\nrefund " +
        to_string(refunded.amount) + " " + std::string(name_of(order.paid_back_by)) + "\n");
  return {};
}

Result<void> run_cash(const CommandWords& words, const core::Clock& clock) {
  TRY_ASSIGN(Till till, open_till(words));
  TRY_ASSIGN(const CashKind kind, parse_cash_kind(words.cash_kind));
  const auto amount = core::parse_money(words.amount, till.currency());
  if (!amount) return fail(Errc::kUsage, "--amount: " + amount.error().what);
  TRY_ASSIGN(const std::uint64_t number,
             till.move_cash(kind, *amount, words.reason, clock.now_ms()));
  print(document_number(till.ref(), Series::kCash, number) + "\n" + words.cash_kind + " " +
        to_string(*amount) + "\n");
  return {};
}

Result<void> run_no_sale(const CommandWords& words, const core::Clock& clock) {
  TRY_ASSIGN(Till till, open_till(words));
  TRY_ASSIGN(const std::uint64_t number, till.open_drawer(words.reason, clock.now_ms()));
  print(document_number(till.ref(), Series::kDrawer, number) + "\n");
  return {};
}

}  // namespace till
