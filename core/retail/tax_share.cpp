// Tax share: one rounding per tax code, then whole minor units handed to lines by remainder.
// Must not round anywhere else. Rules: core/retail/tax_share.h.
#include "core/retail/tax_share.h"

#include <algorithm>
#include <string>

#include "core/base/arithmetic.h"

namespace core::retail {
namespace {

constexpr std::int32_t kBasisPointsInOne = 10000;

// numerator / denominator, at most one: the tax of an amount.
struct Fraction {
  std::int64_t numerator = 0;
  std::int64_t denominator = 1;
};

Result<Fraction> fraction_of(const TaxRates& rates, TaxCode code) {
  const auto it = rates.find(code);
  if (it == rates.end()) return fail(Errc::kNotFound, "no rate for tax code " + to_string(code));
  const TaxRate& rate = it->second;
  if (rate.code != code) {
    return fail(Errc::kMalformed,
                "tax " + to_string(rate.code) + " stands under code " + to_string(code));
  }
  if (rate.basis_points < 0 || rate.basis_points > kBasisPointsInOne) {
    return fail(Errc::kMalformed, "tax " + to_string(code) + ": a rate is 0 to 10000 basis points");
  }
  return Fraction{rate.basis_points, rate.inclusive
                                         ? std::int64_t{kBasisPointsInOne} + rate.basis_points
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

Result<TaxSum> row_of(TaxCode code, const TaxRate& rate, std::int64_t sum, std::int64_t tax) {
  if (rate.inclusive) {
    TRY_ASSIGN(const std::int64_t net, checked_subtract(sum, tax));
    return TaxSum{code, sum, tax, net};
  }
  TRY_ASSIGN(const std::int64_t gross, checked_add(sum, tax));
  return TaxSum{code, gross, tax, sum};
}

}  // namespace

Result<ReceiptTax> share_tax(const TaxRates& rates, const std::vector<TaxedLine>& lines) {
  std::map<TaxCode, std::vector<std::size_t>> by_code;
  for (std::size_t line = 0; line < lines.size(); ++line) {
    by_code[lines[line].code].push_back(line);
  }
  ReceiptTax receipt;
  receipt.line_tax_minor.resize(lines.size());
  for (const auto& [code, members] : by_code) {
    TRY_ASSIGN(const Fraction fraction, fraction_of(rates, code));
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
    TRY_ASSIGN(const TaxSum row, row_of(code, rates.at(code), *sum, tax));
    receipt.rows.push_back(row);
  }
  return receipt;
}

Result<void> tax_lines(const TaxRates& rates, std::vector<SaleLine>& lines) {
  std::vector<TaxedLine> taxed;
  taxed.reserve(lines.size());
  for (const SaleLine& line : lines) taxed.push_back({line.tax, line.amount.minor});
  TRY_ASSIGN(const ReceiptTax tax, share_tax(rates, taxed));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    SaleLine& line = lines[i];
    line.tax_amount = Money{tax.line_tax_minor[i], line.amount.currency};
    if (rates.at(line.tax).inclusive) continue;
    TRY_ASSIGN(line.amount, add(line.amount, line.tax_amount));
  }
  return {};
}

}  // namespace core::retail
