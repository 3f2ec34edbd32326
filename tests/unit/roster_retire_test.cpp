// A key that ends because its till has the next one: to a reader a revocation, and yet another
// word.
#include <doctest/doctest.h>

#include "core/envelope/roster.h"
#include "tests/support/enrol.h"

using namespace core;
using namespace core::envelope;

namespace {

constexpr std::string_view kOrigin = "test.example/log";
const TillRef kTill{StoreId{1}, TillId{1}};

PrivateKey key(std::uint8_t n) {
  return *PrivateKey::from_seed(Bytes(32, n));
}

ChainPlace place(std::uint64_t sequence) {
  return {Sequence{sequence}, sha256(Bytes(1, static_cast<std::uint8_t>(sequence)))};
}

struct TwoKeys {
  TwoKeys() : roster(*Roster::read({}, kOrigin, key(9).public_key())) {
    take(roster.enrol(test::enrol_request(kOrigin, kTill, key(1)), key(9)));
    take(roster.enrol(test::enrol_request(kOrigin, kTill, key(2)), key(9)));
  }
  void take(const Result<Bytes>& entry) {
    REQUIRE(entry.has_value());
    append(file, *entry);
    last = *entry;
  }
  const Enrolment& first() const { return *roster.find(kTill, Epoch{1}); }

  Roster roster;
  Bytes file;
  Bytes last;
};

}  // namespace

TEST_CASE("nothing behind the place of a retired key is good, and what is before it stays so") {
  TwoKeys keys;
  keys.take(keys.roster.retire(kTill, Epoch{1}, place(6), key(9)));
  const auto read = Roster::read(keys.file, kOrigin, key(9).public_key());
  REQUIRE(read.has_value());
  for (const Roster& roster : {keys.roster, *read}) {
    const Enrolment& old = *roster.find(kTill, Epoch{1});
    CHECK(old.revoked);
    CHECK(old.retired);
    CHECK(old.allows(Sequence{6}));
    CHECK_FALSE(old.allows(Sequence{7}));
    CHECK(old.stands == std::vector<ChainPlace>{place(6)});
    CHECK_FALSE(roster.find(kTill, Epoch{2})->revoked);
  }
  // {0: 7, 1: 1, 2: 1, 3: 1, 7: [6, id]}
  const auto message = parse_message(keys.last).value();
  CHECK(to_hex(message.payload) ==
        "a5"
        "0007"
        "0101"
        "0201"
        "0301"
        "07"
        "82"
        "06"
        "5820" +
            place(6).id.hex());
}

TEST_CASE("a till's latest key is not retired, nor one that there is not, nor one twice") {
  TwoKeys keys;
  CHECK(keys.roster.retire(kTill, Epoch{2}, place(1), key(9)).error().code == Errc::kState);
  CHECK(keys.roster.retire(kTill, Epoch{3}, place(1), key(9)).error().code == Errc::kNotFound);
  CHECK_FALSE(keys.first().revoked);
  keys.take(keys.roster.retire(kTill, Epoch{1}, place(6), key(9)));
  CHECK(keys.roster.retire(kTill, Epoch{1}, place(6), key(9)).error().code == Errc::kState);
  TwoKeys revoked;
  revoked.take(revoked.roster.revoke(kTill, Epoch{1}, place(6), key(9)));
  CHECK(revoked.roster.retire(kTill, Epoch{1}, place(6), key(9)).error().code == Errc::kState);
}

TEST_CASE("a retired key that turns out to have leaked is revoked, from the earlier place on") {
  TwoKeys keys;
  keys.take(keys.roster.retire(kTill, Epoch{1}, place(6), key(9)));
  keys.take(keys.roster.revoke(kTill, Epoch{1}, place(4), key(9)));
  CHECK(keys.first().revoked);
  CHECK_FALSE(keys.first().retired);
  CHECK(keys.first().allows(Sequence{4}));
  CHECK_FALSE(keys.first().allows(Sequence{5}));
  CHECK(keys.roster.revoke(kTill, Epoch{1}, place(2), key(9)).error().code == Errc::kState);
  CHECK(Roster::read(keys.file, kOrigin, key(9).public_key()).has_value());
  // A later place gives nothing back.
  TwoKeys other;
  other.take(other.roster.retire(kTill, Epoch{1}, place(6), key(9)));
  other.take(other.roster.revoke(kTill, Epoch{1}, place(8), key(9)));
  CHECK_FALSE(other.first().allows(Sequence{7}));
}

TEST_CASE("a retirement without a place, or with a field too many, is refused") {
  TwoKeys keys;
  const auto refused = [&](const std::string& hex) {
    Header header;
    header.content_type = ContentType::kBulletin;
    header.kid = derive_kid(kOrigin, key(9).public_key());
    header.epoch = Epoch{1};
    header.sequence = Sequence{3};
    header.prev = message_id(keys.last);
    Bytes longer = keys.file;
    append(longer, *sign_message(header, *from_hex(hex), key(9)));
    return !Roster::read(longer, kOrigin, key(9).public_key());
  };
  const std::string id = place(6).id.hex();
  CHECK_FALSE(
      refused("a50007010102010301078206"
              "5820" +
              id));
  CHECK(refused("a40007010102010301"));
  CHECK(
      refused("a50007010102010301078200"
              "5820" +
              id));
  CHECK(
      refused("a6000701010201030104"
              "5820" +
              id +
              "078206"
              "5820" +
              id));
  CHECK(
      refused("a50007010102010302078206"
              "5820" +
              id));  // the latest epoch
}
