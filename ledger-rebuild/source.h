// Source: where a replay's log entries come from: a log directory, a relay, or memory.
// Must not know messages: an entry is an index and bytes. Formats: docs/formats/log.md,
// docs/formats/relay-http.md.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
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
  core::ByteView bytes;  // borrowed from SourceContent::storage
};

// What a source holds at one moment.
struct SourceContent {
  std::vector<SourceEntry> entries;  // ascending index
  std::vector<std::string> damages;  // stretches that hold no intact entry, described; never fatal
  std::vector<std::string> remarks;  // worth saying, costs nothing: a torn tail
  core::LogIndex end;                // one past the last index that is there or known to be lost
  // What the log's operator says of it: a signed note, or only the size and root that its directory
  // keeps. Either may be missing.
  std::string checkpoint{};
  std::optional<core::envelope::TreeHead> kept_head{};
  std::shared_ptr<const void> storage;
};

class Source {
 public:
  virtual ~Source() = default;
  // Entries below `from` may be left out by a source for which they cost a transfer.
  virtual core::Result<SourceContent> read(core::LogIndex from) = 0;
  // "log directory /var/lib/daybook" for messages to people.
  virtual std::string name() const = 0;
};

// Errors of read(): as core::disk::read_log.
std::unique_ptr<Source> log_directory_source(const std::filesystem::path& directory);
// `credential`: head office's, if the relay asks for it.
// Errors: kUsage (the URL). Errors of read(): kNetwork, kProtocol, kBadSignature (no credential, or
// not a good one).
core::Result<std::unique_ptr<Source>> relay_source(
    std::string_view url, std::optional<core::wire::ReadCredential> credential);
// Messages at indices 0, 1, 2 and so on.
std::unique_ptr<Source> memory_source(std::vector<core::Bytes> messages);

}  // namespace rebuild
