// Books: an opened books.db, to be read. The replay alone writes it (books_writer.h).
// Must not know posting rules. Tables and digest rows: docs/formats/books.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/envelope/keys.h"
#include "core/envelope/message.h"
#include "ledger-rebuild/state.h"

namespace core::sql {
class Database;
}

namespace rebuild {

using core::envelope::Hash;

// Messages in the books, by state. Duplicates of the very same bytes are one message.
struct StateCounts {
  std::uint64_t proven = 0;
  std::uint64_t unproven = 0;
  std::uint64_t contradicted = 0;
  std::uint64_t copies = 0;
  std::uint64_t quarantined = 0;  // entries that are no message at all included
  std::uint64_t evidence = 0;     // against what head office named or a closed period has
  std::uint64_t revoked = 0;      // of a key that was taken back, behind its last place
  std::uint64_t all() const {
    return proven + unproven + contradicted + copies + quarantined + evidence + revoked;
  }
  bool operator==(const StateCounts&) const = default;
};

// Two digests of one set of rows: `figures` covers postings and stock moves only, so that it stays
// the same when a message is quarantined; `books` covers everything that the books say.
struct BooksDigest {
  Hash books;
  Hash figures;
  bool operator==(const BooksDigest&) const = default;
};

class Books {
 public:
  // Opens for reading: a file, or postgres://user@host/database. Errors: kNotFound, kMalformed (no
  // books, or another version), kUsage (no URL), kNetwork, kDatabase.
  static core::Result<Books> open(const std::filesystem::path& file);
  // The same, of one moment: see books_database.h. Errors: also kBusy.
  static core::Result<Books> open_one_moment(const std::filesystem::path& file);
  ~Books();
  Books(Books&&) noexcept;

  core::Result<StateCounts> state_counts() const;
  // The log that these books were made from.
  core::Result<std::string> origin() const;
  // Of that log, at the last replay; none: it was not read without gaps.
  core::Result<std::optional<core::envelope::TreeHead>> tree_head() const;
  // Computed from the tables as they are now.
  core::Result<BooksDigest> digest() const;
  // As the last replay computed and stored it.
  core::Result<BooksDigest> stored_digest() const;

  // For report.cpp and its kind.
  core::sql::Database& database() const { return *database_; }

 private:
  explicit Books(std::unique_ptr<core::sql::Database> database);

  std::unique_ptr<core::sql::Database> database_;
};

}  // namespace rebuild
