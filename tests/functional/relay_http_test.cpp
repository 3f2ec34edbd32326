// The relay's program over loopback: requests good and bad, limits, stalls, start and stop.
#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>

#include "core/disk/log_reader.h"
#include "tests/functional/relay_process.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/relay_messages.h"

using core::Bytes;
using core::Errc;
using core::LogIndex;
using core::wire::PostStatus;
using test::http;
using test::make_message;
using test::Relay;
using test::Socket;
using test::TempDir;

namespace {

std::vector<Bytes> read_entries(const Relay& relay, std::uint64_t from = 0) {
  std::vector<Bytes> out;
  const auto read = relay.client().entries(LogIndex{from}, [&](LogIndex index, Bytes body) {
    CHECK(index.value == from + out.size());
    out.push_back(std::move(body));
    return core::Result<void>();
  });
  CHECK(read);
  return out;
}

std::string text(const Bytes& bytes) {
  return std::string(core::as_text(bytes));
}

}  // namespace

TEST_CASE("posted messages come back in order, before and after a restart") {
  const TempDir dir;
  std::vector<Bytes> messages;
  for (std::uint64_t i = 1; i <= 200; ++i) messages.push_back(make_message(i, 10 + i * 5));
  for (int life = 0; life < 2; ++life) {
    Relay relay(dir / "log", {"--segment-bytes", "16384"});
    REQUIRE(relay.listening());
    const auto answers = relay.client().post(messages);
    REQUIRE(answers);
    for (std::size_t i = 0; i < messages.size(); ++i) {
      CHECK(answers->each[i].status ==
            (life == 0 ? PostStatus::kAccepted : PostStatus::kDuplicate));
      CHECK(answers->each[i].index.value == i);
    }
    CHECK(read_entries(relay) == messages);
    CHECK(read_entries(relay, 199).size() == 1);
    CHECK(read_entries(relay, 200).empty());
    CHECK(relay.stop().status == 0);
  }
  CHECK(core::disk::read_log(dir / "log")->entries.size() == 200);
}

TEST_CASE("asking for entries that the log does not have yet is told apart from an empty rest") {
  const TempDir dir;
  Relay relay(dir / "log");
  auto client = relay.client();
  const auto read =
      client.entries(LogIndex{5}, [](LogIndex, Bytes) { return core::Result<void>(); });
  REQUIRE_FALSE(read);
  CHECK(read.error().code == Errc::kProtocol);
}

TEST_CASE("a reader's own error ends the reading, and the client can go on") {
  const TempDir dir;
  Relay relay(dir / "log");
  auto client = relay.client();
  REQUIRE(client.post(std::vector<Bytes>{make_message(1), make_message(2)}));
  const auto read = client.entries(LogIndex{0}, [](LogIndex, Bytes) -> core::Result<void> {
    return core::fail(Errc::kState, "enough");
  });
  CHECK(read.error().what == "enough");
  CHECK(client.get("/healthz"));
}

TEST_CASE("bad requests get their status, and nothing of them is kept") {
  const TempDir dir;
  Relay relay(dir / "log");
  const auto& at = relay.endpoint;
  const std::string valid = text(make_message(1));
  CHECK(http(at, "GET", "/nothing").starts_with("HTTP/1.1 404 "));
  CHECK(http(at, "GET", "/v1/messages").starts_with("HTTP/1.1 405 "));
  CHECK(http(at, "GET", "/v1/messages").find("Allow: POST") != std::string::npos);
  CHECK(http(at, "POST", "/v1/entries", "x").starts_with("HTTP/1.1 405 "));
  CHECK(http(at, "GET", "/v1/entries?from=x").starts_with("HTTP/1.1 400 "));
  const std::string broken = http(at, "POST", "/v1/messages", valid + "\x1c");
  CHECK(broken.starts_with("HTTP/1.1 400 "));
  CHECK(broken.find("byte " + std::to_string(valid.size())) != std::string::npos);
  CHECK(http(at, "POST", "/v1/messages", std::string((1 << 20) + 1, '\0'))
            .starts_with("HTTP/1.1 413 "));
  CHECK(http(at, "POST", "/v1/messages", std::string(257, '\0')).starts_with("HTTP/1.1 413 "));
  std::string large = valid + std::string("\x5a\x00\x00\xff\xfb", 5);
  large.resize(large.size() + 65531);
  CHECK(http(at, "POST", "/v1/messages", large).starts_with("HTTP/1.1 413 "));
  CHECK(http(at, "nonsense", "").starts_with("HTTP/1.1 400 "));
  const std::string long_header = "/" + std::string(20000, 'x');
  CHECK(http(at, "GET", long_header).starts_with("HTTP/1.1 431 "));
  CHECK(read_entries(relay).empty());
  CHECK(http(at, "POST", "/v1/messages", valid).starts_with("HTTP/1.1 200 "));
  CHECK(relay.stop().status == 0);
}

