// Head office's notices at the real relay: each till gets its own feeds, in order, once, and
// nobody else's.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "core/disk/log_reader.h"
#include "core/disk/segment.h"
#include "tests/functional/feed_house.h"
#include "tests/functional/signed_get.h"

namespace {

using core::Bytes;
using core::wire::PostStatus;
using test::code_of;
using test::FeedHouse;
using test::Given;
using test::metric;
using test::Relay;
using test::signature_lines;
using test::status_of;
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

TEST_CASE("notices are given to a till of the roster with a good signature, and to nobody else") {
  const test::TempDir dir;
  FeedHouse house(dir / "data/one");
  FeedHouse other(dir / "data/two", 50, "example.org/others");
  Relay relay(dir / "data");
  REQUIRE(relay.listening());
  const auto till = house.tills.at(till_ref(1, 1));
  const std::string kid = house.kid_of(till).hex();
  const std::string target = "/one/v1/notices";
  send(relay, {house.notice(till_ref(0, 0))});
  const auto get = [&](const std::string& what, const std::string& lines) {
    return test::request(relay, "GET", what, lines);
  };
  const auto status = [&](const std::string& lines) { return status_of(get(target, lines)); };
  const std::string good = signature_lines({.target = target, .nonce = "a"}, till, kid);
  CHECK(status("") == 401);
  CHECK(status(good) == 200);
  CHECK(status(good) == 401);  // sent again
  const auto stranger = FeedHouse::key(99);
  CHECK(status(signature_lines({.target = target, .nonce = "b"}, stranger, kid)) == 401);
  CHECK(status(signature_lines({.target = target, .nonce = "c"}, stranger,
                               house.kid_of(stranger).hex())) == 401);
  CHECK(status(signature_lines({.target = target + "?after=1", .nonce = "d"}, till, kid)) == 401);
  CHECK(status(signature_lines({.method = "PUT", .target = target, .nonce = "e"}, till, kid)) ==
        401);
  CHECK(status(signature_lines({.target = target, .nonce = "f", .age_s = 100}, till, kid)) == 401);
  const auto foreign = other.tills.at(till_ref(1, 1));
  CHECK(status(signature_lines({.target = target, .nonce = "g"}, foreign,
                               other.kid_of(foreign).hex())) == 403);
  for (const auto& office : {house.office, house.root}) {
    const std::string no =
        get(target, signature_lines({.target = target, .nonce = "h" + house.kid_of(office).hex()},
                                    office, house.kid_of(office).hex()));
    CHECK(status_of(no) == 403);
    CHECK(no.find("notices are for tills") != std::string::npos);
  }
  for (const std::string query :
       {"?", "?before=1", "?after=", "?after=x", "?after=-1", "?after=18446744073709551615"}) {
    CAPTURE(query);
    const std::string asked = target + query;
    const int expected = query == "?" ? 200 : 400;
    CHECK(status_of(get(asked, signature_lines({.target = asked, .nonce = "q" + query}, till,
                                               kid))) == expected);
  }
  CHECK(status_of(test::request(relay, "POST", target, "", "x")) == 405);
  CHECK(status_of(get("/v1/notices", "")) == 404);  // of which of the two?
  CHECK(metric(relay, "daybook_relay_notices_handed_out_total") == "2");
  CHECK(metric(relay, "daybook_relay_requests_failed_total{reason=\"unauthorized\"}") == "10");

  // Revoked, it is nobody's key, whatever was good before.
  send(relay, {house.revoke(till_ref(1, 1), 7)});
  CHECK(status(signature_lines({.target = target, .nonce = "r"}, till, kid)) == 401);
  core::wire::Endpoint one = relay.endpoint;
  one.prefix = "/one";
  core::wire::RelayClient client(one);
  const auto take = [](core::LogIndex, Bytes) { return core::Result<void>(); };
  client.sign_reads({till, kid});
  CHECK(code_of(client.notices({}, take)) == "bad-signature");
  client.sign_reads({house.office, house.kid_of(house.office).hex()});
  CHECK(code_of(client.notices({}, take)) == "unknown-key");
}

TEST_CASE("an open log hands out nothing, and says why") {
  const test::TempDir dir;
  const FeedHouse keys(dir / "keys");
  Relay relay(dir / "open");
  REQUIRE(relay.listening());
  const auto asked = keys.ask(relay, till_ref(1, 1));
  REQUIRE_FALSE(asked);
  CHECK(code_of(asked) == "not-found");
  CHECK(asked.error().what.find("no members") != std::string::npos);
}

TEST_CASE("a whole notice cuts off what was before it in its feed, and nothing of another feed") {
  const test::TempDir dir;
  FeedHouse house(dir / "log");
  Relay relay(dir / "log");
  REQUIRE(relay.listening());
  const auto all = till_ref(0, 0);
  const auto mine = till_ref(1, 1);
  std::vector<Bytes> sent;
  for (int i = 0; i < 3; ++i) {
    sent.push_back(house.notice(all));
    sent.push_back(house.notice(mine));
  }
  sent.push_back(house.notice(all, true));  // 6
  sent.push_back(house.notice(all));
  send(relay, sent);
  std::vector<Given> expected;
  for (const std::uint64_t i : {1U, 3U, 5U, 6U, 7U}) expected.push_back({i, sent[i]});
  CHECK(given(house, relay, mine) == expected);
  expected.erase(expected.begin(), expected.begin() + 3);
  CHECK(given(house, relay, till_ref(2, 1)) == expected);
  CHECK(given(house, relay, till_ref(2, 1), 2) == expected);
  CHECK(given(house, relay, till_ref(2, 1), 6).size() == 1);
  // The next one cuts off that one, too.
  const Bytes last = house.notice(all, true);
  const std::uint64_t at = send(relay, {last});
  CHECK(given(house, relay, till_ref(2, 1)) == std::vector<Given>{{at, last}});
  CHECK(given(house, relay, mine).size() == 4);
}

TEST_CASE("more notices than one response takes come in order, each once, about a MiB at a time") {
  const test::TempDir dir;
  FeedHouse house(dir / "log");
  Relay relay(dir / "log", {"--segment-bytes", "300000"});
  REQUIRE(relay.listening());
  std::vector<Given> expected;
  for (std::uint32_t i = 0; i < 60; ++i) {
    const Bytes notice =
        house.notice(i % 3 == 0 ? till_ref(0, 0) : till_ref(1, i % 2), false, 60000);
    expected.push_back({send(relay, {notice}), notice});
  }
  const auto till = house.tills.at(till_ref(1, 1));
  const std::string one = test::request(
      relay, "GET", "/v1/notices",
      signature_lines({.target = "/v1/notices", .nonce = "a"}, till, house.kid_of(till).hex()));
  CHECK(one.size() > (std::size_t{900} << 10));
  CHECK(one.size() < (std::size_t{1100} << 10));
  CHECK(given(house, relay, till_ref(1, 1)) == expected);
  expected.erase(expected.begin(), expected.begin() + 30);
  CHECK(given(house, relay, till_ref(1, 1), expected.front().index - 1) == expected);
}

TEST_CASE("only head office's key of every day speaks to tills") {
  const test::TempDir dir;
  FeedHouse house(dir / "log");
  Relay relay(dir / "log");
  REQUIRE(relay.listening());
  // All of them enter the log, as any message of these senders does.
  const Bytes of_till = house.notice_by(house.tills.at(till_ref(1, 2)), till_ref(0, 0), true);
  const Bytes of_root = house.notice_by(house.root, till_ref(0, 0), true);
  const Bytes good = house.notice(till_ref(0, 0));
  send(relay, {house.notice(till_ref(1, 1)), good, of_till, of_root});
  CHECK(given(house, relay, till_ref(2, 1)) == std::vector<Given>{{1, good}});
  CHECK(given(house, relay, till_ref(1, 1)).size() == 2);
  const auto forged = house.notice_by(FeedHouse::key(99), till_ref(0, 0));
  CHECK(relay.client().post(std::vector<Bytes>{forged})->each.front().status ==
        PostStatus::kRefused);
  CHECK(metric(relay, "daybook_relay_notices_total") == "2");
  // The next process reads the log, where all of them are.
  CHECK(relay.stop().status == 0);
  std::filesystem::remove(dir / "log/feeds.cbor");
  Relay again(dir / "log");
  CHECK(given(house, again, till_ref(2, 1)) == std::vector<Given>{{1, good}});
}

namespace {

using Change = std::function<void(const std::filesystem::path& file)>;

// What a till is given after a relay was killed or stopped and its file of feeds changed.
void check_restart(bool killed, const Change& change, const std::string& said) {
  const test::TempDir dir;
  FeedHouse house(dir / "log");
  std::vector<Given> expected;
  const auto fill = [&](const Relay& relay) {
    for (int i = 0; i < 20; ++i) {
      const bool whole = i == 3;
      const Bytes notice = house.notice(i % 2 == 0 ? till_ref(1, 1) : till_ref(1, 0), whole);
      const std::uint64_t at = send(relay, {notice});
      if (whole) {
        std::erase_if(expected, [&](const Given& one) {
          const auto message = core::envelope::parse_message(one.message);
          return message->header.address->feed == till_ref(1, 0);
        });
      }
      expected.push_back({at, notice});
    }
  };
  for (int life = 0; life < 2; ++life) {
    Relay relay(dir / "log", {"--segment-bytes", "4096"});
    REQUIRE(relay.listening());
    fill(relay);
    CHECK(given(house, relay, till_ref(1, 1)) == expected);
    relay.process.signal(killed ? SIGKILL : SIGTERM);
    relay.process.wait();
  }
  change(dir / "log/feeds.cbor");
  Relay relay(dir / "log");
  REQUIRE(relay.listening());
  CHECK(given(house, relay, till_ref(1, 1)) == expected);
  fill(relay);
  CHECK(given(house, relay, till_ref(1, 1)) == expected);
  const auto stopped = relay.stop();
  CHECK(stopped.status == 0);
  CHECK((stopped.err.find("event=feeds-again") != std::string::npos) == !said.empty());
  CHECK(stopped.err.find(said) != std::string::npos);
}

}  // namespace

TEST_CASE("a till is given the same by the next process, with whatever file of feeds it finds") {
  const auto nothing = [](const std::filesystem::path&) {};
  check_restart(false, nothing, "");
  check_restart(true, nothing, "");
  for (const bool killed : {false, true}) {
    check_restart(
        killed, [](const auto& file) { CHECK(std::filesystem::remove(file)); }, "");
    check_restart(
        killed, [](const auto& file) { test::write_file(file, Bytes{}); }, "too short");
    check_restart(
        killed,
        [](const auto& file) {
          Bytes content = test::read_file(file);
          content[content.size() / 2] ^= 1;
          test::write_file(file, content);
        },
        "checksum");
    check_restart(
        killed,
        [](const auto& file) {
          Bytes content = test::read_file(file);
          content.resize(content.size() - 1);
          test::write_file(file, content);
        },
        "checksum");
  }
}

TEST_CASE("a file of feeds that another log has is not believed") {
  const test::TempDir dir;
  const auto fill = [](FeedHouse& house, int notices, bool whole) {
    Relay relay(house.directory);
    REQUIRE(relay.listening());
    for (int i = 0; i < notices; ++i) send(relay, {house.notice(till_ref(0, 0), whole)});
    CHECK(relay.stop().status == 0);
  };
  FeedHouse house(dir / "one");
  FeedHouse longer(dir / "two");
  FeedHouse equal(dir / "three");
  fill(house, 5, false);
  fill(longer, 9, true);
  fill(equal, 5, true);
  for (const FeedHouse* other : {&longer, &equal}) {
    std::filesystem::copy_file(other->directory / "feeds.cbor", house.directory / "feeds.cbor",
                               std::filesystem::copy_options::overwrite_existing);
    Relay relay(house.directory);
    REQUIRE(relay.listening());
    CHECK(given(house, relay, till_ref(1, 1)).size() == 5);
    CHECK(relay.stop().err.find("of another log") != std::string::npos);
  }
}

TEST_CASE("the start reads what is behind the file, not the log again") {
  const test::TempDir dir;
  FeedHouse house(dir / "log");
  {
    Relay relay(dir / "log", {"--segment-bytes", "4096"});
    REQUIRE(relay.listening());
    for (int i = 0; i < 40; ++i) send(relay, {house.notice(till_ref(1, 1))});
    CHECK(relay.stop().status == 0);
  }
  // A damaged entry of a sealed segment is met by whoever reads it, and by nobody else.
  const auto segment = dir / "log/segment-00000001.log";
  Bytes content = test::read_file(segment);
  content[64 + 60] ^= 1;
  test::write_file(segment, content);
  {
    Relay relay(dir / "log", {"--segment-bytes", "4096"});
    REQUIRE(relay.listening());
    const auto asked = house.ask(relay, till_ref(1, 1));
    CHECK(code_of(asked) == "damaged");
    REQUIRE_FALSE(asked);
    CHECK(asked.error().what.find("entry 0") != std::string::npos);
    CHECK(given(house, relay, till_ref(1, 1), 0).size() == 39);
    send(relay, {house.notice(till_ref(1, 1), true)});
    CHECK(given(house, relay, till_ref(1, 1)).size() == 1);
    const auto stopped = relay.stop();
    CHECK(stopped.err.find("entry=\"0\"") == std::string::npos);
  }
  // Without the file it is read, and costs no notice but itself; and the file does not say that
  // it was.
  for (int life = 0; life < 2; ++life) {
    if (life == 0) std::filesystem::remove(dir / "log/feeds.cbor");
    Relay relay(dir / "log", {"--segment-bytes", "4096"});
    REQUIRE(relay.listening());
    CHECK(given(house, relay, till_ref(1, 1)).size() == 1);
    CHECK(relay.stop().err.find("entry=\"0\"") != std::string::npos);
  }
}

TEST_CASE(
    "a damaged notice holds up none that is before it, in one response or in several pieces") {
  const test::TempDir dir;
  FeedHouse house(dir / "log");
  constexpr std::uint64_t kDamaged = 7;
  for (const std::size_t size : {std::size_t{100}, std::size_t{40000}}) {
    std::filesystem::remove_all(dir / "log");
    house = FeedHouse(dir / "log");
    Relay relay(dir / "log");
    REQUIRE(relay.listening());
    for (int i = 0; i < 12; ++i) send(relay, {house.notice(till_ref(1, 1), false, size)});
    const auto segment = dir / "log/segment-00000001.log";
    Bytes content = test::read_file(segment);
    const Bytes payload(size, std::uint8_t{kDamaged + 1});
    const auto at = std::search(content.begin(), content.end(), payload.begin(), payload.end());
    REQUIRE(at != content.end());
    *at ^= 1;
    test::write_file(segment, content);
    std::vector<std::uint64_t> got;
    const auto client = house.client(relay, house.tills.at(till_ref(1, 1)));
    const auto read = client->notices({}, [&got](core::LogIndex index, const Bytes&) {
      got.push_back(index.value);
      return core::Result<void>();
    });
    CHECK(code_of(read) == "damaged");
    CHECK(got == std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5, 6});
    CHECK(given(house, relay, till_ref(1, 1), kDamaged).size() == 4);
  }
}

