// A till that sells and fetches: what the network's thread brings is taken up between two requests,
// also when it comes in pieces, with another key, or from a relay without an end.
#include "till/api/notice_carrier.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "ledger-rebuild/head_office.h"
#include "ledger-rebuild/notices.h"
#include "tests/support/random_catalog.h"
#include "tests/support/temp_dir.h"

using core::BusinessDay;
using core::Bytes;
using core::Errc;
using core::LogIndex;
using core::Result;
using test::kUsd;

namespace {

// One till of store 4, and head office's chain as a relay would hand it out.
struct World {
  World() : till(make()) {
    auto office = rebuild::HeadOffice::create(dir / "ho", "example.com/shops").value();
    const auto request = till.enrol_request();
    REQUIRE(office.enrol({&request, 1}).has_value());
    REQUIRE(till.join(rebuild::read_roster(dir / "ho").value()).has_value());
    REQUIRE(till.open_day(BusinessDay{20000}, {}).has_value());
    ports.ask = [this](std::optional<LogIndex> after, const till::NoticePorts::Take& take) {
      return ask(after, take);
    };
    ports.piece = [this](const core::envelope::BlobName& name) -> Result<Bytes> {
      const Working now(*this);
      ++pieces;
      return test::read_file(dir / "ho" / "blobs" / name.hash.hex());
    };
    ports.roster = [this]() -> Result<Bytes> {
      const Working now(*this);
      ++rosters;
      return test::read_file(dir / "ho" / "roster.cbor");
    };
  }
  till::Till make() const {
    core::Random random(1);
    return till::Till::create(dir / "till",
                              {{core::StoreId{4}, core::TillId{1}},
                               kUsd,
                               "example.com/shops",
                               test::some_catalog(random),
                               core::envelope::PrivateKey::generate(),
                               {}},
                              till::Durability::kSimulated)
        .value();
  }
  void tell(const core::retail::Catalog& catalog) {
    auto notices = rebuild::Notices::open(dir / "ho").value();
    const auto before = notices.state({}, BusinessDay{20000}).value().catalog;
    core::retail::NoticeContent content;
    content.catalog = core::retail::change_between(before ? &*before : nullptr, catalog);
    REQUIRE(notices.tell({}, BusinessDay{20000}, content).has_value());
  }
  Result<void> ask(std::optional<LogIndex> after, const till::NoticePorts::Take& take) {
    const Working now(*this);
    ++asked;
    const auto roster = rebuild::read_roster(dir / "ho").value();
    std::uint64_t index = 0;
    for (core::Epoch epoch{1}; epoch <= roster.latest_epoch({}); epoch.value++) {
      const auto messages = rebuild::read_decisions(dir / "ho", roster, *roster.find({}, epoch));
      for (const Bytes& message : messages.value()) {
        ++index;
        const auto parsed = core::envelope::parse_message(message).value();
        if (parsed.header.address && (!after || index > after->value)) {
          TRY(take(LogIndex{index}, message));
        }
      }
    }
    return {};
  }
  // Steps until nothing is on its way any more; what went wrong first.
  std::optional<core::Error> run(till::api::NoticeCarrier& carrier) {
    std::optional<core::Error> wrong;
    for (int quiet = 0; quiet < 20;) {
      const std::uint64_t before = asked + pieces + rosters;
      const auto step = carrier.step(till);
      REQUIRE(step.has_value());
      if (*step && !wrong) wrong = **step;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      quiet = working == 0 && asked + pieces + rosters == before ? quiet + 1 : 0;
    }
    return wrong;
  }
  // The network's thread is answering.
  struct Working {
    explicit Working(World& of) : world(of) { ++world.working; }
    ~Working() { --world.working; }
    World& world;
  };
  core::retail::Catalog here() { return till.shelf().whole(till.shelf().present()).value(); }

