// Backups at the relay, with the real programs: a till leaves them there, head office collects
// them, and a burnt till comes back from nothing else.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "core/base/bytes.h"
#include "tests/functional/real_shop.h"
#include "tests/support/certificates.h"

namespace {

using test::Outcome;
using test::Words;

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A shop whose only place for backups is the relay.
class RelayShop {
 public:
  void settle(const std::string& more = "") {
    shop.done("settings", {"--backup-to", "relay:http://" + shop.relay() + more});
  }
  Outcome a_day(const std::string& day, int sales) const {
    shop.done("open", {"--day", day, "--receive", "133=16", "134=4", "135=4"});
    for (int i = 0; i < sales; ++i) shop.done("ring", {"--line", "145x1"});
    return shop.till("close");
  }
  Outcome collect(const Words& more = {}) const {
    Words words = {std::string(DAYBOOK_BIN_DIR) + "/daybook-rebuild",
                   "collect",
                   "--head-office",
                   shop.file("office").string(),
                   "--relay",
                   "http://" + shop.relay(),
                   "--to",
                   shop.file("found").string()};
    words.insert(words.end(), more.begin(), more.end());
    return test::run(words);
  }
  std::size_t collected() const {
    std::error_code none;
    std::filesystem::directory_iterator it(shop.file("found") / "4-1", none);
    return none ? 0 : static_cast<std::size_t>(std::distance(it, {}));
  }
  std::string backups() const { return shop.done("show", {"backups"}); }
  // Makes the journal again and looks at it.
  void comes_back(int documents) const {
    const Outcome recovered =
        test::run({std::string(DAYBOOK_BIN_DIR) + "/daybook-rebuild", "recover", "--from",
                   (shop.file("found") / "4-1").string(), "--till", "4/1", "--head-office",
                   shop.file("office").string(), "--journal", shop.file("new.db").string()});
    REQUIRE_MESSAGE(recovered.status == 0, recovered.err << recovered.out);
    const Outcome checked = test::run({std::string(DAYBOOK_BIN_DIR) + "/daybook-till", "check",
                                       "--journal", shop.file("new.db").string()});
    CHECK_MESSAGE(says(checked.out, "sound: " + std::to_string(documents) + " documents"),
                  checked.err);
  }

  test::RealShop shop;
};

}  // namespace

TEST_CASE("a burnt till comes back from what it left at the relay") {
  RelayShop fire;
  REQUIRE(fire.shop.start_relay());
  fire.settle();
  for (int n = 2; n <= 4; ++n) {
    const Outcome closed = fire.a_day("2026-03-0" + std::to_string(n), n);
    CHECK(closed.status == 0);
    CHECK_MESSAGE(closed.err.empty(), closed.err);
  }
  CHECK(says(fire.backups(), "has all"));
  const Outcome first = fire.collect();
  REQUIRE_MESSAGE(first.status == 0, first.err);
  CHECK(says(first.out, "4 parts of 1 tills waited, 4 are new in "));
  CHECK(fire.collected() == 4);
  CHECK(std::filesystem::exists(fire.shop.file("found") / "4-1" / "4-1-1-4-1.backup"));
  CHECK(says(fire.collect().out, "0 parts of 0 tills waited, 0 are new in "));
  std::filesystem::remove(fire.shop.journal());
  fire.comes_back(9);
}

TEST_CASE("a relay that is away, or full, keeps no day from closing, and gets it later") {
  RelayShop shop;
  REQUIRE(shop.shop.start_relay({"--max-backup-bytes", "8192"}));
  shop.settle();
  shop.shop.kill_relay();
  const Outcome alone = shop.a_day("2026-03-02", 1);
  CHECK(alone.status == 0);
  CHECK(says(alone.err, "a backup was not copied, and waits"));
  CHECK(says(shop.backups(), ": 1 to copy"));
  REQUIRE(shop.shop.start_relay({"--max-backup-bytes", "8192"}));
  const Outcome full = shop.a_day("2026-03-03", 1);
  CHECK(full.status == 0);
  CHECK_MESSAGE(says(full.err, "status 507"), full.err);
  CHECK(says(full.err, "daybook-rebuild collect"));
  CHECK(says(shop.collect().out, "2 parts of 1 tills waited, 2 are new in "));
  const Outcome copied = shop.shop.till("backup");
  CHECK_MESSAGE(says(copied.out, "has all"), copied.err);
  CHECK(says(shop.collect({"--keep"}).out, "1 parts of 1 tills waited, 1 are new in "));
  CHECK(says(shop.collect({"--json"}).out,
             "{\"parts\":1,\"tills\":1,\"written\":0,\"bytes\":0,\"troubles\":[]}"));
  CHECK(says(shop.collect().out, "0 parts of 0 tills"));
  shop.comes_back(2);
}

