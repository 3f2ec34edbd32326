// Reading: what those get who ask for something of a log, or put a blob beside it.
// Must not know sockets. Specification: docs/formats/relay-http.md, "Reading".
#pragma once

#include <memory>

#include "relay/response_stream.h"
#include "relay/routes.h"
#include "relay/worker.h"

namespace relay {

struct Reply {
  Response response;
  std::unique_ptr<ResponseStream> stream{};  // is the body of `response`, if there is one
};

// Answers a route that reads a log; counts and logs what goes wrong. Thread: any.
Reply read_log(Service& service, const Route& chosen, const ReadRequest& request);

// Whose log a blob is put beside, or why it is not.
struct BlobPlace {
  Tenant* tenant = nullptr;  // none: `refusal` is the response
  Response refusal{};
};
BlobPlace place_blob(Service& service, const Route& chosen, const ReadRequest& request);
// Says what Blobs::put said; counts it.
Response blob_response(Metrics& metrics, const core::Result<bool>& kept);

// The response to a stream's error before its first byte, which is logged.
Response unreadable_response(const core::Error& error);

}  // namespace relay
