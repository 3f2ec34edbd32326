// Rendering: ESC/POS, in the commands that receipt printers of all makers have.
// Source: Epson's ESC/POS command reference. Format: docs/formats/receipt.md, "ESC/POS".
#include <algorithm>
#include <initializer_list>

#include "till/code_page.h"
#include "till/receipt_render.h"

namespace till {
namespace {

using core::Bytes;
using core::Result;

constexpr std::uint8_t kEsc = 0x1B;
constexpr std::uint8_t kGs = 0x1D;
constexpr std::size_t kDotsPerColumn = 12;    // of font A
constexpr std::size_t kDotsPerModuleMax = 4;  // 0.5 mm at 203 dots an inch
constexpr std::size_t kBandDots = 128;        // rows of a raster at a time, for small buffers

char32_t drawable(char32_t glyph) {
  return printer_byte(glyph, kFirstCodePage) ? glyph : U'?';
}

class EscPos {
 public:
  explicit EscPos(std::size_t columns) : paper_dots_(columns * kDotsPerColumn) {}

  void begin(bool opens_drawer) {
    put({kEsc, '@'});  // as after power on
    set_page(kFirstCodePage);
    if (opens_drawer) put({kEsc, 'p', 0, 25, 250});  // a pulse of 50 ms at pin 2, 500 ms apart
  }

  void operator()(const PaperText& line) {
    if (line.emphasised) put({kEsc, 'E', 1});
    for (const char32_t glyph : line.glyphs) {
      const auto drawn = printer_byte(glyph, page_);
      CORE_CHECK(drawn.has_value());  // paper_lines() was given drawable()
      if (drawn->page != page_) set_page(drawn->page);
      out_.push_back(drawn->byte);
    }
    out_.push_back('\n');
    if (line.emphasised) put({kEsc, 'E', 0});
  }

  // Centred, as GS v 0: a raster that printers without a QR command have as well.
  void operator()(const QrMatrix& code) {
    const std::size_t side = code.side_with_quiet_zone();
    const std::size_t module = std::clamp<std::size_t>(paper_dots_ / side, 1, kDotsPerModuleMax);
    const std::size_t dots = side * module;
    put({kEsc, 'a', 1});
    for (std::size_t top = 0; top < dots; top += kBandDots) {
      raster(code, module, top, std::min(kBandDots, dots - top));
    }
    put({kEsc, 'a', 0});
  }

  void operator()(const PaperCut&) { put({kGs, 'V', 66, 3}); }  // after feeding to the knife

  Bytes take() && { return std::move(out_); }

 private:
  void put(std::initializer_list<std::uint8_t> bytes) { out_.insert(out_.end(), bytes); }

  void set_page(std::uint8_t page) {
    put({kEsc, 't', page});
    page_ = page;
  }

  void raster(const QrMatrix& code, std::size_t module, std::size_t top, std::size_t rows) {
    const std::size_t dots = code.side_with_quiet_zone() * module;
    const std::size_t row_bytes = (dots + 7) / 8;
    const auto low = [](std::size_t n) { return static_cast<std::uint8_t>(n & 0xFF); };
    put({kGs, 'v', '0', 0, low(row_bytes), low(row_bytes >> 8), low(rows), low(rows >> 8)});
    for (std::size_t y = top; y < top + rows; ++y) {
      for (std::size_t byte = 0; byte < row_bytes; ++byte) {
        std::uint8_t bits = 0;
        for (std::size_t bit = 0; bit < 8; ++bit) {
          const bool dark = code.dark((byte * 8 + bit) / module, y / module);
          bits = static_cast<std::uint8_t>(bits << 1 | (dark ? 1 : 0));
        }
        out_.push_back(bits);
      }
    }
  }

  std::size_t paper_dots_;
  std::uint8_t page_ = 0;
  Bytes out_;
};

}  // namespace

Result<Bytes> render_escpos(const ReceiptLayout& layout, std::size_t columns) {
  TRY_ASSIGN(const auto lines, paper_lines(layout, columns, drawable));
  EscPos out(columns);
  out.begin(layout.opens_drawer);
  for (const PaperLine& line : lines) std::visit(out, line);
  return std::move(out).take();
}

}  // namespace till
