// Methods, paths and response heads. Specification: docs/formats/relay-http.md.
// Must not know sockets or the log.
#include "relay/routes.h"

#include "core/base/decimal.h"

namespace relay {
namespace {

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Content Too Large";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    case 507:
      return "Insufficient Storage";
    default:
      return "Internal Server Error";
  }
}

Route respond(Response response) {
  return Route{Action::kRespond, {}, std::move(response)};
}

Route wrong_method(std::string_view allow) {
  Response response = problem(405, "this path takes another method");
  response.extra_header = allow;
  return respond(std::move(response));
}

Route entries_route(std::string_view query) {
  constexpr std::string_view kFrom = "from=";
  if (query.empty()) return Route{Action::kEntries, {}, {}};
  if (!query.starts_with(kFrom)) {
    return respond(problem(400, "the query is not of the form from=INDEX"));
  }
  const auto from = core::parse_unsigned(query.substr(kFrom.size()));
  if (!from) return respond(problem(400, "from is no log index"));
  return Route{Action::kEntries, core::LogIndex{*from}, {}};
}

Response health(const Metrics& metrics) {
  return Response{200,
                  "application/json",
                  "{\"status\":\"ok\",\"log_size\":" + std::to_string(metrics.log_size) + "}\n",
                  {}};
}

}  // namespace

Response problem(int status, std::string_view text) {
  Response response;
  response.status = status;
  response.body = std::string(text) + "\n";
  return response;
}

Route route(std::string_view method, std::string_view target, const Metrics& metrics) {
  const std::size_t mark = target.find('?');
  const std::string_view path = target.substr(0, mark);
  const std::string_view query =
      mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
  if (path == "/v1/messages") {
    if (method != "POST") return wrong_method("Allow: POST\r\n");
    return Route{Action::kPost, {}, {}};
  }
  const bool is_get = method == "GET";
  if (path == "/v1/entries") return is_get ? entries_route(query) : wrong_method("Allow: GET\r\n");
  if (path == "/healthz") return is_get ? respond(health(metrics)) : wrong_method("Allow: GET\r\n");
  if (path == "/metrics") {
    if (!is_get) return wrong_method("Allow: GET\r\n");
    return respond(Response{200, "text/plain; version=0.0.4", prometheus_text(metrics), {}});
  }
  return respond(problem(404, "no such path"));
}

void render(std::string& out, const Response& response, bool keep_alive) {
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  out.append(reason_phrase(response.status)).append("\r\nContent-Type: ");
  out.append(response.content_type).append("\r\nContent-Length: ");
  out.append(std::to_string(response.body.size())).append("\r\n");
  out.append(response.extra_header);
  if (!keep_alive) out.append("Connection: close\r\n");
  out.append("\r\n").append(response.body);
}

void render_stream_head(std::string& out, std::uint64_t log_size, bool keep_alive) {
  out.append("HTTP/1.1 200 OK\r\nContent-Type: application/cbor-seq\r\nDaybook-Log-Size: ");
  out.append(std::to_string(log_size)).append("\r\nTransfer-Encoding: chunked\r\n");
  if (!keep_alive) out.append("Connection: close\r\n");
  out.append("\r\n");
}

}  // namespace relay
