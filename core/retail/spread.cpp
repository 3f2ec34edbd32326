// Spread by the largest remainder. Rules: core/retail/spread.h.
#include "core/retail/spread.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/base/arithmetic.h"

namespace core::retail {
namespace {

// Shape: the quotient is an integer.
Result<std::int64_t> divide_exact128(Int128 numerator, Int128 denominator) {
  const Int128 quotient = numerator / denominator;
  if (quotient > INT64_MAX || quotient < INT64_MIN) {
    return fail(Errc::kOverflow, "a share does not fit 64 bits");
  }
  return static_cast<std::int64_t>(quotient);
}

}  // namespace

Result<std::vector<std::int64_t>> spread(std::int64_t amount_minor,
                                         const std::vector<std::int64_t>& weights) {
  struct Cut {
    std::size_t line = 0;
    Int128 remainder = 0;
  };
  Int128 sum = 0;
  for (const std::int64_t weight : weights) {
    if (weight < 0) return fail(Errc::kMalformed, "an amount is shared out over one below zero");
    sum += weight;
  }
  if (amount_minor < 0) return fail(Errc::kMalformed, "an amount below zero is shared out");
  std::vector<std::int64_t> shares(weights.size());
  if (amount_minor == 0) return shares;
  if (sum == 0) return fail(Errc::kMalformed, "there is nothing to share the amount out over");
  std::vector<Cut> cuts;
  Int128 missing = amount_minor;
  for (std::size_t line = 0; line < weights.size(); ++line) {
    const Int128 exact = Int128{amount_minor} * weights[line];
    shares[line] = static_cast<std::int64_t>(exact / sum);  // at most the amount
    missing -= shares[line];
    cuts.push_back({line, exact % sum});
  }
  std::stable_sort(cuts.begin(), cuts.end(),
                   [](const Cut& a, const Cut& b) { return a.remainder > b.remainder; });
  // The remainders add up to `missing` sums, and each is below one.
  for (const Cut& cut : cuts) {
    if (missing == 0) break;
    CORE_CHECK(cut.remainder > 0);
    ++shares[cut.line];
    --missing;
  }
  CORE_CHECK(missing == 0);
  return shares;
}

Result<std::vector<std::int64_t>> spread_signed(std::int64_t amount_minor,
                                                const std::vector<std::int64_t>& weights) {
  std::vector<std::int64_t> shares(weights.size());
  if (amount_minor == 0) return shares;
  Int128 sum = 0;
  for (const std::int64_t weight : weights) sum += weight;
  if (sum == 0) return fail(Errc::kMalformed, "there is nothing to share the amount out over");
  const int sign = sum < 0 ? -1 : 1;
  sum *= sign;
  std::vector<std::pair<Int128, std::size_t>> cuts;  // remainder, line
  Int128 missing = amount_minor;
  for (std::size_t line = 0; line < weights.size(); ++line) {
    const Int128 exact = Int128{amount_minor} * weights[line] * sign;
    const Int128 remainder = (exact % sum + sum) % sum;
    TRY_ASSIGN(shares[line], divide_exact128(exact - remainder, sum));
    missing -= shares[line];
    cuts.emplace_back(remainder, line);
  }
  std::stable_sort(cuts.begin(), cuts.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  for (const auto& [remainder, line] : cuts) {
    if (missing == 0) break;
    TRY_ASSIGN(shares[line], checked_add(shares[line], 1));
    --missing;
  }
  CORE_CHECK(missing == 0);
  return shares;
}

}  // namespace core::retail
