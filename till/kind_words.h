// Kind words: names of kinds and series, read back: core/retail/names.h.
// Must not know who asks.
#pragma once

#include <string_view>

#include "core/base/result.h"
#include "core/retail/document.h"

namespace till {

// Errors of all: kUsage, naming the ones that there are.
core::Result<core::retail::Series> parse_series(std::string_view name);
core::Result<core::retail::CashKind> parse_cash_kind(std::string_view name);
core::Result<core::retail::StockKind> parse_stock_kind(std::string_view name);
core::Result<core::retail::CardKind> parse_card_kind(std::string_view name);
core::Result<core::retail::TenderKind> parse_tender_kind(std::string_view name);

}  // namespace till
