// Whatever head office says, in whatever order of days, and however a till comes by it: the shelf
// is what head office's own notices come to on that day.
#include <doctest/doctest.h>

#include <filesystem>

#include "ledger-rebuild/head_office.h"
#include "ledger-rebuild/notices.h"
#include "tests/support/random_catalog.h"
#include "tests/support/temp_dir.h"
#include "till/notice_fetch.h"
#include "till/till.h"

using core::BusinessDay;
using core::Bytes;
using core::Errc;
using core::Money;
using core::ProductId;
using core::Result;
using core::TillRef;
using core::retail::Catalog;
using core::retail::Product;
using test::kUsd;
using test::same;
using test::some_catalog;

namespace {

constexpr TillRef kFleet{};

// A head office, and what a relay would hand out of its chain.
struct Office {
  Office() { rebuild::HeadOffice::create(dir / "ho", "example.com/shops").value(); }
  rebuild::Notices notices() const { return rebuild::Notices::open(dir / "ho").value(); }
  core::envelope::Roster roster() const { return rebuild::read_roster(dir / "ho").value(); }

  // Of one till's feeds, from the last whole one on, with its place in the log.
  std::vector<std::pair<core::LogIndex, Bytes>> notices_for(TillRef till) const {
    const auto messages = rebuild::read_decisions(dir / "ho", roster(), *roster().office()).value();
    std::map<TillRef, std::vector<std::pair<core::LogIndex, Bytes>>> feeds;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const auto message = core::envelope::parse_message(messages[i]).value();
      if (!message.header.address) continue;
      const TillRef feed = message.header.address->feed;
      const bool reads =
          feed == kFleet || feed == till || (feed.store == till.store && feed.till.value == 0);
      if (!reads) continue;
      if (message.header.address->whole) feeds[feed].clear();
      feeds[feed].emplace_back(core::LogIndex{i}, messages[i]);
    }
    std::vector<std::pair<core::LogIndex, Bytes>> out;
    for (auto& [feed, list] : feeds) out.insert(out.end(), list.begin(), list.end());
    std::sort(out.begin(), out.end());
    return out;
  }
  till::NoticePorts ports(TillRef till, core::Random& random, bool good) const {
    till::NoticePorts out;
    out.ask = [this, till, &random, good](std::optional<core::LogIndex> after,
                                          const till::NoticePorts::Take& take) -> Result<void> {
      for (const auto& [index, message] : notices_for(till)) {
        if (after && index <= *after) continue;
        if (!good && random.between(0, 3) == 0) {
          return core::fail(Errc::kNetwork, "the line is cut");
        }
        TRY(take(index, message));
      }
      return {};
    };
    out.piece = [this](const core::envelope::BlobName& name) -> Result<Bytes> {
      return test::read_file(dir / "ho" / "blobs" / name.hash.hex());
    };
    out.roster = []() -> Result<Bytes> { return core::fail(Errc::kNetwork, "not asked for"); };
    return out;
  }

  test::TempDir dir;
};

struct Shop {
  Shop(Office& office, std::uint32_t store, core::Random& random)
      : ref{core::StoreId{store}, core::TillId{1}}, till(make(office, ref, random)) {
    auto head_office = rebuild::HeadOffice::open(office.dir / "ho").value();
    const auto request = till.enrol_request();
    head_office.enrol({&request, 1}).value();
    REQUIRE(till.join(office.roster()).has_value());
  }
  static till::Till make(const Office& office, TillRef ref, core::Random& random) {
    return till::Till::create(office.dir / ("till-" + to_string(ref.store)),
                              {ref,
                               kUsd,
                               "example.com/shops",
                               some_catalog(random),
                               core::envelope::PrivateKey::generate(),
                               {}},
                              till::Durability::kSimulated)
        .value();
  }

  TillRef ref;
  till::Till till;
};

