// Problem: the status of each error.
#include "till/api/problem.h"

#include "till/api/fields.h"

namespace till::api {

int http_status(core::Errc code) {
  using core::Errc;
  switch (code) {
    case Errc::kUsage:
      return 400;
    case Errc::kUnknownKey:
    case Errc::kBadSignature:
    case Errc::kNotPermitted:
    case Errc::kWrongPin:
      return 403;
    case Errc::kLockedOut:
      return 429;
    case Errc::kNotFound:
      return 404;
    case Errc::kExists:
    case Errc::kState:
    case Errc::kBusy:
      return 409;
    case Errc::kTooLarge:
      return 413;
    case Errc::kMalformed:
    case Errc::kUnbalanced:
    case Errc::kInexact:
    case Errc::kCurrency:
    case Errc::kOverflow:
    case Errc::kCycle:
      return 422;
    case Errc::kNetwork:
    case Errc::kProtocol:
      return 502;
    case Errc::kSyncFailed:
      return 503;
    case Errc::kDiskFull:
      return 507;
    case Errc::kDamaged:
    case Errc::kIo:
    case Errc::kDatabase:
      return 500;
  }
  return 500;
}

HttpResponse problem(int status, const std::string& code, const std::string& what) {
  const Json body = {{"error", code}, {"what", what}};
  return {status, body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
}

HttpResponse problem(const core::Error& error) {
  return problem(http_status(error.code), std::string(core::errc_text(error.code)), error.what);
}

}  // namespace till::api
