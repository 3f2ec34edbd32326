// Pulling the plug gives no free tries: the power is cut, and the program killed, while PINs are
// tried. The oracle counts the answers that got out.
#include <doctest/doctest.h>
#include <signal.h>

#include "core/base/random.h"
#include "tests/support/powercut_vfs.h"
#include "tests/support/process.h"
#include "tests/unit/operator_samples.h"

using namespace till_test;
using core::Errc;
using test::Counted;
using test::PowerCutDisk;
using till::Till;

namespace {

const std::string kProgram = std::string(DAYBOOK_BIN_DIR) + "/daybook-till";

void staff(Till& till) {
  REQUIRE(till.operators().add({kManager, "Mary", till::Role::kManager}, pin(kManagerPin), 1));
  REQUIRE(till.operators().sign_on(kManager, pin(kManagerPin), 1));
  REQUIRE(till.operators().add({kCashier, "Cleo", till::Role::kCashier}, pin(kCashierPin), 1));
}

}  // namespace

TEST_CASE("a power cut at any change of the disk forgets no wrong PIN that was answered") {
  int cuts = 0;
  int answered = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    CAPTURE(seed);
    core::Random random(seed);
    const test::TempDir dir;
    PowerCutDisk disk(seed);
    Machine machine;
    disk.make_file(dir / "till.db");
    {
      Till till =
          Till::create(dir / "till.db", setup_with(garden()), till::Durability::kFull).value();
      machine.place(till);
      staff(till);
    }
    std::uint32_t answers = 0;  // "wrong PIN", or "that was one too many"
    std::uint32_t tries = 0;
    bool locked = false;
    // Somebody who pulls the plug before, while and after each answer.
    while (!locked && tries < 60) {
      CAPTURE(tries);
      {
        Till till = Till::open(dir / "till.db", till::Durability::kFull).value();
        machine.place(till);
        disk.cut_at(Counted::kChange, random.between(1, 60));
        const auto done = till.operators().sign_on(kCashier, pin(kWrongPin), 1);
        REQUIRE_FALSE(done);
        ++tries;
        const Errc code = done.error().code;
        if (code == Errc::kWrongPin) ++answers;
        locked = code == Errc::kLockedOut;
      }
      if (disk.dead()) ++cuts;
      disk.power_on(test::kHonestSurvivals[random.between(0, 3)]);
      auto till = Till::open(dir / "till.db", till::Durability::kFull);
      REQUIRE(till);
      const till::Operator& who = till->operators().all().at(kCashier);
      CHECK(who.failures >= answers);
      CHECK(who.failures <= tries);
      const auto checked = till->check();
      REQUIRE_MESSAGE(checked, (checked ? "" : describe(checked.error())));
    }
    CHECK(locked);
    CHECK(answers < till::kTriesMax);
    answered += static_cast<int>(answers);
  }
  MESSAGE(cuts << " cuts, " << answered << " answers");
  CHECK(cuts >= 10);
  CHECK(answered >= 5);
}

TEST_CASE("a program that is killed while it looks at a PIN has counted the try") {
  if (test::kSanitized || test::run({"strace", "-V"}).status != 0) {
    MESSAGE("skipped: strace is missing, or a sanitizer is in the way");
    return;
  }
  const test::TempDir dir;
  const auto journal = dir / "till.db";
  const auto pin_file = dir / "pin";
  {
    Till till = Till::create(journal, setup_with(garden()), till::Durability::kFull).value();
    staff(till);
  }
  const core::Bytes saved = test::read_file(journal);
  test::write_file(pin_file, core::as_bytes(kWrongPin));
  std::filesystem::permissions(pin_file, std::filesystem::perms::owner_read);
  int uncounted = 0;
  int counted = 0;
  // The answer is a write to stderr; the hash's memory is given back by munmap.
  for (const std::string system_call : {"pwrite64", "fdatasync", "munmap", "write"}) {
    bool was_counted = false;
    for (int when = 1;; ++when) {
      CAPTURE(system_call);
      CAPTURE(when);
      REQUIRE(when < 400);
      for (const char* suffix : {"-wal", "-journal"}) {
        std::filesystem::remove(journal.string() + suffix);
      }
      test::write_file(journal, saved);
      const auto outcome =
          test::run({"strace", "-f", "-o", "/dev/null", "-e", "trace=" + system_call, "-e",
                     "inject=" + system_call + ":signal=KILL:when=" + std::to_string(when),
                     kProgram, "operator", "clock-in", "--journal", journal.string(), "--operator",
                     "3", "--pin-file", pin_file.string()});
      Till till = Till::open(journal, till::Durability::kFull).value();
      const auto checked = till.check();
      REQUIRE_MESSAGE(checked, (checked ? "" : describe(checked.error())));
      const std::uint32_t failures = till.operators().all().at(kCashier).failures;
      REQUIRE(failures <= 1);
      // Once it is counted, no later kill of the same call finds it forgotten.
      CHECK((failures == 1 || !was_counted));
      was_counted = failures == 1;
      if (outcome.err.find("wrong-pin") != std::string::npos) CHECK(failures == 1);
      if (system_call == "write") CHECK(failures == 1);  // nothing is said before it is counted
      if (outcome.status == 1) break;
      REQUIRE(outcome.status == 128 + SIGKILL);
      ++(failures == 1 ? counted : uncounted);
    }
    CHECK(was_counted);
  }
  MESSAGE(counted << " kills after the count, " << uncounted << " before");
  CHECK(counted >= 10);
  CHECK(uncounted >= 1);
}
