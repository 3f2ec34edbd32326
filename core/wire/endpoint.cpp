// Where a relay listens, as text.
// Must not know HTTP.
#include "core/wire/endpoint.h"

#include <algorithm>
#include <limits>

#include "core/base/decimal.h"

namespace core::wire {

Result<Endpoint> parse_endpoint(std::string_view url) {
  const std::string whole(url);
  const auto refuse = [&whole](std::string_view why) {
    return fail(Errc::kUsage, "'" + whole + "': " + std::string(why) +
                                  "; expected HOST:PORT or http[s]://HOST:PORT[/LOG]");
  };
  Endpoint endpoint;
  constexpr std::string_view kPlain = "http://";
  constexpr std::string_view kTls = "https://";
  endpoint.tls = url.starts_with(kTls);
  if (url.starts_with(kPlain)) url.remove_prefix(kPlain.size());
  if (endpoint.tls) url.remove_prefix(kTls.size());
  if (url.ends_with('/')) url.remove_suffix(1);
  if (const std::size_t slash = url.find('/'); slash != std::string_view::npos) {
    endpoint.prefix = url.substr(slash);
    url = url.substr(0, slash);
    const bool plain = std::all_of(endpoint.prefix.begin() + 1, endpoint.prefix.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
    if (!plain || endpoint.prefix.size() < 2) return refuse("no log's name after the '/'");
  }
  const std::size_t colon = url.rfind(':');
  if (colon == std::string_view::npos) return refuse("no port");
  std::string_view host = url.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return refuse("no host");
  const auto port = parse_unsigned(url.substr(colon + 1));
  if (!port || *port > std::numeric_limits<std::uint16_t>::max()) return refuse("no such port");
  endpoint.host = host;
  endpoint.port = static_cast<std::uint16_t>(*port);
  return endpoint;
}

}  // namespace core::wire
