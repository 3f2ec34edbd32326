// States: each rule that decides what becomes of a message, seen in the books.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "core/retail/limits.h"
#include "tests/support/rebuild_books.h"
#include "tests/support/rebuild_fleet.h"

using core::Bytes;
using rebuild::BooksDigest;
using rebuild::StateCounts;
using rebuild::Verify;
using test::closing;
using test::Fleet;
using test::opening;
using test::RebuiltBooks;
using test::units;

namespace {

const core::ProductId kChair{133};

struct OneTill {
  OneTill() { number = fleet.enrol(7, 1); }
  test::ChainEnd& end() { return fleet.till(number); }
  Bytes next(const core::retail::Summary& summary) { return fleet.next(number, summary); }

  Fleet fleet;
  std::size_t number = 0;
};

std::string only_reason(const RebuiltBooks& books) {
  const auto list = *rebuild::quarantined(books.open());
  return list.size() == 1 ? list[0].reason : std::to_string(list.size()) + " quarantined";
}

std::int64_t net(const RebuiltBooks& books) {
  const auto totals = *rebuild::totals(books.open());
  return totals.empty() ? 0 : totals.begin()->second.net.minor;
}

Bytes payload_of(const core::retail::Summary& summary) {
  return core::retail::encode_summary(summary);
}

// Replays an honest day, then the day with `hostile` in the log as well: it must be quarantined
// for `reason` and leave every figure as it was, in both ways of checking signatures.
void check_quarantined(OneTill& t, const Bytes& hostile, const std::string& reason,
                       std::vector<Bytes> more = {}) {
  std::vector<Bytes> log = {t.next(opening(1, {{kChair, units(16)}})),
                            t.next(closing(1, 200000, 3, {{kChair, units(12)}}))};
  log.insert(log.end(), more.begin(), more.end());
  RebuiltBooks honest(t.fleet.roster());
  const BooksDigest before = honest.replay(log).digest;
  log.insert(log.begin() + 1, hostile);
  BooksDigest digests[2];
  for (const Verify verify : {Verify::kEvery, Verify::kTips}) {
    RebuiltBooks books(t.fleet.roster());
    const auto outcome = books.replay(log, {.verify = verify});
    CHECK(outcome.states.quarantined == 1);
    CHECK(only_reason(books) == reason);
    CHECK(outcome.digest.figures == before.figures);
    CHECK(outcome.digest.books != before.books);
    CHECK((*rebuild::quarantined(books.open()))[0].log_index == 1);
    digests[verify == Verify::kTips] = outcome.digest;
  }
  CHECK(digests[0] == digests[1]);
}

}  // namespace

TEST_CASE("a day of one till is proven and posted") {
  OneTill t;
  RebuiltBooks books(t.fleet.roster());
  const auto outcome = books.replay({t.next(opening(1, {{kChair, units(16)}})),
                                     t.next(closing(1, 200000, 3, {{kChair, units(12)}}))});
  CHECK(outcome.states == StateCounts{.proven = 2});
  CHECK(outcome.signatures_checked == 2);
  CHECK(net(books) == 200000);
  const auto stock = *rebuild::stock(books.open());
  CHECK(stock.at(kChair).received == units(16));
  CHECK(stock.at(kChair).consumed == units(12));
  CHECK(stock.at(kChair).on_hand == units(4));
  CHECK(rebuild::missing(books.open())->empty());
}

TEST_CASE("a message of a key that is not on the roster is quarantined as unknown-key") {
  OneTill t;
  Fleet other;
  other.enrol(1, 1);
  const auto stranger = test::key_number(99);
  auto header = test::header_after(t.end());
  header.kid = core::envelope::derive_kid(test::kOrigin, stranger.public_key());
  check_quarantined(t, test::sign(header, payload_of(closing(1, 999)), stranger), "unknown-key");
}

TEST_CASE("a message that names another epoch than its key's is quarantined as wrong-epoch") {
  OneTill t;
  auto header = test::header_after(t.end());
  header.epoch = core::Epoch{2};
  check_quarantined(t, test::sign(header, payload_of(closing(1, 999)), t.end().key), "wrong-epoch");
}

