// HeadOffice: the directory survives what happens to it, and enrols nobody twice.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include "ledger-rebuild/head_office.h"
#include "tests/support/rebuild_fleet.h"
#include "tests/support/temp_dir.h"

using core::Errc;
using rebuild::EnrolRequest;
using rebuild::HeadOffice;

namespace {

EnrolRequest request(std::uint32_t store, std::uint32_t till, std::uint64_t key) {
  return {core::TillRef{core::StoreId{store}, core::TillId{till}},
          test::key_number(key).public_key()};
}

}  // namespace

TEST_CASE("a head office is made once, and its key is for its owner only") {
  test::TempDir dir;
  const auto office = HeadOffice::create(dir / "ho", "example.com/shops");
  REQUIRE(office.has_value());
  struct stat info {};
  REQUIRE(::stat((dir / "ho" / "head-office.key").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(HeadOffice::create(dir / "ho", "example.com/shops").error().code == Errc::kExists);
  const auto again = HeadOffice::open(dir / "ho");
  REQUIRE(again.has_value());
  CHECK(again->origin() == "example.com/shops");
  CHECK(again->public_key() == office->public_key());
}

TEST_CASE("a roster is never overwritten, also when the key beside it is gone") {
  test::TempDir dir;
  auto office = *HeadOffice::create(dir / "ho", "example.com/shops");
  const EnrolRequest first[] = {request(1, 1, 1)};
  REQUIRE(office.enrol(first).has_value());
  std::filesystem::remove(dir / "ho" / "head-office.key");
  CHECK(HeadOffice::create(dir / "ho", "example.com/shops").error().code == Errc::kExists);
  CHECK(rebuild::read_roster(dir / "ho")->enrolments().size() == 1);
}

TEST_CASE("enrolments survive, with epochs that rise and entries that chain") {
  test::TempDir dir;
  auto office = *HeadOffice::create(dir / "ho", "example.com/shops");
  const EnrolRequest first[] = {request(1, 1, 1), request(1, 2, 2)};
  const auto one = *office.enrol(first);
  const EnrolRequest second[] = {request(1, 1, 3)};
  const auto two = *office.enrol(second);
  CHECK(one[0].epoch == core::Epoch{1});
  CHECK(two[0].epoch == core::Epoch{2});
  CHECK(one[0].entry != two[0].entry);
  const auto roster = *rebuild::read_roster(dir / "ho");
  CHECK(roster.enrolments().size() == 3);
  const auto kid =
      core::envelope::derive_kid("example.com/shops", test::key_number(3).public_key());
  REQUIRE(roster.find(kid) != nullptr);
  CHECK(roster.find(kid)->entry == two[0].entry);
}

TEST_CASE("a request that cannot be granted leaves the roster as it was, also in the middle") {
  test::TempDir dir;
  auto office = *HeadOffice::create(dir / "ho", "example.com/shops");
  const EnrolRequest good[] = {request(1, 1, 1)};
  REQUIRE(office.enrol(good).has_value());
  const auto before = test::read_file(dir / "ho" / "roster.cbor");
  const EnrolRequest mixed[] = {request(1, 2, 2), request(1, 3, 1)};
  CHECK(office.enrol(mixed).error().code == Errc::kExists);
  CHECK(test::read_file(dir / "ho" / "roster.cbor") == before);
  CHECK(office.roster().enrolments().size() == 1);
}

TEST_CASE("two heads of one office do not lose each other's entries") {
  test::TempDir dir;
  auto one = *HeadOffice::create(dir / "ho", "example.com/shops");
  auto two = *HeadOffice::open(dir / "ho");
  const EnrolRequest a[] = {request(1, 1, 1)};
  const EnrolRequest b[] = {request(1, 2, 2)};
  REQUIRE(one.enrol(a).has_value());
  REQUIRE(two.enrol(b).has_value());
  CHECK(rebuild::read_roster(dir / "ho")->enrolments().size() == 2);
}

TEST_CASE("a changed roster, key or origin is refused by name") {
  test::TempDir dir;
  auto office = *HeadOffice::create(dir / "ho", "example.com/shops");
  const EnrolRequest good[] = {request(1, 1, 1)};
  REQUIRE(office.enrol(good).has_value());
  const auto roster_file = dir / "ho" / "roster.cbor";
  auto bytes = test::read_file(roster_file);
  const auto intact = bytes;
  bytes[bytes.size() - 70] ^= 1;
  test::write_file(roster_file, bytes);
  const auto altered = rebuild::read_roster(dir / "ho");
  REQUIRE_FALSE(altered.has_value());
  CHECK(altered.error().what.find("roster.cbor: roster entry 1") != std::string::npos);
  test::write_file(roster_file, intact);
  test::write_file(dir / "ho" / "origin", core::as_bytes("example.com/other\n"));
  CHECK(rebuild::read_roster(dir / "ho").error().code == Errc::kUnknownKey);
  test::write_file(dir / "ho" / "origin", core::as_bytes("\n"));
  CHECK(rebuild::read_roster(dir / "ho").error().code == Errc::kMalformed);
  CHECK(rebuild::read_roster(dir / "nowhere").error().code == Errc::kNotFound);
}

TEST_CASE("a request has three lines, and a wrong one is named") {
  const std::string key = test::key_number(1).public_key().hex();
  const auto good = rebuild::parse_enrol_request("store 4\ntill 1\nkey " + key + "\n");
  REQUIRE(good.has_value());
  CHECK(good->till == core::TillRef{core::StoreId{4}, core::TillId{1}});
  CHECK(good->key == test::key_number(1).public_key());
  const auto line_of = [](const std::string& text) {
    return rebuild::parse_enrol_request(text).error().what.substr(0, 7);
  };
  CHECK(line_of("till 1\nstore 4\nkey " + key) == "line 1:");
  CHECK(line_of("store x\ntill 1\nkey " + key) == "line 1:");
  CHECK(line_of("store 4294967296\ntill 1\nkey " + key) == "line 1:");
  CHECK(line_of("store 4\ntill\nkey " + key) == "line 2:");
  CHECK(line_of("store 4\ntill 1\nkey 00") == "line 3:");
  CHECK(line_of("store 4\ntill 1\n") == "line 3:");
  CHECK(line_of("store 4\ntill 1\nkey " + key + "\nmore\n") == "line 4:");
}