TEST_CASE("client errors tell the statuses apart") {
  const TempDir dir;
  Relay relay(dir / "log");
  auto client = relay.client();
  const auto code = [&client](const Bytes& message) {
    return client.post(std::vector<Bytes>{message}).error().code;
  };
  CHECK(code(Bytes{0x1c}) == Errc::kMalformed);
  CHECK(code(Bytes(300, 0)) == Errc::kTooLarge);
  CHECK(code(Bytes(2 << 20, 0)) == Errc::kTooLarge);
  CHECK(client.get("/nothing").error().code == Errc::kNotFound);
  const auto refused = client.post(std::vector<Bytes>{Bytes{0x17}});
  REQUIRE(refused);
  CHECK(refused->each.front().status == PostStatus::kRefused);
  relay.process.signal(SIGKILL);
  relay.process.wait();
  CHECK(code(make_message(1)) == Errc::kNetwork);
}

TEST_CASE("requests in pieces, several at once, and with chunks are understood") {
  const TempDir dir;
  Relay relay(dir / "log");
  Socket slow(relay.endpoint);
  const std::string request = "GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n";
  for (const char c : request) slow.send(std::string_view(&c, 1));
  CHECK(slow.read_until("log_size").starts_with("HTTP/1.1 200 "));

  Socket pipelined(relay.endpoint);
  pipelined.send(request + request + "GET /nothing HTTP/1.1\r\nConnection: close\r\n\r\n");
  const std::string all = pipelined.read_to_end().value_or("");
  CHECK(all.find("200 OK") != all.rfind("200 OK"));
  CHECK(all.find("404 ") != std::string::npos);

  const std::string body = text(make_message(1));
  std::array<char, 16> size{};
  std::snprintf(size.data(), size.size(), "%zx\r\n", body.size());
  Socket chunked(relay.endpoint);
  chunked.send(
      "POST /v1/messages HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" +
      (size.data() + body) + "\r\n0\r\n\r\n");
  CHECK(chunked.read_to_end().value_or("").starts_with("HTTP/1.1 200 "));

  Socket polite(relay.endpoint);
  polite.send("POST /v1/messages HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n");
  CHECK(polite.read_until("100 Continue").find("100 Continue") != std::string::npos);
  polite.send(body);
  CHECK(polite.read_until("200 OK").find("200 OK") != std::string::npos);
}

TEST_CASE("a client that stalls is cut off, and the others are served meanwhile") {
  const TempDir dir;
  Relay relay(dir / "log", {"--client-timeout-ms", "300"});
  Socket silent(relay.endpoint);
  Socket half(relay.endpoint);
  half.send("POST /v1/messages HTTP/1.1\r\nContent-Length: 100\r\n\r\nxx");
  Socket dripping(relay.endpoint);
  const auto start = std::chrono::steady_clock::now();
  bool cut_off = false;
  while (!cut_off && std::chrono::steady_clock::now() - start < std::chrono::seconds(10)) {
    cut_off = !dripping.send("x");
    CHECK(relay.client().get("/healthz"));
  }
  CHECK(cut_off);
  CHECK(silent.read_to_end().has_value());
  CHECK(half.read_to_end().has_value());
  const std::string metrics = relay.client().get("/metrics").value();
  CHECK(metrics.find("daybook_relay_connections_cut_off_total 0\n") == std::string::npos);
}

