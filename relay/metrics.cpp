// The Prometheus text exposition format, version 0.0.4.
// Must not know connections or files.
#include "relay/metrics.h"

#include <array>
#include <cstdio>
#include <string_view>

namespace relay {
namespace {

void family(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out.append("# HELP ").append(name).append(" ").append(help).append("\n");
  out.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

void sample(std::string& out, std::string_view name, std::uint64_t value) {
  out.append(name).append(" ").append(std::to_string(value)).append("\n");
}

void single(std::string& out, std::string_view name, std::string_view type, std::string_view help,
            std::uint64_t value) {
  family(out, name, type, help);
  sample(out, name, value);
}

void messages(std::string& out, const Metrics& m) {
  family(out, "daybook_relay_messages_total", "counter", "Messages answered, by status.");
  sample(out, "daybook_relay_messages_total{status=\"accepted\"}", m.accepted);
  sample(out, "daybook_relay_messages_total{status=\"duplicate\"}", m.duplicate);
  sample(out, "daybook_relay_messages_total{status=\"refused\",reason=\"malformed\"}",
         m.refused_malformed);
  sample(out, "daybook_relay_messages_total{status=\"refused\",reason=\"unknown-key\"}",
         m.refused_unknown_key);
  sample(out, "daybook_relay_messages_total{status=\"refused\",reason=\"revoked\"}",
         m.refused_revoked);
  sample(out, "daybook_relay_messages_total{status=\"refused\",reason=\"bad-signature\"}",
         m.refused_signature);
  family(out, "daybook_relay_requests_failed_total", "counter", "Whole requests that failed.");
  sample(out, "daybook_relay_requests_failed_total{reason=\"not-cbor\"}", m.requests_not_cbor);
  sample(out, "daybook_relay_requests_failed_total{reason=\"too-large\"}", m.requests_too_large);
  sample(out, "daybook_relay_requests_failed_total{reason=\"disk-full\"}", m.requests_disk_full);
  sample(out, "daybook_relay_requests_failed_total{reason=\"unavailable\"}",
         m.requests_unavailable);
  sample(out, "daybook_relay_requests_failed_total{reason=\"too-many\"}", m.requests_too_many);
  sample(out, "daybook_relay_requests_failed_total{reason=\"wrong-hash\"}", m.requests_wrong_hash);
  sample(out, "daybook_relay_requests_failed_total{reason=\"unauthorized\"}", m.reads_refused);
}

void beside_the_log(std::string& out, const Metrics& m) {
  single(out, "daybook_relay_notices_total", "counter", "Notices taken into feeds.", m.notices);
  single(out, "daybook_relay_notices_handed_out_total", "counter", "Notices handed out to tills.",
         m.notices_handed_out);
  single(out, "daybook_relay_blob_bytes", "gauge", "Bytes of all blobs, in whole blocks.",
         m.blob_bytes);
  single(out, "daybook_relay_blobs_total", "counter", "Blobs taken.", m.blobs_taken);
  single(out, "daybook_relay_blobs_handed_out_total", "counter", "Blobs handed out.",
         m.blobs_handed_out);
  single(out, "daybook_relay_backup_bytes", "gauge",
         "Bytes of all backups that wait for head office, in whole blocks.", m.backup_bytes);
  single(out, "daybook_relay_backups_total", "counter", "Parts of backups taken.", m.backups_taken);
}

std::string seconds(std::uint64_t microseconds) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%llu.%06llu\n",
                static_cast<unsigned long long>(microseconds / 1000000),
                static_cast<unsigned long long>(microseconds % 1000000));
  return text.data();
}

}  // namespace

std::string prometheus_text(const Metrics& m) {
  std::string out;
  messages(out, m);
  family(out, "daybook_relay_commit_seconds", "summary", "Write and fdatasync of a group.");
  out.append("daybook_relay_commit_seconds_sum ").append(seconds(m.commit_microseconds));
  sample(out, "daybook_relay_commit_seconds_count", m.groups);
  family(out, "daybook_relay_publish_seconds_total", "counter",
         "Extending the tree and signing its root.");
  out.append("daybook_relay_publish_seconds_total ").append(seconds(m.publish_microseconds));
  single(out, "daybook_relay_checkpoint_failures_total", "counter",
         "Checkpoints that could not be stored.", m.checkpoint_failures);
  single(out, "daybook_relay_seal_failures_total", "counter",
         "Closed segments that could not be taken into the index yet.", m.seal_failures);
  single(out, "daybook_relay_log_entries", "gauge", "Durable entries of the log.", m.log_size);
  beside_the_log(out, m);
  single(out, "daybook_relay_connections", "gauge", "Open connections.", m.connections);
  single(out, "daybook_relay_connections_opened_total", "counter", "Connections accepted.",
         m.connections_opened);
  single(out, "daybook_relay_connections_cut_off_total", "counter",
         "Connections closed because the client stalled.", m.connections_cut_off);
  single(out, "daybook_relay_connections_tls_failed_total", "counter",
         "Connections that failed in TLS.", m.connections_tls_failed);
  return out;
}

}  // namespace relay
