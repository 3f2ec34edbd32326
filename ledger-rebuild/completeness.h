// Completeness: what head office asks of every till each morning: is all of it there, since when is
// it not, what is missing, and who is to be rung. Reads what is broken, and the tip of the rest:
// the cost does not grow with the past. Must not know figures.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/business_day.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "ledger-rebuild/books.h"

namespace rebuild {

// Messages that must have been: [first, last], between two that are there.
struct SequenceGap {
  core::Epoch epoch;
  core::Sequence first;
  core::Sequence last;
  std::optional<core::BusinessDay> after;   // of the message before them; none: they are the first
  std::optional<core::BusinessDay> before;  // of the message behind them
};

// How a till's day stands, when it is not simply proven. Contradicted outranks unproven.
struct DayDoubt {
  State state = State::kUnproven;
  std::uint64_t messages = 0;
};

struct TillCompleteness {
  core::TillRef till;
  core::Epoch epoch;                             // the latest that it was enrolled for
  bool heard_of = false;                         // it sent something in this epoch
  std::optional<core::BusinessDay> last_closed;  // by a posted closing, in any epoch
  std::optional<core::BusinessDay> open_day;     // opened, and not closed
  std::vector<SequenceGap> gaps;
  std::map<core::BusinessDay, DayDoubt> doubts;
  std::uint64_t quarantined = 0;  // messages of its own that could not be posted

  // Days from the earliest thing that is not as it should be to `as_of`; none: all is well. A till
  // that closed no day for more than `quiet` days before `as_of` is not well.
  std::optional<std::int32_t> age(core::BusinessDay as_of, std::int32_t quiet) const;
};

struct Contact {
  std::string name;
  std::string ring;
};
using Contacts = std::map<core::StoreId, Contact>;

// A CSV file: store,name,contact. Errors: those of read_csv.
core::Result<Contacts> read_contacts(const std::filesystem::path& file);

struct Completeness {
  core::BusinessDay as_of;
  std::int32_t quiet = 0;
  std::vector<TillCompleteness> tills;  // by till; all of them
  bool clean() const;
};

// `as_of`: the day that is not over yet; none: the day after the newest one in the books.
// Errors: kDatabase, kDamaged.
core::Result<Completeness> completeness(const Books& books, std::optional<core::BusinessDay> as_of,
                                        std::int32_t quiet);

// For people: how many are complete, then those that are not, the oldest first. `tills_max` 0: all.
std::string completeness_text(const Completeness& found, const Contacts& contacts,
                              std::size_t tills_max);
// One object, with every till.
std::string completeness_json(const Completeness& found, const Contacts& contacts);

}  // namespace rebuild
