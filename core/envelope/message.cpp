// COSE_Sign1 (RFC 9052) in the one form that this system accepts.
#include "core/envelope/message.h"

#include <limits>

#include "core/base/check.h"
#include "core/envelope/cbor.h"
#include "core/envelope/cose.h"

namespace core::envelope {
namespace {

// Of the private range: the place in the chain.
constexpr std::int64_t kLabelChain = -65537;
// Of a notice: whom it is for, and what it goes on from.
constexpr std::int64_t kLabelAddress = -65538;
constexpr std::size_t kAddressItems = 5;

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
  TRY(read_fixed(r, header.prev));
  if (items == 5) {
    TreeHead& head = header.tree_head.emplace();
    TRY_ASSIGN(head.size, r.unsigned_integer());
    TRY(read_fixed(r, head.root));
  }
  return {};
}

Result<std::uint32_t> read_number32(CborReader& r) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t value, r.unsigned_integer());
  if (value > std::numeric_limits<std::uint32_t>::max()) {
    return r.refuse(at, "stores and tills have 32 bits");
  }
  return static_cast<std::uint32_t>(value);
}

Result<void> read_address(CborReader& r, Address& address) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items != kAddressItems) return r.refuse(at, "an address has 5 items");
  TRY_ASSIGN(address.feed.store.value, read_number32(r));
  TRY_ASSIGN(address.feed.till.value, read_number32(r));
  if (address.feed.store.value == 0 && address.feed.till.value != 0) {
    return r.refuse(at, "a till has a store");
  }
  TRY(read_fixed(r, address.link));
  TRY_ASSIGN(address.whole, r.boolean());
  TRY_ASSIGN(address.generation, r.unsigned_integer());
  return {};
}

Result<void> read_header(ByteView bytes, Header& header) {
  CborReader r(bytes);
  TRY_ASSIGN(const std::size_t pairs, r.map());
  if (pairs != 4 && pairs != 5) {
    return r.refuse(0, "the protected header has 4 parameters, and of a notice 5");
  }
  TRY(expect_eddsa(r));
  TRY(expect_label(r, kLabelContentType));
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t type, r.unsigned_integer());
  header.content_type = static_cast<ContentType>(type);
  if (header.content_type != ContentType::kSummary &&
      header.content_type != ContentType::kBulletin &&
      header.content_type != ContentType::kSealedSummary &&
      header.content_type != ContentType::kNotice) {
    return r.refuse(at, "unknown content type " + std::to_string(type));
  }
  const bool is_notice = header.content_type == ContentType::kNotice;
  if (is_notice != (pairs == 5)) return r.refuse(0, "an address is a notice's, and no other's");
  TRY(expect_label(r, kLabelKid));
  TRY(read_fixed(r, header.kid));
  TRY(expect_label(r, kLabelChain));
  TRY(read_chain(r, header));
  if (is_notice) {
    TRY(expect_label(r, kLabelAddress));
    TRY(read_address(r, header.address.emplace()));
  }
  return r.finish();
}

}  // namespace

Bytes encode_header(const Header& header) {
  CORE_CHECK(header.address.has_value() == (header.content_type == ContentType::kNotice));
  CborWriter w;
  w.map(header.address ? 5 : 4);
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
  if (header.address) {
    w.integer(kLabelAddress);
    w.array(kAddressItems);
    w.unsigned_integer(header.address->feed.store.value);
    w.unsigned_integer(header.address->feed.till.value);
    w.bytes(header.address->link.view());
    w.boolean(header.address->whole);
    w.unsigned_integer(header.address->generation);
  }
  return std::move(w).take();
}

MessageId message_id(ByteView message) {
  return sha256_prefixed(0x00, message);
}

// What surrounds the parts of a Sig_structure, at most.
constexpr std::size_t kFrameMax = 48;
constexpr std::string_view kSignature1 = "Signature1";

Bytes signature_input(ByteView protected_header, ByteView external_data, ByteView payload) {
  CborWriter w(protected_header.size() + external_data.size() + payload.size() + kFrameMax);
  w.array(4);
  w.text(kSignature1);
  w.bytes(protected_header);
  w.bytes(external_data);
  w.bytes(payload);
  return std::move(w).take();
}

Result<Bytes> sign_message(const Header& header, ByteView payload, const PrivateKey& key) {
  const Bytes protected_header = encode_header(header);
  const Signature signature = key.sign(signature_input(protected_header, {}, payload));
  Bytes out = write_sign1(protected_header, payload, signature);
  if (out.size() > kMessageSizeMax) {
    return fail(Errc::kTooLarge, "a message of " + std::to_string(out.size()) +
                                     " bytes; the limit is " + std::to_string(kMessageSizeMax));
  }
  return out;
}

Result<Message> parse_message(ByteView bytes) {
  Result<Message> out = Message();
  const Result<void> parsed = parse_message(bytes, *out);
  if (!parsed) out = fail(parsed.error());
  return out;
}

Result<void> parse_message(ByteView bytes, Message& message) {
  if (bytes.size() > kMessageSizeMax) {
    return fail(Errc::kTooLarge, "a message of " + std::to_string(bytes.size()) +
                                     " bytes; the limit is " + std::to_string(kMessageSizeMax));
  }
  CoseSign1 parts;
  TRY(read_sign1(bytes, parts));
  message.header.tree_head.reset();
  message.header.address.reset();
  const Result<void> header = read_header(parts.protected_header, message.header);
  if (!header) {
    return fail(Errc::kMalformed, "byte " + std::to_string(parts.header_offset) +
                                      ": protected header, " + header.error().what);
  }
  message.protected_header = parts.protected_header;
  message.payload = parts.payload;
  message.signature = parts.signature;
  return {};
}

bool verify_message(const Message& message, const PublicKey& key) {
  return verify(key, signature_input(message.protected_header, {}, message.payload),
                message.signature);
}

// As signature_input() writes it, without a copy of it.
Hash content_hash(const Message& message) {
  const auto head = [](ByteView string) { return CborHead(CborType::kBytes, string.size()); };
  const CborHead array(CborType::kArray, 4);
  const CborHead text(CborType::kText, kSignature1.size());
  const CborHead no_external_data(CborType::kBytes, 0);
  return sha256({array.view(), text.view(), as_bytes(kSignature1),
                 head(message.protected_header).view(), message.protected_header,
                 no_external_data.view(), head(message.payload).view(), message.payload});
}

Result<std::size_t> first_item_size(ByteView sequence) {
  CborReader r(sequence);
  TRY_ASSIGN(const ByteView item, r.whole_item());
  return item.size();
}

}  // namespace core::envelope
