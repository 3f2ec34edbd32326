// The relay's program killed, starved of disk and refused by it: nothing acknowledged is lost.
// Needs strace and, for the full disk, leave to mount a tmpfs; skips by name without them.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <fstream>
#include <map>
#include <regex>
#include <thread>

#include "core/base/random.h"
#include "core/disk/log_reader.h"
#include "core/disk/segment.h"
#include "core/envelope/message.h"
#include "tests/functional/relay_process.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/relay_messages.h"

namespace {

using core::Bytes;
using core::Errc;
using core::wire::PostStatus;
using test::make_message;
using test::Relay;
using test::TempDir;
using Millis = std::chrono::milliseconds;

bool can_strace() {
  if (test::kSanitized) {
    MESSAGE("skipped: a sanitizer build is not traced");
    return false;
  }
  if (test::run({"strace", "-o", "/dev/null", "true"}).status == 0) return true;
  MESSAGE("skipped: strace is not there or not permitted");
  return false;
}

// A relay under strace; SIGKILL goes to the relay itself. `options`: of strace.
std::vector<std::string> strace(const std::string& trace, std::vector<std::string> options) {
  std::vector<std::string> words = {"strace", "-f", "-D", "-o", trace, "-s", "32"};
  words.insert(words.end(), options.begin(), options.end());
  return words;
}

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// What a client was promised: message number to log index.
using Promises = std::map<std::uint64_t, std::uint64_t>;

void check_promises(const std::filesystem::path& log, const Promises& promises) {
  const auto content = core::disk::read_log(log);
  REQUIRE(content);
  for (const auto& damage : content->damages) CHECK(damage.torn_tail);
  for (const auto& [number, index] : promises) {
    const auto& its_number = number;
    CAPTURE(its_number);
    REQUIRE(index < content->entries.size());
    CHECK(core::equal(content->entries[index].body, make_message(number)));
  }
}

// Sends messages first..last with 8 connections until all are answered or the relay is gone.
void send_all(const Relay& relay, std::uint64_t first, std::uint64_t last, Promises& promises) {
  core::wire::EventLoop loop;
  std::vector<core::wire::RelayConnection> connections;
  for (int i = 0; i < 8; ++i) connections.emplace_back(loop, relay.endpoint, Millis(5000));
  std::uint64_t next = first;
  std::function<void(core::wire::RelayConnection&)> send = [&](auto& connection) {
    if (next > last) return;
    const std::uint64_t number = next++;
    connection.post(make_message(number), 1, [&, number](auto answers) {
      if (!answers) return;
      CHECK(answers->each.front().status != PostStatus::kRefused);
      const auto [at, is_new] = promises.emplace(number, answers->each.front().index.value);
      CHECK(at->second == answers->each.front().index.value);  // one place for ever
      send(connection);
    });
  };
  for (auto& connection : connections) send(connection);
  loop.run();
}

}  // namespace

