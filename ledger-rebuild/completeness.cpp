// Completeness: from the chains and the view of broken ones.
#include "ledger-rebuild/completeness.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/envelope/roster.h"
#include "ledger-rebuild/csv_file.h"
#include "ledger-rebuild/rows.h"

namespace rebuild {

using core::BusinessDay;
using core::Result;
using core::envelope::Kid;
using core::sql::Database;
using core::sql::Statement;

namespace {

using Tills = std::map<core::TillRef, TillCompleteness>;

BusinessDay day_at(const Statement& row, int column) {
  return BusinessDay{static_cast<std::int32_t>(row.column_int(column))};
}

bool is_posted(State state) {
  return state == State::kProven || state == State::kUnproven;
}

// From a chain's last message back to a closing that is posted.
Result<void> read_tip(Database& db, std::int64_t last, TillCompleteness& till) {
  TRY_ASSIGN(auto row,
             db.prepare("SELECT previous, kind, day, state FROM messages WHERE number = ?"));
  std::optional<BusinessDay> opened;
  while (true) {
    row.bind_int(1, last);
    TRY_ASSIGN(const bool there, row.step());
    if (!there) return core::sql::damaged(db.name(), "a message of a chain is missing");
    const bool posted = is_posted(static_cast<State>(row.column_int(3)));
    const auto kind = static_cast<Kind>(row.column_int(1));
    if (posted && kind == Kind::kOpening && !opened) opened = day_at(row, 2);
    if (posted && kind == Kind::kClosing) {
      till.last_closed = std::max(till.last_closed.value_or(day_at(row, 2)), day_at(row, 2));
      break;
    }
    if (row.column_is_null(0)) break;
    last = row.column_int(0);
    row.reset();
  }
  const bool is_open = opened && (!till.last_closed || *opened > *till.last_closed);
  till.open_day = is_open ? opened : std::nullopt;
  return {};
}

// Keys that tills asked for in messages that hold.
using AskedKeys = std::set<std::pair<core::TillRef, Kid>>;

Result<AskedKeys> read_asked(const Books& books) {
  TRY_ASSIGN(const std::string origin, books.origin());
  AskedKeys out;
  TRY(for_rows(books.database(),
               "SELECT DISTINCT m.store, m.till, k.public_key FROM key_requests k JOIN messages m "
               "ON m.number = k.message WHERE m.state = 1",
               [&](const Statement& row) -> Result<void> {
                 TRY_ASSIGN(const auto key, core::envelope::PublicKey::from(row.column_blob(2)));
                 out.emplace(till_at(row, 0), core::envelope::derive_kid(origin, key));
                 return {};
               }));
  return out;
}

// Chains come by epoch, so that the latest has the last word. A key that was asked for is silent
// until the till changes to it.
Result<Tills> read_chains(Database& db, const AskedKeys& asked) {
  Tills tills;
  TRY(for_rows(db, "SELECT store, till, epoch, last, kid FROM chains ORDER BY epoch",
               [&](const Statement& row) -> Result<void> {
                 TillCompleteness& till = tills[till_at(row, 0)];
                 till.till = till_at(row, 0);
                 if (core::envelope::is_head_office(till.till)) {
                   till.heard_of = true;  // it closes no days
                   return {};
                 }
                 till.epoch = id_at<core::Epoch>(row, 2);
                 const bool speaks = !row.column_is_null(3);
                 TRY_ASSIGN(const Kid kid, Kid::from(row.column_blob(4)));
                 till.heard_of = speaks || (till.heard_of && asked.contains({till.till, kid}));
                 return speaks ? read_tip(db, row.column_int(3), till) : Result<void>{};
               }));
  return tills;
}

Result<void> read_broken(Database& db, Tills& tills) {
  std::int64_t chain = 0;
  std::uint64_t next = 1;
  std::optional<BusinessDay> before;
  return for_rows(db,
                  "SELECT store, till, epoch, chain, sequence, day, kind, state FROM broken "
                  "ORDER BY chain, sequence, id",
                  [&](const Statement& row) -> Result<void> {
                    TillCompleteness& till = tills[till_at(row, 0)];
                    if (chain != row.column_int(3)) {
                      chain = row.column_int(3);
                      next = 1;
                      before.reset();
                    }
                    const auto sequence = static_cast<std::uint64_t>(row.column_int(4));
                    const bool has_day = static_cast<Kind>(row.column_int(6)) != Kind::kNone;
                    const auto day = has_day ? std::optional(day_at(row, 5)) : std::nullopt;
                    if (sequence > next) {
                      till.gaps.push_back({id_at<core::Epoch>(row, 2), core::Sequence{next},
                                           core::Sequence{sequence - 1}, before, day});
                    }
                    next = sequence + 1;
                    if (day) before = day;
                    const auto state = static_cast<State>(row.column_int(7));
                    if (day && (state == State::kUnproven || state == State::kContradicted)) {
                      DayDoubt& doubt = till.doubts[*day];
                      if (state == State::kContradicted) doubt.state = state;
                      ++doubt.messages;
                    }
                    return {};
                  });
}

// What the till itself has to answer for: not what somebody else made under its name.
Result<void> read_quarantined(Database& db, Tills& tills) {
  return for_rows(db,
                  "SELECT c.store, c.till, COUNT(*) FROM quarantine q JOIN chains c "
                  "ON c.number = q.chain WHERE q.message IS NOT NULL GROUP BY 1, 2",
                  [&](const Statement& row) -> Result<void> {
                    tills[till_at(row, 0)].quarantined =
                        static_cast<std::uint64_t>(row.column_int(2));
                    return {};
                  });
}

}  // namespace

std::optional<std::int32_t> TillCompleteness::age(BusinessDay as_of, std::int32_t quiet) const {
  std::optional<BusinessDay> since;
  const auto note = [&](std::optional<BusinessDay> day) {
    if (day) since = since ? std::min(*since, *day) : *day;
  };
  for (const SequenceGap& gap : gaps) note(gap.after ? gap.after : gap.before);
  if (!doubts.empty()) note(doubts.begin()->first);
  if (open_day && *open_day < as_of) note(open_day);
  if (last_closed && as_of.days - last_closed->days - 1 > quiet) note(last_closed);
  if (!since && (!heard_of || quarantined > 0)) return 0;  // nobody knows since when
  if (!since) return std::nullopt;
  return std::max(0, as_of.days - since->days);
}

bool Completeness::clean() const {
  return std::none_of(tills.begin(), tills.end(), [&](const TillCompleteness& till) {
    return till.age(as_of, quiet).has_value();
  });
}

Result<Contacts> read_contacts(const std::filesystem::path& file) {
  Contacts out;
  TRY(read_csv(file, "store,name,contact", [&](const CsvFields& fields) -> Result<void> {
    TRY_ASSIGN(const std::uint32_t store, csv_number(fields[0], "store"));
    out[core::StoreId{store}] = Contact{fields[1], fields[2]};
    return {};
  }));
  return out;
}

Result<Completeness> completeness(const Books& books, std::optional<BusinessDay> as_of,
                                  std::int32_t quiet) {
  Database& db = books.database();
  TRY_ASSIGN(const auto asked, read_asked(books));
  TRY_ASSIGN(Tills tills, read_chains(db, asked));
  TRY(read_broken(db, tills));
  TRY(read_quarantined(db, tills));
  Completeness out;
  out.quiet = quiet;
  BusinessDay newest{};
  for (auto& [ref, till] : tills) {
    const bool is_well = till.gaps.empty() && till.doubts.empty() && till.quarantined == 0;
    if (core::envelope::is_head_office(ref) && is_well) continue;  // no till
    newest = std::max({newest, till.last_closed.value_or(newest), till.open_day.value_or(newest)});
    out.tills.push_back(std::move(till));
  }
  out.as_of = as_of.value_or(BusinessDay{newest.days + 1});
  return out;
}

}  // namespace rebuild
