// check and dump over the log's scan.
// Must not change anything.
#include "relay/inspect.h"

#include <algorithm>

#include "core/disk/log_scan.h"
#include "core/envelope/message.h"

namespace relay {
namespace {

using core::disk::LogDamage;
using core::disk::LogScan;
using core::disk::ScannedEntry;

std::size_t print_damages(const LogScan& log, std::FILE* out) {
  std::size_t damages = 0;
  for (const LogDamage& damage : log.damages) {
    std::fprintf(out, "%s\n", describe(damage).c_str());
    if (!damage.torn_tail) ++damages;
  }
  return damages;
}

core::Result<void> verdict(const std::filesystem::path& directory, std::size_t damages) {
  if (damages == 0) return {};
  return core::fail(core::Errc::kDamaged, directory.string() + ": " + std::to_string(damages) +
                                              (damages == 1 ? " damage" : " damages"));
}

void print_entry(const LogScan& log, const ScannedEntry& entry, std::FILE* out) {
  const core::ByteView body = entry.record.body;
  std::fprintf(out, "%llu %s %llu %s", static_cast<unsigned long long>(entry.record.index()),
               log.segments[entry.segment].name.c_str(),
               static_cast<unsigned long long>(entry.record.offset),
               core::envelope::message_id(body).hex().c_str());
  const auto message = core::envelope::parse_message(body);
  if (!message) {
    std::fprintf(out, " no valid message: %s\n", message.error().what.c_str());
    return;
  }
  std::fprintf(out, " %s %u %llu\n", message->header.kid.hex().c_str(), message->header.epoch.value,
               static_cast<unsigned long long>(message->header.sequence.value));
}

}  // namespace

core::Result<void> check_log(const std::filesystem::path& directory, std::FILE* out) {
  TRY_ASSIGN(const LogScan log, core::disk::scan_log(core::disk::posix_filesystem(), directory));
  const std::size_t damages = print_damages(log, out);
  std::uint64_t bytes = 0;
  for (const auto& segment : log.segments) bytes += segment.content.bytes.size();
  std::fprintf(out, "%zu entries intact of %llu, %zu segments, %llu bytes, %llu known durable\n",
               log.entries.size(), static_cast<unsigned long long>(log.end), log.segments.size(),
               static_cast<unsigned long long>(bytes),
               static_cast<unsigned long long>(log.checkpoint));
  return verdict(directory, damages);
}

core::Result<void> dump_log(const std::filesystem::path& directory, core::LogIndex from,
                            std::FILE* out) {
  TRY_ASSIGN(const LogScan log, core::disk::scan_log(core::disk::posix_filesystem(), directory));
  std::fprintf(out, "# index segment offset id kid epoch sequence\n");
  for (const ScannedEntry& entry : log.entries) {
    if (entry.record.index() >= from.value) print_entry(log, entry, out);
  }
  return verdict(directory, print_damages(log, out));
}

}  // namespace relay
