// NoticeCarrier: fetches head office's notices while the till sells. The network has a thread of
// its own, which never sees the journal; what it brought is taken up between two requests. Must not
// know HTTP: asking is handed in (core::wire::RelayClient in the program).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/wire/relay_client.h"
#include "till/notice_fetch.h"

namespace till::api {

class NoticeCarrier {
 public:
  // The ports may block; they are called on the carrier's thread only. `now_ms` is monotonic.
  NoticeCarrier(NoticePorts ports, std::function<std::int64_t()> now_ms);
  // Waits for what is being asked.
  ~NoticeCarrier();
  NoticeCarrier(const NoticeCarrier&) = delete;
  NoticeCarrier& operator=(const NoticeCarrier&) = delete;

  // Takes up what came, and asks for more when it is time; never blocks. Returns what went wrong,
  // once for each failure. Errors: the journal's only.
  core::Result<std::optional<core::Error>> step(Till& till);

 private:
  using After = std::optional<core::LogIndex>;
  using Question = std::variant<After, core::envelope::BlobName, std::monostate>;  // or the roster
  // Who asks; none: whom the ports were made for.
  using Asker = std::optional<core::wire::ReadCredential>;
  struct Task {
    Question question;
    Asker asker;
  };
  using Placed = std::vector<std::pair<core::LogIndex, core::Bytes>>;
  struct Answer {
    Question question;
    std::string asker;  // the key's id; empty: none was named
    core::Result<void> done;
    Placed notices{};
    bool is_cut = false;  // there may be more behind the last
    core::Bytes bytes{};
  };
  struct List {
    After after;
    Placed notices;
    bool is_cut = false;
  };

  void work();
  Answer ask(const Task& task) const;
  // What the thread brought; kBusy, and noted as wanted, when it did not yet.
  NoticePorts brought();
  void keep(Answer answer);
  // Drops what was brought, until the next try.
  void rest();
  void start(Question question);

  NoticePorts ports_;
  std::function<std::int64_t()> now_ms_;
  std::int64_t next_try_ms_ = 0;
  std::uint64_t failures_in_a_row_ = 0;
  bool is_asking_ = false;
  // Of the present round.
  std::optional<List> list_;
  std::uint64_t lists_ = 0;  // that were asked for
  std::map<core::envelope::BlobName, core::Bytes> pieces_;
  std::map<std::string, core::Result<core::Bytes>> rosters_;  // or the refusal, by who asked
  std::optional<Question> wanted_;
  Asker asker_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<Task> to_ask_;    // guarded
  std::optional<Answer> answer_;  // guarded
  bool ended_ = false;            // guarded
  std::thread thread_;
};

}  // namespace till::api