TEST_CASE("the same notices in other requests, and a relay that is killed: each is given once") {
  const test::TempDir dir;
  FeedHouse house(dir / "log");
  std::vector<Bytes> sent;
  for (std::uint32_t i = 0; i < 400; ++i)
    sent.push_back(house.notice(till_ref(1, i % 2), i == 150));
  int kills = 0;
  std::size_t done = 0;
  for (int round = 0; round < 40 && done < sent.size(); ++round) {
    Relay relay(dir / "log", {"--segment-bytes", "16384"});
    REQUIRE(relay.listening());
    std::thread killer([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(5 + 3 * round));
      relay.process.signal(SIGKILL);
    });
    // Each request begins with some that were sent before.
    auto client = relay.client();
    while (done < sent.size()) {
      const std::size_t from = done - std::min<std::size_t>(done, 3);
      const std::size_t end = std::min(sent.size(), done + 2);
      const auto answers = client.post(std::span(sent).subspan(from, end - from));
      if (!answers) break;
      done = end;
    }
    killer.join();
    kills += relay.process.wait().status == 128 + SIGKILL ? 1 : 0;
  }
  CHECK(kills > 2);
  CHECK(done == sent.size());
  Relay relay(dir / "log");
  REQUIRE(relay.listening());
  std::vector<Given> expected;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    if (i < 150 && i % 2 == 0) continue;  // of the feed 1/0, before its whole one
    expected.push_back({i, sent[i]});
  }
  CHECK(given(house, relay, till_ref(1, 1)) == expected);
}

