// BusinessDay: the label of a till's day, a calendar date without time or zone.
// Must not be used to order messages: order comes from sequences.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace core {

struct BusinessDay {
  // Days since 1970-01-01, proleptic Gregorian. Shape: 0 .. 73,048 (2169-12-31).
  std::int32_t days = 0;
  static constexpr std::int32_t kMax = 73048;
  auto operator<=>(const BusinessDay&) const = default;
};

// "2026-11-21". Errors: kMalformed (another form, no such date, out of range).
Result<BusinessDay> parse_business_day(std::string_view text);
std::string to_string(BusinessDay day);

}  // namespace core
