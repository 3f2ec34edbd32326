// Three questions to the tables.
#include "ledger-rebuild/booked_points.h"

#include <set>

#include "core/base/arithmetic.h"
#include "ledger-rebuild/rows.h"

namespace rebuild {

using core::Result;

namespace {

bool is_in_force(std::int64_t state) {
  return state == static_cast<int>(State::kProven) || state == static_cast<int>(State::kUnproven);
}

}  // namespace

Result<BookedPoints> BookedPoints::open(const std::filesystem::path& books) {
  TRY_ASSIGN(Books opened, Books::open_one_moment(books));
  return BookedPoints(std::move(opened));
}

Result<std::int64_t> BookedPoints::balance(const core::retail::MemberKey& member) {
  TRY_ASSIGN(auto row, books_.database().prepare(
                           "SELECT COALESCE(SUM(p.earned), 0), COALESCE(SUM(p.redeemed), 0) "
                           "FROM member_points p JOIN messages m ON m.number = p.message "
                           "WHERE p.member = ? AND m.state IN (1, 2)"));
  row.bind_blob(1, member.view());
  TRY_ASSIGN(const bool there, row.step());
  if (!there) return core::sql::damaged(books_.database().name(), "a sum without a row");
  return core::checked_subtract(row.column_int(0), row.column_int(1));
}

Result<std::optional<std::int64_t>> BookedPoints::closing(const core::envelope::Kid& kid,
                                                          core::BusinessDay day) {
  TRY_ASSIGN(auto chain, books_.database().prepare("SELECT last FROM chains WHERE kid = ?"));
  chain.bind_blob(1, kid.view());
  TRY_ASSIGN(const bool known, chain.step());
  if (!known || chain.column_is_null(0)) return std::optional<std::int64_t>();
  return closing_from(chain.column_int(0), day);
}

Result<bool> BookedPoints::stands(std::int64_t closing, core::BusinessDay day) {
  TRY_ASSIGN(const auto found, closing_from(closing, day));
  return found == closing;
}

// A till's days ascend along its chain, so what is behind an earlier day need not be looked at.
Result<std::optional<std::int64_t>> BookedPoints::closing_from(std::int64_t at,
                                                               core::BusinessDay day) {
  TRY_ASSIGN(auto row, books_.database().prepare("SELECT previous, kind, day, state, part, parts "
                                                 "FROM messages WHERE number = ?"));
  std::optional<std::int64_t> found;
  std::set<std::int64_t> parts;
  while (true) {
    row.bind_int(1, at);
    TRY_ASSIGN(const bool there, row.step());
    if (!there) return std::optional<std::int64_t>();  // other books: these do not have it
    const auto kind = static_cast<Kind>(row.column_int(1));
    const bool in_force = is_in_force(row.column_int(3));
    if (in_force && kind == Kind::kClosing && row.column_int(2) == day.days) {
      parts.insert(row.column_int(4));
      if (!found) found = at;
      if (static_cast<std::int64_t>(parts.size()) == row.column_int(5)) return found;
    }
    const bool is_earlier = in_force && kind != Kind::kNone && row.column_int(2) < day.days;
    if (is_earlier || row.column_is_null(0)) return std::optional<std::int64_t>();
    at = row.column_int(0);
    row.reset();
  }
}

}  // namespace rebuild
