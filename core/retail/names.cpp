// Names: tables.
#include "core/retail/names.h"

#include "core/base/check.h"

namespace core::retail {
namespace {

template <typename Kind, std::size_t N>
std::string_view in_table(const std::string_view (&names)[N], Kind kind) {
  const auto index = static_cast<std::size_t>(kind) - 1;
  CORE_CHECK(index < N);
  return names[index];
}

}  // namespace

std::string_view name_of(Series series) {
  return series_name(series);
}

std::string_view name_of(TenderKind kind) {
  static constexpr std::string_view kNames[kTenderKinds] = {
      "cash", "card", "coupon", "coupon-excess", "cash-rounding", "voucher", "points", "deposit"};
  return in_table(kNames, kind);
}

std::string_view name_of(CashKind kind) {
  static constexpr std::string_view kNames[] = {"float", "paid-in", "paid-out", "pick-up"};
  return in_table(kNames, kind);
}

std::string_view name_of(ChangeKind kind) {
  static constexpr std::string_view kNames[] = {"override", "line-discount", "receipt-discount",
                                                "retailer-coupon"};
  return in_table(kNames, kind);
}

std::string_view name_of(StockKind kind) {
  static constexpr std::string_view kNames[] = {"received", "adjustment", "transfer-out",
                                                "transfer-in", "count"};
  return in_table(kNames, kind);
}

std::string_view name_of(HoldKind kind) {
  static constexpr std::string_view kNames[] = {"put-aside", "dropped"};
  return in_table(kNames, kind);
}

std::string_view name_of(LayawayKind kind) {
  static constexpr std::string_view kNames[] = {"opened", "deposit", "cancelled"};
  return in_table(kNames, kind);
}

std::string_view name_of(CardKind kind) {
  static constexpr std::string_view kNames[] = {"authorised", "reversed", "refunded"};
  return in_table(kNames, kind);
}

}  // namespace core::retail
