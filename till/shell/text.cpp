// Text of the console.
#include "till/shell/text.h"

#include <algorithm>

namespace till::shell {
namespace {

constexpr std::size_t kFigure = 14;
constexpr std::size_t kLabel = kColumns - kFigure - 3;

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

// At most so many characters, whole ones.
std::string cut(const std::string& text, std::size_t characters_max) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80;
    if (begins && seen++ == characters_max) return text.substr(0, i);
  }
  return text;
}

std::string number_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? "" : found->dump();
}

std::string line_text(const Json& line) {
  const std::string label = number_of(line, "line") + "  " +
                            short_quantity(text_of(line, "quantity")) + " x " +
                            number_of(line, "product") + " " + text_of(line, "name");
  if (line.value("voided", false)) return row(label, "void");
  std::string out = row(label, text_of(line, "amount"));
  if (is_decimal(text_of(line, "discount")) &&
      text_of(line, "discount").find_first_not_of("0.") != std::string::npos) {
    out += row("     discount, taken off already", text_of(line, "discount"));
  }
  return out;
}

std::string sum_text(const Json& receipt) {
  std::string out = row("total", text_of(receipt, "total"));
  for (const Json& tender : receipt.at("tenders")) {
    out += row(number_of(tender, "tender") + "  " + text_of(tender, "kind"),
               text_of(tender, "amount"));
  }
  const std::string due = text_of(receipt, "due");
  const std::string in_cash = text_of(receipt, "due_in_cash");
  if (!receipt.at("tenders").empty()) out += row("due", due);
  if (in_cash != due) out += row("due in cash", in_cash);
  return out;
}

std::string rows_of(const Json& object, const std::string& before) {
  std::string out;
  for (const auto& [name, figure] : object.items()) {
    out += row(before + name, figure.is_string() ? figure.get<std::string>() : figure.dump());
  }
  return out;
}

}  // namespace

std::string row(const std::string& label, const std::string& figure) {
  std::string left = cut(label, kLabel);
  left.append(kLabel - characters(left), ' ');
  std::string right = figure;
  if (right.size() < kFigure) right.insert(0, kFigure - right.size(), ' ');
  return "  " + left + " " + right + "\n";
}

std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string short_quantity(std::string quantity) {
  if (quantity.find('.') == std::string::npos) return quantity;
  while (quantity.back() == '0') quantity.pop_back();
  if (quantity.back() == '.') quantity.pop_back();
  return quantity;
}

std::string receipt_text(const Json& receipt) {
  std::string out;
  for (const Json& line : receipt.at("lines")) out += line_text(line);
  return out + sum_text(receipt);
}

std::string last_line_text(const Json& receipt) {
  const Json& lines = receipt.at("lines");
  return (lines.empty() ? "" : line_text(lines.back())) + sum_text(receipt);
}

std::string sold_text(const Json& sold) {
  std::string out = row(text_of(sold, "document"), text_of(sold, "total"));
  const std::string excess = text_of(sold, "coupon_excess");
  if (excess.find_first_not_of("0.") != std::string::npos) {
    out += row("coupon excess, pay out", excess);
  }
  return out + row("change", text_of(sold, "change"));
}

std::string day_text(const Json& day, const std::string& title) {
  std::string out =
      title + ", business day " + text_of(day, "day") + ", in " + text_of(day, "currency") + "\n";
  for (const char* name : {"sales", "voids", "refunds", "no_sales"}) {
    out += row(name == std::string("no_sales") ? "drawer openings without a sale" : name,
               number_of(day, name));
  }
  out += row("takings", text_of(day, "net"));
  out += rows_of(day.at("tenders"), "  by ");
  out += row("refunded", text_of(day, "refunded"));
  out += row("discounts", text_of(day, "discount"));
  for (const auto& [code, tax] : day.at("taxes").items()) {
    out += row("tax code " + code + ", takings", text_of(tax, "gross"));
    out += row("  tax in them", text_of(tax, "tax"));
  }
  out += rows_of(day.at("cash_movements"), "");
  const bool counted = day.contains("counted") && day.at("counted").is_string();
  out += row("cash counted", counted ? text_of(day, "counted") : "not counted");
  if (counted) out += row("over / short", text_of(day, "over_short"));
  return out;
}

std::string document_text(const Json& document) {
  std::string out = "business day " + text_of(document, "day") + "\n";
  if (document.contains("kind")) out += row(text_of(document, "kind"), text_of(document, "amount"));
  std::size_t number = 0;
  for (const Json& line : document.value("lines", Json::array())) {
    out += row(std::to_string(++number) + "  " + short_quantity(text_of(line, "quantity")) + " x " +
                   number_of(line, "product"),
               text_of(line, "amount"));
  }
  out += rows_of(document.value("tenders", Json::object()), "by ");
  if (document.value("voided", false))
    out += "  voided: " + text_of(document, "void_reason") + "\n";
  for (const Json& refund : document.value("refunds", Json::array())) {
    out += "  refunded by refund " + refund.dump() + "\n";
  }
  const std::string reason = text_of(document, "reason");
  return reason.empty() ? out : out + "  " + reason + "\n";
}

std::string products_text(const Json& products) {
  std::string out;
  for (const Json& product : products) {
    const std::string price = text_of(product, "price");
    out += row("#" + number_of(product, "product") + "  " + text_of(product, "name"),
               price.empty() ? "no price" : price);
  }
  return out;
}

std::string without_controls(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are controls as well.
    const bool c1 =
        byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (c1) ++i;
    out += (byte < 0x20 && text[i] != '\n') || byte == 0x7f || c1 ? '?' : text[i];
  }
  return out;
}

std::string as_ascii(const std::string& text) {
  std::string out;
  for (const char c : without_controls(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) out += c;
    if (byte >= 0xc0) out += '?';  // one a character
  }
  return out;
}

std::string wrapped(const std::string& text) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    at = end + 1;
    while (characters(line) > kColumns) {
      const std::string head = cut(line, kColumns);
      const std::size_t blank = head.find_last_of(' ');
      const bool breaks = blank != std::string::npos && head.find_first_not_of(' ') < blank;
      const std::size_t length = breaks ? blank : head.size();
      out += line.substr(0, length) + "\n";
      line = "  " + line.substr(length + (breaks ? 1 : 0));
    }
    out += line + "\n";
  }
  return out;
}

core::Unexpected expected() {
  return core::fail(core::Errc::kUsage, "");
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> out;
  std::string word;
  for (const char c : line) {
    const bool blank = c == ' ' || c == '\t' || c == '\r';
    if (!blank) word += c;
    if (blank && !word.empty()) out.push_back(std::exchange(word, {}));
  }
  if (!word.empty()) out.push_back(std::move(word));
  return out;
}

std::string rest_of(const std::vector<std::string>& words, std::size_t first) {
  std::string out;
  for (std::size_t i = first; i < words.size(); ++i) out += (i > first ? " " : "") + words[i];
  return out;
}

bool is_number(std::string_view word) {
  return !word.empty() &&
         std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_code(std::string_view word) {
  if (word.starts_with('#')) word.remove_prefix(1);
  return is_number(word);
}

bool is_decimal(std::string_view word) {
  const std::size_t point = word.find('.');
  if (point == std::string_view::npos) return is_number(word);
  return is_number(word.substr(0, point)) && is_number(word.substr(point + 1));
}

}  // namespace till::shell
