// CodePages: which byte of which of a printer's code pages draws a character.
// Source of the numbers: Epson's ESC/POS reference, command ESC t; of the tables: the mappings that
// unicode.org publishes, which glibc's iconv has as well.
#include "till/code_page.h"

#include <array>
#include <string_view>

namespace till {
namespace {

// Characters of the bytes 0x80 to 0xFF; U+FFFD: the page has none there.
struct CodePage {
  std::uint8_t number;  // of ESC t
  std::u16string_view upper;
};

// clang-format off
constexpr std::array<CodePage, 4> kPages = {{
  {19,  // 858: Western Europe with the euro
    u"ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒ"
    u"áíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐"
    u"└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈ€ÍÎÏ┘┌█▄¦Ì▀"
    u"ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00AD±‗¾¶§÷¸°¨·¹³²■\u00A0"},
  {16,  // 1252: Western Europe, Windows'
    u"€\uFFFD‚ƒ„…†‡ˆ‰Š‹Œ\uFFFDŽ\uFFFD\uFFFD‘’“”•–—˜™š›œ\uFFFDžŸ"
    u"\u00A0¡¢£¤¥¦§¨©ª«¬\u00AD®¯°±²³´µ¶·¸¹º»¼½¾¿"
    u"ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß"
    u"àáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ"},
  {18,  // 852: Central Europe
    u"ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×č"
    u"áíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐"
    u"└┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀"
    u"ÓßÔŃńňŠšŔÚŕŰýÝţ´\u00AD˝˛ˇ˘§÷¸°¨˙űŘř■\u00A0"},
  {17,  // 866: Cyrillic
    u"АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ"
    u"абвгдежзийклмноп░▒▓│┤╡╢╖╕╣║╗╝╜╛┐"
    u"└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀"
    u"рстуфхцчшщъыьэюяЁёЄєЇїЎў°∙·√№¤■\u00A0"},
}};
// clang-format on

constexpr char32_t kNone = 0xFFFD;

std::optional<std::uint8_t> byte_of(const CodePage& page, char32_t glyph) {
  if (glyph == kNone || glyph > 0xFFFF) return std::nullopt;
  const std::size_t at = page.upper.find(static_cast<char16_t>(glyph));
  if (at == std::u16string_view::npos) return std::nullopt;
  return static_cast<std::uint8_t>(0x80 + at);
}

}  // namespace

std::optional<PrinterByte> printer_byte(char32_t glyph, std::uint8_t page_now) {
  if (glyph >= 0x20 && glyph < 0x7F) {
    return PrinterByte{page_now, static_cast<std::uint8_t>(glyph)};
  }
  std::optional<PrinterByte> found;
  for (const CodePage& page : kPages) {
    static_assert(kPages[0].number == kFirstCodePage);
    const auto byte = byte_of(page, glyph);
    if (!byte || (found && page.number != page_now)) continue;
    found = PrinterByte{page.number, *byte};
  }
  return found;
}

}  // namespace till
