// Till: the rules of a day, and that a refused operation changes nothing.
#include "till/till.h"
#include "core/retail/limits.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <limits>
#include <set>

#include "core/envelope/cbor.h"
#include "tests/unit/till_samples.h"

using namespace till_test;
using core::Errc;
using core::retail::Series;
using core::retail::TenderKind;
using till::Till;

namespace {

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kDayMax = core::retail::kFigureMax;

// GardenWorld with one more product, stocked, at `price_minor`.
core::retail::Catalog garden_with(core::ProductId id, std::int64_t price_minor) {
  const core::retail::Catalog base = garden();
  std::vector<core::retail::TaxRate> taxes;
  for (const auto& [code, tax] : base.taxes()) taxes.push_back(tax);
  std::vector<core::retail::Product> products;
  for (const auto& [key, product] : base.products()) products.push_back(product);
  products.push_back(
      {id, "extra", usd(price_minor), taxes.front().code, core::retail::ProductKind::kStocked});
  return core::retail::Catalog::build(kUsd, taxes, products, base.bom()).value();
}

}  // namespace

TEST_CASE("a day with a restart between every step comes out whole") {
  Shop shop;
  shop.open_day(1);
  CHECK(shop.ring(sets(1)).total == usd(50000));
  CHECK(shop.ring(sets(2)).total == usd(100000));
  const till::Rung third = shop.ring(sets(1));
  CHECK(third.numbers ==
        till::DocumentNumbers{{Series::kOrder, 3}, {Series::kDelivery, 3}, {Series::kInvoice, 3}});
  shop.step([](Till& t) { return t.void_sale(3, "changed their mind", 5); });
  const core::retail::Closing closing = shop.close_day();
  CHECK(closing.sales == 2);
  CHECK(closing.voids == 1);
  CHECK(closing.net == usd(150000));
  CHECK(closing.tenders == core::retail::Tenders{{TenderKind::kCash, usd(150000)}});
  CHECK(closing.consumed == parts_for(3));
  shop.check();
  shop.open_day(2);
  CHECK(shop.ring(sets(1)).numbers.at(Series::kInvoice) == 4);
  shop.close_day();
  shop.check();
}

TEST_CASE("the journal of a till is readable by its owner only, and is never made over another") {
  Shop shop;
  struct ::stat info {};
  REQUIRE(::stat(shop.journal().c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  const core::Bytes before = test::read_file(shop.journal());
  const auto again =
      Till::create(shop.journal(), setup_with(garden()), till::Durability::kSimulated);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == Errc::kExists);
  CHECK(test::read_file(shop.journal()) == before);
}

TEST_CASE("what is no journal of this version is refused by name") {
  const test::TempDir dir;
  const auto open = [&] { return Till::open(dir / "x.db", till::Durability::kFull); };
  CHECK(open().error().code == Errc::kNotFound);
  test::write_file(dir / "x.db", {});
  CHECK(open().error().what.find("unfinished") != std::string::npos);
  CHECK(Till::create(dir / "x.db", setup_with(garden()), till::Durability::kFull));
  CHECK(open());
  {
    auto db = core::sqlite::Database::open(dir / "x.db", {}).value();
    REQUIRE(db.exec("PRAGMA user_version=9"));
  }
  CHECK(open().error().code == Errc::kMalformed);
  CHECK(open().error().what.find("journal version 9") != std::string::npos);
  test::write_file(dir / "x.db", core::as_bytes(std::string(4096, 'x')));
  CHECK(open().error().code == Errc::kUnknownKey);  // an encrypted journal says as little
  CHECK(open().error().what.find("no journal at all") != std::string::npos);
  auto other = core::sqlite::Database::open(dir / "other.db", {.create = true}).value();
  REQUIRE(other.exec("CREATE TABLE t(a)"));
  other = core::sqlite::Database::open(dir / "x.db", {}).value();
  CHECK(
      Till::open(dir / "other.db", till::Durability::kFull).error().what.find("no till journal") !=
      std::string::npos);
}

TEST_CASE("a setup that cannot work leaves no file") {
  const test::TempDir dir;
  const auto refused = [&](till::TillSetup setup, Errc code) {
    const auto made = Till::create(dir / "t.db", setup, till::Durability::kSimulated);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == code);
    CHECK_FALSE(std::filesystem::exists(dir / "t.db"));
  };
  till::TillSetup setup = setup_with(garden());
  setup.ref.store = core::StoreId{0};
  refused(setup, Errc::kUsage);
  setup = setup_with(garden());
  setup.origin.clear();
  refused(setup, Errc::kUsage);
  setup = setup_with(garden());
  setup.currency = core::Currency::parse("EUR").value();
  refused(setup, Errc::kCurrency);
  setup = setup_with(garden());
  setup.backup_to = {(dir / "not-there").string()};
  refused(setup, Errc::kUsage);
}

