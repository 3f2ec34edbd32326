// CodePages: which byte of which of a printer's code pages draws a character.
// Must not know what is printed. Format: docs/formats/receipt.md, "ESC/POS".
#pragma once

#include <cstdint>
#include <optional>

namespace till {

// What a printer is set to at the beginning of a receipt: 858.
inline constexpr std::uint8_t kFirstCodePage = 19;

struct PrinterByte {
  std::uint8_t page = kFirstCodePage;  // number of ESC t
  std::uint8_t byte = 0;               // 0x20 to 0x7E, or 0x80 to 0xFF: never a control
  bool operator==(const PrinterByte&) const = default;
};

// In the page that is set, if it has the glyph; else in the first that has it; nullopt: none has.
std::optional<PrinterByte> printer_byte(char32_t glyph, std::uint8_t page_now);

}  // namespace till
