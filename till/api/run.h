// Run: a till that stays open and answers, until it is told to stop.
// Must not know the command line or how the journal is opened.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "till/api/backup_carrier.h"
#include "till/api/courier.h"
#include "till/api/notice_carrier.h"
#include "till/api/points_desk.h"
#include "till/till.h"

namespace till::api {

struct RunOptions {
  std::filesystem::path socket{};      // empty: none
  std::string http{};                  // "127.0.0.1:8700"; empty: none
  std::vector<std::string> origins{};  // of pages that may ask over HTTP
  Courier* courier = nullptr;          // none: the outbox is not sent
  BackupCarrier* carrier = nullptr;    // none: nothing is copied to far targets
  NoticeCarrier* notices = nullptr;    // none: head office is not listened to
  Printer* printer = nullptr;          // none: nothing is printed
  PointsDesk* points = nullptr;        // none: the balance service is away
};

// Serves until SIGTERM or SIGINT, and tells the service manager when it is ready and that it lives.
// `say` gets a line for each place that it listens at, `warn` what went wrong beside the answers: a
// backup that was not copied, a relay that is away. Errors: kUsage (an address, an origin),
// those of HttpServer::listen; kSyncFailed (the journal failed: it must be opened again).
core::Result<void> run(Till& till, const core::Clock& clock, const RunOptions& options,
                       const std::function<void(const std::string&)>& say,
                       const std::function<void(const std::string&)>& warn);

}  // namespace till::api
