// Backups beside a log at the real relay: a till's, by its signature; collected by head office
// alone.
#include <doctest/doctest.h>

#include <set>

#include "core/envelope/statement.h"
#include "core/wire/backup_box.h"
#include "tests/functional/feed_house.h"
#include "tests/functional/signed_get.h"

namespace {

using core::Bytes;
using core::envelope::Kid;
using core::envelope::PrivateKey;
using core::envelope::sha256;
using core::envelope::StatementType;
using core::wire::BackupBox;
using core::wire::WaitingPart;
using test::code_of;
using test::FeedHouse;
using test::metric;
using test::Relay;
using test::signature_lines;
using test::status_of;
using test::till_ref;

// What a till's key says: the relay looks at no payload.
Bytes part_of(const FeedHouse& house, const PrivateKey& key, std::uint8_t fill,
              std::size_t size = 300, StatementType type = StatementType::kBackup) {
  return core::envelope::sign_statement(type, house.kid_of(key), Bytes(size, fill), key);
}

std::string path_of(const Kid& kid, const Bytes& part) {
  return "/v1/backups/" + kid.hex() + "/" + sha256(part).hex();
}

int put(const Relay& relay, const std::string& target, const Bytes& body) {
  return status_of(test::request(relay, "PUT", target, "", core::as_text(body)));
}

int ask(const Relay& relay, const std::string& method, const std::string& target,
        const FeedHouse& whose, const PrivateKey& key) {
  static int nonce = 0;
  const std::string lines =
      signature_lines({.method = method, .target = target, .nonce = "b" + std::to_string(++nonce)},
                      key, whose.kid_of(key).hex());
  return status_of(test::request(relay, method, target, lines));
}

std::vector<WaitingPart> all_of(BackupBox& box) {
  std::vector<WaitingPart> out;
  const auto read = box.each([&](const WaitingPart& part) -> core::Result<void> {
    out.push_back(part);
    return {};
  });
  CHECK_MESSAGE(read, (read ? "" : describe(read.error())));
  return out;
}

}  // namespace

TEST_CASE("what a till leaves is there for head office, byte for byte, until it is taken away") {
  const test::TempDir dir;
  const FeedHouse house(dir / "log");
  const PrivateKey till = house.tills.at(till_ref(1, 1));
  const Kid kid = house.kid_of(till);
  const Bytes one = part_of(house, till, 1);
  const Bytes two = part_of(house, till, 2, (std::size_t{512} << 10) - 200);
  {
    Relay relay(dir / "log");
    REQUIRE(relay.listening());
    CHECK(put(relay, path_of(kid, one), one) == 201);
    CHECK(put(relay, path_of(kid, one), one) == 200);
    CHECK(put(relay, path_of(kid, two), two) == 201);
    CHECK(metric(relay, "daybook_relay_backups_total") == "2");
    CHECK(relay.stop().status == 0);
  }
  CHECK(test::read_file(dir / "log/backups" / kid.hex() / sha256(one).hex()) == one);
  Relay relay(dir / "log");
  REQUIRE(relay.listening());
  CHECK(metric(relay, "daybook_relay_backup_bytes") == std::to_string(4096 + (512 << 10)));
  const auto office = house.client(relay, house.office);
  BackupBox box(*office);
  const auto waiting = all_of(box);
  REQUIRE(waiting.size() == 2);
  for (const WaitingPart& part : waiting) {
    CHECK(part.till == kid);
    const Bytes& expected = part.part.hash == sha256(one) ? one : two;
    CHECK(part.part.size == expected.size());
    const auto got = box.get(part);
    REQUIRE(got);
    CHECK(*got == expected);
    CHECK(box.remove(part));
    CHECK(code_of(box.remove(part)) == "not-found");
    CHECK(code_of(box.get(part)) == "not-found");
  }
  CHECK(all_of(box).empty());
  CHECK(metric(relay, "daybook_relay_backup_bytes") == "0");
}

