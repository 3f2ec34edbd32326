// Roster: head office's chain of enrolments.
#include <doctest/doctest.h>

#include "core/envelope/roster.h"

using namespace core;
using namespace core::envelope;

namespace {

constexpr std::string_view kOrigin = "test.example/log";
PrivateKey key(std::uint8_t n) {
  return *PrivateKey::from_seed(Bytes(32, n));
}
TillRef till(std::uint32_t store, std::uint32_t number) {
  return TillRef{StoreId{store}, TillId{number}};
}

}  // namespace

TEST_CASE("an enrolment that was written is read again") {
  Roster roster = *Roster::read({}, kOrigin, key(9).public_key());
  Bytes file = *roster.enrol(till(1, 1), key(1).public_key(), key(9));
  append(file, *roster.enrol(till(1, 2), key(2).public_key(), key(9)));
  append(file, *roster.enrol(till(1, 1), key(3).public_key(), key(9)));

  const auto again = Roster::read(file, kOrigin, key(9).public_key());
  REQUIRE(again.has_value());
  CHECK(again->enrolments().size() == 3);
  const Enrolment* second = again->find(derive_kid(kOrigin, key(3).public_key()));
  REQUIRE(second != nullptr);
  CHECK(second->epoch == Epoch{2});
  CHECK(second->till == till(1, 1));
  CHECK(again->latest_epoch(till(1, 2)) == Epoch{1});
  CHECK(again->latest_epoch(till(9, 9)) == Epoch{0});
  CHECK(again->find(derive_kid(kOrigin, key(4).public_key())) == nullptr);
}

TEST_CASE("what no till can be is not enrolled") {
  Roster roster = *Roster::read({}, kOrigin, key(9).public_key());
  CHECK(roster.enrol(till(0, 1), key(1).public_key(), key(9)).error().code == Errc::kMalformed);
  CHECK(roster.enrol(till(1, 0), key(1).public_key(), key(9)).error().code == Errc::kMalformed);
  CHECK(roster.enrol(till(1, 1), PublicKey{}, key(9)).error().code == Errc::kMalformed);
}

TEST_CASE("a key is enrolled once") {
  Roster roster = *Roster::read({}, kOrigin, key(9).public_key());
  REQUIRE(roster.enrol(till(1, 1), key(1).public_key(), key(9)).has_value());
  CHECK(roster.enrol(till(1, 2), key(1).public_key(), key(9)).error().code == Errc::kExists);
}

TEST_CASE(
    "a roster that head office did not write, or that was cut, reordered or altered, is refused") {
  Roster roster = *Roster::read({}, kOrigin, key(9).public_key());
  const Bytes first = *roster.enrol(till(1, 1), key(1).public_key(), key(9));
  const Bytes second = *roster.enrol(till(1, 2), key(2).public_key(), key(9));
  Bytes both = first;
  append(both, second);

  CHECK(Roster::read(both, kOrigin, key(8).public_key()).error().code == Errc::kUnknownKey);
  CHECK(Roster::read(both, "other.example/log", key(9).public_key()).error().code ==
        Errc::kUnknownKey);
  CHECK(Roster::read(second, kOrigin, key(9).public_key()).error().code == Errc::kMalformed);
  Bytes swapped = second;
  append(swapped, first);
  CHECK_FALSE(Roster::read(swapped, kOrigin, key(9).public_key()).has_value());
  const ByteView cut = ByteView(both).first(both.size() - 1);
  CHECK(Roster::read(cut, kOrigin, key(9).public_key())
            .error()
            .what.starts_with("roster entry 2 at byte " + std::to_string(first.size())));
  for (std::size_t i = 0; i < both.size(); ++i) {
    Bytes altered = both;
    altered[i] ^= 0x40;
    CHECK_FALSE(Roster::read(altered, kOrigin, key(9).public_key()).has_value());
  }
}

TEST_CASE("a revoked key stays on the roster, revoked, and is not revoked twice") {
  Roster roster = *Roster::read({}, kOrigin, key(9).public_key());
  Bytes file = *roster.enrol(till(1, 1), key(1).public_key(), key(9));
  append(file, *roster.enrol(till(1, 1), key(2).public_key(), key(9)));
  append(file, *roster.revoke(till(1, 1), Epoch{1}, key(9)));
  CHECK(roster.revoke(till(1, 1), Epoch{1}, key(9)).error().code == Errc::kState);
  CHECK(roster.revoke(till(1, 1), Epoch{3}, key(9)).error().code == Errc::kNotFound);
  CHECK(roster.revoke(till(1, 2), Epoch{1}, key(9)).error().code == Errc::kNotFound);
  const auto again = Roster::read(file, kOrigin, key(9).public_key());
  REQUIRE(again.has_value());
  CHECK(again->find(derive_kid(kOrigin, key(1).public_key()))->revoked);
  CHECK_FALSE(again->find(derive_kid(kOrigin, key(2).public_key()))->revoked);
  CHECK(Roster(*again).enrol(till(1, 1), key(1).public_key(), key(9)).error().code ==
        Errc::kExists);  // for ever
}

TEST_CASE("the log's key is the one that was named last") {
  Roster roster = *Roster::read({}, kOrigin, key(9).public_key());
  CHECK_FALSE(roster.log_key());
  Bytes file = *roster.name_log_key(key(5).public_key(), key(9));
  append(file, *roster.name_log_key(key(6).public_key(), key(9)));
  CHECK(roster.name_log_key(PublicKey{}, key(9)).error().code == Errc::kMalformed);
  CHECK(Roster::read(file, kOrigin, key(9).public_key())->log_key() == key(6).public_key());
}
