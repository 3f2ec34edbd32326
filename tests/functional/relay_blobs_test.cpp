// Blobs beside a log at the real relay: kept whole or not at all, and for members only.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/mount.h>

#include <fstream>
#include <thread>

#include "tests/functional/feed_house.h"
#include "tests/functional/signed_get.h"

namespace {

using core::Bytes;
using core::envelope::Hash;
using core::envelope::sha256;
using test::code_of;
using test::FeedHouse;
using test::metric;
using test::Relay;
using test::signature_lines;
using test::status_of;
using test::till_ref;

constexpr std::size_t kBlobMax = std::size_t{512} << 10;

Bytes blob_of(std::uint8_t fill, std::size_t size = 5000) {
  Bytes bytes(size, fill);
  for (std::size_t i = 0; i < size; i += 97) bytes[i] = static_cast<std::uint8_t>(i / 97);
  return bytes;
}

std::string path_of(const Bytes& blob) {
  return "/v1/blobs/" + sha256(blob).hex();
}

// Nothing, for an error.
Bytes got(const core::Result<Bytes>& result) {
  return result ? *result : Bytes{};
}

std::size_t files_in(const std::filesystem::path& directory) {
  std::size_t files = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    static_cast<void>(entry);
    ++files;
  }
  return files;
}

}  // namespace

TEST_CASE("a blob that head office puts is there for it and for tills, byte for byte") {
  const test::TempDir dir;
  const FeedHouse house(dir / "log");
  Relay relay(dir / "log");
  REQUIRE(relay.listening());
  const Bytes blob(std::size_t{512} << 10, 0x5a);
  const auto hash = core::envelope::sha256(blob);
  const auto office = house.client(relay, house.office);
  const auto till = house.client(relay, house.tills.at(till_ref(1, 1)));
  CHECK(code_of(till->get_blob(hash, blob.size())) == "not-found");
  REQUIRE(office->put_blob(hash, blob));
  REQUIRE(office->put_blob(hash, blob));
  CHECK(got(till->get_blob(hash, blob.size())) == blob);
  CHECK(got(office->get_blob(hash, blob.size())) == blob);
  CHECK(test::read_file(dir / "log/blobs" / hash.hex()) == blob);
  CHECK(relay.stop().status == 0);
}

TEST_CASE("what is no blob is refused, each with its status, and nothing of it is kept") {
  const test::TempDir dir;
  const FeedHouse house(dir / "log");
  Relay relay(dir / "log");
  REQUIRE(relay.listening());
  int nonce = 0;
  const auto put = [&](const std::string& target, const Bytes& body) {
    const std::string lines =
        signature_lines({.method = "PUT", .target = target, .nonce = "n" + std::to_string(++nonce)},
                        house.office, house.kid_of(house.office).hex());
    return status_of(test::request(relay, "PUT", target, lines, core::as_text(body)));
  };
  const Bytes blob = blob_of(1);
  CHECK(put(path_of(blob_of(2)), blob) == 400);
  CHECK(put(path_of(blob), Bytes(blob.begin(), blob.end() - 1)) == 400);
  const Bytes large = blob_of(3, kBlobMax + 1);
  CHECK(put(path_of(large), large) == 413);
  const Bytes larger = blob_of(3, (std::size_t{1} << 20) + 1);
  CHECK(put(path_of(larger), larger) == 413);
  std::string upper = path_of(blob);
  for (char& c : upper) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  for (const std::string& target :
       {std::string("/v1/blobs/"), std::string("/v1/blobs/00"), path_of(blob) + "0",
        std::string("/v1/blobs/../roster.cbor"), upper}) {
    CAPTURE(target);
    CHECK(put(target, blob) == 404);
  }
  CHECK(status_of(test::request(relay, "POST", path_of(blob), "", "x")) == 405);
  CHECK(status_of(test::request(relay, "DELETE", path_of(blob), "")) == 405);
  CHECK(files_in(dir / "log/blobs") == 0);
  CHECK(put(path_of(blob), blob) == 201);
  CHECK(put(path_of(blob), blob) == 200);
  CHECK(put(path_of(Bytes{}), Bytes{}) == 201);
  CHECK(files_in(dir / "log/blobs") == 2);
  CHECK(metric(relay, "daybook_relay_requests_failed_total{reason=\"wrong-hash\"}") == "2");
  CHECK(metric(relay, "daybook_relay_requests_failed_total{reason=\"too-large\"}") == "2");
  CHECK(metric(relay, "daybook_relay_blobs_total") == "2");
  CHECK(metric(relay, "daybook_relay_blob_bytes") == "12288");
  const auto office = house.client(relay, house.office);
  CHECK(code_of(office->put_blob(sha256(blob_of(4)), blob)) == "malformed");
  CHECK(code_of(office->put_blob(sha256(large), large)) == "too-large");
}

