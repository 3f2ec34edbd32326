// CrashShop: its journal, and the words of its commands.
#include "tests/crash/crash_shop.h"

namespace test {

using till::Till;
using namespace till_test;

namespace {

till::JournalKey make_key(const std::filesystem::path& path, std::uint8_t byte) {
  write_file(path, core::Bytes(32, byte));
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
  return till::JournalKey::read(path, till::KeyFrom::kFile).value();
}

}  // namespace

bool have_strace() {
  if (!kSanitized && run({"strace", "-V"}).status == 0) return true;
  MESSAGE("skipped: strace is missing, or a sanitizer is in the way");
  return false;
}

CrashShop::CrashShop(Rest rest) {
  std::filesystem::create_directory(stick());
  make_key(new_key_file(), 2);
  if (rest == Rest::kEncrypted) key_ = make_key(key_file(), 1);
  Till till = Till::create(journal(), setup_with(garden()), till::Durability::kFull, key_).value();
  HeadOffice office;
  office.enrol(till.enrol_request());
  REQUIRE(till.join(office.roster()));
  REQUIRE(till.set_backup_to({stick().string()}));
  REQUIRE(till.open_day(day(1), parts_for(4)));
  REQUIRE(till.ring(sets(1), 1));
}

void CrashShop::restore() {
  for (const char* suffix : {"-wal", "-shm", "-journal"}) {
    std::filesystem::remove(journal().string() + suffix);
  }
  for (const auto& entry : std::filesystem::directory_iterator(stick())) {
    std::filesystem::remove(entry.path());
  }
  write_file(journal(), saved_);
}

std::vector<std::string> CrashShop::command(const std::string& name,
                                            const std::vector<std::string>& more) const {
  std::vector<std::string> argv = {std::string(DAYBOOK_BIN_DIR) + "/daybook-till", name,
                                   "--journal", journal().string()};
  argv.insert(argv.end(), more.begin(), more.end());
  if (!key_.empty()) argv.insert(argv.end(), {"--key-file", key_file().string()});
  return argv;
}

std::vector<std::string> CrashShop::injected(const std::vector<std::string>& argv,
                                             const std::string& system_call,
                                             const std::string& fault, int when) {
  std::vector<std::string> words = {
      "strace", "-f",
      "-o",     "/dev/null",
      "-e",     "trace=" + system_call,
      "-e",     "inject=" + system_call + ":" + fault + ":when=" + std::to_string(when)};
  words.insert(words.end(), argv.begin(), argv.end());
  return words;
}

Till CrashShop::open() const {
  auto till = Till::open(journal(), till::Durability::kFull, key_);
  REQUIRE_MESSAGE(till, (till ? "" : describe(till.error())));
  return std::move(till).value();
}

}  // namespace test
