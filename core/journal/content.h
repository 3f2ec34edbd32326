// Content: what a backup increment holds: the rows of a journal that are new or changed, and how
// they become rows again. Must not know what the rows mean, nor keys or files.
// Format: docs/formats/backup.md, "File".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/business_day.h"
#include "core/base/bytes.h"
#include "core/base/money.h"
#include "core/base/result.h"
#include "core/envelope/keys.h"
#include "core/sqlite/database.h"

namespace core::journal {

// What every part says before its rows.
struct ContentHead {
  std::int64_t journal_version = 0;
  std::uint64_t since = 0;  // the increment that it adds to; 0: it holds everything
  Currency currency;
  envelope::PublicKey chain_key;   // that the chains of documents and audit log begin with
  std::optional<BusinessDay> day;  // closed last
};

// How far each table of added rows was read, by the table's name.
using Marks = std::map<std::string, std::int64_t, std::less<>>;

struct Changes {
  std::vector<Bytes> parts;  // one at least
  Marks marks;               // after them
};

// The rows of a till's journal since `marks`, in parts of some kContentPart bytes. With
// `head.since` 0 all rows, whatever the marks say. Errors: those of Database.
Result<Changes> read_changes(sqlite::Database& database, const ContentHead& head,
                             const Marks& marks);

// Errors: kMalformed with the byte offset.
Result<ContentHead> read_head(ByteView content);

// Puts a part's rows into a journal's tables, none of which has its triggers yet; those that are
// always carried whole are emptied before the first part of each increment. Shape: the parts of one
// set, in order, beginning with a whole increment. Errors: kMalformed (no content, of another
// journal version, a table or row that there is not), those of Database.
Result<void> put_rows(sqlite::Database& database, ByteView content, bool first_part);

}  // namespace core::journal
