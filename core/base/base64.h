// Base64 with the standard alphabet and padding (RFC 4648 section 4).
// Must not know any format.
#pragma once

#include <string>
#include <string_view>

#include "core/base/bytes.h"

namespace core {

std::string to_base64(ByteView bytes);
// Only what to_base64() writes. Errors: kMalformed.
Result<Bytes> from_base64(std::string_view text);

}  // namespace core
