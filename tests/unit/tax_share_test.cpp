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

TaxRules rules(std::vector<TaxRule> list) {
  TaxRules out;
  for (const TaxRule& rule : list) out.emplace(rule.code, rule);
  return out;
}
TaxRule inclusive(std::uint32_t code, std::int32_t basis_points) {
  return TaxRule{TaxCode{code}, basis_points, true};
}
TaxRule exclusive(std::uint32_t code, std::int32_t basis_points) {
  return TaxRule{TaxCode{code}, basis_points, false};
}
TaxedLine line(std::uint32_t code, std::int64_t amount_minor) {
  return TaxedLine{TaxCode{code}, amount_minor};
}
// Of lines that all have code 1.
ReceiptTax share(const TaxRule& rule, const Taxes& amounts) {
  std::vector<TaxedLine> lines;
  for (const std::int64_t amount : amounts) lines.push_back(line(1, amount));
  return *share_tax(rules({rule}), lines);
}
LineShare part(std::int64_t thousandths, std::int64_t amount_minor, std::int64_t tax_minor) {
  return LineShare{Quantity{thousandths}, amount_minor, tax_minor};
}

}  // namespace

TEST_CASE("tax inside the price is part of the gross, tax on top is added to the net") {
  CHECK(share(inclusive(1, 1900), {11900}).rows ==
        std::vector<TaxRow>{{TaxCode{1}, 11900, 1900, 10000}});
  CHECK(share(exclusive(1, 1900), {10000}).rows ==
        std::vector<TaxRow>{{TaxCode{1}, 11900, 1900, 10000}});
}

TEST_CASE("an exempt line has no tax, whichever way its rule says") {
  CHECK(share(inclusive(1, 0), {500, -3}).rows == std::vector<TaxRow>{{TaxCode{1}, 497, 0, 497}});
  CHECK(share(exclusive(1, 0), {500, -3}).rows == std::vector<TaxRow>{{TaxCode{1}, 497, 0, 497}});
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
        std::vector<TaxRow>{{TaxCode{1}, -300, -50, -250}});
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
  const TaxRules both = rules({inclusive(7, 1900), exclusive(2, 825), inclusive(9, 700)});
  const ReceiptTax tax = *share_tax(both, {line(7, 119), line(2, 200), line(7, 238), line(2, 100)});
  CHECK(tax.line_tax_minor == Taxes{19, 17, 38, 8});
  CHECK(tax.rows == std::vector<TaxRow>{{TaxCode{2}, 325, 25, 300}, {TaxCode{7}, 357, 57, 300}});
}

TEST_CASE("a line of nothing bears no tax, and a receipt of no lines has no rows") {
  CHECK(share(exclusive(1, 1000), {0, 5, 0}).line_tax_minor == Taxes{0, 1, 0});
  CHECK(*share_tax({}, {}) == ReceiptTax{});
}

TEST_CASE("only minor units count: yen have no decimals, dinars three") {
  // 1 080 JPY with 8 % inside; 1.250 KWD with 5 % on top is 1.3125, rounded to 1.313.
  CHECK(share(inclusive(1, 800), {540, 540}).rows ==
        std::vector<TaxRow>{{TaxCode{1}, 1080, 80, 1000}});
  CHECK(share(exclusive(1, 500), {1250}).rows == std::vector<TaxRow>{{TaxCode{1}, 1313, 63, 1250}});
}

TEST_CASE("a code without a rule and a rule out of shape are refused") {
  CHECK(share_tax(rules({inclusive(1, 1900)}), {line(2, 1)}).error().code == Errc::kNotFound);
  CHECK(share_tax(rules({inclusive(1, -1)}), {line(1, 1)}).error().code == Errc::kMalformed);
  CHECK(share_tax(rules({inclusive(1, 10001)}), {line(1, 1)}).error().code == Errc::kMalformed);
  CHECK(share_tax({{TaxCode{1}, inclusive(2, 0)}}, {line(1, 1)}).error().code == Errc::kMalformed);
}

TEST_CASE("sums beyond 64 bits are refused, and the order of the lines does not matter") {
  const TaxRules all = rules({exclusive(1, 10000), inclusive(2, 10000)});
  CHECK(share_tax(all, {line(2, kMost), line(2, 1)}).error().code == Errc::kOverflow);
  CHECK(share_tax(all, {line(2, kMost), line(2, 1), line(2, -1)})->rows[0].gross_minor == kMost);
  CHECK(share_tax(all, {line(1, kMost)}).error().code == Errc::kOverflow);
  CHECK(share_tax(all, {line(2, kLeast)})->line_tax_minor[0] == kLeast / 2);
  CHECK(share_tax(all, {line(1, kLeast)}).error().code == Errc::kOverflow);
}

