// Well-formedness by RFC 8949 appendix C: looser than the one valid encoding of a message, so one
// bad message is refused alone. Must not know connections or files.
#include "relay/split_body.h"

#include <optional>

namespace relay {
namespace {

using core::ByteView;
using core::Errc;
using core::Result;

constexpr int kDepthMax = 32;

// Finds the ends of items. `offset` counts from the start of the body.
class Extent {
 public:
  explicit Extent(ByteView body) : body_(body) {}

  Result<std::size_t> end_of_item(std::size_t at) {
    at_ = at;
    TRY(item(0));
    return at_;
  }

 private:
  struct Head {
    int major;
    int info;
    std::uint64_t argument;
  };

  core::Unexpected refuse(std::size_t at, std::string_view why) const {
    return core::fail(Errc::kMalformed, "byte " + std::to_string(at) + ": " + std::string(why));
  }

  Result<Head> head() {
    const std::size_t start = at_;
    if (at_ >= body_.size()) return refuse(start, "the body ends where a CBOR item is expected");
    const std::uint8_t first = body_[at_++];
    Head h{first >> 5, first & 31, static_cast<std::uint64_t>(first & 31)};
    if (h.info >= 28 && h.info <= 30) return refuse(start, "no CBOR item starts so");
    if (h.info < 24 || h.info == 31) return h;
    const std::size_t more = std::size_t{1} << (h.info - 24);
    if (body_.size() - at_ < more) return refuse(start, "a CBOR item is longer than the body");
    h.argument = 0;
    for (std::size_t i = 0; i < more; ++i) h.argument = h.argument << 8 | body_[at_++];
    return h;
  }

  Result<void> item(int depth) {
    const std::size_t start = at_;
    if (depth > kDepthMax) return refuse(start, "CBOR items are nested too deep");
    TRY_ASSIGN(const Head h, head());
    if (h.info == 31) return indefinite(h, start, depth);
    switch (h.major) {
      case 2:
      case 3:
        return skip_string(h.argument, start);
      case 4:
        return items(h.argument, 1, start, depth);
      case 5:
        return items(h.argument, 2, start, depth);
      case 6:
        return item(depth + 1);
      case 7:
        if (h.info == 24 && h.argument < 32) return refuse(start, "no CBOR item starts so");
        return {};
      default:
        return {};
    }
  }

  Result<void> skip_string(std::uint64_t length, std::size_t start) {
    if (length > body_.size() - at_) return refuse(start, "a CBOR item is longer than the body");
    at_ += static_cast<std::size_t>(length);
    return {};
  }

  Result<void> items(std::uint64_t count, std::uint64_t each, std::size_t start, int depth) {
    if (count > (body_.size() - at_) / each) {
      return refuse(start, "a CBOR item is longer than the body");
    }
    for (std::uint64_t i = 0; i < count * each; ++i) TRY(item(depth + 1));
    return {};
  }

  // Consumes the break byte of an indefinite length, if it is next.
  bool at_break() {
    if (at_ >= body_.size() || body_[at_] != 0xff) return false;
    ++at_;
    return true;
  }

  Result<void> indefinite(const Head& h, std::size_t start, int depth) {
    if (h.major < 2 || h.major > 5) return refuse(start, "no CBOR item starts so");
    for (bool pair_open = false; !at_break(); pair_open = !pair_open) {
      const std::size_t part = at_;
      if (h.major >= 4) {
        TRY(item(depth + 1));
        if (h.major == 5 && !pair_open && at_ < body_.size() && body_[at_] == 0xff) {
          return refuse(at_, "a CBOR map ends inside a pair");
        }
        continue;
      }
      TRY_ASSIGN(const Head chunk, head());
      if (chunk.major != h.major || chunk.info == 31) {
        return refuse(part, "a chunk of another kind in a CBOR string");
      }
      TRY(skip_string(chunk.argument, part));
    }
    return {};
  }

  ByteView body_;
  std::size_t at_ = 0;
};

core::Unexpected too_large(std::size_t at, std::string_view what, std::size_t size,
                           std::size_t limit) {
  return core::fail(Errc::kTooLarge, "byte " + std::to_string(at) + ": " + std::string(what) + " " +
                                         std::to_string(size) + "; the limit is " +
                                         std::to_string(limit));
}

}  // namespace

Result<std::vector<Item>> split_body(ByteView body) {
  if (body.size() > kBodySizeMax) return too_large(0, "body bytes:", body.size(), kBodySizeMax);
  std::vector<Item> items;
  Extent extent(body);
  for (std::size_t at = 0; at < body.size();) {
    if (items.size() == kMessagesMax) {
      return too_large(at, "messages: more than", kMessagesMax, kMessagesMax);
    }
    TRY_ASSIGN(const std::size_t end, extent.end_of_item(at));
    if (end - at > core::envelope::kMessageSizeMax) {
      return too_large(at, "message bytes:", end - at, core::envelope::kMessageSizeMax);
    }
    items.emplace_back().bytes = body.subspan(at, end - at);
    at = end;
  }
  for (Item& item : items) {
    if (const auto message = core::envelope::parse_message(item.bytes); !message) {
      item.refusal = message.error().what;
    } else {
      item.kid = message->header.kid;
      item.sequence = message->header.sequence;
      item.id = core::envelope::message_id(item.bytes);
    }
  }
  return items;
}

}  // namespace relay
