// Sample: one run of the load against one peer, started for it and stopped after it.
// Must not know how figures are reported.
#pragma once

#include <filesystem>

#include "core/base/result.h"
#include "scripts/bench/peers/peer.h"
#include "scripts/bench/peers/sync_count.h"

namespace bench {

struct SampleOptions {
  std::filesystem::path directory;  // on the disk to measure; each peer has its own below it
  bool pin = false;                 // the peer to processor 0; the caller pins itself
};

struct Sample {
  double accepted_per_second = 0;
  double seconds = 0;
  std::size_t duplicates = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  double peak_bytes = 0;  // of the peer's processes, summed; what they share counts for each
  double held_bytes = 0;  // at the end, what they share counts once
  double cpu_seconds = 0;
  double client_cpu_seconds = 0;
  // Just before, on this machine:
  double appends_per_second = 0;   // bare 4 KiB append + fdatasync
  double verifies_per_second = 0;  // signatures of such messages, on one core
};

// Sends the whole workload and checks that the peer holds each message once.
// Errors: kDamaged (it does not), kState (interrupted, or this peer cannot be had on this machine),
// kIo, kNetwork, kProtocol. Nothing of the peer is left running or on the disk, whatever happens.
core::Result<Sample> take_sample(Peer& peer, const Workload& workload, std::size_t connections,
                                 const SampleOptions& options);

// Sends the first `messages` of the workload while strace looks on. Errors: as take_sample, and
// kNotFound (no strace).
core::Result<SyncCount> count_syncs(Peer& peer, const Workload& workload, std::size_t messages,
                                    std::size_t connections, const SampleOptions& options);

}  // namespace bench
