// ReceiptLayout: what stands on a receipt, kind by kind.
#include "till/receipt_layout.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/base/business_day.h"
#include "core/base/decimal.h"
#include "core/retail/signed_receipt.h"

namespace till {
namespace {

using core::Money;
using core::Quantity;
using namespace core::retail;

std::string amount(Money money) {
  return core::format_decimal(money.minor, money.currency.minor_digits());
}

// "2", "0.532": without zeros that say nothing.
std::string short_quantity(Quantity quantity) {
  std::string text = to_string(quantity);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string tender_words(TenderKind kind) {
  switch (kind) {
    case TenderKind::kCash:
      return "Cash";
    case TenderKind::kCard:
      return "Card";
    case TenderKind::kCoupon:
      return "Coupon";
    case TenderKind::kCouponExcess:
      return "Coupon excess, paid out";
    case TenderKind::kCashRounding:
      return "Rounding";
    default:
      return "Tender " + std::to_string(static_cast<int>(kind));
  }
}

std::string_view cash_words(CashKind kind) {
  switch (kind) {
    case CashKind::kFloat:
      return "FLOAT";
    case CashKind::kPaidIn:
      return "PAID IN";
    case CashKind::kPaidOut:
      return "PAID OUT";
    case CashKind::kPickUp:
      return "PICK-UP";
  }
  return "CASH";
}

bool moves_cash(const Tenders& tenders) {
  const auto moved = [&](TenderKind kind) {
    const auto found = tenders.find(kind);
    return found != tenders.end() && found->second.minor != 0;
  };
  return moved(TenderKind::kCash) || moved(TenderKind::kCouponExcess);
}

// The opposite sign; sums of a checked document are far from the ends of 64 bits.
Money opposite(Money money) {
  return Money{money.minor == INT64_MIN ? INT64_MAX : -money.minor, money.currency};
}

// Writes a document's lines; one a receipt.
class Writer {
 public:
  Writer(const ReceiptContext& context, ReceiptLayout& out) : context_(context), out_(out) {}

  void operator()(const Sale& sale) {
    title("RECEIPT");
    lines(sale.lines);
    sums(sale);
    tenders(sale.tenders, false);
    if (context_.change) columns("Change", amount(*context_.change));
    drawer(moves_cash(sale.tenders));
  }
  void operator()(const Refund& refund) {
    title("REFUND");
    about_invoice(refund.invoice);
    std::vector<SaleLine> mirrors;
    for (const RefundLine& line : refund.lines) mirrors.push_back(line.mirror);
    lines(mirrors);
    sums(refund);
    tenders(refund.tenders, false);
    reason(refund.reason);
    drawer(moves_cash(refund.tenders));
  }
  void operator()(const Void& cancel) {
    title("VOID");
    about_invoice(cancel.invoice);
    if (context_.about != nullptr) {
      columns("Cancelled " + std::string(cancel.currency.code()),
              amount(net_of(*context_.about).value()), true);
      tenders(context_.about->tenders, true);
      drawer(moves_cash(context_.about->tenders));
    }
    reason(cancel.reason);
  }
  void operator()(const CashMovement& movement) {
    title(std::string(cash_words(movement.kind)));
    columns(std::string(movement.currency.code()), amount(movement.amount), true);
    reason(movement.reason);
    drawer(true);
  }
  void operator()(const NoSale& document) {
    title("NO SALE");
    reason(document.reason);
    drawer(true);
  }
  // A kind that was added later.
  template <typename Other>
  void operator()(const Other& document) {
    std::string name(series_name(series_of(Document(document))));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    title(name);
    if constexpr (requires { reason(document.reason); }) reason(document.reason);
  }

 private:
  void text(std::string words, Align align = Align::kLeft, bool emphasised = false) {
    out_.items.emplace_back(TextItem{std::move(words), align, emphasised});
  }
  void columns(std::string left, std::string right, bool emphasised = false) {
    out_.items.emplace_back(ColumnsItem{std::move(left), std::move(right), emphasised});
  }
  void separator() { out_.items.emplace_back(SeparatorItem{}); }

  void title(const std::string& words) {
    text(words, Align::kCentre, true);
    if (context_.copy > 0) {
      text("COPY " + std::to_string(context_.copy), Align::kCentre, true);
    }
    if (context_.voided) text("VOIDED", Align::kCentre, true);
    separator();
  }

  void about_invoice(std::uint64_t invoice) {
    columns("Of", document_number(context_.till, Series::kInvoice, invoice));
  }
  void reason(const std::string& words) {
    if (!words.empty()) text("Reason: " + words);
  }
  void drawer(bool cash_moves) {
    if (cash_moves && context_.copy == 0) out_.opens_drawer = true;
  }

  std::string name_of(const SaleLine& line) const {
    if (line.kind == LineKind::kAmount && line.product == core::ProductId{}) return "Amount";
    const std::string name =
        context_.product_name ? context_.product_name(line.product) : std::string();
    return name.empty() ? "Product " + to_string(line.product) : name;
  }

  void line(const SaleLine& line) {
    const bool discounted = line.discount.minor != 0;
    const auto shelf = add(line.amount, line.discount);
    columns(name_of(line), amount(discounted && shelf ? *shelf : line.amount));
    const std::int64_t units = line.quantity.thousandths;
    if (line.kind == LineKind::kProduct && units != Quantity::kUnit && units != -Quantity::kUnit) {
      text("  " + short_quantity(line.quantity) +
           (line.unit_price ? " x " + amount(*line.unit_price) : std::string()));
    }
    if (discounted) columns("  Discount", amount(opposite(line.discount)));
  }

  void lines(const std::vector<SaleLine>& sold) {
    const std::size_t shown = std::min(sold.size(), kReceiptLinesMax);
    for (std::size_t i = 0; i < shown; ++i) line(sold[i]);
    if (shown < sold.size()) {
      text("and " + std::to_string(sold.size() - shown) + " more lines");
    }
    separator();
  }

  // Total and tax rows. A checked document's sums do not overflow.
  void sums(const Document& document) {
    const auto receipt = receipt_of(context_.till, document);
    CORE_CHECK(receipt.has_value() && receipt->has_value());
    const SignedReceipt& sums = **receipt;
    columns("TOTAL " + std::string(sums.currency.code()), amount(sums.total), true);
    for (const auto& [code, row] : sums.taxes) {
      const auto rate = context_.tax_rate ? context_.tax_rate(code) : std::nullopt;
      std::string words = "Tax " + to_string(code);
      if (rate) words += ", " + core::format_decimal(rate->basis_points, 2) + " %";
      columns(words + ", in " + amount(row.gross), amount(row.tax));
    }
    separator();
  }

  void tenders(const Tenders& paid, bool given_back) {
    for (const auto& [kind, money] : paid) {
      columns(tender_words(kind), amount(given_back ? opposite(money) : money));
    }
  }

  const ReceiptContext& context_;
  ReceiptLayout& out_;
};

}  // namespace

ReceiptLayout receipt_layout(const Document& document, const ReceiptContext& context) {
  ReceiptLayout out;
  bool first = true;
  for (const std::string& line : context.heading) {
    out.items.emplace_back(TextItem{line, Align::kCentre, first});
    first = false;
  }
  std::visit(Writer(context, out), document);
  const Heading& heading = heading_of(document);
  const Series series = series_of(document);
  const auto number = heading.numbers.find(series);
  out.items.emplace_back(SeparatorItem{});
  if (number != heading.numbers.end()) {
    out.items.emplace_back(TextItem{document_number(context.till, series, number->second)});
  }
  const std::string time = time_text(heading.time_ms / 1000);
  out.items.emplace_back(ColumnsItem{"Business day " + to_string(heading.day), ""});
  if (!time.empty()) out.items.emplace_back(TextItem{time});
  if (!context.signed_text.empty()) out.items.emplace_back(QrItem{context.signed_text});
  out.items.emplace_back(CutItem{});
  return out;
}

std::string time_text(std::int64_t time_s) {
  constexpr std::int64_t kDay = 86400;
  if (time_s < 0 || time_s / kDay > core::BusinessDay::kMax) return {};
  const core::BusinessDay day{static_cast<std::int32_t>(time_s / kDay)};
  const auto two = [](std::int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  const std::int64_t second = time_s % kDay;
  return to_string(day) + " " + two(second / 3600) + ":" + two(second / 60 % 60) + ":" +
         two(second % 60) + " UTC";
}

}  // namespace till
