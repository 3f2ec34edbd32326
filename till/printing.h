// Printing: what is ordered of the till, and what it answers.
// Must not know how a receipt looks (till/receipt_layout.h) or where its state is kept.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/money.h"
#include "core/retail/document.h"
#include "till/paper.h"
#include "till/printer.h"
#include "till/receipt_render.h"

namespace till {

struct PrintOrder {
  core::retail::Series series = core::retail::Series::kInvoice;
  std::uint64_t number = 0;
  ReceiptStyle style = ReceiptStyle::kEscPos;
  std::size_t columns = kColumnsDefault;
  std::optional<core::Money> change;  // given on the spot; no document has it
  bool may_open_drawer = true;        // an original whose sale is just made, and took cash
};

struct PrintReport {
  PrintOutcome outcome;
  std::uint64_t copy = 0;  // 0: the original
};

}  // namespace till