TEST_CASE("who asks behind what he has misses none, while many send at once") {
  const test::TempDir dir;
  FeedHouse house(dir / "log");
  Relay relay(dir / "log", {"--workers", "4"});
  REQUIRE(relay.listening());
  constexpr std::size_t kSenders = 4;
  constexpr std::size_t kEach = test::kSanitized ? 60 : 300;
  std::vector<std::vector<Bytes>> sent(kSenders);
  for (auto& list : sent) {
    for (std::size_t i = 0; i < kEach; ++i) list.push_back(house.notice(till_ref(1, 1)));
  }
  std::atomic<std::size_t> senders{kSenders};
  std::vector<std::thread> threads;
  for (const auto& list : sent) {
    threads.emplace_back([&] {
      auto client = relay.client();
      for (const Bytes& notice : list) {
        if (!client.post(std::span(&notice, 1))) break;
      }
      --senders;
    });
  }
  std::vector<std::uint64_t> got;
  const auto client = house.client(relay, house.tills.at(till_ref(1, 1)));
  std::size_t rounds = 0;
  for (bool last = false; !last; ++rounds) {
    last = senders == 0;
    const auto after = got.empty() ? std::nullopt : std::optional(core::LogIndex{got.back()});
    const auto read = client->notices(after, [&got](core::LogIndex index, const Bytes&) {
      got.push_back(index.value);
      return core::Result<void>();
    });
    REQUIRE_MESSAGE(read, (read ? "" : describe(read.error())));
  }
  for (auto& thread : threads) thread.join();
  REQUIRE(got.size() == kSenders * kEach);
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == i);
  CHECK(rounds > 3);                // otherwise nothing was read meanwhile
  CHECK(relay.stop().status == 0);  // a sanitizer says by it that it saw a race
}

