// Feeds against a model of a few lines, in any order; and the bytes of their file.
#include <doctest/doctest.h>

#include <algorithm>

#include "core/base/random.h"
#include "core/envelope/cbor.h"
#include "relay/feeds_file.h"

namespace {

using core::Bytes;
using core::LogIndex;
using core::TillRef;
using relay::FeedNotice;
using relay::Feeds;

TillRef ref(std::uint32_t store, std::uint32_t till) {
  return {core::StoreId{store}, core::TillId{till}};
}

core::envelope::Kid kid(std::uint8_t n) {
  core::envelope::Kid out;
  out.bytes.fill(n);
  return out;
}

struct Posted {
  TillRef feed;
  FeedNotice notice;
};

const Feeds::Allowed kAll = [](const FeedNotice&) { return true; };
constexpr LogIndex kEnd{1000000};
constexpr std::size_t kMany = 1000000;

// What a till is to be given, told from the whole list.
std::vector<FeedNotice> expected(const std::vector<Posted>& posted, TillRef till, LogIndex from,
                                 LogIndex end) {
  std::vector<FeedNotice> out;
  for (const Posted& one : posted) {
    const bool concerns =
        one.feed == ref(0, 0) || one.feed == ref(till.store.value, 0) || one.feed == till;
    const bool cut_off = std::any_of(posted.begin(), posted.end(), [&](const Posted& later) {
      return later.feed == one.feed && later.notice.whole && later.notice.index > one.notice.index;
    });
    if (concerns && !cut_off && one.notice.index >= from && one.notice.index < end) {
      out.push_back(one.notice);
    }
  }
  return out;
}

std::vector<Posted> some_posted(core::Random& random, std::uint64_t count) {
  std::vector<Posted> posted;
  std::uint64_t index = 0;
  for (std::uint64_t n = 0; n < count; ++n) {
    index += random.between(1, 5);
    const auto store = static_cast<std::uint32_t>(random.between(0, 2));
    const auto till = store == 0 ? 0 : static_cast<std::uint32_t>(random.between(0, 2));
    posted.push_back({ref(store, till),
                      {LogIndex{index}, kid(static_cast<std::uint8_t>(random.between(1, 2))),
                       core::Sequence{n + 1}, random.between(0, 9) == 0}});
  }
  return posted;
}

void shuffle(std::vector<Posted>& posted, core::Random& random) {
  for (std::size_t i = posted.size(); i > 1; --i) {
    std::swap(posted[i - 1], posted[random.between(0, i - 1)]);
  }
}

}  // namespace

