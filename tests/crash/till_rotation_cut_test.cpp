// Cuts the power at every operation of the disk while a till changes its key: what is there when it
// is back is a till with the old key, or one with the new key, whole. Disk: powercut_vfs.h.
#include <doctest/doctest.h>

#include "tests/support/powercut_vfs.h"
#include "tests/unit/till_samples.h"

using namespace till_test;
using test::Counted;
using test::PowerCutDisk;
using till::Till;

namespace {

struct Rotating {
  Rotating() : disk(7) {
    disk.make_file(path());
    Till till = Till::create(path(), setup_with(garden()), till::Durability::kFull).value();
    office.enrol(till.enrol_request());
    REQUIRE(till.join(office.roster()));
    std::filesystem::create_directory(dir / "stick");
    REQUIRE(till.set_backup_to({(dir / "stick").string()}));
    a_day(till, 1);
    REQUIRE(till.ask_for_key());
    a_day(till, 2);
    const auto asked = std::get<core::retail::Opening>(
        office.summary_of(till.outbox().all(core::Sequence{2}, 1).value().front()));
    old_key = till.public_key();
    new_key = asked.next_keys->key;
    office.enrol({kOrigin, kRef, asked.next_keys->key, asked.next_keys->sealing_key,
                  asked.next_keys->proof});
    REQUIRE(till.find_next_key(office.roster()));
    deliver(till);
    REQUIRE(till.copy_backups());
    documents = till.status()->documents;
  }

  std::filesystem::path path() const { return dir / "till.db"; }
  static void a_day(Till& till, std::int32_t number) {
    REQUIRE(till.open_day(day(number), parts_for(4)));
    REQUIRE(till.ring(sets(1), 1));
    REQUIRE(till.close_day());
  }
  void deliver(Till& till) {
    const auto all = till.outbox().all(core::Sequence{0}, 1000).value();
    for (const auto& entry : all) log.take(entry.message);
    std::vector<till::Outbox::Acknowledgement> proven;
    proven.reserve(all.size());
    for (const auto& entry : all) {
      proven.push_back({entry.sequence, log.receipt(log.take(entry.message).index.value)});
    }
    REQUIRE(till.outbox().acknowledge(proven));
  }
  Till open() {
    auto till = Till::open(path(), till::Durability::kFull);
    REQUIRE_MESSAGE(till, (till ? "" : describe(till.error())));
    return std::move(till).value();
  }
  // True: the new key. Everything else is what it was.
  bool looked_at(Till& till) {
    const auto sound = till.check();
    REQUIRE_MESSAGE(sound, (sound ? "" : describe(sound.error())));
    const auto status = till.status().value();
    const bool is_new = till.public_key() == new_key;
    REQUIRE((is_new || till.public_key() == old_key));
    CHECK(status.epoch == core::Epoch{is_new ? 2U : 1U});
    CHECK(status.next_key.has_value() == !is_new);
    CHECK(status.last_sequence.value == (is_new ? 0 : 4));
    CHECK(status.outbox.acknowledged == (is_new ? 0 : 4));
    CHECK(status.documents == documents);
    CHECK(status.last_day == day(2));
    CHECK(status.last_numbers.at(core::retail::Series::kInvoice) == 2);
    CHECK(status.backup.targets.front().waiting == (is_new ? 1 : 0));
    return is_new;
  }

  test::TempDir dir;
  HeadOffice office;
  test::MemoryLog log{kOrigin};
  PowerCutDisk disk;
  core::envelope::PublicKey old_key;
  core::envelope::PublicKey new_key;
  std::uint64_t documents = 0;
};

}  // namespace

TEST_CASE("a power cut at any operation while the key is changed leaves one of both, whole") {
  Rotating shop;
  const PowerCutDisk::Image before = shop.disk.image();
  std::uint64_t cuts = 0;
  std::uint64_t old_keys = 0;
  std::uint64_t new_keys = 0;
  for (const auto survival : test::kHonestSurvivals) {
    for (std::uint64_t n = 1;; ++n) {
      CAPTURE(n);
      shop.disk.put(before);
      bool done = false;
      core::envelope::PublicKey in_memory;
      {
        Till till = shop.open();
        shop.disk.cut_at(Counted::kChange, n);
        const auto taken = till.take_next_key();
        done = !shop.disk.dead();
        if (done) REQUIRE(taken.value());
        in_memory = till.public_key();
        if (taken) CHECK(in_memory == shop.new_key);
        shop.disk.no_cut();
      }
      if (done) break;
      ++cuts;
      shop.disk.power_on(survival);
      Till till = shop.open();
      const bool is_new = shop.looked_at(till);
      // What did not reach the disk was not changed in memory either.
      if (!is_new) CHECK(in_memory == shop.old_key);
      (is_new ? new_keys : old_keys) += 1;
      // It ends well, and goes on.
      CHECK(till.take_next_key().value() == !is_new);
      CHECK(shop.looked_at(till));
      Rotating::a_day(till, 3);
      REQUIRE(till.check());
    }
  }
  MESSAGE(cuts << " cuts: " << old_keys << " with the old key, " << new_keys << " with the new");
  CHECK(old_keys > 0);
  CHECK(new_keys > 0);
}