TEST_CASE("what is no till's part is refused, each with its status, and nothing of it is kept") {
  const test::TempDir dir;
  const FeedHouse house(dir / "log");
  Relay relay(dir / "log");
  REQUIRE(relay.listening());
  const PrivateKey till = house.tills.at(till_ref(1, 1));
  const PrivateKey other = house.tills.at(till_ref(1, 2));
  const Kid kid = house.kid_of(till);
  const Bytes good = part_of(house, till, 1);
  Bytes changed = good;
  changed[changed.size() / 2] ^= 1;
  const Bytes receipt = part_of(house, till, 1, 300, StatementType::kReceipt);
  const Bytes stranger = part_of(house, FeedHouse::key(99), 1);
  const Bytes offices = part_of(house, house.office, 1);
  const Bytes claimed =
      core::envelope::sign_statement(StatementType::kBackup, kid, Bytes(300, 1), other);
  CHECK(put(relay, path_of(kid, good), changed) == 403);     // its signature
  CHECK(put(relay, path_of(kid, changed), changed) == 403);  // the same, with its hash
  CHECK(put(relay, path_of(kid, claimed), claimed) == 403);  // another till's signature
  CHECK(put(relay, path_of(kid, receipt), receipt) == 400);  // another kind of statement
  CHECK(put(relay, path_of(kid, Bytes(100, 7)), Bytes(100, 7)) == 400);
  CHECK(put(relay, path_of(kid, Bytes()), Bytes()) == 400);
  CHECK(put(relay, path_of(house.kid_of(other), good), good) == 400);  // below another's name
  CHECK(put(relay, path_of(kid, receipt), good) == 400);               // another hash
  CHECK(put(relay, path_of(house.kid_of(FeedHouse::key(99)), stranger), stranger) == 403);
  CHECK(put(relay, path_of(house.kid_of(house.office), offices), offices) == 403);
  const Bytes large = part_of(house, till, 1, std::size_t{512} << 10);
  CHECK(put(relay, path_of(kid, large), large) == 413);
  for (const std::string& target :
       {std::string("/v1/backups/"), "/v1/backups/" + kid.hex(), "/v1/backups/" + kid.hex() + "/",
        "/v1/backups/" + kid.hex() + "/../checkpoint.key", path_of(kid, good) + "0"}) {
    CAPTURE(target);
    CHECK(put(relay, target, good) == 404);
  }
  CHECK(status_of(test::request(relay, "PUT", "/v1/backups", "", "x")) == 405);
  CHECK(status_of(test::request(relay, "POST", path_of(kid, good), "", "x")) == 405);
  CHECK(status_of(test::request(relay, "DELETE", "/v1/roster", "")) == 405);
  CHECK(ask(relay, "GET", "/v1/backups?after=12", house, house.office) == 400);
  const auto office = house.client(relay, house.office);
  BackupBox box(*office);
  CHECK(all_of(box).empty());
  CHECK_FALSE(std::filesystem::exists(dir / "log/backups" / kid.hex()));
  CHECK(put(relay, path_of(kid, good), good) == 201);
}

TEST_CASE("head office alone lists, gets and removes; an open log keeps none") {
  const test::TempDir dir;
  const FeedHouse house(dir / "data/one");
  const FeedHouse other(dir / "data/two", 50, "example.org/others");
  const PrivateKey till = house.tills.at(till_ref(1, 1));
  const Kid kid = house.kid_of(till);
  const Bytes part = part_of(house, till, 1);
  {
    Relay relay(dir / "data");
    REQUIRE(relay.listening());
    const std::string target = "/one" + path_of(kid, part);
    CHECK(put(relay, "/two" + path_of(kid, part), part) == 403);
    CHECK(put(relay, target, part) == 201);
    for (const std::string& method : {std::string("GET"), std::string("DELETE")}) {
      CAPTURE(method);
      CHECK(status_of(test::request(relay, method, target, "")) == 401);
      CHECK(ask(relay, method, target, house, till) == 401);
      CHECK(ask(relay, method, target, other, other.office) == 403);
    }
    CHECK(status_of(test::request(relay, "GET", "/one/v1/backups", "")) == 401);
    CHECK(ask(relay, "GET", "/one/v1/backups", house, till) == 401);
    CHECK(ask(relay, "GET", "/one/v1/backups", other, other.office) == 403);
    CHECK(ask(relay, "GET", target, house, house.office) == 200);
    CHECK(ask(relay, "DELETE", target, house, house.office) == 200);
    CHECK(ask(relay, "GET", target, house, house.office) == 404);
  }
  Relay open(dir / "open");
  REQUIRE(open.listening());
  CHECK(put(open, path_of(kid, part), part) == 404);
  CHECK(ask(open, "GET", "/v1/backups", house, house.office) == 404);
}

