// BusinessDay text, by the standard library's proleptic Gregorian calendar.
#include "core/base/business_day.h"

#include <chrono>
#include <cstdio>

#include "core/base/decimal.h"

namespace core {

Result<BusinessDay> parse_business_day(std::string_view text) {
  const auto refuse = [&] {
    return fail(Errc::kMalformed,
                "'" + std::string(text.substr(0, 32)) + "' is no date; use YYYY-MM-DD");
  };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return refuse();
  const auto year = parse_unsigned(text.substr(0, 4));
  const auto month = parse_unsigned(text.substr(5, 2));
  const auto day = parse_unsigned(text.substr(8, 2));
  if (!year || !month || !day) return refuse();
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return refuse();
  const auto days = std::chrono::sys_days{date}.time_since_epoch().count();
  if (days < 0 || days > BusinessDay::kMax) return refuse();
  return BusinessDay{static_cast<std::int32_t>(days)};
}

std::string to_string(BusinessDay day) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day.days}}};
  char text[16];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

}  // namespace core
