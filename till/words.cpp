// Words: parsing of the command line's values.
#include "till/words.h"

#include <algorithm>
#include <utility>

#include "core/base/decimal.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Money;
using core::Result;
using core::retail::TenderKind;

core::Unexpected wrong(std::string_view word, std::string_view expected) {
  return fail(Errc::kUsage, "'" + std::string(word) + "': expected " + std::string(expected));
}

Result<core::ProductId> parse_product(std::string_view text, std::string_view word) {
  const auto id = core::parse_unsigned(text);
  if (!id) return wrong(word, "a product number");
  return core::ProductId{*id};
}

// Splits at the first of `separators`; the second half is empty when there is none.
std::pair<std::string_view, std::string_view> split_at(std::string_view word,
                                                       std::string_view separators) {
  const std::size_t at = word.find_first_of(separators);
  if (at == std::string_view::npos) return {word, {}};
  return {word.substr(0, at), word.substr(at + 1)};
}

Result<Money> parse_amount(std::string_view text, core::Currency currency, std::string_view word) {
  const auto money = core::parse_money(text, currency);
  if (!money) return fail(Errc::kUsage, "'" + std::string(word) + "': " + money.error().what);
  return *money;
}

}  // namespace

Result<BasketLine> parse_line(std::string_view word, core::Currency currency) {
  const auto [product, count] = split_at(word, "x=");
  BasketLine line{{}, core::Quantity{core::Quantity::kUnit}, Money{0, currency}};
  TRY_ASSIGN(line.product, parse_product(product, word));
  if (product.size() == word.size()) return line;
  const auto quantity = core::parse_quantity(count);
  if (!quantity) return wrong(word, "PRODUCTxQUANTITY, for example 145x2");
  line.quantity = *quantity;
  return line;
}

Result<std::optional<CodeWord>> parse_code_word(std::string_view word) {
  for (const std::string_view prefix : {"barcode:", "plu:"}) {
    if (!word.starts_with(prefix)) continue;
    const std::string_view rest = word.substr(prefix.size());
    const auto [digits, count] = split_at(rest, "x=");
    CodeWord out{std::string(digits), core::Quantity{core::Quantity::kUnit}};
    if (digits.empty()) return wrong(word, "digits, for example barcode:4006381333931");
    if (digits.size() == rest.size()) return std::optional<CodeWord>(std::move(out));
    const auto quantity = core::parse_quantity(count);
    if (!quantity) return wrong(word, "a quantity behind the code, for example plu:4011=0.350");
    out.count = *quantity;
    return std::optional<CodeWord>(std::move(out));
  }
  return std::optional<CodeWord>();
}

Result<std::map<core::ProductId, Money>> parse_prices(const std::vector<std::string>& words,
                                                      core::Currency currency) {
  std::map<core::ProductId, Money> prices;
  for (const std::string& word : words) {
    const auto [product, text] = split_at(word, "=");
    TRY_ASSIGN(const core::ProductId id, parse_product(product, word));
    TRY_ASSIGN(const Money price, parse_amount(text, currency, word));
    if (!prices.emplace(id, price).second) return wrong(word, "each product once");
  }
  return prices;
}

Result<core::retail::Components> parse_received(const std::vector<std::string>& words) {
  core::retail::Components received;
  for (const std::string& word : words) {
    const auto [product, count] = split_at(word, "=x");
    TRY_ASSIGN(const core::ProductId id, parse_product(product, word));
    const auto quantity = core::parse_quantity(count);
    if (!quantity) return wrong(word, "PRODUCT=QUANTITY, for example 133=16");
    if (!received.emplace(id, *quantity).second) return wrong(word, "each product once");
  }
  return received;
}

Result<core::retail::Tenders> parse_tenders(const std::vector<std::string>& words,
                                            core::Currency currency) {
  core::retail::Tenders tenders;
  for (const std::string& word : words) {
    const auto [name, text] = split_at(word, "=");
    TenderKind kind = TenderKind::kCash;
    if (name == "card") {
      kind = TenderKind::kCard;
    } else if (name == "coupon") {
      kind = TenderKind::kCoupon;
    } else if (name != "cash") {
      return wrong(word, "cash=AMOUNT, card=AMOUNT or coupon=AMOUNT");
    }
    TRY_ASSIGN(const Money money, parse_amount(text, currency, word));
    if (!tenders.emplace(kind, money).second) return wrong(word, "each tender once");
  }
  return tenders;
}

namespace {

Result<ReturnedLine> parse_returned_line(std::string_view word, bool restock,
                                         const core::retail::Sale& sale) {
  const auto [number, count] = split_at(word, "=");
  const auto line = core::parse_unsigned(number);
  if (!line || *line == 0 || *line > sale.lines.size()) {
    return wrong(word, "one of the sale's lines 1 to " + std::to_string(sale.lines.size()) +
                           ", with =QUANTITY if it is not all of it");
  }
  const core::retail::SaleLine& sold = sale.lines[*line - 1];
  const bool is_product = sold.kind == core::retail::LineKind::kProduct;
  ReturnedLine out{static_cast<std::uint32_t>(*line - 1),
                   is_product ? sold.quantity : core::Quantity{core::Quantity::kUnit}, restock};
  if (number.size() == word.size()) return out;
  const auto quantity = core::parse_quantity(count);
  if (!quantity) return wrong(word, "LINE=QUANTITY, for example 2=0.5");
  out.quantity = *quantity;
  return out;
}

}  // namespace

Result<std::vector<ReturnedLine>> parse_returned(const std::vector<std::string>& restock,
                                                 const std::vector<std::string>& scrap,
                                                 const core::retail::Sale& sale) {
  std::vector<ReturnedLine> lines;
  for (const std::string& word : restock) {
    TRY_ASSIGN(const ReturnedLine line, parse_returned_line(word, true, sale));
    lines.push_back(line);
  }
  for (const std::string& word : scrap) {
    TRY_ASSIGN(const ReturnedLine line, parse_returned_line(word, false, sale));
    lines.push_back(line);
  }
  return lines;
}

Result<void> apply_discounts(const std::vector<std::string>& words,
                             std::vector<BasketLine>& lines) {
  for (const std::string& word : words) {
    const auto [product, text] = split_at(word, "=");
    const bool named = product.size() != word.size();
    if (lines.empty() || (!named && lines.size() != 1)) {
      return wrong(word, "PRODUCT=AMOUNT when there is more than one line");
    }
    auto line = lines.begin();
    if (named) {
      TRY_ASSIGN(const core::ProductId id, parse_product(product, word));
      line = std::find_if(lines.begin(), lines.end(),
                          [id = id](const BasketLine& l) { return l.product == id; });
      if (line == lines.end()) return wrong(word, "a product of this sale");
    }
    if (line->discount.minor != 0) return wrong(word, "one discount a line");
    TRY_ASSIGN(line->discount, parse_amount(named ? text : product, line->discount.currency, word));
  }
  return {};
}

}  // namespace till
