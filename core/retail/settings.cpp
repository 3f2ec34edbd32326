// Settings: points and members.
#include "core/retail/settings.h"

#include <algorithm>

#include "core/base/arithmetic.h"
#include "core/base/whole_file.h"
#include "core/envelope/keys.h"
#include "core/retail/limits.h"

namespace core::retail {
namespace {

constexpr std::size_t kMemberKeyBytes = 32;
constexpr std::int64_t kDayMinutes = 1440;
constexpr std::int64_t kKeyDaysMax = 36'500;

}  // namespace

Result<void> check_settings(const Settings& settings) {
  for (const std::int64_t figure :
       {settings.earn_minor_per_point, settings.value_minor_per_point}) {
    TRY(check_figure(figure, "a setting of points"));
    if (figure < 0) return fail(Errc::kMalformed, "a setting of points is below zero");
  }
  if (!settings.member_key.empty() && settings.member_key.size() != kMemberKeyBytes) {
    return fail(Errc::kMalformed, "the member key has " +
                                      std::to_string(settings.member_key.size()) +
                                      " bytes; 32 are needed");
  }
  if (settings.delivery_cut_off_minutes < 0 || settings.delivery_cut_off_minutes > kDayMinutes) {
    return fail(Errc::kMalformed, "an opening waits 0 to 1440 minutes for the delivery");
  }
  if (settings.key_days < 0 || settings.key_days > kKeyDaysMax) {
    return fail(Errc::kMalformed, "a key is in use for 1 to 36500 days, or, with 0, for ever");
  }
  return {};
}

Result<Bytes> read_member_key(const std::filesystem::path& file) {
  TRY_ASSIGN(std::string text, read_whole_file(file));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  auto key = from_hex(text);
  if (!key) return fail(key.error().code, file.string() + ": " + key.error().what);
  return key;
}

Result<std::int64_t> points_earned(const Settings& settings, Money net) {
  if (settings.earn_minor_per_point == 0 || net.minor <= 0) return std::int64_t{0};
  return net.minor / settings.earn_minor_per_point;
}

Result<Money> worth_of_points(const Settings& settings, std::int64_t points, Currency currency) {
  if (settings.value_minor_per_point == 0) {
    return fail(Errc::kState, "points cannot pay here: the settings give them no value");
  }
  if (points <= 0) return fail(Errc::kMalformed, "points that pay are a number above zero");
  TRY_ASSIGN(const std::int64_t minor,
             divide_exact(Int128{points} * settings.value_minor_per_point, 1));
  return Money{minor, currency};
}

Result<MemberKey> member_of(const Settings& settings, std::string_view phone) {
  if (settings.member_key.empty()) {
    return fail(Errc::kState, "members are not known here: the settings have no member key");
  }
  std::string digits;
  for (const char c : phone) {
    if (c >= '0' && c <= '9') {
      digits += c;
    } else if (std::string_view(" +-().").find(c) == std::string_view::npos) {
      return fail(Errc::kMalformed, "a phone number has digits, spaces, + - ( ) and . only");
    }
  }
  if (digits.size() < 6 || digits.size() > 15) {
    return fail(Errc::kMalformed, "a phone number has 6 to 15 digits, with its country's in front");
  }
  const envelope::Hash hash = envelope::hmac_sha256(settings.member_key, as_bytes(digits));
  return MemberKey::from(hash.view().first(MemberKey::kSize));
}

}  // namespace core::retail
