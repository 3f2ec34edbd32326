// Recover: the last closing, and a name for every file that is not it.
#include <doctest/doctest.h>

#include "ledger-rebuild/recover.h"
#include "tests/support/rebuild_books.h"
#include "tests/support/rebuild_fleet.h"
#include "tests/support/temp_dir.h"

using core::Bytes;
using rebuild::FileVerdict;
using rebuild::Mailbox;
using rebuild::Recovery;
using test::closing;
using test::opening;

namespace {

struct Shop {
  Shop() {
    one = fleet.enrol(4, 1);
    other = fleet.enrol(4, 2);
    for (int day = 1; day <= 3; ++day) {
      fleet.next(one, opening(day, {}));
      closings.push_back(fleet.next(one, closing(day, 100 * day)));
    }
    theirs = fleet.next(other, closing(9, 5000));
  }
  void put(std::string_view name, core::ByteView bytes) { test::write_file(box / name, bytes); }
  Recovery recover(const rebuild::Books* books = nullptr) {
    return *Mailbox::read(box.path())->recover(fleet.till(one).ref, fleet.roster(), books);
  }
  FileVerdict verdict(const std::string& name) {
    const Recovery recovery = recover();
    for (const auto& file : recovery.files) {
      if (file.name == name) return file.verdict;
    }
    FAIL("not named: ", name);
    return FileVerdict::kUnreadable;
  }

  test::Fleet fleet;
  std::size_t one = 0;
  std::size_t other = 0;
  std::vector<Bytes> closings;
  Bytes theirs;
  test::TempDir box;
};

}  // namespace

TEST_CASE("the newest closing is given back, whatever its file is called") {
  Shop shop;
  shop.put("zzz", shop.closings[0]);
  shop.put("aaa", shop.closings[1]);
  shop.put("mmm", shop.closings[2]);
  shop.put("other-till", shop.theirs);
  const Recovery recovery = shop.recover();
  REQUIRE(recovery.good());
  REQUIRE(recovery.last.size() == 1);
  CHECK(recovery.last[0].message == shop.closings[2]);
  CHECK(recovery.last[0].header.sequence.value == 6);
  CHECK(recovery.last[0].closing.net.minor == 300);
  CHECK(recovery.files.size() == 3);  // the other till's file is not named
  CHECK(shop.verdict("aaa") == FileVerdict::kOlder);
  CHECK(shop.verdict("mmm") == FileVerdict::kLast);
  CHECK(shop.verdict("zzz") == FileVerdict::kOlder);
}

TEST_CASE("forged, altered, replayed and cut-off files are named, and none is given back") {
  Shop shop;
  shop.put("last", shop.closings[2]);
  auto header = test::header_after(shop.fleet.till(shop.one));
  header.sequence.value += 10;
  const auto payload = core::retail::encode_summary(closing(8, 12345));
  const Bytes mine = test::sign(header, payload, shop.fleet.till(shop.one).key);
  shop.put("forged", test::sign(header, payload, test::key_number(77)));
  Bytes altered = shop.closings[2];
  altered[altered.size() - 67] ^= 1;
  shop.put("altered", altered);
  shop.put("replayed", test::with_signature(mine, test::signature_of(shop.theirs)));
  shop.put("theirs", shop.theirs);
  for (const std::size_t cut : {1U, 9U, 66U, 100U}) {
    shop.put("cut-" + std::to_string(cut),
             core::ByteView(shop.closings[2]).first(shop.closings[2].size() - cut));
    CHECK(shop.verdict("cut-" + std::to_string(cut)) == FileVerdict::kCutOff);
  }
  CHECK(shop.verdict("forged") == FileVerdict::kForged);
  CHECK(shop.verdict("altered") == FileVerdict::kAltered);
  CHECK(shop.verdict("replayed") == FileVerdict::kReplayed);
  const Recovery recovery = shop.recover();
  CHECK(recovery.good());
  CHECK(recovery.last[0].message == shop.closings[2]);
}

TEST_CASE("files that say nothing of any till are named as unreadable") {
  Shop shop;
  shop.put("last", shop.closings[2]);
  shop.put("empty", {});
  shop.put("stub", core::ByteView(shop.closings[2]).first(12));
  shop.put("letter", core::as_bytes("Dear head office"));
  Bytes longer = shop.closings[2];
  longer.push_back(0);
  shop.put("longer", longer);
  for (const char* name : {"empty", "stub", "letter", "longer"}) {
    CAPTURE(name);
    CHECK(shop.verdict(name) == FileVerdict::kUnreadable);
  }
  CHECK(shop.recover().good());
}

TEST_CASE("a cut-off file of another till is not named") {
  Shop shop;
  shop.put("last", shop.closings[2]);
  shop.put("cut", core::ByteView(shop.theirs).first(shop.theirs.size() - 5));
  CHECK(shop.recover().files.size() == 1);
}

