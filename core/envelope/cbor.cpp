// Deterministic CBOR. libcbor reads and writes the heads; this file adds the strictness.
#include "core/envelope/cbor.h"

#include <cbor.h>

#include <algorithm>
#include <limits>

namespace core::envelope {
namespace {

constexpr std::size_t kHeadMax = 9;

template <typename Encode>
void write_head(Bytes& out, Encode encode) {
  std::array<unsigned char, kHeadMax> head{};
  const std::size_t size = encode(head.data(), head.size());
  CORE_CHECK(size > 0);
  append(out, ByteView(head.data(), size));
}

std::size_t shortest_head(std::uint64_t argument) {
  if (argument < 24) return 1;
  if (argument <= 0xff) return 2;
  if (argument <= 0xffff) return 3;
  if (argument <= 0xffffffff) return 5;
  return 9;
}

// What libcbor's callbacks leave behind for one head.
struct Seen {
  CborItem item;
  bool refused = false;
  bool is_string = false;
};

Seen& seen(void* context) {
  return *static_cast<Seen*>(context);
}

template <CborType kType, typename Integer>
void on_integer(void* context, Integer value) {
  seen(context).item.type = kType;
  seen(context).item.argument = value;
}
template <CborType kType>
void on_collection(void* context, std::size_t size) {
  seen(context).item.type = kType;
  seen(context).item.argument = size;
}
template <CborType kType>
void on_string(void* context, cbor_data data, std::size_t size) {
  Seen& out = seen(context);
  out.item.type = kType;
  out.item.argument = size;
  out.item.string = ByteView(data, size);
  out.is_string = true;
}
void on_boolean(void* context, bool value) {
  seen(context).item.type = CborType::kBoolean;
  seen(context).item.argument = value ? 1 : 0;
}
void on_null(void* context) {
  seen(context).item.type = CborType::kNull;
}
void on_refused(void* context) {
  seen(context).refused = true;
}
void on_float(void* context, float) {
  seen(context).refused = true;
}
void on_double(void* context, double) {
  seen(context).refused = true;
}

cbor_callbacks make_callbacks() {
  cbor_callbacks c{};
  c.uint8 = on_integer<CborType::kUnsigned, std::uint8_t>;
  c.uint16 = on_integer<CborType::kUnsigned, std::uint16_t>;
  c.uint32 = on_integer<CborType::kUnsigned, std::uint32_t>;
  c.uint64 = on_integer<CborType::kUnsigned, std::uint64_t>;
  c.negint8 = on_integer<CborType::kNegative, std::uint8_t>;
  c.negint16 = on_integer<CborType::kNegative, std::uint16_t>;
  c.negint32 = on_integer<CborType::kNegative, std::uint32_t>;
  c.negint64 = on_integer<CborType::kNegative, std::uint64_t>;
  c.byte_string_start = on_refused;
  c.byte_string = on_string<CborType::kBytes>;
  c.string_start = on_refused;
  c.string = on_string<CborType::kText>;
  c.indef_array_start = on_refused;
  c.array_start = on_collection<CborType::kArray>;
  c.indef_map_start = on_refused;
  c.map_start = on_collection<CborType::kMap>;
  c.tag = on_integer<CborType::kTag, std::uint64_t>;
  c.float2 = on_float;
  c.float4 = on_float;
  c.float8 = on_double;
  c.undefined = on_refused;
  c.null = on_null;
  c.boolean = on_boolean;
  c.indef_break = on_refused;
  return c;
}

constexpr std::uint8_t kMajorMask = 0xe0;
constexpr std::uint8_t kMajorTag = 0xc0;

// One head by libcbor. Its stream decoder refuses the tags 6 to 20 (seen in 0.8.0), COSE_Sign1's 18
// among them; a tag's head is laid out as an unsigned integer's, so it is read as one.
cbor_decoder_result decode_head(ByteView input, Seen& result) {
  static const cbor_callbacks kCallbacks = make_callbacks();
  if ((input.front() & kMajorMask) != kMajorTag) {
    return cbor_stream_decode(input.data(), input.size(), &kCallbacks, &result);
  }
  std::array<std::uint8_t, kHeadMax> head{};
  const std::size_t size = std::min(input.size(), head.size());
  std::copy_n(input.begin(), size, head.begin());
  head[0] &= static_cast<std::uint8_t>(~kMajorMask);
  const auto decoded = cbor_stream_decode(head.data(), size, &kCallbacks, &result);
  result.item.type = CborType::kTag;
  return decoded;
}

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

void CborWriter::unsigned_integer(std::uint64_t value) {
  write_head(out_, [&](auto* p, auto n) { return cbor_encode_uint(value, p, n); });
}

void CborWriter::integer(std::int64_t value) {
  if (value >= 0) return unsigned_integer(static_cast<std::uint64_t>(value));
  const std::uint64_t argument = ~static_cast<std::uint64_t>(value);  // -1 - value
  write_head(out_, [&](auto* p, auto n) { return cbor_encode_negint(argument, p, n); });
}

void CborWriter::bytes(ByteView value) {
  write_head(out_,
             [&](auto* p, auto n) { return cbor_encode_bytestring_start(value.size(), p, n); });
  append(out_, value);
}

void CborWriter::text(std::string_view value) {
  write_head(out_, [&](auto* p, auto n) { return cbor_encode_string_start(value.size(), p, n); });
  append(out_, as_bytes(value));
}

void CborWriter::array(std::size_t items) {
  write_head(out_, [&](auto* p, auto n) { return cbor_encode_array_start(items, p, n); });
}

void CborWriter::map(std::size_t pairs) {
  write_head(out_, [&](auto* p, auto n) { return cbor_encode_map_start(pairs, p, n); });
}

void CborWriter::tag(std::uint64_t number) {
  write_head(out_, [&](auto* p, auto n) { return cbor_encode_tag(number, p, n); });
}

void CborWriter::boolean(bool value) {
  write_head(out_, [&](auto* p, auto n) { return cbor_encode_bool(value, p, n); });
}

Unexpected CborReader::refuse(std::size_t offset, std::string_view reason) const {
  return fail(Errc::kMalformed, "byte " + std::to_string(offset) + ": " + std::string(reason));
}

Result<CborItem> CborReader::next() {
  Seen result;
  const ByteView rest = input_.subspan(offset_);
  if (rest.empty()) return refuse(offset_, "the input ends where an item is expected");
  const auto decoded = decode_head(rest, result);
  if (decoded.status == CBOR_DECODER_NEDATA) {
    return refuse(offset_, "an item is longer than the input");
  }
  if (decoded.status != CBOR_DECODER_FINISHED) return refuse(offset_, "no CBOR item starts so");
  CborItem& item = result.item;
  item.offset = offset_;
  if (result.refused) {
    return refuse(offset_,
                  "indefinite lengths, floats and simple values other than false, true "
                  "and null are not used here");
  }
  const std::size_t head = decoded.read - item.string.size();
  const bool has_argument = item.type != CborType::kBoolean && item.type != CborType::kNull;
  if (has_argument && head != shortest_head(item.argument)) {
    return refuse(offset_, "a number or length is not in its shortest form");
  }
  if (item.type == CborType::kText && !is_utf8(item.string)) {
    return refuse(offset_, "a text string is no UTF-8");
  }
  if (item.type == CborType::kTag && after_tag_) {
    return refuse(offset_, "a tag inside a tag is not used here");
  }
  TRY(account_for(item, offset_ + decoded.read));
  return item;
}

// Updates the stack of open containers for an item that ends before `end`.
Result<void> CborReader::account_for(const CborItem& item, std::size_t end) {
  if (depth_ > 0 && !after_tag_) {
    Container& container = open_[depth_ - 1];
    if (container.is_map && container.at_key) TRY(check_key(item, container, end));
    container.at_key = !container.at_key;
    --container.items_left;
  }
  after_tag_ = item.type == CborType::kTag;
  offset_ = end;
  if (item.type == CborType::kArray || item.type == CborType::kMap) {
    const bool is_map = item.type == CborType::kMap;
    const std::uint64_t left = input_.size() - offset_;
    if (item.argument > (is_map ? left / 2 : left)) {
      return refuse(item.offset, "a container has more items than the input has bytes");
    }
    if (depth_ == kDepthMax) return refuse(item.offset, "containers are nested too deep");
    open_[depth_++] =
        Container{is_map, true, is_map ? item.argument * 2 : item.argument, ByteView{}};
  }
  if (!after_tag_) close_full_containers();
  return {};
}

Result<void> CborReader::check_key(const CborItem& item, Container& map, std::size_t end) {
  if (item.type == CborType::kArray || item.type == CborType::kMap || item.type == CborType::kTag) {
    return refuse(item.offset, "a map key is neither a number nor a string");
  }
  const ByteView key = input_.subspan(item.offset, end - item.offset);
  if (!map.last_key.empty()) {
    if (equal(key, map.last_key)) return refuse(item.offset, "a map key occurs twice");
    if (!std::lexicographical_compare(map.last_key.begin(), map.last_key.end(), key.begin(),
                                      key.end())) {
      return refuse(item.offset, "map keys are out of order");
    }
  }
  map.last_key = key;
  return {};
}

void CborReader::close_full_containers() {
  while (depth_ > 0 && open_[depth_ - 1].items_left == 0) --depth_;
}

Result<CborItem> CborReader::typed(CborType type, std::string_view name) {
  const std::size_t start = offset_;
  TRY_ASSIGN(const CborItem item, next());
  if (item.type != type) return refuse(start, "expected " + std::string(name));
  return item;
}

Result<std::uint64_t> CborReader::unsigned_integer() {
  TRY_ASSIGN(const CborItem item, typed(CborType::kUnsigned, "an unsigned integer"));
  return item.argument;
}

Result<std::int64_t> CborReader::integer() {
  const std::size_t start = offset_;
  TRY_ASSIGN(const CborItem item, next());
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
  TRY_ASSIGN(const CborItem item, typed(CborType::kBytes, "a byte string"));
  return item.string;
}

Result<std::string_view> CborReader::text() {
  TRY_ASSIGN(const CborItem item, typed(CborType::kText, "a text string"));
  return as_text(item.string);
}

Result<std::size_t> CborReader::array() {
  TRY_ASSIGN(const CborItem item, typed(CborType::kArray, "an array"));
  return static_cast<std::size_t>(item.argument);
}

Result<std::size_t> CborReader::map() {
  TRY_ASSIGN(const CborItem item, typed(CborType::kMap, "a map"));
  return static_cast<std::size_t>(item.argument);
}

Result<std::uint64_t> CborReader::tag() {
  TRY_ASSIGN(const CborItem item, typed(CborType::kTag, "a tag"));
  return item.argument;
}

Result<bool> CborReader::boolean() {
  TRY_ASSIGN(const CborItem item, typed(CborType::kBoolean, "false or true"));
  return item.argument == 1;
}

Result<ByteView> CborReader::whole_item() {
  const std::size_t start = offset_;
  const std::size_t depth_before = depth_;
  // A full enclosing container closes together with its last item, so depth may also fall below.
  do {
    TRY(next());
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
