// Backup increments at the till: when they are written, what they hold, where they go.
#include <doctest/doctest.h>

#include <cstdlib>

#include "core/envelope/cbor.h"
#include "core/journal/content.h"
#include "core/sqlite/database.h"
#include "tests/unit/backup_samples.h"
#include "tests/unit/operator_samples.h"

using namespace till_test;
using core::Errc;
using till::BackupState;
using till::Till;

namespace {

std::size_t files_in(const std::filesystem::path& directory) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(directory), {}));
}

till::BackupStatus status_of(Shop& shop) {
  return shop.step([](Till& t) { return t.backup().status(); });
}

bool holds(core::ByteView text, core::ByteView part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end()) != text.end();
}

}  // namespace

TEST_CASE("a closing writes an increment, which waits until every target has it") {
  BackedUpShop shop;
  const auto second = shop.dir() / "second";
  std::filesystem::create_directory(second);
  CHECK(status_of(shop).number == 1);  // a target was added: everything, at once
  shop.step([&](Till& t) { return t.set_backup_to({shop.stick().string(), second.string()}); });
  CHECK(shop.step([](Till& t) { return t.copy_backups(); }) == 3);  // two and one
  CHECK(files_in(shop.stick()) == 2);
  CHECK(files_in(second) == 1);

  shop.open_day(1);
  shop.ring(sets(1));
  shop.close_day();
  CHECK(status_of(shop).number == 3);
  CHECK(status_of(shop).targets.at(0).waiting == 1);
  CHECK(files_in(second) == 1);
  CHECK(shop.step([](Till& t) { return t.copy_backups(); }) == 2);
  CHECK(shop.step([](Till& t) { return t.copy_backups(); }) == 0);
  CHECK(test::read_file(shop.stick() / "4-1-1-3-1.backup") ==
        test::read_file(second / "4-1-1-3-1.backup"));
  auto db = core::sqlite::Database::open(shop.journal(), {}).value();
  CHECK(db.query_int("SELECT count(*) FROM increment").value() == 0);
  shop.check();
}

TEST_CASE("a target that is gone keeps no day from closing, and gets its increments later") {
  BackedUpShop shop;
  shop.day_of_sales(1, 1);
  std::filesystem::rename(shop.stick(), shop.dir() / "aside");
  for (std::int32_t number = 2; number <= 4; ++number) {
    shop.open_day(number);
    shop.ring(sets(1));
    shop.close_day();
    shop.refuses(Errc::kIo, [](Till& t) { return t.copy_backups(); });
    CHECK(status_of(shop).targets.at(0).waiting == static_cast<std::uint64_t>(number - 1));
  }
  shop.check();
  std::filesystem::rename(shop.dir() / "aside", shop.stick());
  CHECK(shop.step([](Till& t) { return t.copy_backups(); }) == 3);
  const auto choice = shop.choose(shop.files());
  CHECK(choice.last == 5);
  shop.restore(choice);
  CHECK(shop.open_replacement().status()->documents == 4);
}

TEST_CASE("a target that fails leaves the others theirs") {
  BackedUpShop shop;
  const auto gone = shop.dir() / "a-gone";
  std::filesystem::create_directory(gone);
  shop.step([&](Till& t) { return t.set_backup_to({gone.string(), shop.stick().string()}); });
  std::filesystem::remove(gone);
  const auto copied = shop.open().copy_backups();
  REQUIRE_FALSE(copied);
  CHECK(copied.error().what.find(gone.string()) != std::string::npos);
  CHECK(shop.choose(shop.files()).last == 2);
  const auto status = status_of(shop);
  CHECK(status.targets.at(0).waiting == 1);
  CHECK(status.targets.at(1).waiting == 0);
}

TEST_CASE("a target that is added during a day gets everything with its closing") {
  BackedUpShop shop;
  shop.day_of_sales(1, 2);
  const auto second = shop.dir() / "second";
  std::filesystem::create_directory(second);
  shop.open_day(2);
  shop.ring(sets(1));
  shop.step([&](Till& t) { return t.set_backup_to({second.string()}); });
  CHECK(status_of(shop).whole_due);
  shop.close_day();
  CHECK(shop.step([](Till& t) { return t.copy_backups(); }) == 1);
  const auto choice = shop.choose(rebuild::read_backup_files(second).value());
  REQUIRE(choice.parts.size() == 1);
  CHECK(choice.head.since == 0);
  shop.restore(choice);
  CHECK(shop.open_replacement().status()->documents == 3);
}

TEST_CASE("what closed while there was no target is in the next increment all the same") {
  BackedUpShop shop;
  shop.day_of_sales(1, 1);
  shop.step([](Till& t) { return t.set_backup_to({}); });
  shop.open_day(2);
  shop.ring(sets(1));
  shop.close_day();
  CHECK(status_of(shop).state == BackupState::kNoTarget);
  shop.step([&](Till& t) { return t.set_backup_to({shop.stick().string()}); });
  shop.step([](Till& t) { return t.copy_backups(); });
  shop.restore(shop.choose(shop.files()));
  CHECK(shop.open_replacement().status()->documents == 2);
}

