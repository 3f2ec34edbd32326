// PostgresServer: a real PostgreSQL in a temporary directory, reached by a Unix socket; it ends
// with the object. Runs as the user "postgres" when the test is root, which the server refuses to
// be.
#pragma once

#include <memory>
#include <string>

#include "core/sql/database.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace test {

class PostgresServer {
 public:
  // Whether Debian's postgresql-15 is there; says so when it is not, and the case is to end.
  static bool is_missing();

  // One for all cases of a program.
  static PostgresServer& shared();

  ~PostgresServer();

  // A new schema of the database, empty, as a URL of books.
  std::string fresh_books();
  // A new one of that name.
  std::string books(const std::string& schema);
  std::string url(const std::string& schema = "public") const;
  // As its superuser, each time over a new connection.
  void exec(const std::string& sql) const;
  std::int64_t query_int(const std::string& sql, const std::string& schema = "public") const;
  // Until it answers again, after one of its processes was killed.
  void wait_until_ready() const;

 private:
  PostgresServer();
  core::sql::Database connect(const std::string& schema) const;

  TempDir dir_;
  std::unique_ptr<Process> server_;
  int schemas_ = 0;
};

}  // namespace test
