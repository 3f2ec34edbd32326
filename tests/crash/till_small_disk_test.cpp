// The real daybook-till on a real disk without space: a tiny tmpfs that only this process sees.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "tests/crash/crash_shop.h"

using namespace till_test;
using core::Bytes;
using test::CrashShop;
using till::Till;

namespace {

bool write_text(const char* path, const std::string& text) {
  std::ofstream out(path);
  out << text;
  out.close();
  return static_cast<bool>(out);
}

// A mount namespace of its own for this process; without root, a user namespace as well.
bool alone() {
  static const bool done = [] {
    const auto uid = ::getuid();
    const auto gid = ::getgid();
    if (uid != 0) {
      if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
      if (!write_text("/proc/self/setgroups", "deny")) return false;
      if (!write_text("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1")) return false;
      if (!write_text("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1")) return false;
    } else if (::unshare(CLONE_NEWNS) != 0) {
      return false;
    }
    return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  }();
  return done;
}

class SmallDisk {
 public:
  // `options` of a tmpfs, such as size=256k.
  explicit SmallDisk(const std::string& options) {
    std::filesystem::create_directory(path());
    mounted_ = alone() && ::mount("tmpfs", path().c_str(), "tmpfs", 0, options.c_str()) == 0;
    if (!mounted_) MESSAGE("skipped: no tmpfs can be mounted here: " << std::strerror(errno));
  }
  ~SmallDisk() {
    if (mounted_) ::umount(path().c_str());
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  std::filesystem::path path() const { return dir_ / "disk"; }
  std::filesystem::path journal() const { return path() / "till.db"; }

  // Takes all space that there is.
  void fill() {
    const Bytes block(4096, 1);
    const int fd = ::open((path() / "filler").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    REQUIRE(fd >= 0);
    while (::write(fd, block.data(), block.size()) > 0) {
    }
    CHECK(errno == ENOSPC);
    ::close(fd);
  }
  // Gives blocks of 4,096 bytes back; all of them, when there are fewer.
  void free_blocks(std::uint64_t blocks) {
    const std::uint64_t size = std::filesystem::file_size(path() / "filler");
    std::filesystem::resize_file(path() / "filler", size - std::min(size, blocks * 4096));
  }

  test::Outcome till(const std::string& command, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> argv = {std::string(DAYBOOK_BIN_DIR) + "/daybook-till", command,
                                     "--journal", journal().string()};
    argv.insert(argv.end(), more.begin(), more.end());
    return test::run(argv);
  }
  test::Outcome ring() const { return till("ring", {"--line", "145x1"}); }
  std::uint64_t documents() const {
    const test::Outcome shown = till("check");
    REQUIRE_MESSAGE(shown.status == 0, shown.err);
    return std::stoull(shown.out.substr(shown.out.find("sound: ") + 7));
  }
  void check_full(const test::Outcome& outcome) const {
    CHECK(outcome.status == 1);
    CHECK(outcome.out.empty());
    CHECK_MESSAGE(outcome.err.find("disk-full: " + journal().string()) != std::string::npos,
                  outcome.err);
  }

 private:
  test::TempDir dir_;
  bool mounted_ = false;
};

}  // namespace

TEST_CASE("a till on a disk without space sells again when there is some, and can be read before") {
  SmallDisk disk("size=512k");
  if (!disk.mounted()) return;
  CrashShop shop;
  test::write_file(disk.journal(), test::read_file(shop.journal()));
  std::uint64_t sold = 1;
  int refused = 0;
  for (int blocks = 0; blocks <= 12; ++blocks) {
    CAPTURE(blocks);
    disk.fill();
    disk.free_blocks(static_cast<std::uint64_t>(blocks));
    const test::Outcome outcome = disk.ring();
    if (outcome.status == 0) {
      ++sold;
    } else {
      ++refused;
      disk.check_full(outcome);
    }
    CHECK(disk.till("show", {"day"}).status == 0);
    CHECK(disk.documents() == sold);
  }
  MESSAGE(refused << " refused, " << (sold - 1) << " sold");
  CHECK(refused > 0);
  CHECK(sold > 1);
}

TEST_CASE(
    "a till that was killed opens on a full disk: it shows all it sold, and sells with space") {
  SmallDisk disk("size=512k");
  if (!disk.mounted()) return;
  CrashShop shop;
  {
    Till till = shop.open();
    for (int i = 0; i < 40; ++i) REQUIRE(till.ring(sets(1), i));
    test::write_file(disk.journal(), test::read_file(shop.journal()));
    test::write_file(disk.journal().string() + "-wal",
                     test::read_file(shop.journal().string() + "-wal"));
  }
  disk.fill();
  CHECK(disk.documents() == 41);
  const test::Outcome x_report = disk.till("show", {"day"});
  CHECK(x_report.status == 0);
  CHECK_MESSAGE(x_report.out.find("20500.00") != std::string::npos, x_report.out);
  disk.check_full(disk.ring());
  CHECK(disk.documents() == 41);
  disk.free_blocks(1000);
  CHECK(disk.ring().status == 0);
  CHECK(disk.documents() == 42);
}

TEST_CASE("a disk on which no file can be made any more is said to be full") {
  SmallDisk disk("size=512k,nr_inodes=12");
  if (!disk.mounted()) return;
  CrashShop shop;
  test::write_file(disk.journal(), test::read_file(shop.journal()));
  int files = 0;
  const auto name = [&](int n) { return (disk.path() / std::to_string(n)).string(); };
  while (std::ofstream(name(files))) ++files;
  REQUIRE(files > 0);
  disk.check_full(disk.ring());
  const std::string other = (disk.path() / "other.db").string();
  const test::Outcome init =
      test::run({std::string(DAYBOOK_BIN_DIR) + "/daybook-till", "init", "--journal", other,
                 "--store", "4", "--till", "1", "--origin", "shop/log", "--catalog",
                 std::string(DAYBOOK_SOURCE_DIR) + "/seeds/gardenworld.json"});
  CHECK(init.status == 1);
  CHECK_MESSAGE(init.err.find("disk-full: " + other) != std::string::npos, init.err);
  std::filesystem::remove(name(0));
  CHECK(disk.ring().status == 0);
  CHECK(disk.documents() == 2);
}

TEST_CASE(
    "a backup target without space does not keep a day from closing, and gets its copy later") {
  SmallDisk disk("size=64k");
  if (!disk.mounted()) return;
  const CrashShop shop;
  disk.fill();
  const test::Outcome set =
      test::run(shop.command("settings", {"--backup-to", disk.path().string()}));
  CHECK_MESSAGE(set.status == 0, set.err);
  const test::Outcome closed = test::run(shop.command("close"));
  CHECK_MESSAGE(closed.status == 0, closed.err);
  CHECK(closed.out.find("Z report") != std::string::npos);
  CHECK_MESSAGE(closed.err.find("waits: disk-full") != std::string::npos, closed.err);
  const std::filesystem::path copy = disk.path() / "4-1-1-2-1.backup";
  CHECK_FALSE(std::filesystem::exists(copy));
  CHECK(test::run(shop.command("show", {"backups"})).out.find(": 1 to copy") != std::string::npos);
  disk.free_blocks(4);
  CHECK(test::run(shop.command("open", {"--day", "2031-01-01"})).status == 0);
  CHECK(std::filesystem::file_size(copy) > 0);
}
