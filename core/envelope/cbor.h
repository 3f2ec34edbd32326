// Deterministic CBOR: a writer, and a reader that refuses every other encoding.
// Must not know what the items mean. Rules: RFC 8949 section 4.2.1, narrowed in
// docs/formats/message.md.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace core::envelope {

// The first seven are RFC 8949's major types, in their order.
enum class CborType : std::uint8_t {
  kUnsigned,
  kNegative,
  kBytes,
  kText,
  kArray,
  kMap,
  kTag,
  kBoolean,
  kNull
};

// An item's head in its shortest form: what stands before a string's bytes, or before items.
class CborHead {
 public:
  CborHead(CborType type, std::uint64_t argument);
  ByteView view() const { return ByteView(bytes_).first(size_); }

 private:
  std::array<std::uint8_t, 9> bytes_;
  std::size_t size_ = 1;
};

// Appends items to a byte string, always in the shortest form.
// The caller writes map keys in ascending order of their encodings; the reader would refuse others.
class CborWriter {
 public:
  explicit CborWriter(std::size_t room = kFirstRoom) { out_.reserve(room); }
  // Room for so many bytes more; only saves time.
  void reserve(std::size_t bytes) { out_.reserve(out_.size() + bytes); }
  void unsigned_integer(std::uint64_t value);
  void integer(std::int64_t value);
  void bytes(ByteView value);
  void text(std::string_view value);
  void array(std::size_t items);
  void map(std::size_t pairs);
  void tag(std::uint64_t number);
  void boolean(bool value);
  // Appends items that are encoded already.
  void encoded(ByteView items) { append(out_, items); }

  const Bytes& view() const { return out_; }
  Bytes take() && { return std::move(out_); }

 private:
  static constexpr std::size_t kFirstRoom = 128;  // most items fit: one allocation
  void head(CborType type, std::uint64_t argument);

  Bytes out_;
};

// One data item's head, with the content of a string.
struct CborItem {
  CborType type = CborType::kNull;
  // kUnsigned, kTag: the number. kNegative: n, for -1 - n. kArray: items. kMap: pairs.
  // kBoolean: 0 or 1.
  std::uint64_t argument = 0;
  ByteView string;         // kBytes, kText; borrowed from the input
  std::size_t offset = 0;  // of the head's first byte in the input
};

// Reads items one after the other, in order, and checks as it goes.
// Refused, each with kMalformed and the byte offset: a length or number that is not in its shortest
// form, indefinite lengths, floats and other simple values, map keys that repeat or are out of
// order, tags of tags, text that is no UTF-8, strings and containers longer than the input, nesting
// deeper than kDepthMax, and (at finish) open containers and trailing bytes. Owner: the input must
// outlive the reader and the views that it returns.
class CborReader {
 public:
  static constexpr std::size_t kDepthMax = 8;

  explicit CborReader(ByteView input) : input_(input) {}

  Result<CborItem> next();

  // next() with a type; kMalformed when the item is another.
  Result<std::uint64_t> unsigned_integer();
  Result<std::int64_t> integer();  // kMalformed also when it does not fit int64
  Result<ByteView> bytes();
  Result<std::string_view> text();
  Result<std::size_t> array();  // returns the number of items
  Result<std::size_t> map();    // returns the number of pairs
  Result<std::uint64_t> tag();
  Result<bool> boolean();

  // Reads one whole item, whatever it is, and returns its bytes.
  Result<ByteView> whole_item();

  // Whether an array comes next, whatever its length.
  bool is_at_array() const;

  std::size_t offset() const { return offset_; }
  bool at_end() const { return offset_ == input_.size(); }
  // Errors: kMalformed (open container or trailing bytes).
  Result<void> finish() const;

  // "byte 17: ..."; for callers that find a readable item wrong.
  Unexpected refuse(std::size_t offset, std::string_view reason) const;

 private:
  struct Container {
    bool is_map;
    std::uint64_t items_left;  // of a map its keys and values; even before a key
    const std::uint8_t* last_key;
    std::size_t last_key_size;  // 0: none yet
  };

  // The next item, when it is an unsigned integer of one byte and nothing is to be refused.
  bool take_small(std::uint64_t& value);
  // The next item. False: refusal() says why. Results with their texts cost more than an item.
  bool advance(CborItem& item);
  bool advance(CborItem& item, CborType type, std::string_view expected);
  bool read_head(CborItem& item, std::size_t& end);
  bool read_simple(CborItem& item, std::size_t& end);
  bool check_content(const CborItem& item);
  bool account_for(const CborItem& item, std::size_t end);
  bool open_container(const CborItem& item);
  bool check_key(const CborItem& item, Container& map, std::size_t end);
  bool stop(std::size_t offset, std::string_view reason);
  Unexpected refusal() const { return refuse(stopped_at_, stopped_for_); }

  ByteView input_;
  std::size_t offset_ = 0;
  std::size_t depth_ = 0;
  bool after_tag_ = false;
  std::size_t stopped_at_ = 0;
  std::string_view stopped_for_;
  std::array<Container, kDepthMax> open_;  // the first depth_ of them
};

// Diagnostic notation of one item (RFC 8949 section 8), for dumps and error reports.
// Errors: as CborReader.
Result<std::string> cbor_diagnostic(ByteView item);

}  // namespace core::envelope
