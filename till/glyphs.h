// Glyphs: text as paper shows it: characters with a width, and nothing that commands a device.
// Must not know printers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace till {

// Reads UTF-8. Control characters become spaces; what only steers a display (direction marks,
// joiners, soft hyphens) goes; bytes that are no UTF-8 become U+FFFD. At most `max` glyphs: the
// last one of a longer text is an ellipsis.
std::u32string glyphs_of(std::string_view text, std::size_t max = 400);
std::string to_utf8(std::u32string_view glyphs);

// In columns of a fixed-width font: 0 for marks above others, 2 for the ideographs of East Asia.
std::size_t columns_of(char32_t glyph);
std::size_t columns_of(std::u32string_view glyphs);

// As many glyphs from the front as `columns` hold; at least one, if there is one.
std::size_t glyphs_within(std::u32string_view glyphs, std::size_t columns);

}  // namespace till
