// Redis as a peer: append-only file with a sync before each answer; SET NX and XADD in one script.
// Protocol: RESP 2 (redis.io, "Redis serialization protocol specification").
#include "core/base/decimal.h"
#include "core/base/run_command.h"
#include "scripts/bench/peers/ask.h"
#include "scripts/bench/peers/peer.h"

namespace bench {
namespace {

using core::Errc;
using core::fail;
using core::Result;

constexpr std::string_view kScript =
    "if redis.call('SET', KEYS[1], '', 'NX') then "
    "redis.call('XADD', KEYS[2], '*', 'm', ARGV[1]) return 1 end return 0";

void put_word(std::string& out, std::string_view word) {
  out.append("$").append(std::to_string(word.size())).append("\r\n");
  out.append(word).append("\r\n");
}

std::string command(std::initializer_list<std::string_view> words) {
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string_view word : words) put_word(out, word);
  return out;
}

class RedisSession final : public Session {
 public:
  RedisSession(const Workload& workload, std::string_view script)
      : workload_(workload), head_("*6\r\n") {
    put_word(head_, "EVALSHA");
    put_word(head_, script);
    put_word(head_, "2");
  }

  void greet(std::string& out) override { out += command({"PING"}); }

  void request(std::size_t index, std::string& out) override {
    out += head_;
    put_word(out, workload_.id(index));
    put_word(out, "log");
    put_word(out, workload_.text(index));
  }

  Event feed(std::string_view in, std::size_t& used, std::string&) override {
    const std::size_t end = in.find("\r\n");
    if (end == std::string_view::npos) return Event::kMore;
    used = end + 2;
    const std::string_view line = in.substr(0, end);
    if (line == ":1") return Event::kAccepted;
    if (line == ":0") return Event::kDuplicate;
    if (line == "+PONG") return Event::kReady;
    return fail_with(line);
  }

 private:
  const Workload& workload_;
  std::string head_;
};

class RedisPeer final : public Peer {
 public:
  RedisPeer() : Peer("redis") {}

  Result<std::string> version() override {
    const auto said = core::run_command({"redis-server", "--version"});
    if (!said) return fail(Errc::kNotFound, "redis-server is not installed");
    const std::size_t at = said->find("v=");
    if (at == std::string::npos) return fail(Errc::kNotFound, "redis-server has no version");
    return "Redis " + said->substr(at + 2, said->find(' ', at) - at - 2);
  }

  Result<void> start(const Place& place) override {
    TRY_ASSIGN(port_, free_port());
    ChildOptions options;
    options.argv = {"redis-server",
                    "--port",
                    std::to_string(port_),
                    "--bind",
                    "127.0.0.1",
                    "--dir",
                    place.directory,
                    "--save",
                    "",
                    "--appendonly",
                    "yes",
                    "--appendfsync",
                    "always",
                    "--maxclients",
                    "20000",
                    "--tcp-backlog",
                    "4096",
                    "--daemonize",
                    "no"};
    options.log = place.directory / "log.txt";
    options.core = place.core;
    TRY_ASSIGN(child_, Child::start(options));
    TRY(until_ready([this] { return load_script(); }));
    return {};
  }

  std::unique_ptr<Session> open(const Workload& workload, std::size_t) override {
    return std::make_unique<RedisSession>(workload, script_);
  }

  Result<std::uint64_t> stored() override {
    TRY_ASSIGN(const std::string said,
               ask(port_, command({"XLEN", "log"}),
                   [](std::string_view text) { return text.ends_with("\r\n"); }));
    if (!said.starts_with(":")) return fail(Errc::kProtocol, "XLEN: " + said);
    return core::parse_unsigned(std::string_view(said).substr(1, said.size() - 3));
  }

 private:
  Result<void> load_script() {
    constexpr std::size_t kAnswer = 5 + 40 + 2;  // "$40", its SHA-1 in hexadecimal, line ends
    TRY_ASSIGN(const std::string said,
               ask(port_, command({"SCRIPT", "LOAD", kScript}), [](std::string_view text) {
                 return text.size() >= kAnswer || (text.starts_with("-") && text.ends_with("\n"));
               }));
    if (!said.starts_with("$40\r\n")) return fail(Errc::kProtocol, "SCRIPT LOAD: " + said);
    script_ = said.substr(5, 40);
    return {};
  }

  std::string script_;
};

}  // namespace

std::unique_ptr<Peer> make_redis_peer() {
  return std::make_unique<RedisPeer>();
}

}  // namespace bench
