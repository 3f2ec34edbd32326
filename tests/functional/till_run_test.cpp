// A till that stays open: the real program, its socket and its loopback, its console over a pipe
// and over a terminal, and what is left when it stops or is killed.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"
#include "till/api/http_client.h"

namespace {

using Words = std::vector<std::string>;
using Json = nlohmann::json;

const std::string kBin = std::string(DAYBOOK_BIN_DIR) + "/";
const std::string kCatalog = std::string(DAYBOOK_SOURCE_DIR) + "/seeds/gardenworld.json";

// A till that joined, and its running process.
class Counter {
 public:
  Counter() {
    const std::string office = path("office");
    done({kBin + "daybook-rebuild", "init", "--dir", office, "--origin", "shop/log"});
    till({"init", "--store", "4", "--till", "1", "--origin", "shop/log", "--catalog", kCatalog,
          "--request", path("request")});
    done({kBin + "daybook-rebuild", "enrol", "--dir", office, "--request", path("request")});
    std::ifstream in(office + "/head-office.pub");
    std::string key;
    in >> key;
    till({"join", "--roster", office + "/roster.cbor", "--head-office", key});
  }

  std::string path(const std::string& name) const { return (dir_ / name).string(); }
  std::string socket() const { return path("till.sock"); }

  static std::string done(const Words& argv) {
    const test::Outcome outcome = test::run(argv);
    CAPTURE(argv.at(1));
    REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
    return outcome.out;
  }
  Words command(const Words& words) const {
    Words argv = {kBin + "daybook-till", words.front(), "--journal", path("till.db")};
    argv.insert(argv.end(), words.begin() + 1, words.end());
    return argv;
  }
  std::string till(const Words& words) const { return done(command(words)); }

  void start(const Words& more = {}) {
    Words words = {"run", "--socket", socket(), "--http", "127.0.0.1:0"};
    words.insert(words.end(), more.begin(), more.end());
    process_.emplace(command(words));
    REQUIRE_FALSE(process_->wait_for_line("till.sock").empty());
    const std::string line = process_->wait_for_line("http://127.0.0.1:");
    port_ = static_cast<std::uint16_t>(std::stoul(line.substr(line.rfind(':') + 1)));
  }
  test::Outcome stop(int signal = SIGTERM) {
    process_->signal(signal);
    test::Outcome outcome = process_->wait();
    process_.reset();
    return outcome;
  }
  test::Process& process() { return *process_; }
  std::uint16_t port() const { return port_; }

  // Asks over the socket.
  Json ask(const std::string& method, const std::string& target, const Json& body = {},
           const std::string& key = {}) {
    till::api::HttpClient client(socket());
    till::api::HttpClient::Fields fields;
    if (!key.empty()) fields.emplace_back("Idempotency-Key", key);
    const auto answer = client.ask(method, target, body.is_null() ? "" : body.dump(), fields);
    REQUIRE_MESSAGE(answer, (answer ? "" : answer.error().what));
    status = answer->status;
    return Json::parse(answer->body);
  }
  int status = 0;  // of the last answer

  // A console that is fed through a pipe.
  test::Outcome shell(const std::string& lines) {
    const std::string file = path("lines");
    test::write_file(file, core::as_bytes(lines));
    return test::run(
        {"bash", "-c", kBin + "daybook-till shell --socket " + socket() + " <" + file});
  }

