// Export: the entries of the books, day by day, for programs that share nothing with these.
// Must not know the formats (ledger-rebuild/export_formats.h). Docs: docs/formats/export.md.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/business_day.h"
#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/result.h"
#include "ledger-rebuild/books.h"
#include "ledger-rebuild/chart.h"
#include "ledger-rebuild/posting_rules.h"
#include "ledger-rebuild/settings.h"

namespace rebuild {

struct ExportPosting {
  const ChartAccount* account = nullptr;  // owner: the settings' chart
  std::int64_t code = kNoCode;            // of the posting rules
  core::Money amount;                     // debit positive
};

// What an entry comes from: a message, what takes it back, or, by the settings, the goods and
// points of a store's day, a change of what stock and points are worth, or the day's sales by
// department.
enum class EntryOf { kClosing, kReversal, kStoreDay, kRevaluation, kDepartments };

// Postings that add up to zero, in one currency.
struct ExportEntry {
  EntryOf what = EntryOf::kClosing;
  core::BusinessDay day;  // on which it is booked
  core::BusinessDay of;   // the business day: an earlier one for a correction
  // Of a message; of a store's day, only the store; else of nothing.
  core::TillRef till;
  core::Epoch epoch;
  core::Sequence sequence;
  core::envelope::MessageId message;
  State state = State::kProven;
  std::vector<ExportPosting> postings;
};

inline bool is_of_message(const ExportEntry& entry) {
  return entry.what == EntryOf::kClosing || entry.what == EntryOf::kReversal;
}

// Debit less credit since the first day, of each account and currency that had a posting.
// In the order of the chart.
using Balances = std::map<std::pair<const ChartAccount*, core::Currency>, core::Money>;

// What an export is written by. Text is handed on in pieces; errors of the sink end the export.
class ExportFormat {
 public:
  using Sink = std::function<core::Result<void>(std::string_view)>;
  virtual ~ExportFormat() = default;
  // Before everything else.
  virtual std::string begin(const std::string& origin, const BooksDigest& digest,
                            const std::vector<core::Currency>& currencies, const Chart& chart) = 0;
  // What stood in the books before the first exported day; only when there was anything.
  virtual std::string carried_forward(core::BusinessDay day, const Balances& balances) = 0;
  virtual std::string entry(const ExportEntry& entry) = 0;
  // After a day's last entry: what every account must stand at now.
  virtual std::string assertion(core::BusinessDay day, const Balances& balances) = 0;
  // After everything else, so that a reader sees that nothing is cut off.
  virtual std::string end(std::uint64_t entries) = 0;
};

struct ExportRange {
  std::optional<core::BusinessDay> from;  // the days before are one entry
  std::optional<core::BusinessDay> to;    // the last day
};

// Days ascending; in a day by store, till, epoch and sequence, an entry before its reversal, then
// what the settings make of the day (valued_entries.h). Memory grows with the settings' products
// and with counts, and not with the books. Returns how many entries were written. Errors: those of
// the sink and of the books; kDamaged (an unknown account, an entry that does not balance),
// kOverflow.
core::Result<std::uint64_t> export_books(const Books& books, const Settings& settings,
                                         const ExportRange& range, ExportFormat& format,
                                         const ExportFormat::Sink& sink);

}  // namespace rebuild
