// PrintReport: the JSON form. Amounts are integers of minor units, quantities of thousandths.
#include <nlohmann/json.hpp>

#include "ledger-rebuild/print_report.h"

namespace rebuild {
namespace {

using core::retail::TenderKind;
using Json = nlohmann::ordered_json;

std::string_view tender_text(TenderKind kind) {
  switch (kind) {
    case TenderKind::kCash:
      return "cash";
    case TenderKind::kCard:
      return "card";
    case TenderKind::kCoupon:
      return "coupon";
    case TenderKind::kCouponExcess:
      return "coupon_excess";
    case TenderKind::kCashRounding:
      return "cash_rounding";
    case TenderKind::kVoucher:
      return "voucher";
    case TenderKind::kPoints:
      return "points";
    case TenderKind::kDeposit:
      return "deposit";
  }
  return "unknown";
}

Json takings_json(const Takings& t) {
  Json out = {{"currency", std::string(t.net.currency.code())},
              {"sales", t.sales},
              {"voids", t.voids},
              {"refunds", t.refunds},
              {"refunded_minor", t.refunded.minor},
              {"shelf_minor", t.shelf.minor},
              {"discount_minor", t.discount.minor},
              {"net_minor", t.net.minor},
              {"over_short_minor", t.over_short.minor},
              {"tenders_minor", Json::object()},
              {"taxes", Json::object()}};
  for (const auto& [kind, amount] : t.tenders) {
    out["tenders_minor"][std::string(tender_text(kind))] = amount.minor;
  }
  for (const auto& [code, row] : t.taxes) {
    out["taxes"][to_string(code)] = {{"gross_minor", row.gross.minor},
                                     {"tax_minor", row.tax.minor}};
  }
  return out;
}

Json stock_json(const StockByProduct& products) {
  Json out = Json::object();
  for (const auto& [product, s] : products) {
    out[to_string(product)] = {{"received_thousandths", s.received.thousandths},
                               {"consumed_thousandths", s.consumed.thousandths},
                               {"adjusted_thousandths", s.adjusted.thousandths},
                               {"transferred_thousandths", s.transferred.thousandths},
                               {"on_hand_thousandths", s.on_hand.thousandths}};
  }
  return out;
}

Json name_json(const MessageName& name) {
  return {{"store", name.till.store.value},
          {"till", name.till.till.value},
          {"epoch", name.epoch.value},
          {"sequence", name.sequence.value},
          {"id", name.id.hex()}};
}

Json names_json(const std::vector<MessageName>& names) {
  Json out = Json::array();
  for (const MessageName& name : names) out.push_back(name_json(name));
  return out;
}

Json gaps_json(const ReportData& r) {
  Json out = Json::array();
  for (const MissingRange& m : r.missing) {
    out.push_back({{"store", m.till.store.value},
                   {"till", m.till.till.value},
                   {"epoch", m.epoch.value},
                   {"first", m.first.value},
                   {"last", m.last.value}});
  }
  return out;
}

Json incomplete_json(const ReportData& r) {
  Json out = Json::array();
  for (const IncompleteDay& d : r.incomplete) {
    out.push_back({{"store", d.till.store.value},
                   {"till", d.till.till.value},
                   {"epoch", d.epoch.value},
                   {"day", to_string(d.day)},
                   {"kind", std::string(kind_text(d.kind))},
                   {"parts", d.parts},
                   {"missing_parts", d.missing_parts}});
  }
  return out;
}

Json quarantine_json(const ReportData& r) {
  Json out = Json::array();
  for (const Quarantined& q : r.quarantined) {
    Json row = {
        {"log_index", q.log_index}, {"id", q.id.hex()}, {"reason", q.reason}, {"detail", q.detail}};
    if (q.claimed) row["claims"] = to_string(*q.claimed);
    out.push_back(std::move(row));
  }
  return out;
}

Json trial_balance_json(const ReportData& r) {
  Json out = Json::array();
  for (const AccountBalance& b : r.trial_balance.accounts) {
    out.push_back({{"account", b.account},
                   {"name", b.name},
                   {"currency", std::string(b.currency.code())},
                   {"debit_minor", b.debit.minor},
                   {"credit_minor", b.credit.minor},
                   {"balance_minor", b.balance.minor}});
  }
  return out;
}

void add_periods(Json& out, const ReportData& r) {
  out["closed_periods"] = Json::array();
  for (const core::BusinessDay last : r.closed_periods) {
    out["closed_periods"].push_back(to_string(last));
  }
  out["corrections"] = Json::array();
  for (const Correction& c : r.corrections) {
    Json row = name_json(c.message);
    row["kind"] = kind_text(c.kind);
    row["day"] = to_string(c.day);
    row["booked"] = to_string(c.booked);
    out["corrections"].push_back(std::move(row));
  }
}

void add_messages(Json& out, const ReportData& r) {
  out["missing"] = gaps_json(r);
  out["incomplete"] = incomplete_json(r);
  out["unproven"] = Json::array();
  for (const Unproven& u : r.unproven) {
    Json row = name_json(u.message);
    row["broken_chain"] = u.broken;
    out["unproven"].push_back(std::move(row));
  }
  out["contradicted"] = names_json(r.contradicted);
  out["copies"] = names_json(r.copies);
  out["evidence"] = names_json(r.evidence);
  out["revoked"] = names_json(r.revoked);
  out["covered_bad_signatures"] = names_json(r.covered);
  out["number_jumps"] = Json::array();
  for (const NumberJump& jump : r.number_jumps) {
    Json row = name_json(jump.message);
    row["what"] = jump.what;
    row["expected"] = jump.expected;
    row["found"] = jump.found;
    out["number_jumps"].push_back(std::move(row));
  }
  out["refunded_twice"] = Json::array();
  for (const RefundedTwice& one : r.refunded_twice) {
    out["refunded_twice"].push_back({{"store", one.sold_at.store.value},
                                     {"till", one.sold_at.till.value},
                                     {"invoice", one.invoice},
                                     {"tills", one.tills},
                                     {"closings", one.closings},
                                     {"currency", std::string(one.refunded.currency.code())},
                                     {"refunded_minor", one.refunded.minor}});
  }
  out["closed_twice"] = Json::array();
  for (const ClosedTwice& one : r.closed_twice) {
    out["closed_twice"].push_back({{"store", one.till.store.value},
                                   {"till", one.till.till.value},
                                   {"day", to_string(one.day)},
                                   {"closings", one.closings}});
  }
  out["clock_jumps"] = Json::array();
  for (const ClockJump& jump : r.clock_jumps) {
    Json row = name_json(jump.message);
    row["day"] = to_string(jump.day);
    row["documents"] = jump.documents;
    out["clock_jumps"].push_back(std::move(row));
  }
  out["quarantined"] = quarantine_json(r);
  if (!r.as_of) return;
  out["as_of"] = to_string(*r.as_of);
  out["silent"] = Json::array();
  for (const Silent& s : r.silent) {
    Json row = {{"store", s.till.store.value}, {"till", s.till.till.value}};
    row["open_day"] = s.open_day ? Json(to_string(*s.open_day)) : Json(nullptr);
    out["silent"].push_back(std::move(row));
  }
}

}  // namespace

std::string report_json(const ReportData& r) {
  Json out = {{"origin", r.origin},
              {"messages",
               {{"all", r.states.all()},
                {"proven", r.states.proven},
                {"unproven", r.states.unproven},
                {"contradicted", r.states.contradicted},
                {"copies", r.states.copies},
                {"quarantined", r.states.quarantined},
                {"evidence", r.states.evidence},
                {"revoked", r.states.revoked}}},
              {"totals", Json::array()},
              {"store_days", Json::array()}};
  for (const auto& [currency, takings] : r.totals) out["totals"].push_back(takings_json(takings));
  for (const StoreDay& day : r.store_days) {
    Json row = {{"store", day.store.value}, {"day", to_string(day.day)}};
    row.update(takings_json(day.takings));
    out["store_days"].push_back(std::move(row));
  }
  out["stock"] = stock_json(r.stock);
  out["stock_by_store"] = Json::object();
  for (const auto& [store, products] : r.stock_by_store) {
    out["stock_by_store"][to_string(store)] = stock_json(products);
  }
  out["trial_balance"] = trial_balance_json(r);
  add_periods(out, r);
  add_messages(out, r);
  out["books_digest"] = r.digest.books.hex();
  out["figures_digest"] = r.digest.figures.hex();
  return out.dump(2) + "\n";
}

}  // namespace rebuild