TEST_CASE("what a thief of head office's key cut off is there again once the key is revoked") {
  const test::TempDir dir;
  FeedHouse house(dir / "log");
  std::vector<Given> good;
  const auto next = FeedHouse::key(77);
  {
    Relay relay(dir / "log");
    REQUIRE(relay.listening());
    for (std::uint32_t i = 0; i < 5; ++i) {
      const Bytes notice = house.notice(till_ref(i % 2, 0));
      good.push_back({send(relay, {notice}), notice});
    }
    send(relay, {house.notice(till_ref(0, 0), true), house.notice(till_ref(1, 0))});  // the thief's
    CHECK(given(house, relay, till_ref(1, 1)).size() == 4);
    send(relay, {house.revoke({}, 5), house.enrol({}, next)});
    CHECK(given(house, relay, till_ref(1, 1)) == good);
    const Bytes fresh = house.notice_by(next, till_ref(0, 0));
    good.push_back({send(relay, {fresh}), fresh});
    CHECK(given(house, relay, till_ref(1, 1)) == good);
    const auto stopped = relay.stop();
    CHECK(stopped.status == 0);
    CHECK(stopped.err.find("event=feeds-again") != std::string::npos);
  }
  for (const bool with_file : {true, false}) {
    if (!with_file) std::filesystem::remove(dir / "log/feeds.cbor");
    Relay relay(dir / "log");
    REQUIRE(relay.listening());
    CHECK(given(house, relay, till_ref(1, 1)) == good);
    CHECK(relay.stop().status == 0);
  }
}

