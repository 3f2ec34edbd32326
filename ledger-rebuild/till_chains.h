// TillChains: what the books know of each enrolled key's messages as a whole: how far its chain is
// proven, and a digest of its rows. The part of the books that every replay reads.
// Must not know single messages. Table: docs/formats/books.md, "Tables".
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/base/result.h"
#include "core/envelope/roster.h"
#include "core/sql/database.h"

namespace rebuild {

// One key's chain. A chain is *whole* when each of its messages is proven and the only one of its
// place: then `tip` says all that the next message must go on from.
struct TillChain {
  std::int64_t number = 0;  // its row
  core::envelope::Kid kid;
  core::TillRef till;
  core::Epoch epoch;
  core::envelope::MessageId entry;  // of the roster
  bool whole = true;
  core::Sequence tip_sequence{};  // 0: no message yet
  core::envelope::MessageId tip;  // the roster entry then
  // The last message in the order of sequence and id, which names the one before it; none: no
  // message.
  std::optional<std::int64_t> last{};
  // Digests over the rows of its messages, as they follow one another; zeros: there are none.
  core::envelope::Hash rows{};
  core::envelope::Hash figures{};
  // Digest of what head office said of the key later: that it is revoked, what stands of it.
  // Zeros: nothing.
  core::envelope::Hash verdict{};
  bool has_new_verdict = false;  // since the replay before: what was posted is judged anew
  const core::envelope::Enrolment* enrolment = nullptr;
};

// Memory: linear in tills. Errors of all: kDatabase, kDamaged.
class TillChains {
 public:
  static core::Result<TillChains> load(core::sql::Database& db);

  // Finds each chain's enrolment, the root's too, begins those that are new, and marks those of
  // which head office said something new. Returns how many were new.
  // Errors: kDamaged (a key of the books is not on the roster, or is there for another till).
  // Owner: the roster must outlive it.
  core::Result<std::size_t> enrol(const core::envelope::Roster& roster);

  // nullptr: no such key. Pointers stay good.
  TillChain* find(const core::envelope::Kid& kid);
  TillChain& at(std::int64_t number) { return chains_[static_cast<std::size_t>(number - 1)]; }
  const TillChain& at(std::int64_t number) const {
    return chains_[static_cast<std::size_t>(number - 1)];
  }
  std::size_t size() const { return chains_.size(); }
  std::vector<const TillChain*> by_kid() const;

  core::Result<void> save(const TillChain& chain);

 private:
  explicit TillChains(core::sql::Database& db) : db_(&db) {}
  core::Result<void> enrol(const core::envelope::Kid& kid,
                           const core::envelope::Enrolment& enrolment);

  core::sql::Database* db_;
  std::vector<TillChain> chains_;  // number n at n - 1
  std::unordered_map<core::envelope::Kid, std::int64_t, core::FixedBytesHash> numbers_;
};

}  // namespace rebuild