TEST_CASE("head office alone puts blobs, members alone get them") {
  const test::TempDir dir;
  const FeedHouse house(dir / "data/one");
  const FeedHouse other(dir / "data/two", 50, "example.org/others");
  Relay relay(dir / "data");
  REQUIRE(relay.listening());
  const Bytes blob = blob_of(1);
  const std::string target = "/one" + path_of(blob);
  int nonce = 0;
  const auto ask = [&](const std::string& method, const FeedHouse& whose,
                       const core::envelope::PrivateKey& key) {
    const std::string lines = signature_lines(
        {.method = method, .target = target, .nonce = "n" + std::to_string(++nonce)}, key,
        whose.kid_of(key).hex());
    const auto body = method == "PUT" ? core::as_text(blob) : std::string_view();
    return status_of(test::request(relay, method, target, lines, body));
  };
  const auto till = house.tills.at(till_ref(1, 1));
  CHECK(status_of(test::request(relay, "PUT", target, "", core::as_text(blob))) == 401);
  CHECK(ask("PUT", house, till) == 401);
  CHECK(ask("PUT", house, FeedHouse::key(99)) == 401);
  CHECK(ask("PUT", other, other.office) == 403);
  // A signature for reading it is none for putting it, nor one for another blob.
  const auto signed_for = [&](const std::string& method, const std::string& path) {
    return signature_lines({.method = method, .target = path, .nonce = "m" + method + path.back()},
                           house.office, house.kid_of(house.office).hex());
  };
  const auto body = core::as_text(blob);
  CHECK(status_of(test::request(relay, "PUT", target, signed_for("GET", target), body)) == 401);
  CHECK(status_of(test::request(relay, "PUT", target,
                                signed_for("PUT", "/one" + path_of(blob_of(2))), body)) == 401);
  CHECK(files_in(dir / "data/one/blobs") == 0);
  const std::string good = signed_for("PUT", target);
  CHECK(status_of(test::request(relay, "PUT", target, good, body)) == 201);
  CHECK(status_of(test::request(relay, "PUT", target, good, body)) == 401);  // sent again
  CHECK(ask("PUT", house, house.root) == 200);

  CHECK(status_of(test::request(relay, "GET", target, "")) == 401);
  CHECK(ask("GET", house, FeedHouse::key(99)) == 401);
  CHECK(ask("GET", other, other.tills.at(till_ref(1, 1))) == 403);
  CHECK(ask("GET", house, till) == 200);
  CHECK(ask("GET", house, house.office) == 200);
  // What one log has, another one has not.
  const auto there = other.client(relay, other.office);
  core::wire::Endpoint two = relay.endpoint;
  two.prefix = "/two";
  core::wire::RelayClient client(two);
  client.sign_reads({other.office, other.kid_of(other.office).hex()});
  CHECK(code_of(client.get_blob(sha256(blob), blob.size())) == "not-found");
}

TEST_CASE("an open log takes and gives no blobs") {
  const test::TempDir dir;
  const FeedHouse keys(dir / "keys");
  Relay relay(dir / "open");
  REQUIRE(relay.listening());
  const Bytes blob = blob_of(1);
  const auto office = keys.client(relay, keys.office);
  CHECK(code_of(office->put_blob(sha256(blob), blob)) == "not-found");
  CHECK(code_of(office->get_blob(sha256(blob), blob.size())) == "not-found");
  CHECK(files_in(dir / "open/blobs") == 0);
}

TEST_CASE("a blob that does not come to its end leaves nothing") {
  const test::TempDir dir;
  const FeedHouse house(dir / "log");
  Relay relay(dir / "log", {"--client-timeout-ms", "500"});
  REQUIRE(relay.listening());
  const Bytes blob = blob_of(1, 200000);
  for (const bool ends : {true, false}) {  // the client goes, or it stalls
    const std::string lines =
        signature_lines({.method = "PUT", .target = path_of(blob), .nonce = ends ? "a" : "b"},
                        house.office, house.kid_of(house.office).hex());
    test::Socket socket(relay.endpoint);
    socket.send("PUT " + path_of(blob) + " HTTP/1.1\r\nHost: relay.test\r\n" + lines +
                "Content-Length: 200000\r\n\r\n");
    socket.send(core::as_text(core::ByteView(blob).first(150000)));
    if (ends) socket.end_sending();
    CHECK(socket.read_to_end(std::chrono::seconds(12)).has_value());
  }
  CHECK(files_in(dir / "log/blobs") == 0);
  CHECK(house.client(relay, house.office)->put_blob(sha256(blob), blob));
  CHECK(files_in(dir / "log/blobs") == 1);
}

