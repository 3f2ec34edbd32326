// Tax share: one rounding per code and receipt, every line its part, every refund its mirror.
#include <doctest/doctest.h>

#include <limits>

#include "core/retail/tax_share.h"

using namespace core;
using namespace core::retail;

namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

using Taxes = std::vector<std::int64_t>;

TaxRates rules(std::vector<TaxRate> list) {
  TaxRates out;
  for (const TaxRate& rule : list) out.emplace(rule.code, rule);
  return out;
}
TaxRate inclusive(std::uint32_t code, std::int32_t basis_points) {
  return TaxRate{TaxCode{code}, basis_points, true};
}
TaxRate exclusive(std::uint32_t code, std::int32_t basis_points) {
  return TaxRate{TaxCode{code}, basis_points, false};
}
TaxedLine line(std::uint32_t code, std::int64_t amount_minor) {
  return TaxedLine{TaxCode{code}, amount_minor};
}
// Of lines that all have code 1.
ReceiptTax share(const TaxRate& rule, const Taxes& amounts) {
  std::vector<TaxedLine> lines;
  for (const std::int64_t amount : amounts) lines.push_back(line(1, amount));
  return *share_tax(rules({rule}), lines);
}
}  // namespace

TEST_CASE("tax inside the price is part of the gross, tax on top is added to the net") {
  CHECK(share(inclusive(1, 1900), {11900}).rows ==
        std::vector<TaxSum>{{TaxCode{1}, 11900, 1900, 10000}});
  CHECK(share(exclusive(1, 1900), {10000}).rows ==
        std::vector<TaxSum>{{TaxCode{1}, 11900, 1900, 10000}});
}

TEST_CASE("an exempt line has no tax, whichever way its rule says") {
  CHECK(share(inclusive(1, 0), {500, -3}).rows == std::vector<TaxSum>{{TaxCode{1}, 497, 0, 497}});
  CHECK(share(exclusive(1, 0), {500, -3}).rows == std::vector<TaxSum>{{TaxCode{1}, 497, 0, 497}});
}

TEST_CASE("tax is rounded once for the code, not once a line") {
  // A tenth of 4 is nothing three times over, of 12 it is one; of 5 it is one, of 15 two.
  CHECK(share(exclusive(1, 1000), {4, 4, 4}).rows[0].tax_minor == 1);
  CHECK(share(exclusive(1, 1000), {5, 5, 5}).rows[0].tax_minor == 2);
  CHECK(share(inclusive(1, 2000), {3, 3}).rows[0].tax_minor == 1);
}

TEST_CASE("half a minor unit of tax is rounded away from zero") {
  CHECK(share(exclusive(1, 500), {10}).rows[0].tax_minor == 1);
  CHECK(share(exclusive(1, 500), {9}).rows[0].tax_minor == 0);
  CHECK(share(exclusive(1, 500), {-10}).rows[0].tax_minor == -1);
}

TEST_CASE("minor units that are left go to the largest remainders") {
  // Shares 1.4, 2.6, 0.9: the sum is 4.9, and two units are left for 0.9 and 2.6.
  CHECK(share(exclusive(1, 1000), {14, 26, 9}).line_tax_minor == Taxes{1, 3, 1});
  // Shares 0.4, 0.3, 0.3: the largest gets the only one.
  CHECK(share(exclusive(1, 1000), {3, 4, 3}).line_tax_minor == Taxes{0, 1, 0});
}

TEST_CASE("of equal remainders the earlier line comes first") {
  CHECK(share(exclusive(1, 1000), {4, 4, 4}).line_tax_minor == Taxes{1, 0, 0});
  CHECK(share(exclusive(1, 1000), {15, 5, 25}).line_tax_minor == Taxes{2, 1, 2});
  CHECK(share(exclusive(1, 1000), {-4, -4, -4}).line_tax_minor == Taxes{-1, 0, 0});
}

TEST_CASE("a receipt with every sign turned has every tax turned") {
  CHECK(share(exclusive(1, 1000), {-14, -26, -9}).line_tax_minor == Taxes{-1, -3, -1});
  CHECK(share(inclusive(1, 2000), {-100, -101, -99}).rows ==
        std::vector<TaxSum>{{TaxCode{1}, -300, -50, -250}});
}