TEST_CASE("a client that does not read its entries is cut off") {
  const TempDir dir;
  Relay relay(dir / "log", {"--client-timeout-ms", "300"});
  auto client = relay.client();
  for (std::uint64_t i = 0; i < 300; ++i) {
    REQUIRE(client.post(std::vector<Bytes>{make_message(i + 1, 60000)}));
  }
  Socket deaf(relay.endpoint);
  deaf.send("GET /v1/entries?from=0 HTTP/1.1\r\n\r\n");
  std::string metrics;
  for (int i = 0; i < 100 && metrics.find("cut_off_total 1\n") == std::string::npos; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    metrics = client.get("/metrics").value();
  }
  CHECK(metrics.find("cut_off_total 1\n") != std::string::npos);
  // What it got is recognisably cut off: the last chunk is missing.
  const std::string got = deaf.read_to_end().value_or("");
  CHECK_FALSE(got.ends_with("0\r\n\r\n"));
  CHECK(read_entries(relay).size() == 300);
}

TEST_CASE("more clients than allowed wait for a place") {
  const TempDir dir;
  Relay relay(dir / "log", {"--max-connections", "2"});
  auto first = std::make_unique<Socket>(relay.endpoint);
  Socket second(relay.endpoint);
  second.send("GET /healthz HTTP/1.1\r\n\r\n");
  CHECK(second.read_until("log_size").find("200 OK") != std::string::npos);
  Socket third(relay.endpoint);
  third.send("GET /healthz HTTP/1.1\r\n\r\n");
  CHECK(third.read_until("log_size", std::chrono::milliseconds(200)).empty());
  first.reset();
  CHECK(third.read_until("log_size").find("200 OK") != std::string::npos);
}

