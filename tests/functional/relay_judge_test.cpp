// Outside judges of a live relay: the Go program of tests/judges with stock libraries, and curl
// over TLS.
#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>
#include <thread>

#include "core/envelope/message.h"
#include "core/envelope/roster.h"
#include "core/tls/context.h"
#include "tests/functional/relay_process.h"
#include "tests/support/enrol.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tls_pair.h"
#include "tests/unit/relay_messages.h"

namespace {

using core::Bytes;
using test::make_message;
using test::Relay;

// The judge, built once.
const std::string& judge() {
  static const test::TempDir dir;
  static const std::string program = [] {
    const std::string out = dir / "tlog_judge";
    const std::string build =
        "cd " DAYBOOK_SOURCE_DIR "/tests/judges/tlog_judge && go build -o " + out;
    const auto built =
        test::run({"env", "GO111MODULE=off", "GOPATH=/usr/share/gocode",
                   "GOFLAGS=", "GOCACHE=" + std::string(dir / "cache"), "bash", "-c", build});
    REQUIRE_MESSAGE(built.status == 0, built.err);
    return out;
  }();
  return program;
}

test::Outcome ask(const std::string& url, const std::string& vkey,
                  const std::vector<std::string>& more) {
  std::vector<std::string> words = {judge(), "--url", url, "--key", vkey};
  words.insert(words.end(), more.begin(), more.end());
  return test::run(words);
}

std::string url_of(const Relay& relay, const std::string& scheme = "http") {
  return scheme + "://" + relay.endpoint.host + ":" + std::to_string(relay.endpoint.port);
}

void post(Relay& relay, std::uint64_t first, std::uint64_t count) {
  for (std::uint64_t n = first; n < first + count;) {
    std::vector<Bytes> messages;
    for (; n < first + count && messages.size() < 200; ++n) messages.push_back(make_message(n));
    REQUIRE(relay.client().post(messages));
  }
}

bool says(const test::Outcome& outcome, const std::string& text) {
  return outcome.out.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("an independent client verifies checkpoint, tiles, inclusion and consistency, live") {
  const test::TempDir dir;
  const std::string vkey = test::make_log(dir / "log");
  const std::string message = dir / "message";
  test::write_file(message, make_message(1));
  const std::string saved = dir / "saved";
  Relay relay(dir / "log", {"--segment-bytes", "20000"});  // most of it sealed
  REQUIRE(relay.listening());
  CHECK(says(ask(url_of(relay), vkey, {"--headers"}), "size 0"));
  post(relay, 1, 300);
  const auto first =
      ask(url_of(relay), vkey,
          {"--headers", "--message", message, "--index", "0", "--save-checkpoint", saved});
  CHECK_MESSAGE(first.status == 0, first.err);
  CHECK(says(first, "inclusion: index 0 of 300 verified"));
  post(relay, 301, 700);
  const auto second = ask(url_of(relay), vkey, {"--old-checkpoint", saved});
  CHECK_MESSAGE(second.status == 0, second.err);
  CHECK(says(second, "consistency: 300 -> 1000 verified"));
  CHECK(ask(url_of(relay), vkey, {"--message", message, "--index", "1"}).status == 1);

  // The same after a restart, when the tree comes from the index.
  CHECK(relay.stop().status == 0);
  Relay again(dir / "log", {"--segment-bytes", "20000"});
  REQUIRE(again.listening());
  post(again, 1001, 30);
  const auto third = ask(url_of(again), vkey, {"--headers", "--old-checkpoint", saved});
  CHECK_MESSAGE(third.status == 0, third.err);
  CHECK(says(third, "consistency: 300 -> 1030 verified"));
}

TEST_CASE("a log that was rewritten behind the relay's back is not served under its checkpoint") {
  const test::TempDir dir;
  test::make_log(dir / "log");
  {
    Relay relay(dir / "log");
    REQUIRE(relay.listening());
    post(relay, 1, 20);
    CHECK(relay.stop().status == 0);
  }
  // Another log of the same length, every checksum right, under the old key and checkpoint.
  test::make_log(dir / "other");
  {
    Relay relay(dir / "other");
    REQUIRE(relay.listening());
    post(relay, 101, 20);
    CHECK(relay.stop().status == 0);
  }
  for (const char* name : {"segment-00000001.log", "segment-00000002.log"}) {
    std::error_code ignored;
    std::filesystem::copy_file(dir / ("other/" + std::string(name)),
                               dir / ("log/" + std::string(name)),
                               std::filesystem::copy_options::overwrite_existing, ignored);
  }
  Relay relay(dir / "log");
  CHECK_FALSE(relay.listening());
  const auto refused = relay.stop();
  CHECK(refused.status == 1);
  CHECK(refused.err.find("are not those that a checkpoint was signed for") != std::string::npos);
  const auto checked = test::run({test::relay_binary(), "check", dir / "log"});
  CHECK(checked.status == 1);
  CHECK(checked.out.find("the first 20 entries do not have the root") != std::string::npos);
}

TEST_CASE("the entries that head office reads are those of the tree, over TLS") {
  const test::TempDir dir;
  const test::TlsFiles files;
  const auto office = core::envelope::PrivateKey::from_seed(Bytes(32, 1)).value();
  const std::string origin = "test";  // make_message()'s
  const std::string vkey =
      test::make_log(dir / "log", origin, {"--head-office", office.public_key().hex()});
  auto roster = core::envelope::Roster::read({}, origin, office.public_key()).value();
  const auto till = core::envelope::PrivateKey::from_seed(Bytes(32, 7)).value();
  test::write_file(
      dir / "log/roster.cbor",
      roster.enrol(test::enrol_request(origin, {core::StoreId{1}, core::TillId{1}}, till), office)
          .value());
  Relay relay(dir / "log",
              {"--tls-cert", files.dir / "server.pem", "--tls-key", files.dir / "server.key",
               "--segment-bytes", "20000", "--messages-per-minute", "100000"});
  REQUIRE(relay.listening());
  relay.endpoint.tls = true;
  relay.trust = files.client();
  post(relay, 1, 520);

  const auto judged = ask(url_of(relay, "https"), vkey,
                          {"--ca", files.dir / "authority.pem", "--headers", "--entries-key",
                           core::to_hex(office.seed()), "--entries-keyid",
                           core::envelope::derive_kid(origin, office.public_key()).hex()});
  CHECK_MESSAGE(judged.status == 0, judged.err);
  CHECK(says(judged, "entries: 520 verified"));
  const auto curl =
      test::run({"curl", "--silent", "--show-error", "--fail", "--cacert",
                 files.dir / "authority.pem", url_of(relay, "https") + "/checkpoint"});
  CHECK_MESSAGE(curl.status == 0, curl.err);
  CHECK(says(curl, "test\n520\n"));
  CHECK(test::run({"curl", "--silent", "--fail", url_of(relay, "https") + "/checkpoint"}).status !=
        0);

  // A renewed certificate, of another authority, counts after SIGHUP.
  const test::TlsFiles renewed;
  for (const char* name : {"server.pem", "server.key"}) {
    test::write_file(files.dir / name, test::read_file(renewed.dir / name));
  }
  relay.process.signal(SIGHUP);
  bool taken = false;
  for (int i = 0; i < 100 && !taken; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    taken = test::run({"curl", "--silent", "--fail", "--cacert", renewed.dir / "authority.pem",
                       url_of(relay, "https") + "/checkpoint"})
                .status == 0;
  }
  CHECK(taken);
}