TEST_CASE("a message signed by another key than it names is quarantined as forged") {
  OneTill t;
  auto header = test::header_after(t.end());
  check_quarantined(t, test::sign(header, payload_of(closing(1, 999)), test::key_number(99)),
                    "forged");
}

TEST_CASE("a message with the signature of another message of its key is quarantined as altered") {
  OneTill t;
  test::ChainEnd start = t.end();
  const Bytes genuine = test::sign(test::header_after(start),
                                   payload_of(opening(1, {{kChair, units(16)}})), start.key);
  Bytes altered = genuine;
  altered[altered.size() - 67] ^= 1;  // the payload's last byte
  check_quarantined(t, altered, "altered");
}

TEST_CASE("a message with the signature of another till is quarantined as replayed") {
  OneTill t;
  const std::size_t other = t.fleet.enrol(7, 2);
  const auto payload = payload_of(closing(1, 5000));
  auto header = test::header_after(t.end());
  const Bytes theirs = t.fleet.next_payload(other, payload);
  const Bytes mine = test::sign(header, payload, t.end().key);
  check_quarantined(t, test::with_signature(mine, test::signature_of(theirs)), "replayed",
                    {theirs});
}

TEST_CASE("bytes that are no message are quarantined as malformed-message") {
  OneTill t;
  check_quarantined(t, Bytes{0x01, 0x02}, "malformed-message");
}

TEST_CASE("an authentic payload that is no summary is quarantined, and the chain goes on") {
  OneTill t;
  const Bytes first = t.next(opening(1, {}));
  const Bytes broken = t.fleet.next_payload(t.number, Bytes{0xff});
  const Bytes third = t.next(closing(1, 100));
  RebuiltBooks books(t.fleet.roster());
  const auto outcome = books.replay({first, broken, third});
  CHECK(outcome.states == StateCounts{.proven = 2, .quarantined = 1});
  CHECK(only_reason(books) == "malformed-payload");
  CHECK(rebuild::missing(books.open())->empty());
}

TEST_CASE("a closing whose tenders differ from its net is quarantined as unbalanced") {
  OneTill t;
  auto wrong = closing(1, 100);
  wrong.tenders.begin()->second.minor = 99;
  RebuiltBooks books(t.fleet.roster());
  books.replay({t.fleet.next_payload(t.number, payload_of(wrong)), t.next(closing(2, 50))});
  CHECK(only_reason(books) == "unbalanced");
  CHECK(net(books) == 50);
}

TEST_CASE("a figure beyond what the books can add up is quarantined as out-of-range") {
  OneTill t;
  RebuiltBooks books(t.fleet.roster());
  books.replay({t.next(closing(1, core::retail::kFigureMax + 1)), t.next(closing(2, 50))});
  CHECK(only_reason(books) == "out-of-range");
  CHECK(net(books) == 50);
}

TEST_CASE("a bulletin that a till signs is no summary") {
  OneTill t;
  auto header = test::header_after(t.end());
  header.content_type = core::envelope::ContentType::kBulletin;
  RebuiltBooks books(t.fleet.roster());
  books.replay({test::sign(header, payload_of(closing(1, 100)), t.end().key)});
  CHECK(only_reason(books) == "malformed-payload");
  CHECK(net(books) == 0);
}

TEST_CASE("a lost message blocks nothing and is listed as missing") {
  OneTill t;
  const Bytes lost = t.next(opening(1, {{kChair, units(16)}}));
  const Bytes kept = t.next(closing(1, 100));
  t.next(opening(2, {}));
  t.next(closing(2, 10));
  const Bytes last = t.next(opening(3, {{kChair, units(1)}}));
  RebuiltBooks books(t.fleet.roster());
  const auto outcome = books.replay({kept, last});
  CHECK(outcome.states == StateCounts{.unproven = 2});
  CHECK(net(books) == 100);
  const auto missing = *rebuild::missing(books.open());
  REQUIRE(missing.size() == 2);
  CHECK(missing[0].first.value == 1);
  CHECK(missing[0].last.value == 1);
  CHECK(missing[1].first.value == 3);
  CHECK(missing[1].last.value == 4);

  // It arrives after all: the first two are proven, the last one still waits.
  const auto later = books.replay({kept, last, lost});
  CHECK(later.states == StateCounts{.proven = 2, .unproven = 1});
  CHECK(rebuild::missing(books.open())->size() == 1);
  CHECK_FALSE(rebuild::unproven(books.open())->front().broken);
}