TEST_CASE("a backup on demand holds everything, with a target or without, outside a day") {
  Shop shop;
  const auto stick = shop.dir() / "stick";
  shop.open_day(1);
  shop.ring(sets(1));
  shop.refuses(Errc::kUsage, [&](Till& t) { return t.back_up_to(stick.string()); });
  std::filesystem::create_directory(stick);
  shop.refuses(Errc::kState, [&](Till& t) { return t.back_up_to(stick.string()); });
  shop.close_day();
  CHECK(shop.step([&](Till& t) { return t.back_up_to(stick.string()); }) == 1);
  CHECK(shop.step([&](Till& t) { return t.back_up_to(stick.string()); }) == 2);
  auto db = core::sqlite::Database::open(shop.journal(), {}).value();
  CHECK(db.query_int("SELECT count(*) FROM increment").value() == 0);
  const auto files = rebuild::read_backup_files(stick).value();
  CHECK(files.size() == 2);
  const auto choice = rebuild::choose_backup(files, {kRef, {}}, shop.office().roster(),
                                             shop.office().sealing_key());
  CHECK(choice->first == 2);
  CHECK(choice->head.day == day(1));
}

TEST_CASE("a till that cannot seal writes no backup, and says why") {
  Shop shop(garden(), false);
  const auto stick = shop.dir() / "stick";
  std::filesystem::create_directory(stick);
  shop.step([&](Till& t) { return t.set_backup_to({stick.string()}); });
  CHECK(status_of(shop).state == BackupState::kNotJoined);
  CHECK(status_of(shop).number == 0);
  shop.refuses(Errc::kState, [&](Till& t) { return t.back_up_to(stick.string()); });
}

TEST_CASE("only who may change settings says where backups go, and the audit log tells it") {
  BackedUpShop shop;
  {
    Till till = shop.open();
    REQUIRE(till.operators().add({kManager, "Mary", till::Role::kManager}, pin(kManagerPin), 1));
    REQUIRE(till.operators().sign_on(kManager, pin(kManagerPin), 2));
    till.operators().act_as({kManager, {}});
    REQUIRE(till.operators().add({kCashier, "Cleo", till::Role::kCashier}, pin(kCashierPin), 3));
    REQUIRE(till.operators().sign_on(kCashier, pin(kCashierPin), 4));
    till.operators().act_as({kCashier, {}});
    CHECK(till.set_backup_to({}).error().code == Errc::kNotPermitted);
    CHECK(till.back_up_to(shop.stick().string()).error().code == Errc::kNotPermitted);
    till.operators().act_as({kManager, {}});
    REQUIRE(till.set_backup_to({}));
    std::string before;
    REQUIRE(till.audit_log(1, [&](till::AuditRow&& row) -> core::Result<void> {
      if (row.note.event == till::AuditEvent::kBackupChanged) before = row.note.before;
      return {};
    }));
    CHECK(before == shop.stick().string());
  }
  shop.check();
}

TEST_CASE("an increment is sealed, and what it holds has none of the till's private keys") {
  BackedUpShop shop;
  shop.day_of_sales(1, 2);
  auto db = core::sqlite::Database::open(shop.journal(), {}).value();
  auto s = db.prepare("SELECT seed, sealing_key FROM identity").value();
  REQUIRE(s.step().value());
  const core::Bytes seed = core::to_bytes(s.column_blob(0));
  const core::Bytes sealing_key = core::to_bytes(s.column_blob(1));
  const auto choice = shop.choose(shop.files());
  REQUIRE(choice.parts.size() == 2);
  for (const auto& part : choice.parts) {
    CHECK_FALSE(holds(part.content, seed));
    CHECK_FALSE(holds(part.content, sealing_key));
  }
  CHECK(holds(choice.parts.front().content, core::as_bytes("Patio Chair")));
  for (const auto& file : shop.files()) {
    CHECK_FALSE(holds(file.bytes, core::as_bytes("Patio")));
  }
}

TEST_CASE("backups are sealed with other keys than summaries, and for their place alone") {
  BackedUpShop shop;
  shop.day_of_sales(1, 1);
  const auto file = shop.files().back();
  auto increment = core::journal::parse_increment(file.bytes).value();
  const auto* enrolment = shop.office().roster().find(increment.statement.kid);
  REQUIRE(enrolment != nullptr);
  auto context = shop.office().roster().sealing_context(*enrolment).value();
  const auto agree = [&] {
    return core::envelope::SealingKey::agree_as_head_office(shop.office().sealing_key(), context)
        .value();
  };
  const auto summaries = agree();
  CHECK(core::journal::open_increment(increment, summaries).error().code == Errc::kBadSignature);
  context.use = core::envelope::SealingUse::kBackups;
  const auto backups = agree();
  CHECK_FALSE(core::equal(summaries.encryption_key(), backups.encryption_key()));
  CHECK_FALSE(core::equal(summaries.nonce_key(), backups.nonce_key()));
  REQUIRE(core::journal::open_increment(increment, backups));
  const auto elsewhere = [&](auto change) {
    auto moved = increment;
    change(moved.place);
    CHECK(core::journal::open_increment(moved, backups).error().code == Errc::kBadSignature);
  };
  elsewhere([](auto& place) { ++place.number; });
  elsewhere([](auto& place) { ++place.parts; });
  elsewhere([](auto& place) { ++place.epoch.value; });
  elsewhere([](auto& place) { place.prev.bytes[0] ^= 1; });
}

