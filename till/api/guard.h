// Guard: which requests are looked at at all. A page in a browser on the same machine reaches
// loopback as well: by a name that leads there (DNS rebinding), or by a form or a script of another
// site (CSRF). Such requests end here.
// Must not know routes. What is checked, and why: docs/till-api.md, "Who may ask".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "till/api/http_server.h"

namespace till::api {

struct Guard {
  std::uint16_t port = 0;            // of loopback
  std::vector<std::string> origins;  // of pages that may ask, such as "http://localhost:3000"
};

// The refusal; nullopt: the request may be looked at.
std::optional<HttpResponse> refuse(const HttpRequest& request, const Guard& guard);
// What lets a page of an allowed origin read the response; none for other requests.
std::vector<std::pair<std::string, std::string>> fields_for_origin(const HttpRequest& request,
                                                                   const Guard& guard);
// The answer to a browser that asks beforehand; nullopt: it is another request.
std::optional<HttpResponse> answer_preflight(const HttpRequest& request, const Guard& guard);

}  // namespace till::api
