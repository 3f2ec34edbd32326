// Endpoint: where a relay listens.
// Must not know HTTP.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace core::wire {

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  bool tls = false;
  std::string prefix{};  // of a log among several: "/shops", or nothing
};
// "https://relay.example:443/shops", "http://127.0.0.1:8080" or "127.0.0.1:8080". Errors: kUsage.
Result<Endpoint> parse_endpoint(std::string_view url);

}  // namespace core::wire
