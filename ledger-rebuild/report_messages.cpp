// Report: what is missing, unproven, contradicted, quarantined.
#include <algorithm>
#include <set>
#include <tuple>

#include "core/base/business_day.h"
#include "ledger-rebuild/periods.h"
#include "ledger-rebuild/report.h"
#include "ledger-rebuild/rows.h"

namespace rebuild {
namespace {

using core::Result;
using core::sql::Statement;

// Columns of a MessageName, in the order of name_at.
constexpr std::string_view kNameColumns = "store, till, epoch, sequence, id";

MessageName name_at(const Statement& row) {
  MessageName name;
  name.till = till_at(row, 0);
  name.epoch = id_at<core::Epoch>(row, 2);
  name.sequence = id_at<core::Sequence>(row, 3);
  if (const auto id = Hash::from(row.column_blob(4))) name.id = *id;
  return name;
}

Result<std::vector<MessageName>> names_where(const Books& books, std::string_view table,
                                             std::string_view condition) {
  std::vector<MessageName> out;
  TRY(for_rows(books.database(),
               "SELECT " + std::string(kNameColumns) + " FROM " + std::string(table) + " WHERE " +
                   std::string(condition) + " ORDER BY store, till, epoch, sequence, id",
               [&](const Statement& row) -> Result<void> {
                 out.push_back(name_at(row));
                 return {};
               }));
  return out;
}

}  // namespace

Result<std::vector<MissingRange>> missing(const Books& books) {
  std::vector<MissingRange> out;
  MissingRange place;  // the next place that should be there, as `first`
  TRY(for_rows(books.database(),
               "SELECT DISTINCT store, till, epoch, sequence FROM broken "
               "ORDER BY 1, 2, 3, 4",
               [&](const Statement& row) -> Result<void> {
                 const auto sequence = id_at<core::Sequence>(row, 3);
                 const core::TillRef till = till_at(row, 0);
                 const auto epoch = id_at<core::Epoch>(row, 2);
                 const bool same = place.till == till && place.epoch == epoch;
                 if (!same) place = MissingRange{till, epoch, core::Sequence{1}, {}};
                 if (sequence > place.first) {
                   place.last = core::Sequence{sequence.value - 1};
                   out.push_back(place);
                 }
                 place.first = core::Sequence{sequence.value + 1};
                 return {};
               }));
  return out;
}

Result<std::vector<IncompleteDay>> incomplete_days(const Books& books) {
  using Key = std::tuple<core::TillRef, core::Epoch, core::BusinessDay, Kind, std::uint32_t>;
  std::map<Key, std::set<std::uint32_t>> found;
  TRY(for_rows(books.database(),
               "SELECT store, till, epoch, day, kind, parts, part FROM messages "
               "WHERE parts > 1 AND state IN (1, 2)",
               [&](const Statement& row) -> Result<void> {
                 const core::BusinessDay day{static_cast<std::int32_t>(row.column_int(3))};
                 const Key key{till_at(row, 0), id_at<core::Epoch>(row, 2), day,
                               static_cast<Kind>(row.column_int(4)),
                               static_cast<std::uint32_t>(row.column_int(5))};
                 found[key].insert(static_cast<std::uint32_t>(row.column_int(6)));
                 return {};
               }));
  std::vector<IncompleteDay> out;
  for (const auto& [key, parts] : found) {
    const auto& [till, epoch, day, kind, count] = key;
    IncompleteDay incomplete{till, epoch, day, kind, count, {}};
    for (std::uint32_t part = 1; part <= count; ++part) {
      if (!parts.contains(part)) incomplete.missing_parts.push_back(part);
    }
    if (!incomplete.missing_parts.empty()) out.push_back(std::move(incomplete));
  }
  return out;
}

Result<std::vector<Unproven>> unproven(const Books& books) {
  std::vector<Unproven> out;
  // Ids at the place that is being read, and at the one before it.
  std::set<core::Bytes> here;
  std::set<core::Bytes> before;
  std::int64_t chain = 0;
  std::int64_t sequence = 0;
  TRY(for_rows(books.database(),
               "SELECT " + std::string(kNameColumns) +
                   ", chain, prev, state FROM broken ORDER BY chain, sequence",
               [&](const Statement& row) -> Result<void> {
                 const bool same_chain = chain == row.column_int(5);
                 if (!same_chain || row.column_int(3) != sequence) {
                   const bool next = same_chain && row.column_int(3) == sequence + 1;
                   before = next ? std::move(here) : std::set<core::Bytes>{};
                   here.clear();
                   chain = row.column_int(5);
                   sequence = row.column_int(3);
                 }
                 here.insert(core::to_bytes(row.column_blob(4)));
                 if (static_cast<State>(row.column_int(7)) != State::kUnproven) return {};
                 // The place before is filled, and yet nothing there is what the message names.
                 const bool broken =
                     sequence == 1 ||
                     (!before.empty() && !before.contains(core::to_bytes(row.column_blob(6))));
                 out.push_back(Unproven{name_at(row), broken});
                 return {};
               }));
  std::sort(out.begin(), out.end(), [](const Unproven& a, const Unproven& b) {
    return std::tie(a.message.till, a.message.epoch, a.message.sequence, a.message.id) <
           std::tie(b.message.till, b.message.epoch, b.message.sequence, b.message.id);
  });
  return out;
}

Result<std::vector<MessageName>> contradicted(const Books& books) {
  return names_where(books, "broken", "state = 3");
}

Result<std::vector<MessageName>> copies(const Books& books) {
  return names_where(books, "broken", "state = 4");
}

Result<std::vector<MessageName>> evidence(const Books& books) {
  return names_where(books, "broken", "state = 6");
}

Result<std::vector<MessageName>> revoked(const Books& books) {
  return names_where(books, "broken", "state = 7");
}

Result<std::vector<core::BusinessDay>> closed_periods(const Books& books) {
  TRY_ASSIGN(const TillChains chains, TillChains::load(books.database()));
  TRY_ASSIGN(const Periods periods, Periods::load(books.database(), chains));
  return periods.lasts();
}

Result<std::vector<Correction>> corrections(const Books& books) {
  std::vector<Correction> out;
  const auto day_at = [](const Statement& row, int column) {
    return core::BusinessDay{static_cast<std::int32_t>(row.column_int(column))};
  };
  TRY(for_rows(
      books.database(),
      "SELECT " + std::string(kNameColumns) +
          ", kind, day, booked FROM messages WHERE booked <> day AND state IN (1, 2, 3, 7) "
          "ORDER BY booked, store, till, epoch, sequence, id",
      [&](const Statement& row) -> Result<void> {
        out.push_back(Correction{name_at(row), static_cast<Kind>(row.column_int(5)), day_at(row, 6),
                                 day_at(row, 7)});
        return {};
      }));
  return out;
}

Result<std::vector<MessageName>> covered_bad_signatures(const Books& books) {
  return names_where(books, "messages", "signature_state = 2");
}

// In an epoch numbers go on from the closing before; its first closing goes on from the epoch
// before, as a journal that was made from a backup does, or begins anew, as one that was not.
Result<std::vector<NumberJump>> number_jumps(const Books& books) {
  std::vector<NumberJump> out;
  const auto take = [&](const Statement& row) -> Result<void> {
    out.push_back(NumberJump{name_at(row), std::string(row.column_text(5)), row.column_int(6),
                             row.column_int(7)});
    return {};
  };
  TRY(for_rows(books.database(),
               "SELECT store, till, epoch, sequence, id, series, expected, first FROM ("
               "SELECT m.store, m.till, m.epoch, m.sequence, m.id, n.series, n.first, "
               "LAG(n.last, 1, 0) OVER (PARTITION BY m.store, m.till, n.series "
               "ORDER BY m.epoch, m.sequence) + 1 AS expected, "
               "LAG(n.last, 1, 0) OVER (PARTITION BY m.chain, n.series ORDER BY m.sequence) + 1 "
               "AS in_epoch FROM numbers n JOIN messages m ON m.number = n.message "
               "WHERE m.state = 1) n WHERE first <> expected AND first <> in_epoch "
               "ORDER BY 1, 2, 3, 4, 6",
               [&](const Statement& row) -> Result<void> {
                 TRY(take(row));
                 const auto series = static_cast<core::retail::Series>(row.column_int(5));
                 out.back().what = series_name(series);
                 return {};
               }));
  for (const auto& [column, day, name] :
       {std::tuple{"ever_sold_minor", "net_minor + refunded_minor", "ever sold"},
        std::tuple{"ever_refunded_minor", "refunded_minor", "ever refunded"}}) {
    TRY(for_rows(books.database(),
                 "SELECT store, till, epoch, sequence, id, '" + std::string(name) +
                     "', expected, found FROM (SELECT store, till, epoch, sequence, id, " + column +
                     " AS found, LAG(" + column +
                     ", 1, 0) OVER (PARTITION BY store, till ORDER BY epoch, sequence) + " + day +
                     " AS expected, LAG(" + column +
                     ", 1, 0) OVER (PARTITION BY chain ORDER BY sequence) + " + day +
                     " AS in_epoch FROM messages WHERE kind = 2 AND part = 1 AND state = 1 AND "
                     "ever_sold_minor <> 0) m WHERE found <> expected AND found <> in_epoch "
                     "ORDER BY 1, 2, 3, 4",
                 take));
  }
  return out;
}

Result<std::vector<ClosedTwice>> closed_twice(const Books& books) {
  std::vector<ClosedTwice> out;
  TRY(for_rows(books.database(),
               "SELECT store, till, day, COUNT(*) FROM messages WHERE kind = 2 AND part = 1 "
               "AND state IN (1, 2) GROUP BY store, till, day HAVING COUNT(*) > 1 "
               "ORDER BY store, till, day",
               [&](const Statement& row) -> Result<void> {
                 out.push_back(
                     ClosedTwice{till_at(row, 0),
                                 core::BusinessDay{static_cast<std::int32_t>(row.column_int(2))},
                                 static_cast<std::uint64_t>(row.column_int(3))});
                 return {};
               }));
  return out;
}

Result<std::vector<ClockJump>> clock_jumps(const Books& books) {
  std::vector<ClockJump> out;
  TRY(for_rows(books.database(),
               "SELECT " + std::string(kNameColumns) +
                   ", day, clock_doubts FROM messages WHERE clock_doubts <> 0 AND state IN (1, 2) "
                   "ORDER BY day, store, till, epoch, sequence, id",
               [&](const Statement& row) -> Result<void> {
                 out.push_back(ClockJump{
                     name_at(row), core::BusinessDay{static_cast<std::int32_t>(row.column_int(5))},
                     static_cast<std::uint64_t>(row.column_int(6))});
                 return {};
               }));
  return out;
}

Result<std::vector<RefundedTwice>> refunded_twice(const Books& books) {
  std::vector<RefundedTwice> out;
  TRY(for_rows(
      books.database(),
      "SELECT r.store, r.till, r.invoice, COUNT(DISTINCT m.store << 32 | m.till), "
      "COUNT(*), SUM(r.amount_minor), m.currency FROM refunded_receipts r "
      "JOIN messages m ON m.number = r.message WHERE m.state IN (1, 2) "
      "GROUP BY r.store, r.till, r.invoice, m.currency "
      "HAVING COUNT(DISTINCT m.store << 32 | m.till) > 1 OR "
      "COUNT(*) FILTER (WHERE (m.store, m.till) <> (r.store, r.till)) > 1 ORDER BY 1, 2, 3, 7",
      [&](const Statement& row) -> Result<void> {
        RefundedTwice one;
        one.sold_at = till_at(row, 0);
        one.invoice = static_cast<std::uint64_t>(row.column_int(2));
        one.tills = static_cast<std::uint64_t>(row.column_int(3));
        one.closings = static_cast<std::uint64_t>(row.column_int(4));
        TRY_ASSIGN(const auto currency, core::Currency::parse(row.column_text(6)));
        one.refunded = core::Money{row.column_int(5), currency};
        out.push_back(one);
        return {};
      }));
  return out;
}

Result<std::vector<Quarantined>> quarantined(const Books& books) {
  std::vector<Quarantined> out;
  TRY(for_rows(books.database(),
               "SELECT q.log_index, q.id, q.reason, q.detail, c.store, c.till FROM quarantine q "
               "LEFT JOIN chains c ON c.number = q.chain ORDER BY q.log_index, q.id",
               [&](const Statement& row) -> Result<void> {
                 Quarantined one;
                 one.log_index = static_cast<std::uint64_t>(row.column_int(0));
                 TRY_ASSIGN(one.id, Hash::from(row.column_blob(1)));
                 one.reason = reason_text(static_cast<Reason>(row.column_int(2)));
                 one.detail = row.column_text(3);
                 if (!row.column_is_null(4)) one.claimed = till_at(row, 4);
                 out.push_back(std::move(one));
                 return {};
               }));
  return out;
}

Result<std::vector<Silent>> silent(const Books& books, core::BusinessDay as_of) {
  std::vector<Silent> out;
  TRY(for_rows(
      books.database(),
      "SELECT store, till FROM chains WHERE store > 0 EXCEPT SELECT store, till FROM messages "
      "WHERE state < 5",
      [&](const Statement& row) -> Result<void> {
        out.push_back(Silent{till_at(row, 0), std::nullopt});
        return {};
      }));
  TRY(for_rows(
      books.database(),
      "SELECT store, till, day FROM messages WHERE state < 5 AND kind IN (1, 2) "
      "AND day < " +
          std::to_string(as_of.days) + " GROUP BY 1, 2, 3 HAVING MAX(kind) = 1 ORDER BY 1, 2, 3",
      [&](const Statement& row) -> Result<void> {
        out.push_back(Silent{till_at(row, 0),
                             core::BusinessDay{static_cast<std::int32_t>(row.column_int(2))}});
        return {};
      }));
  std::sort(out.begin(), out.end(), [](const Silent& a, const Silent& b) {
    return std::tie(a.till, a.open_day) < std::tie(b.till, b.open_day);
  });
  return out;
}

}  // namespace rebuild
