// Methods, paths and response heads. Specification: docs/formats/relay-http.md.
// Must not know sockets or the log.
#include "relay/routes.h"

#include <algorithm>
#include <limits>

#include "core/base/decimal.h"
#include "relay/backups.h"

namespace relay {
namespace {

constexpr std::string_view kBlobs = "v1/blobs/";
constexpr std::string_view kBackupList = "v1/backups";
constexpr std::string_view kBackups = "v1/backups/";

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 410:
      return "Gone";
    case 413:
      return "Content Too Large";
    case 429:
      return "Too Many Requests";
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
  Route route;
  route.response = std::move(response);
  return route;
}

Route act(Action action) {
  Route route;
  route.action = action;
  return route;
}

Route wrong_method(std::string_view allowed) {
  Response response = problem(405, "this path takes another method");
  response.extra_headers = "Allow: " + std::string(allowed) + "\r\n";
  return respond(std::move(response));
}

Route entries_route(std::string_view query) {
  constexpr std::string_view kFrom = "from=";
  Route route = act(Action::kEntries);
  if (query.empty()) return route;
  if (!query.starts_with(kFrom)) {
    return respond(problem(400, "the query is not of the form from=INDEX"));
  }
  const auto from = core::parse_unsigned(query.substr(kFrom.size()));
  if (!from) return respond(problem(400, "from is no log index"));
  route.from = core::LogIndex{*from};
  return route;
}

Route notices_route(std::string_view query) {
  constexpr std::string_view kAfter = "after=";
  Route route = act(Action::kNotices);
  if (query.empty()) return route;
  if (!query.starts_with(kAfter)) {
    return respond(problem(400, "the query is not of the form after=INDEX"));
  }
  const auto after = core::parse_unsigned(query.substr(kAfter.size()));
  if (!after || *after == std::numeric_limits<std::uint64_t>::max()) {
    return respond(problem(400, "after is no log index"));
  }
  route.from = core::LogIndex{*after + 1};
  return route;
}

Route blob_route(std::string_view method, std::string_view name) {
  const auto hash = blob_of(name);
  if (!hash)
    return respond(problem(404, "a blob has the 64 hex digits of its SHA-256 as its name"));
  Route route = act(method == "PUT" ? Action::kPutBlob : Action::kGetBlob);
  route.blob = *hash;
  return route;
}

Route backup_list_route(std::string_view query) {
  constexpr std::string_view kAfter = "after=";
  Route route = act(Action::kListBackups);
  if (query.empty()) return route;
  route.till = query.starts_with(kAfter) ? kid_of(query.substr(kAfter.size())) : std::nullopt;
  if (!route.till) return respond(problem(400, "the query is not of the form after=KID"));
  return route;
}

Route backup_route(std::string_view method, std::string_view name) {
  const std::size_t slash = std::min(name.find('/'), name.size());
  const auto till = kid_of(name.substr(0, slash));
  const auto hash = slash < name.size() ? blob_of(name.substr(slash + 1)) : std::nullopt;
  if (!till || !hash) {
    return respond(problem(404, "a part of a backup is named by its till's kid and its SHA-256"));
  }
  Route route = act(method == "PUT"      ? Action::kPutBackup
                    : method == "DELETE" ? Action::kDeleteBackup
                                         : Action::kGetBackup);
  route.till = till;
  route.blob = *hash;
  return route;
}

// The methods of a path of one log.
std::string_view methods_of(std::string_view path) {
  if (path.starts_with(kBackups)) return "GET, PUT, DELETE";
  return path.starts_with(kBlobs) ? "GET, PUT" : "GET";
}

bool takes(std::string_view path, std::string_view method) {
  if (method == "GET") return true;
  if (method == "PUT") return path.starts_with(kBlobs) || path.starts_with(kBackups);
  return method == "DELETE" && path.starts_with(kBackups);
}

// What belongs to one log: the path behind its prefix.
Route log_route(std::string_view method, std::string_view path, std::string_view query) {
  if (path.starts_with(kBlobs)) return blob_route(method, path.substr(kBlobs.size()));
  if (path.starts_with(kBackups)) return backup_route(method, path.substr(kBackups.size()));
  if (path == kBackupList) return backup_list_route(query);
  if (path == "v1/entries") return entries_route(query);
  if (path == "v1/notices") return notices_route(query);
  if (path == "v1/roster") return act(Action::kRoster);
  if (path == "checkpoint") return act(Action::kCheckpoint);
  const auto tile = core::tlog::parse_tile_path(path);
  if (!tile) return respond(problem(404, "no such path"));
  Route route = act(Action::kTile);
  route.tile = *tile;
  return route;
}

bool belongs_to_log(std::string_view path) {
  return path == "v1/entries" || path == "v1/roster" || path == "v1/notices" ||
         path == "checkpoint" || path == kBackupList || path.starts_with(kBlobs) ||
         path.starts_with(kBackups) || path.starts_with("tile/");
}

}  // namespace

Response problem(int status, std::string_view text) {
  Response response;
  response.status = status;
  response.body = std::string(text) + "\n";
  return response;
}

Route route(std::string_view method, std::string_view target) {
  const std::size_t mark = target.find('?');
  std::string_view path = target.substr(0, mark);
  const std::string_view query =
      mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
  if (path == "/v1/messages") {
    return method == "POST" ? act(Action::kPost) : wrong_method("POST");
  }
  if (!path.starts_with('/')) return respond(problem(404, "no such path"));
  path.remove_prefix(1);
  std::string_view tenant;
  if (!belongs_to_log(path) && path != "healthz" && path != "metrics") {
    const std::size_t slash = path.find('/');
    if (slash == std::string_view::npos) return respond(problem(404, "no such path"));
    tenant = path.substr(0, slash);
    path.remove_prefix(slash + 1);
    if (tenant.empty() || !belongs_to_log(path)) return respond(problem(404, "no such path"));
  }
  if (!takes(path, method)) return wrong_method(methods_of(path));
  if (path == "healthz") return act(Action::kHealth);
  if (path == "metrics") return act(Action::kMetrics);
  Route route = log_route(method, path, query);
  route.tenant = tenant;
  return route;
}

void render(std::string& out, const Response& response, std::string_view body, bool keep_alive) {
  constexpr std::size_t kHeadSize = 192;
  out.reserve(out.size() + kHeadSize + response.extra_headers.size() + body.size());
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  out.append(reason_phrase(response.status)).append("\r\nContent-Type: ");
  out.append(response.content_type).append("\r\nContent-Length: ");
  out.append(std::to_string(body.size())).append("\r\n");
  out.append(response.extra_headers);
  if (!keep_alive) out.append("Connection: close\r\n");
  out.append("\r\n").append(body);
}

void render_stream_head(std::string& out, const Response& response, bool keep_alive) {
  out.append("HTTP/1.1 200 OK\r\nContent-Type: ").append(response.content_type).append("\r\n");
  out.append(response.extra_headers).append("Transfer-Encoding: chunked\r\n");
  if (!keep_alive) out.append("Connection: close\r\n");
  out.append("\r\n");
}

}  // namespace relay
