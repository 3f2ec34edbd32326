// Terms: to CBOR and back.
// Must not accept what encode_terms would not write.
#include "core/retail/terms.h"

#include <limits>
#include <string>

#include "core/envelope/cbor.h"

namespace core::retail {
namespace {

using envelope::CborReader;
using envelope::CborWriter;

constexpr std::size_t kTermsItems = 3;
constexpr std::size_t kTaxItems = 3;
constexpr std::size_t kPatternItems = 6;
constexpr std::size_t kDigitsMax = 13;

Result<void> read_head(CborReader& in, std::size_t items) {
  const std::size_t offset = in.offset();
  TRY_ASSIGN(const std::size_t found, in.array());
  if (found != items) return in.refuse(offset, "an array of another size is expected");
  return {};
}

Result<TaxRate> read_term_tax(CborReader& in) {
  TRY(read_head(in, kTaxItems));
  const std::size_t offset = in.offset();
  TRY_ASSIGN(const std::uint64_t code, in.unsigned_integer());
  TRY_ASSIGN(const std::uint64_t basis_points, in.unsigned_integer());
  TRY_ASSIGN(const bool inclusive, in.boolean());
  if (code > std::numeric_limits<std::uint32_t>::max() || basis_points > 10000) {
    return in.refuse(offset, "no tax code and rate");
  }
  return TaxRate{TaxCode{static_cast<std::uint32_t>(code)}, static_cast<std::int32_t>(basis_points),
                 inclusive};
}

Result<std::size_t> read_digits(CborReader& in) {
  const std::size_t offset = in.offset();
  TRY_ASSIGN(const std::uint64_t digits, in.unsigned_integer());
  if (digits > kDigitsMax) return in.refuse(offset, "more digits than a barcode has");
  return static_cast<std::size_t>(digits);
}

Result<BarcodePattern> read_pattern(CborReader& in) {
  TRY(read_head(in, kPatternItems));
  const std::size_t offset = in.offset();
  BarcodePattern pattern;
  TRY_ASSIGN(pattern.prefix, in.text());
  TRY_ASSIGN(pattern.item_digits, read_digits(in));
  TRY_ASSIGN(pattern.price_check_digit, in.boolean());
  TRY_ASSIGN(pattern.value_digits, read_digits(in));
  TRY_ASSIGN(const bool weighed, in.boolean());
  TRY_ASSIGN(pattern.value_zeros, read_digits(in));
  pattern.kind = weighed ? BarcodeKind::kWeighed : BarcodeKind::kPriced;
  const std::size_t digits = pattern.prefix.size() + pattern.item_digits +
                             (pattern.price_check_digit ? 1 : 0) + pattern.value_digits + 1;
  if (digits != kDigitsMax || pattern.value_zeros > 3) {
    return in.refuse(offset, "a pattern that is not of 13 digits");
  }
  return pattern;
}

}  // namespace

Terms terms_of(const Catalog& catalog) {
  Terms terms;
  for (const auto& [code, tax] : catalog.taxes()) terms.taxes.push_back(tax);
  terms.cash_step_minor = catalog.cash_step_minor();
  terms.patterns = catalog.patterns();
  return terms;
}

Bytes encode_terms(const Terms& terms) {
  CborWriter out;
  out.array(kTermsItems);
  out.integer(terms.cash_step_minor);
  out.array(terms.taxes.size());
  for (const TaxRate& tax : terms.taxes) {
    out.array(kTaxItems);
    out.unsigned_integer(tax.code.value);
    out.integer(tax.basis_points);
    out.boolean(tax.inclusive);
  }
  out.array(terms.patterns.size());
  for (const BarcodePattern& pattern : terms.patterns) {
    out.array(kPatternItems);
    out.text(pattern.prefix);
    out.unsigned_integer(pattern.item_digits);
    out.boolean(pattern.price_check_digit);
    out.unsigned_integer(pattern.value_digits);
    out.boolean(pattern.kind == BarcodeKind::kWeighed);
    out.unsigned_integer(pattern.value_zeros);
  }
  return std::move(out).take();
}

Result<Terms> decode_terms(ByteView bytes) {
  CborReader in(bytes);
  Terms terms;
  TRY(read_head(in, kTermsItems));
  TRY_ASSIGN(terms.cash_step_minor, in.integer());
  TRY_ASSIGN(const std::size_t taxes, in.array());
  for (std::size_t i = 0; i < taxes; ++i) {
    TRY_ASSIGN(const TaxRate tax, read_term_tax(in));
    terms.taxes.push_back(tax);
  }
  TRY_ASSIGN(const std::size_t patterns, in.array());
  for (std::size_t i = 0; i < patterns; ++i) {
    TRY_ASSIGN(BarcodePattern pattern, read_pattern(in));
    terms.patterns.push_back(std::move(pattern));
  }
  TRY(in.finish());
  return terms;
}

}  // namespace core::retail
