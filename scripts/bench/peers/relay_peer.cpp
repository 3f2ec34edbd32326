// The relay as a peer, over HTTP. Specification: docs/formats/relay-http.md.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/base/decimal.h"
#include "core/disk/replace_file.h"
#include "core/envelope/cbor.h"
#include "core/wire/answers.h"
#include "core/wire/endpoint.h"
#include "core/wire/relay_client.h"
#include "relay/tenant_files.h"
#include "scripts/bench/bench_support.h"
#include "scripts/bench/peers/peer.h"
#include "scripts/poc_scale/commit.h"

namespace bench {
namespace {

using core::Errc;
using core::fail;
using core::Result;

// The value of Content-Length in a response's head, spelled as the relay spells it.
std::optional<std::size_t> content_length(std::string_view head) {
  constexpr std::string_view kName = "\r\nContent-Length: ";
  const std::size_t at = head.find(kName);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = head.substr(at + kName.size());
  const auto value = core::parse_unsigned(rest.substr(0, rest.find('\r')));
  if (!value) return {};
  return *value;
}

// The status of the only answer: the first thing in it. The rest, checkpoint and proof, is not
// looked at here, as the other peers' sessions look at no more than they need to count.
core::Result<std::uint64_t> status_in(core::ByteView body) {
  core::envelope::CborReader r(body);
  TRY(r.map());
  TRY(r.unsigned_integer());
  TRY_ASSIGN(const std::size_t answers, r.array());
  if (answers != 1) return fail(Errc::kProtocol, "not one answer");
  TRY(r.map());
  TRY(r.unsigned_integer());
  return r.unsigned_integer();
}

// Of a sample in Prometheus text.
double value_in(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  return at == std::string_view::npos ? 0 : std::strtod(text.data() + at + name.size(), nullptr);
}

class RelaySession final : public Session {
 public:
  explicit RelaySession(const Workload& workload) : workload_(workload) {}

  void greet(std::string& out) override {
    out += "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  }

  void request(std::size_t index, std::string& out) override {
    const std::string_view body = workload_.text(index);
    out += "POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ";
    out.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  }

  Event feed(std::string_view in, std::size_t& used, std::string&) override {
    const std::size_t head = in.find("\r\n\r\n");
    if (head == std::string_view::npos) return Event::kMore;
    const auto length = content_length(in.substr(0, head + 2));
    if (!length) return fail_with(in);
    if (in.size() < head + 4 + *length) return Event::kMore;
    used = head + 4 + *length;
    if (!in.starts_with("HTTP/1.1 200 ")) return fail_with(in.substr(0, used));
    if (!greeted_) {
      greeted_ = true;
      return Event::kReady;
    }
    const auto status = status_in(core::as_bytes(in.substr(head + 4, *length)));
    if (!status) return fail_with(status.error().what);
    switch (static_cast<core::wire::PostStatus>(*status)) {
      case core::wire::PostStatus::kAccepted:
        return Event::kAccepted;
      case core::wire::PostStatus::kDuplicate:
        return Event::kDuplicate;
      default:
        return fail_with("refused");
    }
  }

 private:
  const Workload& workload_;
  bool greeted_ = false;
};

class RelayPeer final : public Peer {
 public:
  RelayPeer(std::string command, bool admission, std::uint64_t seed)
      : Peer(admission ? "relay-admission" : "relay"),
        command_(std::move(command)),
        admission_(admission),
        seed_(seed) {}

  Result<std::string> version() override {
    const std::string program = command_.substr(0, command_.find(' '));
    if (program.find('/') != std::string::npos && !std::filesystem::exists(program)) {
      return fail(Errc::kNotFound, program + " is not there; see --relay-command");
    }
    return std::string("daybook-relay ") + sweep::kCommit;
  }

