// ClosePeriod: the last place of each chain that the period has.
#include "ledger-rebuild/close_period.h"

#include <algorithm>
#include <tuple>

#include "core/envelope/roster.h"
#include "ledger-rebuild/periods.h"
#include "ledger-rebuild/places.h"
#include "ledger-rebuild/rows.h"

namespace rebuild {

using core::BusinessDay;
using core::Errc;
using core::fail;
using core::Result;
using core::sql::Database;
using core::sql::Statement;

namespace {

// What concerns the days up to `last`.
void cut_off(TillCompleteness& till, BusinessDay last) {
  std::erase_if(till.gaps, [&](const SequenceGap& gap) { return gap.after && *gap.after > last; });
  std::erase_if(till.doubts, [&](const auto& doubt) { return doubt.first > last; });
  if (till.open_day && *till.open_day > last) till.open_day.reset();
  if (till.last_closed && *till.last_closed > last) till.last_closed = last;
}

Result<void> check_day(const Books& books, const Periods& periods, BusinessDay last) {
  const auto closed = periods.closed_through();
  if (closed && last <= *closed) {
    return fail(Errc::kState, "the books are closed through " + to_string(*closed) + " already");
  }
  TRY_ASSIGN(auto newest, books.database().prepare("SELECT MAX(day) FROM messages"));
  TRY_ASSIGN(const bool there, newest.step());
  const bool has_any = there && !newest.column_is_null(0);
  if (has_any && newest.column_int(0) >= last.days) return {};
  return fail(Errc::kState,
              "the books have nothing of " + to_string(last) + " or later; replay the log first");
}

}  // namespace

Result<ClosePlan> plan_close(const Books& books, BusinessDay last, std::int32_t quiet) {
  Database& db = books.database();
  TRY_ASSIGN(TillChains chains, TillChains::load(db));
  TRY_ASSIGN(const Periods periods, Periods::load(db, chains));
  TRY(check_day(books, periods, last));
  ClosePlan plan;
  for (std::size_t i = 1; i <= chains.size(); ++i) {
    const TillChain& chain = chains.at(static_cast<std::int64_t>(i));
    if (core::envelope::is_head_office(chain.till)) continue;
    TRY_ASSIGN(const auto place, last_proven(db, chain, last));
    if (place) plan.covered.push_back({chain.till, chain.epoch, place->sequence, place->id});
  }
  std::sort(plan.covered.begin(), plan.covered.end(), [](const auto& a, const auto& b) {
    return std::tie(a.till, a.epoch) < std::tie(b.till, b.epoch);
  });
  TRY_ASSIGN(plan.outstanding, completeness(books, BusinessDay{last.days + 1}, quiet));
  for (TillCompleteness& till : plan.outstanding.tills) cut_off(till, last);
  return plan;
}

Result<void> check_own(const Books& books, const Decisions& decisions) {
  TRY_ASSIGN(TillChains chains, TillChains::load(books.database()));
  const TillChain* chain = chains.find(decisions.kid());
  if (chain == nullptr || chain->tip_sequence.value == 0) return {};
  const std::uint64_t tip = chain->tip_sequence.value;
  const bool is_here = tip <= decisions.messages().size() &&
                       core::envelope::message_id(decisions.messages()[tip - 1]) == chain->tip;
  if (is_here) return {};
  return fail(Errc::kState,
              "the log has bulletins of head office that this directory does not have: it is an "
              "old copy; use the one that they were signed in");
}

Result<void> check_replayed(const Books& books, const Decisions& decisions) {
  TRY(check_own(books, decisions));
  TRY_ASSIGN(TillChains chains, TillChains::load(books.database()));
  const TillChain* chain = chains.find(decisions.kid());
  const std::uint64_t in_books = chain == nullptr ? 0 : chain->tip_sequence.value;
  const std::uint64_t signed_here = decisions.last_sequence().value;
  if (in_books < signed_here) {
    return fail(Errc::kState, "head office signed " + std::to_string(signed_here) +
                                  " bulletins, and the books have " + std::to_string(in_books) +
                                  " of them; send them and replay the log first");
  }
  return {};
}

std::vector<core::Bytes> close_payloads(BusinessDay last,
                                        const std::vector<CoveredChain>& covered) {
  const std::size_t parts =
      std::max<std::size_t>((covered.size() + kCoveredMax - 1) / kCoveredMax, 1);
  std::vector<core::Bytes> out;
  for (std::size_t part = 0; part < parts; ++part) {
    const std::size_t begin = part * kCoveredMax;
    const std::size_t end = std::min(begin + kCoveredMax, covered.size());
    PeriodClose close;
    close.last = last;
    close.part = {static_cast<std::uint32_t>(part + 1), static_cast<std::uint32_t>(parts)};
    close.covered.assign(covered.begin() + static_cast<std::ptrdiff_t>(begin),
                         covered.begin() + static_cast<std::ptrdiff_t>(end));
    out.push_back(encode_period_close(close));
  }
  return out;
}

}  // namespace rebuild
