// Rendering: a layout as the bytes of one job, for a screen or for a receipt printer.
// Must not know documents. Format: docs/formats/receipt.md, "Text" and "ESC/POS".
#pragma once

#include <cstddef>
#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "till/paper.h"
#include "till/receipt_layout.h"

namespace till {

enum class ReceiptStyle {
  kText,    // UTF-8, a QR code in half blocks, form feed at the cut
  kEscPos,  // the command language of receipt printers
};

// Shape: columns kColumnsMin..kColumnsMax (CORE_CHECK). Errors: those of QrMatrix::of.
core::Result<core::Bytes> render_receipt(const ReceiptLayout& layout, ReceiptStyle style,
                                         std::size_t columns = kColumnsDefault);

// The two styles.
core::Result<core::Bytes> render_text(const ReceiptLayout& layout, std::size_t columns);
core::Result<core::Bytes> render_escpos(const ReceiptLayout& layout, std::size_t columns);

}  // namespace till
