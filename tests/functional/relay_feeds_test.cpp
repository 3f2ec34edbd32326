// Head office's notices at the real relay: each till gets its own feeds, in order, once, and
// nobody else's.
#include <doctest/doctest.h>
#include <signal.h>

#include "core/base/clock.h"
#include "core/wire/http_signature.h"
#include "tests/functional/feed_house.h"

namespace {

using core::Bytes;
using core::Errc;
using core::wire::PostStatus;
using test::FeedHouse;
using test::Given;
using test::Relay;
using test::till_ref;

// Posts them as one request; returns the index of the first.
std::uint64_t send(const Relay& relay, const std::vector<Bytes>& messages) {
  const auto answers = relay.client().post(messages);
  REQUIRE_MESSAGE(answers, (answers ? "" : describe(answers.error())));
  for (const auto& answer : answers->each) {
    REQUIRE_MESSAGE(answer.status != PostStatus::kRefused, answer.reason);
  }
  return answers->each.front().index.value;
}

std::vector<Given> given(const FeedHouse& house, const Relay& relay, core::TillRef till,
                         std::optional<std::uint64_t> after = {}) {
  auto got = house.ask(relay, till, after);
  REQUIRE_MESSAGE(got, (got ? "" : describe(got.error())));
  return std::move(*got);
}

}  // namespace

TEST_CASE("a till is given every till's notices, its store's and its own, and no others") {
  const test::TempDir dir;
  FeedHouse house(dir / "log");
  Relay relay(dir / "log");
  REQUIRE(relay.listening());
  CHECK(given(house, relay, till_ref(1, 1)).empty());
  std::vector<Bytes> sent;
  for (const core::TillRef feed : {till_ref(0, 0), till_ref(1, 0), till_ref(2, 0), till_ref(1, 1),
                                   till_ref(1, 2), till_ref(2, 1), till_ref(3, 0)}) {
    sent.push_back(house.notice(feed));
  }
  CHECK(send(relay, sent) == 0);
  using Givens = std::vector<Given>;
  CHECK(given(house, relay, till_ref(1, 1)) == Givens{{0, sent[0]}, {1, sent[1]}, {3, sent[3]}});
  CHECK(given(house, relay, till_ref(1, 2)) == Givens{{0, sent[0]}, {1, sent[1]}, {4, sent[4]}});
  CHECK(given(house, relay, till_ref(2, 1)) == Givens{{0, sent[0]}, {2, sent[2]}, {5, sent[5]}});
  CHECK(given(house, relay, till_ref(1, 1), 0) == Givens{{1, sent[1]}, {3, sent[3]}});
  CHECK(given(house, relay, till_ref(1, 1), 2) == Givens{{3, sent[3]}});
  CHECK(given(house, relay, till_ref(1, 1), 3).empty());
  CHECK(given(house, relay, till_ref(1, 1), 1000).empty());
  CHECK(relay.stop().status == 0);
}

TEST_CASE("a blob that head office puts is there for it and for tills, byte for byte") {
  const test::TempDir dir;
  const FeedHouse house(dir / "log");
  Relay relay(dir / "log");
  REQUIRE(relay.listening());
  const Bytes blob(std::size_t{512} << 10, 0x5a);
  const auto hash = core::envelope::sha256(blob);
  const auto office = house.client(relay, house.office);
  const auto till = house.client(relay, house.tills.at(till_ref(1, 1)));
  CHECK(till->get_blob(hash, blob.size()).error().code == Errc::kNotFound);
  REQUIRE(office->put_blob(hash, blob));
  REQUIRE(office->put_blob(hash, blob));
  CHECK(till->get_blob(hash, blob.size()).value() == blob);
  CHECK(office->get_blob(hash, blob.size()).value() == blob);
  CHECK(test::read_file(dir / "log/blobs" / hash.hex()) == blob);
  CHECK(relay.stop().status == 0);
}
