// Backups at head office: which files a journal is made from, what every other file is called, and
// what the new journal can do.
#include <doctest/doctest.h>

#include <set>

#include "core/base/random.h"
#include "core/sqlite/database.h"
#include "ledger-rebuild/mail_file.h"
#include "tests/unit/backup_samples.h"
#include "tests/unit/operator_samples.h"

using namespace till_test;
using core::Errc;
using core::retail::Series;
using rebuild::BackupFile;
using rebuild::FileVerdict;
using till::Till;

namespace {

const std::string kFirst = "4-1-1-1-1.backup";   // everything, before the first day
const std::string kSecond = "4-1-1-2-1.backup";  // the first day
const std::string kThird = "4-1-1-3-1.backup";
const std::string kFourth = "4-1-1-4-1.backup";

BackupFile& named(std::vector<BackupFile>& files, const std::string& name) {
  const auto it = std::find_if(files.begin(), files.end(),
                               [&](const BackupFile& file) { return file.name == name; });
  REQUIRE(it != files.end());
  return *it;
}

void remove(std::vector<BackupFile>& files, const std::string& name) {
  std::erase_if(files, [&](const BackupFile& file) { return file.name == name; });
}

// Three days of two sales each.
class ThreeDays : public BackedUpShop {
 public:
  ThreeDays() {
    for (std::int32_t number = 1; number <= 3; ++number) day_of_sales(number, 2);
  }
};

// What a table holds, as text, row by row.
std::vector<std::string> rows_of(const std::filesystem::path& journal, const std::string& sql) {
  auto db = core::sqlite::Database::open(journal, {}).value();
  auto s = db.prepare(sql).value();
  std::vector<std::string> out;
  while (s.step().value()) out.emplace_back(s.column_text(0));
  return out;
}

}  // namespace

TEST_CASE("all that a till wrote down comes back, row by row") {
  BackedUpShop shop;
  {
    Till till = shop.open();
    REQUIRE(till.operators().add({kManager, "Mary", till::Role::kManager}, pin(kManagerPin), 1));
    REQUIRE(till.operators().sign_on(kManager, pin(kManagerPin), 2));
    till.operators().act_as({kManager, {}});
    REQUIRE(till.open_day(day(1), parts_for(4)));
    REQUIRE(till.ring(sets(1), noon(1)));
    REQUIRE(till.ring(sets(2), noon(1)));
    REQUIRE(till.void_sale(2, "left", noon(1)));
    REQUIRE(till.put_aside("Ann", sets(1), noon(1)));
    REQUIRE(till.move_cash(core::retail::CashKind::kFloat, usd(10000), "", noon(1)));
    REQUIRE(till.print_queue().begin(1));
    REQUIRE(till.print_queue().end(1, till::Printed::kAll));
    REQUIRE(till.print_queue().set_heading({"GARDEN"}));
    REQUIRE(till.close_day());
    // What changes after a close, of rows that the increment before has: the next one's.
    REQUIRE(till.change_prices({{kSet, usd(45000)}}));
    REQUIRE(till.print_queue().begin(2));
    REQUIRE(till.print_queue().end(2, till::Printed::kUnknown));
    REQUIRE(till.outbox().mark_refused(core::Sequence{1}, "tired"));
    REQUIRE(till.operators().add({kCashier, "Cleo", till::Role::kCashier}, pin(kCashierPin), 3));
    REQUIRE(till.open_day(day(2), parts_for(1)));
    REQUIRE(till.ring(sets(1), noon(2)));
    REQUIRE(
        till.refund({1, {{0, units(1), true}}, core::retail::TenderKind::kCash, "back"}, noon(2)));
    REQUIRE(till.print_queue().begin(1));
    REQUIRE(till.print_queue().end(1, till::Printed::kAll));
    REQUIRE(till.close_day());
    REQUIRE(till.copy_backups());
    sound(till);
  }
  const auto restored = shop.restore(shop.choose(shop.files()), 0);
  CHECK(restored.days.size() == 2);
  for (const char* sql :
       {"SELECT printf('%d %d %d %d %s %s', position, day, series, number, hex(body), hex(chain)) "
        "FROM document ORDER BY position",
        "SELECT printf('%d %d %s %s', position, event, subject, hex(chain)) FROM audit "
        "ORDER BY position",
        "SELECT printf('%d %s %d %s %d', id, name, role, pin_hash, clocked_in) FROM operator "
        "ORDER BY id",
        "SELECT printf('%d %d', series, last) FROM counter ORDER BY series",
        "SELECT printf('%d %d %d', series, number, amount_minor) FROM open_item",
        "SELECT printf('%d %d %s %d', id, version, name, price_minor) FROM product ORDER BY 1",
        "SELECT printf('%s %d %d', hex(key), version, product) FROM label ORDER BY 1",
        "SELECT printf('%d %d %d', parent, component, thousandths) FROM bom ORDER BY 1",
        "SELECT printf('%d %s', version, hex(terms)) FROM catalog ORDER BY version",
        "SELECT printf('%d %d %d', day, product, thousandths) FROM goods_receipt ORDER BY position",
        "SELECT printf('%d %d %d', position, state, copy) FROM print ORDER BY position",
        "SELECT words FROM receipt_heading", "SELECT printf('%d', cut_off_minutes) FROM settings",
        "SELECT printf('%d %d %d', last_day, sold_minor, refunded_minor) FROM state"}) {
    CAPTURE(sql);
    const auto rows = rows_of(shop.journal(), sql);
    CHECK_FALSE(rows.empty());
    CHECK(rows == rows_of(shop.replacement(), sql));
  }
  CHECK(rows_of(shop.journal(), "SELECT hex(message) FROM outbox ORDER BY sequence") ==
        rows_of(shop.replacement(), "SELECT hex(message) FROM past_message ORDER BY position"));
  Till again = shop.open_replacement();
  sound(again);
  CHECK(again.status()->epoch == core::Epoch{0});
  CHECK(again.public_key() != shop.open().public_key());
}

