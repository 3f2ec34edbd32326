// Base64 text (RFC 4648 section 4): the standard alphabet, with padding.
// Must not know what the bytes are.
#pragma once

#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace core {

// Four characters for every three bytes, the last group padded with '='; no line breaks.
std::string to_base64(ByteView bytes);

// Accepts exactly what to_base64 gives, so that bytes have one text. Errors: kMalformed (a length
// that is no multiple of four, another character, padding elsewhere, bits left over that are not
// 0).
Result<Bytes> from_base64(std::string_view text);

}  // namespace core
