// One till's life on a disk whose power is cut again and again, beside a model of its books.
// Must not know what makes a run of many lives good enough.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "tests/crash/till_steps.h"
#include "tests/support/powercut_vfs.h"

namespace test {

// What happened in many lives.
struct CutTally {
  std::uint64_t lives = 0;
  std::uint64_t cuts = 0;
  std::map<std::string, std::uint64_t> during;  // which operation
  std::map<Survival, std::uint64_t> survivals;
  std::uint64_t checkpoint = 0;           // cuts while the log went into the database
  std::uint64_t recovery_checkpoint = 0;  // of those: of a log that a cut had left
  std::uint64_t auto_checkpoint = 0;      // of those: by a full log, while the till was at work
  std::uint64_t unacknowledged_there = 0;
  std::uint64_t unacknowledged_gone = 0;
  std::uint64_t operations = 0;
  std::uint64_t checkpoints = 0;
  std::uint64_t printed = 0;  // receipts on paper that were looked for after a cut
  // Of a lying disk.
  std::uint64_t prefixes = 0;
  std::uint64_t operations_lost = 0;
  std::uint64_t without_promise = 0;
  std::uint64_t said_so = 0;       // of those: refused at opening or found by check()
  std::uint64_t still_prefix = 0;  // of those: an earlier state of the books
};

enum class DiskKind { kHonest, kLying };

// A journal from its creation on, through many cuts: after each one it must be what it had said.
void live_once(std::uint64_t seed, const CutShop& shop, DiskKind kind, CutTally& tally);

}  // namespace test
