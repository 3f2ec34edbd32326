// Increment: one part of a till's backup as it lies in a file: sealed to head office, signed by the
// till, chained to the file before. Must not know what is in it (core/journal/content.h).
// Format: docs/formats/backup.md, "File".
#pragma once

#include <cstdint>
#include <string>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/keys.h"
#include "core/envelope/sealing.h"
#include "core/envelope/statement.h"

namespace core::journal {

inline constexpr std::size_t kIncrementSizeMax = std::size_t{8} << 20;  // bytes of a file
inline constexpr std::size_t kContentSizeMax = std::size_t{8} << 20;    // bytes of what it holds

// Where a file stands in the chain of its till's epoch.
struct IncrementPlace {
  Epoch epoch;
  std::uint64_t number = 1;  // from 1
  std::uint32_t part = 1;    // from 1
  std::uint32_t parts = 1;
  envelope::Hash prev;  // link of the file before; of the first the id of the roster entry
  bool operator==(const IncrementPlace&) const = default;
};

// Owner: views borrow from the parsed bytes.
struct Increment {
  envelope::Statement statement;
  IncrementPlace place;
  ByteView sealed;
};

// What the next file names as `prev`.
inline envelope::Hash link_of(ByteView file) {
  return envelope::sha256(file);
}

// "4-1-1-17-1.backup": store, till, epoch, number, part.
std::string increment_name(TillRef till, const IncrementPlace& place);

// Packs, seals and signs. The same content, place and keys give the same bytes.
// Errors: kTooLarge (content over kContentSizeMax).
Result<Bytes> write_increment(const IncrementPlace& place, const envelope::Kid& kid,
                              ByteView content, const envelope::SealingKey& sealing_key,
                              const envelope::PrivateKey& key);

// Accepts the one valid encoding; checks no signature. Errors: kTooLarge, kMalformed.
Result<Increment> parse_increment(ByteView file);

// What it holds. `key`: the till's for backups of this epoch. Errors: kBadSignature (sealed with
// another key or for another place), kMalformed (what is inside is no content), kTooLarge.
Result<Bytes> open_increment(const Increment& increment, const envelope::SealingKey& key);

}  // namespace core::journal
