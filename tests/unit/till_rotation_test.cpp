// A till's key is changed: when it asks, when it changes, and what goes on.
#include <doctest/doctest.h>

#include <algorithm>

#include "core/journal/increment.h"
#include "tests/unit/till_samples.h"

using namespace till_test;
using core::Errc;
using core::Sequence;
using till::Till;

namespace {

struct Rotating : Shop {
  using Shop::Shop;
  Rotating() = default;
  core::retail::KeyRequest request_in(std::size_t message) {
    const auto said = std::get<core::retail::Opening>(summary_of(messages().at(message)));
    REQUIRE(said.next_keys.has_value());
    return *said.next_keys;
  }
  void enrol(const core::retail::KeyRequest& request, core::TillRef whom = kRef) {
    office().enrol({kOrigin, whom, request.key, request.sealing_key, request.proof});
  }
  void deliver() {
    step([&](Till& till) -> core::Result<void> {
      const auto all = till.outbox().all(Sequence{0}, 1000).value();
      std::vector<till::Outbox::Acknowledgement> proven;
      proven.reserve(all.size());
      for (const auto& entry : all) log.take(entry.message);
      for (const auto& entry : all) {
        proven.push_back({entry.sequence, log.receipt(log.take(entry.message).index.value)});
      }
      return till.outbox().acknowledge(proven);
    });
  }
  void a_day(std::int32_t number) {
    open_day(number);
    ring(sets(1));
    close_day();
  }
  bool take() {
    return step([](Till& till) { return till.take_next_key(); });
  }
  void find() {
    step([&](Till& till) { return till.find_next_key(office().roster()); });
  }
  // Asked, enrolled, found, delivered.
  void ready() {
    step([](Till& till) { return till.ask_for_key(); });
    a_day(1);
    enrol(request_in(0));
    find();
    deliver();
  }
  till::TillStatus status() {
    return step([](Till& till) { return till.status(); });
  }

  test::MemoryLog log{kOrigin};
};

}  // namespace

TEST_CASE("a till asks in each opening from then on, until it has the key") {
  Rotating shop;
  shop.a_day(1);
  const auto key = shop.step([](Till& till) { return till.ask_for_key(); });
  CHECK(shop.step([](Till& till) { return till.ask_for_key(); }) == key);
  CHECK(shop.status().next_key->key == key);
  shop.a_day(2);
  // Also in one that waited for its delivery, until it was confirmed or the day was closed.
  shop.step([](Till& till) { return till.open_day_early(day(3)); });
  shop.step([](Till& till) { return till.confirm_delivery({}); });
  shop.close_day();
  shop.step([](Till& till) { return till.open_day_early(day(4)); });
  shop.close_day();
  const auto messages = shop.messages();
  CHECK_FALSE(std::get<core::retail::Opening>(shop.summary_of(messages.at(0))).next_keys);
  for (const std::size_t opening : {2U, 4U, 6U}) CHECK(shop.request_in(opening).key == key);
  const auto request = shop.request_in(2);
  CHECK(core::envelope::check_proof(
      {kOrigin, kRef, request.key, request.sealing_key, request.proof}));
  shop.check();
  shop.enrol(request);
  shop.find();
  shop.deliver();
  CHECK(shop.take());
  shop.a_day(5);
  CHECK_FALSE(std::get<core::retail::Opening>(shop.summary_of(shop.messages().at(0))).next_keys);
  shop.check();
}

TEST_CASE("a till that did not join asks for nothing") {
  Shop shop(garden(), false);
  shop.refuses(Errc::kState, [](Till& till) { return till.ask_for_key(); });
}

TEST_CASE("the key changes outside a day, with nothing to send, and not before it is enrolled") {
  Rotating shop;
  CHECK_FALSE(shop.take());
  shop.step([](Till& till) { return till.ask_for_key(); });
  shop.a_day(1);
  shop.deliver();
  CHECK_FALSE(shop.take());
  // A roster without it changes nothing.
  shop.find();
  CHECK_FALSE(shop.take());
  shop.enrol(shop.request_in(0));
  shop.find();
  CHECK(shop.status().next_key->epoch == core::Epoch{2});
  shop.open_day(2);
  shop.ring(sets(1));
  shop.deliver();
  CHECK_FALSE(shop.take());
  shop.close_day();
  CHECK_FALSE(shop.take());
  shop.deliver();
  CHECK(shop.take());
  CHECK_FALSE(shop.take());
  shop.check();
  CHECK(shop.status().epoch == core::Epoch{2});
}