TEST_CASE("what a till minted comes back, is told again, and no number is given again") {
  BackedUpShop shop;
  const auto jam = shop.step([](Till& till) {
    return till.mint({"Plum jam", usd(340), core::TaxCode{1}, "4006381333931", "", true});
  });
  const auto sell = [](Till& till, core::ProductId product, std::int32_t number) {
    REQUIRE(till.open_day(day(number), {}));
    REQUIRE(till.ring(basket_of(product, units(1)), noon(number)));
    REQUIRE(till.close_day());
  };
  {
    Till till = shop.open();
    sell(till, jam.id, 1);
    REQUIRE(till.copy_backups());
    REQUIRE(till.mint({"Honey", usd(500), core::TaxCode{1}, "", "", false}));  // and it burns
  }
  const auto restored = shop.restore(shop.choose(shop.files()));
  Till till = shop.open_replacement();
  sound(till);
  CHECK(till.mint({"Honey", usd(500), core::TaxCode{1}, "", "", false}).error().code ==
        Errc::kState);
  shop.office().enrol(restored.request);
  REQUIRE(till.join(shop.office().roster()));
  const auto honey = till.mint({"Honey", usd(500), core::TaxCode{1}, "", "", false});
  REQUIRE(honey);
  CHECK(core::retail::minted_parts(honey->id) == core::retail::MintedId{kRef, core::Epoch{2}, 1});
  CHECK(till.shelf().find_code(till.shelf().present(), "4006381333931")->product.id == jam.id);
  sell(till, jam.id, 2);
  sell(till, jam.id, 3);
  sound(till);
  const auto messages = till.outbox().all(core::Sequence{0}, 10).value();
  REQUIRE(messages.size() == 4);
  const auto told = [&](std::size_t index) {
    return core::retail::definitions_of(shop.office().summary_of(messages[index]));
  };
  CHECK(told(1).size() == 1);
  CHECK(told(1).at(jam.id).name == "Plum jam");
  CHECK(told(3).empty());
}

