// Holds: the file of points that tills reserved: holds.db. Every change is durable when it returns.
// Must not know keys, signatures or how a request came. Rules and table: docs/points.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "core/base/business_day.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/keys.h"
#include "core/retail/points_exchange.h"
#include "core/sqlite/database.h"
#include "ledger-rebuild/booked_points.h"

namespace rebuild {

// Whose hold it is.
struct HoldOwner {
  core::envelope::Kid kid;
  core::TillRef till;
  core::Epoch epoch;
};

// Numbers are stored in holds.db.
enum class HoldState : std::uint8_t {
  kHeld = 1,
  kReleased = 2,  // also one that was never asked for: its release came first
  kTooFew = 3,
};

struct Hold {
  HoldOwner owner;
  core::retail::HoldId id;
  core::BusinessDay day;
  core::retail::MemberKey member;
  std::int64_t points = 0;
  HoldState state = HoldState::kHeld;
  std::optional<std::int64_t> settled{};  // the closing that took it over, last time it was looked
};

struct HoldVerdict {
  core::retail::PointsVerdict verdict = core::retail::PointsVerdict::kRefused;
  std::int64_t available = 0;
  std::string reason{};
};

// Errors of all: those of core::sqlite::Database.
class Holds {
 public:
  // Makes the file when there is none. Errors: also kMalformed (no such file of ours).
  static core::Result<Holds> open(const std::filesystem::path& file);
  // Beside a service that may be writing. Errors: also kNotFound.
  static core::Result<Holds> open_existing(const std::filesystem::path& file);

  using OpenBooks = std::function<core::Result<BookedPoints>()>;
  // Whether a hold's points are there, and if so holds them. What was said once is said again.
  // `books`: asked for while nobody else can hold. Errors: also those of `books`.
  core::Result<HoldVerdict> hold(const HoldOwner& owner, const core::retail::PointsRequest& request,
                                 const OpenBooks& books);
  core::Result<void> release(const HoldOwner& owner, const core::retail::PointsRequest& request);

  // Those that the books have not taken over, by day, till and id. Changes nothing.
  core::Result<std::vector<Hold>> open_holds(BookedPoints& books);
  // Ends a hold, whoever's. Errors: kNotFound (none of this id is held).
  core::Result<void> drop(const core::retail::HoldId& id);

 private:
  explicit Holds(core::sqlite::Database database) : database_(std::move(database)) {}

  core::Result<std::optional<Hold>> find(const core::envelope::Kid& kid,
                                         const core::retail::HoldId& id);
  // Of one member.
  core::Result<std::int64_t> held(BookedPoints& books, const core::retail::MemberKey& member);
  core::Result<void> put(const Hold& hold);

  core::sqlite::Database database_;
};

}  // namespace rebuild
