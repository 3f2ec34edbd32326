// CrashShop: a durable journal on the real disk, and commands of the real daybook-till on it that
// can be killed, stopped or made to fail at a system call. Must not know what a test looks for.
#pragma once

#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/unit/till_samples.h"

namespace test {

// False, and says so, where strace cannot be used.
bool have_strace();

// A till with an open day and one sale, restored before each attempt.
class CrashShop {
 public:
  enum class Rest { kPlain, kEncrypted };

  explicit CrashShop(Rest rest = Rest::kPlain);

  std::filesystem::path journal() const { return dir_ / "till.db"; }
  std::filesystem::path stick() const { return dir_ / "stick"; }
  std::filesystem::path trace() const { return dir_ / "trace"; }
  std::filesystem::path key_file() const { return dir_ / "till.key"; }
  std::filesystem::path new_key_file() const { return dir_ / "new.key"; }

  void save() { saved_ = read_file(journal()); }
  void restore();

  std::vector<std::string> command(const std::string& name,
                                   const std::vector<std::string>& more = {}) const;
  std::vector<std::string> ring() const { return command("ring", {"--line", "145x1"}); }

  // The words of a command under strace, with a fault at the `when`-th call.
  static std::vector<std::string> injected(const std::vector<std::string>& argv,
                                           const std::string& system_call, const std::string& fault,
                                           int when);
  Outcome run_injected(const std::vector<std::string>& argv, const std::string& system_call,
                       const std::string& fault, int when) const {
    return run(injected(argv, system_call, fault, when));
  }

  till::Till open() const;

 private:
  TempDir dir_;
  core::Bytes saved_;
  till::JournalKey key_;
};

}  // namespace test