TEST_CASE("feeds give what the list of all notices says, in whatever order they came") {
  const char* given = std::getenv("DAYBOOK_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20261128;
  CAPTURE(seed);
  core::Random random(seed);
  for (int round = 0; round < 200; ++round) {
    CAPTURE(round);
    const std::vector<Posted> posted = some_posted(random, random.between(0, 60));
    std::vector<Posted> mixed = posted;
    mixed.insert(mixed.end(), posted.begin(), posted.end());  // each twice
    shuffle(mixed, random);
    Feeds feeds;
    for (const Posted& one : mixed) feeds.add(one.feed, one.notice);
    for (const TillRef till : {ref(1, 1), ref(1, 2), ref(2, 1), ref(3, 1)}) {
      const LogIndex from{random.between(0, 200)};
      const LogIndex end{random.between(0, 300)};
      CHECK(feeds.of(till, {}, kEnd, kMany, kAll) == expected(posted, till, {}, kEnd));
      const auto part = expected(posted, till, from, end);
      CHECK(feeds.of(till, from, end, kMany, kAll) == part);
      const std::size_t max = random.between(0, 5);
      auto few = part;
      few.resize(std::min(few.size(), max));
      CHECK(feeds.of(till, from, end, max, kAll) == few);
    }
  }
}

TEST_CASE("notices that are not allowed take no place in what a till is given at once") {
  Feeds feeds;
  const auto not_two = [](const FeedNotice& notice) { return notice.sender != kid(2); };
  for (std::uint64_t i = 0; i < 100; ++i) {
    feeds.add(ref(0, 0), {LogIndex{i}, kid(i < 90 ? 2 : 1), core::Sequence{i + 1}, false});
  }
  const auto given = feeds.of(ref(1, 1), {}, kEnd, 4, not_two);
  REQUIRE(given.size() == 4);
  CHECK(given.front().index == LogIndex{90});
}

TEST_CASE("a feed holds while what cut off the others may do so") {
  Feeds feeds;
  const auto not_two = [](const FeedNotice& notice) { return notice.sender != kid(2); };
  feeds.add(ref(0, 0), {LogIndex{1}, kid(1), core::Sequence{1}, true});
  feeds.add(ref(0, 0), {LogIndex{2}, kid(2), core::Sequence{1}, false});
  feeds.add(ref(1, 1), {LogIndex{3}, kid(2), core::Sequence{2}, false});
  CHECK(feeds.holds(not_two));
  feeds.add(ref(1, 1), {LogIndex{4}, kid(2), core::Sequence{3}, true});
  CHECK_FALSE(feeds.holds(not_two));
  CHECK(feeds.holds(kAll));
  feeds.add(ref(1, 1), {LogIndex{9}, kid(1), core::Sequence{2}, true});
  CHECK(feeds.holds(not_two));
}

TEST_CASE("feeds that are read again keep what came meanwhile, if it may stand") {
  Feeds feeds;
  const auto not_two = [](const FeedNotice& notice) { return notice.sender != kid(2); };
  feeds.add(ref(0, 0), {LogIndex{5}, kid(2), core::Sequence{1}, true});
  feeds.add(ref(0, 0), {LogIndex{8}, kid(1), core::Sequence{9}, false});
  feeds.add(ref(0, 0), {LogIndex{9}, kid(2), core::Sequence{2}, false});
  Feeds fresh;
  const FeedNotice old{LogIndex{3}, kid(1), core::Sequence{7}, false};
  fresh.add(ref(0, 0), old);
  feeds.replace_below(LogIndex{8}, fresh.all(), not_two);
  const FeedNotice later{LogIndex{8}, kid(1), core::Sequence{9}, false};
  CHECK(feeds.of(ref(1, 1), {}, kEnd, kMany, kAll) == std::vector<FeedNotice>{old, later});
}

TEST_CASE("the file of feeds comes back as it was, and no changed byte of it passes") {
  core::Random random(7);
  Feeds feeds;
  for (const Posted& one : some_posted(random, 20)) feeds.add(one.feed, one.notice);
  const relay::FeedsFile file{LogIndex{77}, core::envelope::sha256(Bytes{1}), feeds.all()};
  const Bytes bytes = relay::encode_feeds(file);
  const auto back = relay::decode_feeds(bytes);
  REQUIRE(back);
  CHECK(back->covered == file.covered);
  CHECK(back->root == file.root);
  CHECK(back->feeds == file.feeds);
  CHECK(relay::decode_feeds(relay::encode_feeds({})));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes changed = bytes;
    changed[i] ^= 0x10;
    REQUIRE_FALSE(relay::decode_feeds(changed));
    REQUIRE(relay::decode_feeds(core::ByteView(bytes).first(i)).error().code ==
            core::Errc::kDamaged);
  }
}

namespace {

// As encode_feeds writes them, with a checksum that is right whatever they say.
Bytes file_of(std::uint64_t version, const std::vector<Posted>& notices) {
  core::envelope::CborWriter w;
  w.array(4);
  w.unsigned_integer(version);
  w.unsigned_integer(99);
  w.bytes(core::envelope::sha256(Bytes{}).view());
  w.array(notices.size());
  for (const auto& [feed, notice] : notices) {
    w.array(6);
    w.unsigned_integer(feed.store.value);
    w.unsigned_integer(feed.till.value);
    w.unsigned_integer(notice.index.value);
    w.bytes(notice.sender.view());
    w.unsigned_integer(notice.sequence.value);
    w.boolean(notice.whole);
  }
  Bytes out = std::move(w).take();
  core::append(out, core::envelope::sha256(out).view());
  return out;
}

}  // namespace

TEST_CASE("a file of feeds of another version, or out of order, is refused") {
  const auto at = [](std::uint64_t index, bool whole) {
    return Posted{ref(1, 1), {LogIndex{index}, kid(1), core::Sequence{1}, whole}};
  };
  CHECK(relay::decode_feeds(file_of(1, {at(3, true), at(4, false)})));
  for (const Bytes& wrong :
       {file_of(2, {}), file_of(1, {at(4, false), at(3, false)}),
        file_of(1, {at(3, false), at(3, false)}), file_of(1, {at(3, false), at(4, true)})}) {
    const auto read = relay::decode_feeds(wrong);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == core::Errc::kDamaged);
  }
}
