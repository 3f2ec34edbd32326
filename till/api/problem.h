// Problem: how the API says that something did not happen: a status, a code and what to do.
// Must not know routes. The codes: docs/errors.md; the statuses: docs/till-api.md.
#pragma once

#include <string>

#include "core/base/result.h"
#include "till/api/http_server.h"

namespace till::api {

int http_status(core::Errc code);
HttpResponse problem(int status, const std::string& code, const std::string& what);
HttpResponse problem(const core::Error& error);

}  // namespace till::api
