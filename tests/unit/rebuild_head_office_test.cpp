// HeadOffice: the directory survives what happens to it, and enrols nobody twice.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>

#include "core/envelope/key_files.h"
#include "ledger-rebuild/head_office.h"
#include "ledger-rebuild/openers.h"
#include "tests/support/enrol.h"
#include "tests/support/rebuild_fleet.h"
#include "tests/support/temp_dir.h"

using core::Errc;
using core::envelope::EnrolRequest;
using rebuild::HeadOffice;

namespace {

EnrolRequest request(std::uint32_t store, std::uint32_t till, std::uint64_t key) {
  return test::enrol_request("example.com/shops",
                             core::TillRef{core::StoreId{store}, core::TillId{till}},
                             test::key_number(key));
}

std::size_t tills_of(const core::envelope::Roster& roster) {
  const auto& all = roster.enrolments();
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const auto& one) {
    return !core::envelope::is_head_office(one.second.till);
  }));
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
  std::filesystem::remove(dir / "ho" / "head-office.key");  // it went to a safe
  CHECK(HeadOffice::create(dir / "ho", "example.com/shops").error().code == Errc::kExists);
  std::filesystem::remove(dir / "ho" / "office-1.key");
  CHECK(HeadOffice::create(dir / "ho", "example.com/shops").error().code == Errc::kExists);
  CHECK(tills_of(*rebuild::read_roster(dir / "ho")) == 1);
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
  CHECK(tills_of(roster) == 3);
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
  CHECK(tills_of(office.roster()) == 1);
}

TEST_CASE("two heads of one office do not lose each other's entries") {
  test::TempDir dir;
  auto one = *HeadOffice::create(dir / "ho", "example.com/shops");
  auto two = *HeadOffice::open(dir / "ho");
  const EnrolRequest a[] = {request(1, 1, 1)};
  const EnrolRequest b[] = {request(1, 2, 2)};
  REQUIRE(one.enrol(a).has_value());
  REQUIRE(two.enrol(b).has_value());
  CHECK(tills_of(*rebuild::read_roster(dir / "ho")) == 2);
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
  CHECK(altered.error().what.find("roster.cbor: roster entry 3") != std::string::npos);
  test::write_file(roster_file, intact);
  test::write_file(dir / "ho" / "origin", core::as_bytes("example.com/other\n"));
  CHECK(rebuild::read_roster(dir / "ho").error().code == Errc::kUnknownKey);
  test::write_file(dir / "ho" / "origin", core::as_bytes("\n"));
  CHECK(rebuild::read_roster(dir / "ho").error().code == Errc::kMalformed);
  CHECK(rebuild::read_roster(dir / "nowhere").error().code == Errc::kNotFound);
}

TEST_CASE("a request has six lines, and a wrong one is named") {
  using core::envelope::parse_enrol_request;
  const EnrolRequest asked = request(4, 1, 1);
  const std::string text = core::envelope::enrol_request_text(asked);
  const auto good = parse_enrol_request(text);
  REQUIRE(good.has_value());
  CHECK(good->till == core::TillRef{core::StoreId{4}, core::TillId{1}});
  CHECK(good->key == test::key_number(1).public_key());
  CHECK(core::envelope::check_proof(*good).has_value());
  const auto line_after = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    return parse_enrol_request(changed).error().what.substr(0, 7);
  };
  CHECK(line_after("origin ", "origin: ") == "line 1:");
  CHECK(line_after("store 4", "store x") == "line 2:");
  CHECK(line_after("store 4", "store 4294967296") == "line 2:");
  CHECK(line_after("till 1", "till") == "line 3:");
  CHECK(line_after("key " + asked.key.hex(), "key 00") == "line 4:");
  CHECK(line_after("sealing-key " + asked.sealing_key.hex(), "sealing-key 00") == "line 5:");
  CHECK(line_after("proof " + asked.proof.hex() + "\n", "") == "line 6:");
  CHECK(line_after("proof " + asked.proof.hex(), "proof 00") == "line 6:");
  CHECK(parse_enrol_request(text + "more\n").error().what.substr(0, 7) == "line 7:");

  // The same as a line for a QR code: it comes back whole, and cut or changed it is refused.
  const std::string code = core::envelope::enrol_request_code(*good);
  CHECK(code.size() <= 280);
  const auto scanned = parse_enrol_request("  " + code + "\r\n");
  REQUIRE(scanned.has_value());
  CHECK(core::envelope::enrol_request_text(*scanned) == text);
  for (std::size_t i = 16; i < code.size(); ++i) {
    CHECK_FALSE(parse_enrol_request(code.substr(0, i)).has_value());
    std::string changed = code;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    const auto other = parse_enrol_request(changed);
    if (other) CHECK_FALSE(core::envelope::check_proof(*other).has_value());
  }
}

