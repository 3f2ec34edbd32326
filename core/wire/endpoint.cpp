// Where a relay listens, as text.
// Must not know HTTP.
#include "core/wire/endpoint.h"

#include <limits>

#include "core/base/decimal.h"

namespace core::wire {

Result<Endpoint> parse_endpoint(std::string_view url) {
  const std::string whole(url);
  const auto refuse = [&whole](std::string_view why) {
    return fail(Errc::kUsage, "'" + whole + "': " + std::string(why) +
                                  "; expected HOST:PORT or http://HOST:PORT");
  };
  constexpr std::string_view kScheme = "http://";
  if (url.starts_with(kScheme)) url.remove_prefix(kScheme.size());
  if (url.ends_with('/')) url.remove_suffix(1);
  const std::size_t colon = url.rfind(':');
  if (colon == std::string_view::npos) return refuse("no port");
  std::string_view host = url.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || host.find('/') != std::string_view::npos) return refuse("no host");
  const auto port = parse_unsigned(url.substr(colon + 1));
  if (!port || *port > std::numeric_limits<std::uint16_t>::max()) return refuse("no such port");
  return Endpoint{std::string(host), static_cast<std::uint16_t>(*port)};
}

}  // namespace core::wire
