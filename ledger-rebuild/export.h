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
#include "ledger-rebuild/accounts.h"
#include "ledger-rebuild/books.h"

namespace rebuild {

struct ExportPosting {
  const AccountInfo* account = nullptr;
  std::int64_t code = 0;  // of the posting rules; -1: none
  core::Money amount;     // debit positive
};

// One message's postings, in one currency; they add up to zero.
struct ExportEntry {
  core::BusinessDay day;  // on which it is booked
  core::BusinessDay of;   // the business day: an earlier one for a correction
  core::TillRef till;
  core::Epoch epoch;
  core::Sequence sequence;
  core::envelope::MessageId message;
  State state = State::kProven;
  bool reversal = false;
  std::vector<ExportPosting> postings;
};

// Debit less credit since the first day, of each account and currency that had a posting.
// In the order of the chart.
using Balances = std::map<std::pair<const AccountInfo*, core::Currency>, core::Money>;

// What an export is written by. Text is handed on in pieces; errors of the sink end the export.
class ExportFormat {
 public:
  using Sink = std::function<core::Result<void>(std::string_view)>;
  virtual ~ExportFormat() = default;
  // Before everything else.
  virtual std::string begin(const std::string& origin, const BooksDigest& digest,
                            const std::vector<core::Currency>& currencies) = 0;
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

// Days ascending; in a day by store, till, epoch and sequence, an entry before its reversal. Memory
// does not grow with the books. Returns how many entries were written. Errors: those of the sink
// and of the books; kDamaged (an unknown account, an entry that does not balance), kOverflow.
core::Result<std::uint64_t> export_books(const Books& books, const ExportRange& range,
                                         ExportFormat& format, const ExportFormat::Sink& sink);

}  // namespace rebuild
