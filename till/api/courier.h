// Courier: carries the outbox to the relay while the till sells. The network has a thread of its
// own, which never sees the journal; reading the outbox and settling what the relay answered
// happen between two requests. The till waits for neither.
// Must not know HTTP: posting is handed in (core::wire::RelayClient::post in the program).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/random.h"
#include "core/base/result.h"
#include "till/outbox.h"
#include "till/sender.h"

namespace till::api {

class Courier {
 public:
  using Post = std::function<SenderPorts::Answers(std::span<const core::Bytes>)>;

  // `post` may block; it is called on the courier's thread only. `now_ms` is monotonic.
  Courier(Post post, std::function<std::int64_t()> now_ms, core::Random random);
  // Waits for the post under way.
  ~Courier();
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;

  // Settles what was answered, and hands over what is pending; never blocks. Returns what went
  // wrong with the network, once for each failure. Errors: the journal's only.
  core::Result<std::optional<core::Error>> step(Outbox outbox);

 private:
  using Batch = std::vector<core::Bytes>;

  SenderPorts::Answers exchange(std::span<const core::Bytes> messages);
  void work();
  void back_off();

  Post post_;
  std::function<std::int64_t()> now_ms_;
  core::Random random_;
  std::uint64_t failures_in_a_row_ = 0;
  std::int64_t next_try_ms_ = 0;
  Batch sent_;  // under way, or answered

  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<Batch> to_post_;                 // guarded
  std::optional<SenderPorts::Answers> answers_;  // guarded
  bool ended_ = false;                           // guarded
  std::thread thread_;
};

}  // namespace till::api