TEST_CASE("without a roster entry no day opens") {
  Shop shop(garden(), false);
  shop.refuses(Errc::kState, [](Till& t) { return t.open_day(day(1), {}); });
  HeadOffice stranger;
  shop.refuses(Errc::kUnknownKey, [&](Till& t) { return t.join(stranger.roster()); });
  shop.step([&](Till& t) { return t.join(shop.office().roster()); });
  const core::Bytes joined = test::read_file(shop.journal());
  shop.step([&](Till& t) { return t.join(shop.office().roster()); });
  CHECK(test::read_file(shop.journal()) == joined);
  stranger.enrol(shop.open().enrol_request());
  shop.refuses(Errc::kState, [&](Till& t) { return t.join(stranger.roster()); });
}

TEST_CASE("a roster that gives the key to another till, or another sealing key, is refused") {
  const test::TempDir dir;
  const till::TillSetup setup = setup_with(garden());
  Till till = Till::create(dir / "t.db", setup, till::Durability::kSimulated).value();
  const auto joins = [&](core::TillRef ref, const core::envelope::SealingPrivateKey& sealing) {
    HeadOffice office;
    office.enrol(core::envelope::make_enrol_request(kOrigin, ref, setup.key, sealing.public_key()));
    return till.join(office.roster());
  };
  const core::TillRef other{core::StoreId{4}, core::TillId{2}};
  CHECK(joins(other, setup.sealing_key).error().code == Errc::kMalformed);
  CHECK(joins(kRef, core::envelope::SealingPrivateKey::generate()).error().code ==
        Errc::kMalformed);
  CHECK(joins(kRef, setup.sealing_key));
}

TEST_CASE("a till whose head office names no sealing key sends in clear, and says so") {
  const test::TempDir dir;
  const auto head_office = core::envelope::PrivateKey::generate();
  auto roster = core::envelope::Roster::read({}, kOrigin, head_office.public_key()).value();
  Till till =
      Till::create(dir / "t.db", setup_with(garden()), till::Durability::kSimulated).value();
  REQUIRE(roster.enrol(till.enrol_request(), head_office));
  REQUIRE(till.join(roster));
  CHECK_FALSE(till.status()->sealed);
  REQUIRE(till.open_day(day(1), parts_for(1)));
  const auto entries = till.outbox().all(core::Sequence{0}, 1).value();
  const auto message = core::envelope::parse_message(entries[0].message).value();
  CHECK(message.header.content_type == core::envelope::ContentType::kSummary);
  CHECK(core::retail::decode_summary(message.payload));
  CHECK(till.check());
}