  test::TempDir dir;
  till::Till till;
  till::NoticePorts ports;
  std::atomic<int> working{0};
  std::atomic<std::uint64_t> asked{0};
  std::atomic<std::uint64_t> pieces{0};
  std::atomic<std::uint64_t> rosters{0};
  std::atomic<std::int64_t> now_ms{0};
};

core::retail::Catalog many(std::uint64_t count) {
  core::retail::CatalogParts parts{kUsd, {{core::TaxCode{1}, 0, true}}, {}, {}, 1, {}, {}};
  for (std::uint64_t id = 1; id <= count; ++id) {
    core::retail::Product product;
    product.id = core::ProductId{id};
    product.name = "A product with a name of some length, number " + std::to_string(id);
    product.tax = core::TaxCode{1};
    parts.products.push_back(std::move(product));
  }
  return core::retail::Catalog::build(std::move(parts)).value();
}

}  // namespace

TEST_CASE("a round brings what is new, and the next comes ten minutes later") {
  World world;
  till::api::NoticeCarrier carrier(world.ports, [&] { return world.now_ms.load(); });
  core::Random random(2);
  const auto first = test::some_catalog(random);
  world.tell(first);
  CHECK_FALSE(world.run(carrier).has_value());
  CHECK(test::same(world.here(), first));
  const auto second = test::some_catalog(random);
  world.tell(second);
  const std::uint64_t asked = world.asked;
  CHECK_FALSE(world.run(carrier).has_value());
  CHECK(world.asked == asked);
  world.now_ms += 600'000;
  CHECK_FALSE(world.run(carrier).has_value());
  CHECK(test::same(world.here(), second));
}