// What a till of this store sells on a day, by head office's own notices.
Catalog expected(const rebuild::Notices& notices, TillRef till, BusinessDay day) {
  const rebuild::FeedState fleet = notices.state(kFleet, day).value();
  const rebuild::FeedState store = notices.state({till.store, core::TillId{0}}, day).value();
  core::retail::CatalogChange change{.currency = kUsd};
  if (store.prices) {
    for (const auto& [id, price] : store.prices->prices) {
      const Product* product = fleet.catalog->find(id);
      if (product == nullptr) continue;
      change.products.push_back(*product);
      change.products.back().price = price;
    }
  }
  return core::retail::apply(&*fleet.catalog, change).value();
}

core::retail::NoticeContent store_prices(core::Random& random) {
  core::retail::NoticeContent content;
  content.prices = core::retail::StorePrices{kUsd};
  for (int i = 0; i < 3; ++i) {
    const ProductId id{random.between(1, 20)};
    std::optional<Money> price;
    if (random.between(0, 2) != 0) {
      price = Money{static_cast<std::int64_t>(random.between(600, 900)), kUsd};
    }
    content.prices->prices.insert_or_assign(id, price);
  }
  return content;
}

// Says something; false: it would not fit what was announced, and was not signed.
bool say_something(rebuild::Notices& notices, core::Random& random, BusinessDay day) {
  const BusinessDay from{day.days + static_cast<std::int32_t>(random.between(0, 4)) - 1};
  const std::uint64_t what = random.between(0, 9);
  if (what == 0) return notices.tell_whole(kFleet, day).has_value();
  if (what <= 4) {
    const TillRef store{core::StoreId{static_cast<std::uint32_t>(random.between(4, 5))}, {}};
    return notices.tell(store, from, store_prices(random)).has_value();
  }
  const rebuild::FeedState before = notices.state(kFleet, from).value();
  core::retail::NoticeContent content;
  const Catalog after = some_catalog(random);
  content.catalog =
      core::retail::change_between(before.catalog ? &*before.catalog : nullptr, after);
  if (content.catalog->empty()) return true;
  const auto told = notices.tell(kFleet, from, content);
  if (!told) CHECK(told.error().code == Errc::kState);
  return told.has_value();
}

}  // namespace

TEST_CASE("the shelf is what head office said, in whatever order and pieces it came") {
  std::uint64_t compared = 0;
  std::uint64_t refused = 0;
  std::uint64_t waited = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    core::Random random(seed);
    Office office;
    Shop four(office, 4, random);
    Shop five(office, 5, random);
    BusinessDay day{20000};
    auto notices = office.notices();
    core::retail::NoticeContent first;
    first.catalog = core::retail::change_between(nullptr, some_catalog(random));
    REQUIRE(notices.tell(kFleet, day, first).has_value());
    for (int step = 0; step < 40; ++step) {
      if (!say_something(notices, random, day)) ++refused;
      // Some nights the line is bad, and some days nobody asks.
      for (Shop* shop : {&four, &five}) {
        if (random.between(0, 2) == 0) {
          (void)till::fetch_notices(shop->till, office.ports(shop->ref, random, false));
        }
      }
      if (random.between(0, 2) != 0) continue;
      ++day.days;
      for (Shop* shop : {&four, &five}) {
        const auto before = till::fetch_notices(shop->till, office.ports(shop->ref, random, true));
        REQUIRE(before.has_value());
        CHECK(before->trouble.empty());
        REQUIRE(shop->till.open_day(day, {}).has_value());
        const auto feeds = shop->till.notices().status().value();
        for (const auto& [kind, feed] : feeds) {
          const std::string& trouble = feed.trouble;
          CHECK_MESSAGE(trouble.empty(), trouble);
          waited += feed.waiting;
        }
        const Catalog here = shop->till.shelf().whole(shop->till.shelf().present()).value();
        CHECK(same(here, expected(notices, shop->ref, day)));
        ++compared;
        REQUIRE(shop->till.close_day().has_value());
      }
    }
    // Opened again, head office reads its own notices as it had them.
    const auto again = office.notices();
    CHECK(same(expected(again, four.ref, day), expected(notices, four.ref, day)));
  }
  // The test sees days, announcements that wait, and some that would not fit.
  CHECK(compared > 200);
  CHECK(waited > 20);
  MESSAGE("compared ", compared, ", waiting ", waited, ", would not fit ", refused);
}