TEST_CASE("openers are agreed once, kept, and agreed again when the file is lost or damaged") {
  test::TempDir dir;
  auto office = *HeadOffice::create(dir / "ho", "example.com/shops");
  const EnrolRequest tills[] = {request(1, 1, 1), request(1, 2, 2)};
  REQUIRE(office.enrol(tills).has_value());
  const auto own = *core::envelope::read_sealing_key(dir / "ho" / "sealing.key");
  const auto openers_of = [](const core::envelope::Roster& roster) {
    std::vector<core::Bytes> out;
    for (const auto& [kid, one] : roster.enrolments()) {
      if (one.till == core::envelope::kHeadOffice) continue;
      REQUIRE(one.opener.has_value());
      out.push_back(core::to_bytes(one.opener->view()));
    }
    return out;
  };
  const auto agreed = openers_of(office.roster());
  CHECK(agreed[0] != agreed[1]);
  const auto file = dir / "ho" / rebuild::kOpenersFile;
  struct stat info {};
  REQUIRE(::stat(file.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  const auto attach = [&] {
    auto roster = core::envelope::read_roster_file(dir / "ho")->roster;
    const auto fresh = rebuild::attach_openers(dir / "ho", own, roster);
    REQUIRE(fresh.has_value());
    CHECK(openers_of(roster) == agreed);
    return *fresh;
  };
  CHECK(attach() == 0);
  auto bytes = test::read_file(file);
  bytes[60] ^= 1;
  test::write_file(file, bytes);
  CHECK(attach() == 3);
  test::write_file(file, core::ByteView(bytes).first(40));
  CHECK(attach() == 3);
  std::filesystem::remove(file);
  CHECK(attach() == 3);
  // Both ends agree on the same.
  const auto& roster = office.roster();
  const auto kid = core::envelope::derive_kid(roster.origin(), test::key_number(1).public_key());
  const auto* enrolment = roster.find(kid);
  const auto at_till = core::envelope::SealingKey::agree_as_till(
      test::sealing_key_of(test::key_number(1)), *roster.sealing_context(*enrolment));
  CHECK(core::equal(at_till->view(), enrolment->opener->view()));
}

TEST_CASE("a till whose sealing key agrees on nothing is not enrolled") {
  test::TempDir dir;
  auto office = *HeadOffice::create(dir / "ho", "example.com/shops");
  const auto before = test::read_file(dir / "ho" / "roster.cbor");
  const EnrolRequest bad[] = {core::envelope::make_enrol_request(
      "example.com/shops", core::TillRef{core::StoreId{1}, core::TillId{1}}, test::key_number(1),
      core::envelope::SealingPublicKey{})};
  const auto refused = office.enrol(bad);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::kMalformed);
  CHECK(test::read_file(dir / "ho" / "roster.cbor") == before);
}

TEST_CASE("a head office whose making was cut off can be made again; one with tills cannot") {
  test::TempDir dir;
  auto office = *HeadOffice::create(dir / "ho", "example.com/shops");
  std::filesystem::remove(dir / "ho" / "office-1.key");  // it is written last
  auto again = HeadOffice::create(dir / "ho", "example.com/shops");
  REQUIRE(again.has_value());
  CHECK(again->public_key() != office.public_key());
  std::filesystem::remove(dir / "ho" / "office-1.key");
  std::filesystem::remove(dir / "ho" / "roster.cbor");  // sealing.key may open what tills sent
  CHECK(HeadOffice::create(dir / "ho", "example.com/shops").error().code == Errc::kExists);
}

TEST_CASE("without a sealing key tills send in clear") {
  test::TempDir dir;
  auto office = *HeadOffice::create(dir / "ho", "example.com/shops", rebuild::Payloads::kInClear);
  const EnrolRequest tills[] = {request(1, 1, 1)};
  REQUIRE(office.enrol(tills).has_value());
  CHECK_FALSE(office.roster().find(tills[0].till, core::Epoch{1})->seals_to);
  CHECK_FALSE(std::filesystem::exists(dir / "ho" / "sealing.key"));
  CHECK_FALSE(std::filesystem::exists(dir / "ho" / rebuild::kOpenersFile));
}
