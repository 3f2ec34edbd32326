// ReceiptWriter: words, lines and sums.
#include "till/receipt_writer.h"

#include <algorithm>
#include <utility>

#include "core/base/business_day.h"
#include "core/base/decimal.h"

namespace till {
namespace {

using core::Money;
using core::Quantity;
using namespace core::retail;

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
    case TenderKind::kVoucher:
      return "Voucher";
    case TenderKind::kPoints:
      return "Points";
    case TenderKind::kDeposit:
      return "Paid before";
    default:  // one that was added later
      return "Tender " + std::to_string(static_cast<int>(kind));
  }
}

// Figures of a checked document are far from the ends of 64 bits.
Money opposite(Money money) {
  return Money{money.minor == INT64_MIN ? INT64_MAX : -money.minor, money.currency};
}

}  // namespace

std::string amount_text(Money money) {
  return core::format_decimal(money.minor, money.currency.minor_digits());
}

void ReceiptWriter::text(std::string words, Align align, bool emphasised) {
  out_.items.emplace_back(TextItem{std::move(words), align, emphasised});
}

void ReceiptWriter::columns(std::string left, std::string right, bool emphasised) {
  out_.items.emplace_back(ColumnsItem{std::move(left), std::move(right), emphasised});
}

void ReceiptWriter::shop_heading() {
  bool first = true;
  for (const std::string& line : context_.heading) {
    text(line, Align::kCentre, first);
    first = false;
  }
}

void ReceiptWriter::title(const std::string& words) {
  text(words, Align::kCentre, true);
  if (context_.copy > 0) text("COPY " + std::to_string(context_.copy), Align::kCentre, true);
  if (context_.voided) text("VOIDED", Align::kCentre, true);
  separator();
}

void ReceiptWriter::about(core::TillRef till, Series series, std::uint64_t number) {
  columns("Of", document_number(till, series, number));
}

void ReceiptWriter::reason(const std::string& words) {
  if (!words.empty()) text("Reason: " + words);
}

void ReceiptWriter::drawer(bool cash_moves) {
  if (cash_moves && context_.copy == 0) out_.opens_drawer = true;
}

std::string ReceiptWriter::name_of(core::ProductId product) const {
  const std::string name = context_.product_name ? context_.product_name(product) : std::string();
  return name.empty() ? "Product " + to_string(product) : name;
}

void ReceiptWriter::discounts(const SaleLine& line) {
  if (line.discount.minor == 0) return;
  Money said{0, line.discount.currency};
  for (const PriceChange& change : line.changes) {
    if (change.kind == ChangeKind::kOverride) continue;
    const auto more = add(said, change.amount);
    if (more) said = *more;
  }
  // A mirrored line has the sale's reasons and its own amount.
  if (said != line.discount) return columns("  Discount", amount_text(opposite(line.discount)));
  for (const PriceChange& change : line.changes) {
    if (change.kind == ChangeKind::kOverride) continue;
    const std::string words = change.reason.empty() ? "" : ", " + change.reason;
    columns("  Discount" + words, amount_text(opposite(change.amount)));
  }
}

void ReceiptWriter::line(const SaleLine& line) {
  const bool amount_only = line.kind == LineKind::kAmount && line.product == core::ProductId{};
  const auto shelf = add(line.amount, line.discount);
  columns(amount_only ? "Amount" : name_of(line.product),
          amount_text(shelf ? *shelf : line.amount));
  const std::int64_t units = line.quantity.thousandths;
  if (line.kind == LineKind::kProduct && units != Quantity::kUnit && units != -Quantity::kUnit) {
    text("  " + short_quantity(line.quantity) +
         (line.unit_price ? " x " + amount_text(*line.unit_price) : std::string()));
  }
  discounts(line);
}

void ReceiptWriter::sold(const std::vector<SaleLine>& lines) {
  const std::size_t shown = std::min(lines.size(), kReceiptLinesMax);
  for (std::size_t i = 0; i < shown; ++i) line(lines[i]);
  if (shown < lines.size()) {
    text("and " + std::to_string(lines.size() - shown) + " more lines");
  }
}

void ReceiptWriter::quantity(core::ProductId product, Quantity quantity) {
  columns(name_of(product), short_quantity(quantity));
}

void ReceiptWriter::vouchers(std::string_view what, const Vouchers& vouchers) {
  for (const Voucher& voucher : vouchers) {
    columns(std::string(what) + " " + voucher.number, amount_text(voucher.amount));
  }
}

void ReceiptWriter::total(std::string_view what, Money money) {
  columns(std::string(what) + " " + std::string(money.currency.code()), amount_text(money), true);
}

void ReceiptWriter::tax(core::TaxCode code, std::string_view of, Money tax) {
  const auto rate = context_.tax_rate ? context_.tax_rate(code) : std::nullopt;
  std::string words = "Tax " + to_string(code);
  if (rate) words += ", " + core::format_decimal(rate->basis_points, 2) + " %";
  columns(words + ", " + std::string(of), amount_text(tax));
}

void ReceiptWriter::tenders(const Tenders& paid, bool given_back) {
  for (const auto& [kind, money] : paid) {
    columns(tender_words(kind), amount_text(given_back ? opposite(money) : money));
  }
}

void ReceiptWriter::points(std::string_view what, std::int64_t points) {
  if (points > 0) columns(std::string(what), std::to_string(points));
}

void ReceiptWriter::foot(const Document& document) {
  const Heading& heading = heading_of(document);
  const Series series = series_of(document);
  const auto number = heading.numbers.find(series);
  separator();
  if (number != heading.numbers.end()) {
    text(document_number(context_.till, series, number->second));
  }
  text("Business day " + to_string(heading.day));
  const std::string time = time_text(heading.time_ms / 1000);
  if (!time.empty()) text(time + (heading.clock_doubtful ? ", clock in doubt" : ""));
  if (heading.operator_id.value != 0) text("Operator " + to_string(heading.operator_id));
  if (!context_.signed_text.empty()) out_.items.emplace_back(QrItem{context_.signed_text});
  out_.items.emplace_back(CutItem{});
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
