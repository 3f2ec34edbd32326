// Source: where a replay's log entries come from: a log directory, a relay, or memory.
// Must not know messages: an entry is an index and bytes. Formats: docs/formats/log.md,
// docs/formats/relay-http.md.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/message.h"
#include "core/wire/relay_client.h"

namespace rebuild {

struct SourceEntry {
  core::LogIndex index;
  core::ByteView bytes;
};

// Entries of ascending index, at most kLotMax. Owner: their bytes are borrowed until it returns.
inline constexpr std::size_t kLotMax = 16384;
using TakeLot = std::function<core::Result<void>(std::span<const SourceEntry>)>;

// What a source is besides its entries, at one moment.
struct SourceState {
  std::vector<std::string> damages;  // stretches that hold no intact entry, described; never fatal
  std::vector<std::string> remarks;  // worth saying, costs nothing: a torn tail
  core::LogIndex end;                // one past the last index that is there or known to be lost
  // What the log's operator says of it: a signed note, or only the size and root that its directory
  // keeps. Either may be missing.
  std::string checkpoint{};
  std::optional<core::envelope::TreeHead> kept_head{};
};

class Source {
 public:
  virtual ~Source() = default;
  // Whether there is a log. Errors: as of read().
  virtual core::Result<void> reach() = 0;
  // Gives the entries from index `from` on to `take`, and keeps none: memory does not grow with the
  // log. Called again, it gives at least the same. Errors: also those of `take`.
  virtual core::Result<SourceState> read(core::LogIndex from, const TakeLot& take) = 0;
  // The roster, as whoever keeps the log has it; empty: he has none. Errors: kNetwork, kProtocol,
  // kIo, kBadSignature.
  virtual core::Result<core::Bytes> roster() { return core::Bytes(); }
  // "log directory /var/lib/daybook" for messages to people.
  virtual std::string name() const = 0;
};

// Errors of read(): as core::disk::stream_log.
std::unique_ptr<Source> log_directory_source(const std::filesystem::path& directory);
// `credential`: head office's, if the relay asks for it.
// Errors: kUsage (the URL). Errors of read(): kNetwork, kProtocol, kBadSignature (no credential, or
// not a good one).
core::Result<std::unique_ptr<Source>> relay_source(
    std::string_view url, std::optional<core::wire::ReadCredential> credential);
// Messages at indices 0, 1, 2 and so on.
std::unique_ptr<Source> memory_source(std::vector<core::Bytes> messages);

}  // namespace rebuild
