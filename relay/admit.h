// admit: finds the log that a request's messages belong to, and refuses those that may not enter
// it. Must not know sockets. Rules: docs/formats/relay-http.md, "Admission".
#pragma once

#include <span>

#include "relay/tenant.h"

namespace relay {

struct Admitted {
  Tenant* tenant = nullptr;  // none: no message of the request may enter a log
  bool too_many = false;     // a key has sent its share: the whole request must wait
};

// Gives items that may not enter a log their refusal, and counts it.
Admitted admit(const Tenants& tenants, std::span<Item> items, std::int64_t now_s, Metrics& metrics);

}  // namespace relay
