// Command `points-service`: where the balance service is, and what is to be said to it.
#include "core/wire/relay_client.h"
#include "till/command_support.h"
#include "till/commands.h"

namespace till {

using core::Errc;
using core::fail;
using core::Result;

namespace {

// Releases what waits, and fetches the day's allowance.
Result<void> tell_service(Till& till, const PointsService& service, const AskPoints& ask) {
  while (true) {
    TRY_ASSIGN(const auto request, till.points().next_request());
    if (!request) return {};
    TRY_ASSIGN(const core::Bytes answer, ask(service, *request));
    TRY(till.points().settle(*request, answer));
  }
}

std::string points_text(const PointsStatus& status) {
  if (status.service.url.empty()) return "balance service none: points pay without being held\n";
  std::string out = "balance service " + status.service.url + ", " +
                    std::to_string(status.service.timeout_ms) + " ms\n";
  if (!status.knows_office) out += "head office's key is not known: join again\n";
  if (status.allowance) {
    out += "allowance through " + to_string(status.allowance->through) + ": " +
           std::to_string(status.allowance->member_points) + " points of a member and " +
           std::to_string(status.allowance->total_points) + " in all a day\n";
  } else {
    out += "allowance none\n";
  }
  return out + "used of it today " + std::to_string(status.offline_points) +
         " points\nholds to release " + std::to_string(status.to_release) + "\n";
}

}  // namespace

Result<AskPoints> points_over_http(const std::filesystem::path& authorities) {
  std::shared_ptr<const core::tls::Context> trust;
  if (!authorities.empty()) {
    TRY_ASSIGN(trust, core::tls::Context::client(authorities));
  }
  return AskPoints([trust](const PointsService& service,
                           core::ByteView request) -> Result<core::Bytes> {
    TRY_ASSIGN(const auto endpoint, core::wire::parse_endpoint(service.url));
    core::wire::RelayClient client(endpoint, std::chrono::milliseconds(service.timeout_ms), trust);
    return client.exchange(core::retail::kPointsPath, core::retail::kPointsContentType, request);
  });
}

Result<void> run_points_service(const CommandWords& words) {
  TRY_ASSIGN(Till till, open_till(words));
  TRY_ASSIGN(PointsService service, till.points().service());
  if (words.url) service.url = *words.url;
  if (words.points_timeout_ms) service.timeout_ms = *words.points_timeout_ms;
  if (!service.url.empty()) TRY(core::wire::parse_endpoint(service.url));
  TRY(till.set_points_service(service));
  TRY_ASSIGN(const AskPoints ask, points_over_http(words.authorities));
  const auto told = tell_service(till, service, ask);
  TRY_ASSIGN(const PointsStatus status, till.points().status());
  print(points_text(status));
  if (!told) return fail(told.error());
  return {};
}

}  // namespace till
