// Metrics: what the relay counts, and the Prometheus text that shows it.
// Must not know connections or files. Names: docs/formats/relay-http.md, "Metrics".
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace relay {

// Thread: any; each counter on its own.
struct Metrics {
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> duplicate{0};
  std::atomic<std::uint64_t> refused_malformed{0};     // messages: not the one valid form
  std::atomic<std::uint64_t> refused_unknown_key{0};   // messages: not on the roster
  std::atomic<std::uint64_t> refused_revoked{0};       // messages: of a revoked key
  std::atomic<std::uint64_t> refused_signature{0};     // messages: not signed by their key
  std::atomic<std::uint64_t> requests_not_cbor{0};     // requests: 400
  std::atomic<std::uint64_t> requests_too_large{0};    // requests: 413
  std::atomic<std::uint64_t> requests_disk_full{0};    // requests: 507
  std::atomic<std::uint64_t> requests_unavailable{0};  // requests: 503
  std::atomic<std::uint64_t> requests_too_many{0};     // requests: 429
  std::atomic<std::uint64_t> requests_wrong_hash{0};   // requests: 400 to a blob
  std::atomic<std::uint64_t> reads_refused{0};         // requests: 401, 403
  std::atomic<std::uint64_t> groups{0};
  std::atomic<std::uint64_t> commit_microseconds{0};   // write and sync
  std::atomic<std::uint64_t> publish_microseconds{0};  // tree and signature
  std::atomic<std::uint64_t> checkpoint_failures{0};
  std::atomic<std::uint64_t> seal_failures{0};
  std::atomic<std::uint64_t> log_size{0};
  std::atomic<std::uint64_t> notices{0};             // taken into feeds by this process
  std::atomic<std::uint64_t> notices_handed_out{0};  // to all tills together
  std::atomic<std::uint64_t> blob_bytes{0};          // kept, in whole blocks
  std::atomic<std::uint64_t> blobs_taken{0};
  std::atomic<std::uint64_t> blobs_handed_out{0};
  std::atomic<std::uint64_t> backup_bytes{0};  // kept, in whole blocks
  std::atomic<std::uint64_t> backups_taken{0};
  std::atomic<std::uint64_t> connections{0};
  std::atomic<std::uint64_t> connections_opened{0};
  std::atomic<std::uint64_t> connections_cut_off{0};  // stalled
  std::atomic<std::uint64_t> connections_tls_failed{0};
};

std::string prometheus_text(const Metrics& metrics);

}  // namespace relay