TEST_CASE("two copies of a till seal different content at one place under different nonces") {
  const test::TempDir dir;
  const test::TempDir clone;
  HeadOffice office;
  {
    Till till =
        Till::create(dir / "t.db", setup_with(garden()), till::Durability::kSimulated).value();
    office.enrol(till.enrol_request());
    REQUIRE(till.join(office.roster()));
    REQUIRE(till.open_day(day(1), parts_for(1)));
  }
  std::set<core::Bytes> nonces;
  std::set<core::Bytes> payloads;
  constexpr int kCopies = 50;
  for (int copy = 0; copy < kCopies; ++copy) {  // the same journal, and one set more sold in each
    test::write_file(clone / "t.db", test::read_file(dir / "t.db"));
    Till till = Till::open(clone / "t.db", till::Durability::kSimulated).value();
    for (int sold = 0; sold < copy; ++sold) REQUIRE(till.ring(sets(1), 1));
    REQUIRE(till.close_day());
    const auto entries = till.outbox().all(core::Sequence{1}, 1).value();
    const auto message = core::envelope::parse_message(entries[0].message).value();
    CHECK(message.header.sequence == core::Sequence{2});
    payloads.insert(core::to_bytes(message.payload));
    core::envelope::CborReader r(message.payload);
    REQUIRE(r.array());
    REQUIRE(r.bytes());
    REQUIRE(r.map());
    REQUIRE(r.unsigned_integer());
    nonces.insert(core::to_bytes(r.bytes().value()));
  }
  CHECK(payloads.size() == kCopies);
  CHECK(nonces.size() == kCopies);
  // The same content again: the same bytes, so a re-sent message stays a duplicate.
  test::write_file(clone / "t.db", test::read_file(dir / "t.db"));
  Till till = Till::open(clone / "t.db", till::Durability::kSimulated).value();
  REQUIRE(till.close_day());
  const auto entries = till.outbox().all(core::Sequence{1}, 1).value();
  const auto message = core::envelope::parse_message(entries[0].message).value();
  CHECK(payloads.contains(core::to_bytes(message.payload)));
}

TEST_CASE("days open once, close once, and ascend") {
  Shop shop;
  shop.refuses(Errc::kState, [](Till& t) { return t.close_day(); });
  shop.refuses(Errc::kState, [](Till& t) { return t.day_so_far(); });
  shop.open_day(5);
  shop.refuses(Errc::kState, [](Till& t) { return t.open_day(day(5), {}); });
  shop.refuses(Errc::kState, [](Till& t) { return t.open_day(day(6), {}); });
  shop.close_day();
  shop.refuses(Errc::kState, [](Till& t) { return t.close_day(); });
  shop.refuses(Errc::kState, [](Till& t) { return t.open_day(day(5), {}); });
  shop.refuses(Errc::kState, [](Till& t) { return t.open_day(day(4), {}); });
  shop.open_day(6);
  shop.check();
}

TEST_CASE("goods are received as stocked products, above zero") {
  Shop shop;
  const auto receive = [&](core::ProductId id, core::Quantity quantity) {
    shop.refuses(Errc::kMalformed, [&](Till& t) { return t.open_day(day(1), {{id, quantity}}); });
  };
  receive(kSet, units(1));
  receive(core::ProductId{999}, units(1));
  receive(kChair, units(0));
  receive(kChair, units(-1));
}

TEST_CASE("a sale that cannot be sold changes nothing") {
  Shop shop(garden_with(core::ProductId{7}, kHuge));
  const auto refused = [&](Errc code, const till::Basket& basket) {
    shop.refuses(code, [&](Till& t) { return t.ring(basket, 1); });
  };
  refused(Errc::kState, sets(1));  // no day open
  shop.open_day(1);
  refused(Errc::kUsage, {});
  refused(Errc::kMalformed, sets(0));
  refused(Errc::kMalformed, basket_of(kSet, units(-1)));
  refused(Errc::kMalformed, basket_of(kChair, units(1)));  // no price
  refused(Errc::kNotFound, basket_of(core::ProductId{999}, units(1)));
  refused(Errc::kOverflow, basket_of(core::ProductId{7}, units(2)));
  refused(Errc::kOverflow, basket_of(kSet, core::Quantity{kHuge}));
  refused(Errc::kMalformed, {{{kSet, units(1), usd(50001)}}, {}});  // discount above the price
  refused(Errc::kUnbalanced, {sets(1).lines, {{TenderKind::kCash, usd(49999)}}});
  refused(Errc::kUnbalanced, {sets(1).lines, {{TenderKind::kCard, usd(50001)}}});
  refused(Errc::kUsage, {sets(1).lines, {{TenderKind::kCash, usd(-1)}}});
  refused(Errc::kUsage, {sets(1).lines, {{TenderKind::kCouponExcess, usd(1)}}});
  CHECK(shop.ring(sets(1)).numbers.at(Series::kInvoice) == 1);
  shop.check();
}

