// NATS JetStream as a peer: published with Nats-Msg-Id, the acknowledgement awaited.
// Protocol: docs.nats.io, "Client Protocol" and "JetStream wire API Reference".
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/base/decimal.h"
#include "core/base/run_command.h"
#include "scripts/bench/peers/ask.h"
#include "scripts/bench/peers/peer.h"

namespace bench {
namespace {

using core::Errc;
using core::fail;
using core::Result;

constexpr std::string_view kConnect =
    "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true,"
    "\"lang\":\"c++\",\"version\":\"1\",\"protocol\":1}\r\n";
constexpr std::string_view kMessageId = "NATS/1.0\r\nNats-Msg-Id: ";
// Two minutes, its own default, is longer than a run.
constexpr std::string_view kStream =
    "{\"name\":\"D\",\"subjects\":[\"d\"],\"retention\":\"limits\",\"storage\":\"file\","
    "\"num_replicas\":1,\"max_consumers\":-1,\"max_msgs\":-1,\"max_bytes\":-1,\"max_age\":0,"
    "\"discard\":\"old\",\"duplicate_window\":120000000000}";

// The payload of the MSG whose control line starts `in`; its whole size in `used`, or 0: more
// needed.
std::string_view take_payload(std::string_view in, std::size_t& used) {
  used = 0;
  const std::size_t end = in.find("\r\n");
  if (end == std::string_view::npos) return {};
  const std::size_t space = in.rfind(' ', end);
  const auto length = core::parse_unsigned(in.substr(space + 1, end - space - 1));
  if (!length || in.size() < end + 2 + *length + 2) return {};
  used = end + 2 + *length + 2;
  return in.substr(end + 2, *length);
}

class NatsSession final : public Session {
 public:
  NatsSession(const Workload& workload, std::size_t number)
      : workload_(workload), inbox_("_INBOX." + std::to_string(number)) {}

  void greet(std::string& out) override {
    out.append(kConnect).append("SUB ").append(inbox_).append(" 1\r\nPING\r\n");
  }

  void request(std::size_t index, std::string& out) override {
    const std::string_view body = workload_.text(index);
    const std::string id = core::to_hex(core::as_bytes(workload_.id(index)));
    const std::size_t head = kMessageId.size() + id.size() + 4;
    out.append("HPUB d ").append(inbox_).append(" ").append(std::to_string(head));
    out.append(" ").append(std::to_string(head + body.size())).append("\r\n");
    out.append(kMessageId).append(id).append("\r\n\r\n").append(body).append("\r\n");
  }

  Event feed(std::string_view in, std::size_t& used, std::string& out) override {
    while (true) {
      const std::string_view rest = in.substr(used);
      const std::size_t end = rest.find("\r\n");
      if (end == std::string_view::npos) return Event::kMore;
      if (rest.starts_with("MSG ")) {
        std::size_t size = 0;
        const std::string_view payload = take_payload(rest, size);
        used += size;
        return size == 0 ? Event::kMore : verdict(payload);
      }
      used += end + 2;
      if (rest.starts_with("PONG")) return Event::kReady;
      if (rest.starts_with("PING")) out += "PONG\r\n";
      // HMSG: "no responders", that is, no stream.
      if (rest.starts_with("-ERR") || rest.starts_with("HMSG")) {
        return fail_with(rest.substr(0, end));
      }
    }
  }

 private:
  Event verdict(std::string_view payload) {
    if (payload.find("\"error\"") != std::string_view::npos) return fail_with(payload);
    if (payload.find("\"seq\":") == std::string_view::npos) return fail_with(payload);
    const bool repeated = payload.find("\"duplicate\"") != std::string_view::npos;
    return repeated ? Event::kDuplicate : Event::kAccepted;
  }

