// Holds: one table, and the sum of what is open of a member.
#include "ledger-rebuild/holds.h"

#include <utility>

#include "core/base/arithmetic.h"

namespace rebuild {

namespace {

using core::Errc;
using core::fail;
using core::Result;
using core::retail::PointsRequest;
using core::retail::PointsVerdict;

constexpr std::int64_t kHoldsApplication = 0x44424831;  // "DBH1"
constexpr std::int64_t kHoldsVersion = 1;
constexpr int kHoldsBusyMs = 2000;

constexpr const char* kHoldsSchema = R"sql(
CREATE TABLE hold(
  kid BLOB NOT NULL, id BLOB NOT NULL, store INT NOT NULL, till INT NOT NULL, epoch INT NOT NULL,
  day INT NOT NULL, member BLOB NOT NULL, points INT NOT NULL, state INT NOT NULL, settled INT,
  PRIMARY KEY(kid, id)) STRICT, WITHOUT ROWID;
CREATE INDEX hold_of_member ON hold(member) WHERE state = 1;
)sql";

constexpr const char* kHoldColumns =
    "SELECT kid, id, store, till, epoch, day, member, points, state, settled FROM hold ";

Result<Hold> hold_at(const core::sqlite::Statement& row) {
  Hold out;
  TRY_ASSIGN(out.owner.kid, core::envelope::Kid::from(row.column_blob(0)));
  TRY_ASSIGN(out.id, core::retail::HoldId::from(row.column_blob(1)));
  out.owner.till = {core::StoreId{static_cast<std::uint32_t>(row.column_int(2))},
                    core::TillId{static_cast<std::uint32_t>(row.column_int(3))}};
  out.owner.epoch = core::Epoch{static_cast<std::uint32_t>(row.column_int(4))};
  out.day = core::BusinessDay{static_cast<std::int32_t>(row.column_int(5))};
  TRY_ASSIGN(out.member, core::retail::MemberKey::from(row.column_blob(6)));
  out.points = row.column_int(7);
  out.state = static_cast<HoldState>(row.column_int(8));
  if (!row.column_is_null(9)) out.settled = row.column_int(9);
  return out;
}

// Whether the books have what was redeemed under it; then the number of that closing.
Result<std::optional<std::int64_t>> taken_over(BookedPoints& books, const Hold& hold) {
  if (hold.settled) {
    TRY_ASSIGN(const bool stands, books.stands(*hold.settled, hold.day));
    if (stands) return hold.settled;
  }
  return books.closing(hold.owner.kid, hold.day);
}

Result<void> check_holds_file(core::sqlite::Database& db) {
  TRY_ASSIGN(const std::int64_t application, db.query_int("PRAGMA application_id"));
  TRY_ASSIGN(const std::int64_t version, db.query_int("PRAGMA user_version"));
  if (application == kHoldsApplication && version == kHoldsVersion) return {};
  return fail(Errc::kMalformed, db.path().string() + ": no file of holds of version " +
                                    std::to_string(kHoldsVersion));
}

}  // namespace

