// The real balance service: two tills that want a member's last points in the same moment, while
// the service is killed again and again; and what strangers may do to its HTTP.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <mutex>
#include <optional>
#include <thread>

#include "core/base/random.h"
#include "core/wire/relay_client.h"
#include "tests/support/balance_world.h"
#include "tests/support/certificates.h"
#include "tests/support/process.h"

using namespace core::retail;
using core::Bytes;
using test::BalanceWorld;
using test::member_number;

namespace {

constexpr std::int64_t kPoints = 100;  // that each member has

// The program over a world's files, on the port that it had before.
class Serve {
 public:
  explicit Serve(BalanceWorld& world, std::vector<std::string> more = {})
      : world_(world), more_(std::move(more)) {
    start();
  }

  void start() {
    std::vector<std::string> argv = {std::string(DAYBOOK_BIN_DIR) + "/daybook-rebuild",
                                     "serve",
                                     "--head-office",
                                     world_.options.head_office.string(),
                                     "--books",
                                     world_.options.books.string(),
                                     "--holds",
                                     world_.options.holds.string(),
                                     "--listen",
                                     "127.0.0.1:" + std::to_string(port)};
    argv.insert(argv.end(), more_.begin(), more_.end());
    process.emplace(argv);
    const std::string line = process->wait_for_line("listening on ");
    REQUIRE_FALSE(line.empty());
    port = static_cast<std::uint16_t>(std::stoul(line.substr(line.rfind(':') + 1)));
  }
  void kill() {
    process->signal(SIGKILL);
    CHECK(process->wait().status == 128 + SIGKILL);
  }
  core::wire::RelayClient client(std::shared_ptr<const core::tls::Context> trust = nullptr) const {
    const bool tls = trust != nullptr;
    return core::wire::RelayClient({"127.0.0.1", port, tls}, std::chrono::milliseconds(5000),
                                   std::move(trust));
  }

  std::uint16_t port = 0;
  std::optional<test::Process> process;

