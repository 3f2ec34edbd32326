// Text of the console: rows that fit 80 columns, of what the API answered.
// Must not know commands.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "till/shell/console.h"

namespace till::shell {

// A label at the left, a figure at the right.
std::string row(const std::string& label, const std::string& figure);
std::string text_of(const Json& object, const char* name);  // "" when it is missing

std::string receipt_text(const Json& receipt);
std::string last_line_text(
    const Json& receipt);  // the line that was scanned or changed, and the sum
std::string sold_text(const Json& sold);
std::string day_text(const Json& day, const std::string& title);
std::string document_text(const Json& document);
std::string products_text(const Json& products);

// What a name of a product, say, must not do to a terminal: '?' for control characters.
std::string without_controls(const std::string& text);
// The same, and '?' for every character beyond ASCII.
std::string as_ascii(const std::string& text);
// Lines of more than 80 columns are broken at blanks, and what follows is set in.
std::string wrapped(const std::string& text);

// What a command answers to words that are not those of its usage: the console says what it
// expects.
core::Unexpected expected();

// Apart by blanks.
std::vector<std::string> words_of(std::string_view line);
// From `first` on, joined by blanks.
std::string rest_of(const std::vector<std::string>& words, std::size_t first);
// "2.000" is "2", "0.500" is "0.5".
std::string short_quantity(std::string quantity);
bool is_number(std::string_view word);   // digits
bool is_code(std::string_view word);     // digits, perhaps after '#'
bool is_decimal(std::string_view word);  // digits, perhaps a point and digits

}  // namespace till::shell