TEST_CASE("the same rows, place and keys give the same bytes") {
  const auto key = core::envelope::PrivateKey::from_seed(core::Bytes(32, 7)).value();
  const auto sealing_key = core::envelope::SealingKey::from(core::Bytes(64, 9));
  const core::journal::IncrementPlace place{core::Epoch{1}, 3, 1, 2, {}};
  const auto kid = core::envelope::derive_kid(kOrigin, key.public_key());
  const core::Bytes content(100, 5);
  const auto once = core::journal::write_increment(place, kid, content, sealing_key, key).value();
  CHECK(once == core::journal::write_increment(place, kid, content, sealing_key, key).value());
  const auto parsed = core::journal::parse_increment(once).value();
  CHECK(parsed.place == place);
  CHECK(core::journal::open_increment(parsed, sealing_key).value() == content);
}

TEST_CASE("a long increment is cut into parts, each of bounded size, and comes back whole") {
  BackedUpShop shop;
  {
    auto db = core::sqlite::Database::open(shop.journal(), {}).value();
    auto s =
        db.prepare("INSERT INTO goods_receipt(day, product, thousandths) VALUES (1, ?, ?)").value();
    REQUIRE(db.exec("BEGIN"));
    for (int i = 0; i < 200'000; ++i) {
      REQUIRE(s.bind_int(1, i).bind_int(2, i * 7919).run());
    }
    REQUIRE(db.exec("COMMIT"));
  }
  shop.day_of_sales(1, 1);
  const auto choice = shop.choose(shop.files());
  CHECK(choice.parts.size() >= 3);
  for (const auto& part : choice.parts)
    CHECK(part.content.size() < (std::size_t{1} << 20) + 70'000);
  shop.restore(choice);
  auto db = core::sqlite::Database::open(shop.replacement(), {}).value();
  CHECK(db.query_int("SELECT count(*) FROM goods_receipt").value() == 200'003);
  const auto sum = db.query_int("SELECT sum(thousandths) FROM goods_receipt WHERE day = 1");
  REQUIRE_MESSAGE(sum, (sum ? "" : describe(sum.error())));
  CHECK(*sum == std::int64_t{7919} * 199'999 * 100'000);
}

// DAYBOOK_WRITE_GOLDEN=1 writes it anew; docs/formats/backup.md shows its bytes.
TEST_CASE("the golden part of a backup opens to what was put into it") {
  const auto key = core::envelope::PrivateKey::from_seed(core::Bytes(32, 1)).value();
  const auto sealing_key = core::envelope::SealingKey::from(core::Bytes(64, 2));
  core::journal::IncrementPlace place;
  place.epoch = core::Epoch{1};
  place.number = 17;
  place.prev = core::envelope::sha256(core::as_bytes("the part before"));
  const auto kid = core::envelope::derive_kid("golden.example/log", key.public_key());
  core::envelope::CborWriter w;
  w.array(6);
  w.integer(7);
  w.unsigned_integer(16);
  w.text("USD");
  w.bytes(key.public_key().view());
  w.integer(20514);
  w.array(1);
  w.array(2);
  w.unsigned_integer(9);
  w.array(1);
  w.array(3);
  for (const std::int64_t column : {10, 3, 25000}) w.integer(column);
  const std::filesystem::path path =
      std::filesystem::path(DAYBOOK_SOURCE_DIR) / "tests/golden/backup-part.hex";
  if (std::getenv("DAYBOOK_WRITE_GOLDEN") != nullptr) {
    const auto file =
        core::journal::write_increment(place, kid, w.view(), sealing_key, key).value();
    std::string text;
    for (std::size_t i = 0; i < file.size(); i += 32) {
      const std::size_t size = std::min<std::size_t>(32, file.size() - i);
      text += core::to_hex(core::ByteView(file).subspan(i, size)) + "\n";
    }
    test::write_file(path, core::as_bytes(text));
  }
  std::string digits(core::as_text(test::read_file(path)));
  std::erase(digits, '\n');
  const core::Bytes file = core::from_hex(digits).value();
  const auto increment = core::journal::parse_increment(file);
  REQUIRE(increment);
  CHECK(increment->place == place);
  CHECK(increment->statement.kid == kid);
  CHECK(verify_statement(increment->statement, key.public_key()));
  const auto content = core::journal::open_increment(*increment, sealing_key);
  REQUIRE(content);
  CHECK(*content == w.view());
  const auto head = core::journal::read_head(*content);
  REQUIRE(head);
  CHECK(head->since == 16);
  CHECK(head->day == core::BusinessDay{20514});
}
