// Bytes of feeds.cbor. Format: docs/formats/log.md, "Feeds".
// Must not know files or sockets.
#include "relay/feeds_file.h"

#include "core/envelope/cbor.h"

namespace relay {
namespace {

using core::Errc;
using core::Result;
using core::envelope::CborReader;
using core::envelope::CborWriter;
using core::envelope::Hash;

constexpr std::uint64_t kFeedsVersion = 1;
constexpr std::size_t kNoticeItems = 6;

core::Unexpected unreadable(std::string_view why) {
  return core::fail(Errc::kDamaged, "feeds.cbor: " + std::string(why));
}

Result<std::uint32_t> number32(CborReader& r) {
  TRY_ASSIGN(const std::uint64_t value, r.unsigned_integer());
  if (value > UINT32_MAX) return unreadable("a number that is too large");
  return static_cast<std::uint32_t>(value);
}

Result<void> read_notice(CborReader& r, Feeds::ByFeed& feeds) {
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items != kNoticeItems) return unreadable("a notice has six items");
  core::TillRef feed;
  FeedNotice notice;
  TRY_ASSIGN(feed.store.value, number32(r));
  TRY_ASSIGN(feed.till.value, number32(r));
  TRY_ASSIGN(notice.index.value, r.unsigned_integer());
  TRY_ASSIGN(const core::ByteView kid, r.bytes());
  TRY_ASSIGN(notice.sender, core::envelope::Kid::from(kid));
  TRY_ASSIGN(notice.sequence.value, r.unsigned_integer());
  TRY_ASSIGN(notice.whole, r.boolean());
  std::vector<FeedNotice>& list = feeds[feed];
  if (!list.empty() && (notice.whole || notice.index <= list.back().index)) {
    return unreadable("notices out of order");
  }
  list.push_back(notice);
  return {};
}

Result<FeedsFile> read_feeds(core::ByteView bytes) {
  CborReader r(bytes);
  FeedsFile file;
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items != 4) return unreadable("it has four items");
  TRY_ASSIGN(const std::uint64_t version, r.unsigned_integer());
  if (version != kFeedsVersion) return unreadable("another version");
  TRY_ASSIGN(file.covered.value, r.unsigned_integer());
  TRY_ASSIGN(const core::ByteView root, r.bytes());
  TRY_ASSIGN(file.root, Hash::from(root));
  TRY_ASSIGN(const std::size_t notices, r.array());
  for (std::size_t i = 0; i < notices; ++i) TRY(read_notice(r, file.feeds));
  TRY(r.finish());
  return file;
}

}  // namespace

core::Bytes encode_feeds(const FeedsFile& file) {
  CborWriter w;
  w.array(4);
  w.unsigned_integer(kFeedsVersion);
  w.unsigned_integer(file.covered.value);
  w.bytes(file.root.view());
  std::size_t notices = 0;
  for (const auto& [feed, list] : file.feeds) notices += list.size();
  w.array(notices);
  for (const auto& [feed, list] : file.feeds) {
    for (const FeedNotice& notice : list) {
      w.array(kNoticeItems);
      w.unsigned_integer(feed.store.value);
      w.unsigned_integer(feed.till.value);
      w.unsigned_integer(notice.index.value);
      w.bytes(notice.sender.view());
      w.unsigned_integer(notice.sequence.value);
      w.boolean(notice.whole);
    }
  }
  core::Bytes bytes = std::move(w).take();
  core::append(bytes, core::envelope::sha256(bytes).view());
  return bytes;
}

Result<FeedsFile> decode_feeds(core::ByteView bytes) {
  if (bytes.size() < Hash::kSize) return unreadable("it is too short");
  const core::ByteView content = bytes.first(bytes.size() - Hash::kSize);
  if (!core::equal(core::envelope::sha256(content).view(), bytes.subspan(content.size()))) {
    return unreadable("its checksum differs");
  }
  auto file = read_feeds(content);
  if (!file) return core::fail(Errc::kDamaged, file.error().what);
  return file;
}

}  // namespace relay