 private:
  BalanceWorld& world_;
  std::vector<std::string> more_;
};

core::Result<Bytes> post(core::wire::RelayClient& client, const Bytes& request) {
  return client.exchange("/v1/points", "application/cose", request);
}

// A connection, byte by byte.
class Wire {
 public:
  explicit Wire(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  ~Wire() { ::close(fd_); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  void send(std::string_view text) {
    static_cast<void>(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL));
  }
  // What comes until `text` is in it, or the end.
  std::string read_until(std::string_view text) {
    std::string out;
    while (out.find(text) == std::string::npos) {
      pollfd ready{fd_, POLLIN, 0};
      if (::poll(&ready, 1, 10000) <= 0) return out + "(nothing more)";
      char buffer[4096];
      const ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
      if (got <= 0) return out + "(closed)";
      out.append(buffer, static_cast<std::size_t>(got));
    }
    return out;
  }

 private:
  int fd_;
};

std::string post_text(const Bytes& body) {
  return "POST /v1/points HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(core::as_text(body));
}

// Members 1 to `count`, each with kPoints.
void give_points(BalanceWorld& world, std::uint32_t count) {
  std::map<MemberKey, PointsRow> rows;
  for (std::uint32_t i = 1; i <= count; ++i) rows[member_number(i)] = {kPoints, 0};
  auto closing = test::closing(BalanceWorld::kDay - 1, 1000);
  for (const auto& [member, row] : rows) closing.members[member] = row;
  for (const Summary& part : split(Summary(closing), 60000)) {
    world.post(world.fleet.next(1, part));
  }
  world.replay();
}

}  // namespace

TEST_CASE("two tills that want the last points in one moment never get them both, whatever dies") {
  constexpr std::uint32_t kRounds = test::kSanitized ? 60 : 400;
  BalanceWorld world(2);
  give_points(world, kRounds);
  Serve serve(world);
  core::Random random(20261128);
  std::atomic<bool> over = false;
  std::atomic<int> kills = 0;
  std::atomic<int> unanswered = 0;
  std::mutex restarting;  // the killer restarts at once; nobody else looks at the process
  std::thread killer([&] {
    core::Random pause(7);
    while (!over) {
      std::this_thread::sleep_for(std::chrono::milliseconds(pause.between(5, 120)));
      const std::lock_guard lock(restarting);
      serve.kill();
      serve.start();
      ++kills;
    }
  });
  struct Asked {
    std::uint32_t member;
    std::int64_t points;
    bool granted;
  };
  std::array<std::vector<Asked>, 2> asked;
  std::barrier both(2);
  const auto office = world.office_key();
  const std::uint16_t port = serve.port;
  std::array<core::envelope::PrivateKey, 2> keys = {world.till(0).key, world.till(1).key};
  // In pieces that together are too many, or too many alone.
  std::vector<std::array<std::int64_t, 2>> wishes;
  for (std::uint32_t i = 0; i < kRounds; ++i) {
    wishes.push_back({static_cast<std::int64_t>(random.between(1, kPoints)),
                      static_cast<std::int64_t>(random.between(1, kPoints))});
    if (random.between(0, 1) == 0) wishes.back() = {kPoints, kPoints};
  }
  const auto till = [&](std::size_t number) {
    core::wire::RelayClient client({"127.0.0.1", port, false}, std::chrono::milliseconds(3000));
    for (std::uint32_t round = 0; round < kRounds; ++round) {
      const auto wish =
          BalanceWorld::hold_of(round + 1, member_number(round + 1), wishes[round].at(number));
      const Bytes request = sign_points_request(wish, test::kOrigin, keys.at(number));
      both.arrive_and_wait();
      while (true) {
        const auto bytes = post(client, request);
        if (!bytes) {
          ++unanswered;
          std::this_thread::sleep_for(std::chrono::milliseconds(3));
          continue;
        }
        const auto answer = verify_points_answer(*bytes, request, test::kOrigin, office);
        CORE_CHECK(answer.has_value() && answer->verdict != PointsVerdict::kRefused);
        asked.at(number).push_back(
            {round + 1, wish.points, answer->verdict == PointsVerdict::kDone});
        break;
      }
    }
  };
  std::thread one(till, 0);
  std::thread other(till, 1);
  one.join();
  other.join();
  over = true;
  killer.join();
  int both_granted = 0;
  int one_granted = 0;
  auto client = serve.client();
  for (std::uint32_t round = 0; round < kRounds; ++round) {
    std::int64_t sum = 0;
    int granted = 0;
    for (std::size_t number = 0; number < 2; ++number) {
      const Asked& ask = asked.at(number).at(round);
      if (ask.granted) {
        sum += ask.points;
        ++granted;
      }
      // What was said is on the disk, through all kills.
      const Bytes again = world.request_of(
          number, BalanceWorld::hold_of(ask.member, member_number(ask.member), ask.points));
      const auto bytes = post(client, again);
      REQUIRE(bytes);
      const auto answer = verify_points_answer(*bytes, again, test::kOrigin, office);
      REQUIRE(answer);
      CHECK((answer->verdict == PointsVerdict::kDone) == ask.granted);
      CHECK(answer->available ==
            kPoints - sum - (number == 0 && asked[1][round].granted ? asked[1][round].points : 0));
    }
    CHECK(sum <= kPoints);
    CHECK(granted >= 1);  // whoever comes first gets them
    both_granted += granted == 2 ? 1 : 0;
    one_granted += granted == 1 ? 1 : 0;
  }
  MESSAGE(kRounds << " rounds, " << kills.load() << " kills, " << unanswered.load()
                  << " requests without an answer; " << one_granted << " times one till got them, "
                  << both_granted << " times there was enough for both");
  CHECK(one_granted > static_cast<int>(kRounds) / 3);
  CHECK(both_granted > 0);
  CHECK(kills > 3);
  CHECK(unanswered > 0);
  serve.process->signal(SIGTERM);
  CHECK(serve.process->wait().status == 0);
}

TEST_CASE("what is no request of its HTTP is refused with a reason, and the service goes on") {
  BalanceWorld world(1);
  give_points(world, 1);
  Serve serve(world);
  const Bytes good = world.request_of(0, BalanceWorld::hold_of(1, member_number(1), 10));
  const auto answer_to = [&](const std::string& text, std::string_view until) {
    Wire wire(serve.port);
    wire.send(text);
    return wire.read_until(until);
  };
  const auto begins = [&](const std::string& text, const std::string& status) {
    const std::string got = answer_to(text, "\r\n\r\n");
    CHECK_MESSAGE(got.starts_with("HTTP/1.1 " + status), got);
  };
  begins("GET /v1/points HTTP/1.1\r\nHost: x\r\n\r\n", "405");
  begins("POST /v1/other HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "404");
  begins("POST /v1/points HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "400");
  begins("POST /v1/points HTTP/1.1\r\nHost: x\r\nContent-Length: 1025\r\n\r\n", "413");
  begins("POST /v1/points HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n401\r\n" +
             std::string(0x401, 'x'),
         "413");
  begins("POST /v1/points HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n", "431");
  begins("\x16\x03\x01 no HTTP at all\r\n\r\n", "400");
  begins(post_text(good), "200");
  // Cut off at every byte: nothing of it is asked, and the next one is served.
  const std::string whole = post_text(good);
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    Wire wire(serve.port);
    wire.send(whole.substr(0, size));
  }
  // Two in one packet, and one byte by byte.
  {
    Wire wire(serve.port);
    wire.send(whole + whole);
    const std::string got = wire.read_until("HTTP/1.1 200");
    const std::string rest =
        got.find("HTTP/1.1 200", 5) == std::string::npos ? wire.read_until("HTTP/1.1 200") : "";
    CHECK((got + rest).find("HTTP/1.1 200", 5) != std::string::npos);
    Wire slow(serve.port);
    for (const char c : whole) slow.send(std::string(1, c));
    CHECK(slow.read_until("\r\n\r\n").starts_with("HTTP/1.1 200"));
  }
  // More than are served at once.
  {
    std::vector<std::unique_ptr<Wire>> many;
    for (int i = 0; i < 200; ++i) many.push_back(std::make_unique<Wire>(serve.port));
    begins(post_text(good), "200");
  }
  auto client = serve.client();
  const auto refused = client.exchange("/v1/points", "application/cose", Bytes(10));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().what.find("status 400: no request") != std::string::npos);
  CHECK(post(client, good));
  serve.process->signal(SIGTERM);
  CHECK(serve.process->wait().status == 0);
}

TEST_CASE("over TLS a till trusts the certificate's authority, and no other server") {
  BalanceWorld world(1);
  give_points(world, 1);
  const auto file = [&](const char* name, const std::string& text) {
    test::write_file(world.dir / name, core::as_bytes(text));
    return (world.dir / name).string();
  };
  const auto authority = test::make_authority("points");
  const auto issued = test::issue(authority, "IP:127.0.0.1");
  Serve serve(world, {"--tls-cert", file("server.pem", issued.certificate), "--tls-key",
                      file("server.key", issued.key)});
  const Bytes good = world.request_of(0, BalanceWorld::hold_of(1, member_number(1), 10));
  const auto trust = core::tls::Context::client(file("ca.pem", authority.certificate));
  REQUIRE(trust);
  auto client = serve.client(*trust);
  for (int i = 0; i < 3; ++i) {
    const auto bytes = post(client, good);
    REQUIRE_MESSAGE(bytes, (bytes ? "" : bytes.error().what));
    CHECK(verify_points_answer(*bytes, good, test::kOrigin, world.office_key()));
  }
  auto plain = serve.client();
  CHECK_FALSE(post(plain, good));
  const auto other =
      core::tls::Context::client(file("other.pem", test::make_authority("other").certificate));
  REQUIRE(other);
  auto mistrusting = serve.client(*other);
  CHECK_FALSE(post(mistrusting, good));
}

TEST_CASE("a service that drips its answer is away when the till's time is over") {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(listener, 1) == 0);
  REQUIRE(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  std::atomic<int> dripped = 0;
  std::thread dripping([&] {
    const int peer = ::accept(listener, nullptr, nullptr);
    const std::string answer =
        "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n" + std::string(4000, 'x');
    for (const char c : answer) {
      if (::send(peer, &c, 1, MSG_NOSIGNAL) != 1) break;
      ++dripped;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    ::close(peer);
  });
  const auto begun = std::chrono::steady_clock::now();
  {
    core::wire::RelayClient client({"127.0.0.1", ntohs(address.sin_port), false},
                                   std::chrono::milliseconds(400));
    const auto answer = post(client, Bytes{1});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == core::Errc::kNetwork);
  }
  const auto waited = std::chrono::steady_clock::now() - begun;
  CHECK(waited >= std::chrono::milliseconds(400));
  CHECK(waited < std::chrono::milliseconds(5000));
  dripping.join();
  ::close(listener);
  CHECK(dripped > 1);
}

TEST_CASE("plain HTTP is not served beyond the machine unless somebody says so") {
  BalanceWorld world(1);
  give_points(world, 1);
  const auto outcome =
      test::run({std::string(DAYBOOK_BIN_DIR) + "/daybook-rebuild", "serve", "--head-office",
                 world.options.head_office.string(), "--books", world.options.books.string(),
                 "--holds", world.options.holds.string(), "--listen", "0.0.0.0:0"});
  CHECK(outcome.status == 2);
  CHECK(outcome.err.find("loopback only") != std::string::npos);
}
