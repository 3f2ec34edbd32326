// Kind words: the names of kinds and series, read back. They are written by till/reports.h.
// Must not know who asks.
#pragma once

#include <string_view>

#include "core/base/result.h"
#include "core/retail/document.h"

namespace till {

// Errors of all: kUsage, naming the ones that there are.
core::Result<core::retail::Series> parse_series(std::string_view name);
core::Result<core::retail::CashKind> parse_cash_kind(std::string_view name);
// One that a customer hands over; the others are computed.
core::Result<core::retail::TenderKind> parse_tender_kind(std::string_view name);

}  // namespace till