TEST_CASE("killed at random moments while clients send, the relay loses nothing acknowledged") {
  const char* given = std::getenv("DAYBOOK_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 4711;
  CAPTURE(seed);
  constexpr std::uint64_t kMessages = 3000;
  constexpr int kRounds = test::kSanitized ? 12 : 200;
  core::Random random(seed);
  const TempDir dir;
  Promises promises;
  int kills_while_sending = 0;
  for (int round = 0; round < kRounds; ++round) {
    Relay relay(dir / "log", {"--segment-bytes", "65536"});
    REQUIRE(relay.listening());
    const auto delay = std::chrono::microseconds(random.between(500, 40000));
    std::thread killer([&] {
      std::this_thread::sleep_for(delay);
      relay.process.signal(SIGKILL);
    });
    const std::size_t before = promises.size();
    send_all(relay, random.between(1, kMessages), kMessages, promises);
    killer.join();
    CHECK(relay.process.wait().status == 128 + SIGKILL);
    kills_while_sending += promises.size() > before ? 1 : 0;
    check_promises(dir / "log", promises);
  }
  CHECK(kills_while_sending > 0);
  Relay relay(dir / "log");
  REQUIRE(relay.listening());
  send_all(relay, 1, kMessages, promises);
  CHECK(promises.size() == kMessages);
  CHECK(relay.stop().status == 0);
  check_promises(dir / "log", promises);
  CHECK(core::disk::read_log(dir / "log")->entries.size() == kMessages);  // everything once
}

TEST_CASE("killed at each system call of a commit, the relay loses nothing acknowledged") {
  if (!can_strace()) return;
  int kills = 0;
  for (const char* call : {"pwrite64", "fdatasync", "sendto", "sendmsg", "fsync", "rename"}) {
    for (int when = 1; when <= 9; when += 2) {
      CAPTURE(call);
      CAPTURE(when);
      const TempDir dir;
      Promises promises;
      {
        Relay relay(dir / "log", {"--segment-bytes", "4096"});
        send_all(relay, 1, 5, promises);
        CHECK(relay.stop().status == 0);
      }
      {
        const std::string inject =
            std::string("inject=") + call + ":signal=KILL:when=" + std::to_string(when);
        Relay relay(dir / "log", {"--segment-bytes", "4096"},
                    strace("/dev/null", {"-e", inject, "-e", "trace=" + std::string(call)}));
        if (relay.listening()) send_all(relay, 6, 60, promises);
        if (relay.process.running()) relay.process.signal(SIGTERM);
        kills += relay.process.wait().status == 128 + SIGKILL ? 1 : 0;
      }
      check_promises(dir / "log", promises);
      Relay relay(dir / "log");
      REQUIRE(relay.listening());
      send_all(relay, 1, 60, promises);
      CHECK(promises.size() == 60);
      CHECK(relay.stop().status == 0);
      check_promises(dir / "log", promises);
      CHECK(core::disk::read_log(dir / "log")->entries.size() == 60);
    }
  }
  MESSAGE(kills << " kills");
  CHECK(kills > 10);
}

TEST_CASE("a sync that fails is answered 503, ends the relay, and nothing is claimed") {
  if (!can_strace()) return;
  const TempDir dir;
  // strace counts by thread: start-up's three syncs are another thread's than the groups'.
  Relay relay(
      dir / "log", {},
      strace(dir / "trace", {"-e", "inject=fdatasync:error=EIO:when=4", "-e", "trace=fdatasync"}));
  REQUIRE(relay.listening());
  auto client = relay.client();
  for (std::uint64_t i = 1; i <= 3; ++i) REQUIRE(client.post(std::vector<Bytes>{make_message(i)}));
  const auto answers = client.post(std::vector<Bytes>{make_message(4)});
  REQUIRE_FALSE(answers);
  CHECK(answers.error().code == Errc::kNetwork);
  CHECK(answers.error().what.find("503") != std::string::npos);
  const auto end = relay.process.wait();
  CHECK(end.status == 1);
  CHECK(end.err.find("sync-failed") != std::string::npos);
  int injected = 0;
  for (const auto& line : lines_of(dir / "trace")) {
    injected += line.find("INJECTED") != std::string::npos ? 1 : 0;
  }
  CHECK(injected == 1);
  Relay again(dir / "log");
  const auto resent = again.client().post(std::vector<Bytes>{make_message(4)});
  REQUIRE(resent);
  CHECK(resent->each.front().index.value == 3);
}

TEST_CASE("the answer is sent only after the group's sync has returned") {
  if (!can_strace()) return;
  const TempDir dir;
  Relay relay(dir / "log", {},
              strace(dir / "trace", {"-e", "trace=pwrite64,fdatasync,sendto,sendmsg"}));
  REQUIRE(relay.listening());
  auto client = relay.client();
  for (std::uint64_t i = 1; i <= 20; ++i) {
    REQUIRE(client.post(std::vector<Bytes>{make_message(i)}));
  }
  CHECK(relay.stop().status == 0);
  // One connection, one message at a time: between two answers lie a write and a finished sync.
  int answers = 0;
  bool synced = false;
  for (const auto& line : lines_of(dir / "trace")) {
    const bool done = line.find("= 0") != std::string::npos;
    if (line.find("fdatasync") != std::string::npos && done) synced = true;
    if (line.find("HTTP/1.1 200") == std::string::npos) continue;
    CAPTURE(line);
    CHECK(synced);
    synced = false;
    ++answers;
  }
  CHECK(answers == 20);
}

TEST_CASE("a full disk is answered 507, stays readable, and takes messages again with space") {
  const TempDir dir;
  const std::string mount = dir / "small";
  std::filesystem::create_directory(mount);
  if (::mount("tmpfs", mount.c_str(), "tmpfs", 0, "size=256k") != 0) {
    MESSAGE("skipped: a tmpfs may not be mounted here");
    return;
  }
  {
    Relay relay(mount + "/log");
    REQUIRE(relay.listening());
    auto client = relay.client();
    REQUIRE(client.post(std::vector<Bytes>{make_message(1, 1000)}));
    const Bytes filler(100 << 10);
    test::write_file(mount + "/filler", filler);
    std::uint64_t sent = 1;
    core::wire::RelayConnection::Answers answers = core::wire::PostAnswers{};
    while (answers && sent < 100)
      answers = client.post(std::vector<Bytes>{make_message(++sent, 9000)});
    REQUIRE_FALSE(answers);
    CHECK(answers.error().code == Errc::kDiskFull);
    std::uint64_t entries = 0;
    const auto count = [&entries](core::LogIndex, Bytes) {
      ++entries;
      return core::Result<void>();
    };
    CHECK(client.entries(core::LogIndex{0}, count));
    CHECK(entries == sent - 1);
    CHECK(client.post(std::vector<Bytes>{make_message(1, 1000)})->each.front().status ==
          PostStatus::kDuplicate);
    std::filesystem::remove(mount + "/filler");
    const auto again = client.post(std::vector<Bytes>{make_message(sent, 9000)});
    REQUIRE(again);
    CHECK(again->each.front().status == PostStatus::kAccepted);
    CHECK(again->each.front().index.value == sent - 1);
    CHECK(relay.stop().status == 0);
    CHECK(core::disk::read_log(mount + "/log")->damages.empty());
  }
  CHECK(::umount(mount.c_str()) == 0);
}

TEST_CASE("a torn tail is cut off at the start, and said on stderr") {
  const TempDir dir;
  std::string segment;
  {
    Relay relay(dir / "log");
    REQUIRE(relay.client().post(std::vector<Bytes>{make_message(1)}));
    segment = dir / "log/segment-00000001.log";
    relay.process.signal(SIGKILL);
    relay.process.wait();
  }
  Bytes content = test::read_file(segment);
  const std::size_t end = core::disk::scan_segment(content)->end;  // zeros follow
  std::fill_n(content.begin() + static_cast<std::ptrdiff_t>(end), 100, std::uint8_t{0x55});
  test::write_file(segment, content);
  Relay relay(dir / "log");
  REQUIRE(relay.listening());
  CHECK(relay.client().post(std::vector<Bytes>{make_message(2)})->each.front().index.value == 1);
  const auto stopped = relay.stop();
  CHECK(stopped.err.find("event=truncated") != std::string::npos);
  CHECK(stopped.err.find("segment-00000001.log, byte " + std::to_string(end)) != std::string::npos);
}

namespace {

std::string segment(const TempDir& dir, int ordinal) {
  char name[32];
  std::snprintf(name, sizeof name, "log/segment-%08d.log", ordinal);
  return dir / name;
}

// A stopped log of 600 messages in many sealed segments.
void make_sealed_log(const TempDir& dir) {
  Relay relay(dir / "log", {"--segment-bytes", "8192"});
  REQUIRE(relay.listening());
  Promises promises;
  send_all(relay, 1, 600, promises);
  REQUIRE(promises.size() == 600);
  REQUIRE(relay.stop().status == 0);
  REQUIRE(test::run({test::relay_binary(), "check", dir / "log"}).status == 0);
}

// How a relay that must not start ended.
test::Outcome serve(const TempDir& dir) {
  Relay relay(dir / "log");
  CHECK_FALSE(relay.listening());
  return relay.stop();
}

}  // namespace

TEST_CASE("a sealed segment that is missing, cut or swapped is refused by name at the start") {
  const TempDir dir;
  make_sealed_log(dir);
  const Bytes third = test::read_file(segment(dir, 3));
  const Bytes fourth = test::read_file(segment(dir, 4));
  const auto refused = [&](const std::string& name) {
    const auto outcome = serve(dir);
    CHECK(outcome.status == 1);
    CHECK_MESSAGE(outcome.err.find(name) != std::string::npos, outcome.err);
  };
  std::filesystem::remove(segment(dir, 3));
  refused("segment-00000003.log");
  test::write_file(segment(dir, 3), core::ByteView(third).first(third.size() - 8));
  refused("segment-00000003.log");
  test::write_file(segment(dir, 3), fourth);
  test::write_file(segment(dir, 4), third);
  refused("segment-00000003.log");
  test::write_file(segment(dir, 3), third);
  test::write_file(segment(dir, 4), fourth);
  Relay relay(dir / "log");
  CHECK(relay.listening());
}

TEST_CASE(
    "a flipped bit in a sealed segment costs the one record that it hits, and check names it") {
  const TempDir dir;
  make_sealed_log(dir);
  Bytes content = test::read_file(segment(dir, 3));
  content[content.size() / 2] ^= 4;
  test::write_file(segment(dir, 3), content);
  const auto checked = test::run({test::relay_binary(), "check", dir / "log"});
  CHECK(checked.status == 1);
  CHECK(checked.out.find("segment-00000003.log, byte ") != std::string::npos);
  CHECK(checked.out.find("599 entries intact of 600") != std::string::npos);
  const auto log = core::disk::read_log(dir / "log");
  REQUIRE(log);
  CHECK(log->entries.size() == 599);
  REQUIRE(log->damages.size() == 1);
  // The relay goes on: it knows every message, and gives out every other entry.
  Relay relay(dir / "log");
  REQUIRE(relay.listening());
  Promises promises;
  send_all(relay, 1, 600, promises);
  CHECK(promises.size() == 600);
  const std::uint64_t lost = log->damages[0].first_lost.value;
  std::uint64_t read = 0;
  const auto broken = relay.client().entries({}, [&](core::LogIndex, Bytes) {
    ++read;
    return core::Result<void>{};
  });
  CHECK_FALSE(broken);
  CHECK(read <= lost);
  read = 0;
  REQUIRE(relay.client().entries(core::LogIndex{lost + 1}, [&](core::LogIndex, Bytes) {
    ++read;
    return core::Result<void>{};
  }));
  CHECK(read == 599 - lost);
}

TEST_CASE("check finds an index that is not the log's, and without it the relay makes it again") {
  const TempDir dir;
  make_sealed_log(dir);
  Bytes tree = test::read_file(dir / "log/index/tree-01");
  tree[40] ^= 1;
  test::write_file(dir / "log/index/tree-01", tree);
  const auto checked = test::run({test::relay_binary(), "check", dir / "log"});
  CHECK(checked.status == 1);
  CHECK(checked.out.find("index: entry 2: a hash of level 1 differs") != std::string::npos);
  std::filesystem::remove_all(dir / "log/index");
  {
    Relay relay(dir / "log", {"--segment-bytes", "8192"});
    REQUIRE(relay.listening());
    Promises promises;
    send_all(relay, 1, 620, promises);
    CHECK(promises.size() == 620);
    CHECK(relay.stop().status == 0);
  }
  CHECK(test::run({test::relay_binary(), "check", dir / "log"}).status == 0);
}

TEST_CASE("a thousand clients that send a byte now and then do not hold up an honest till") {
  const TempDir dir;
  Relay relay(dir / "log", {"--client-timeout-ms", "2500"});
  REQUIRE(relay.listening());
  rlimit descriptors{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &descriptors) == 0);
  descriptors.rlim_cur = descriptors.rlim_max;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &descriptors) == 0);
  REQUIRE(descriptors.rlim_cur > 1100);
  std::vector<std::unique_ptr<test::Socket>> slow;
  for (int i = 0; i < 1000; ++i) slow.push_back(std::make_unique<test::Socket>(relay.endpoint));
  const std::string request = "POST /v1/messages HTTP/1.1\r\nContent-Length: 5000\r\n\r\n";
  Promises promises;
  double slowest_ms = 0;
  const auto start = std::chrono::steady_clock::now();
  auto client = relay.client();
  for (std::uint64_t n = 1; n <= 40; ++n) {
    if (n <= 20) {
      for (const auto& socket : slow) socket->send(request.substr(n - 1, 1));
    }
    const auto sent = std::chrono::steady_clock::now();
    const auto answers = client.post(std::vector<Bytes>{make_message(n)});
    REQUIRE(answers);
    promises.emplace(n, answers->each.front().index.value);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - sent;
    slowest_ms = std::max(slowest_ms, took.count());
    std::this_thread::sleep_for(Millis(100));
  }
  CHECK(slowest_ms < 1000);
  CHECK(std::chrono::steady_clock::now() - start > Millis(3500));
  const std::string metrics = relay.client().get("/metrics").value();
  CHECK(metrics.find("daybook_relay_connections_cut_off_total 1000\n") != std::string::npos);
  CHECK(relay.stop().status == 0);
  check_promises(dir / "log", promises);
}
