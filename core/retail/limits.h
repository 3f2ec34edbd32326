// Limits: what a figure and a product number may be, at the till and in the books alike, so that
// what a till could sell, head office can post.
// Must not know where a figure stands.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "core/base/ids.h"
#include "core/base/result.h"

namespace core::retail {

// Of one day at one till: nine thousand such figures still add up in 64 bits, so that no till can
// make the books overflow.
inline constexpr std::int64_t kFigureMax = 1'000'000'000'000'000;
// SQLite's integers are signed.
inline constexpr std::uint64_t kProductIdMax =
    std::uint64_t{std::numeric_limits<std::int64_t>::max()};

// Errors: kOverflow, with `what` in front of the figure.
inline Result<void> check_figure(std::int64_t figure, std::string_view what) {
  if (figure <= kFigureMax && figure >= -kFigureMax) return {};
  return fail(Errc::kOverflow, std::string(what) + " is " + std::to_string(figure) +
                                   "; figures of one day go up to " + std::to_string(kFigureMax));
}

// With `what` and the id in front.
template <typename Id>
Result<void> check_figure(std::int64_t figure, std::string_view what, Id id) {
  if (figure <= kFigureMax && figure >= -kFigureMax) return {};
  return check_figure(figure, std::string(what) + to_string(id));
}

inline Result<void> check_product_id(ProductId id) {
  if (id.value <= kProductIdMax) return {};
  return fail(Errc::kOverflow, "product " + to_string(id) + " is beyond 63 bits");
}

}  // namespace core::retail
