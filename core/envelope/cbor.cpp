// Deterministic CBOR: heads are read and written here, byte by byte, with the strictness in place:
// a replay reads some hundred items a message.
#include "core/envelope/cbor.h"

#include <algorithm>
#include <limits>

namespace core::envelope {
namespace {

constexpr std::uint8_t kLowMask = 0x1f;
// Values of a head's low five bits, RFC 8949 section 3.
constexpr std::uint8_t kLowOneByte = 24;  // the argument follows in 1, 2, 4 or 8 bytes
constexpr std::uint8_t kLowEightBytes = 27;
constexpr std::uint8_t kLowIndefinite = 31;

// Major type 7, section 3.3.
constexpr std::uint8_t kFirstSimple = 0xe0;
constexpr std::uint8_t kFalse = 0xf4;
constexpr std::uint8_t kTrue = 0xf5;
constexpr std::uint8_t kNull = 0xf6;
constexpr std::uint8_t kUndefined = 0xf7;
constexpr std::uint8_t kHalfFloat = 0xf9;
constexpr std::uint8_t kDouble = 0xfb;
constexpr std::uint8_t kBreak = 0xff;

constexpr std::string_view kNoItem = "no CBOR item starts so";
constexpr std::string_view kTooLong = "an item is longer than the input";
constexpr std::string_view kNotUsed =
    "indefinite lengths, floats and simple values other than false, true and null are not used "
    "here";

// The argument of a head that needs so many bytes of it.
constexpr std::array<std::uint64_t, 4> kSmallest = {24, 0x100, 0x10000, 0x100000000};

// RFC 3629 section 4: well-formed, no surrogates, nothing above U+10FFFF, shortest form.
bool is_utf8(ByteView text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const std::uint8_t lead = text[i];
    std::size_t more = 0;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xbf;
    if (lead < 0x80) {
      ++i;
      continue;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
      more = 1;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      more = 2;
      if (lead == 0xe0) low = 0xa0;
      if (lead == 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      more = 3;
      if (lead == 0xf0) low = 0x90;
      if (lead == 0xf4) high = 0x8f;
    } else {
      return false;
    }
    if (text.size() - i <= more) return false;
    if (text[i + 1] < low || text[i + 1] > high) return false;
    for (std::size_t k = 2; k <= more; ++k) {
      if (text[i + k] < 0x80 || text[i + k] > 0xbf) return false;
    }
    i += more + 1;
  }
  return true;
}

}  // namespace

CborHead::CborHead(CborType type, std::uint64_t argument) {
  const auto major = static_cast<std::uint8_t>(static_cast<unsigned>(type) << 5);
  if (argument < kLowOneByte) {
    bytes_[0] = static_cast<std::uint8_t>(major | argument);
    return;
  }
  std::size_t form = kSmallest.size() - 1;
  while (argument < kSmallest[form]) --form;
  const std::size_t width = std::size_t{1} << form;
  size_ = 1 + width;
  bytes_[0] = static_cast<std::uint8_t>(major | (kLowOneByte + form));
  for (std::size_t i = width; i > 0; --i, argument >>= 8) {
    bytes_[i] = static_cast<std::uint8_t>(argument);
  }
}

void CborWriter::head(CborType type, std::uint64_t argument) {
  append(out_, CborHead(type, argument).view());
}

void CborWriter::unsigned_integer(std::uint64_t value) {
  head(CborType::kUnsigned, value);
}

void CborWriter::integer(std::int64_t value) {
  if (value >= 0) return head(CborType::kUnsigned, static_cast<std::uint64_t>(value));
  head(CborType::kNegative, ~static_cast<std::uint64_t>(value));  // -1 - value
}

void CborWriter::bytes(ByteView value) {
  head(CborType::kBytes, value.size());
  append(out_, value);
}

void CborWriter::text(std::string_view value) {
  head(CborType::kText, value.size());
  append(out_, as_bytes(value));
}

void CborWriter::array(std::size_t items) {
  head(CborType::kArray, items);
}

void CborWriter::map(std::size_t pairs) {
  head(CborType::kMap, pairs);
}

void CborWriter::tag(std::uint64_t number) {
  head(CborType::kTag, number);
}

void CborWriter::boolean(bool value) {
  out_.push_back(value ? kTrue : kFalse);
}

Unexpected CborReader::refuse(std::size_t offset, std::string_view reason) const {
  return fail(Errc::kMalformed, "byte " + std::to_string(offset) + ": " + std::string(reason));
}

bool CborReader::stop(std::size_t offset, std::string_view reason) {
  stopped_at_ = offset;
  stopped_for_ = reason;
  return false;
}

// Of major type 7: everything but false, true and null is refused.
bool CborReader::read_simple(CborItem& item, std::size_t& end) {
  const std::uint8_t head = input_[offset_];
  end = offset_ + 1;
  if (head == kFalse || head == kTrue) {
    item.type = CborType::kBoolean;
    item.argument = head == kTrue ? 1 : 0;
    return true;
  }
  if (head == kNull) {
    item.type = CborType::kNull;
    item.argument = 0;
    return true;
  }
  if (head == kUndefined || head == kBreak) return stop(offset_, kNotUsed);
  if (head < kHalfFloat || head > kDouble) return stop(offset_, kNoItem);
  const std::size_t width = std::size_t{2} << (head - kHalfFloat);
  return stop(offset_, input_.size() - end < width ? kTooLong : kNotUsed);
}

// The head at offset_ and the content of a string; where they end.
inline bool CborReader::read_head(CborItem& item, std::size_t& end) {
  const std::size_t left = input_.size() - offset_;
  if (left == 0) [[unlikely]] {
    return stop(offset_, "the input ends where an item is expected");
  }
  const std::uint8_t* const bytes = input_.data() + offset_;
  if (bytes[0] >= kFirstSimple) [[unlikely]] {
    return read_simple(item, end);
  }
  item.type = static_cast<CborType>(bytes[0] >> 5);
  const std::uint8_t low = bytes[0] & kLowMask;
  std::size_t head = 1;
  std::size_t form = 0;
  item.argument = low;
  const bool is_string = item.type == CborType::kBytes || item.type == CborType::kText;
  if (low >= kLowOneByte) {
    const bool is_container = item.type == CborType::kArray || item.type == CborType::kMap;
    const bool is_indefinite = low == kLowIndefinite && (is_string || is_container);
    if (low > kLowEightBytes) return stop(offset_, is_indefinite ? kNotUsed : kNoItem);
    form = low - kLowOneByte;
    head += std::size_t{1} << form;
    if (left < head) return stop(offset_, kTooLong);
    item.argument = 0;
    for (std::size_t i = 1; i < head; ++i) item.argument = item.argument << 8 | bytes[i];
  }
  end = offset_ + head;
  if (is_string) {
    if (item.argument > left - head) return stop(offset_, kTooLong);
    item.string = input_.subspan(end, static_cast<std::size_t>(item.argument));
    end += item.string.size();
  }
  if (low < kLowOneByte || item.argument >= kSmallest[form]) return true;
  return stop(offset_, "a number or length is not in its shortest form");
}

bool CborReader::check_content(const CborItem& item) {
  if (item.type == CborType::kText && !is_utf8(item.string)) {
    return stop(offset_, "a text string is no UTF-8");
  }
  if (item.type == CborType::kTag && after_tag_) {
    return stop(offset_, "a tag inside a tag is not used here");
  }
  return true;
}

bool CborReader::open_container(const CborItem& item) {
  const bool is_map = item.type == CborType::kMap;
  const std::uint64_t left = input_.size() - offset_;
  if (item.argument > (is_map ? left / 2 : left)) {
    return stop(item.offset, "a container has more items than the input has bytes");
  }
  if (depth_ == kDepthMax) return stop(item.offset, "containers are nested too deep");
  open_[depth_++] = {is_map, is_map ? item.argument * 2 : item.argument, nullptr, 0};
  return true;
}

bool CborReader::check_key(const CborItem& item, Container& map, std::size_t end) {
  if (item.type == CborType::kArray || item.type == CborType::kMap || item.type == CborType::kTag) {
    return stop(item.offset, "a map key is neither a number nor a string");
  }
  const ByteView key = input_.subspan(item.offset, end - item.offset);
  const ByteView last(map.last_key, map.last_key_size);
  map.last_key = key.data();
  map.last_key_size = key.size();
  if (last.empty() || key.front() > last.front()) return true;
  const int order = std::memcmp(last.data(), key.data(), std::min(key.size(), last.size()));
  if (order == 0 && key.size() == last.size()) return stop(item.offset, "a map key occurs twice");
  if (order < 0 || (order == 0 && key.size() > last.size())) return true;
  return stop(item.offset, "map keys are out of order");
}

// Updates the stack of open containers for an item that ends before `end`.
inline bool CborReader::account_for(const CborItem& item, std::size_t end) {
  if (depth_ > 0 && !after_tag_) {
    Container& container = open_[depth_ - 1];
    const bool is_key = container.is_map && container.items_left % 2 == 0;
    if (is_key && !check_key(item, container, end)) return false;
    --container.items_left;
  }
  after_tag_ = item.type == CborType::kTag;
  offset_ = end;
  const bool is_container = item.type == CborType::kArray || item.type == CborType::kMap;
  if (is_container && !open_container(item)) return false;
  if (!after_tag_) {
    while (depth_ > 0 && open_[depth_ - 1].items_left == 0) --depth_;
  }
  return true;
}

inline bool CborReader::take_small(std::uint64_t& value) {
  if (depth_ == 0 || after_tag_ || offset_ == input_.size()) return false;
  const std::uint8_t* const byte = input_.data() + offset_;
  if (*byte >= kLowOneByte) return false;
  Container& container = open_[depth_ - 1];
  if (container.is_map && container.items_left % 2 == 0) {
    if (container.last_key_size != 0 && *byte <= *container.last_key) return false;
    container.last_key = byte;
    container.last_key_size = 1;
  }
  --container.items_left;
  while (depth_ > 0 && open_[depth_ - 1].items_left == 0) --depth_;
  ++offset_;
  value = *byte;
  return true;
}

bool CborReader::is_at_array() const {
  return !at_end() && input_[offset_] >> 5 == static_cast<unsigned>(CborType::kArray);
}

bool CborReader::advance(CborItem& item) {
  std::size_t end = 0;
  item.offset = offset_;
  if (!read_head(item, end)) return false;
  const bool is_number = item.type == CborType::kUnsigned || item.type == CborType::kNegative;
  if (!is_number && !check_content(item)) return false;
  return account_for(item, end);
}

bool CborReader::advance(CborItem& item, CborType type, std::string_view expected) {
  const std::size_t start = offset_;
  if (!advance(item)) return false;
  return item.type == type || stop(start, expected);
}

Result<CborItem> CborReader::next() {
  CborItem item;
  if (!advance(item)) return refusal();
  return item;
}

Result<std::uint64_t> CborReader::unsigned_integer() {
  std::uint64_t small = 0;
  if (take_small(small)) return small;
  CborItem item;
  if (!advance(item, CborType::kUnsigned, "expected an unsigned integer")) return refusal();
  return item.argument;
}

Result<std::int64_t> CborReader::integer() {
  std::uint64_t small = 0;
  if (take_small(small)) return static_cast<std::int64_t>(small);
  const std::size_t start = offset_;
  CborItem item;
  if (!advance(item)) return refusal();
  if (item.type != CborType::kUnsigned && item.type != CborType::kNegative) {
    return refuse(start, "expected an integer");
  }
  if (item.argument > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return refuse(start, "an integer does not fit 64 bits");
  }
  const auto argument = static_cast<std::int64_t>(item.argument);
  return item.type == CborType::kUnsigned ? argument : -1 - argument;
}

Result<ByteView> CborReader::bytes() {
  CborItem item;
  if (!advance(item, CborType::kBytes, "expected a byte string")) return refusal();
  return item.string;
}

Result<std::string_view> CborReader::text() {
  CborItem item;
  if (!advance(item, CborType::kText, "expected a text string")) return refusal();
  return as_text(item.string);
}

Result<std::size_t> CborReader::array() {
  CborItem item;
  if (!advance(item, CborType::kArray, "expected an array")) return refusal();
  return static_cast<std::size_t>(item.argument);
}

Result<std::size_t> CborReader::map() {
  CborItem item;
  if (!advance(item, CborType::kMap, "expected a map")) return refusal();
  return static_cast<std::size_t>(item.argument);
}

Result<std::uint64_t> CborReader::tag() {
  CborItem item;
  if (!advance(item, CborType::kTag, "expected a tag")) return refusal();
  return item.argument;
}

Result<bool> CborReader::boolean() {
  CborItem item;
  if (!advance(item, CborType::kBoolean, "expected false or true")) return refusal();
  return item.argument == 1;
}

Result<ByteView> CborReader::whole_item() {
  const std::size_t start = offset_;
  const std::size_t depth_before = depth_;
  // A full enclosing container closes together with its last item, so depth may also fall below.
  CborItem item;
  do {
    if (!advance(item)) return refusal();
  } while (after_tag_ || depth_ > depth_before);
  return input_.subspan(start, offset_ - start);
}

Result<void> CborReader::finish() const {
  if (depth_ > 0 || after_tag_) return refuse(offset_, "the input ends inside an item");
  if (!at_end()) return refuse(offset_, "bytes follow the end of the item");
  return {};
}

namespace {

Result<void> print_item(CborReader& reader, std::string& out);

Result<void> print_items(CborReader& reader, std::uint64_t count, bool is_map, std::string& out) {
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i > 0) out += ", ";
    TRY(print_item(reader, out));
    if (!is_map) continue;
    out += ": ";
    TRY(print_item(reader, out));
  }
  return {};
}

