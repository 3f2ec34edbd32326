// SharedCounter: SELECT ... FOR UPDATE in PostgreSQL by pgbench, or BEGIN IMMEDIATE in SQLite.
#include "scripts/poc_scale/shared_counter.h"
#include "core/base/run_command.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <set>
#include <thread>
#include <vector>

#include "core/base/decimal.h"
#include "core/sqlite/database.h"
#include "scripts/poc_scale/checks.h"

namespace sweep {
namespace {

using core::Errc;
using core::fail;
using core::Result;

constexpr std::uint64_t kClientsMax = 16;

// So many clients that each draws the same whole number of documents.
std::uint64_t clients_for(std::uint64_t documents) {
  std::uint64_t clients = kClientsMax;
  while (documents % clients != 0) --clients;
  return clients;
}

// The newest installed server's programs; empty when there is none.
std::filesystem::path postgres_programs() {
  std::filesystem::path newest;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", error)) {
    const auto programs = entry.path() / "bin";
    if (std::filesystem::exists(programs / "initdb") &&
        std::filesystem::exists(programs / "pgbench") && programs > newest) {
      newest = programs;
    }
  }
  return newest;
}

// A PostgreSQL cluster on a socket in its own directory. PostgreSQL refuses to run as root.
class PostgresCluster {
 public:
  static Result<std::unique_ptr<PostgresCluster>> start(const std::filesystem::path& programs) {
    std::string directory = "/tmp/daybook-postgres-XXXXXX";
    if (::mkdtemp(directory.data()) == nullptr) return fail(Errc::kIo, "no temporary directory");
    auto cluster =
        std::unique_ptr<PostgresCluster>(new PostgresCluster(programs, std::move(directory)));
    TRY(cluster->initialise());
    return cluster;
  }
  ~PostgresCluster() {
    if (started_) (void)run({"pg_ctl", "-D", data(), "-m", "immediate", "stop"});
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;

  Result<std::string> sql(const std::string& text) {
    return run({"psql", "-h", directory_, "-U", "postgres", "-AtXqc", text, "postgres"});
  }
  Result<std::string> bench(const std::string& script, std::uint64_t clients, std::uint64_t each) {
    const std::string file = directory_ + "/script.sql";
    std::ofstream(file) << script;
    return run({"pgbench", "-h", directory_, "-U", "postgres", "-n", "-M", "prepared", "-c",
                std::to_string(clients), "-j", "2", "-t", std::to_string(each), "-f", file,
                "postgres"});
  }

 private:
  PostgresCluster(std::filesystem::path programs, std::string directory)
      : programs_(std::move(programs)), directory_(std::move(directory)) {}

  std::string data() const { return directory_ + "/data"; }

  Result<void> initialise() {
    if (::geteuid() == 0) {
      const passwd* user = ::getpwnam("postgres");
      if (user == nullptr) return fail(Errc::kNotFound, "there is no user postgres");
      if (::chown(directory_.c_str(), user->pw_uid, user->pw_gid) != 0) {
        return fail(Errc::kIo, directory_ + ": chown failed");
      }
    }
    TRY(run({"initdb", "-D", data(), "-U", "postgres", "-A", "trust"}));
    TRY(run({"pg_ctl", "-D", data(), "-w", "-l", directory_ + "/log", "-o",
             "-c listen_addresses='' -c unix_socket_directories=" + directory_, "start"}));
    started_ = true;
    return {};
  }

  Result<std::string> run(std::vector<std::string> argv) {
    if (std::filesystem::exists(programs_ / argv[0])) argv[0] = (programs_ / argv[0]).string();
    if (::geteuid() == 0) argv.insert(argv.begin(), {"runuser", "-u", "postgres", "--"});
    return core::run_command(argv);
  }

  std::filesystem::path programs_;
  std::string directory_;
  bool started_ = false;
};

Result<SharedCounterOutcome> draw_from_postgres(std::uint64_t documents,
                                                const std::filesystem::path& programs) {
  static constexpr const char* kDraw =
      "begin;\n"
      "select n from counter where k = 1 for update \\gset\n"
      "update counter set n = n + 1 where k = 1;\n"
      "insert into document(number, client) values(:n, :client_id);\n"
      "commit;\n";
  TRY_ASSIGN(const auto cluster, PostgresCluster::start(programs));
  TRY(
      cluster->sql("create table counter(k int primary key, n bigint); "
                   "insert into counter values(1, 1); "
                   "create table document(number bigint, client int)"));
  SharedCounterOutcome outcome;
  TRY_ASSIGN(const std::string version, cluster->sql("show server_version"));
  outcome.engine = "PostgreSQL " + version.substr(0, version.find_first_of(" \n"));
  const std::uint64_t clients = clients_for(documents);
  const Stopwatch watch;
  TRY(cluster->bench(kDraw, clients, documents / clients));
  outcome.seconds = watch.seconds();
  const auto number = [&](const std::string& text) -> Result<std::uint64_t> {
    TRY_ASSIGN(std::string out, cluster->sql(text));
    out.erase(out.find_last_not_of('\n') + 1);
    return core::parse_unsigned(out);
  };
  TRY_ASSIGN(outcome.documents, number("select count(*) from document"));
  TRY_ASSIGN(const std::uint64_t distinct, number("select count(distinct number) from document"));
  outcome.clashes = outcome.documents - distinct;
  return outcome;
}

Result<void> draw_sqlite(const std::filesystem::path& file, std::atomic<std::uint64_t>& left) {
  TRY_ASSIGN(auto db, core::sqlite::Database::open(file, {.busy_timeout_ms = 60000}));
  TRY(db.exec("PRAGMA synchronous=FULL"));
  while (true) {
    std::uint64_t now = left.load();
    while (now > 0 && !left.compare_exchange_weak(now, now - 1)) {
    }
    if (now == 0) return {};
    TRY_ASSIGN(auto transaction, core::sqlite::Transaction::begin(db));
    TRY(db.exec("UPDATE counter SET n = n + 1; INSERT INTO document SELECT n FROM counter"));
    TRY(transaction.commit());
  }
}

Result<SharedCounterOutcome> draw_from_sqlite(std::uint64_t documents,
                                              const std::filesystem::path& directory) {
  const std::filesystem::path file = directory / "shared-counter.db";
  TRY_ASSIGN(auto db, core::sqlite::Database::open(file, {.create = true}));
  TRY(
      db.exec("PRAGMA journal_mode=WAL; CREATE TABLE counter(n INTEGER NOT NULL);"
              "INSERT INTO counter VALUES(0); CREATE TABLE document(number INTEGER NOT NULL)"));
  SharedCounterOutcome outcome;
  TRY_ASSIGN(const std::string version, db.query_text("SELECT sqlite_version()"));
  outcome.engine = "SQLite " + version;
  std::atomic<std::uint64_t> left{documents};
  const Stopwatch watch;
  Result<void> other;
  std::thread second([&] { other = draw_sqlite(file, left); });
  const auto first = draw_sqlite(file, left);
  second.join();
  TRY(first);
  TRY(other);
  outcome.seconds = watch.seconds();
  TRY_ASSIGN(const std::int64_t rows, db.query_int("SELECT count(*) FROM document"));
  TRY_ASSIGN(const std::int64_t distinct,
             db.query_int("SELECT count(DISTINCT number) FROM document"));
  outcome.documents = static_cast<std::uint64_t>(rows);
  outcome.clashes = static_cast<std::uint64_t>(rows - distinct);
  return outcome;
}

}  // namespace

Result<SharedCounterOutcome> draw_from_shared_counter(std::uint64_t documents,
                                                      const std::filesystem::path& directory) {
  const std::filesystem::path programs = postgres_programs();
  if (programs.empty()) return draw_from_sqlite(documents, directory);
  auto outcome = draw_from_postgres(documents, programs);
  if (outcome) return outcome;
  // Installed, and still no server to be had: no user to run it, no room for its socket.
  std::fprintf(stderr, "  PostgreSQL could not be used (%s); SQLite takes its place\n",
               outcome.error().what.c_str());
  return draw_from_sqlite(documents, directory);
}

// G1: every document of the fleet has a number of its own, drawn without asking anybody.
Result<Check> check_numbers(const Fleet& fleet, const RunOptions& options, std::uint64_t expected,
                            RunResult& result) {
  std::set<std::string> numbers;
  std::uint64_t documents = 0;
  for (const FleetTill& till : fleet.tills()) {
    for (const till::DocumentNumbers& sale : till.documents) {
      for (const auto& [series, counter] : sale) {
        numbers.insert(core::retail::document_number(till.ref, series, counter));
        ++documents;
      }
    }
  }
  const std::uint64_t clashes = documents - numbers.size();
  std::string detail =
      std::to_string(documents) + " documents, " + std::to_string(clashes) + " clashes";
  if (documents != expected || clashes != 0) {
    return failed(detail + "; expected " + std::to_string(expected));
  }
  result.counter.documents = documents;
  result.counter.tills_seconds = result.ring_seconds;
  if (!options.faults) return pass(detail);
  TRY_ASSIGN(const SharedCounterOutcome shared, draw_from_shared_counter(documents, options.work));
  result.counter.engine = shared.engine;
  result.counter.shared_seconds = shared.seconds;
  if (shared.documents != documents || shared.clashes != 0) {
    return failed(detail + "; but the shared counter lost or repeated some");
  }
  char times[96];
  std::snprintf(times, sizeof times, "; tills %.1f s for their whole days, %s %.1f s for numbers",
                result.ring_seconds, shared.engine.c_str(), shared.seconds);
  return pass(detail + times);
}

}  // namespace sweep