TEST_CASE("a sale that would keep the day from closing is refused, and the day closes") {
  Shop shop(garden_with(core::ProductId{7}, kDayMax - 10));
  shop.open_day(1);
  Till till = shop.open();
  REQUIRE(till.ring(basket_of(core::ProductId{7}, units(1)), 1));
  const auto second = till.ring(sets(1), 1);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Errc::kOverflow);
  CHECK(till.day_so_far()->sales == 1);  // nothing of the refused sale is in the running sum
  CHECK(till.day_so_far()->net == usd(kDayMax - 10));
  REQUIRE(till.void_sale(1, "too dear", 1));
  CHECK(till.ring(sets(1), 1)->numbers.at(Series::kInvoice) == 2);
  CHECK(till.close_day()->net == usd(50000));
  CHECK(till.check());
}

TEST_CASE("a void that would keep the day from closing is refused") {
  Shop shop;
  shop.open_day(1);
  Till till = shop.open();
  const auto record = [&](std::int64_t minor) {
    core::retail::Sale sale;
    sale.currency = kUsd;
    core::retail::SaleLine line;
    line.kind = core::retail::LineKind::kAmount;
    line.product = kSet;
    line.amount = usd(minor);
    line.discount = line.tax_amount = usd(0);
    line.tax = core::TaxCode{1};
    sale.lines = {line};
    sale.tenders = {{TenderKind::kCash, usd(minor)}};
    return till.record_sale(sale);
  };
  REQUIRE(record(kDayMax));
  REQUIRE(record(-kDayMax));
  REQUIRE(record(kDayMax));
  CHECK(till.void_sale(2, "why not", 1).error().code == Errc::kOverflow);
  CHECK(till.check());
  CHECK(till.close_day()->net == usd(kDayMax));
  CHECK(till.check());
}

TEST_CASE("change is given in cash, and a coupon's excess is paid out") {
  Shop shop;
  shop.open_day(1);
  Till till = shop.open();
  auto rung = till.ring({sets(1).lines, {{TenderKind::kCash, usd(60000)}}}, 1);
  CHECK(rung->change == usd(10000));
  rung = till.ring(
      {sets(1).lines, {{TenderKind::kCard, usd(20000)}, {TenderKind::kCash, usd(30001)}}}, 1);
  CHECK(rung->change == usd(1));
  rung = till.ring({sets(1).lines, {{TenderKind::kCoupon, usd(50300)}}}, 1);
  CHECK(rung->coupon_excess == usd(300));
  CHECK(till.close_day()->tenders == core::retail::Tenders{{TenderKind::kCash, usd(80000)},
                                                           {TenderKind::kCard, usd(20000)},
                                                           {TenderKind::kCoupon, usd(50300)},
                                                           {TenderKind::kCouponExcess, usd(-300)}});
}

TEST_CASE("the counted drawer gives over or short; another currency is refused") {
  Shop shop;
  shop.open_day(1);
  shop.ring(sets(1));
  shop.refuses(Errc::kCurrency, [](Till& t) {
    return t.close_day(core::Money{50000, core::Currency::parse("EUR").value()});
  });
  CHECK(shop.step([](Till& t) { return t.close_day(usd(49900)); }).over_short == usd(-100));
  shop.check();
}

