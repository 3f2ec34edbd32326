// Values: integers with their highest byte first; numeric in digits to the base 10000.
#include "core/postgres/values.h"

#include <charconv>
#include <limits>

namespace core::postgres {
namespace {

constexpr Oid kUnknown = 705;
constexpr Oid kVarchar = 1043;

template <typename Unsigned>
void put_big(std::string& out, Unsigned value) {
  for (int shift = static_cast<int>(sizeof value) * 8 - 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(value >> shift & 0xff);
  }
}

std::uint64_t get_big(std::string_view in) {
  std::uint64_t value = 0;
  for (const char byte : in) value = value << 8 | static_cast<std::uint8_t>(byte);
  return value;
}

std::int16_t get_int16(std::string_view in, std::size_t at) {
  return static_cast<std::int16_t>(get_big(in.substr(at, 2)));
}

Unexpected too_large() {
  return fail(Errc::kOverflow, "a sum does not fit 64 bits");
}

Unexpected no_integer() {
  return fail(Errc::kDatabase, "a column is a number with a fraction, or none at all");
}

// ndigits, weight, sign and scale in two bytes each, then the digits; digit i counts
// 10000^(weight - i). Digits are taken from zero downwards, which has one number more.
Result<std::int64_t> decode_numeric(std::string_view value) {
  constexpr std::uint64_t kNegative = 0x4000;
  if (value.size() < 8) return no_integer();
  const int digits = get_int16(value, 0);
  const int weight = get_int16(value, 2);
  const std::uint64_t sign = get_big(value.substr(4, 2));
  if ((sign != 0 && sign != kNegative) || value.size() != 8 + 2 * static_cast<std::size_t>(digits))
    return no_integer();
  std::int64_t sum = 0;
  for (int i = 0; i < digits || (digits > 0 && i <= weight); ++i) {
    const std::int64_t digit =
        i < digits ? get_int16(value, 8 + 2 * static_cast<std::size_t>(i)) : 0;
    if (i > weight && digit != 0) return no_integer();
    if (i > weight) break;
    if (__builtin_mul_overflow(sum, std::int64_t{10000}, &sum)) return too_large();
    if (__builtin_sub_overflow(sum, digit, &sum)) return too_large();
  }
  if (sign == kNegative) return sum;
  if (sum == std::numeric_limits<std::int64_t>::min()) return too_large();
  return -sum;
}

}  // namespace

bool is_bytes(Oid type) {
  return type == kBytea || type == kText || type == kVarchar || type == kUnknown;
}

Result<std::string> encode_int(Oid type, std::int64_t value) {
  std::string out;
  if (type == kInt8) {
    put_big(out, static_cast<std::uint64_t>(value));
    return out;
  }
  if (type == kInt4 || type == kInt2) {
    const bool fits = type == kInt4 ? value == static_cast<std::int32_t>(value)
                                    : value == static_cast<std::int16_t>(value);
    if (!fits) return fail(Errc::kOverflow, "a number does not fit its parameter");
    if (type == kInt4) put_big(out, static_cast<std::uint32_t>(value));
    if (type == kInt2) put_big(out, static_cast<std::uint16_t>(value));
    return out;
  }
  if (is_bytes(type)) return std::to_string(value);
  return fail(Errc::kDatabase, "a number for a parameter of type " + std::to_string(type));
}

Result<std::string> encode_bytes(Oid type, std::string_view value) {
  if (is_bytes(type)) return std::string(value);
  return fail(Errc::kDatabase, "bytes for a parameter of type " + std::to_string(type));
}

Result<std::int64_t> decode_int(Oid type, std::string_view value) {
  switch (type) {
    case kInt8:
      return static_cast<std::int64_t>(get_big(value));
    case kInt4:
      return std::int64_t{static_cast<std::int32_t>(get_big(value))};
    case kInt2:
      return std::int64_t{static_cast<std::int16_t>(get_big(value))};
    case kBool:
      return static_cast<std::int64_t>(get_big(value));
    case kNumeric:
      return decode_numeric(value);
    default:
      break;
  }
  if (!is_bytes(type)) return no_integer();
  std::int64_t number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

void append_copy_row(std::string& out, const std::optional<std::string>* values,
                     std::size_t count) {
  put_big(out, static_cast<std::uint16_t>(count));
  for (std::size_t i = 0; i < count; ++i) {
    put_big(out, values[i] ? static_cast<std::uint32_t>(values[i]->size()) : 0xffffffffU);
    if (values[i]) out += *values[i];
  }
}

std::string_view copy_head() {
  // The signature, no flags, no extension.
  static constexpr char kHead[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0";
  return {kHead, 19};
}

std::string_view copy_tail() {
  return "\377\377";
}

}  // namespace core::postgres
