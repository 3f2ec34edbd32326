// Damages every page of a journal in turn, plain and encrypted, and its write-ahead log: whatever
// touches what the till says is found, by its file's name, or changes no answer.
// Oracle: all answers before the damage.
#include <doctest/doctest.h>

#include <algorithm>

#include "core/base/random.h"
#include "tests/crash/till_answers.h"
#include "tests/support/process.h"
#include "tests/unit/till_samples.h"

using namespace till_test;
using core::Bytes;
using core::Errc;
using till::Durability;
using till::JournalKey;
using till::Till;

namespace {

constexpr std::size_t kPage = 1024;
// Instrumented code is slow; every page is damaged all the same.
constexpr int kFlips = test::kSanitized ? 2 : 12;

using Answers = std::vector<std::string>;

struct Tally {
  int damages = 0;
  int found_at_opening = 0;
  int found_by_check = 0;
  int without_effect = 0;
};

// A journal with something in every table: two days, one of them closed, refunds, voids, receipts.
class DamagedShop {
 public:
  explicit DamagedShop(bool encrypted) {
    if (encrypted) key_ = JournalKey::from(Bytes(32, 3)).value();
    std::filesystem::create_directory(dir_ / "backup");
    {
      Till till = Till::create(journal(), setup_with(garden()), Durability::kFull, key_).value();
      fill(till);
      log_ = test::read_file(journal().string() + "-wal");
      before_log_ = test::read_file(journal());
    }
    whole_ = test::read_file(journal());
    REQUIRE(whole_.size() % kPage == 0);
    Till till = open().value();
    REQUIRE(till.check());
    answers_ = test::answers_of(till).value();
  }

  std::size_t pages() const { return whole_.size() / kPage; }
  const Bytes& whole() const { return whole_; }
  const Bytes& log() const { return log_; }
  core::ByteView page(std::size_t n) const {
    return core::ByteView(whole_).subspan(n * kPage, kPage);
  }

  // Puts a damaged file in the journal's place and asks it everything.
  void take(const Bytes& damaged, Tally& tally) {
    if (damaged == whole_) return;
    ++tally.damages;
    put(damaged, {});
    auto till = open();
    if (!till) {
      ++tally.found_at_opening;
      return check_error(till.error());
    }
    const auto checked = till->check();
    const auto now = test::answers_of(*till);
    if (!checked) {
      ++tally.found_by_check;
      return check_error(checked.error());
    }
    REQUIRE_MESSAGE(now, (now ? "" : describe(now.error())));
    CHECK_MESSAGE(*now == answers_, test::first_difference(answers_, *now));
    ++tally.without_effect;
  }

  // The log of a till that was killed, damaged. What a log has behind its first damaged frame was
  // never there: the till is what it was at an earlier moment, whole. Returns how many documents.
  std::uint64_t take_log(const Bytes& damaged) {
    put(before_log_, damaged);
    auto till = open();
    if (!till) {
      check_error(till.error());
      return 0;
    }
    const auto checked = till->check();
    CHECK_MESSAGE(checked, (checked ? "" : describe(checked.error())));
    return till->status()->documents;
  }

 private:
  std::filesystem::path journal() const { return dir_ / "till.db"; }
  core::Result<Till> open() { return Till::open(journal(), Durability::kFull, key_); }

  void put(const Bytes& file, const Bytes& log) {
    std::filesystem::remove(journal().string() + "-wal");
    test::write_file(journal(), file);
    if (!log.empty()) test::write_file(journal().string() + "-wal", log);
  }

  void check_error(const core::Error& error) {
    INFO(describe(error));
    CHECK(error.what.find(journal().string()) != std::string::npos);
    CHECK((error.code == Errc::kDamaged || error.code == Errc::kMalformed ||
           error.code == Errc::kUnknownKey));
  }

  void fill(Till& till) {
    HeadOffice office;
    office.enrol(till.enrol_request());
    REQUIRE(till.join(office.roster()));
    REQUIRE(till.set_backup_to({(dir_ / "backup").string()}));
    test::MemoryLog relay{std::string(kOrigin)};
    for (std::int32_t n = 1; n <= 2; ++n) {
      REQUIRE(till.open_day(day(n), parts_for(40)));
      for (std::int64_t i = 0; i < 8; ++i) REQUIRE(till.ring(sets(1 + i % 3), i));
      const std::uint64_t first = 8 * static_cast<std::uint64_t>(n) - 7;
      REQUIRE(till.refund(
          {first, {{0, units(1), true}}, core::retail::TenderKind::kCash, "broken", {}}, 9));
      REQUIRE(till.void_sale(first + 1, "wrong customer", 10));
      REQUIRE(till.move_cash(core::retail::CashKind::kFloat, usd(20000), "", 11));
      REQUIRE(till.open_drawer("change", 12));
      if (n == 2) break;
      REQUIRE(till.close_day(usd(1)));
      REQUIRE(till.copy_backups());
      std::vector<till::Outbox::Acknowledgement> all;
      const auto sent = till.outbox().all(core::Sequence{0}, 10);
      REQUIRE(sent);
      for (const auto& entry : *sent) {
        const auto place = relay.take(entry.message).index;
        all.push_back({entry.sequence, relay.receipt(place.value)});
      }
      REQUIRE(till.outbox().acknowledge(all));
    }
    REQUIRE(till.outbox().mark_refused(core::Sequence{3}, "not on the roster"));
  }

