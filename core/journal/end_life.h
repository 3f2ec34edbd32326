// EndLife: a journal goes on under other keys: what was said under those before becomes a life that
// ended. For a journal that is made from a backup, and for a till whose key is changed.
// Must not know why it ended, nor who enrols the new keys. Format: docs/formats/journal.md,
// "Lives".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/base/business_day.h"
#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/result.h"
#include "core/envelope/keys.h"
#include "core/envelope/sealing.h"
#include "core/sqlite/database.h"

namespace core::journal {

// Whose journal it is, and with which keys from now on.
struct NewIdentity {
  TillRef ref;
  Currency currency;
  std::string origin;
  envelope::PublicKey chain_key;  // that the chains of documents and audit log go on from
  envelope::PrivateKey key = envelope::PrivateKey::generate();
  envelope::SealingPrivateKey sealing_key = envelope::SealingPrivateKey::generate();
};

// Where the life that ended left off, as far as anybody knows.
struct EndOfLife {
  Epoch epoch;
  envelope::PublicKey key;
  std::optional<BusinessDay> last_day;
  std::int64_t sold_minor = 0;  // grand totals
  std::int64_t refunded_minor = 0;
  std::map<int, std::uint64_t> numbers;  // by series: the last one that may have been given out
};

// Inside a transaction. The state is that of a till that has not joined; the private keys before
// are overwritten, and increments that no target has yet are dropped: the next one holds
// everything. Errors: kMalformed (a day is open, or there is no state; a series that there is not);
// those of Database.
Result<void> end_life(sqlite::Database& database, const NewIdentity& identity,
                      const EndOfLife& end);

}  // namespace core::journal
