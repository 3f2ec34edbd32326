// Paper: wrapping and aligning.
#include "till/paper.h"

#include <utility>

#include "till/glyphs.h"

namespace till {
namespace {

using core::Result;

constexpr std::size_t kLeftColumnsMin = 8;  // beside a figure; a narrower text goes above it

class Composer {
 public:
  Composer(std::size_t columns, const Substitute& substitute)
      : columns_(columns), substitute_(substitute) {}

  Result<void> operator()(const TextItem& item) {
    for (std::u32string& line : wrap(read(item.text), columns_)) {
      if (item.align == Align::kCentre) {
        line.insert(0, (columns_ - columns_of(line)) / 2, U' ');
      }
      put(std::move(line), item.emphasised);
    }
    return {};
  }

  Result<void> operator()(const ColumnsItem& item) {
    std::u32string right = read(item.right);
    right.resize(glyphs_within(right, columns_));
    const std::size_t figure = columns_of(right);
    const bool beside = figure + kLeftColumnsMin < columns_;
    const std::size_t room = beside && figure > 0 ? columns_ - figure - 1 : columns_;
    std::vector<std::u32string> left = wrap(read(item.left), room);
    if (!beside) left.emplace_back();
    std::u32string& last = left.back();
    if (figure > 0) last.append(columns_ - columns_of(last) - figure, U' ');
    last += right;
    for (std::u32string& line : left) put(std::move(line), item.emphasised);
    return {};
  }

  Result<void> operator()(const SeparatorItem&) {
    put(std::u32string(columns_, U'-'), false);
    return {};
  }
  Result<void> operator()(const QrItem& item) {
    TRY_ASSIGN(QrMatrix code, QrMatrix::of(item.text));
    lines_.emplace_back(std::move(code));
    return {};
  }
  Result<void> operator()(const CutItem&) {
    lines_.emplace_back(PaperCut{});
    return {};
  }

  std::vector<PaperLine> take() && { return std::move(lines_); }

 private:
  std::u32string read(std::string_view text) const {
    std::u32string glyphs = glyphs_of(text);
    for (char32_t& glyph : glyphs) glyph = substitute_(glyph);
    return glyphs;
  }

  // At spaces where there are any; one line at least. A line's indent stays.
  static std::vector<std::u32string> wrap(std::u32string_view text, std::size_t columns) {
    std::vector<std::u32string> out;
    do {
      std::size_t taken = glyphs_within(text, columns);
      if (taken < text.size() && text[taken] != U' ') {
        const std::size_t space = text.substr(0, taken).rfind(U' ');
        if (space != std::u32string_view::npos && space > 0) taken = space;
      }
      out.emplace_back(text.substr(0, taken));
      text.remove_prefix(taken);
      while (!text.empty() && text.front() == U' ') text.remove_prefix(1);
    } while (!text.empty());
    return out;
  }

  void put(std::u32string line, bool emphasised) {
    while (!line.empty() && line.back() == U' ') line.pop_back();
    lines_.emplace_back(PaperText{std::move(line), emphasised});
  }

  std::size_t columns_;
  const Substitute& substitute_;
  std::vector<PaperLine> lines_;
};

}  // namespace

Result<std::vector<PaperLine>> paper_lines(const ReceiptLayout& layout, std::size_t columns,
                                           const Substitute& substitute) {
  CORE_CHECK(columns >= kColumnsMin && columns <= kColumnsMax);
  Composer composer(columns, substitute);
  for (const LayoutItem& item : layout.items) TRY(std::visit(composer, item));
  return std::move(composer).take();
}

}  // namespace till
