// Roster: head office's chain of enrolments.
#include <doctest/doctest.h>

#include "core/envelope/roster.h"
#include "tests/support/enrol.h"

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
EnrolRequest ask(TillRef ref, const PrivateKey& own) {
  return test::enrol_request(kOrigin, ref, own);
}

}  // namespace

TEST_CASE("an enrolment that was written is read again") {
  Roster roster = *Roster::read({}, kOrigin, key(9).public_key());
  Bytes file = *roster.enrol(ask(till(1, 1), key(1)), key(9));
  append(file, *roster.enrol(ask(till(1, 2), key(2)), key(9)));
  append(file, *roster.enrol(ask(till(1, 1), key(3)), key(9)));

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
  CHECK(roster.enrol(ask(till(0, 1), key(1)), key(9)).error().code == Errc::kMalformed);
  CHECK(roster.enrol(ask(till(1, 0), key(1)), key(9)).error().code == Errc::kMalformed);
  EnrolRequest no_key = ask(till(1, 1), key(1));
  no_key.key = PublicKey{};
  CHECK(roster.enrol(no_key, key(9)).error().code == Errc::kMalformed);
}

TEST_CASE("a key is enrolled once") {
  Roster roster = *Roster::read({}, kOrigin, key(9).public_key());
  REQUIRE(roster.enrol(ask(till(1, 1), key(1)), key(9)).has_value());
  CHECK(roster.enrol(ask(till(1, 2), key(1)), key(9)).error().code == Errc::kExists);
}

TEST_CASE(
    "a roster that head office did not write, or that was cut, reordered or altered, is refused") {
  Roster roster = *Roster::read({}, kOrigin, key(9).public_key());
  const Bytes first = *roster.enrol(ask(till(1, 1), key(1)), key(9));
  const Bytes second = *roster.enrol(ask(till(1, 2), key(2)), key(9));
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
  Bytes file = *roster.enrol(ask(till(1, 1), key(1)), key(9));
  append(file, *roster.enrol(ask(till(1, 1), key(2)), key(9)));
  append(file, *roster.revoke(till(1, 1), Epoch{1}, key(9)));
  CHECK(roster.revoke(till(1, 1), Epoch{1}, key(9)).error().code == Errc::kState);
  CHECK(roster.revoke(till(1, 1), Epoch{3}, key(9)).error().code == Errc::kNotFound);
  CHECK(roster.revoke(till(1, 2), Epoch{1}, key(9)).error().code == Errc::kNotFound);
  const auto again = Roster::read(file, kOrigin, key(9).public_key());
  REQUIRE(again.has_value());
  CHECK(again->find(derive_kid(kOrigin, key(1).public_key()))->revoked);
  CHECK_FALSE(again->find(derive_kid(kOrigin, key(2).public_key()))->revoked);
  CHECK(Roster(*again).enrol(ask(till(1, 1), key(1)), key(9)).error().code ==
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

TEST_CASE("nobody enrols a key that is not his, or for another log, till or sealing key") {
  Roster roster = *Roster::read({}, kOrigin, key(9).public_key());
  const auto refused = [&](const EnrolRequest& request, Errc code) {
    CHECK(roster.enrol(request, key(9)).error().code == code);
    CHECK(roster.enrolments().empty());
  };
  EnrolRequest stolen = ask(till(1, 1), key(1));
  stolen.key = key(2).public_key();
  refused(stolen, Errc::kBadSignature);
  EnrolRequest moved = ask(till(1, 1), key(1));
  moved.till = till(1, 2);
  refused(moved, Errc::kBadSignature);
  EnrolRequest listened = ask(till(1, 1), key(1));
  listened.sealing_key = test::sealing_key_of(key(2)).public_key();
  refused(listened, Errc::kBadSignature);
  EnrolRequest renamed = test::enrol_request("other.example/log", till(1, 1), key(1));
  refused(renamed, Errc::kMalformed);
  renamed.origin = kOrigin;  // its proof is over the other log
  refused(renamed, Errc::kBadSignature);
}

TEST_CASE("an entry without its till's proof is refused by whoever reads the roster") {
  // What another head office would have to write to take over a till's key.
  Roster other = *Roster::read({}, "other.example/log", key(8).public_key());
  const Bytes theirs =
      *other.enrol(test::enrol_request("other.example/log", till(1, 1), key(1)), key(8));
  const auto message = *parse_message(theirs);
  Header header = message.header;
  header.kid = derive_kid(kOrigin, key(9).public_key());
  const Bytes copied = *sign_message(header, message.payload, key(9));
  CHECK(Roster::read(copied, kOrigin, key(9).public_key()).error().code == Errc::kBadSignature);
}

TEST_CASE("a till seals to the key that head office had named when it was enrolled") {
  Roster roster = *Roster::read({}, kOrigin, key(9).public_key());
  Bytes file = *roster.enrol(ask(till(1, 1), key(1)), key(9));
  const auto first = test::sealing_key_of(key(9)).public_key();
  const auto second = test::sealing_key_of(key(8)).public_key();
  append(file, *roster.name_sealing_key(first, key(9)));
  append(file, *roster.enrol(ask(till(1, 2), key(2)), key(9)));
  append(file, *roster.name_sealing_key(second, key(9)));
  append(file, *roster.enrol(ask(till(1, 1), key(3)), key(9)));
  const auto again = Roster::read(file, kOrigin, key(9).public_key());
  REQUIRE(again.has_value());
  const auto enrolment = [&](std::uint8_t n) {
    return *again->find(derive_kid(kOrigin, key(n).public_key()));
  };
  CHECK_FALSE(enrolment(1).seals_to);
  CHECK_FALSE(again->sealing_context(enrolment(1)));
  CHECK(enrolment(2).seals_to == first);
  CHECK(again->sealing_context(enrolment(2))->head_office_key == first);
  CHECK(enrolment(3).seals_to == second);
  CHECK(enrolment(3).sealing_key == test::sealing_key_of(key(3)).public_key());
  CHECK(again->sealing_key() == second);
}