 private:
  test::TempDir dir_;
  std::optional<test::Process> process_;
  std::uint16_t port_ = 0;
};

// A connection to loopback, byte by byte.
class Wire {
 public:
  explicit Wire(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~Wire() { ::close(fd_); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  void send(const std::string& text) {
    REQUIRE(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(text.size()));
  }
  // What comes until `text` is in it, the other side closes, or it takes too long.
  std::string read_until(const std::string& text, int timeout_ms = 15000) {
    std::string out;
    while (out.find(text) == std::string::npos) {
      pollfd ready{fd_, POLLIN, 0};
      if (::poll(&ready, 1, timeout_ms) <= 0) break;
      char buffer[4096];
      const ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
      if (got <= 0) {
        closed = true;
        break;
      }
      out.append(buffer, static_cast<std::size_t>(got));
    }
    return out;
  }
  bool connected = false;
  bool closed = false;

 private:
  int fd_;
};

std::string get_of(std::uint16_t port, const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n\r\n";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

const std::string kDay = "open 2026-11-21 133=40 134=10 135=10\n";

}  // namespace

TEST_CASE("a whole day goes over the console, and the closing is what it showed") {
  Counter counter;
  counter.start();
  const auto first = counter.shell(kDay +
                                   "float 200.00\n"
                                   "145\n"
                                   "cash 600\n"
                                   "3 x 145\n"
                                   "disc all 10% a regular\n"
                                   "card 1000\n"
                                   "cash\n"
                                   "wrong words\n"
                                   "2 x 145\n"
                                   "cash\n"
                                   "refund 3 1=0.5 one is broken\n"
                                   "void invoice 1 wrong customer\n"
                                   "145\n");
  CHECK(first.status == 0);
  CHECK(first.err.empty());
  CHECK(contains(first.out, "there is no command 'wrong'"));
  CHECK(contains(first.out, "4/1-invoice-000002"));
  // The input ended in the middle of a receipt; the next console goes on with it.
  const auto second = counter.shell("cash\nX\nZ 1800.00\nstatus\nquit\nnot read\n");
  CHECK(contains(second.out, "Patio Furniture Set"));
  CHECK(contains(second.out, "4/1-invoice-000004"));
  CHECK(contains(second.out, "X report, business day 2026-11-21"));
  CHECK(contains(second.out, "Z report, business day 2026-11-21"));
  CHECK_FALSE(contains(second.out, "no command"));  // what follows quit
  const Json day = counter.ask("GET", "/v1/day");
  CHECK(day["sales"] == 3);
  CHECK(day["voids"] == 1);
  CHECK(day["net"] == "2600.00");  // 1,350 + 1,000 + 500 - 250
  CHECK(day["tenders"] == Json{{"cash", "1600.00"}, {"card", "1000.00"}});
  CHECK(counter.stop().status == 0);
  const Json closed = Json::parse(counter.till({"show", "day", "--json"}));
  CHECK(closed["net"] == day["net"]);
  CHECK(contains(counter.till({"check"}), "sound: 7 documents"));
}

TEST_CASE("the console works on a terminal, and an interrupt leaves the receipt as it is") {
  Counter counter;
  counter.start();
  counter.shell(kDay);
  for (const bool interrupt : {true, false}) {
    CAPTURE(interrupt);
    int terminal = -1;
    const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
    REQUIRE(child >= 0);
    if (child == 0) {
      const std::string program = kBin + "daybook-till";
      ::execl(program.c_str(), program.c_str(), "shell", "--socket", counter.socket().c_str(),
              static_cast<char*>(nullptr));
      ::_exit(127);
    }
    const auto type = [&](const std::string& text) {
      REQUIRE(::write(terminal, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    };
    const auto read_until = [&](const std::string& text) {
      std::string out;
      while (!contains(out, text)) {
        pollfd ready{terminal, POLLIN, 0};
        if (::poll(&ready, 1, 15000) <= 0) break;
        char buffer[4096];
        const ssize_t got = ::read(terminal, buffer, sizeof buffer);
        if (got <= 0) break;
        out.append(buffer, static_cast<std::size_t>(got));
      }
      return out;
    };
    CHECK(contains(read_until("> "), "business day 2026-11-21"));
    type("145\n");
    const std::string shown = read_until("> ");
    CHECK(contains(shown, "Patio Furniture Set"));
    CHECK(shown.find('\x1b') == std::string::npos);  // no cursor control
    type(interrupt ? "\x03" : "\x04");               // as a keyboard sends them
    int raw = 0;
    REQUIRE(::waitpid(child, &raw, 0) == child);
    if (interrupt) {
      CHECK(WIFSIGNALED(raw));
      CHECK(WTERMSIG(raw) == SIGINT);
    } else {
      CHECK(WIFEXITED(raw));
      CHECK(WEXITSTATUS(raw) == 0);
    }
    ::close(terminal);
  }
  CHECK(counter.ask("GET", "/v1/receipts/current")["total"] == "1000.00");
}

TEST_CASE("a till that is killed loses the receipt in progress and nothing else") {
  Counter counter;
  counter.start();
  counter.shell(kDay + "145\ncash\n145\n");
  counter.stop(SIGKILL);
  CHECK(std::filesystem::exists(counter.socket()));  // left behind, and no hindrance
  counter.start();
  CHECK(counter.ask("GET", "/v1/receipts/current")["error"] == "not-found");
  const auto shown = counter.shell("list\nshow 1\n145\ncash\n");
  CHECK(contains(shown.out, "no receipt is in progress"));
  CHECK(contains(shown.out, "4/1-invoice-000002"));
  counter.stop();
  CHECK(contains(counter.till({"check"}), "sound: 2 documents"));
}

TEST_CASE("one process has the journal, and one the socket") {
  Counter counter;
  counter.start();
  struct stat found {};
  REQUIRE(::stat(counter.socket().c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  auto outcome = test::run(counter.command({"show"}));
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "busy"));
  // Another till, the same socket.
  Counter other;
  outcome = test::run(other.command({"run", "--socket", counter.socket()}));
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "busy: another process listens on"));
  outcome = test::run(other.command({"run", "--socket", other.path("till.db")}));
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "exists: "));
  CHECK(counter.stop().status == 0);
  CHECK_FALSE(std::filesystem::exists(counter.socket()));
}

TEST_CASE("it listens on loopback and nowhere else, and every wrong use ends with 2") {
  Counter counter;
  for (const char* address : {"0.0.0.0:0", "192.0.2.1:0", "[::]:0", "localhost:0", "127.0.0.1",
                              "127.0.0.1:99999", ":80"}) {
    CAPTURE(address);
    CHECK(test::run(counter.command({"run", "--http", address})).status == 2);
  }
  CHECK(test::run(counter.command({"run"})).status == 2);
  CHECK(test::run(counter.command({"run", "--http", "127.0.0.1:0", "--allow-origin", "evil"}))
            .status == 2);
  CHECK(test::run(counter.command({"run", "--socket", std::string(200, 's')})).status == 2);
  const auto nobody =
      test::run({kBin + "daybook-till", "shell", "--socket", counter.path("nobody.sock")});
  CHECK(nobody.status == 1);
  CHECK(contains(nobody.err, "daybook-till run"));
  CHECK(test::run({kBin + "daybook-till", "shell"}).status == 2);
}

TEST_CASE("requests that are too large, too slow or no HTTP end that connection only") {
  Counter counter;
  counter.start();
  Wire good(counter.port());
  good.send(get_of(counter.port(), "/v1/status") + get_of(counter.port(), "/v1/day"));  // at once
  const std::string answers = good.read_until("no business day");
  CHECK(contains(answers, "HTTP/1.1 200"));
  CHECK(contains(answers, "HTTP/1.1 409"));
  const std::string host = "Host: 127.0.0.1:" + std::to_string(counter.port()) + "\r\n";
  const std::pair<std::string, std::string> bad[] = {
      {"POST /v1/cash HTTP/1.1\r\n" + host + "Content-Length: 70000\r\n\r\n", "HTTP/1.1 413"},
      {"GET / HTTP/1.1\r\n" + host + "X: " + std::string(9000, 'x') + "\r\n\r\n", "HTTP/1.1 431"},
      {"hello\r\n\r\n", "HTTP/1.1 400"},
      {"GET /v1/status HTTP/1.1\r\nHost: shop.example\r\n\r\n", "HTTP/1.1 421"},
  };
  for (const auto& [request, status] : bad) {
    Wire wire(counter.port());
    wire.send(request);
    CHECK(contains(wire.read_until(status), status));
  }
  Wire slow(counter.port());
  slow.send("GET /v1/status HTTP/1.1\r\n");
  slow.read_until("never", 14000);
  CHECK(slow.closed);  // after ten seconds
  good.send(get_of(counter.port(), "/v1/status"));
  CHECK(contains(good.read_until("outbox"), "HTTP/1.1 200"));
}

TEST_CASE("more connections than it holds take the place of those that rest") {
  Counter counter;
  counter.start();
  std::vector<std::unique_ptr<Wire>> wires;
  for (int i = 0; i < 80; ++i) {
    wires.push_back(std::make_unique<Wire>(counter.port()));
    REQUIRE(wires.back()->connected);
    wires.back()->send(get_of(counter.port(), "/v1/status"));
    CHECK(contains(wires.back()->read_until("outbox"), "HTTP/1.1 200"));
  }
  CHECK(wires.front()->read_until("never", 2000).empty());
  CHECK(wires.front()->closed);
  wires.back()->send(get_of(counter.port(), "/v1/status"));
  CHECK(contains(wires.back()->read_until("outbox"), "HTTP/1.1 200"));
}

TEST_CASE("a stopping till finishes the request that is on its way") {
  Counter counter;
  counter.start();
  counter.shell(kDay);
  Wire resting(counter.port());
  resting.send(get_of(counter.port(), "/v1/status"));
  resting.read_until("outbox");
  Wire wire(counter.port());
  const std::string body = R"({"kind":"float","amount":"5.00"})";
  wire.send("POST /v1/cash HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(counter.port()) +
            "\r\nContent-Type: application/json\r\nIdempotency-Key: "
            "00000000-0000-4000-8000-000000000001\r\nContent-Length: " +
            std::to_string(body.size()) + "\r\n\r\n" + body.substr(0, 5));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  counter.process().signal(SIGTERM);
  resting.read_until("never", 5000);
  CHECK(resting.closed);
  wire.send(body.substr(5));
  const std::string answer = wire.read_until("cash-000001");
  CHECK(contains(answer, "HTTP/1.1 201"));
  CHECK(contains(answer, "Connection: close"));
  CHECK(counter.process().wait().status == 0);
  CHECK(contains(counter.till({"check"}), "sound: 1 documents"));
}
