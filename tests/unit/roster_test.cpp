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
  append(file, *roster.revoke(till(1, 1), Epoch{1}, {}, key(9)));
  CHECK(roster.revoke(till(1, 1), Epoch{1}, {}, key(9)).error().code == Errc::kState);
  CHECK(roster.revoke(till(1, 1), Epoch{3}, {}, key(9)).error().code == Errc::kNotFound);
  CHECK(roster.revoke(till(1, 2), Epoch{1}, {}, key(9)).error().code == Errc::kNotFound);
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

namespace {

// A roster whose root, key(9), has enrolled a key of every day, key(8).
struct Office {
  RosterFile file{{}, *Roster::read({}, kOrigin, key(9).public_key())};
  ChainPlace last;  // of the key of every day

  Office() {
    keep(*file.roster.enrol(ask(kHeadOffice, key(8)), key(9)));
    last.id = file.roster.office()->entry;
  }
  void keep(const Bytes& entry) { append(file.bytes, entry); }
  RosterSigner signer(std::uint8_t n = 8) const { return {key(n), last}; }
  // Anything that is no roster entry takes a place of the chain, too.
  void say_something_else() { last = {Sequence{last.sequence.value + 1}, sha256(last.id.view())}; }
  Bytes sign(const Result<Bytes>& entry) {
    REQUIRE_MESSAGE(entry.has_value(), (entry ? "" : entry.error().what));
    last = {Sequence{last.sequence.value + 1}, message_id(*entry)};
    keep(*entry);
    return *entry;
  }
  Result<Roster> read() const { return Roster::read(file.bytes, kOrigin, key(9).public_key()); }
};

}  // namespace

TEST_CASE("the key of every day signs entries between other bulletins; the root signs that key") {
  Office office;
  Roster& roster = office.file.roster;
  office.sign(roster.enrol(ask(till(1, 1), key(1)), office.signer()));
  office.say_something_else();
  const Bytes second = office.sign(roster.enrol(ask(till(1, 2), key(2)), office.signer()));
  office.keep(*roster.name_log_key(key(5).public_key(), key(9)));
  office.sign(roster.enrol(ask(till(1, 3), key(3)), office.signer()));
  const auto again = office.read();
  REQUIRE_MESSAGE(again.has_value(), (again ? "" : again.error().what));
  CHECK(again->enrolments().size() == 4);
  CHECK(again->office()->key == key(8).public_key());
  CHECK(again->office_last() == office.last.sequence);
  CHECK(again->log_key() == key(5).public_key());
  CHECK(again->find(till(1, 2), Epoch{1})->entry == message_id(second));
  CHECK(again->find(till(1, 2), Epoch{2}) == nullptr);
  CHECK(again->has(message_id(second)));

  // Of itself it says nothing, and neither does a till.
  CHECK(roster.revoke(kHeadOffice, Epoch{1}, {}, office.signer()).error().code == Errc::kState);
  CHECK(roster.enrol(ask(kHeadOffice, key(7)), office.signer()).error().code == Errc::kState);
  CHECK(roster.enrol(ask(kHeadOffice, key(7)), key(9)).error().code == Errc::kState);
  CHECK(roster.revoke(till(1, 1), Epoch{1}, {}, office.signer(1)).error().code ==
        Errc::kUnknownKey);
}

TEST_CASE("a roster from which an entry was taken, of whichever signer, is refused") {
  Office office;
  Roster& roster = office.file.roster;
  std::vector<Bytes> entries = {office.file.bytes};
  for (std::uint8_t n = 1; n <= 3; ++n) {
    entries.push_back(office.sign(roster.enrol(ask(till(1, n), key(n)), office.signer())));
    entries.push_back(*roster.name_log_key(key(5).public_key(), key(9)));
    office.keep(entries.back());
    office.say_something_else();
  }
  REQUIRE(office.read().has_value());
  for (std::size_t out = 0; out + 1 < entries.size(); ++out) {
    Bytes file;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (i != out) append(file, entries[i]);
    }
    CHECK_FALSE(Roster::read(file, kOrigin, key(9).public_key()).has_value());
  }
  for (std::size_t i = 0; i < office.file.bytes.size(); ++i) {
    Bytes altered = office.file.bytes;
    altered[i] ^= 0x10;
    CHECK_FALSE(Roster::read(altered, kOrigin, key(9).public_key()).has_value());
  }
}

