// Base45 text (RFC 9285): bytes in the characters of a QR code's alphanumeric mode.
// Must not know what the bytes are.
#pragma once

#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace core {

// Three characters for every two bytes, two for a last single one. It never ends in a space, so
// that nothing is lost where text is trimmed.
std::string to_base45(ByteView bytes);

// Accepts exactly what to_base45 gives. Errors: kMalformed (a character of no digit, a length that
// no bytes have, a group above its bytes' range).
Result<Bytes> from_base45(std::string_view text);

}  // namespace core
