// Guard: Host, Origin, Sec-Fetch-Site and Content-Type of a request.
#include "till/api/guard.h"

#include <algorithm>
#include <cctype>

#include "till/api/problem.h"

namespace till::api {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool is_allowed_origin(const HttpRequest& request, const Guard& guard) {
  return std::find(guard.origins.begin(), guard.origins.end(), request.origin) !=
         guard.origins.end();
}

// By a name of this machine that no name server gives out.
bool is_own_host(const HttpRequest& request, const Guard& guard) {
  const std::string port = ":" + std::to_string(guard.port);
  const std::string host = lower(request.host);
  return host == "127.0.0.1" + port || host == "[::1]" + port || host == "localhost" + port;
}

bool is_json(const std::string& content_type) {
  const std::string type = lower(content_type.substr(0, content_type.find(';')));
  return type == "application/json" || type == "application/json ";
}

bool reads(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

}  // namespace

std::optional<HttpResponse> refuse(const HttpRequest& request, const Guard& guard) {
  if (!request.by_socket && !is_own_host(request, guard)) {
    return problem(421, "usage", "'" + request.host + "' is not this till's own address");
  }
  if (!request.origin.empty() && !is_allowed_origin(request, guard)) {
    return problem(403, "not-permitted",
                   "pages of " + request.origin +
                       " may not use this till; daybook-till run --allow-origin names those that "
                       "may");
  }
  const bool other_site = !request.fetch_site.empty() && request.fetch_site != "same-origin" &&
                          request.fetch_site != "none";
  if (other_site && request.origin.empty()) {
    return problem(403, "not-permitted", "the request comes from a page of another site");
  }
  if (reads(request)) return std::nullopt;
  // A form can send no other type than three, and a script none without asking beforehand.
  if (request.method != "OPTIONS" && !is_json(request.content_type)) {
    return problem(415, "usage",
                   "a request that changes something has Content-Type: "
                   "application/json");
  }
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> fields_for_origin(const HttpRequest& request,
                                                                   const Guard& guard) {
  if (request.origin.empty() || !is_allowed_origin(request, guard)) return {};
  return {{"Access-Control-Allow-Origin", request.origin}, {"Vary", "Origin"}};
}

std::optional<HttpResponse> answer_preflight(const HttpRequest& request, const Guard& guard) {
  if (request.method != "OPTIONS" || !is_allowed_origin(request, guard)) return std::nullopt;
  HttpResponse out{204};
  out.fields = {{"Access-Control-Allow-Methods", "GET, POST"},
                {"Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key"},
                {"Access-Control-Max-Age", "600"}};
  return out;
}

}  // namespace till::api
