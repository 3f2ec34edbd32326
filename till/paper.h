// Paper: a layout as lines of a fixed width, for every printer with a fixed-width font.
// Must not know a printer's commands.
#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "till/qr.h"
#include "till/receipt_layout.h"

namespace till {

inline constexpr std::size_t kColumnsMin = 24;
inline constexpr std::size_t kColumnsMax = 96;
inline constexpr std::size_t kColumnsDefault = 42;  // of paper of 80 mm

struct PaperText {
  std::u32string glyphs;  // at most `columns` wide
  bool emphasised = false;
};
struct PaperCut {};
using PaperLine = std::variant<PaperText, QrMatrix, PaperCut>;

// What a printer draws in a glyph's place.
using Substitute = std::function<char32_t(char32_t)>;

// Shape: columns within their bounds (CORE_CHECK). Errors: those of QrMatrix::of.
core::Result<std::vector<PaperLine>> paper_lines(const ReceiptLayout& layout, std::size_t columns,
                                                 const Substitute& substitute);

}  // namespace till
