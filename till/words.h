// Words: the small syntax of the command line's values: "145x2", "133=16", "cash=1000.00".
// Must not know what they are used for.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/retail/catalog.h"
#include "core/retail/document.h"
#include "till/till.h"

namespace till {

// "145x2", "145=2", "145" (one). Errors of all: kUsage, quoting the word.
core::Result<BasketLine> parse_line(std::string_view word, core::Currency currency);
// A product by its code: "barcode:4006381333931", "plu:4011=0.350"; one without a quantity.
struct CodeWord {
  std::string digits;
  core::Quantity count;
};
// nullopt: the word names no code.
core::Result<std::optional<CodeWord>> parse_code_word(std::string_view word);
// "145=450.00", each product once.
core::Result<std::map<core::ProductId, core::Money>> parse_prices(
    const std::vector<std::string>& words, core::Currency currency);
// "133=16", each product once.
core::Result<core::retail::Components> parse_received(const std::vector<std::string>& words);
// "cash=1000.00", "card=…", "coupon=…", each once.
core::Result<core::retail::Tenders> parse_tenders(const std::vector<std::string>& words,
                                                  core::Currency currency);
// "2" or "2=0.5" of a sale's lines 1, 2, 3, ..., those of `scrap` not to go back on the shelf. A
// line without a quantity is all that was sold of it.
core::Result<std::vector<ReturnedLine>> parse_returned(const std::vector<std::string>& restock,
                                                       const std::vector<std::string>& scrap,
                                                       const core::retail::Sale& sale);
// "145=50.00" takes it off the first line of that product; "50.00" off the only line.
core::Result<void> apply_discounts(const std::vector<std::string>& words,
                                   std::vector<BasketLine>& lines);

}  // namespace till