TEST_CASE("the replacement joins as the next epoch, goes on, and can burn as well") {
  ThreeDays shop;
  const auto restored = shop.restore(shop.choose(shop.files()));
  CHECK(restored.skipped == 100);
  CHECK(restored.numbers.at(static_cast<int>(Series::kInvoice)) == 6);
  const auto stick = shop.dir() / "second stick";
  std::filesystem::create_directory(stick);
  std::int64_t sold_before = 0;
  {
    Till till = shop.open_replacement();
    CHECK(till.open_day(day(4), parts_for(1)).error().code == Errc::kState);  // not enrolled
    shop.office().enrol(restored.request);
    REQUIRE(till.join(shop.office().roster()));
    CHECK(till.status()->epoch == core::Epoch{2});
    REQUIRE(till.set_backup_to({stick.string()}));
    sound(till);
    CHECK(till.open_day(day(3), {}).error().code == Errc::kState);  // it was closed
    REQUIRE(till.open_day(day(4), parts_for(1)));
    const auto rung = till.ring(sets(1), 1);
    REQUIRE(rung);
    CHECK(rung->numbers.at(Series::kInvoice) == 107);
    // A receipt from before the fire is known.
    REQUIRE(till.refund({2, {{0, units(1), true}}, core::retail::TenderKind::kCash, "back"}, 1));
    CHECK_FALSE(till.refund({50, {{0, units(1), true}}, core::retail::TenderKind::kCash, "?"}, 1));
    const auto closing = till.close_day();
    REQUIRE(closing);
    CHECK(closing->numbers.at(Series::kInvoice) == core::retail::NumberRange{107, 107});
    // Seven sales of 500.00; the totals go on.
    CHECK(closing->grand_totals.sales == usd(350000));
    CHECK(closing->grand_totals.refunds == usd(50000));
    sold_before = closing->grand_totals.sales.minor;
    REQUIRE(till.copy_backups());
    sound(till);
    const auto messages = till.outbox().all(core::Sequence{0}, 10).value();
    REQUIRE(messages.size() == 2);
    const auto first = core::envelope::parse_message(messages[0].message).value();
    CHECK(first.header.epoch == core::Epoch{2});
    CHECK(first.header.sequence == core::Sequence{1});
  }
  auto files = rebuild::read_backup_files(stick).value();
  for (const BackupFile& file : shop.files()) files.push_back(file);
  const auto choice = shop.choose(files);
  CHECK(choice.epoch == core::Epoch{2});
  CHECK(BackedUpShop::verdict(choice, kFirst) == FileVerdict::kOlder);
  CHECK(BackedUpShop::verdict(choice, kFourth) == FileVerdict::kOlder);
  const auto second = shop.restore(choice, 5);
  CHECK(second.days.size() == 4);
  Till third = shop.open_replacement();
  sound(third);
  shop.office().enrol(second.request);
  REQUIRE(third.join(shop.office().roster()));
  REQUIRE(third.open_day(day(5), parts_for(1)));
  CHECK(third.ring(sets(1), 1)->numbers.at(Series::kInvoice) == 113);
  CHECK(third.close_day()->grand_totals.sales.minor == sold_before + 50000);
  sound(third);
}

TEST_CASE("a journal made from a backup is checked: its past cannot be changed behind it") {
  ThreeDays shop;
  const auto choice = shop.choose(shop.files());
  for (const char* sql : {
           "UPDATE past SET documents = documents - 1",
           "UPDATE past SET documents = documents + 1",
           "UPDATE past SET sold_minor = sold_minor + 1",
           "UPDATE past SET last_day = last_day - 1",
           "UPDATE past SET key = zeroblob(32)",
           "UPDATE past_number SET last = last + 1 WHERE series = 3",
           "DELETE FROM past",
           "DELETE FROM past_message WHERE position = 3",
           "UPDATE past_message SET sequence = 9 WHERE position = 6; UPDATE past_message SET "
           "message = (SELECT message FROM past_message WHERE position = 2) WHERE position = 6",
           "UPDATE identity SET chain_key = zeroblob(32)",
       }) {
    CAPTURE(sql);
    shop.restore(choice);
    REQUIRE(core::sqlite::Database::open(shop.replacement(), {}).value().exec(sql));
    Till till = shop.open_replacement();
    const auto checked = till.check();
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == Errc::kDamaged);
  }
}