TEST_CASE("what is too large for a message comes piece by piece, each once") {
  World world;
  till::api::NoticeCarrier carrier(world.ports, [&] { return world.now_ms.load(); });
  const auto catalog = many(20'000);
  world.tell(catalog);
  CHECK_FALSE(world.run(carrier).has_value());
  CHECK(test::same(world.here(), catalog));
  CHECK(world.pieces > 1);
  const auto files = std::distance(std::filesystem::directory_iterator(world.dir / "ho" / "blobs"),
                                   std::filesystem::directory_iterator());
  CHECK(world.pieces == static_cast<std::uint64_t>(files));
}

TEST_CASE("another key of every day is looked up once, and believed for the root's signature") {
  World world;
  till::api::NoticeCarrier carrier(world.ports, [&] { return world.now_ms.load(); });
  core::Random random(3);
  world.tell(test::some_catalog(random));
  CHECK_FALSE(world.run(carrier).has_value());
  CHECK(world.rosters == 0);
  auto office = rebuild::HeadOffice::open(world.dir / "ho").value();
  REQUIRE(office.replace_office_key(world.dir / "ho" / "head-office.key", {}).has_value());
  REQUIRE(rebuild::Notices::open(world.dir / "ho").value().refresh().has_value());
  const auto second = test::some_catalog(random);
  world.tell(second);
  world.now_ms += 600'000;
  CHECK_FALSE(world.run(carrier).has_value());
  CHECK(world.rosters == 1);
  CHECK(test::same(world.here(), second));
}

TEST_CASE("the next key asks for the roster until it is on it, and then the till has that key") {
  World world;
  // As a relay: the roster is for keys that are on it.
  std::string who;
  std::vector<std::string> askers;
  world.ports.read_as = [&](const core::wire::ReadCredential& reader) { who = reader.keyid; };
  const auto roster = world.ports.roster;
  world.ports.roster = [&]() -> Result<Bytes> {
    askers.push_back(who);
    TRY_ASSIGN(const Bytes bytes, roster());
    const auto known = rebuild::read_roster(world.dir / "ho").value();
    const auto kid = core::envelope::Kid::from(core::from_hex(who).value()).value();
    if (known.find(kid) == nullptr) return core::fail(Errc::kBadSignature, "401");
    return bytes;
  };
  const auto own = [&] { return world.till.read_credential().keyid; };
  const std::string first = own();
  REQUIRE(world.till.ask_for_key().has_value());
  const std::string next = world.till.next_key_credential().value()->keyid;
  std::string asking;  // for notices
  const auto ask = world.ports.ask;
  world.ports.ask = [&](std::optional<LogIndex> after, const till::NoticePorts::Take& take) {
    asking = who;
    return ask(after, take);
  };
  till::api::NoticeCarrier carrier(world.ports, [&] { return world.now_ms.load(); });
  CHECK_FALSE(world.run(carrier).has_value());
  CHECK(askers == std::vector<std::string>{next});
  CHECK(asking == first);
  CHECK(world.till.status()->next_key->epoch == core::Epoch{0});

  // Enrolled. A day is open: the till knows of it, and asks no more.
  auto office = rebuild::HeadOffice::open(world.dir / "ho").value();
  REQUIRE(world.till.close_day().has_value());
  REQUIRE(world.till.open_day(BusinessDay{20001}, {}).has_value());
  const auto opening = world.till.outbox().all(core::Sequence{2}, 1).value().front();
  const auto message = core::envelope::parse_message(opening.message).value();
  const auto known = rebuild::read_roster(world.dir / "ho").value();
  const auto* enrolment = known.find(message.header.kid);
  const auto payload =
      core::envelope::open_payload(message.header.content_type, message.protected_header,
                                   message.payload, &*enrolment->opener)
          .value();
  const auto said = std::get<core::retail::Opening>(core::retail::decode_summary(payload).value());
  const core::envelope::EnrolRequest request{"example.com/shops", world.till.ref(),
                                             said.next_keys->key, said.next_keys->sealing_key,
                                             said.next_keys->proof};
  REQUIRE(office.enrol({&request, 1}).has_value());
  world.now_ms += 10 * 60 * 1000;
  CHECK_FALSE(world.run(carrier).has_value());
  CHECK(askers == std::vector<std::string>{next, next});
  CHECK(world.till.status()->next_key->epoch == core::Epoch{2});
  CHECK(own() == first);
  world.now_ms += 10 * 60 * 1000;
  CHECK_FALSE(world.run(carrier).has_value());
  CHECK(askers.size() == 2);
}

TEST_CASE("a relay without an end is left, and memory stays bounded") {
  World world;
  core::Random random(4);
  world.tell(test::some_catalog(random));
  std::atomic<std::uint64_t> given{0};
  Bytes known;
  REQUIRE(world.ask({}, [&](LogIndex, Bytes message) -> Result<void> {
    known = std::move(message);
    return {};
  }));
  world.ports.ask = [&](std::optional<LogIndex> after,
                        const till::NoticePorts::Take& take) -> Result<void> {
    ++world.asked;
    for (std::uint64_t index = after ? after->value + 1 : 1;; ++index) {
      ++given;
      TRY(take(LogIndex{index}, known));
    }
  };
  till::api::NoticeCarrier carrier(world.ports, [&] { return world.now_ms.load(); });
  const auto wrong = world.run(carrier);
  REQUIRE(wrong.has_value());
  CHECK(wrong->code == Errc::kProtocol);
  CHECK(given < 100'000);
}

TEST_CASE("a line that is cut is tried again later, and selling goes on") {
  World world;
  core::Random random(5);
  const auto catalog = test::some_catalog(random);
  world.tell(catalog);
  const auto good = world.ports.ask;
  std::atomic<bool> cut{true};
  world.ports.ask = [&](std::optional<LogIndex> after,
                        const till::NoticePorts::Take& take) -> Result<void> {
    if (!cut) return good(after, take);
    ++world.asked;
    return core::fail(Errc::kNetwork, "cut");
  };
  till::api::NoticeCarrier carrier(world.ports, [&] { return world.now_ms.load(); });
  const auto wrong = world.run(carrier);
  REQUIRE(wrong.has_value());
  CHECK(wrong->code == Errc::kNetwork);
  cut = false;
  CHECK_FALSE(world.run(carrier).has_value());  // it rests for ten seconds
  CHECK_FALSE(test::same(world.here(), catalog));
  world.now_ms += 10'000;
  CHECK_FALSE(world.run(carrier).has_value());
  CHECK(test::same(world.here(), catalog));
}