TEST_CASE("one till's backups have a limit, which the next process knows, and others have theirs") {
  const test::TempDir dir;
  const FeedHouse house(dir / "log");
  const PrivateKey first = house.tills.at(till_ref(1, 1));
  const PrivateKey second = house.tills.at(till_ref(1, 2));
  const auto leave = [&](const Relay& relay, const PrivateKey& key, std::uint8_t fill) {
    const Bytes part = part_of(house, key, fill, 5000);  // two blocks
    return put(relay, path_of(house.kid_of(key), part), part);
  };
  const std::vector<std::string> options = {"--max-backup-bytes", "20480"};
  {
    Relay relay(dir / "log", options);
    REQUIRE(relay.listening());
    CHECK(leave(relay, first, 1) == 201);
    CHECK(leave(relay, first, 2) == 201);
    CHECK(leave(relay, first, 3) == 507);
    CHECK(leave(relay, second, 1) == 201);
    CHECK(relay.stop().status == 0);
  }
  Relay relay(dir / "log", options);
  REQUIRE(relay.listening());
  CHECK(leave(relay, first, 3) == 507);
  CHECK(leave(relay, second, 2) == 201);
  const auto office = house.client(relay, house.office);
  BackupBox box(*office);
  const auto waiting = all_of(box);
  REQUIRE(waiting.size() == 4);
  for (const WaitingPart& part : waiting) {
    if (part.till == house.kid_of(first)) CHECK(box.remove(part));
  }
  CHECK(leave(relay, first, 3) == 201);
}

TEST_CASE("a list of more than a page has every part once") {
  const test::TempDir dir;
  const FeedHouse house(dir / "log");
  std::vector<Kid> kids;
  for (std::uint8_t n = 0; n < 7; ++n) {
    Bytes bytes(16, n);
    kids.push_back(*Kid::from(bytes));
    const auto below = dir / "log/backups" / kids.back().hex();
    std::filesystem::create_directories(below);
    for (int i = 0; i < 300; ++i) {
      const Bytes content = core::to_bytes(core::as_bytes(std::to_string(i)));
      test::write_file(below / sha256(content).hex(), content);
    }
  }
  Relay relay(dir / "log");
  REQUIRE(relay.listening());
  const auto office = house.client(relay, house.office);
  BackupBox box(*office);
  std::set<std::pair<Kid, core::envelope::Hash>> seen;
  const auto waiting = all_of(box);
  for (const WaitingPart& part : waiting) CHECK(seen.emplace(part.till, part.part.hash).second);
  CHECK(seen.size() == 2100);
  // What it reads may be removed on the way.
  const auto emptied = box.each([&](const WaitingPart& part) { return box.remove(part); });
  CHECK(emptied);
  CHECK(all_of(box).empty());
  CHECK(metric(relay, "daybook_relay_backup_bytes") == "0");
}

TEST_CASE("a revoked till leaves nothing, and a damaged part is named by check") {
  const test::TempDir dir;
  FeedHouse house(dir / "log");
  const PrivateKey till = house.tills.at(till_ref(1, 1));
  const Kid kid = house.kid_of(till);
  const Bytes part = part_of(house, till, 1);
  Relay relay(dir / "log");
  REQUIRE(relay.listening());
  CHECK(put(relay, path_of(kid, part), part) == 201);
  const auto file = dir / "log/backups" / kid.hex() / sha256(part).hex();
  CHECK(test::run({test::relay_binary(), "check", dir / "log"}).out.find("1 parts of backups, ") !=
        std::string::npos);
  Bytes damaged = part;
  damaged[5] ^= 1;
  test::write_file(file, damaged);
  const auto office = house.client(relay, house.office);
  BackupBox box(*office);
  CHECK(code_of(box.get(all_of(box).at(0))) == "protocol");
  const auto checked = test::run({test::relay_binary(), "check", dir / "log"});
  CHECK(checked.status == 1);
  CHECK(checked.out.find("backups/" + kid.hex() + "/" + sha256(part).hex()) != std::string::npos);
  CHECK(put(relay, path_of(kid, part), part) == 201);  // mended

  const std::vector<Bytes> revocation = {house.revoke(till_ref(1, 1))};
  REQUIRE(relay.client().post(revocation));
  const Bytes later = part_of(house, till, 2);
  CHECK(put(relay, path_of(kid, later), later) == 403);
  CHECK(box.get(all_of(box).at(0)));  // what came before stays
}