TEST_CASE("a message that does not name the one before it is a broken chain") {
  OneTill t;
  const Bytes first = t.next(opening(1, {}));
  t.end().prev = t.end().entry;  // forgets its first message
  const Bytes second = t.next(closing(1, 100));
  const Bytes third = t.next(opening(2, {}));
  RebuiltBooks books(t.fleet.roster());
  const auto outcome = books.replay({first, second, third});
  CHECK(outcome.states == StateCounts{.proven = 1, .unproven = 2});
  CHECK(net(books) == 100);
  const auto unproven = *rebuild::unproven(books.open());
  CHECK(unproven[0].broken);
  CHECK_FALSE(unproven[1].broken);
}

TEST_CASE("a first message that does not name its roster entry is unproven and broken") {
  OneTill t;
  t.end().prev = {};
  RebuiltBooks books(t.fleet.roster());
  CHECK(books.replay({t.next(closing(1, 100))}).states == StateCounts{.unproven = 1});
  CHECK(rebuild::unproven(books.open())->front().broken);
}

TEST_CASE("two contents for one place are both posted and both reversed, in either order") {
  OneTill t;
  const Bytes first = t.next(opening(1, {{kChair, units(16)}}));
  const test::ChainEnd fork = t.end();
  const Bytes one = t.next(closing(1, 100, 1, {{kChair, units(4)}}));
  t.end() = fork;
  const Bytes two = t.next(closing(1, 999, 1, {{kChair, units(8)}}));
  const Bytes after = t.next(opening(2, {}));

  RebuiltBooks whole(t.fleet.roster());
  const auto outcome = whole.replay({first, one, two, after});
  CHECK(outcome.states == StateCounts{.proven = 2, .contradicted = 2});
  CHECK(net(whole) == 0);
  CHECK(rebuild::totals(whole.open())->empty());
  CHECK(rebuild::stock(whole.open())->at(kChair).on_hand == units(16));
  const auto named = *rebuild::contradicted(whole.open());
  REQUIRE(named.size() == 2);
  CHECK(named[0].sequence.value == 2);
  const auto balances = rebuild::trial_balance(whole.open())->accounts;
  for (const auto& balance : balances) {
    CHECK(balance.balance.minor == 0);
    CHECK(balance.debit.minor > 0);  // the entries and their reversals are there to be seen
  }

  RebuiltBooks pieces(t.fleet.roster());
  CHECK(pieces.replay({two}).states == StateCounts{.unproven = 1});
  CHECK(net(pieces) == 999);
  CHECK(pieces.replay({two, after, one}).states == StateCounts{.unproven = 1, .contradicted = 2});
  CHECK(pieces.replay({two, after, one, first}).digest == outcome.digest);
}

TEST_CASE("head office says which content stands; of two such decisions the older one holds") {
  OneTill t;
  const Bytes first = t.next(opening(1, {{kChair, units(16)}}));
  const test::ChainEnd fork = t.end();
  const Bytes one = t.next(closing(1, 100, 1, {{kChair, units(4)}}));
  const Bytes one_goes_on = t.next(opening(2, {}));
  const core::envelope::ChainPlace one_end{t.end().sequence, t.end().prev};
  t.end() = fork;
  const Bytes two = t.next(closing(1, 999, 1, {{kChair, units(8)}}));
  const core::envelope::ChainPlace two_end{t.end().sequence, t.end().prev};
  const std::vector<Bytes> log = {two, one_goes_on, one, first};

  core::envelope::Roster roster = t.fleet.roster();
  RebuiltBooks books(roster);
  CHECK(books.replay(log).states == StateCounts{.proven = 2, .contradicted = 2});
  t.fleet.settle(t.number, one_end);  // names the place behind the fork, and so the fork
  roster = t.fleet.roster();
  const auto settled = books.replay(log);
  CHECK(settled.states == StateCounts{.proven = 3, .evidence = 1});
  CHECK(net(books) == 100);
  t.fleet.settle(t.number, two_end);
  roster = t.fleet.roster();
  CHECK(books.replay(log).digest == settled.digest);
  RebuiltBooks anew(roster);
  CHECK(anew.replay(log).digest == settled.digest);
}

