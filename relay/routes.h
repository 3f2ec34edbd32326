// Routes: what a request asks for, and the text of every response.
// Must not know sockets or the log. Specification: docs/formats/relay-http.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/ids.h"
#include "core/envelope/keys.h"
#include "core/tlog/tile.h"

namespace relay {

struct Response {
  int status = 200;
  std::string_view content_type = "text/plain; charset=utf-8";
  std::string body;
  std::string extra_headers;  // whole lines, or nothing
};

enum class Action {
  kRespond,     // `response` is complete
  kPost,        // the body goes to a sequencer
  kHealth,      // of the relay
  kMetrics,     // of the relay
  kCheckpoint,  // of `tenant`'s log
  kTile,        // `tile` of it: hashes, or entries
  kEntries,     // stream its entries from `from`
  kRoster,      // of `tenant`
  kNotices,     // for one of its tills, with an index of at least `from`
  kGetBlob,     // `blob`, beside its log
  kPutBlob,
  kListBackups,  // that wait, of keys behind `till`
  kGetBackup,    // part `blob` of `till`'s
  kPutBackup,
  kDeleteBackup,
};

struct Route {
  Action action = Action::kRespond;
  std::string_view tenant;  // borrowed from the target; "": the only one
  core::LogIndex from;
  core::tlog::Tile tile;
  core::envelope::Hash blob;
  std::optional<core::envelope::Kid> till;
  Response response;
};

// Decides by method and target alone.
Route route(std::string_view method, std::string_view target);

// An error response: a line of text.
Response problem(int status, std::string_view text);

// Status line, headers and body, appended to `out`. The body is `body`, not the response's.
void render(std::string& out, const Response& response, std::string_view body, bool keep_alive);
// Status line and headers of a chunked response, which has the others of `response`.
void render_stream_head(std::string& out, const Response& response, bool keep_alive);

}  // namespace relay