TEST_CASE("a part that the relay damaged is named, stays there, and holds up no other") {
  RelayShop shop;
  REQUIRE(shop.shop.start_relay());
  shop.settle();
  for (int n = 2; n <= 4; ++n) CHECK(shop.a_day("2026-03-0" + std::to_string(n), 1).err.empty());
  std::filesystem::path first;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(shop.shop.file("log") / "backups")) {
    const bool is_before = first.empty() || entry.path().filename() < first.filename();
    if (entry.is_regular_file() && is_before) first = entry.path();
  }
  REQUIRE_FALSE(first.empty());
  std::ofstream(first, std::ios::binary) << "damaged";
  const Outcome some = shop.collect();
  CHECK(some.status == 1);
  CHECK(says(some.out, "3 parts of 1 tills waited, 3 are new in "));
  CHECK_MESSAGE(says(some.err, first.filename().string()), some.err);
  CHECK(std::filesystem::exists(first));
  CHECK(shop.collected() == 3);
}

TEST_CASE("a collection that is killed, or refused, loses nothing") {
  RelayShop shop;
  REQUIRE(shop.shop.start_relay());
  shop.settle();
  for (int n = 2; n <= 9; ++n) CHECK(shop.a_day("2026-03-0" + std::to_string(n), 1).err.empty());
  // Another's file of that name stays, and what cannot be written is not removed at the relay.
  std::filesystem::create_directories(shop.shop.file("found") / "4-1");
  std::ofstream(shop.shop.file("found") / "4-1" / "4-1-1-2-1.backup") << "mine";
  std::ofstream(shop.shop.file("blocked")) << "a file where a directory should be";
  CHECK(test::run({std::string(DAYBOOK_BIN_DIR) + "/daybook-rebuild", "collect", "--head-office",
                   shop.shop.file("office").string(), "--relay", "http://" + shop.shop.relay(),
                   "--to", shop.shop.file("blocked").string()})
            .status == 1);
  if (!test::kSanitized && test::run({"strace", "-o", "/dev/null", "true"}).status == 0) {
    int killed = 0;
    for (int when = 1; when <= 3; ++when) {  // of nine parts, so that some are left
      for (const char* call : {"rename", "fsync"}) {
        Words words = {"strace",
                       "-f",
                       "-o",
                       "/dev/null",
                       "-e",
                       std::string("inject=") + call + ":signal=KILL:when=" + std::to_string(when),
                       "-e",
                       std::string("trace=") + call,
                       std::string(DAYBOOK_BIN_DIR) + "/daybook-rebuild",
                       "collect",
                       "--head-office",
                       shop.shop.file("office").string(),
                       "--relay",
                       "http://" + shop.shop.relay(),
                       "--to",
                       shop.shop.file("found").string()};
        killed += test::run(words).status == 0 ? 0 : 1;
      }
    }
    CHECK(killed == 6);
  }
  CHECK(shop.collect().status == 0);
  CHECK(shop.collected() == 10);  // nine parts, and the other file
  std::filesystem::remove(shop.shop.file("found") / "4-1" / "4-1-1-2-1.backup");
  shop.comes_back(8);
}

TEST_CASE("a place at a relay is refused by its reason, and https is trusted by its authority") {
  RelayShop shop;
  REQUIRE(shop.shop.start_relay());
  for (const auto& [place, words] : std::vector<std::pair<std::string, std::string>>{
           {"relay:", "relay"}, {"relay:ftp://x", "ftp"}, {"relay:http://h:1,/no", "/no"}}) {
    const auto& its_place = place;
    CAPTURE(its_place);
    const Outcome refused = shop.shop.till("settings", {"--backup-to", place});
    CHECK(refused.status > 0);
    CHECK_MESSAGE(says(refused.err, words), refused.err);
  }
  const auto authority = test::make_authority("test authority");
  const auto stranger = test::make_authority("another authority");
  const auto cert = test::issue(authority, "IP:127.0.0.1");
  std::ofstream(shop.shop.file("authority.pem")) << authority.certificate;
  std::ofstream(shop.shop.file("stranger.pem")) << stranger.certificate;
  std::ofstream(shop.shop.file("relay.pem")) << cert.certificate;
  std::ofstream(shop.shop.file("relay.key")) << cert.key;
  shop.shop.kill_relay();
  REQUIRE(shop.shop.start_relay({"--tls-cert", shop.shop.file("relay.pem").string(), "--tls-key",
                                 shop.shop.file("relay.key").string()}));
  const std::string url = "relay:https://" + shop.shop.relay() + ",";
  const Outcome untrusted =
      shop.shop.till("settings", {"--backup-to", url + shop.shop.file("stranger.pem").string()});
  CHECK(says(untrusted.err, "a backup was not copied, and waits"));
  CHECK(says(shop.backups(), ": 1 to copy"));
  const Outcome trusted =
      shop.shop.till("settings", {"--backup-to", url + shop.shop.file("authority.pem").string()});
  CHECK_MESSAGE(trusted.err.empty(), trusted.err);
  CHECK(says(shop.backups(), "has all"));
}
