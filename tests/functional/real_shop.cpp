// RealShop: setting up, and the relay's life.
#include "tests/functional/real_shop.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <fstream>

namespace test {
namespace {

std::string program(const std::string& name) {
  return std::string(DAYBOOK_BIN_DIR) + "/" + name;
}

std::string must(const Words& words) {
  const Outcome outcome = run(words);
  REQUIRE_MESSAGE(outcome.status == 0, words.at(1) << ": " << outcome.err);
  return outcome.out;
}

}  // namespace

RealShop::RealShop() {
  const std::string office = file("office").string();
  const std::string log = file("log").string();
  must({program("daybook-rebuild"), "init", "--dir", office, "--origin", "shop/log"});
  const std::string made = must({program("daybook-relay"), "init", log, "--origin", "shop/log",
                                 "--head-office", office + "/head-office.pub"});
  must({program("daybook-rebuild"), "log-key", "--dir", office, "--key",
        made.substr(0, made.find('\n'))});
  done("init", {"--store", "4", "--till", "1", "--origin", "shop/log", "--catalog",
                std::string(DAYBOOK_SOURCE_DIR) + "/seeds/gardenworld.json", "--request",
                file("request").string()});
  must({program("daybook-rebuild"), "enrol", "--dir", office, "--request",
        file("request").string()});
  std::ifstream in(file("office") / "head-office.pub");
  std::string key;
  in >> key;
  done("join", {"--roster", office + "/roster.cbor", "--head-office", key});
  std::filesystem::copy_file(file("office") / "roster.cbor", file("log") / "roster.cbor",
                             std::filesystem::copy_options::overwrite_existing);
}

Words RealShop::words(const std::string& command, const Words& more) const {
  Words out = {program("daybook-till"), command, "--journal", journal().string()};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

std::string RealShop::done(const std::string& command, const Words& more) const {
  return must(words(command, more));
}

bool RealShop::start_relay(const Words& options) {
  Words argv = {program("daybook-relay"), "serve",    "--data",
                file("log").string(),     "--listen", relay_address_};
  argv.insert(argv.end(), options.begin(), options.end());
  relay_.emplace(argv);
  const std::string line = relay_->wait_for_line("listening on ");
  if (line.empty()) return false;
  relay_address_ = line.substr(line.rfind(' ') + 1);
  return true;
}

void RealShop::kill_relay() {
  REQUIRE(relay_.has_value());
  relay_->signal(SIGKILL);
  relay_->wait();
  relay_.reset();
}

std::string RealShop::books() const {
  must({program("daybook-rebuild"), "replay", "--log", file("log").string(), "--head-office",
        file("office").string(), "--books", file("books.db").string()});
  return must(
      {program("daybook-rebuild"), "report", "--books", file("books.db").string(), "--json"});
}

}  // namespace test
