// Message: who signed what bytes, and where they stand in the sender's chain.
// Must not know what a payload means. Format: docs/formats/message.md, docs/message.cddl.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/keys.h"

namespace core::envelope {

inline constexpr std::size_t kMessageSizeMax = 65535;  // bytes of the whole tagged COSE_Sign1
// What a payload may measure before it is sealed, so that the message fits with any header.
inline constexpr std::size_t kPayloadSizeMax = kMessageSizeMax - 256 - 64;

using MessageId =
    Hash;  // SHA-256(0x00 || message): its leaf hash in the log (RFC 6962 section 2.1)

// COSE header parameter 3, as a CoAP Content-Format of the experimental range (RFC 7252 section
// 12.3). The relay may see which of these a message is, and nothing more.
enum class ContentType : std::uint64_t {
  kSummary = 65100,        // a till's opening or closing, in clear
  kBulletin = 65101,       // head office's decision: a roster entry, for example
  kSealedSummary = 65102,  // as kSummary, sealed to head office
  kNotice = 65105,         // head office's word to its tills, sealed to them
};

// What a till knows of the log, from its last receipt.
struct TreeHead {
  std::uint64_t size = 0;
  Hash root;
  bool operator==(const TreeHead&) const = default;
};

// Whom a notice is for, in clear, so that a relay can hand it out. Format: docs/formats/notice.md.
struct Address {
  TillRef feed;                  // 0/0: every till; 4/0: those of store 4; 4/1: that one
  MessageId link;                // of the feed's notice before; zeros: there is none
  bool whole = false;            // it says all that its feed has to say: none before it is needed
  std::uint64_t generation = 0;  // of the keys that it is sealed with, or that it brings
  bool operator==(const Address&) const = default;
};

// The protected header: in clear, and signed.
struct Header {
  ContentType content_type = ContentType::kSummary;
  Kid kid;
  Epoch epoch;
  Sequence sequence;
  MessageId prev;  // of the sender's message before; at sequence 1 the roster entry of this epoch
  std::optional<TreeHead> tree_head;
  std::optional<Address> address;  // exactly of a notice
  bool operator==(const Header&) const = default;
};

// A parsed message. Owner: views borrow from the parsed bytes.
struct Message {
  Header header;
  ByteView protected_header;  // the encoded header, as signed
  ByteView payload;           // opaque here
  Signature signature;
};

MessageId message_id(ByteView message);

// The protected header's bytes: what sealing binds a payload to.
Bytes encode_header(const Header& header);

// Signs and encodes. Errors: kTooLarge (over kMessageSizeMax).
Result<Bytes> sign_message(const Header& header, ByteView payload, const PrivateKey& key);

// Accepts the one valid encoding: tag 18, deterministic CBOR, exactly the header parameters of
// docs/message.cddl, empty unprotected header, canonical signature. Checks no signature.
// Errors: kTooLarge; kMalformed with the byte offset.
Result<Message> parse_message(ByteView bytes);
// The same in the place of `message`, of which an error leaves anything.
Result<void> parse_message(ByteView bytes, Message& message);

// The bytes that a COSE_Sign1 signature covers (RFC 9052 section 4.4).
Bytes signature_input(ByteView protected_header, ByteView external_data, ByteView payload);

// Whether the signature is `key`'s. Does not look at header.kid.
bool verify_message(const Message& message, const PublicKey& key);

// SHA-256 of the signed bytes: equal for copies that differ in nothing but the signature.
Hash content_hash(const Message& message);

// Length of the first message of a CBOR sequence (RFC 8742), for splitting a request body.
// Reads one item's extent only. Errors: kMalformed with the byte offset, relative to `sequence`.
Result<std::size_t> first_item_size(ByteView sequence);

}  // namespace core::envelope
