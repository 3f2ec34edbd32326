// Document: names, series and sums. What one must satisfy: core/retail/document_check.cpp.
#include "core/retail/document.h"

namespace core::retail {

std::string_view series_name(Series series) {
  static constexpr std::string_view kNames[] = {"order", "delivery", "invoice", "refund", "void",
                                                "cash",  "drawer",   "stock",   "hold",   "layaway",
                                                "card",  "copy",     "training"};
  static_assert(std::size(kNames) == kSeriesCount);
  const auto index = static_cast<std::size_t>(series) - 1;
  CORE_CHECK(index < kSeriesCount);
  return kNames[index];
}

std::string document_number(TillRef till, Series series, std::uint64_t counter) {
  std::string digits = std::to_string(counter);
  if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
  return to_string(till) + "-" + std::string(series_name(series)) + "-" + digits;
}

Series series_of(const Document& document) {
  static constexpr Series kSeries[] = {Series::kInvoice, Series::kRefund,  Series::kVoid,
                                       Series::kCash,    Series::kDrawer,  Series::kStock,
                                       Series::kHold,    Series::kLayaway, Series::kTraining,
                                       Series::kCopy,    Series::kCard};
  static_assert(std::size(kSeries) == std::variant_size_v<Document>);
  return kSeries[document.index()];
}

namespace {

std::optional<DocumentName> if_numbered(Series series, std::uint64_t number) {
  if (number == 0) return std::nullopt;
  return DocumentName{series, number};
}

std::optional<DocumentName> about(const Sale& sale) {
  return sale.layaway != 0 ? if_numbered(Series::kLayaway, sale.layaway)
                           : if_numbered(Series::kHold, sale.hold);
}
std::optional<DocumentName> about(const Refund& refund) {
  return refund.sold_at ? std::nullopt : if_numbered(Series::kInvoice, refund.invoice);
}
std::optional<DocumentName> about(const Void& cancel) {
  return if_numbered(Series::kInvoice, cancel.invoice);
}
std::optional<DocumentName> about(const Hold& hold) {
  return if_numbered(Series::kHold, hold.hold);
}
std::optional<DocumentName> about(const Layaway& layaway) {
  return if_numbered(Series::kLayaway, layaway.layaway);
}
std::optional<DocumentName> about(const Copy& copy) {
  return if_numbered(copy.of, copy.number);
}
std::optional<DocumentName> about(const CardResult& result) {
  return if_numbered(Series::kCard, result.reverses);
}
template <typename Other>
std::optional<DocumentName> about(const Other&) {
  return std::nullopt;
}

}  // namespace

std::optional<DocumentName> about_of(const Document& document) {
  return std::visit([](const auto& d) { return about(d); }, document);
}

Result<Money> net_of(const std::vector<SaleLine>& lines, Currency currency) {
  Money sum{0, currency};
  for (const SaleLine& line : lines) {
    TRY_ASSIGN(sum, add(sum, line.amount));
  }
  return sum;
}

Result<Money> sum_of(const Vouchers& vouchers, Currency currency) {
  Money sum{0, currency};
  for (const Voucher& voucher : vouchers) {
    TRY_ASSIGN(sum, add(sum, voucher.amount));
  }
  return sum;
}

Result<Money> sum_of(const Tenders& tenders, Currency currency) {
  Money sum{0, currency};
  for (const auto& [kind, amount] : tenders) {
    TRY_ASSIGN(sum, add(sum, amount));
  }
  return sum;
}

Money tender_of(const Tenders& tenders, TenderKind kind, Currency currency) {
  const auto it = tenders.find(kind);
  return it == tenders.end() ? Money{0, currency} : it->second;
}

}  // namespace core::retail
