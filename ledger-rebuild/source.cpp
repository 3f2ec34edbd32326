// Source: adapters of the log reader, the relay's client and plain memory.
#include "ledger-rebuild/source.h"

#include <deque>
#include <utility>

#include "core/disk/log_reader.h"
#include "core/wire/relay_client.h"

namespace rebuild {
namespace {

using core::Bytes;
using core::LogIndex;
using core::Result;

class LogDirectorySource final : public Source {
 public:
  explicit LogDirectorySource(std::filesystem::path directory) : directory_(std::move(directory)) {}

  Result<SourceContent> read(LogIndex) override {
    TRY_ASSIGN(core::disk::LogContent log, core::disk::read_log(directory_));
    SourceContent content;
    content.entries.reserve(log.entries.size());
    for (const core::disk::LogEntry& entry : log.entries) {
      content.entries.push_back(SourceEntry{entry.index, entry.body});
    }
    for (const core::disk::LogDamage& damage : log.damages) {
      (damage.torn_tail ? content.remarks : content.damages)
          .push_back(core::disk::describe(damage));
    }
    content.end = log.end;
    content.storage = std::move(log.storage);
    if (log.checkpoint > 0) {
      content.kept_head = {log.checkpoint, {}};
      content.kept_head->root.bytes = log.checkpoint_root;
    }
    return content;
  }
  std::string name() const override { return "log directory " + directory_.string(); }

 private:
  std::filesystem::path directory_;
};

class RelaySource final : public Source {
 public:
  RelaySource(std::string url, core::wire::Endpoint endpoint,
              std::optional<core::wire::ReadCredential> credential)
      : url_(std::move(url)), endpoint_(std::move(endpoint)), credential_(std::move(credential)) {}

  Result<SourceContent> read(LogIndex from) override {
    core::wire::RelayClient client(endpoint_);
    if (credential_) client.sign_reads(*credential_);
    auto bodies = std::make_shared<std::deque<Bytes>>();
    SourceContent content;
    content.end = from;
    // Before the entries: a log only grows, so it holds at least what the checkpoint speaks of.
    TRY_ASSIGN(content.checkpoint, client.get("/checkpoint"));
    const auto take = [&](LogIndex index, Bytes body) -> Result<void> {
      const Bytes& kept = bodies->emplace_back(std::move(body));
      content.entries.push_back(SourceEntry{index, kept});
      content.end = LogIndex{index.value + 1};
      return {};
    };
    while (true) {
      const LogIndex next = content.end;
      const auto read = client.entries(next, take);
      if (read) break;
      if (read.error().code == core::Errc::kDamaged) {  // this one is lost; go on behind it
        content.damages.push_back(read.error().what);
        content.end = LogIndex{next.value + 1};
      } else if (content.end == next) {
        return core::fail(read.error());
      }  // else it was cut off in the midst: ask again for the rest
    }
    content.storage = std::move(bodies);
    return content;
  }
  std::string name() const override { return "relay " + url_; }

 private:
  std::string url_;
  core::wire::Endpoint endpoint_;
  std::optional<core::wire::ReadCredential> credential_;
};

class MemorySource final : public Source {
 public:
  explicit MemorySource(std::vector<Bytes> messages)
      : messages_(std::make_shared<const std::vector<Bytes>>(std::move(messages))) {}

  Result<SourceContent> read(LogIndex) override {
    SourceContent content;
    for (const Bytes& message : *messages_) {
      content.entries.push_back(SourceEntry{LogIndex{content.end.value}, message});
      ++content.end.value;
    }
    content.storage = messages_;
    return content;
  }
  std::string name() const override { return "memory"; }

 private:
  std::shared_ptr<const std::vector<Bytes>> messages_;
};

}  // namespace

std::unique_ptr<Source> log_directory_source(const std::filesystem::path& directory) {
  return std::make_unique<LogDirectorySource>(directory);
}

Result<std::unique_ptr<Source>> relay_source(std::string_view url,
                                             std::optional<core::wire::ReadCredential> credential) {
  TRY_ASSIGN(core::wire::Endpoint endpoint, core::wire::parse_endpoint(url));
  return std::unique_ptr<Source>(
      std::make_unique<RelaySource>(std::string(url), std::move(endpoint), std::move(credential)));
}

std::unique_ptr<Source> memory_source(std::vector<Bytes> messages) {
  return std::make_unique<MemorySource>(std::move(messages));
}

}  // namespace rebuild