Result<void> print_item(CborReader& reader, std::string& out) {
  TRY_ASSIGN(const CborItem item, reader.next());
  switch (item.type) {
    case CborType::kUnsigned:
      out += std::to_string(item.argument);
      break;
    case CborType::kNegative:
      out += item.argument == std::numeric_limits<std::uint64_t>::max()
                 ? "-18446744073709551616"
                 : "-" + std::to_string(item.argument + 1);
      break;
    case CborType::kBytes:
      out += "h'" + to_hex(item.string) + "'";
      break;
    case CborType::kText:
      out += "\"" + std::string(as_text(item.string)) + "\"";
      break;
    case CborType::kArray:
    case CborType::kMap: {
      const bool is_map = item.type == CborType::kMap;
      out += is_map ? "{" : "[";
      TRY(print_items(reader, item.argument, is_map, out));
      out += is_map ? "}" : "]";
      break;
    }
    case CborType::kTag:
      out += std::to_string(item.argument) + "(";
      TRY(print_item(reader, out));
      out += ")";
      break;
    case CborType::kBoolean:
      out += item.argument == 1 ? "true" : "false";
      break;
    case CborType::kNull:
      out += "null";
      break;
  }
  return {};
}

}  // namespace

Result<std::string> cbor_diagnostic(ByteView item) {
  CborReader reader(item);
  std::string out;
  TRY(print_item(reader, out));
  TRY(reader.finish());
  return out;
}

}  // namespace core::envelope
