// ReceiptLayout: what stands on a receipt, kind by kind.
#include "till/receipt_layout.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/retail/names.h"
#include "core/retail/signed_receipt.h"
#include "till/receipt_writer.h"

namespace till {
namespace {

using core::Money;
using namespace core::retail;

std::string capitals(std::string_view words) {
  std::string out(words);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c == '-' ? ' ' : c;
  });
  return out;
}

bool moves_cash(const Tenders& tenders) {
  const auto moved = [&](TenderKind kind) {
    const auto found = tenders.find(kind);
    return found != tenders.end() && found->second.minor != 0;
  };
  return moved(TenderKind::kCash) || moved(TenderKind::kCouponExcess);
}

class Kinds {
 public:
  Kinds(const ReceiptContext& context, ReceiptWriter& w) : context_(context), w_(w) {}

  void operator()(const Sale& sale) {
    w_.title("RECEIPT");
    w_.sold(sale.lines);
    w_.vouchers("Voucher", sale.vouchers_sold);
    w_.separator();
    sums(sale);
    for (const auto& [code, tax] : sale.deposit_taxes) w_.tax(code, "due with deposits", tax);
    w_.separator();
    w_.tenders(sale.tenders);
    w_.vouchers("  of voucher", sale.vouchers_redeemed);
    if (context_.change) w_.columns("Change", amount_text(*context_.change));
    w_.points("Points paid with", sale.points_redeemed);
    w_.points("Points earned", sale.points_earned);
    w_.drawer(moves_cash(sale.tenders));
  }

  void operator()(const Refund& refund) {
    w_.title("REFUND");
    w_.about(refund.sold_at.value_or(context_.till), Series::kInvoice, refund.invoice);
    std::vector<SaleLine> mirrors;
    for (const RefundLine& line : refund.lines) mirrors.push_back(line.mirror);
    w_.sold(mirrors);
    w_.separator();
    sums(refund);
    w_.separator();
    w_.tenders(refund.tenders);
    w_.vouchers("  as voucher", refund.vouchers_issued);
    w_.points("Points taken back", refund.points_taken_back);
    w_.reason(refund.reason);
    w_.drawer(moves_cash(refund.tenders));
  }

  void operator()(const Void& cancel) {
    w_.title("VOID");
    w_.about(context_.till, Series::kInvoice, cancel.invoice);
    if (context_.about != nullptr) {
      w_.total("Cancelled", receipt_total(*context_.about));
      w_.tenders(context_.about->tenders, true);
      w_.drawer(moves_cash(context_.about->tenders));
    }
    w_.reason(cancel.reason);
  }

  void operator()(const CashMovement& movement) {
    w_.title(capitals(name_of(movement.kind)));
    w_.total("Cash", movement.amount);
    w_.reason(movement.reason);
    w_.drawer(true);
  }

  void operator()(const NoSale& document) {
    w_.title("NO SALE");
    w_.reason(document.reason);
    w_.drawer(true);
  }

  void operator()(const Layaway& layaway) {
    w_.title("LAYAWAY " + capitals(name_of(layaway.kind)));
    if (layaway.layaway != 0) w_.about(context_.till, Series::kLayaway, layaway.layaway);
    if (!layaway.name.empty()) w_.text(layaway.name);
    if (!layaway.lines.empty()) {
      w_.sold(layaway.lines);
      w_.separator();
      const auto goods = net_of(layaway.lines, layaway.currency);
      if (goods) w_.total("TOTAL", *goods);
      w_.separator();
    }
    w_.tenders(layaway.tenders);
    for (const auto& [code, tax] : layaway.taxes) w_.tax(code, "due with this deposit", tax);
    if (layaway.forfeited.minor != 0) {
      w_.columns("Kept by the shop", amount_text(layaway.forfeited));
    }
    w_.reason(layaway.reason);
    w_.drawer(moves_cash(layaway.tenders));
  }

  void operator()(const Training& training) {
    w_.title("TRAINING, NO RECEIPT");
    w_.sold(training.lines);
    w_.separator();
    w_.tenders(training.tenders);
  }

  void operator()(const CardResult& card) {
    w_.title("CARD " + capitals(name_of(card.kind)));
    w_.total("Card", card.amount);
    w_.columns("Number", card.masked_number);
    w_.columns("Authorisation", card.authorisation);
    w_.columns("Terminal", card.terminal);
    w_.columns("Batch", std::to_string(card.batch));
    if (card.reverses != 0) w_.about(context_.till, Series::kCard, card.reverses);
  }

  void operator()(const Hold& hold) {
    w_.title(capitals(name_of(hold.kind)));
    if (hold.hold != 0) w_.about(context_.till, Series::kHold, hold.hold);
    if (!hold.name.empty()) w_.text(hold.name, Align::kLeft, true);
    for (const OrderLine& line : hold.lines) w_.quantity(line.product, line.quantity);
    w_.reason(hold.reason);
  }

  void operator()(const StockMovement& movement) {
    w_.title("STOCK " + capitals(name_of(movement.kind)));
    if (!movement.transfer.empty()) {
      w_.columns("Transfer", movement.transfer);
      w_.columns("Other store", to_string(movement.other_store));
    }
    for (const auto& [product, quantity] : movement.lines) w_.quantity(product, quantity);
    w_.reason(movement.reason);
  }

  void operator()(const Copy& copy) {
    w_.title("PRINTED AGAIN");
    w_.about(context_.till, copy.of, copy.number);
  }

  // A kind that was added later.
  template <typename Other>
  void operator()(const Other& document) {
    w_.title(capitals(series_name(series_of(Document(document)))));
    if constexpr (requires { w_.reason(document.reason); }) w_.reason(document.reason);
  }

 private:
  // Shape: a sale or a refund; a checked document's sums do not overflow.
  SignedReceipt receipt(const Document& document) const {
    const auto made = receipt_of(context_.till, document);
    CORE_CHECK(made.has_value() && made->has_value());
    return **made;
  }
  Money receipt_total(const Sale& sale) const { return receipt(sale).total; }

  void sums(const Document& document) {
    const SignedReceipt sums = receipt(document);
    w_.total("TOTAL", sums.total);
    for (const auto& [code, row] : sums.taxes) {
      w_.tax(code, "in " + amount_text(row.gross), row.tax);
    }
  }

  const ReceiptContext& context_;
  ReceiptWriter& w_;
};

}  // namespace

ReceiptLayout receipt_layout(const Document& document, const ReceiptContext& context) {
  ReceiptLayout out;
  ReceiptWriter writer(context, out);
  writer.shop_heading();
  std::visit(Kinds(context, writer), document);
  writer.foot(document);
  return out;
}

}  // namespace till
