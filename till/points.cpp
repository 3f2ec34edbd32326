// Points: the two tables, and what an answer, or none, makes of a hold.
#include "till/points.h"

#include <random>

#include "core/base/arithmetic.h"

namespace till {

using core::Bytes;
using core::ByteView;
using core::Errc;
using core::fail;
using core::Result;
using core::retail::MemberKey;
using core::retail::PointsAllowance;
using core::retail::PointsAnswer;
using core::retail::PointsAsk;
using core::retail::PointsRequest;
using core::retail::PointsVerdict;
using core::sqlite::Statement;

namespace {

constexpr std::int64_t kPointsTimeoutMax_ms = 60000;

// What nobody can guess, as a nonce: a hold's name must be new.
HoldId new_hold_id() {
  std::random_device random;
  HoldId out;
  for (std::size_t i = 0; i < HoldId::kSize; i += 4) {
    const std::uint32_t bits = random();
    for (std::size_t j = 0; j < 4; ++j) {
      out.bytes.at(i + j) = static_cast<std::uint8_t>(bits >> (8 * j));
    }
  }
  return out;
}

std::string text_of(const PointsAllowance& allowance) {
  return std::to_string(allowance.member_points) + " points of a member and " +
         std::to_string(allowance.total_points) + " in all";
}

}  // namespace

struct Points::Kept {
  PointsService service;
  std::optional<core::envelope::PublicKey> office;
  Bytes allowance;
};

Result<Points::Kept> Points::read() {
  TRY_ASSIGN(Statement row,
             journal_.database().prepare("SELECT url, timeout_ms, (SELECT key FROM head_office), "
                                         "allowance FROM points_service"));
  TRY_ASSIGN(const bool there, row.step());
  if (!there) return core::sqlite::damaged(journal_.path(), "the row of the points is missing");
  Kept out;
  out.service.url = row.column_text(0);
  out.service.timeout_ms = row.column_int(1);
  if (!row.column_is_null(2)) {
    const auto key = core::envelope::PublicKey::from(row.column_blob(2));
    if (!key) return core::sqlite::damaged(journal_.path(), "points: " + key.error().what);
    out.office = *key;
  }
  if (!row.column_is_null(3)) out.allowance = core::to_bytes(row.column_blob(3));
  return out;
}

Result<PointsService> Points::service() {
  TRY_ASSIGN(Kept kept, read());
  return std::move(kept.service);
}

Result<PointsStatus> Points::status() {
  TRY_ASSIGN(const Kept kept, read());
  PointsStatus out{kept.service, kept.office.has_value(), allowance(kept)};
  if (journal_.state().open_day) {
    TRY_ASSIGN(out.offline_points, offline_points(nullptr));
  }
  TRY_ASSIGN(const std::int64_t waiting,
             journal_.database().query_int("SELECT count(*) FROM points_hold WHERE state = 6"));
  out.to_release = static_cast<std::uint64_t>(waiting);
  return out;
}

Result<void> Points::put_service(const PointsService& service) {
  if (service.timeout_ms < 1 || service.timeout_ms > kPointsTimeoutMax_ms) {
    return fail(Errc::kUsage, "a balance service has 1 to 60000 ms to answer");
  }
  TRY_ASSIGN(Statement row,
             journal_.database().prepare("UPDATE points_service SET url = ?, timeout_ms = ?"));
  return row.bind_text(1, service.url).bind_int(2, service.timeout_ms).run();
}

Result<void> Points::set_state(const HoldId& id, HeldPoints state) {
  TRY_ASSIGN(Statement row,
             journal_.database().prepare("UPDATE points_hold SET state = ? WHERE id = ?"));
  return row.bind_int(1, static_cast<int>(state)).bind_blob(2, id.view()).run();
}

Result<void> Points::forget(const HoldId& id) {
  TRY_ASSIGN(Statement row, journal_.database().prepare("DELETE FROM points_hold WHERE id = ?"));
  return row.bind_blob(1, id.view()).run();
}

Result<void> Points::keep_allowance(const Bytes& allowance) {
  TRY_ASSIGN(Statement row, journal_.database().prepare("UPDATE points_service SET allowance = ?"));
  allowance.empty() ? row.bind_null(1) : row.bind_blob(1, allowance);
  return row.run();
}

Result<PointsAnswer> Points::verify(const Kept& kept, ByteView answer, ByteView request) const {
  if (!kept.office) {
    return fail(Errc::kUnknownKey,
                "the roster that this till knows names no key of every day of head office");
  }
  return core::retail::verify_points_answer(answer, request, journal_.identity().origin,
                                            *kept.office);
}

std::optional<PointsAllowance> Points::allowance(const Kept& kept) const {
  const JournalState& state = journal_.state();
  if (!kept.office || kept.allowance.empty() || !state.open_day) return std::nullopt;
  const auto given = core::retail::verify_points_allowance(
      kept.allowance, journal_.identity().origin, *kept.office);
  if (!given || given->till != journal_.identity().ref || given->epoch != state.epoch) {
    return std::nullopt;
  }
  return *state.open_day <= given->through ? std::optional(*given) : std::nullopt;
}

Result<std::int64_t> Points::offline_points(const MemberKey* member) {
  TRY_ASSIGN(Statement row,
             journal_.database().prepare("SELECT COALESCE(SUM(points), 0) FROM points_hold WHERE "
                                         "day = ?1 AND state IN (3, 5) AND "
                                         "(?2 IS NULL OR member = ?2)"));
  row.bind_int(1, journal_.state().open_day->days);
  member != nullptr ? row.bind_blob(2, member->view()) : row.bind_null(2);
  TRY_ASSIGN(const bool there, row.step());
  if (!there) return core::sqlite::damaged(journal_.path(), "a sum without a row");
  return row.column_int(0);
}

Result<ReservedPoints> Points::reserve(const MemberKey& member, std::int64_t points,
                                       const AskPoints& ask) {
  const JournalState& state = journal_.state();
  if (!state.open_day) return fail(Errc::kState, "no business day is open; open one first");
  if (state.epoch.value == 0) return fail(Errc::kState, "the till has not joined head office");
  if (points <= 0) return fail(Errc::kUsage, "points that pay are a number above zero");
  TRY_ASSIGN(const Kept kept, read());
  if (kept.service.url.empty()) return fail(Errc::kState, "no balance service is set");
  const PointsRequest wish{PointsAsk::kHold, new_hold_id(), *state.open_day, member, points};
  // First: whatever happens from here on, somebody will release what nobody used.
  TRY(journal_.transact([&]() -> Result<void> {
    TRY_ASSIGN(Statement old, journal_.database().prepare("DELETE FROM points_hold WHERE day < ?"));
    TRY(old.bind_int(1, wish.day.days).run());
    TRY_ASSIGN(Statement row,
               journal_.database().prepare("INSERT INTO points_hold VALUES (?, ?, ?, ?, 1)"));
    row.bind_blob(1, wish.id.view()).bind_int(2, wish.day.days).bind_blob(3, member.view());
    return row.bind_int(4, points).run();
  }));
  // What this till holds of the member for nobody would be missing now.
  const auto released = release_all_of(member, wish.id, kept.service, ask);
  if (!released) return go_offline(wish.id, member, points, released.error());
  const Bytes request = signed_request(wish);
  const auto bytes = ask(kept.service, request);
  if (!bytes) return go_offline(wish.id, member, points, bytes.error());
  const auto answer = verify(kept, *bytes, request);
  if (!answer) return go_offline(wish.id, member, points, answer.error());
  const bool granted = answer->verdict == PointsVerdict::kDone;
  TRY(journal_.transact([&]() -> Result<void> {
    TRY(keep_allowance(answer->allowance));
    return granted ? set_state(wish.id, HeldPoints::kGranted) : forget(wish.id);
  }));
  memory_.asked_on = wish.day;
  if (granted) {
    memory_.in_progress.insert(wish.id);
    return ReservedPoints{wish.id, false};
  }
  if (answer->verdict == PointsVerdict::kRefused) {
    return fail(Errc::kUnknownKey, "the balance service refuses: " + answer->reason);
  }
  return fail(Errc::kState, "the member has " + std::to_string(answer->available) +
                                " points that can pay now, not " + std::to_string(points));
}

Result<void> Points::release_all_of(const MemberKey& member, const HoldId& but,
                                    const PointsService& service, const AskPoints& ask) {
  while (true) {
    TRY_ASSIGN(const auto next, next_release(&member, but));
    if (!next) return {};
    const Bytes request = signed_request(*next);
    TRY_ASSIGN(const Bytes answer, ask(service, request));
    TRY(settle(request, answer));
  }
}

Result<ReservedPoints> Points::go_offline(const HoldId& id, const MemberKey& member,
                                          std::int64_t points, const core::Error& why) {
  TRY_ASSIGN(const Kept kept, read());
  const auto given = allowance(kept);
  bool covered = false;
  if (given) {
    TRY_ASSIGN(const std::int64_t of_member, offline_points(&member));
    TRY_ASSIGN(const std::int64_t of_all, offline_points(nullptr));
    TRY_ASSIGN(const std::int64_t member_sum, core::checked_add(of_member, points));
    TRY_ASSIGN(const std::int64_t sum, core::checked_add(of_all, points));
    covered = member_sum <= given->member_points && sum <= given->total_points;
  }
  TRY(journal_.transact(
      [&] { return set_state(id, covered ? HeldPoints::kOffline : HeldPoints::kToRelease); }));
  if (covered) {
    memory_.in_progress.insert(id);
    return ReservedPoints{id, true};
  }
  return fail(Errc::kNetwork,
              "the balance service gave no answer that can be believed (" + describe(why) + "), " +
                  (given ? "and what may be redeemed without it today, " + text_of(*given) +
                               ", does not cover " + std::to_string(points)
                         : std::string("and head office allows nothing without it")));
}

Result<void> Points::give_up(const HoldId& id) {
  TRY(journal_.transact([&]() -> Result<void> {
    TRY_ASSIGN(Statement row,
               journal_.database().prepare("UPDATE points_hold SET state = 6 WHERE id = ? AND "
                                           "state IN (1, 2, 3)"));
    return row.bind_blob(1, id.view()).run();
  }));
  memory_.in_progress.erase(id);
  return {};
}

Result<void> Points::use(const std::vector<HoldId>& ids, const MemberKey& member,
                         std::int64_t points) {
  std::int64_t sum = 0;
  for (const HoldId& id : ids) {
    TRY_ASSIGN(Statement row, journal_.database().prepare(
                                  "SELECT points, state FROM points_hold WHERE id = ? AND day = ? "
                                  "AND member = ? AND state IN (2, 3)"));
    row.bind_blob(1, id.view()).bind_int(2, journal_.state().open_day->days);
    row.bind_blob(3, member.view());
    TRY_ASSIGN(const bool there, row.step());
    if (!there) {
      return fail(Errc::kState,
                  "points of this receipt are not held for this member and day: take the tender "
                  "back, and tender again");
    }
    TRY_ASSIGN(sum, core::checked_add(sum, row.column_int(0)));
    const bool offline = row.column_int(1) == static_cast<int>(HeldPoints::kOffline);
    row.reset();
    TRY(set_state(id, offline ? HeldPoints::kUsedOffline : HeldPoints::kUsed));
  }
  if (sum == points) return {};
  return fail(Errc::kState, std::to_string(points) + " points are to pay, and " +
                                std::to_string(sum) +
                                " are held: the balance service is asked "
                                "for points before they pay");
}

Bytes Points::signed_request(const PointsRequest& request) const {
  return core::retail::sign_points_request(request, journal_.identity().origin,
                                           journal_.identity().key);
}

Result<std::optional<PointsRequest>> Points::next_release(const MemberKey* member,
                                                          const HoldId& but) {
  TRY_ASSIGN(Statement rows,
             journal_.database().prepare("SELECT id, day FROM points_hold WHERE state IN (1, 2, 3, "
                                         "6) AND (?1 IS NULL OR member = ?1) ORDER BY day, id"));
  member != nullptr ? rows.bind_blob(1, member->view()) : rows.bind_null(1);
  while (true) {
    TRY_ASSIGN(const bool more, rows.step());
    if (!more) return std::optional<PointsRequest>();
    const auto id = HoldId::from(rows.column_blob(0));
    if (!id) return core::sqlite::damaged(journal_.path(), "a hold: " + id.error().what);
    if (*id == but || memory_.in_progress.contains(*id)) continue;
    const core::BusinessDay day{static_cast<std::int32_t>(rows.column_int(1))};
    return std::optional(PointsRequest{PointsAsk::kRelease, *id, day, {}, 0});
  }
}

Result<std::optional<Bytes>> Points::next_request() {
  std::optional<Bytes> out;
  const JournalState& state = journal_.state();
  TRY_ASSIGN(const Kept kept, read());
  if (kept.service.url.empty() || !kept.office || state.epoch.value == 0) return out;
  TRY_ASSIGN(auto next, next_release(nullptr, {}));
  if (!next && state.open_day &&
      (memory_.asked_on != state.open_day || memory_.asked_of != kept.office)) {
    next = PointsRequest{PointsAsk::kAllowance, new_hold_id(), *state.open_day, {}, 0};
  }
  if (next) out = signed_request(*next);
  return out;
}

Result<void> Points::settle(ByteView request, ByteView answer) {
  TRY_ASSIGN(const Kept kept, read());
  TRY_ASSIGN(const PointsAnswer said, verify(kept, answer, request));
  TRY_ASSIGN(const auto statement, core::envelope::parse_statement(
                                       request, core::envelope::StatementType::kPointsRequest));
  TRY_ASSIGN(const PointsRequest asked, core::retail::decode_points_request(statement.payload));
  // A refusal is head office's last word, too: asking again would change nothing.
  TRY(journal_.transact([&]() -> Result<void> {
    if (said.allowance != kept.allowance) TRY(keep_allowance(said.allowance));
    return asked.ask == PointsAsk::kRelease ? forget(asked.id) : Result<void>{};
  }));
  if (asked.ask == PointsAsk::kAllowance) {
    memory_.asked_on = asked.day;
    memory_.asked_of = kept.office;
  }
  return {};
}

}  // namespace till