  const Workload& workload_;
  std::string inbox_;
};

// Files and directories that are made below it inherit the attribute.
Result<void> make_synchronous(const std::filesystem::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int flags = 0;
  bool done = fd >= 0 && ::ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0;
  flags |= FS_SYNC_FL;
  done = done && ::ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
  if (fd >= 0) ::close(fd);
  if (done) return {};
  return fail(Errc::kState,
              "the file system of " + directory.string() + " has no attribute S (chattr +S)");
}

bool is_synchronous(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  int flags = 0;
  const bool known = fd >= 0 && ::ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0;
  if (fd >= 0) ::close(fd);
  return known && (flags & FS_SYNC_FL) != 0;
}

class NatsPeer final : public Peer {
 public:
  explicit NatsPeer(bool synced) : Peer(synced ? "nats-synced" : "nats"), synced_(synced) {}

  Result<std::string> version() override {
    const auto said = core::run_command({"nats-server", "--version"});
    if (!said) return fail(Errc::kNotFound, "nats-server is not installed");
    const std::size_t at = said->find(": v");
    if (at == std::string::npos) return fail(Errc::kNotFound, "nats-server has no version");
    return "NATS " + said->substr(at + 3, said->find_first_of(" \n", at + 3) - at - 3) +
           (synced_ ? ", directory with attribute S" : "");
  }

  Result<void> start(const Place& place) override {
    store_ = place.directory / "store";
    std::error_code error;
    std::filesystem::create_directory(store_, error);
    if (synced_) TRY(make_synchronous(store_));
    TRY_ASSIGN(port_, free_port());
    const auto settings = place.directory / "nats.conf";
    std::ofstream(settings) << "listen: \"127.0.0.1:" << port_ << "\"\n"
                            << "jetstream { store_dir: \"" << store_.string() << "\" }\n";
    ChildOptions options;
    options.argv = {"nats-server", "-c", settings};
    options.log = place.directory / "log.txt";
    options.core = place.core;
    options.stop_signal = SIGINT;
    TRY_ASSIGN(child_, Child::start(options));
    return until_ready([this]() -> Result<void> {
      TRY_ASSIGN(const nlohmann::json said, api("STREAM.CREATE.D", kStream));
      if (!said.contains("error")) return {};
      return fail(Errc::kProtocol, said["error"].dump());
    });
  }

  std::unique_ptr<Session> open(const Workload& workload, std::size_t number) override {
    return std::make_unique<NatsSession>(workload, number);
  }

  Result<std::uint64_t> stored() override {
    if (synced_) TRY(check_synchronous());
    TRY_ASSIGN(const nlohmann::json said, api("STREAM.INFO.D", ""));
    if (!said.contains("state")) return fail(Errc::kProtocol, said.dump());
    return said["state"].value("messages", std::uint64_t{0});
  }

 private:
  static Result<nlohmann::json> parsed(std::string_view payload) {
    auto json = nlohmann::json::parse(payload, nullptr, false);
    if (!json.is_object()) return fail(Errc::kProtocol, "NATS answers no JSON");
    return json;
  }

  Result<nlohmann::json> api(const std::string& subject, std::string_view body) {
    constexpr std::string_view kAnswer = "MSG answer 1 ";
    std::string question(kConnect);
    question += "SUB answer 1\r\nPUB $JS.API." + subject + " answer ";
    question.append(std::to_string(body.size())).append("\r\n").append(body).append("\r\n");
    std::string payload;
    TRY(ask(port_, question, [&](std::string_view text) {
      const std::size_t at = text.find(kAnswer);
      if (at == std::string_view::npos) {  // refused, or JetStream is not there yet
        return text.find("-ERR") != text.npos || text.find("HMSG") != text.npos;
      }
      std::size_t size = 0;
      payload = take_payload(text.substr(at), size);
      return size != 0;
    }));
    return parsed(payload);
  }

  // Every block of the stream has inherited the attribute.
  Result<void> check_synchronous() const {
    int blocks = 0;
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(store_, error)) {
      if (entry.path().extension() != ".blk") continue;
      if (!is_synchronous(entry.path())) {
        return fail(Errc::kState, entry.path().string() + " has not inherited attribute S");
      }
      ++blocks;
    }
    if (blocks == 0) return fail(Errc::kState, "NATS has written no block");
    return {};
  }

  bool synced_;
  std::filesystem::path store_;
};

}  // namespace

std::unique_ptr<Peer> make_nats_peer(bool synced) {
  return std::make_unique<NatsPeer>(synced);
}

}  // namespace bench