TEST_CASE("the same blob from many at once is one file, whole") {
  const test::TempDir dir;
  const FeedHouse house(dir / "log");
  Relay relay(dir / "log", {"--workers", "4"});
  REQUIRE(relay.listening());
  constexpr std::uint8_t kBlobs = 12;
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int sender = 0; sender < 4; ++sender) {
    threads.emplace_back([&] {
      const auto office = house.client(relay, house.office);
      for (std::uint8_t n = 0; n < kBlobs; ++n) {
        const Bytes blob = blob_of(n, 100000);
        if (!office->put_blob(sha256(blob), blob)) ++failures;
        const auto back = office->get_blob(sha256(blob), blob.size());
        if (!back || *back != blob) ++failures;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(failures == 0);
  CHECK(files_in(dir / "log/blobs") == kBlobs);
  CHECK(metric(relay, "daybook_relay_blobs_total") == std::to_string(int{kBlobs}));
  CHECK(relay.stop().status == 0);
  const auto checked = test::run({test::relay_binary(), "check", dir / "log"});
  CHECK(checked.status == 0);
  CHECK(checked.out.find("12 blobs, 1200000 bytes\n") != std::string::npos);
}

TEST_CASE("all blobs of a log have a limit, which the next process knows as well") {
  const test::TempDir dir;
  const FeedHouse house(dir / "log");
  const std::vector<std::string> options = {"--max-blob-bytes", "20480"};
  const auto code = [&](const Relay& relay, const Bytes& blob) {
    const auto put = house.client(relay, house.office)->put_blob(sha256(blob), blob);
    return put ? std::string("kept") : test::code_of(put);
  };
  {
    Relay relay(dir / "log", options);
    REQUIRE(relay.listening());
    CHECK(code(relay, blob_of(1, 8000)) == "kept");  // two blocks
    CHECK(code(relay, blob_of(2, 9000)) == "kept");  // three
    CHECK(code(relay, blob_of(3, 2)) == "disk-full");
    CHECK(code(relay, blob_of(1, 8000)) == "kept");
    CHECK(metric(relay, "daybook_relay_requests_failed_total{reason=\"disk-full\"}") == "1");
    CHECK(relay.stop().status == 0);
  }
  {
    Relay relay(dir / "log", options);
    CHECK(code(relay, blob_of(3, 2)) == "disk-full");
    CHECK(metric(relay, "daybook_relay_blob_bytes") == "20480");
    CHECK(relay.stop().status == 0);
  }
  std::filesystem::remove(dir / "log/blobs" / sha256(blob_of(1, 8000)).hex());
  Relay relay(dir / "log", options);
  CHECK(code(relay, blob_of(3, 2)) == "kept");
  CHECK(code(relay, blob_of(4, 4096)) == "kept");
  CHECK(code(relay, blob_of(5, 2)) == "disk-full");
}

TEST_CASE("a full disk is answered 507, leaves nothing, and the blob is taken with space") {
  const test::TempDir dir;
  const std::string mount = dir / "small";
  std::filesystem::create_directory(mount);
  if (::mount("tmpfs", mount.c_str(), "tmpfs", 0, "size=1m") != 0) {
    MESSAGE("skipped: a tmpfs may not be mounted here");
    return;
  }
  {
    const FeedHouse house(mount + "/log");
    Relay relay(mount + "/log");
    REQUIRE(relay.listening());
    const auto office = house.client(relay, house.office);
    test::write_file(mount + "/filler", Bytes(300 << 10));
    const Bytes first = blob_of(1, 100000);
    const Bytes second = blob_of(2, kBlobMax);
    REQUIRE(office->put_blob(sha256(first), first));
    const auto full = office->put_blob(sha256(second), second);
    REQUIRE_FALSE(full);
    CHECK(code_of(full) == "disk-full");
    CHECK(files_in(mount + "/log/blobs") == 1);
    CHECK(got(office->get_blob(sha256(first), first.size())) == first);
    CHECK(code_of(office->get_blob(sha256(second), second.size())) == "not-found");
    std::filesystem::remove(mount + "/filler");
    REQUIRE(office->put_blob(sha256(second), second));
    CHECK(got(office->get_blob(sha256(second), second.size())) == second);
    CHECK(relay.stop().status == 0);
  }
  CHECK(::umount(mount.c_str()) == 0);
}

TEST_CASE("a damaged blob is found by check and by who gets it, and mended by sending it again") {
  const test::TempDir dir;
  const FeedHouse house(dir / "log");
  Relay relay(dir / "log");
  REQUIRE(relay.listening());
  const auto office = house.client(relay, house.office);
  const Bytes blob = blob_of(1, 100000);
  const auto file = dir / "log/blobs" / sha256(blob).hex();
  for (const bool shorter : {false, true}) {
    REQUIRE(office->put_blob(sha256(blob), blob));
    CHECK(test::read_file(file) == blob);
    Bytes damaged = blob;
    damaged[777] ^= 1;
    if (shorter) damaged.resize(500);
    test::write_file(file, damaged);
    CHECK(code_of(office->get_blob(sha256(blob), blob.size())) == "protocol");
    const auto checked = test::run({test::relay_binary(), "check", dir / "log"});
    CHECK(checked.status == 1);
    CHECK(checked.out.find("blobs/" + sha256(blob).hex()) != std::string::npos);
  }
  REQUIRE(office->put_blob(sha256(blob), blob));
  CHECK(got(office->get_blob(sha256(blob), blob.size())) == blob);
  CHECK(code_of(office->get_blob(sha256(blob), blob.size() - 1)) == "protocol");
  CHECK(metric(relay, "daybook_relay_blob_bytes") == "102400");
  CHECK(test::run({test::relay_binary(), "check", dir / "log"}).status == 0);
}

TEST_CASE("killed at each system call of a blob, the relay keeps all of it or nothing") {
  if (test::kSanitized || test::run({"strace", "-o", "/dev/null", "true"}).status != 0) {
    MESSAGE("skipped: strace is not there or not permitted");
    return;
  }
  constexpr std::uint8_t kBlobs = 16;
  int kills = 0;
  int kept = 0;
  for (const char* call : {"pwrite64", "fdatasync", "rename", "fsync"}) {
    for (int when = 9; when <= 15; when += 3) {
      CAPTURE(call);
      CAPTURE(when);
      const test::TempDir dir;
      const FeedHouse house(dir / "log");
      std::vector<Bytes> promised;
      {
        // strace counts by thread: one worker keeps all blobs, and start-up has fewer calls.
        Relay relay(dir / "log", {"--workers", "1"},
                    {"strace", "-f", "-D", "-o", "/dev/null", "-e",
                     std::string("inject=") + call + ":signal=KILL:when=" + std::to_string(when),
                     "-e", std::string("trace=") + call});
        if (relay.listening()) {
          const auto office = house.client(relay, house.office);
          for (std::uint8_t n = 0; n < kBlobs; ++n) {
            const Bytes blob = blob_of(n, 50000);
            if (!office->put_blob(sha256(blob), blob)) break;
            promised.push_back(blob);
          }
        }
        if (relay.process.running()) relay.process.signal(SIGTERM);
        kills += relay.process.wait().status == 128 + SIGKILL ? 1 : 0;
      }
      Relay relay(dir / "log");
      REQUIRE(relay.listening());
      const auto office = house.client(relay, house.office);
      for (const Bytes& blob : promised) {
        CHECK(got(office->get_blob(sha256(blob), blob.size())) == blob);
        ++kept;
      }
      for (std::uint8_t n = 0; n < kBlobs; ++n) {
        const Bytes blob = blob_of(n, 50000);
        CHECK(office->put_blob(sha256(blob), blob));
      }
      CHECK(files_in(dir / "log/blobs") == kBlobs);
      CHECK(relay.stop().status == 0);
      CHECK(test::run({test::relay_binary(), "check", dir / "log"}).status == 0);
    }
  }
  MESSAGE(kills << " kills, " << kept << " blobs promised before them");
  CHECK(kills > 9);
  CHECK(kept > 50);
}

TEST_CASE("a blob's answer is sent after its file, its name and its directory are synced") {
  if (test::kSanitized || test::run({"strace", "-o", "/dev/null", "true"}).status != 0) {
    MESSAGE("skipped: strace is not there or not permitted");
    return;
  }
  const test::TempDir dir;
  const FeedHouse house(dir / "log");
  Relay relay(dir / "log", {"--workers", "1"},
              {"strace", "-f", "-D", "-o", dir / "trace", "-s", "64", "-e",
               "trace=openat,pwrite64,fdatasync,rename,fsync,sendto,sendmsg"});
  REQUIRE(relay.listening());
  const auto office = house.client(relay, house.office);
  for (std::uint8_t n = 0; n < 5; ++n) {
    REQUIRE(office->put_blob(sha256(blob_of(n)), blob_of(n)));
  }
  CHECK(relay.stop().status == 0);
  std::ifstream in(dir / "trace");
  int answers = 0;
  int step = 0;  // 1: the file was synced, 2: it was renamed, 3: its directory was synced
  for (std::string line; std::getline(in, line);) {
    const bool done = line.ends_with("= 0");
    if (done && line.find("fdatasync(") != std::string::npos) step = 1;
    if (done && line.find("rename(") != std::string::npos && line.find("blobs/") != line.npos) {
      step = step == 1 ? 2 : 0;
    }
    if (done && line.find(" fsync(") != std::string::npos) step = step == 2 ? 3 : 0;
    if (line.find("HTTP/1.1 201") == std::string::npos) continue;
    CHECK(step == 3);
    step = 0;
    ++answers;
  }
  CHECK(answers == 5);
}

TEST_CASE("a directory that cannot be synced: 503, and no blob is claimed by this process") {
  if (test::kSanitized || test::run({"strace", "-o", "/dev/null", "true"}).status != 0) {
    MESSAGE("skipped: strace is not there or not permitted");
    return;
  }
  const test::TempDir dir;
  const FeedHouse house(dir / "log");
  const Bytes before = blob_of(9);
  {
    Relay relay(dir / "log");
    REQUIRE(house.client(relay, house.office)->put_blob(sha256(before), before));
    CHECK(relay.stop().status == 0);
  }
  // strace counts by thread: start-up has fewer calls.
  Relay relay(dir / "log", {"--workers", "1"},
              {"strace", "-f", "-D", "-o", "/dev/null", "-e", "inject=fsync:error=EIO:when=10",
               "-e", "trace=fsync"});
  REQUIRE(relay.listening());
  const auto office = house.client(relay, house.office);
  std::uint8_t n = 0;
  core::Result<void> put;
  while (put && n < 20) {
    const Bytes blob = blob_of(++n);
    put = office->put_blob(sha256(blob), blob);
  }
  REQUIRE_FALSE(put);
  CHECK(n > 5);
  CHECK(code_of(put) == "network");
  CHECK(put.error().what.find("503") != std::string::npos);
  const Bytes last = blob_of(n);
  CHECK(code_of(office->get_blob(sha256(last), last.size())) == "not-found");
  CHECK(code_of(office->put_blob(sha256(last), last)) == "network");
  CHECK(code_of(office->put_blob(sha256(before), before)) == "network");
  CHECK(got(office->get_blob(sha256(before), before.size())) == before);
  relay.process.signal(SIGTERM);
  CHECK(relay.process.wait().err.find("event=blob-not-kept") != std::string::npos);
  Relay again(dir / "log");
  REQUIRE(again.listening());
  CHECK(house.client(again, house.office)->put_blob(sha256(last), last));
}

TEST_CASE("a start removes what a killed process left, and syncs the names that it will claim") {
  const test::TempDir dir;
  const FeedHouse house(dir / "log");
  const Bytes blob = blob_of(1);
  const auto blobs = dir / "log/blobs";
  std::filesystem::create_directory(blobs);
  test::write_file(blobs / sha256(blob).hex(), blob);
  test::write_file(blobs / (sha256(blob_of(2)).hex() + ".tmp"), Bytes(100));
  const bool traced =
      !test::kSanitized && test::run({"strace", "-o", "/dev/null", "true"}).status == 0;
  std::vector<std::string> before;
  if (traced) before = {"strace", "-f", "-D", "-y", "-o", dir / "trace", "-e", "trace=fsync"};
  Relay relay(dir / "log", {}, before);
  REQUIRE(relay.listening());
  CHECK(files_in(blobs) == 1);
  CHECK(metric(relay, "daybook_relay_blob_bytes") == "8192");
  CHECK(house.client(relay, house.office)->put_blob(sha256(blob), blob));
  CHECK(metric(relay, "daybook_relay_blobs_total") == "0");
  CHECK(relay.stop().status == 0);
  if (!traced) return;
  const Bytes trace = test::read_file(dir / "trace");
  CHECK(core::as_text(trace).find("log/blobs>) = 0") != std::string::npos);
}