TEST_CASE(
    "what stands behind a revoked key's last place is reversed, whenever each of them comes") {
  OneTill t;
  std::vector<Bytes> log = {t.next(opening(1, {{kChair, units(16)}}))};
  log.push_back(t.next(closing(1, 100, 1, {{kChair, units(4)}})));
  const core::envelope::ChainPlace last{t.end().sequence, t.end().prev};
  log.push_back(t.next(opening(2, {{kChair, units(2)}})));
  log.push_back(t.next(closing(2, 999)));

  core::envelope::Roster roster = t.fleet.roster();
  RebuiltBooks books(roster);
  CHECK(books.replay({log[0], log[1], log[2]}).states == StateCounts{.proven = 3});
  t.fleet.revoke(t.number, last);
  roster = t.fleet.roster();
  const auto outcome = books.replay(log);
  CHECK(outcome.states == StateCounts{.proven = 2, .revoked = 2});
  CHECK(net(books) == 100);
  CHECK(rebuild::stock(books.open())->at(kChair).on_hand == units(12));
  CHECK(rebuild::revoked(books.open())->size() == 2);
  for (const Verify verify : {Verify::kEvery, Verify::kTips}) {
    RebuiltBooks anew(roster);
    CHECK(anew.replay({log[3], log[1], log[0], log[2]}, {.verify = verify}).digest ==
          outcome.digest);
  }
}

TEST_CASE("a copy under another signature is counted once, whichever arrives first") {
  OneTill t;
  const auto payload = payload_of(closing(1, 100));
  const auto header = test::header_after(t.end());
  const Bytes one = test::sign(header, payload, t.end().key);
  const Bytes two = test::sign_again(header, payload, t.end().key, 1);
  REQUIRE(one != two);
  BooksDigest digests[3];
  const std::vector<std::vector<std::vector<Bytes>>> ways = {
      {{one, two}}, {{one}, {one, two}}, {{two}, {two, one}}};
  for (std::size_t way = 0; way < ways.size(); ++way) {
    RebuiltBooks books(t.fleet.roster());
    for (const auto& log : ways[way]) digests[way] = books.replay(log).digest;
    CHECK(*books.open().state_counts() == StateCounts{.proven = 1, .copies = 1});
    CHECK(net(books) == 100);
    const auto copies = *rebuild::copies(books.open());
    REQUIRE(copies.size() == 1);
    CHECK(copies[0].id ==
          std::max(core::envelope::message_id(one), core::envelope::message_id(two)));
  }
  CHECK(digests[0] == digests[1]);
  CHECK(digests[0] == digests[2]);
}

TEST_CASE("a bad signature that the chain covers posts, and the full audit names it") {
  OneTill t;
  Bytes first = t.next(opening(1, {{kChair, units(16)}}));
  first = test::with_signature(first, test::signature_of(Bytes(64, 0)));
  t.end().prev = core::envelope::message_id(first);
  const Bytes second = t.next(closing(1, 100));
  RebuiltBooks every(t.fleet.roster());
  RebuiltBooks tips(t.fleet.roster());
  const auto a = every.replay({first, second}, {.verify = Verify::kEvery});
  const auto b = tips.replay({first, second}, {.verify = Verify::kTips});
  CHECK(a.states == StateCounts{.proven = 2});
  CHECK(a.digest == b.digest);
  CHECK(b.signatures_checked == 1);
  CHECK(rebuild::covered_bad_signatures(every.open())->size() == 1);
  CHECK(rebuild::covered_bad_signatures(tips.open())->empty());

  // Without the message that vouches for it, it is a forgery; with it, it comes out of quarantine.
  RebuiltBooks pieces(t.fleet.roster());
  CHECK(pieces.replay({first}).states == StateCounts{.quarantined = 1});
  CHECK(only_reason(pieces) == "forged");
  CHECK(pieces.replay({first, second}).digest == a.digest);
  CHECK(rebuild::stock(pieces.open())->at(kChair).received == units(16));
}

