// Reading: what those get who ask for something of a log, or change what lies beside it.
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

// What is to be done beside whose log, or why it is not.
struct Change {
  Tenant* tenant = nullptr;  // none: `refusal` is the response
  BlobWriter::Work work{};
  Response refusal{};
};
// Owner: `work` borrows the body.
Change change_beside(Service& service, const Route& chosen, const ReadRequest& request,
                     core::ByteView body);
// Says what a change's work said; counts it.
Response changed_response(Metrics& metrics, Action action, const core::Result<bool>& changed);

// The response to a stream's error before its first byte, which is logged.
Response unreadable_response(const core::Error& error);

}  // namespace relay
