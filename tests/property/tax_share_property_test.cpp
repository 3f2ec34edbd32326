// Random receipts against a model of exact fractions that asks only what must hold.
#include <doctest/doctest.h>

#include "core/base/arithmetic.h"
#include "core/base/random.h"
#include "core/retail/tax_share.h"

using namespace core;
using namespace core::retail;

namespace {

std::int64_t signed_between(Random& random, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(random.between(
                   0, static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low)));
}

// Yen, cents and fils alike: a price is a count of minor units, small or large.
std::int64_t random_amount(Random& random, int signs) {
  static constexpr std::int64_t kLimits[] = {3, 20, 999, 250'000, 1'000'000'000'000'000};
  const std::int64_t limit = kLimits[random.between(0, 4)];
  return signed_between(random, signs > 0 ? 0 : -limit, signs < 0 ? 0 : limit);
}

struct Receipt {
  TaxRates rules;
  std::vector<TaxedLine> lines;
};

Receipt random_receipt(Random& random) {
  static constexpr std::int32_t kRates[] = {0, 1, 500, 700, 825, 1000, 1900, 2000, 3333, 10000};
  Receipt receipt;
  const auto codes = static_cast<std::uint32_t>(random.between(1, 4));
  for (std::uint32_t code = 1; code <= codes; ++code) {
    receipt.rules.emplace(TaxCode{code}, TaxRate{TaxCode{code}, kRates[random.between(0, 9)],
                                                 random.between(0, 1) == 1});
  }
  const int signs = static_cast<int>(random.between(0, 2)) - 1;
  for (std::uint64_t n = random.between(0, 25); n > 0; --n) {
    receipt.lines.push_back(TaxedLine{TaxCode{static_cast<std::uint32_t>(random.between(1, codes))},
                                      random_amount(random, signs)});
  }
  return receipt;
}

// The model: the tax of an amount is amount * over / under, never divided.
Int128 over(const TaxRate& rule) {
  return rule.basis_points;
}
Int128 under(const TaxRate& rule) {
  return rule.inclusive ? 10000 + rule.basis_points : 10000;
}
Int128 magnitude(Int128 value) {
  return value < 0 ? -value : value;
}
// tax is n / d rounded: at most half off, and exactly half only on the far side of zero.
bool is_rounded(Int128 tax, Int128 n, Int128 d) {
  const Int128 off = 2 * (magnitude(tax) * d - magnitude(n));
  return (tax == 0 || (tax < 0) == (n < 0)) && off > -d && off <= d;
}

void check_receipt(const Receipt& receipt, const ReceiptTax& tax) {
  REQUIRE(tax.line_tax_minor.size() == receipt.lines.size());
  std::size_t rows = 0;
  for (const auto& [code, rule] : receipt.rules) {
    Int128 sum = 0;
    Int128 shared = 0;
    std::size_t lines = 0;
    for (std::size_t i = 0; i < receipt.lines.size(); ++i) {
      if (receipt.lines[i].code != code) continue;
      const Int128 exact = receipt.lines[i].amount_minor * over(rule);
      const Int128 given = tax.line_tax_minor[i] * under(rule);
      CHECK(magnitude(given - exact) < under(rule));  // less than one minor unit off its share
      CHECK((given == 0 || (given < 0) == (exact < 0)));
      sum += receipt.lines[i].amount_minor;
      shared += tax.line_tax_minor[i];
      ++lines;
    }
    if (lines == 0) continue;
    REQUIRE(rows < tax.rows.size());
    const TaxSum& row = tax.rows[rows++];
    CHECK(row.code == code);
    CHECK(shared == row.tax_minor);
    CHECK(is_rounded(row.tax_minor, sum * over(rule), under(rule)));
    CHECK(row.gross_minor == Int128{row.tax_minor} + row.net_minor);
    CHECK((rule.inclusive ? row.gross_minor : row.net_minor) == sum);
  }
  CHECK(rows == tax.rows.size());
}

// No line may deserve a unit more than one that has it: by pairs, so without any sorting.
int check_order(const Receipt& receipt, const ReceiptTax& tax) {
  int compared = 0;
  for (std::size_t a = 0; a < receipt.lines.size(); ++a) {
    for (std::size_t b = 0; b < receipt.lines.size(); ++b) {
      if (receipt.lines[a].code != receipt.lines[b].code) continue;
      const TaxRate& rule = receipt.rules.at(receipt.lines[a].code);
      // What each was given above its share, from -1 to 1 in units of under(rule).
      const Int128 above_a =
          tax.line_tax_minor[a] * under(rule) - receipt.lines[a].amount_minor * over(rule);
      const Int128 above_b =
          tax.line_tax_minor[b] * under(rule) - receipt.lines[b].amount_minor * over(rule);
      const bool positive = receipt.lines[a].amount_minor > 0 && receipt.lines[b].amount_minor > 0;
      const bool negative = receipt.lines[a].amount_minor < 0 && receipt.lines[b].amount_minor < 0;
      const Int128 sign = positive ? 1 : -1;
      if (!(positive || negative) || above_a * sign <= 0 || above_b * sign >= 0) continue;
      // a was rounded up, b down: a's remainder is larger, or equal and earlier.
      const Int128 remainder_a = under(rule) - above_a * sign;
      const Int128 remainder_b = -above_b * sign;
      CHECK((remainder_a > remainder_b || (remainder_a == remainder_b && a < b)));
      ++compared;
    }
  }
  return compared;
}

}  // namespace

TEST_CASE("line taxes add up to a tax rounded once, and none is a minor unit off its share") {
  int compared = 0;
  for (std::uint64_t seed = 1; seed <= 4000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const Receipt receipt = random_receipt(random);
    const auto tax = share_tax(receipt.rules, receipt.lines);
    REQUIRE(tax.has_value());
    check_receipt(receipt, *tax);
    compared += check_order(receipt, *tax);
  }
  CHECK(compared > 10000);
}

TEST_CASE("a receipt with every sign turned has every tax turned, for any receipt") {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    Receipt receipt = random_receipt(random);
    const ReceiptTax tax = *share_tax(receipt.rules, receipt.lines);
    for (TaxedLine& line : receipt.lines) line.amount_minor = -line.amount_minor;
    const ReceiptTax turned = *share_tax(receipt.rules, receipt.lines);
    REQUIRE(turned.line_tax_minor.size() == tax.line_tax_minor.size());
    for (std::size_t i = 0; i < tax.line_tax_minor.size(); ++i) {
      CHECK(turned.line_tax_minor[i] == -tax.line_tax_minor[i]);
    }
  }
}