TEST_CASE("a void cancels a sale of the open day, once") {
  Shop shop;
  shop.refuses(Errc::kState, [](Till& t) { return t.void_sale(1, "x", 1); });
  shop.open_day(1);
  shop.ring(sets(1));
  shop.close_day();
  shop.open_day(2);
  shop.ring(sets(1));
  shop.refuses(Errc::kState, [](Till& t) { return t.void_sale(1, "yesterday's", 1); });
  shop.refuses(Errc::kNotFound, [](Till& t) { return t.void_sale(3, "x", 1); });
  shop.refuses(Errc::kNotFound, [](Till& t) { return t.void_sale(0, "x", 1); });
  shop.refuses(Errc::kUsage, [](Till& t) { return t.void_sale(2, "", 1); });
  shop.step([](Till& t) { return t.void_sale(2, "x", 1); });
  shop.refuses(Errc::kState, [](Till& t) { return t.void_sale(2, "x", 1); });
  const auto document = shop.step([](Till& t) { return t.document(Series::kInvoice, 2); });
  REQUIRE(document.voided.has_value());
  CHECK(document.voided->reason == "x");
  CHECK(shop.ring(sets(1)).numbers.at(Series::kInvoice) == 3);  // a void gives no number back
  shop.check();
}

TEST_CASE("documents keep the price and the parts they were sold with") {
  Shop shop;
  shop.open_day(1);
  shop.ring(sets(1));
  const core::retail::Catalog old = garden();
  std::vector<core::retail::Product> products;
  for (const auto& [id, p] : old.products()) products.push_back(p);
  products.back().price = usd(60000);
  REQUIRE(products.back().id == kSet);
  const auto changed = core::retail::Catalog::build(kUsd, {old.taxes().begin()->second}, products,
                                                    {{kSet, kChair, units(6)}})
                           .value();
  shop.step([&](Till& t) { return t.replace_catalog(changed); });
  shop.ring(sets(1));
  const core::retail::Closing closing = shop.close_day();
  CHECK(closing.net == usd(110000));
  CHECK(closing.consumed ==
        core::retail::Components{{kChair, units(10)}, {kTable, units(1)}, {kScreen, units(1)}});
  const auto euros = core::retail::Catalog::build(core::Currency::parse("EUR").value(), {}, {}, {});
  shop.refuses(Errc::kCurrency, [&](Till& t) { return t.replace_catalog(*euros); });
}

TEST_CASE("a second process gets a clear answer and changes nothing") {
  Shop shop;
  const Till holder = shop.open();
  const auto second = Till::open(shop.journal(), till::Durability::kSimulated);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Errc::kBusy);
  CHECK(second.error().what.find(shop.journal().string()) != std::string::npos);
  CHECK(Till::create(shop.journal(), setup_with(garden()), till::Durability::kFull).error().code ==
        Errc::kBusy);
}

TEST_CASE("rows that fail half-way leave neither rows nor numbers behind") {
  Shop shop;
  shop.open_day(1);
  shop.ring(sets(1));
  till::Journal journal = till::Journal::open(shop.journal(), till::Durability::kFull).value();
  const till::Counters before = journal.counters();
  till::JournalState next = journal.state();
  next.open_day.reset();
  const auto done = journal.transact([&]() -> core::Result<void> {
    core::retail::NoSale document;
    document.day = day(1);
    document.currency = kUsd;
    document.numbers[Series::kDrawer] = 7;
    document.reason = "change";
    TRY(journal.add_document(document));
    TRY(journal.put_state(next));
    return core::fail(Errc::kUsage, "on purpose");
  });
  REQUIRE_FALSE(done);
  CHECK(journal.counters() == before);
  CHECK(journal.documents() == 1);
  CHECK(journal.state().open_day == day(1));
  CHECK(journal.database().query_int("SELECT count(*) FROM document").value() == 1);
  CHECK(journal.database().query_int("SELECT last FROM counter WHERE series = 3").value() == 1);
}