  Result<void> start(const Place& place) override {
    ChildOptions options;
    std::istringstream words(command_);
    for (std::string word; words >> word;) options.argv.push_back(filled(word, place));
    TRY(make_log(place.directory / "data"));
    if (admission_) {
      options.argv.insert(options.argv.end(), {"--messages-per-minute", "1000000000"});
    } else {
      options.argv.emplace_back("--open");
    }
    options.log = place.directory / "log.txt";
    options.core = place.core;
    TRY_ASSIGN(child_, Child::start(options));
    return until_ready([this]() -> Result<void> {
      constexpr std::string_view kReady = "listening on ";
      const std::string said = child_->said();
      const std::size_t at = said.find(kReady);
      const std::size_t end = at == std::string::npos ? at : said.find('\n', at);
      if (end == std::string::npos) return fail(Errc::kNetwork, "no \"listening on\"");
      const std::string_view line = std::string_view(said).substr(0, end);
      TRY_ASSIGN(endpoint_, core::wire::parse_endpoint(line.substr(at + kReady.size())));
      port_ = endpoint_.port;
      return {};
    });
  }

  std::unique_ptr<Session> open(const Workload& workload, std::size_t) override {
    return std::make_unique<RelaySession>(workload);
  }

  Result<std::uint64_t> stored() override {
    TRY_ASSIGN(const std::string text, core::wire::RelayClient(endpoint_).get("/healthz"));
    const auto health = nlohmann::json::parse(text, nullptr, false);
    if (!health.is_object() || !health.contains("log_size")) {
      return fail(Errc::kProtocol, "/healthz says no log_size");
    }
    const auto size = health["log_size"].get<std::uint64_t>();
    TRY_ASSIGN(const std::string metrics, core::wire::RelayClient(endpoint_).get("/metrics"));
    const double published = value_in(metrics, "\ndaybook_relay_publish_seconds_total ");
    const double groups = value_in(metrics, "\ndaybook_relay_commit_seconds_count ");
    const double committed = value_in(metrics, "\ndaybook_relay_commit_seconds_sum ");
    std::array<char, 128> line{};
    std::snprintf(
        line.data(), line.size(),
        ", %.1f messages and %.0f us of write and sync a group; tree and signature %.2f us "
        "a message",
        static_cast<double>(size) / groups, committed * 1e6 / groups,
        published * 1e6 / static_cast<double>(size));
    remark_ = line.data();
    return size;
  }

  std::string remark() const override { return remark_; }

  Result<void> stop() override {
    TRY_ASSIGN(const int status, child_->stop());
    const std::string words = child_->last_words();
    child_.reset();
    if (status == 0) return {};
    return fail(Errc::kIo, "the relay ended with status " + std::to_string(status) + "; " + words);
  }

 private:
  static std::string filled(std::string word, const Place& place) {
    constexpr std::string_view kData = "{data}";
    const std::size_t at = word.find(kData);
    if (at == std::string::npos) return word;
    return word.replace(at, kData.size(), (place.directory / "data").string());
  }

  // The log's directory; with admission, head office's key and a roster with the sender on it.
  Result<void> make_log(const std::filesystem::path& data) const {
    const auto office = core::envelope::PrivateKey::from_seed(core::Bytes(32, 1)).value();
    std::optional<core::envelope::PublicKey> head_office;
    if (admission_) head_office = office.public_key();
    TRY(relay::init_tenant(data, kOrigin, head_office));
    if (!admission_) return {};
    TRY_ASSIGN(auto roster, core::envelope::Roster::read({}, kOrigin, office.public_key()));
    const auto request = core::envelope::make_enrol_request(
        kOrigin, {core::StoreId{1}, core::TillId{1}}, sender(seed_),
        core::envelope::SealingPrivateKey::generate().public_key());
    TRY_ASSIGN(const core::Bytes file, roster.enrol(request, office));
    return core::disk::replace_file(core::disk::posix_filesystem(),
                                    data / core::envelope::kRosterFile, file,
                                    core::disk::Access::kGroup);
  }

  std::string command_;
  bool admission_;
  std::uint64_t seed_;  // of the sender's key
  core::wire::Endpoint endpoint_;
  std::string remark_;
};

}  // namespace

std::unique_ptr<Peer> make_relay_peer(const std::string& command, bool admission,
                                      std::uint64_t seed) {
  return std::make_unique<RelayPeer>(command, admission, seed);
}

}  // namespace bench
