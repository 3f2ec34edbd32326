// COSE_Sign1 (RFC 9052) in the one form that this system accepts.
#include "core/envelope/message.h"

#include <limits>

#include "core/envelope/cbor.h"

namespace core::envelope {
namespace {

constexpr std::uint64_t kTagCoseSign1 = 18;
// Header labels, RFC 9052 section 3.1, and one of the private range for the place in the chain.
constexpr std::int64_t kLabelAlgorithm = 1;
constexpr std::int64_t kLabelContentType = 3;
constexpr std::int64_t kLabelKid = 4;
constexpr std::int64_t kLabelChain = -65537;
constexpr std::int64_t kAlgorithmEdDsa = -8;  // RFC 9053 section 2.2

Result<void> expect_label(CborReader& r, std::int64_t label) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::int64_t found, r.integer());
  if (found != label) {
    return r.refuse(at, "header parameter " + std::to_string(found) + " where " +
                            std::to_string(label) + " is expected");
  }
  return {};
}

template <typename Fixed>
Result<Fixed> read_fixed(CborReader& r) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const ByteView view, r.bytes());
  auto value = Fixed::from(view);
  if (!value) return r.refuse(at, value.error().what);
  return value;
}

Result<void> read_chain(CborReader& r, Header& header) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items != 3 && items != 5) return r.refuse(at, "the chain parameter has 3 or 5 items");
  TRY_ASSIGN(const std::uint64_t epoch, r.unsigned_integer());
  if (epoch == 0 || epoch > std::numeric_limits<Epoch::rep>::max()) {
    return r.refuse(at, "an epoch is 1 to 4294967295");
  }
  header.epoch = Epoch{static_cast<Epoch::rep>(epoch)};
  TRY_ASSIGN(header.sequence.value, r.unsigned_integer());
  // Journals and books keep a sequence in SQLite's signed 64 bits.
  if (header.sequence.value == 0 ||
      header.sequence.value >
          static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return r.refuse(at, "a sequence is 1 to 2^63-1");
  }
  TRY_ASSIGN(header.prev, read_fixed<MessageId>(r));
  if (items == 5) {
    TreeHead head;
    TRY_ASSIGN(head.size, r.unsigned_integer());
    TRY_ASSIGN(head.root, read_fixed<Hash>(r));
    header.tree_head = head;
  }
  return {};
}

Result<Header> read_header(ByteView bytes) {
  CborReader r(bytes);
  Header header;
  TRY_ASSIGN(const std::size_t pairs, r.map());
  if (pairs != 4) return r.refuse(0, "the protected header has 4 parameters");
  TRY(expect_label(r, kLabelAlgorithm));
  std::size_t at = r.offset();
  TRY_ASSIGN(const std::int64_t algorithm, r.integer());
  if (algorithm != kAlgorithmEdDsa) return r.refuse(at, "the algorithm is not EdDSA (-8)");
  TRY(expect_label(r, kLabelContentType));
  at = r.offset();
  TRY_ASSIGN(const std::uint64_t type, r.unsigned_integer());
  header.content_type = static_cast<ContentType>(type);
  if (header.content_type != ContentType::kSummary &&
      header.content_type != ContentType::kBulletin &&
      header.content_type != ContentType::kSealedSummary) {
    return r.refuse(at, "unknown content type " + std::to_string(type));
  }
  TRY(expect_label(r, kLabelKid));
  TRY_ASSIGN(header.kid, read_fixed<Kid>(r));
  TRY(expect_label(r, kLabelChain));
  TRY(read_chain(r, header));
  TRY(r.finish());
  return header;
}

}  // namespace

Bytes encode_header(const Header& header) {
  CborWriter w;
  w.map(4);
  w.integer(kLabelAlgorithm);
  w.integer(kAlgorithmEdDsa);
  w.integer(kLabelContentType);
  w.unsigned_integer(static_cast<std::uint64_t>(header.content_type));
  w.integer(kLabelKid);
  w.bytes(header.kid.view());
  w.integer(kLabelChain);
  w.array(header.tree_head ? 5 : 3);
  w.unsigned_integer(header.epoch.value);
  w.unsigned_integer(header.sequence.value);
  w.bytes(header.prev.view());
  if (header.tree_head) {
    w.unsigned_integer(header.tree_head->size);
    w.bytes(header.tree_head->root.view());
  }
  return std::move(w).take();
}

MessageId message_id(ByteView message) {
  return sha256_prefixed(0x00, message);
}

Bytes signature_input(ByteView protected_header, ByteView external_data, ByteView payload) {
  CborWriter w;
  w.array(4);
  w.text("Signature1");
  w.bytes(protected_header);
  w.bytes(external_data);
  w.bytes(payload);
  return std::move(w).take();
}

Result<Bytes> sign_message(const Header& header, ByteView payload, const PrivateKey& key) {
  const Bytes protected_header = encode_header(header);
  const Signature signature = key.sign(signature_input(protected_header, {}, payload));
  CborWriter w;
  w.tag(kTagCoseSign1);
  w.array(4);
  w.bytes(protected_header);
  w.map(0);
  w.bytes(payload);
  w.bytes(signature.view());
  if (w.view().size() > kMessageSizeMax) {
    return fail(Errc::kTooLarge, "a message of " + std::to_string(w.view().size()) +
                                     " bytes; the limit is " + std::to_string(kMessageSizeMax));
  }
  return std::move(w).take();
}

Result<Message> parse_message(ByteView bytes) {
  if (bytes.size() > kMessageSizeMax) {
    return fail(Errc::kTooLarge, "a message of " + std::to_string(bytes.size()) +
                                     " bytes; the limit is " + std::to_string(kMessageSizeMax));
  }
  CborReader r(bytes);
  Message message;
  TRY_ASSIGN(const std::uint64_t tag, r.tag());
  if (tag != kTagCoseSign1) return r.refuse(0, "the tag is not 18 (COSE_Sign1)");
  std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t parts, r.array());
  if (parts != 4) return r.refuse(at, "a COSE_Sign1 has 4 parts");
  at = r.offset();
  TRY_ASSIGN(message.protected_header, r.bytes());
  auto header = read_header(message.protected_header);
  if (!header) return r.refuse(at, "protected header, " + header.error().what);
  message.header = *header;
  at = r.offset();
  TRY_ASSIGN(const std::size_t unprotected, r.map());
  if (unprotected != 0) return r.refuse(at, "the unprotected header is not empty");
  TRY_ASSIGN(message.payload, r.bytes());
  at = r.offset();
  TRY_ASSIGN(message.signature, read_fixed<Signature>(r));
  if (!is_canonical(message.signature)) return r.refuse(at, "the signature is not canonical");
  TRY(r.finish());
  return message;
}

bool verify_message(const Message& message, const PublicKey& key) {
  return verify(key, signature_input(message.protected_header, {}, message.payload),
                message.signature);
}

Hash content_hash(const Message& message) {
  return sha256(signature_input(message.protected_header, {}, message.payload));
}

Result<std::size_t> first_item_size(ByteView sequence) {
  CborReader r(sequence);
  TRY_ASSIGN(const ByteView item, r.whole_item());
  return item.size();
}

}  // namespace core::envelope
