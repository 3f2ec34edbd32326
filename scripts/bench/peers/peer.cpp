// Peer: what all peers do alike when they start and stop.
#include "scripts/bench/peers/peer.h"

#include <unistd.h>

#include "scripts/bench/bench_support.h"

namespace bench {

using core::Errc;
using core::fail;
using core::Result;

Result<void> Peer::until_ready(const std::function<Result<void>()>& probe) {
  constexpr double kPatience_s = 20;
  const auto start = Clock::now();
  while (true) {
    const auto answer = probe();
    if (answer) return {};
    if (interrupted()) return fail(Errc::kState, "interrupted");
    const bool gone = !child_->running();
    if (gone || seconds_since(start) > kPatience_s) {
      return fail(Errc::kIo, name_ + (gone ? " ended at its start: " : " does not answer: ") +
                                 answer.error().what + "; " + child_->last_words());
    }
    ::usleep(10000);
  }
}

Result<void> Peer::stop() {
  const auto ended = child_->stop();
  child_.reset();
  if (!ended) return fail(ended.error());
  return {};
}

}  // namespace bench
