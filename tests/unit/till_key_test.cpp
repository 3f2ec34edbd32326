// The journal at rest: what its files show, which key opens it, and how the key is read.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>

#include "tests/unit/till_samples.h"

using namespace till_test;
using core::Errc;
using till::Durability;
using till::JournalKey;
using till::KeyFrom;
using till::Till;

namespace {

JournalKey key_of(std::uint8_t byte) {
  return JournalKey::from(core::Bytes(32, byte)).value();
}

bool holds(const core::Bytes& file, core::ByteView part) {
  return std::search(file.begin(), file.end(), part.begin(), part.end()) != file.end();
}

bool says(const core::Error& error, const std::string& part) {
  return error.what.find(part) != std::string::npos;
}

struct Rest {
  std::filesystem::path path;
  core::Bytes file;
  core::Bytes log;

  bool shows(core::ByteView part) const { return holds(file, part) || holds(log, part); }
};

// What a power cut would leave of a till that is selling: file and write-ahead log, in `place`.
Rest cut_off(const Till& till, const std::filesystem::path& from, const test::TempDir& place) {
  CHECK(till.ref() == kRef);  // it is there, and holds its journal
  Rest rest{place / "till.db", test::read_file(from), test::read_file(from.string() + "-wal")};
  test::write_file(rest.path, rest.file);
  test::write_file(rest.path.string() + "-wal", rest.log);
  return rest;
}

// A till that joined and sold, with everything it did still in its write-ahead log.
Till selling(const std::filesystem::path& path, const till::TillSetup& setup,
             const JournalKey& key) {
  Till till = Till::create(path, setup, Durability::kFull, key).value();
  HeadOffice office;
  office.enrol(till.enrol_request());
  REQUIRE(till.join(office.roster()));
  REQUIRE(till.open_day(day(1), parts_for(4)));
  REQUIRE(till.ring(sets(1), 1));
  return till;
}

}  // namespace

TEST_CASE("an encrypted journal shows nothing on the disk, its log included; a plain one does") {
  const till::TillSetup setup = setup_with(garden());
  const std::string name(garden().products().begin()->second.name);
  REQUIRE(name.size() > 5);
  for (const JournalKey& key : {JournalKey(), key_of(7)}) {
    const bool plain = key.empty();
    const test::TempDir dir;
    const test::TempDir place;
    const Till till = selling(dir / "till.db", setup, key);
    const Rest rest = cut_off(till, dir / "till.db", place);
    REQUIRE(rest.log.size() > 1024);
    CHECK(rest.file.size() % 1024 == 0);
    CAPTURE(plain);
    CHECK(rest.shows(core::as_bytes("SQLite format 3")) == plain);
    CHECK(rest.shows(core::as_bytes(name)) == plain);
    CHECK(rest.shows(core::as_bytes("CREATE TABLE")) == plain);
    CHECK(rest.shows(core::as_bytes(kOrigin)) == plain);
    CHECK(rest.shows(setup.key.seed()) == plain);
    CHECK(rest.shows(setup.sealing_key.view()) == plain);
    CHECK_FALSE(rest.shows(core::Bytes(32, 7)));
    Till again = Till::open(rest.path, Durability::kFull, key).value();
    CHECK(again.check());
    CHECK(again.status()->documents == 1);
    CHECK(again.status()->encrypted == !plain);
  }
}

