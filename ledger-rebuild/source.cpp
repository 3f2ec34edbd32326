// Source: adapters of the log reader, the relay's client and plain memory.
#include "ledger-rebuild/source.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "core/disk/file.h"
#include "core/disk/log_reader.h"
#include "core/envelope/key_files.h"
#include "core/wire/relay_client.h"

namespace rebuild {
namespace {

using core::Bytes;
using core::LogIndex;
using core::Result;

Result<void> give_lots(std::span<const SourceEntry> entries, const TakeLot& take) {
  for (; !entries.empty(); entries = entries.subspan(std::min(kLotMax, entries.size()))) {
    TRY(take(entries.first(std::min(kLotMax, entries.size()))));
  }
  return {};
}

class LogDirectorySource final : public Source {
 public:
  explicit LogDirectorySource(std::filesystem::path directory) : directory_(std::move(directory)) {}

  Result<void> reach() override { return core::disk::find_log(directory_); }
  Result<SourceState> read(LogIndex from, const TakeLot& take) override {
    std::vector<SourceEntry> entries;
    TRY_ASSIGN(const core::disk::LogState log,
               core::disk::stream_log(directory_, from,
                                      [&](std::span<const core::disk::LogEntry> segment) {
                                        entries.clear();
                                        for (const auto& entry : segment) {
                                          entries.push_back({entry.index, entry.body});
                                        }
                                        return give_lots(entries, take);
                                      }));
    SourceState state;
    for (const core::disk::LogDamage& damage : log.damages) {
      (damage.torn_tail ? state.remarks : state.damages).push_back(core::disk::describe(damage));
    }
    state.end = log.end;
    if (log.checkpoint > 0) {
      state.kept_head = {log.checkpoint, {}};
      state.kept_head->root.bytes = log.checkpoint_root;
    }
    return state;
  }
  Result<Bytes> roster() override {
    const auto content =
        core::disk::posix_filesystem().content(directory_ / core::envelope::kRosterFile);
    if (!content && content.error().code == core::Errc::kNotFound) return Bytes();
    if (!content) return core::fail(content.error());
    return core::to_bytes(content->bytes);
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

  Result<void> reach() override {
    core::wire::RelayClient client(endpoint_);
    if (credential_) client.sign_reads(*credential_);
    TRY(client.get("/checkpoint"));
    return {};
  }
  Result<SourceState> read(LogIndex from, const TakeLot& take) override {
    core::wire::RelayClient client(endpoint_);
    if (credential_) client.sign_reads(*credential_);
    SourceState state;
    state.end = from;
    // Before the entries: a log only grows, so it holds at least what the checkpoint speaks of.
    TRY_ASSIGN(state.checkpoint, client.get("/checkpoint"));
    std::deque<Bytes> bodies;
    std::vector<SourceEntry> lot;
    Result<void> taken;
    const auto hand_on = [&]() -> Result<void> {
      taken = take(lot);
      lot.clear();
      bodies.clear();
      return taken;
    };
    const auto keep = [&](LogIndex index, Bytes body) -> Result<void> {
      lot.push_back(SourceEntry{index, bodies.emplace_back(std::move(body))});
      state.end = LogIndex{index.value + 1};
      return lot.size() < kLotMax ? Result<void>{} : hand_on();
    };
    while (true) {
      const LogIndex next = state.end;
      const auto read = client.entries(next, keep);
      if (read) break;
      if (!taken) return core::fail(taken.error());
      if (read.error().code == core::Errc::kDamaged) {  // this one is lost; go on behind it
        state.damages.push_back(read.error().what);
        state.end = LogIndex{next.value + 1};
      } else if (state.end == next) {
        return core::fail(read.error());
      }  // else it was cut off in the midst: ask again for the rest
    }
    if (!lot.empty()) TRY(hand_on());
    return state;
  }
  Result<Bytes> roster() override {
    core::wire::RelayClient client(endpoint_);
    if (credential_) client.sign_reads(*credential_);
    TRY_ASSIGN(const std::string text, client.get("/v1/roster"));
    return core::to_bytes(core::as_bytes(text));
  }
  std::string name() const override { return "relay " + url_; }

 private:
  std::string url_;
  core::wire::Endpoint endpoint_;
  std::optional<core::wire::ReadCredential> credential_;
};

class MemorySource final : public Source {
 public:
  explicit MemorySource(std::vector<Bytes> messages) : messages_(std::move(messages)) {}

  Result<void> reach() override { return {}; }
  Result<SourceState> read(LogIndex from, const TakeLot& take) override {
    std::vector<SourceEntry> entries;
    for (std::size_t i = from.value; i < messages_.size(); ++i) {
      entries.push_back(SourceEntry{LogIndex{i}, messages_[i]});
    }
    TRY(give_lots(entries, take));
    SourceState state;
    state.end = LogIndex{messages_.size()};
    return state;
  }
  std::string name() const override { return "memory"; }

 private:
  std::vector<Bytes> messages_;
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
