// Ask: blocking talk with a server on the loopback, for what happens outside of the measured time.
// Must not know protocols.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace bench {

// A port that nobody listens on now.
core::Result<std::uint16_t> free_port();

// A blocking connection to 127.0.0.1, without Nagle's delay. Errors: kNetwork.
core::Result<int> connect_to(std::uint16_t port);

// Connects, sends `text` and reads until `complete` says that all is there. Errors: kNetwork (no
// connection, closed early, silent for 10 s).
core::Result<std::string> ask(std::uint16_t port, std::string_view text,
                              const std::function<bool(std::string_view)>& complete);

}  // namespace bench