  test::TempDir dir_;
  JournalKey key_;
  Bytes whole_;
  Bytes log_;         // of a till that was killed
  Bytes before_log_;  // the file beside it
  Answers answers_;
};

Bytes with_page(const DamagedShop& shop, std::size_t n, core::ByteView content) {
  Bytes out = shop.whole();
  std::copy(content.begin(), content.end(), out.begin() + static_cast<std::ptrdiff_t>(n * kPage));
  return out;
}

void damage_every_page(bool encrypted) {
  DamagedShop shop(encrypted);
  core::Random random(20261128);
  Tally tally;
  REQUIRE(shop.pages() > 10);
  for (std::size_t n = 0; n < shop.pages(); ++n) {
    CAPTURE(n);
    for (int i = 0; i < kFlips; ++i) {
      Bytes flipped = core::to_bytes(shop.page(n));
      const std::uint64_t at = random.between(0, kPage - 1);
      CAPTURE(at);
      flipped[at] ^= static_cast<std::uint8_t>(1u << random.between(0, 7));
      shop.take(with_page(shop, n, flipped), tally);
    }
    shop.take(with_page(shop, n, Bytes(kPage, 0)), tally);
    shop.take(with_page(shop, n, Bytes(kPage, 0xff)), tally);
    Bytes half = core::to_bytes(shop.page(n));
    std::fill(half.begin() + kPage / 2, half.end(), std::uint8_t{0});
    shop.take(with_page(shop, n, half), tally);
    const std::size_t other = (n + random.between(1, shop.pages() - 1)) % shop.pages();
    shop.take(with_page(shop, n, shop.page(other)), tally);
    Bytes shorter = shop.whole();
    shorter.resize(n * kPage + random.between(1, kPage - 1));
    shop.take(shorter, tally);
  }
  MESSAGE(shop.pages() << " pages, " << tally.damages << " damages: " << tally.found_at_opening
                       << " found at opening, " << tally.found_by_check << " by check, "
                       << tally.without_effect << " without effect on any answer");
  CHECK(tally.found_at_opening > 0);
  CHECK(tally.found_by_check > 0);
  // A journal has hardly a page that nothing is in.
  CHECK(tally.without_effect * 10 < tally.damages);
}

// Every byte of the header: page size, reserved bytes, versions, counts.
void damage_the_header(bool encrypted) {
  DamagedShop shop(encrypted);
  Tally tally;
  for (std::size_t at = 0; at < 100; ++at) {
    CAPTURE(at);
    for (const int change : {0x01, 0xff}) {
      Bytes flipped = shop.whole();
      flipped[at] ^= static_cast<std::uint8_t>(change);
      shop.take(flipped, tally);
    }
  }
  CHECK(tally.found_at_opening + tally.found_by_check == 200);
}

void damage_the_log(bool encrypted) {
  DamagedShop shop(encrypted);
  core::Random random(1);
  const std::uint64_t all = shop.take_log(shop.log());
  CHECK(all == 24);
  std::uint64_t earlier = 0;
  for (int i = 0; i < (test::kSanitized ? 40 : 200); ++i) {
    Bytes damaged = shop.log();
    const std::uint64_t at = random.between(0, damaged.size() - 1);
    CAPTURE(at);
    damaged[at] ^= static_cast<std::uint8_t>(random.between(1, 255));
    const std::uint64_t documents = shop.take_log(damaged);
    CHECK(documents <= all);
    earlier += documents < all ? 1 : 0;
  }
  CHECK(earlier > 0);
}

}  // namespace

TEST_CASE("a damaged page of a journal is found by its file's name, or changes no answer") {
  damage_every_page(false);
}

TEST_CASE(
    "a damaged page of an encrypted journal is found by its file's name, or changes no answer") {
  damage_every_page(true);
}

TEST_CASE("any damage of a journal's header is found") {
  damage_the_header(false);
  damage_the_header(true);
}

TEST_CASE("a damaged log leaves a till as it was at an earlier moment, whole, or is found") {
  damage_the_log(false);
  damage_the_log(true);
}