TEST_CASE("a message of another key vouches for nothing") {
  OneTill t;
  const std::size_t other = t.fleet.enrol(7, 2);
  const Bytes genuine = t.next(closing(1, 100));
  const Bytes bad = test::with_signature(genuine, test::signature_of(Bytes(64, 0)));
  t.fleet.till(other).prev = core::envelope::message_id(bad);
  const Bytes names_it = t.fleet.next(other, closing(1, 50));
  for (const Verify verify : {Verify::kEvery, Verify::kTips}) {
    RebuiltBooks books(t.fleet.roster());
    CHECK(books.replay({bad, names_it}, {.verify = verify}).states ==
          StateCounts{.unproven = 1, .quarantined = 1});
    CHECK(only_reason(books) == "forged");
    CHECK(net(books) == 50);
  }
}

TEST_CASE("a signature that both a till's own and another's message carry makes it altered") {
  OneTill t;
  const std::size_t other = t.fleet.enrol(7, 2);
  const Bytes theirs = t.fleet.next(other, closing(1, 50));
  // The till's first message lost its signature for the other's, and its chain covers that.
  Bytes first = t.next(closing(1, 100));
  first = test::with_signature(first, test::signature_of(theirs));
  t.end().prev = core::envelope::message_id(first);
  const Bytes second = t.next(closing(2, 10));
  auto header = test::header_after(t.end());
  const Bytes hostile = test::with_signature(
      test::sign(header, payload_of(closing(3, 999)), t.end().key), test::signature_of(theirs));
  RebuiltBooks books(t.fleet.roster());
  CHECK(books.replay({theirs, first, second, hostile}).states ==
        StateCounts{.proven = 3, .quarantined = 1});
  CHECK(only_reason(books) == "altered");
}

TEST_CASE("tips vouch for their chains, and a broken chain is checked one by one") {
  OneTill t;
  std::vector<Bytes> log;
  for (int day = 1; day <= 10; ++day) log.push_back(t.next(closing(day, 100)));
  RebuiltBooks good(t.fleet.roster());
  CHECK(good.replay(log, {.verify = Verify::kTips}).signatures_checked == 1);
  Bytes& tip = log.back();
  tip = test::with_signature(tip, test::signature_of(Bytes(64, 0)));
  RebuiltBooks broken(t.fleet.roster());
  const auto outcome = broken.replay(log, {.verify = Verify::kTips});
  CHECK(outcome.signatures_checked == 11);  // the tip, and then each by itself
  CHECK(outcome.states == StateCounts{.proven = 9, .quarantined = 1});
}

TEST_CASE("a message in quarantine for its key is posted once the key is enrolled") {
  OneTill t;
  Fleet later = t.fleet;
  const std::size_t second = later.enrol(7, 2);
  const std::vector<Bytes> log = {t.next(closing(1, 100)), later.next(second, closing(1, 50))};
  RebuiltBooks books(t.fleet.roster());
  CHECK(books.replay(log).states == StateCounts{.proven = 1, .quarantined = 1});
  const auto outcome = *rebuild::replay(*rebuild::memory_source(log), later.roster(), books.file());
  CHECK(outcome.states == StateCounts{.proven = 2});
  RebuiltBooks fresh(later.roster());
  CHECK(fresh.replay(log).digest == outcome.digest);
  CHECK(net(books) == 150);
}

TEST_CASE("a till that is enrolled again goes on in its next epoch, and both post") {
  OneTill t;
  const Bytes old_day = t.next(closing(1, 100));
  const std::size_t again = t.fleet.enrol(7, 1);
  const Bytes new_day = t.fleet.next(again, closing(2, 50));
  RebuiltBooks books(t.fleet.roster());
  CHECK(books.replay({new_day, old_day}).states == StateCounts{.proven = 2});
  CHECK(net(books) == 150);
  CHECK(rebuild::missing(books.open())->empty());
}

