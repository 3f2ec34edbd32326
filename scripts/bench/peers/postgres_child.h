// PostgreSQL as a child process, in a data directory of its own. Must not know what it is asked.
#pragma once

#include <string>
#include <vector>

#include "scripts/bench/peers/child.h"

namespace bench {

struct PostgresPlace {
  std::filesystem::path directory;  // empty; becomes the user postgres's when we are root
  std::optional<int> core;          // the only processor that it may use
};

// The programs of Debian's postgresql-15.
inline constexpr const char* kPostgresPrograms = "/usr/lib/postgresql/15/bin/";

// initdb, then postgres with fsync and these settings ("name=value"). It may not answer yet.
// Errors: kIo, kNotFound.
core::Result<std::unique_ptr<Child>> start_postgres(const PostgresPlace& place,
                                                    const std::vector<std::string>& settings);

}  // namespace bench
