// Names: the stable words for the kinds in documents, in JSON, on command lines and in reports.
// Must not know who prints them.
#pragma once

#include <optional>
#include <string_view>

#include "core/retail/document.h"

namespace core::retail {

std::string_view name_of(Series series);     // "invoice", as series_name()
std::string_view name_of(TenderKind kind);   // "cash", "coupon-excess", …
std::string_view name_of(CashKind kind);     // "float", "paid-in", …
std::string_view name_of(ChangeKind kind);   // "override", "line-discount", …
std::string_view name_of(StockKind kind);    // "received", "transfer-out", …
std::string_view name_of(HoldKind kind);     // "put-aside", "dropped"
std::string_view name_of(LayawayKind kind);  // "opened", "deposit", "cancelled"
std::string_view name_of(CardKind kind);     // "authorised", "reversed", "refunded"

// The kind that has the name; nullopt: none has. Kinds begin at 1 and have no gaps.
template <typename Kind>
std::optional<Kind> kind_named(std::string_view name, Kind last) {
  for (int i = 1; i <= static_cast<int>(last); ++i) {
    if (name_of(static_cast<Kind>(i)) == name) return static_cast<Kind>(i);
  }
  return std::nullopt;
}

}  // namespace core::retail
