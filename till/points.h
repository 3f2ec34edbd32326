// Points: what a till keeps so that a member's points pay once: where the balance service is, which
// holds it asked for, and how much of the day's offline allowance is used.
// Must not know the network: asking is handed in. Rules: docs/points.md; tables:
// docs/formats/journal.md.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/envelope/keys.h"
#include "core/retail/points_exchange.h"
#include "till/journal.h"

namespace till {

using core::retail::HoldId;

struct PointsService {
  std::string url;                 // empty: none, and points pay without a hold
  std::int64_t timeout_ms = 1500;  // for one answer. Shape: 1..60000
  bool operator==(const PointsService&) const = default;
};

// Sends a signed request to the service and returns the bytes that it answered. May block, for
// timeout_ms. Errors: kNetwork, kProtocol; what they are changes nothing.
using AskPoints =
    std::function<core::Result<core::Bytes>(const PointsService& service, core::ByteView request)>;

// Numbers are stored in the journal.
enum class HeldPoints : std::uint8_t {
  kAsked = 1,
  kGranted = 2,
  kOffline = 3,  // under the allowance
  kUsed = 4,     // a sale has them: of kGranted
  kUsedOffline = 5,
  kToRelease = 6,
};

struct ReservedPoints {
  HoldId id;
  bool offline = false;  // under the allowance
};

struct PointsStatus {
  PointsService service;
  bool knows_office = false;                               // head office's key of every day
  std::optional<core::retail::PointsAllowance> allowance;  // that counts on the open day
  std::int64_t offline_points = 0;                         // of it, used on the open day
  std::uint64_t to_release = 0;                            // holds
};

// What a process knows beside the journal.
struct PointsMemory {
  std::set<HoldId> in_progress;                       // of a receipt that is not finished
  std::optional<core::BusinessDay> asked_on;          // for the allowance of this day, with success
  std::optional<core::envelope::PublicKey> asked_of;  // the key that signed it
};

// A view: Till makes one for each use. Errors of all: also those of Journal::transact.
class Points {
 public:
  Points(Journal& journal, PointsMemory& memory) : journal_(journal), memory_(memory) {}

  core::Result<PointsService> service();
  core::Result<PointsStatus> status();
  // Each inside a transaction. Errors: kUsage (a timeout out of shape).
  core::Result<void> put_service(const PointsService& service);

  // Reserves a member's points for the receipt in progress: durable before the service is asked,
  // and how it ended durable before this returns. Errors: kState (no day open, not joined, no
  // service; fewer points are there), kUsage (not above zero), kUnknownKey (the service refuses),
  // kNetwork (no believable answer, and the allowance does not cover them).
  core::Result<ReservedPoints> reserve(const core::retail::MemberKey& member, std::int64_t points,
                                       const AskPoints& ask);
  // They are not needed after all.
  core::Result<void> give_up(const HoldId& id);
  // Inside the transaction of the sale that they pay. Errors: kState (they are not the member's
  // `points` of the open day).
  core::Result<void> use(const std::vector<HoldId>& ids, const core::retail::MemberKey& member,
                         std::int64_t points);

  // What the service should hear next: a release, or the day's question for the allowance; nullopt:
  // nothing. Holds that no receipt of this process has and no sale used are to be released.
  core::Result<std::optional<core::Bytes>> next_request();
  // Takes the answer to it. Errors: those of verify_points_answer, which leave it to be asked
  // again.
  core::Result<void> settle(core::ByteView request, core::ByteView answer);

 private:
  struct Kept;
  core::Result<Kept> read();
  core::Bytes signed_request(const core::retail::PointsRequest& request) const;
  // Of holds that no receipt in progress has; nullopt: none. `member`: of this one only.
  core::Result<std::optional<core::retail::PointsRequest>> next_release(
      const core::retail::MemberKey* member, const HoldId& but);
  core::Result<void> release_all_of(const core::retail::MemberKey& member, const HoldId& but,
                                    const PointsService& service, const AskPoints& ask);
  core::Result<void> set_state(const HoldId& id, HeldPoints state);
  core::Result<void> forget(const HoldId& id);
  core::Result<void> keep_allowance(const core::Bytes& allowance);
  core::Result<core::retail::PointsAnswer> verify(const Kept& kept, core::ByteView answer,
                                                  core::ByteView request) const;
  // nullopt: none that counts on the open day.
  std::optional<core::retail::PointsAllowance> allowance(const Kept& kept) const;
  // Used under the allowance on the open day. `member`: by this one.
  core::Result<std::int64_t> offline_points(const core::retail::MemberKey* member);
  core::Result<ReservedPoints> go_offline(const HoldId& id, const core::retail::MemberKey& member,
                                          std::int64_t points, const core::Error& why);

  Journal& journal_;
  PointsMemory& memory_;
};

}  // namespace till
