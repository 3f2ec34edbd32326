// What the benchmarks share: signed messages and the disk's own rate. See docs/performance.md.
#include "scripts/bench/bench_support.h"

#include <sys/resource.h>

#include <memory>

#include "core/base/random.h"
#include "core/disk/file.h"
#include "core/envelope/message.h"

namespace bench {

core::envelope::PrivateKey sender(std::uint64_t seed) {
  core::Random random(seed);
  core::Bytes bytes(32);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return need(core::envelope::PrivateKey::from_seed(bytes));
}

std::vector<core::Bytes> make_messages(const MessageOptions& options) {
  core::Random random(options.seed + 1);
  const auto key = sender(options.seed);
  core::envelope::Header header;
  header.kid = core::envelope::derive_kid(kOrigin, key.public_key());
  header.epoch = core::Epoch{1};
  core::Bytes payload(options.payload_bytes);
  std::vector<core::Bytes> messages;
  for (std::size_t i = 0; i < options.messages; ++i) {
    for (auto& byte : payload) byte = static_cast<std::uint8_t>(random());
    header.sequence = core::Sequence{i + 1};
    messages.push_back(need(core::envelope::sign_message(header, payload, key)));
    header.prev = core::envelope::message_id(messages.back());
  }
  for (std::size_t i = 0; i < options.messages; i += 5) messages.push_back(messages[i]);
  return messages;
}

double append_sync_rate(const std::filesystem::path& directory) {
  constexpr int kRounds = 500;
  const auto path = directory / "sync-rate";
  const std::unique_ptr<core::disk::File> file =
      need(core::disk::posix_filesystem().open(path, core::disk::OpenMode::kCreate));
  const core::Bytes block(4096, 0x5a);
  const auto start = Clock::now();
  for (std::uint64_t i = 0; i < kRounds; ++i) {
    need(file->write_at(i * block.size(), block));
    need(file->sync());
  }
  const double rate = kRounds / seconds_since(start);
  std::filesystem::remove(path);
  return rate;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace bench