namespace {

using Placed = std::vector<std::pair<core::LogIndex, Bytes>>;

// A relay that says what it likes.
till::NoticePorts saying(const Office& office, const Placed& all) {
  till::NoticePorts out;
  out.ask = [all](std::optional<core::LogIndex> after,
                  const till::NoticePorts::Take& take) -> Result<void> {
    for (const auto& [index, message] : all) {
      if (!after || index > *after) TRY(take(index, message));
    }
    return {};
  };
  out.piece = [](const core::envelope::BlobName&) -> Result<Bytes> {
    return core::fail(Errc::kNotFound, "no pieces here");
  };
  out.roster = [&office]() -> Result<Bytes> {
    return test::read_file(office.dir / "ho" / "roster.cbor");
  };
  return out;
}

void tell_price(rebuild::Notices& notices, std::int64_t minor) {
  auto catalog = *notices.state(kFleet, BusinessDay{20000}).value().catalog;
  core::retail::NoticeContent content;
  content.catalog = core::retail::CatalogChange{.currency = kUsd};
  content.catalog->products.push_back(catalog.products().begin()->second);
  content.catalog->products.back().price = Money{minor, kUsd};
  REQUIRE(notices.tell(kFleet, BusinessDay{20000}, content).has_value());
}

}  // namespace

TEST_CASE("a relay that leaves out, repeats, forges or mixes up changes nothing, and is named") {
  core::Random random(5);
  Office office;
  Shop shop(office, 4, random);
  auto notices = office.notices();
  core::retail::NoticeContent first;
  first.catalog = core::retail::change_between(nullptr, some_catalog(random));
  REQUIRE(notices.tell(kFleet, BusinessDay{20000}, first).has_value());
  for (const std::int64_t minor : {101, 102, 103}) tell_price(notices, minor);
  const ProductId product = first.catalog->products.front().id;
  const auto price = [&] {
    return shop.till.shelf().find(shop.till.shelf().present(), product).value()->price;
  };
  const Placed all = office.notices_for(shop.ref);
  REQUIRE(all.size() == 5);  // keys, the whole catalog, three prices
  REQUIRE(shop.till.open_day(BusinessDay{20000}, {}).has_value());

  // It leaves out the first price: the others are not taken, in whatever order it tries.
  Placed gap = all;
  gap.erase(gap.begin() + 2);
  for (int i = 0; i < 2; ++i) {
    const auto report = till::fetch_notices(shop.till, saying(office, gap));
    REQUIRE(report.has_value());
    CHECK(report->trouble == "the relay leaves out a notice of head office");
    CHECK(price() == first.catalog->products.front().price);
  }
  // It has them all again: the till catches up from its own beginning.
  auto report = till::fetch_notices(shop.till, saying(office, all));
  REQUIRE(report.has_value());
  CHECK(report->trouble.empty());
  CHECK(price() == Money{103, kUsd});

  // It gives old ones again, as if they were new.
  Placed again = all;
  for (std::size_t i = 0; i < all.size(); ++i) {
    again.emplace_back(core::LogIndex{1000 + i}, all[all.size() - 1 - i].second);
  }
  report = till::fetch_notices(shop.till, saying(office, again));
  REQUIRE(report.has_value());
  CHECK(report->fetched == 0);
  CHECK(price() == Money{103, kUsd});

  // It changes a byte of what is new.
  tell_price(notices, 104);
  const Placed now = office.notices_for(shop.ref);
  for (std::size_t at = 0; at < now.back().second.size(); at += 7) {
    Placed forged = now;
    forged.back().second[at] ^= 4;
    const auto fetched = till::fetch_notices(shop.till, saying(office, forged));
    if (fetched) CHECK(fetched->fetched == 0);
    CHECK(price() == Money{103, kUsd});
  }
  // It mixes in another head office's, and another store's.
  Office other;
  Shop stranger(other, 4, random);
  auto others = other.notices();
  REQUIRE(others.tell(kFleet, BusinessDay{20000}, first).has_value());
  Placed mixed;
  for (const auto& [index, message] : other.notices_for(stranger.ref)) {
    mixed.emplace_back(core::LogIndex{2000 + index.value}, message);
  }
  REQUIRE(notices.tell({core::StoreId{5}, {}}, BusinessDay{20000}, store_prices(random)));
  for (const auto& [index, message] : office.notices_for({core::StoreId{5}, core::TillId{1}})) {
    mixed.emplace_back(core::LogIndex{3000 + index.value}, message);
  }
  report = till::fetch_notices(shop.till, saying(office, mixed));
  REQUIRE(report.has_value());
  CHECK(report->trouble == "a notice of a key that is not head office's was passed over");
  CHECK(shop.till.notices().status().value().at(till::FeedKind::kStore).epoch.value == 0);
  report = till::fetch_notices(shop.till, saying(office, office.notices_for(shop.ref)));
  REQUIRE(report.has_value());
  CHECK(price() == Money{104, kUsd});
  REQUIRE(shop.till.check().has_value());
}

