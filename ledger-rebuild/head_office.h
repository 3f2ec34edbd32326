// HeadOffice: the directory with head office's keys and the roster of enrolled tills.
// Must not know summaries or books. Directory and file formats: docs/formats/roster.md.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/enrol_request.h"
#include "core/envelope/keys.h"
#include "core/envelope/roster.h"
#include "core/wire/relay_client.h"
#include "ledger-rebuild/decisions.h"

namespace rebuild {

// What head office answers; the till starts its chain with both.
struct Enrolled {
  core::TillRef till;
  core::Epoch epoch;
  core::envelope::MessageId entry;  // `prev` of the till's first message
};

// A key that ends: its till has the next one, and speaks with it.
struct Retirement {
  core::TillRef till;
  core::Epoch epoch;
  core::envelope::ChainPlace last;  // of its messages, which all stand
};

// Whether tills seal their payloads to head office.
enum class Payloads { kSealed, kInClear };

class HeadOffice {
 public:
  // Makes keys and a roster without tills in `directory`, which is created when missing; durable
  // when it returns: the root, which signs the key of every day and may go to a safe then, and that
  // key. Errors: kExists (a head office is there), kMalformed (origin), kIo, kSyncFailed.
  static core::Result<HeadOffice> create(const std::filesystem::path& directory,
                                         std::string_view origin,
                                         Payloads payloads = Payloads::kSealed);

  // Reads the directory and checks every bulletin of the roster.
  // Errors: kNotFound, kMalformed, kBadSignature, kUnknownKey, kIo.
  static core::Result<HeadOffice> open(const std::filesystem::path& directory);

  // Enrols all of them, in order, with one durable replacement of the roster file: all or none.
  // The directory is locked and the roster read again first, so two processes cannot lose an entry.
  // Errors: those of Roster::enrol, naming the till; kBusy (another process enrols), kIo,
  // kSyncFailed; after any of them the file is the one before.
  core::Result<std::vector<Enrolled>> enrol(std::span<const core::envelope::EnrolRequest> requests);

  // Names the key that signs the log's checkpoints: tills and replays check receipts with it.
  // Errors: kMalformed (no such key), kBusy, kIo, kSyncFailed.
  core::Result<void> name_log_key(const core::envelope::PublicKey& key);
  // Takes the key of a till's epoch back: `last` and what it names before it stands, and nothing
  // else of it. Errors: kNotFound, kState (revoked already), kBusy, kIo, kSyncFailed.
  core::Result<void> revoke(core::TillRef till, core::Epoch epoch,
                            const std::optional<core::envelope::ChainPlace>& last);
  // As enrol(), for keys that end. Errors: as revoke(), naming the till; kState (no successor).
  core::Result<void> retire(std::span<const Retirement> keys);
  // Says which of two contents for a place is the right one. Errors: as revoke().
  core::Result<void> settle(core::TillRef till, core::Epoch epoch,
                            const core::envelope::ChainPlace& stands);
  // With the root's private key from `root`: takes the key of every day back, and makes another.
  // What the old one signed up to `last` stands; none: what the directory has of it.
  // Errors: kNotFound (no root), kMalformed (another root's), kBusy, kIo, kSyncFailed.
  core::Result<void> replace_office_key(const std::filesystem::path& root,
                                        std::optional<core::envelope::ChainPlace> last);

  const std::string& origin() const { return roster_.origin(); }
  const core::envelope::PublicKey& public_key() const { return public_key_; }
  const core::envelope::Roster& roster() const { return roster_; }

 private:
  HeadOffice(std::filesystem::path directory, core::envelope::PublicKey public_key,
             core::envelope::Roster roster);
  // Reads the roster under the directory's lock, lets `write` append entries to it, and replaces
  // the file. Without a signer: the key of every day signs, or, where there is none, the root.
  using Entries = std::vector<core::Bytes>;
  using Write =
      std::function<core::Result<Entries>(core::envelope::Roster&, core::envelope::RosterSigner)>;
  core::Result<void> extend(const Write& write, const core::envelope::PrivateKey* root = nullptr);

  std::filesystem::path directory_;
  core::envelope::PublicKey public_key_;
  core::envelope::Roster roster_;
};

// What the key of every day signs besides the roster. Makes that key where there is none yet, for
// which the root must be in the directory. Errors: those of Decisions::open and
// HeadOffice::replace_office_key.
core::Result<Decisions> open_decisions(const std::filesystem::path& directory);

// What head office reads a relay's entries with: its key of every day; none when that is not in the
// directory. Errors: kMalformed, kIo.
core::Result<std::optional<core::wire::ReadCredential>> read_credential(
    const std::filesystem::path& directory, const core::envelope::Roster& roster);

// The roster alone, for those who only read: needs head-office.pub, origin and roster.cbor, and
// never opens the private key that signs. Where sealing.key is, with the openers of what is sealed
// to it. Errors: as HeadOffice::open, and those of attach_openers.
core::Result<core::envelope::Roster> read_roster(const std::filesystem::path& directory);
// A roster with the openers of its tills, where sealing.key is. Errors: those of attach_openers.
core::Result<core::envelope::Roster> with_openers(const std::filesystem::path& directory,
                                                  core::envelope::Roster roster);

}  // namespace rebuild