TEST_CASE("no byte of an increment can be changed: the file is not used, and named") {
  ThreeDays shop;
  auto files = shop.files();
  BackupFile& last = named(files, kFourth);
  std::set<FileVerdict> seen;
  for (std::size_t at = 0; at < last.bytes.size(); ++at) {
    CAPTURE(at);
    last.bytes[at] ^= static_cast<std::uint8_t>(1U << (at % 8));
    const auto choice = shop.choose(files);
    last.bytes[at] ^= static_cast<std::uint8_t>(1U << (at % 8));
    const FileVerdict verdict = BackedUpShop::verdict(choice, kFourth);
    REQUIRE(verdict != FileVerdict::kUsed);
    REQUIRE(choice.last == 3);
    seen.insert(verdict);
  }
  CHECK(seen.contains(FileVerdict::kForged));
  CHECK(BackedUpShop::verdict(shop.choose(files), kFourth) == FileVerdict::kUsed);
}

TEST_CASE("a file that ends anywhere before its end is cut off, and not used") {
  ThreeDays shop;
  auto files = shop.files();
  const core::Bytes whole = named(files, kFourth).bytes;
  for (std::size_t size = 0; size < whole.size(); size += (size < 120 ? 1 : 37)) {
    CAPTURE(size);
    named(files, kFourth).bytes.assign(whole.begin(), whole.begin() + static_cast<long>(size));
    const auto choice = shop.choose(files);
    CHECK(choice.last == 3);
    const FileVerdict verdict = BackedUpShop::verdict(choice, kFourth);
    CHECK((verdict == FileVerdict::kCutOff || (size < 40 && verdict == FileVerdict::kUnreadable)));
  }
}

TEST_CASE("an increment that is missing in the middle ends what can be used, and says so") {
  ThreeDays shop;
  auto files = shop.files();
  remove(files, kThird);
  const auto choice = shop.choose(files);
  CHECK(choice.last == 2);
  CHECK(choice.more_is_there);
  CHECK(BackedUpShop::verdict(choice, kFourth) == FileVerdict::kDetached);
  const auto restored = shop.restore(choice);
  CHECK(restored.days.size() == 1);
  Till till = shop.open_replacement();
  sound(till);
  CHECK(till.status()->documents == 2);
}

TEST_CASE("without a whole increment there is nothing to begin with") {
  ThreeDays shop;
  auto files = shop.files();
  remove(files, kFirst);
  const auto choice = shop.choose(files);
  CHECK(choice.parts.empty());
  CHECK(choice.more_is_there);
  CHECK(BackedUpShop::verdict(choice, kSecond) == FileVerdict::kDetached);
}

TEST_CASE("names and order mean nothing, and the same bytes count once") {
  ThreeDays shop;
  auto files = shop.files();
  std::swap(named(files, kSecond).bytes, named(files, kFourth).bytes);
  files.push_back({"again", named(files, kThird).bytes, ""});
  core::Random random(7);
  for (int round = 0; round < 20; ++round) {
    for (std::size_t i = files.size(); i > 1; --i) {
      std::swap(files[i - 1], files[random.between(0, i - 1)]);
    }
    const auto choice = shop.choose(files);
    CHECK(choice.last == 4);
    CHECK_FALSE(choice.more_is_there);
    const bool again = BackedUpShop::verdict(choice, "again") == FileVerdict::kCopy;
    const bool third = BackedUpShop::verdict(choice, kThird) == FileVerdict::kCopy;
    CHECK(again != third);
  }
}

