// Values in PostgreSQL's binary form, both ways. Source: PostgreSQL 15, src/backend/utils/adt
// (int8send, bytea, textsend, numeric_send) and the manual's "COPY", "Binary Format".
// Must not know connections.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace core::postgres {

// A type's number in pg_type.
using Oid = unsigned int;
inline constexpr Oid kBool = 16;
inline constexpr Oid kBytea = 17;
inline constexpr Oid kInt8 = 20;
inline constexpr Oid kInt2 = 21;
inline constexpr Oid kInt4 = 23;
inline constexpr Oid kText = 25;
inline constexpr Oid kNumeric = 1700;

// A number for a parameter of this type; into bytes it goes as its decimal digits.
// Errors: kDatabase (the type takes no numbers), kOverflow.
Result<std::string> encode_int(Oid type, std::int64_t value);
// Errors: kDatabase (the type takes no text or bytes).
Result<std::string> encode_bytes(Oid type, std::string_view value);

// A column as a number: a truth value is 0 or 1, and bytes are read as decimal digits, 0 if they
// are none. Errors: kOverflow (it does not fit), kDatabase (no such column can be read).
Result<std::int64_t> decode_int(Oid type, std::string_view value);
// Whether its bytes are what it says, as they come.
bool is_bytes(Oid type);

// A row as COPY takes it, after the ones in `out`. nullopt: NULL.
void append_copy_row(std::string& out, const std::optional<std::string>* values, std::size_t count);
// What stands before the first row and after the last one.
std::string_view copy_head();
std::string_view copy_tail();

}  // namespace core::postgres