TEST_CASE("a client that ends in the middle of a request is let go at once") {
  const TempDir dir;
  Relay relay(dir / "log");
  // Its last bytes and its end come together, or nearly so.
  for (int i = 0; i < 50; ++i) {
    Socket socket(relay.endpoint);
    socket.send("POST /v1/messages HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
    socket.end_sending();
    CHECK(socket.read_to_end(std::chrono::seconds(3)).has_value());
  }
}

TEST_CASE("SIGTERM does not wait for connections without a request") {
  const TempDir dir;
  Relay relay(dir / "log");
  const Socket idle(relay.endpoint);
  const auto start = std::chrono::steady_clock::now();
  CHECK(relay.client().get("/healthz"));
  CHECK(relay.stop().status == 0);
  // The grace for requests is ten seconds.
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
}

TEST_CASE("a second relay on the same directory is refused, and says why") {
  const TempDir dir;
  Relay relay(dir / "log");
  const auto second = test::run(
      {test::relay_binary(), "serve", "--open", "--data", dir / "log", "--listen", "127.0.0.1:0"});
  CHECK(second.status == 1);
  CHECK(second.err.find("held by another process") != std::string::npos);
  CHECK(second.out.empty());
}

TEST_CASE("SIGTERM finishes the request that is under way") {
  const TempDir dir;
  Relay relay(dir / "log");
  const std::string body = text(make_message(1));
  Socket socket(relay.endpoint);
  socket.send("POST /v1/messages HTTP/1.1\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\n\r\n" + body.substr(0, 10));
  CHECK(relay.client().get("/healthz"));
  relay.process.signal(SIGTERM);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  socket.send(body.substr(10));
  CHECK(socket.read_to_end().value_or("").starts_with("HTTP/1.1 200 "));
  CHECK(relay.process.wait().status == 0);
  CHECK(core::disk::read_log(dir / "log")->entries.size() == 1);
}

TEST_CASE("serve refuses a damaged log by segment and offset; check and dump show it") {
  const TempDir dir;
  {
    Relay relay(dir / "log");
    REQUIRE(relay.client().post(std::vector<Bytes>{make_message(1)}));
    REQUIRE(relay.client().post(std::vector<Bytes>{make_message(2)}));
    CHECK(relay.stop().status == 0);
  }
  const auto program = test::relay_binary();
  CHECK(test::run({program, "check", dir / "log"}).status == 0);
  const auto clean = test::run({program, "dump", dir / "log", "--from", "1"});
  CHECK(clean.status == 0);
  CHECK(clean.out.find(core::envelope::message_id(make_message(2)).hex()) != std::string::npos);
  CHECK(clean.out.find(core::envelope::message_id(make_message(1)).hex()) == std::string::npos);

  Bytes content = test::read_file(dir / "log/segment-00000001.log");
  content[64 + 30] ^= 1;
  test::write_file(dir / "log/segment-00000001.log", content);
  const auto refused =
      test::run({program, "serve", "--open", "--data", dir / "log", "--listen", "127.0.0.1:0"});
  CHECK(refused.status == 1);
  CHECK(refused.err.find("segment-00000001.log, byte 64") != std::string::npos);
  const auto checked = test::run({program, "check", dir / "log"});
  CHECK(checked.status == 1);
  CHECK(checked.out.find("segment-00000001.log, byte 64") != std::string::npos);
  CHECK(checked.out.find("entries 0 to 0 are lost") != std::string::npos);
  CHECK(test::run({program, "dump", dir / "log"}).status == 1);
}

TEST_CASE("wrong usage is status 2, and help teaches") {
  const auto program = test::relay_binary();
  CHECK(test::run({program}).status == 2);
  CHECK(test::run({program, "serve"}).status == 2);
  CHECK(test::run({program, "serve", "--data", "/tmp/x", "--listen", "nowhere"}).status == 2);
  CHECK(test::run({program, "serve", "--data", "/tmp/x", "--client-timeout-ms", "0"}).status == 2);
  CHECK(test::run({program, "check", "/nonexistent/log"}).status == 1);
  const auto help = test::run({program, "--help"});
  CHECK(help.status == 0);
  CHECK(help.out.find("daybook-relay serve --data") != std::string::npos);
}

TEST_CASE("the service manager is told when the relay is ready, and when it stops") {
  const TempDir dir;
  const std::string path = dir / "notify";
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(path.size() < sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  const auto told = [fd] {
    pollfd waiting{fd, POLLIN, 0};
    std::array<char, 256> buffer{};
    if (::poll(&waiting, 1, 5000) <= 0) return std::string();
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    return std::string(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  };
  Relay relay(dir / "log", {}, {"env", "NOTIFY_SOCKET=" + path});
  REQUIRE(relay.listening());
  CHECK(told() == "READY=1");
  CHECK(relay.stop().status == 0);
  CHECK(told() == "STOPPING=1");
  ::close(fd);
}

TEST_CASE("the systemd unit is one that systemd understands, and confines the relay") {
  if (test::run({"systemd-analyze", "--version"}).status != 0) {
    MESSAGE("skipped: systemd-analyze is not here");
    return;
  }
  // With a program that is there: the unit names the installed one.
  const TempDir dir;
  const std::string unit = dir / "daybook-relay.service";
  std::string text(
      core::as_text(test::read_file(DAYBOOK_SOURCE_DIR "/relay/daybook-relay.service")));
  const std::string installed = "/usr/bin/daybook-relay";
  text.replace(text.find(installed), installed.size(), test::relay_binary());
  test::write_file(unit, core::as_bytes(text));
  const auto verified = test::run({"systemd-analyze", "verify", unit});
  CHECK(verified.status == 0);
  CHECK(verified.err.empty());  // an unknown key only warns
  CHECK(
      test::run({"systemd-analyze", "security", "--offline=true", "--threshold=30", unit}).status ==
      0);
}
