// RealShop: one till, its head office and their relay, all of them the real programs, in a
// temporary directory. Must not know what the till sells.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace test {

using Words = std::vector<std::string>;

class RealShop {
 public:
  // Head office's directory, the relay's log, and till 4/1 of GardenWorld that joined.
  RealShop();

  std::filesystem::path file(const std::string& name) const { return dir_ / name; }
  std::filesystem::path journal() const { return file("till.db"); }

  // The words of a command of the till, with its journal.
  Words words(const std::string& command, const Words& more = {}) const;
  Outcome till(const std::string& command, const Words& more = {}) const {
    return run(words(command, more));
  }
  // Must succeed; returns what it printed.
  std::string done(const std::string& command, const Words& more = {}) const;

  // Starts the relay on the port that it had before, if it had one. True: it listens.
  bool start_relay(const Words& options = {});
  // SIGKILL, as a power cut of the relay's machine would be.
  void kill_relay();
  const std::string& relay() const { return relay_address_; }  // HOST:PORT

  // The books that head office makes of the log; returns its report, as JSON.
  std::string books() const;

 private:
  TempDir dir_;
  std::optional<Process> relay_;
  std::string relay_address_ = "127.0.0.1:0";
};

}  // namespace test
