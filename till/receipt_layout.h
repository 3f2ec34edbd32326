// ReceiptLayout: a document as a list of lines for paper, whatever draws them.
// Must not know printers, fonts or widths. Description: docs/formats/receipt.md, "Layout".
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/retail/catalog.h"
#include "core/retail/document.h"

namespace till {

enum class Align { kLeft, kCentre };

struct TextItem {
  std::string text;
  Align align = Align::kLeft;
  bool emphasised = false;
};
// A text on the left and a figure at the right edge.
struct ColumnsItem {
  std::string left;
  std::string right;
  bool emphasised = false;
};
struct SeparatorItem {};
struct QrItem {
  std::string text;  // of capitals, digits and $%*+-./: alone
};
struct CutItem {};

using LayoutItem = std::variant<TextItem, ColumnsItem, SeparatorItem, QrItem, CutItem>;

struct ReceiptLayout {
  bool opens_drawer = false;
  std::vector<LayoutItem> items;
};

// Of a sale that has more, the rest is counted, and part of every sum.
inline constexpr std::size_t kReceiptLinesMax = 1000;

// What is not in the document itself.
struct ReceiptContext {
  core::TillRef till;
  std::vector<std::string> heading;           // of the shop, first line emphasised
  std::uint64_t copy = 0;                     // 0: the original
  std::string signed_text;                    // for the QR code; empty: none
  bool voided = false;                        // the sale was cancelled afterwards
  const core::retail::Sale* about = nullptr;  // of a void: the sale that it cancels
  std::optional<core::Money> change;          // given on the spot; no document has it
  // Of what the document names by number. None: the number alone is shown.
  std::function<std::string(core::ProductId)> product_name;
  std::function<std::optional<core::retail::TaxRate>(core::TaxCode)> tax_rate;
};

// A kind of document that this layout does not know has its number, its day and its reason.
// Opens the drawer when cash moves, and for an original only.
ReceiptLayout receipt_layout(const core::retail::Document& document, const ReceiptContext& context);

// "2026-11-21 14:03:22 UTC"; empty when no calendar of ours has that time.
std::string time_text(std::int64_t time_s);

}  // namespace till