TEST_CASE("a key of head office that was revoked while no relay ran cuts off nothing, either") {
  const test::TempDir dir;
  FeedHouse house(dir / "log");
  std::vector<Given> good;
  {
    Relay relay(dir / "log");
    REQUIRE(relay.listening());
    for (int i = 0; i < 3; ++i) {
      const Bytes notice = house.notice(till_ref(0, 0));
      good.push_back({send(relay, {notice}), notice});
    }
    send(relay, {house.notice(till_ref(0, 0), true)});
    CHECK(relay.stop().status == 0);
  }
  house.revoke({}, 3);
  Relay relay(dir / "log");
  REQUIRE(relay.listening());
  CHECK(given(house, relay, till_ref(1, 1)) == good);
  CHECK(relay.stop().err.find("was revoked since") != std::string::npos);
}

TEST_CASE("what entered an open log with a forged signature is no notice when it is open no more") {
  const test::TempDir dir;
  FeedHouse house(dir / "log");
  const Bytes good = house.notice(till_ref(0, 0));
  Bytes forged = house.notice(till_ref(0, 0), true);
  forged[forged.size() - 64] ^= 1;  // a bit of the signature
  {
    Relay relay(dir / "log", {"--open"});
    REQUIRE(relay.listening());
    CHECK(send(relay, {good, forged}) == 0);
    CHECK(code_of(house.ask(relay, till_ref(1, 1))) == "not-found");
    CHECK(relay.stop().status == 0);
  }
  Relay relay(dir / "log");
  REQUIRE(relay.listening());
  CHECK(given(house, relay, till_ref(1, 1)) == std::vector<Given>{{0, good}});
  // Sent again, it is a duplicate, and still none.
  send(relay, {forged});
  CHECK(given(house, relay, till_ref(1, 1)).size() == 1);
}
