// NextKey: the keys that this till asked for and does not have yet: one row, or none.
// Must not know when a till asks, nor when it changes (till/rotation.cpp). Format:
// docs/formats/journal.md.
#pragma once

#include <optional>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/keys.h"
#include "core/envelope/message.h"
#include "core/envelope/sealing.h"
#include "till/journal.h"

namespace till {

// What head office's roster gave the next key.
struct NextEpoch {
  core::Epoch epoch;
  core::envelope::MessageId entry;
  std::optional<core::envelope::SealingPublicKey> seals_to;
};

struct NextKey {
  core::envelope::PrivateKey key = core::envelope::PrivateKey::generate();
  core::envelope::SealingPrivateKey sealing_key = core::envelope::SealingPrivateKey::generate();
  std::optional<NextEpoch> enrolled;  // none: head office has not answered yet
};

// nullopt: the till asked for none. Errors: kDamaged, those of core::sqlite::Database.
core::Result<std::optional<NextKey>> read_next_key(Journal& journal);
// Errors: kDamaged (keys that the till has already, of a till that did not join, or of an epoch
// that is not behind its own), as read_next_key().
core::Result<void> check_next_key(Journal& journal);
// Inside a transaction: the row, made or changed. Errors: those of core::sqlite::Database.
core::Result<void> put_next_key(Journal& journal, const NextKey& next);

}  // namespace till