TEST_CASE("a till that was away for 400 days reads what was said last, and little more") {
  core::Random random(6);
  Office office;
  Shop shop(office, 4, random);
  auto notices = office.notices();
  core::retail::NoticeContent first;
  first.catalog = core::retail::change_between(nullptr, some_catalog(random));
  REQUIRE(notices.tell(kFleet, BusinessDay{20000}, first).has_value());
  for (std::int64_t day = 1; day <= 400; ++day) tell_price(notices, day);
  const Placed all = office.notices_for(shop.ref);
  CHECK(all.size() <= 66);  // keys, the whole catalog, at most 64 changes
  REQUIRE(till::fetch_notices(shop.till, saying(office, all)).has_value());
  REQUIRE(shop.till.open_day(BusinessDay{20400}, {}).has_value());
  const Catalog here = shop.till.shelf().whole(shop.till.shelf().present()).value();
  CHECK(same(here, expected(notices, shop.ref, BusinessDay{20400})));
}

TEST_CASE("an old roster gives no key back that head office took") {
  core::Random random(7);
  Office office;
  Shop shop(office, 4, random);
  auto notices = office.notices();
  core::retail::NoticeContent first;
  first.catalog = core::retail::change_between(nullptr, some_catalog(random));
  REQUIRE(notices.tell(kFleet, BusinessDay{20000}, first).has_value());
  const Bytes old_roster = test::read_file(office.dir / "ho" / "roster.cbor");
  std::filesystem::copy(office.dir / "ho", office.dir / "thief",
                        std::filesystem::copy_options::recursive);
  auto head_office = rebuild::HeadOffice::open(office.dir / "ho").value();
  REQUIRE(head_office.replace_office_key(office.dir / "ho" / "head-office.key", {}).has_value());
  auto now = office.notices();
  REQUIRE(now.refresh().has_value());
  REQUIRE(shop.till.open_day(BusinessDay{20000}, {}).has_value());
  const auto fetched = till::fetch_notices(shop.till, saying(office, office.notices_for(shop.ref)));
  REQUIRE(fetched.has_value());
  CHECK(fetched->trouble.empty());
  const auto before = shop.till.shelf().present();

  // The thief and the relay are in it together.
  auto thiefs = rebuild::Notices::open(office.dir / "thief").value();
  tell_price(thiefs, 1);
  REQUIRE(thiefs.tell_whole(kFleet, BusinessDay{20000}).has_value());
  const auto roster = rebuild::read_roster(office.dir / "thief").value();
  const auto messages =
      rebuild::read_decisions(office.dir / "thief", roster, *roster.office()).value();
  Placed lies;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const auto message = core::envelope::parse_message(messages[i]).value();
    if (message.header.address && message.header.address->feed == kFleet) {
      lies.emplace_back(core::LogIndex{5000 + i}, messages[i]);
    }
  }
  till::NoticePorts ports = saying(office, lies);
  ports.roster = [&]() -> Result<Bytes> { return old_roster; };
  const auto deceived = till::fetch_notices(shop.till, ports);
  CHECK_FALSE(deceived.has_value());
  CHECK(deceived.error().what == "the roster is older than the one that this till knows");
  CHECK(shop.till.shelf().present() == before);
  CHECK(shop.till.notices().office_key().value() == office.roster().office()->key);
}
