// Texts and exit statuses of the closed error list. See docs/errors.md.
#include "core/base/result.h"

namespace core {

std::string_view errc_text(Errc code) {
  switch (code) {
    case Errc::kUsage:
      return "usage";
    case Errc::kNotFound:
      return "not-found";
    case Errc::kExists:
      return "exists";
    case Errc::kBusy:
      return "busy";
    case Errc::kState:
      return "state";
    case Errc::kOverflow:
      return "overflow";
    case Errc::kInexact:
      return "inexact";
    case Errc::kCurrency:
      return "currency";
    case Errc::kMalformed:
      return "malformed";
    case Errc::kTooLarge:
      return "too-large";
    case Errc::kBadSignature:
      return "bad-signature";
    case Errc::kUnknownKey:
      return "unknown-key";
    case Errc::kUnbalanced:
      return "unbalanced";
    case Errc::kCycle:
      return "cycle";
    case Errc::kDamaged:
      return "damaged";
    case Errc::kDiskFull:
      return "disk-full";
    case Errc::kIo:
      return "io";
    case Errc::kSyncFailed:
      return "sync-failed";
    case Errc::kNetwork:
      return "network";
    case Errc::kProtocol:
      return "protocol";
    case Errc::kDatabase:
      return "database";
    case Errc::kNotPermitted:
      return "not-permitted";
    case Errc::kWrongPin:
      return "wrong-pin";
    case Errc::kLockedOut:
      return "locked-out";
  }
  return "unknown";
}

std::string describe(const Error& error) {
  return std::string(errc_text(error.code)) + ": " + error.what;
}

int exit_status(Errc code) {
  return code == Errc::kUsage ? 2 : 1;
}

}  // namespace core