TEST_CASE("a roster that gives the key to another till, or takes it back, changes nothing") {
  Rotating shop;
  shop.step([](Till& till) { return till.ask_for_key(); });
  shop.a_day(1);
  const auto request = shop.request_in(0);
  shop.deliver();
  // With another sealing key. Who owns the key can prove anything, so head office would enrol it.
  auto other = shop.office().roster();
  const auto root = core::envelope::PrivateKey::generate();
  auto forged = core::envelope::Roster::read({}, kOrigin, root.public_key()).value();
  REQUIRE(forged.enrol({kOrigin, kRef, request.key, request.sealing_key, request.proof}, root));
  // Its first epoch there is not behind the one that the till has.
  shop.refuses(Errc::kMalformed, [&](Till& till) { return till.find_next_key(forged); });
  shop.enrol(request);
  auto revoked = shop.office().roster();
  shop.find();
  CHECK(shop.take());
}

TEST_CASE("numbers, totals, drafts, goods and the audit log go on under the next key") {
  Rotating shop;
  shop.step([](Till& till) { return till.mint({"Plum jam", usd(340), core::TaxCode{1}, "", ""}); });
  const auto minted = core::retail::minted_id({kRef, core::Epoch{1}, 1}).value();
  shop.step([](Till& till) { return till.ask_for_key(); });
  shop.step([&](Till& till) { return till.open_day(day(1), {{minted, units(3)}}); });
  shop.ring(sets(1));
  const auto held = shop.step([](Till& till) { return till.put_aside("Ann", sets(1), 1); });
  const auto first = shop.close_day();
  CHECK(std::get<core::retail::Opening>(shop.summary_of(shop.messages().at(0)))
            .definitions.contains(minted));
  shop.enrol(shop.request_in(0));
  shop.find();
  shop.deliver();
  const auto before = shop.status();
  const auto report = shop.step([](Till& till) { return till.day_so_far(); });
  CHECK(shop.take());
  const auto after = shop.status();
  CHECK(after.documents == before.documents);
  CHECK(after.last_numbers == before.last_numbers);
  CHECK(after.last_day == before.last_day);
  CHECK(after.tree_head == before.tree_head);
  CHECK(after.sealed);
  CHECK(after.audit_rows == before.audit_rows + 1);
  CHECK(shop.step([](Till& till) { return till.day_so_far(); }) == report);
  shop.check();
  shop.step([&](Till& till) { return till.open_day(day(2), {{minted, units(2)}}); });
  // A sale of the key before can be given back, and what waited is still there.
  shop.step([](Till& till) {
    return till.refund({1, {{0, units(1), true}}, core::retail::TenderKind::kCash, "broken"}, 1);
  });
  shop.step([&](Till& till) { return till.drop_held(held, "never came", 1); });
  CHECK(shop.ring(sets(1)).numbers.at(core::retail::Series::kInvoice) == 2);
  const auto second = shop.close_day();
  CHECK(second.grand_totals.sales == usd(first.grand_totals.sales.minor + 50000));
  CHECK(second.grand_totals.refunds == usd(50000));
  // The chain begins at the roster entry, and tells again what the till minted.
  const auto messages = shop.messages();
  REQUIRE(messages.size() == 2);
  const auto header = core::envelope::parse_message(messages[0].message)->header;
  CHECK(header.epoch == core::Epoch{2});
  CHECK(header.sequence == Sequence{1});
  CHECK(header.prev == shop.office().roster().find(kRef, core::Epoch{2})->entry);
  CHECK(std::get<core::retail::Opening>(shop.summary_of(messages[0])).definitions.contains(minted));
  shop.check();
  // A product that is minted now has the next epoch in its number.
  shop.step([](Till& till) {
    return till.mint({"Quince jam", usd(340), core::TaxCode{1}, "", ""});
  });
  CHECK(shop.step([&](Till& till) {
              return till.shelf().find(till.shelf().present(),
                                       core::retail::minted_id({kRef, core::Epoch{2}, 1}).value());
            })
            .has_value());
  shop.check();
}

TEST_CASE("an approval that waits is not used up by a change of keys") {
  Rotating shop;
  shop.ready();
  Till till = shop.open();
  till.act_as({core::OperatorId{1}, core::OperatorId{2}});
  CHECK_FALSE(till.take_next_key().value());
  till.act_as({});
  CHECK(till.take_next_key().value());
}

