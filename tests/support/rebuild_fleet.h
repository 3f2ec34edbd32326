// Fleet: enrolled tills that sign what a test wants, honestly or not.
// Must not know the rebuild: it makes messages and a roster, nothing else.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/envelope/message.h"
#include "core/envelope/roster.h"
#include "core/retail/summary.h"

namespace test {

inline constexpr const char* kOrigin = "test.example/shops";

// A key that is the same in every run. NEVER_USE_IN_A_REAL_SYSTEM.
core::envelope::PrivateKey key_number(std::uint64_t number);

// One till in one epoch, and where its chain stands.
struct ChainEnd {
  core::TillRef ref;
  core::Epoch epoch;
  core::envelope::PrivateKey key;
  core::envelope::Kid kid;
  core::envelope::MessageId entry;                          // the roster entry
  core::Sequence sequence;                                  // of the last message
  core::envelope::MessageId prev;                           // its id, or the roster entry's
  std::optional<core::envelope::SealingKey> sealing_key{};  // none: payloads go in clear
};

enum class Sealing { kOff, kOn };

class Fleet {
 public:
  explicit Fleet(Sealing sealing = Sealing::kOff);

  // Enrols a till, or a till again with its next epoch. Returns its number in this fleet.
  std::size_t enrol(std::uint32_t store, std::uint32_t till);
  ChainEnd& till(std::size_t number) { return tills_[number]; }
  const core::envelope::Roster& roster() const { return roster_; }
  // The same roster as those have it who hold no private key.
  core::envelope::Roster public_roster() const;
  // The roster's bulletins, as a file holds them.
  const core::Bytes& roster_file() const { return roster_file_; }
  const core::envelope::PrivateKey& head_office_key() const { return head_office_; }

  // Head office's decisions over a till's chain, signed with the root.
  void revoke(std::size_t till, const std::optional<core::envelope::ChainPlace>& last);
  void settle(std::size_t till, const core::envelope::ChainPlace& stands);

  // The till's next message; the chain goes on from it.
  core::Bytes next(std::size_t till, const core::retail::Summary& summary);
  core::Bytes next_payload(std::size_t till, core::ByteView payload);
  // As head office sends them, in clear; for the sender 0/0, or one that pretends to be it.
  core::Bytes next_bulletin(std::size_t sender, core::ByteView payload);

 private:
  core::envelope::PrivateKey head_office_;
  core::envelope::Roster roster_;
  core::Bytes roster_file_;
  std::vector<ChainEnd> tills_;
};

// A header for the place after `end`.
core::envelope::Header header_after(const ChainEnd& end);
core::Bytes sign(const core::envelope::Header& header, core::ByteView payload,
                 const core::envelope::PrivateKey& key);
// As sign(), with the payload sealed first.
core::Bytes sign_sealed(core::envelope::Header header, core::ByteView payload,
                        const ChainEnd& till);
// The same content under another valid signature of the same key (another nonce).
core::Bytes sign_again(const core::envelope::Header& header, core::ByteView payload,
                       const core::envelope::PrivateKey& key, std::uint64_t nonce);
// The same bytes with another signature.
core::Bytes with_signature(core::ByteView message, const core::envelope::Signature& signature);
core::envelope::Signature signature_of(core::ByteView message);

core::retail::Opening opening(int day, core::retail::Components received);
// A day of cash sales without tax.
core::retail::Closing closing(int day, std::int64_t net_minor, std::uint64_t sales = 1,
                              core::retail::Components consumed = {});
core::Quantity units(std::int64_t whole);

}  // namespace test
