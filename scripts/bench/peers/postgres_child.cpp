// It refuses to run as root, and so does initdb.
#include "scripts/bench/peers/postgres_child.h"

#include <pwd.h>
#include <signal.h>
#include <unistd.h>

namespace bench {

core::Result<std::unique_ptr<Child>> start_postgres(const PostgresPlace& place,
                                                    const std::vector<std::string>& settings) {
  const auto data = place.directory / "data";
  if (const passwd* user = ::getpwnam("postgres"); ::geteuid() == 0 && user != nullptr) {
    if (::chown(place.directory.c_str(), user->pw_uid, user->pw_gid) != 0) {
      return core::fail(core::Errc::kIo, place.directory.string() + ": chown failed");
    }
  }
  const std::string programs = kPostgresPrograms;
  ChildOptions options;
  options.user = "postgres";
  options.log = place.directory / "log.txt";
  options.core = place.core;
  options.argv = {programs + "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                  "--locale",          "C"};
  TRY_ASSIGN(const auto made, Child::start(options));
  TRY_ASSIGN(const int status, made->wait());
  if (status != 0) return core::fail(core::Errc::kIo, "initdb failed; " + made->last_words());
  options.argv = {programs + "postgres",  "-D", data, "-c", "fsync=on", "-c",
                  "synchronous_commit=on"};
  for (const std::string& setting : settings) {
    options.argv.insert(options.argv.end(), {"-c", setting});
  }
  options.stop_signal = SIGINT;  // "fast": does not wait for its clients
  return Child::start(options);
}

}  // namespace bench
