// PointsDesk: asks the balance service on a thread of its own, which never sees the journal, so
// that the till waits as long as it wants to and no longer. Releases and the day's allowance are
// asked for between two requests, and nobody waits for them. Must not know HTTP: asking is handed
// in.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "till/points.h"

namespace till::api {

class PointsDesk {
 public:
  // `post` may block; it is called on the desk's thread only. `now_ms` is monotonic.
  PointsDesk(AskPoints post, std::function<std::int64_t()> now_ms);
  // Waits for the question under way.
  ~PointsDesk();
  PointsDesk(const PointsDesk&) = delete;
  PointsDesk& operator=(const PointsDesk&) = delete;

  // Waits for the answer, for the service's timeout at most. Errors: kNetwork; those of `post`.
  core::Result<core::Bytes> ask(const PointsService& service, core::ByteView request);

  // Takes what was answered, and asks what the service should hear next; never blocks. Returns what
  // went wrong with the network, once for each failure. Errors: the journal's only.
  core::Result<std::optional<core::Error>> step(Points points);

 private:
  struct Question {
    std::uint64_t number = 0;
    PointsService service;
    core::Bytes request;
  };

  void work();
  // Instead of what waits to be asked, if something does.
  std::uint64_t put(const PointsService& service, core::ByteView request);

  AskPoints post_;
  std::function<std::int64_t()> now_ms_;
  std::int64_t next_try_ms_ = 0;
  std::optional<std::pair<std::uint64_t, core::Bytes>> background_;  // a request under way

  std::mutex mutex_;
  std::condition_variable wake_;
  std::uint64_t last_number_ = 0;                                              // guarded
  std::optional<Question> question_;                                           // guarded
  std::optional<std::pair<std::uint64_t, core::Result<core::Bytes>>> answer_;  // guarded
  bool ended_ = false;                                                         // guarded
  std::thread thread_;
};

}  // namespace till::api
