// PostgresServer: initdb and postgres, without fsync: what is tested is no power cut.
#include "tests/support/postgres_server.h"

#include <doctest/doctest.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

#include "core/postgres/database.h"

namespace test {
namespace {

const std::string kPrograms = "/usr/lib/postgresql/15/bin/";

// The command as the user that the server may run as.
std::vector<std::string> as_server(std::vector<std::string> words) {
  if (::geteuid() != 0) return words;
  std::vector<std::string> out = {"setpriv", "--reuid=postgres", "--regid=postgres",
                                  "--clear-groups"};
  out.insert(out.end(), words.begin(), words.end());
  return out;
}

}  // namespace

bool PostgresServer::is_missing() {
  if (::access((kPrograms + "postgres").c_str(), X_OK) == 0) return false;
  MESSAGE("skipped: PostgreSQL 15 is not installed");
  return true;
}

PostgresServer& PostgresServer::shared() {
  static PostgresServer server;
  return server;
}

PostgresServer::PostgresServer() {
  const std::string directory = dir_.path();
  if (::geteuid() == 0) {
    const passwd* user = ::getpwnam("postgres");
    REQUIRE(user != nullptr);
    REQUIRE(::chown(directory.c_str(), user->pw_uid, user->pw_gid) == 0);
  }
  const auto made =
      run(as_server({kPrograms + "initdb", "--pgdata=" + directory + "/data", "--username=postgres",
                     "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"}));
  REQUIRE_MESSAGE(made.status == 0, made.err);
  server_ = std::make_unique<Process>(as_server(
      // Into a file: a pipe that nobody reads would fill and stop it.
      {"sh", "-c", "exec \"$0\" \"$@\" >" + directory + "/data/log 2>&1", kPrograms + "postgres",
       "-D", directory + "/data", "-c", "listen_addresses=", "-c",
       "unix_socket_directories=" + directory, "-c", "fsync=off", "-c", "restart_after_crash=on"}));
  wait_until_ready();
}

PostgresServer::~PostgresServer() {
  server_->signal(SIGINT);  // "fast": does not wait for its clients
  server_->wait();
}

void PostgresServer::wait_until_ready() const {
  for (int tries = 0; tries < 400; ++tries) {
    const auto db = core::postgres::open(url(), {});
    if (db) return;
    REQUIRE(server_->running());
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  FAIL("the server does not answer");
}

std::string PostgresServer::url(const std::string& schema) const {
  return "postgres://postgres@/postgres?host=" + dir_.path().string() +
         "&options=-csearch_path%3D" + schema;
}

std::string PostgresServer::books(const std::string& schema) {
  exec("CREATE SCHEMA " + schema);
  return url(schema);
}

std::string PostgresServer::fresh_books() {
  return books("books_" + std::to_string(++schemas_));
}

core::sql::Database PostgresServer::connect(const std::string& schema) const {
  auto db = core::postgres::open(url(schema), {});
  REQUIRE_MESSAGE(db.has_value(), core::describe(db.error()));
  return std::move(db).value();
}

void PostgresServer::exec(const std::string& sql) const {
  const auto done = connect("public").exec(sql);
  REQUIRE_MESSAGE(done.has_value(), core::describe(done.error()));
}

std::int64_t PostgresServer::query_int(const std::string& sql, const std::string& schema) const {
  auto db = connect(schema);
  const auto number = db.query_int(sql);
  REQUIRE_MESSAGE(number.has_value(), core::describe(number.error()));
  return *number;
}

}  // namespace test