TEST_CASE("what is not behind a revoked key's last place is allowed, and nothing else") {
  Office office;
  Roster& roster = office.file.roster;
  office.sign(roster.enrol(ask(till(1, 1), key(1)), office.signer()));
  const ChainPlace early{Sequence{3}, sha256(Bytes{1})};
  const ChainPlace middle{Sequence{7}, sha256(Bytes{2})};
  const ChainPlace late{Sequence{9}, sha256(Bytes{3})};
  office.sign(roster.settle(till(1, 1), Epoch{1}, early, office.signer()));
  office.sign(roster.settle(till(1, 1), Epoch{1}, late, office.signer()));
  CHECK(roster.find(till(1, 1), Epoch{1})->allows(Sequence{100}));
  office.sign(roster.revoke(till(1, 1), Epoch{1}, middle, office.signer()));
  CHECK(roster.settle(till(1, 1), Epoch{1}, late, office.signer()).error().code == Errc::kState);
  const auto again = office.read();
  REQUIRE(again.has_value());
  const Enrolment& enrolment = *again->find(till(1, 1), Epoch{1});
  CHECK(enrolment.revoked);
  CHECK(enrolment.allows(Sequence{7}));
  CHECK_FALSE(enrolment.allows(Sequence{8}));
  CHECK(enrolment.stands == std::vector<ChainPlace>{early, middle});

  office.sign(roster.enrol(ask(till(1, 2), key(2)), office.signer()));
  office.sign(roster.revoke(till(1, 2), Epoch{1}, {}, office.signer()));
  CHECK_FALSE(office.read()->find(till(1, 2), Epoch{1})->allows(Sequence{1}));
}

TEST_CASE("the root takes a leaked key of every day back, with all that it said behind a place") {
  Office office;
  Roster& roster = office.file.roster;
  office.sign(roster.enrol(ask(till(1, 1), key(1)), office.signer()));
  const RosterFile good = office.file;
  const ChainPlace last = office.last;
  const Bytes theft = office.sign(roster.enrol(ask(till(1, 9), key(4)), office.signer()));
  const RosterFile stolen = office.file;

  // Signed from the directory that knows nothing of the theft.
  RosterFile own = good;
  const Bytes revocation = *own.roster.revoke(kHeadOffice, Epoch{1}, last, key(9));
  append(own.bytes, revocation);
  const Bytes successor = *own.roster.enrol(ask(kHeadOffice, key(7)), key(9));
  append(own.bytes, successor);

  RosterFile relay = stolen;
  REQUIRE(extend_roster(relay, revocation).has_value());
  REQUIRE(extend_roster(relay, successor).has_value());
  CHECK(relay.bytes == own.bytes);
  CHECK(relay.roster.find(till(1, 9), Epoch{1}) == nullptr);
  CHECK(relay.roster.find(till(1, 1), Epoch{1}) != nullptr);
  CHECK(relay.roster.office()->key == key(7).public_key());
  CHECK(relay.roster.office()->epoch == Epoch{2});
  CHECK(extend_roster(relay, revocation).error().code == Errc::kExists);
  CHECK(extend_roster(relay, theft).error().code == Errc::kState);
  CHECK(relay.bytes == own.bytes);

  // The old key speaks no more, the new one does.
  CHECK(relay.roster.enrol(ask(till(1, 3), key(3)), RosterSigner(key(8), last)).error().code ==
        Errc::kUnknownKey);
  const ChainPlace first{Sequence{0}, relay.roster.office()->entry};
  CHECK(relay.roster.enrol(ask(till(1, 3), key(3)), RosterSigner(key(7), first)).has_value());

  // Two contents by the key of every day itself are nobody's to choose from.
  RosterFile fork = good;
  REQUIRE(extend_roster(fork, theft).has_value());
  RosterFile other = good;
  const Bytes twin = *other.roster.enrol(ask(till(1, 2), key(2)), RosterSigner(key(8), last));
  CHECK(extend_roster(fork, twin).error().code == Errc::kState);
  CHECK(fork.bytes == stolen.bytes);
  // The root itself takes no entry of its own back: it has one content for a place, too.
  RosterFile twice = own;
  RosterFile before = good;
  const Bytes other_revocation = *before.roster.revoke(kHeadOffice, Epoch{1}, std::nullopt, key(9));
  CHECK(extend_roster(twice, other_revocation).error().code == Errc::kState);
  CHECK(twice.bytes == own.bytes);
  // And no entry that is not signed goes in.
  RosterFile forged = good;
  Bytes unsigned_twin = twin;
  unsigned_twin.back() ^= 1;
  CHECK_FALSE(extend_roster(forged, unsigned_twin).has_value());
  CHECK(forged.bytes == good.bytes);
}

TEST_CASE("a link has one form") {
  Office office;
  Roster& roster = office.file.roster;
  const Bytes entry = *roster.name_log_key(key(5).public_key(), office.signer());
  const Message message = *parse_message(entry);
  CHECK(Roster::is_entry(message.payload));
  // {0: 3, 4: key, 8: prev} says what the header says already.
  Bytes twice = to_bytes(message.payload);
  twice[0] = 0xa3;
  append(twice, Bytes{0x08, 0x58, 0x20});
  append(twice, message.header.prev.view());
  CHECK(Roster::is_entry(twice));
  const Bytes second = *sign_message(message.header, twice, key(8));
  RosterFile file{office.file.bytes, *office.read()};
  CHECK_FALSE(file.roster.add(second).has_value());
  CHECK(file.roster.add(entry).has_value());
}