TEST_CASE("no key, a wrong key and a key too many are three errors, and none loses a sale") {
  const test::TempDir dir;
  const test::TempDir place;
  const test::TempDir plain_place;
  const Till till = selling(dir / "till.db", setup_with(garden()), key_of(7));
  const Till plain = selling(dir / "plain.db", setup_with(garden()), {});
  const Rest rest = cut_off(till, dir / "till.db", place);
  const Rest plain_rest = cut_off(plain, dir / "plain.db", plain_place);
  const auto refused = [](const Rest& journal, const JournalKey& key) {
    const auto opened = Till::open(journal.path, Durability::kFull, key);
    REQUIRE_FALSE(opened);
    CHECK(Till::create(journal.path, setup_with(garden()), Durability::kFull, key).error().code ==
          opened.error().code);
    return opened.error();
  };
  const auto untouched = [](const Rest& journal) {
    return test::read_file(journal.path) == journal.file &&
           test::read_file(journal.path.string() + "-wal") == journal.log;
  };
  const core::Error missing = refused(rest, {});
  CHECK(untouched(rest));
  CHECK(missing.code == Errc::kUnknownKey);
  CHECK(says(missing, "give the key file"));
  const core::Error wrong = refused(rest, key_of(8));
  CHECK(wrong.code == Errc::kUnknownKey);
  CHECK(says(wrong, "this key does not open it"));
  const core::Error needless = refused(plain_rest, key_of(7));
  CHECK(needless.code == Errc::kState);
  CHECK(says(needless, "not encrypted"));
  CHECK(untouched(plain_rest));
  // With a wrong key the log may have been moved into the file, encrypted as it was.
  for (const auto& [path, key] :
       {std::pair{rest.path, key_of(7)}, {plain_rest.path, JournalKey()}}) {
    Till again = Till::open(path, Durability::kFull, key).value();
    CHECK(again.check());
    CHECK(again.status()->documents == 1);
  }
}

TEST_CASE("an encrypted journal has a page size of 1,024, a log, full syncs and one process") {
  const test::TempDir dir;
  Till till = selling(dir / "till.db", setup_with(garden()), key_of(7));
  const auto second = Till::open(dir / "till.db", Durability::kFull, key_of(7));
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Errc::kBusy);
  { const Till gone = std::move(till); }
  auto journal = till::Journal::open(dir / "till.db", Durability::kFull, key_of(7)).value();
  CHECK(journal.database().query_int("PRAGMA page_size").value() == 1024);
  CHECK(journal.database().query_text("PRAGMA journal_mode").value() == "wal");
  CHECK(journal.database().query_int("PRAGMA synchronous").value() == 2);
  CHECK(journal.database().query_text("PRAGMA locking_mode").value() == "exclusive");
  CHECK(journal.database().query_text("PRAGMA cipher_version").value().starts_with("4."));
  CHECK(journal.database().query_text("PRAGMA cipher_page_size").value() == "1024");
}

TEST_CASE("a rekey leaves nothing under the key before, and needs an encrypted journal") {
  const test::TempDir dir;
  const auto path = dir / "till.db";
  {
    Till till = selling(path, setup_with(garden()), key_of(7));
    const core::Bytes before = test::read_file(path);
    REQUIRE(till.rekey(key_of(8)));
    CHECK(test::read_file(path.string() + "-wal").empty());
    REQUIRE(till.ring(sets(1), 1));
    CHECK(till.check());
    const core::Bytes after = test::read_file(path);
    REQUIRE(before.size() <= after.size());
    for (std::size_t page = 0; page < before.size(); page += 1024) {
      CAPTURE(page);
      const std::size_t salt = page == 0 ? 16 : 0;  // the file's name, so to speak: it stays
      CHECK_FALSE(core::equal({before.data() + page + salt, 1024 - salt},
                              {after.data() + page + salt, 1024 - salt}));
    }
  }
  CHECK(Till::open(path, Durability::kFull, key_of(7)).error().code == Errc::kUnknownKey);
  CHECK(Till::open(path, Durability::kFull, key_of(8))->status()->documents == 2);
  Till plain = selling(dir / "plain.db", setup_with(garden()), {});
  CHECK(plain.rekey(key_of(8)).error().code == Errc::kState);
  CHECK(plain.check());
}

TEST_CASE("a rekey that was cut off before its log was folded in is sound under the new key") {
  const test::TempDir dir;
  const test::TempDir place;
  const auto path = dir / "till.db";
  { const Till till = selling(path, setup_with(garden()), key_of(7)); }
  auto journal = till::Journal::open(path, Durability::kFull, key_of(7)).value();
  REQUIRE(journal.database().rekey(key_of(8).view()));
  test::write_file(place / "till.db", test::read_file(path));
  test::write_file(place / "till.db-wal", test::read_file(path.string() + "-wal"));
  Till till = Till::open(place / "till.db", Durability::kFull, key_of(8)).value();
  const auto checked = till.check();
  CHECK_MESSAGE(checked, (checked ? "" : describe(checked.error())));
  CHECK(till.status()->documents == 1);
}

