// Case folding: texts that differ only in upper and lower case become one, for look-ups.
// Must not know what is looked up, nor depend on the system's locale: what is folded outlives a
// process, and must be found by the next version of the C library.
// Source: Unicode 15 CaseFolding.txt, statuses C and S, of the blocks in fold_case.cpp.
#pragma once

#include <string>
#include <string_view>

namespace core {

// Folds Latin (Basic to Extended-A, Vietnamese and Romanian letters, Extended Additional), Greek
// (monotonic), Cyrillic and Armenian letters, one for one; everything else stays as it is, as do
// bytes that are no UTF-8. So a folded prefix of a text is a prefix of the folded text.
std::string fold_case(std::string_view text);

// Whether it is UTF-8 as RFC 3629 has it: no overlong forms, no surrogates.
bool is_utf8(std::string_view text);

// UTF-8 without control characters, those from U+0080 on included: fit for a terminal and a line.
bool is_plain_text(std::string_view text);

// The longest beginning of at most `bytes` bytes that cuts no character apart. Shape: UTF-8.
std::string_view utf8_prefix(std::string_view text, std::size_t bytes);

}  // namespace core
