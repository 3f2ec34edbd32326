// Rendering: plain text.
#include "till/receipt_render.h"

#include "till/glyphs.h"

namespace till {
namespace {

using core::Bytes;
using core::Result;

// Two modules above each other are one character.
std::string half_blocks(const QrMatrix& code) {
  static constexpr std::u32string_view kBlocks = U" ▀▄█";  // none, upper, lower, both
  std::u32string out;
  for (std::size_t y = 0; y < code.side_with_quiet_zone(); y += 2) {
    for (std::size_t x = 0; x < code.side_with_quiet_zone(); ++x) {
      out.push_back(kBlocks[(code.dark(x, y) ? 1U : 0U) + (code.dark(x, y + 1) ? 2U : 0U)]);
    }
    while (out.ends_with(U' ')) out.pop_back();
    out.push_back(U'\n');
  }
  return to_utf8(out);
}

struct Draw {
  std::string& out;
  void operator()(const PaperText& line) const { out += to_utf8(line.glyphs) + "\n"; }
  void operator()(const QrMatrix& code) const { out += half_blocks(code); }
  void operator()(const PaperCut&) const { out += "\f"; }
};

}  // namespace

Result<Bytes> render_text(const ReceiptLayout& layout, std::size_t columns) {
  TRY_ASSIGN(const auto lines, paper_lines(layout, columns, [](char32_t glyph) { return glyph; }));
  std::string out;
  for (const PaperLine& line : lines) std::visit(Draw{out}, line);
  return core::to_bytes(core::as_bytes(out));
}

Result<Bytes> render_receipt(const ReceiptLayout& layout, ReceiptStyle style, std::size_t columns) {
  return style == ReceiptStyle::kText ? render_text(layout, columns)
                                      : render_escpos(layout, columns);
}

}  // namespace till