Result<Holds> Holds::open(const std::filesystem::path& file) {
  TRY_ASSIGN(core::sqlite::Database db,
             core::sqlite::Database::open(file, {.create = true, .busy_timeout_ms = kHoldsBusyMs}));
  TRY(db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"));
  TRY_ASSIGN(core::sqlite::Transaction made, core::sqlite::Transaction::begin(db));
  TRY_ASSIGN(const std::int64_t tables, db.query_int("SELECT count(*) FROM sqlite_schema"));
  if (tables == 0) {
    TRY(db.exec(kHoldsSchema));
    TRY(db.exec("PRAGMA application_id = " + std::to_string(kHoldsApplication) +
                "; PRAGMA user_version = " + std::to_string(kHoldsVersion)));
  }
  TRY(check_holds_file(db));
  TRY(made.commit());
  // What a power cut left behind a hole in the log must not be met by what is written next.
  TRY(db.exec("PRAGMA wal_checkpoint(TRUNCATE)"));
  return Holds(std::move(db));
}

Result<Holds> Holds::open_existing(const std::filesystem::path& file) {
  TRY_ASSIGN(core::sqlite::Database db,
             core::sqlite::Database::open(file, {.busy_timeout_ms = kHoldsBusyMs}));
  TRY(db.exec("PRAGMA synchronous = FULL"));
  TRY(check_holds_file(db));
  return Holds(std::move(db));
}

Result<std::optional<Hold>> Holds::find(const core::envelope::Kid& kid,
                                        const core::retail::HoldId& id) {
  TRY_ASSIGN(core::sqlite::Statement row,
             database_.prepare(std::string(kHoldColumns) + "WHERE kid = ? AND id = ?"));
  row.bind_blob(1, kid.view()).bind_blob(2, id.view());
  TRY_ASSIGN(const bool there, row.step());
  if (!there) return std::optional<Hold>();
  TRY_ASSIGN(Hold found, hold_at(row));
  return std::optional<Hold>(std::move(found));
}

Result<void> Holds::put(const Hold& hold) {
  TRY_ASSIGN(core::sqlite::Statement row,
             database_.prepare("REPLACE INTO hold VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  row.bind_blob(1, hold.owner.kid.view()).bind_blob(2, hold.id.view());
  row.bind_int(3, hold.owner.till.store.value).bind_int(4, hold.owner.till.till.value);
  row.bind_int(5, hold.owner.epoch.value).bind_int(6, hold.day.days);
  row.bind_blob(7, hold.member.view()).bind_int(8, hold.points);
  row.bind_int(9, static_cast<int>(hold.state));
  hold.settled ? row.bind_int(10, *hold.settled) : row.bind_null(10);
  return row.run();
}

Result<std::int64_t> Holds::held(BookedPoints& books, const core::retail::MemberKey& member) {
  std::vector<Hold> all;
  {
    TRY_ASSIGN(core::sqlite::Statement rows,
               database_.prepare(std::string(kHoldColumns) + "WHERE member = ? AND state = 1"));
    rows.bind_blob(1, member.view());
    while (true) {
      TRY_ASSIGN(const bool more, rows.step());
      if (!more) break;
      TRY_ASSIGN(Hold hold, hold_at(rows));
      all.push_back(std::move(hold));
    }
  }
  std::int64_t sum = 0;
  for (Hold& hold : all) {
    TRY_ASSIGN(const auto closing, taken_over(books, hold));
    if (!closing) {
      TRY_ASSIGN(sum, core::checked_add(sum, hold.points));
    }
    if (closing == hold.settled) continue;
    hold.settled = closing;
    TRY(put(hold));
  }
  return sum;
}

Result<HoldVerdict> Holds::hold(const HoldOwner& owner, const PointsRequest& request,
                                const OpenBooks& books) {
  TRY_ASSIGN(core::sqlite::Transaction alone, core::sqlite::Transaction::begin(database_));
  TRY_ASSIGN(const auto before, find(owner.kid, request.id));
  const auto refused = [](std::string why) {
    return HoldVerdict{PointsVerdict::kRefused, 0, std::move(why)};
  };
  if (before) {
    if (before->state == HoldState::kReleased) return refused("this hold was released");
    if (before->day != request.day || before->member != request.member ||
        before->points != request.points) {
      return refused("a hold of this id has another content");
    }
  }
  HoldVerdict out{PointsVerdict::kDone, 0, {}};
  bool is_closed = false;
  {  // no longer than this: a replay's commit waits for it
    TRY_ASSIGN(BookedPoints booked, books());
    TRY_ASSIGN(const std::int64_t balance, booked.balance(request.member));
    TRY_ASSIGN(const std::int64_t held, this->held(booked, request.member));
    TRY_ASSIGN(out.available, core::checked_subtract(balance, held));
    TRY_ASSIGN(const auto closing, booked.closing(owner.kid, request.day));
    is_closed = closing.has_value();
  }
  if (before) {
    const bool too_few = before->state == HoldState::kTooFew;
    out.verdict = too_few ? PointsVerdict::kTooFew : PointsVerdict::kDone;
    return out;
  }
  if (is_closed) return refused("the books have the closing of " + to_string(request.day));
  const bool too_few = request.points > out.available;
  if (too_few) out.verdict = PointsVerdict::kTooFew;
  TRY(put({owner, request.id, request.day, request.member, request.points,
           too_few ? HoldState::kTooFew : HoldState::kHeld}));
  TRY(alone.commit());
  return out;
}

Result<void> Holds::release(const HoldOwner& owner, const PointsRequest& request) {
  TRY_ASSIGN(core::sqlite::Transaction alone, core::sqlite::Transaction::begin(database_));
  TRY_ASSIGN(const auto before, find(owner.kid, request.id));
  if (before && before->state == HoldState::kReleased) return {};
  Hold hold = before ? *before : Hold{owner, request.id, request.day, {}, 0};
  hold.state = HoldState::kReleased;
  TRY(put(hold));
  return alone.commit();
}

Result<std::vector<Hold>> Holds::open_holds(BookedPoints& books) {
  std::vector<Hold> out;
  TRY_ASSIGN(core::sqlite::Statement rows,
             database_.prepare(std::string(kHoldColumns) +
                               "WHERE state = 1 ORDER BY day, store, till, id"));
  while (true) {
    TRY_ASSIGN(const bool more, rows.step());
    if (!more) return out;
    TRY_ASSIGN(Hold hold, hold_at(rows));
    TRY_ASSIGN(const auto closing, taken_over(books, hold));
    if (!closing) out.push_back(std::move(hold));
  }
}

Result<void> Holds::drop(const core::retail::HoldId& id) {
  TRY_ASSIGN(core::sqlite::Statement row,
             database_.prepare("UPDATE hold SET state = 2 WHERE id = ? AND "
                               "state = 1"));
  TRY(row.bind_blob(1, id.view()).run());
  if (database_.changes() > 0) return {};
  return fail(Errc::kNotFound, "no hold " + id.hex() + " is held");
}

}  // namespace rebuild
