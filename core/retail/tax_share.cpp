// Tax share: one rounding per tax code, then whole minor units handed to lines by remainder.
// Must not round anywhere else. Rules: core/retail/tax_share.h.
#include "core/retail/tax_share.h"

#include <algorithm>
#include <string>

#include "core/base/arithmetic.h"

namespace core::retail {
namespace {

constexpr std::int32_t kBasisPointsInOne = 10000;

// numerator / denominator, at most one: the tax of an amount, or the part of a line refunded now.
struct Fraction {
  std::int64_t numerator = 0;
  std::int64_t denominator = 1;
};

Result<Fraction> fraction_of(const TaxRules& rules, TaxCode code) {
  const auto it = rules.find(code);
  if (it == rules.end()) return fail(Errc::kNotFound, "no rule for tax code " + to_string(code));
  const TaxRule& rule = it->second;
  if (rule.code != code) {
    return fail(Errc::kMalformed,
                "tax " + to_string(rule.code) + " stands under code " + to_string(code));
  }
  if (rule.basis_points < 0 || rule.basis_points > kBasisPointsInOne) {
    return fail(Errc::kMalformed, "tax " + to_string(code) + ": a rate is 0 to 10000 basis points");
  }
  return Fraction{rule.basis_points, rule.inclusive
                                         ? std::int64_t{kBasisPointsInOne} + rule.basis_points
                                         : std::int64_t{kBasisPointsInOne}};
}

// A line's share, cut off toward zero, with what the cut left over the common denominator.
struct Share {
  std::size_t line = 0;
  std::int64_t tax_minor = 0;
  std::int64_t remainder = 0;  // of the sign of the line's amount
};

Share share_of(std::size_t line, std::int64_t amount_minor, Fraction fraction) {
  // A fraction is at most one, so that a share fits where its amount did.
  const Int128 exact = Int128{amount_minor} * fraction.numerator;
  return Share{line, static_cast<std::int64_t>(exact / fraction.denominator),
               static_cast<std::int64_t>(exact % fraction.denominator)};
}

// Puts shares of one code right, so that they add up to `tax_minor`.
// `missing` cannot exceed the number of shares with a remainder of its sign: it is the rounded sum
// of all remainders, each of which is below one.
void hand_out(std::vector<Share>& shares, std::int64_t tax_minor) {
  Int128 missing = tax_minor;
  for (const Share& share : shares) missing -= share.tax_minor;
  const std::int64_t unit = missing < 0 ? -1 : 1;
  std::stable_sort(shares.begin(), shares.end(), [unit](const Share& a, const Share& b) {
    return a.remainder * unit > b.remainder * unit;
  });
  for (Share& share : shares) {
    if (missing == 0) break;
    CORE_CHECK(share.remainder * unit > 0);
    share.tax_minor += unit;
    missing -= unit;
  }
  CORE_CHECK(missing == 0);
}

Result<TaxRow> row_of(TaxCode code, const TaxRule& rule, std::int64_t sum, std::int64_t tax) {
  if (rule.inclusive) {
    TRY_ASSIGN(const std::int64_t net, checked_subtract(sum, tax));
    return TaxRow{code, sum, tax, net};
  }
  TRY_ASSIGN(const std::int64_t gross, checked_add(sum, tax));
  return TaxRow{code, gross, tax, sum};
}

// Is `part` between zero and `whole`, both included?
bool within(std::int64_t part, std::int64_t whole) {
  return whole < 0 ? part <= 0 && part >= whole : part >= 0 && part <= whole;
}

// A figure of a line: what was sold of it, and what was given back so far.
struct Figure {
  std::int64_t sold = 0;
  std::int64_t refunded = 0;
};

// The part of it that is now refunded, never more than is left. Shape: within(refunded, sold).
Result<std::int64_t> part_of(Figure figure, Fraction now) {
  TRY_ASSIGN(const std::int64_t left, checked_subtract(figure.sold, figure.refunded));
  TRY_ASSIGN(const std::int64_t part,
             round_half_away(Int128{figure.sold} * now.numerator, now.denominator));
  return figure.sold < 0 ? std::max(part, left) : std::min(part, left);
}

}  // namespace

Result<ReceiptTax> share_tax(const TaxRules& rules, const std::vector<TaxedLine>& lines) {
  std::map<TaxCode, std::vector<std::size_t>> by_code;
  for (std::size_t line = 0; line < lines.size(); ++line) {
    by_code[lines[line].code].push_back(line);
  }
  ReceiptTax receipt;
  receipt.line_tax_minor.resize(lines.size());
  for (const auto& [code, members] : by_code) {
    TRY_ASSIGN(const Fraction fraction, fraction_of(rules, code));
    Int128 wide_sum = 0;  // the order of the lines must not decide whether a sum overflows
    std::vector<Share> shares;
    shares.reserve(members.size());
    for (const std::size_t line : members) {
      wide_sum += lines[line].amount_minor;
      shares.push_back(share_of(line, lines[line].amount_minor, fraction));
    }
    const auto sum = divide_exact(wide_sum, 1);
    if (!sum) {
      return fail(sum.error().code, "lines of tax " + to_string(code) + ": " + sum.error().what);
    }
    TRY_ASSIGN(const std::int64_t tax,
               round_half_away(Int128{*sum} * fraction.numerator, fraction.denominator));
    hand_out(shares, tax);
    for (const Share& share : shares) receipt.line_tax_minor[share.line] = share.tax_minor;
    TRY_ASSIGN(const TaxRow row, row_of(code, rules.at(code), *sum, tax));
    receipt.rows.push_back(row);
  }
  return receipt;
}

Result<LineShare> refund_share(const LineHistory& line, Quantity quantity) {
  const auto& [sold, refunded] = line;
  if (sold.quantity.thousandths <= 0 || quantity.thousandths <= 0) {
    return fail(Errc::kMalformed, "a refund of " + to_string(quantity) + " out of " +
                                      to_string(sold.quantity) + " sold: both are above zero");
  }
  if (!within(refunded.quantity.thousandths, sold.quantity.thousandths) ||
      !within(refunded.amount_minor, sold.amount_minor) ||
      !within(refunded.tax_minor, sold.tax_minor)) {
    return fail(Errc::kMalformed, "what was refunded before is not between zero and what was sold");
  }
  TRY_ASSIGN(const Quantity left, subtract(sold.quantity, refunded.quantity));
  if (quantity > left) {
    return fail(Errc::kState, "a refund of " + to_string(quantity) + ": of " +
                                  to_string(sold.quantity) + " sold, " + to_string(left) +
                                  " are left to refund");
  }
  LineShare share{quantity, 0, 0};
  if (quantity == left) {
    TRY_ASSIGN(share.amount_minor, checked_subtract(sold.amount_minor, refunded.amount_minor));
    TRY_ASSIGN(share.tax_minor, checked_subtract(sold.tax_minor, refunded.tax_minor));
    return share;
  }
  const Fraction now{quantity.thousandths, sold.quantity.thousandths};
  TRY_ASSIGN(share.amount_minor, part_of(Figure{sold.amount_minor, refunded.amount_minor}, now));
  TRY_ASSIGN(share.tax_minor, part_of(Figure{sold.tax_minor, refunded.tax_minor}, now));
  return share;
}

}  // namespace core::retail
