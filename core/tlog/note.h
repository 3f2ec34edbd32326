// Signed notes, and checkpoints: what a log's operator says of its size and root, signed.
// Must not know the tree. Sources: C2SP signed-note, C2SP tlog-checkpoint.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/envelope/keys.h"

namespace core::tlog {

inline constexpr std::size_t kNoteSizeMax = 4096;

// Who signs, as a client knows them: a name and an Ed25519 key (signature type 0x01).
class NoteVerifier {
 public:
  // Shape: a name as is_key_name() wants it (CORE_CHECK).
  NoteVerifier(std::string name, const envelope::PublicKey& key);
  // "example.com/shops+1a2b3c4d+AY...": name, key hash, type and key in Base64. Errors: kMalformed.
  static Result<NoteVerifier> parse(std::string_view vkey);

  const std::string& name() const { return name_; }
  const envelope::PublicKey& key() const { return key_; }
  std::uint32_t key_hash() const { return key_hash_; }
  std::string vkey() const;
  bool operator==(const NoteVerifier&) const = default;

 private:
  std::string name_;
  envelope::PublicKey key_;
  std::uint32_t key_hash_;
};

// Not empty, at most 255 bytes, printable ASCII without spaces or '+'.
bool is_key_name(std::string_view name);

struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  envelope::Hash root;
  bool operator==(const Checkpoint&) const = default;
};

// The note: the checkpoint's text and one signature line, under the origin as the signer's name.
std::string sign_checkpoint(const Checkpoint& checkpoint, const envelope::PrivateKey& key);

// The checkpoint of a note that `verifier` signed; signatures of others and extension lines are
// passed over. Errors: kMalformed (no note, no checkpoint, another origin), kUnknownKey (no
// signature line of the verifier), kBadSignature.
Result<Checkpoint> open_checkpoint(std::string_view note, const NoteVerifier& verifier);

}  // namespace core::tlog