TEST_CASE("while the till goes on its files have nothing of the private keys before") {
  Rotating shop(garden(), true, till::Durability::kFull);
  shop.ready();
  const auto secret = [&](const char* column) {
    auto db = core::sqlite::Database::open(shop.journal(), {}).value();
    auto row = db.prepare(std::string("SELECT ") + column + " FROM identity").value();
    REQUIRE(row.step().value());
    return core::to_bytes(row.column_blob(0));
  };
  const core::Bytes before[] = {secret("seed"), secret("sealing_key")};
  const auto holds = [&](const core::Bytes& wanted) {
    bool found = false;
    for (const char* suffix : {"", "-wal"}) {
      const core::Bytes bytes = test::read_file(shop.journal().string() + suffix);
      found = found ||
              std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end()) != bytes.end();
    }
    return found;
  };
  Till till = shop.open();
  for (const core::Bytes& key : before) CHECK(holds(key));
  CHECK(till.take_next_key().value());
  for (const core::Bytes& key : before) CHECK_FALSE(holds(key));
}

TEST_CASE("what a till is set to decides when it asks by itself") {
  Rotating shop;
  core::retail::Settings settings =
      shop.step([](Till& till) { return core::Result<core::retail::Settings>(till.settings()); });
  CHECK(settings.key_days == 0);
  settings.key_days = 10;
  shop.step([&](Till& till) { return till.set_settings(settings); });
  settings.key_days = 36501;
  shop.refuses(Errc::kMalformed, [&](Till& till) { return till.set_settings(settings); });
  shop.a_day(1);
  shop.a_day(10);
  CHECK_FALSE(shop.status().next_key);
  shop.step([](Till& till) { return till.open_day_early(day(11)); });
  CHECK(shop.status().next_key);
  shop.close_day();
  CHECK(shop.request_in(4).key == shop.status().next_key->key);
  shop.check();
}

TEST_CASE("the backup begins again with the change, whatever a target did not have") {
  Rotating shop;
  const auto mail = shop.dir() / "mail.conf";
  test::write_file(
      mail, core::as_bytes("url smtp://127.0.0.1:9\nfrom till@shop.example\nto ho@shop.example\n"));
  std::filesystem::permissions(mail, std::filesystem::perms::owner_read);
  const std::string place = "mail:" + mail.string();
  shop.step([&](Till& till) { return till.set_backup_to({place}); });
  shop.ready();
  Till till = shop.open();
  const auto waiting = [&] { return till.backup().status()->targets.front().waiting; };
  CHECK(waiting() == 2);
  // Somebody is on the way with one of the epoch that ends.
  const auto first = till.backup().next_load("").value();
  REQUIRE(first.has_value());
  REQUIRE(till.backup().is_carried(*first));
  const auto load = till.backup().next_load("").value();
  REQUIRE(load.has_value());
  CHECK(load->number == 2);
  CHECK(till.take_next_key().value());
  CHECK(waiting() == 1);
  REQUIRE(till.check());
  REQUIRE(till.backup().is_carried(*load));
  CHECK(waiting() == 1);
  const auto whole = till.backup().next_load("").value();
  REQUIRE(whole.has_value());
  CHECK(whole->number == 1);
  const auto increment = core::journal::parse_increment(whole->files.front().second).value();
  CHECK(increment.place.epoch == core::Epoch{2});
  CHECK(increment.place.prev == shop.office().roster().find(kRef, core::Epoch{2})->entry);
  REQUIRE(till.backup().is_carried(*whole));
  CHECK(waiting() == 0);
}

TEST_CASE("a till that has no backup target, and one that sends in clear, change their keys, too") {
  Rotating shop;
  shop.ready();
  CHECK(shop.take());
  CHECK(shop.status().backup.whole_due);
  shop.check();
}

TEST_CASE("check finds a next key that is none, and a life that ended and was changed since") {
  const auto finds = [](bool taken, const std::string& sql) {
    CAPTURE(sql);
    Rotating shop;
    shop.ready();
    if (taken) CHECK(shop.take());
    shop.check();
    {
      auto db = core::sqlite::Database::open(shop.journal(), {}).value();
      REQUIRE(db.exec(sql));
    }
    Till till = shop.open();
    const auto checked = till.check();
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == Errc::kDamaged);
  };
  finds(false, "UPDATE next_key SET seed = (SELECT seed FROM identity)");
  finds(false, "UPDATE next_key SET sealing_key = (SELECT sealing_key FROM identity)");
  finds(false, "UPDATE next_key SET seed = x'00'");
  finds(false, "UPDATE next_key SET epoch = 1");
  finds(false, "UPDATE next_key SET entry = x'00'");
  finds(true, "UPDATE past SET key = zeroblob(32)");
  finds(true, "DELETE FROM past_message WHERE position = 1");
  finds(true, "DELETE FROM past");
  finds(true, "UPDATE past_number SET last = 0 WHERE series = 3");
  finds(true, "UPDATE past SET sold_minor = sold_minor + 1");
}