TEST_CASE("two files with the same closing are one, and the second is a copy") {
  Shop shop;
  shop.put("a", shop.closings[2]);
  shop.put("b", shop.closings[2]);
  CHECK(shop.recover().good());
  CHECK(shop.verdict("a") == FileVerdict::kLast);
  CHECK(shop.verdict("b") == FileVerdict::kCopy);
}

TEST_CASE("an opening is no closing, and a mailbox without one gives nothing back") {
  Shop shop;
  shop.put("opening", shop.fleet.next(shop.one, opening(4, {})));
  const Recovery recovery = shop.recover();
  CHECK_FALSE(recovery.good());
  CHECK(recovery.last.empty());
  CHECK(shop.verdict("opening") == FileVerdict::kNoClosing);
}

TEST_CASE("two contents for the newest place are both named and neither is given back") {
  Shop shop;
  const test::ChainEnd fork = shop.fleet.till(shop.one);
  const Bytes a = shop.fleet.next(shop.one, closing(4, 1));
  shop.fleet.till(shop.one) = fork;
  const Bytes b = shop.fleet.next(shop.one, closing(4, 2));
  shop.put("a", a);
  shop.put("b", b);
  shop.put("before", shop.closings[2]);
  CHECK_FALSE(shop.recover().good());
  CHECK(shop.recover().last.empty());
  CHECK(shop.verdict("a") == FileVerdict::kContradicted);
  CHECK(shop.verdict("b") == FileVerdict::kContradicted);
}

TEST_CASE("the newest epoch wins, whatever its sequence") {
  Shop shop;
  shop.put("old", shop.closings[2]);
  const std::size_t again = shop.fleet.enrol(4, 1);
  const Bytes fresh = shop.fleet.next(again, closing(5, 7));
  shop.put("the-new", fresh);
  const Recovery recovery = shop.recover();
  REQUIRE(recovery.good());
  CHECK(recovery.last[0].header.epoch == core::Epoch{2});
  CHECK(shop.verdict("old") == FileVerdict::kOlder);
}

TEST_CASE("a closing in parts is given back whole, and one that lacks a part is not good") {
  Shop shop;
  auto big = closing(4, 400);
  for (std::uint64_t p = 1; p <= 1600; ++p) big.consumed[core::ProductId{p}] = test::units(1);
  std::vector<Bytes> parts;
  for (const auto& part : core::retail::split(big, 1024)) {
    parts.push_back(shop.fleet.next(shop.one, part));
  }
  REQUIRE(parts.size() > 2);
  for (std::size_t i = 1; i < parts.size(); ++i) shop.put("part-" + std::to_string(i), parts[i]);
  CHECK_FALSE(shop.recover().good());
  shop.put("part-0", parts[0]);
  const Recovery recovery = shop.recover();
  REQUIRE(recovery.good());
  REQUIRE(recovery.last.size() == parts.size());
  CHECK(recovery.last[0].closing.net.minor == 400);
}

TEST_CASE("books that know a newer closing say that the mailbox is older") {
  Shop shop;
  shop.put("last", shop.closings[1]);
  test::RebuiltBooks books(shop.fleet.roster());
  books.replay({shop.closings[0], shop.closings[1]});
  {
    const auto opened = books.open();
    CHECK(shop.recover(&opened).good());
  }
  books.replay({shop.closings[0], shop.closings[1], shop.closings[2]});
  const auto opened = books.open();
  const Recovery recovery = shop.recover(&opened);
  CHECK_FALSE(recovery.good());
  REQUIRE(recovery.books_sequence.has_value());
  CHECK(recovery.books_sequence->value == 6);
}

TEST_CASE("a till that is not on the roster, or no directory, is an error") {
  Shop shop;
  const core::TillRef nobody{core::StoreId{9}, core::TillId{9}};
  const auto mailbox = Mailbox::read(shop.box.path());
  CHECK(mailbox->recover(nobody, shop.fleet.roster(), nullptr).error().code ==
        core::Errc::kNotFound);
  CHECK(Mailbox::read(shop.box / "none").error().code == core::Errc::kNotFound);
}

TEST_CASE("a huge file in the mailbox is refused by its size, without being read") {
  Shop shop;
  shop.put("last", shop.closings[1]);
  test::write_file(shop.box / "huge", core::as_bytes("x"));
  std::filesystem::resize_file(shop.box / "huge", std::uint64_t{5} << 30);  // sparse
  const Recovery recovery = shop.recover();
  CHECK(recovery.good());
  REQUIRE(recovery.files.size() == 2);
  CHECK(recovery.files[0].verdict == rebuild::FileVerdict::kUnreadable);
  CHECK(recovery.files[0].detail.find("over 65535 bytes") != std::string::npos);
}