TEST_CASE("another till's increments, strangers' and other files are named and left alone") {
  ThreeDays shop;
  auto files = shop.files();
  const auto last = core::journal::parse_increment(named(files, kFourth).bytes).value();
  const auto stranger = core::envelope::PrivateKey::generate();
  const auto kind = core::envelope::StatementType::kBackup;
  const auto strange_kid = core::envelope::derive_kid(kOrigin, stranger.public_key());
  // A till of another store, on the same roster, that takes over this till's content.
  const core::TillRef other{core::StoreId{5}, core::TillId{1}};
  const auto other_key = core::envelope::PrivateKey::generate();
  shop.office().enrol(core::envelope::make_enrol_request(
      kOrigin, other, other_key, core::envelope::SealingPrivateKey::generate().public_key()));
  const auto other_kid = core::envelope::derive_kid(kOrigin, other_key.public_key());
  files.push_back(
      {"forged", sign_statement(kind, last.statement.kid, last.statement.payload, stranger), ""});
  files.push_back(
      {"nobody's", sign_statement(kind, strange_kid, last.statement.payload, stranger), ""});
  files.push_back(
      {"other", sign_statement(kind, other_kid, last.statement.payload, other_key), ""});
  files.push_back({"letter", core::to_bytes(core::as_bytes("Dear Sirs,\n")), ""});
  const auto choice = shop.choose(files);
  CHECK(choice.last == 4);
  CHECK_FALSE(choice.more_is_there);
  CHECK(BackedUpShop::verdict(choice, "forged") == FileVerdict::kForged);
  CHECK(BackedUpShop::verdict(choice, "nobody's") == FileVerdict::kForged);
  CHECK(BackedUpShop::verdict(choice, "other") == FileVerdict::kOtherTill);
  CHECK(BackedUpShop::verdict(choice, "letter") == FileVerdict::kUnreadable);
  // Seen from the other till: nothing that it signed itself opens or goes on.
  const auto others = shop.choose(files, {}, other);
  CHECK(others.parts.empty());
  CHECK(BackedUpShop::verdict(others, kFourth) == FileVerdict::kOtherTill);
}

TEST_CASE("two contents for one number are both named, and neither is chosen silently") {
  ThreeDays shop;
  const core::Bytes image = test::read_file(shop.journal());
  shop.day_of_sales(4, 1);
  auto files = shop.files();
  const std::string fifth = "4-1-1-5-1.backup";
  const BackupFile first_fifth = named(files, fifth);
  test::write_file(shop.journal(), image);  // the clone goes on from the same place
  shop.day_of_sales(4, 3);
  shop.day_of_sales(5, 1);
  files = shop.files();
  files.push_back({"of the clone", first_fifth.bytes, ""});
  const auto choice = shop.choose(files);
  CHECK(choice.cloned);
  CHECK(choice.parts.empty());
  CHECK(BackedUpShop::verdict(choice, fifth) == FileVerdict::kContradicted);
  CHECK(BackedUpShop::verdict(choice, "of the clone") == FileVerdict::kContradicted);
  CHECK(BackedUpShop::verdict(choice, "4-1-1-6-1.backup") == FileVerdict::kDetached);
  const auto before = shop.choose(files, 4);
  CHECK_FALSE(before.cloned);
  CHECK(before.last == 4);
}

TEST_CASE("a journal that is there is never written over, and a failed attempt leaves none") {
  ThreeDays shop;
  auto choice = shop.choose(shop.files());
  shop.restore(choice);
  rebuild::RestoreOrder order;
  order.till = kRef;
  order.journal = shop.replacement();
  CHECK(rebuild::restore(choice, order, shop.office().roster(), nullptr).error().code ==
        Errc::kExists);
  order.journal = shop.dir() / "third.db";
  choice.parts.back().content.pop_back();
  CHECK_FALSE(rebuild::restore(choice, order, shop.office().roster(), nullptr));
  CHECK_FALSE(std::filesystem::exists(order.journal));
  CHECK_FALSE(std::filesystem::exists(order.journal.string() + ".tmp"));
}