TEST_CASE("three tills of one store share its stock, which may go negative") {
  Fleet fleet;
  for (std::uint32_t till = 1; till <= 3; ++till) fleet.enrol(9, till);
  RebuiltBooks books(fleet.roster());
  const auto outcome = books.replay({fleet.next(0, opening(1, {{kChair, units(10)}})),
                                     fleet.next(1, closing(1, 100, 1, {{kChair, units(4)}})),
                                     fleet.next(2, closing(1, 300, 2, {{kChair, units(9)}}))});
  CHECK(outcome.states == StateCounts{.proven = 3});
  const auto stores = *rebuild::stock_by_store(books.open());
  REQUIRE(stores.size() == 1);
  CHECK(stores.at(core::StoreId{9}).at(kChair).on_hand == units(-3));
  const auto days = *rebuild::store_days(books.open());
  REQUIRE(days.size() == 1);
  CHECK(days[0].takings.sales == 3);
  CHECK(days[0].takings.net.minor == 400);
}

TEST_CASE("a day in parts is complete with all of them") {
  OneTill t;
  core::retail::Components many;
  for (std::uint64_t p = 1; p <= 1600; ++p) many[core::ProductId{p}] = units(1);
  std::vector<Bytes> log;
  for (const auto& part : core::retail::split(opening(1, many), 1024)) log.push_back(t.next(part));
  REQUIRE(log.size() > 2);
  RebuiltBooks books(t.fleet.roster());
  const Bytes second = log[1];
  log.erase(log.begin() + 1);
  books.replay(log);
  const auto incomplete = *rebuild::incomplete_days(books.open());
  REQUIRE(incomplete.size() == 1);
  CHECK(incomplete[0].missing_parts == std::vector<std::uint32_t>{2});
  log.push_back(second);
  books.replay(log);
  CHECK(rebuild::incomplete_days(books.open())->empty());
  CHECK(rebuild::stock(books.open())->size() == 1600);
}

TEST_CASE("as-of names tills that are silent, and never enters the digest") {
  Fleet fleet;
  for (std::uint32_t till = 1; till <= 3; ++till) fleet.enrol(1, till);
  RebuiltBooks books(fleet.roster());
  books.replay({fleet.next(0, opening(5, {})), fleet.next(1, opening(5, {})),
                fleet.next(1, closing(5, 100))});
  const auto silent = *rebuild::silent(books.open(), core::BusinessDay{6});
  REQUIRE(silent.size() == 2);
  CHECK(silent[0].till.till.value == 1);
  CHECK(silent[0].open_day == core::BusinessDay{5});
  CHECK(silent[1].till.till.value == 3);
  CHECK_FALSE(silent[1].open_day.has_value());
  CHECK(rebuild::silent(books.open(), core::BusinessDay{5})->size() == 1);
}

TEST_CASE("numbers and grand totals that do not go on where the till ended are named") {
  using core::retail::NumberRange;
  using core::retail::Series;
  OneTill t;
  const auto day = [&](int number, std::int64_t net_minor, NumberRange invoices,
                       std::int64_t ever_sold) {
    core::retail::Closing out = closing(number, net_minor, invoices.last - invoices.first + 1);
    out.numbers[Series::kInvoice] = invoices;
    out.grand_totals.sales.minor = ever_sold;
    return t.next(out);
  };
  const std::vector<Bytes> log = {day(1, 100, {1, 2}, 100), day(2, 50, {3, 3}, 150),
                                  day(3, 70, {5, 6}, 220), day(4, 10, {7, 7}, 220)};
  RebuiltBooks honest(t.fleet.roster());
  honest.replay({log[0], log[1]});
  CHECK(rebuild::number_jumps(honest.open())->empty());
  RebuiltBooks books(t.fleet.roster());
  books.replay(log);
  const auto jumps = *rebuild::number_jumps(books.open());
  REQUIRE(jumps.size() == 2);
  CHECK(jumps[0].what == "invoice");
  CHECK(jumps[0].message.sequence.value == 3);
  CHECK(jumps[0].expected == 4);
  CHECK(jumps[0].found == 5);
  CHECK(jumps[1].what == "ever sold");
  CHECK(jumps[1].message.sequence.value == 4);
  CHECK(jumps[1].expected == 230);
  // Behind a message that is missing nothing can be told.
  RebuiltBooks gap(t.fleet.roster());
  gap.replay({log[0], log[2]});
  CHECK(rebuild::number_jumps(gap.open())->empty());
}
