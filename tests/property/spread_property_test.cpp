// Random amounts over random lines, against a model of exact fractions.
#include <doctest/doctest.h>

#include <numeric>

#include "core/base/arithmetic.h"
#include "core/base/random.h"
#include "core/retail/spread.h"

using namespace core;
using namespace core::retail;

namespace {

constexpr std::int64_t kLimits[] = {1, 3, 20, 999, 250'000, 1'000'000'000'000'000};

std::vector<std::int64_t> random_weights(Random& random) {
  std::vector<std::int64_t> weights(random.between(1, 25));
  const auto limit = static_cast<std::uint64_t>(kLimits[random.between(0, 5)]);
  for (std::int64_t& weight : weights) weight = static_cast<std::int64_t>(random.between(0, limit));
  return weights;
}

}  // namespace

TEST_CASE("shares add up, are less than one minor unit off, and go to who lost most") {
  std::size_t above_cut = 0;
  for (std::uint64_t seed = 1; seed <= 20000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const auto weights = random_weights(random);
    const std::int64_t sum = std::accumulate(weights.begin(), weights.end(), std::int64_t{0});
    if (sum == 0) continue;
    const auto amount =
        static_cast<std::int64_t>(random.between(0, static_cast<std::uint64_t>(sum)));
    const auto shares = spread(amount, weights);
    REQUIRE(shares);
    REQUIRE(shares->size() == weights.size());
    CHECK(std::accumulate(shares->begin(), shares->end(), std::int64_t{0}) == amount);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      // Over the common denominator: what this line has above its exact part.
      const Int128 over = Int128{(*shares)[i]} * sum - Int128{amount} * weights[i];
      CHECK(over < sum);
      CHECK(over > -sum);
      CHECK((*shares)[i] >= 0);
      CHECK((*shares)[i] <= weights[i]);
      if (over <= 0) continue;
      ++above_cut;
      // Rounded up: no line that was cut off lost more, nor as much and stands before it.
      for (std::size_t j = 0; j < weights.size(); ++j) {
        const Int128 other = Int128{(*shares)[j]} * sum - Int128{amount} * weights[j];
        if (other >= 0) continue;
        const Int128 lost_here = sum - over;
        CHECK((-other < lost_here || (-other == lost_here && i < j)));
      }
    }
  }
  CHECK(above_cut > 1000);  // lines were rounded up at all
}

TEST_CASE("what cannot be shared out is said") {
  CHECK(spread(0, {})->empty());
  CHECK(*spread(0, {0, 5}) == std::vector<std::int64_t>{0, 0});
  CHECK(*spread(10, {1, 1, 1}) == std::vector<std::int64_t>{4, 3, 3});
  CHECK(*spread(1, {1, 2, 0}) == std::vector<std::int64_t>{0, 1, 0});
  CHECK(spread(1, {}).error().code == Errc::kMalformed);
  CHECK(spread(1, {0, 0}).error().code == Errc::kMalformed);
  CHECK(spread(-1, {1}).error().code == Errc::kMalformed);
  CHECK(spread(1, {2, -1}).error().code == Errc::kMalformed);
}

TEST_CASE(
    "weights of both signs: shares add up, are less than one off, and are spread's where none is "
    "below") {
  std::size_t mixed = 0;
  for (std::uint64_t seed = 1; seed <= 20000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    auto weights = random_weights(random);
    const bool is_mixed = random.between(0, 1) == 0;
    for (std::int64_t& weight : weights) {
      if (is_mixed && random.between(0, 2) == 0) weight = -weight;
    }
    const std::int64_t sum = std::accumulate(weights.begin(), weights.end(), std::int64_t{0});
    const auto amount = static_cast<std::int64_t>(random.between(0, 2'000'000)) - 1'000'000;
    const auto shares = spread_signed(amount, weights);
    if (sum == 0 && amount != 0) {
      CHECK(shares.error().code == Errc::kMalformed);
      continue;
    }
    REQUIRE(shares);
    CHECK(std::accumulate(shares->begin(), shares->end(), std::int64_t{0}) == amount);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const Int128 over = Int128{(*shares)[i]} * sum - Int128{amount} * weights[i];
      const Int128 limit = sum < 0 ? -Int128{sum} : Int128{sum};
      CHECK((amount == 0 || (over < limit && over > -limit)));
    }
    if (!is_mixed && amount >= 0) CHECK(*shares == *spread(amount, weights));
    mixed += is_mixed;
  }
  CHECK(mixed > 1000);
  const auto large = spread_signed(INT64_MAX, {INT64_MAX, -(INT64_MAX - 1)});
  CHECK(large.error().code == Errc::kOverflow);
}