TEST_CASE("check finds a changed byte on any page of an encrypted journal") {
  const test::TempDir dir;
  const auto path = dir / "till.db";
  {
    Till till = selling(path, setup_with(garden()), key_of(7));
    // A large catalog and then a small one: pages that no table has any more are among them.
    const core::retail::Catalog small = garden();
    core::retail::Product product = small.products().begin()->second;
    std::vector<core::retail::Product> products;
    for (std::uint64_t id = 1; id <= 300; ++id) {
      product.id = core::ProductId{id};
      products.push_back(product);
    }
    const core::retail::TaxRate tax = *small.find_tax(product.tax);
    REQUIRE(till.replace_catalog(core::retail::Catalog::build(kUsd, {tax}, products, {}).value()));
    REQUIRE(till.replace_catalog(small));
  }
  const core::Bytes sound = test::read_file(path);
  int damaged = 0;
  for (std::size_t page = 1; page < sound.size() / 1024; ++page) {
    CAPTURE(page);
    core::Bytes bytes = sound;
    bytes[page * 1024 + 500] ^= 1;
    test::write_file(path, bytes);
    auto till = Till::open(path, Durability::kFull, key_of(7));
    const auto checked = till ? till->check() : core::Result<void>(core::fail(till.error()));
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == Errc::kDamaged);
    CHECK(says(checked.error(), path.string()));
    ++damaged;
  }
  CHECK(damaged >= 20);
}

TEST_CASE(
    "a key file is 32 bytes or 64 digits, and its owner's alone; no error shows what is in it") {
  const test::TempDir dir;
  const auto path = dir / "till.key";
  const auto read = [&](const std::string& content, ::mode_t mode, KeyFrom from = KeyFrom::kFile) {
    test::write_file(path, core::as_bytes(content));
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    return JournalKey::read(path, from);
  };
  const std::string digits = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
  const core::Bytes bytes = core::from_hex(digits).value();
  for (const std::string& good : {std::string(core::as_text(bytes)), digits, digits + "\n"}) {
    const auto key = read(good, 0600);
    REQUIRE(key);
    CHECK(core::equal(key->view(), bytes));
  }
  CHECK(read(digits, 0400));
  for (const std::string& bad :
       {std::string(), std::string(31, 'k'), std::string(33, 'k'), digits.substr(2),
        digits + "\n\n", digits + "00", digits.substr(1) + "g", digits.substr(1) + "\n",
        std::string(64, ' ')}) {
    CAPTURE(bad);
    const auto key = read(bad, 0600);
    REQUIRE_FALSE(key);
    CHECK(key.error().code == Errc::kMalformed);
    CHECK(says(key.error(), path.string()));
    CHECK((bad.empty() || !says(key.error(), bad)));
    CHECK_FALSE(says(key.error(), "00112233"));
  }
  for (const ::mode_t mode : {0640U, 0604U, 0620U, 0601U, 0666U}) {
    CAPTURE(mode);
    const auto key = read(digits, mode);
    REQUIRE_FALSE(key);
    CHECK(key.error().code == Errc::kState);
    CHECK(says(key.error(), "chmod 600"));
  }
  // systemd grants a service's user by an access list, which shows as the group's bits.
  CHECK(read(digits, 0440, KeyFrom::kCredential));
  CHECK(read(digits, 0444, KeyFrom::kCredential).error().code == Errc::kState);
  CHECK(JournalKey::read(dir.path(), KeyFrom::kFile).error().code != Errc::kNotFound);
  CHECK(JournalKey::read(dir / "none", KeyFrom::kFile).error().code == Errc::kNotFound);
  CHECK(JournalKey::from(core::Bytes(31, 1)).error().code == Errc::kMalformed);
}