TEST_CASE("an encrypted replacement opens with its key alone") {
  ThreeDays shop;
  rebuild::RestoreOrder order;
  order.till = kRef;
  order.journal = shop.replacement();
  order.key = till::JournalKey::from(core::Bytes(32, 3)).value();
  REQUIRE(rebuild::restore(shop.choose(shop.files()), order, shop.office().roster(), nullptr));
  CHECK_FALSE(Till::open(shop.replacement(), till::Durability::kSimulated));
  auto till = Till::open(shop.replacement(), till::Durability::kSimulated, order.key);
  REQUIRE(till);
  sound(*till);
}

TEST_CASE("a till that is not on the roster has no backup") {
  ThreeDays shop;
  const auto none = rebuild::choose_backup(shop.files(), {{core::StoreId{9}, core::TillId{9}}, {}},
                                           shop.office().roster(), shop.office().sealing_key());
  CHECK(none.error().code == Errc::kNotFound);
}

TEST_CASE("an increment that goes on from another history than the one before it is not used") {
  ThreeDays shop;
  const core::Bytes image = test::read_file(shop.journal());
  shop.day_of_sales(4, 1);
  auto files = shop.files();
  test::write_file(shop.journal(), image);
  shop.day_of_sales(4, 2);  // in the place of the first four's last, which is not among the files
  shop.day_of_sales(5, 1);
  const std::string sixth = "4-1-1-6-1.backup";
  auto all = shop.files();
  files.push_back(named(all, sixth));
  const auto choice = shop.choose(files);
  CHECK(choice.last == 5);
  CHECK(choice.more_is_there);
  CHECK(BackedUpShop::verdict(choice, sixth) == FileVerdict::kDetached);
}

TEST_CASE("a mail gives what is attached to it, in parts within parts, as far as it goes") {
  const std::string mail =
      "Return-Path: <a@b>\r\nContent-Type: multipart/mixed;\r\n boundary=\"x y\"\r\n\r\n"
      "for old readers\r\n--x y\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
      "--x y\r\nContent-Type: multipart/mixed; boundary=inner\r\n\r\n"
      "--inner\r\nContent-Transfer-Encoding: BASE64\r\n"
      "Content-Disposition: attachment; filename=\"one\"\r\n\r\nAAEC\r\nAwQF\r\n"
      "--inner--\r\n--x y\r\ncontent-type: application/octet-stream; name=two\r\n"
      "content-transfer-encoding: base64\r\n\r\n0oRY\r\n--x y--\r\nfooter AAAA\r\n";
  const core::ByteView bytes = core::as_bytes(mail);
  CHECK(rebuild::looks_like_mail(bytes));
  const auto attached = rebuild::attachments_of(bytes);
  REQUIRE(attached.size() == 2);
  CHECK(attached[0].name == "one");
  CHECK(attached[0].bytes == core::Bytes{0, 1, 2, 3, 4, 5});
  CHECK(attached[1].name == "two");
  CHECK(attached[1].bytes == core::Bytes{0xd2, 0x84, 0x58});
  CHECK_FALSE(rebuild::looks_like_mail(core::Bytes{0xd2, 0x84, 0x3a}));
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    CHECK(rebuild::attachments_of(bytes.first(size)).size() <= 2);
  }
  core::Random random(11);
  for (int i = 0; i < 20'000; ++i) {
    core::Bytes changed = core::to_bytes(bytes);
    for (int k = 0; k < 3; ++k) {
      changed[random.between(0, changed.size() - 1)] =
          static_cast<std::uint8_t>(random.between(0, 255));
    }
    CHECK(rebuild::attachments_of(changed).size() <= 4);
  }
}
