// SharedCounter: document numbers drawn from one counter with a row lock, the way that G1 compares
// with. Must not know tills.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/base/result.h"

namespace sweep {

struct SharedCounterOutcome {
  std::string engine;
  double seconds = 0;
  std::uint64_t documents = 0;
  std::uint64_t clashes = 0;
};

// Draws `documents` numbers in concurrent, durable transactions: PostgreSQL when its server is
// installed (a cluster of its own, made and removed), else SQLite in `directory`.
core::Result<SharedCounterOutcome> draw_from_shared_counter(std::uint64_t documents,
                                                            const std::filesystem::path& directory);

}  // namespace sweep