TEST_CASE("sales and returns on one receipt add up, and a zero sum may hold taxes") {
  CHECK(share(exclusive(1, 1000), {26, -26}).line_tax_minor == Taxes{2, -2});
  // Shares 2.6, -0.4, -0.4: the sum 1.8 is two, which is what the cuts say already.
  CHECK(share(exclusive(1, 1000), {26, -4, -4}).line_tax_minor == Taxes{2, 0, 0});
  // Shares 0.4, -0.9, -0.9: the sum -1.4 is one down, off the line whose cut gained most.
  CHECK(share(exclusive(1, 1000), {4, -9, -9}).line_tax_minor == Taxes{0, -1, 0});
  // Shares 0.9, 0.8, -0.1: the sum 1.6 is two, and no line below zero is given a tax.
  CHECK(share(exclusive(1, 1000), {9, 8, -1}).line_tax_minor == Taxes{1, 1, 0});
}

TEST_CASE("each code is rounded by itself, and rows come in the order of the codes") {
  const TaxRates both = rules({inclusive(7, 1900), exclusive(2, 825), inclusive(9, 700)});
  const ReceiptTax tax = *share_tax(both, {line(7, 119), line(2, 200), line(7, 238), line(2, 100)});
  CHECK(tax.line_tax_minor == Taxes{19, 17, 38, 8});
  CHECK(tax.rows == std::vector<TaxSum>{{TaxCode{2}, 325, 25, 300}, {TaxCode{7}, 357, 57, 300}});
}

TEST_CASE("a line of nothing bears no tax, and a receipt of no lines has no rows") {
  CHECK(share(exclusive(1, 1000), {0, 5, 0}).line_tax_minor == Taxes{0, 1, 0});
  CHECK(*share_tax({}, {}) == ReceiptTax{});
}

TEST_CASE("only minor units count: yen have no decimals, dinars three") {
  // 1 080 JPY with 8 % inside; 1.250 KWD with 5 % on top is 1.3125, rounded to 1.313.
  CHECK(share(inclusive(1, 800), {540, 540}).rows ==
        std::vector<TaxSum>{{TaxCode{1}, 1080, 80, 1000}});
  CHECK(share(exclusive(1, 500), {1250}).rows == std::vector<TaxSum>{{TaxCode{1}, 1313, 63, 1250}});
}

TEST_CASE("a code without a rule and a rule out of shape are refused") {
  CHECK(share_tax(rules({inclusive(1, 1900)}), {line(2, 1)}).error().code == Errc::kNotFound);
  CHECK(share_tax(rules({inclusive(1, -1)}), {line(1, 1)}).error().code == Errc::kMalformed);
  CHECK(share_tax(rules({inclusive(1, 10001)}), {line(1, 1)}).error().code == Errc::kMalformed);
  CHECK(share_tax({{TaxCode{1}, inclusive(2, 0)}}, {line(1, 1)}).error().code == Errc::kMalformed);
}

TEST_CASE("sums beyond 64 bits are refused, and the order of the lines does not matter") {
  const TaxRates all = rules({exclusive(1, 10000), inclusive(2, 10000)});
  CHECK(share_tax(all, {line(2, kMost), line(2, 1)}).error().code == Errc::kOverflow);
  CHECK(share_tax(all, {line(2, kMost), line(2, 1), line(2, -1)})->rows[0].gross_minor == kMost);
  CHECK(share_tax(all, {line(1, kMost)}).error().code == Errc::kOverflow);
  CHECK(share_tax(all, {line(2, kLeast)})->line_tax_minor[0] == kLeast / 2);
  CHECK(share_tax(all, {line(1, kLeast)}).error().code == Errc::kOverflow);
}

TEST_CASE("the lines of a sale bear its tax, inside their amounts or on top of them") {
  const auto sold = [](std::uint32_t code, std::int64_t minor) {
    SaleLine line;
    line.tax = TaxCode{code};
    line.amount = Money{minor, *Currency::parse("USD")};
    return line;
  };
  std::vector<SaleLine> lines = {sold(1, 333), sold(2, 1000), sold(1, 333)};
  REQUIRE(tax_lines(rules({inclusive(1, 2000), exclusive(2, 825)}), lines));
  CHECK(lines[0].amount.minor == 333);
  CHECK(lines[0].tax_amount.minor == 56);  // 111 of 666, and the earlier line bears the odd one
  CHECK(lines[2].tax_amount.minor == 55);
  CHECK(lines[1].tax_amount.minor == 83);  // 82.5
  CHECK(lines[1].amount.minor == 1083);
  CHECK(tax_lines(rules({}), lines).error().code == Errc::kNotFound);
}