TEST_CASE("a partial refund is proportional, and the last one takes all that is left") {
  const LineShare sold = part(3000, 1000, 160);
  CHECK(*refund_share({sold, {}}, Quantity{1000}) == part(1000, 333, 53));
  CHECK(*refund_share({sold, part(1000, 333, 53)}, Quantity{1000}) == part(1000, 333, 53));
  CHECK(*refund_share({sold, part(2000, 666, 106)}, Quantity{1000}) == part(1000, 334, 54));
  CHECK(*refund_share({sold, {}}, Quantity{3000}) == sold);
}

TEST_CASE("a refund of half a minor unit is rounded away from zero") {
  CHECK(*refund_share({part(2000, 5, 1), {}}, Quantity{1000}) == part(1000, 3, 1));
  CHECK(*refund_share({part(2000, -5, -1), {}}, Quantity{1000}) == part(1000, -3, -1));
}

TEST_CASE("partial refunds never give back more than the line had") {
  // Ten for 5: half a unit each is rounded to one, until nothing is left.
  LineHistory history{part(10000, 5, 5), {}};
  for (int piece = 0; piece < 10; ++piece) {
    const LineShare now = *refund_share(history, Quantity{1000});
    CHECK(now == part(1000, piece < 5 ? 1 : 0, piece < 5 ? 1 : 0));
    history.refunded.quantity.thousandths += now.quantity.thousandths;
    history.refunded.amount_minor += now.amount_minor;
    history.refunded.tax_minor += now.tax_minor;
  }
  CHECK(history.refunded == history.sold);
  // Ten for 15: seven at two leave one, and the eighth gets no more than that.
  CHECK(*refund_share({part(10000, 15, 0), part(7000, 14, 0)}, Quantity{1000}) == part(1000, 1, 0));
}

TEST_CASE("a weighed line is refunded by the thousandth") {
  CHECK(*refund_share({part(1234, 987, 64), {}}, Quantity{617}) == part(617, 494, 32));
}

TEST_CASE("the largest figures are refunded exactly") {
  CHECK(*refund_share({part(kMost, kLeast, kMost), {}}, Quantity{kMost - 1}) ==
        part(kMost - 1, kLeast + 1, kMost - 1));
  CHECK(*refund_share({part(kMost, kLeast, kMost), {}}, Quantity{kMost}) ==
        part(kMost, kLeast, kMost));
}

TEST_CASE("more than was sold cannot be refunded") {
  const LineShare sold = part(2000, 500, 80);
  const auto twice = refund_share({sold, part(1000, 250, 40)}, Quantity{1001});
  CHECK(twice.error().code == Errc::kState);
  CHECK(twice.error().what == "a refund of 1.001: of 2.000 sold, 1.000 are left to refund");
  CHECK(refund_share({sold, sold}, Quantity{1}).error().code == Errc::kState);
}

TEST_CASE("a refund of nothing, and a history that cannot be, are refused") {
  const LineShare sold = part(2000, 500, 80);
  const auto code = [](const LineHistory& history, std::int64_t thousandths) {
    return refund_share(history, Quantity{thousandths}).error().code;
  };
  CHECK(code({sold, {}}, 0) == Errc::kMalformed);
  CHECK(code({sold, {}}, -1000) == Errc::kMalformed);
  CHECK(code({part(0, 500, 80), {}}, 1000) == Errc::kMalformed);
  CHECK(code({sold, part(-1, 0, 0)}, 1000) == Errc::kMalformed);
  CHECK(code({sold, part(2001, 0, 0)}, 1000) == Errc::kMalformed);
  CHECK(code({sold, part(1000, 501, 0)}, 1000) == Errc::kMalformed);
  CHECK(code({sold, part(1000, -1, 0)}, 1000) == Errc::kMalformed);
  CHECK(code({sold, part(1000, 0, 81)}, 1000) == Errc::kMalformed);
  CHECK(code({part(2000, -500, -80), part(1000, 1, 0)}, 1000) == Errc::kMalformed);
}
