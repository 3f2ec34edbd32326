// KnownLog: which entries of the log the books have read, and which of them were lost to damage.
// Must not know what is in an entry. Tables: docs/formats/books.md, "The log".
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/sql/database.h"
#include "ledger-rebuild/log_tree.h"
#include "ledger-rebuild/source.h"

namespace rebuild {

class KnownLog {
 public:
  // Owner: the database must outlive it. Errors: kDatabase, kDamaged.
  static core::Result<KnownLog> load(core::sql::Database& db, const LogTree& tree);

  // Where reading has to start: at the last entry that the tree knows, which shows that it is the
  // same log.
  core::LogIndex start() const { return start_; }

  // The positions in `lot` of entries that the books do not have; `ids` are the lot's. The tree
  // grows by what follows on from it. Shape: lots of ascending indices.
  // Errors: kDamaged (an entry is not the one that the tree has), those of the tree.
  core::Result<std::vector<std::size_t>> take(std::span<const SourceEntry> lot,
                                              std::span<const core::envelope::MessageId> ids,
                                              LogTree& tree, unsigned threads,
                                              const std::string& source);
  // The last lot was taken, and the log ends at `end`. Remembers what is lost.
  // Errors: kDamaged (it ended later when the books were made), kDatabase.
  core::Result<void> finish(core::LogIndex end, const std::string& source);

  // Whether this index was there, and new to the books.
  bool was_fresh(core::LogIndex index) const;
  bool is_complete(const LogTree& tree) const { return tree.size() >= end_; }
  // Whether the books know nothing from here on.
  bool is_behind_known(core::LogIndex index) const { return index.value >= old_end_; }
  // Behind the last entry of this replay. Shape: after finish().
  core::LogIndex end() const { return core::LogIndex{end_}; }

 private:
  struct Range {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
  };

  explicit KnownLog(core::sql::Database& db) : db_(&db) {}
  bool is_known(std::uint64_t index) const;
  void lose(std::uint64_t first, std::uint64_t end);

  core::sql::Database* db_;
  core::LogIndex start_{};
  std::uint64_t old_end_ = 0;
  std::uint64_t end_ = 0;
  std::vector<Range> old_lost_;
  std::vector<Range> lost_;
  std::uint64_t next_ = 0;  // the index that should come next
};

}  // namespace rebuild
