// Outbox: the till's own messages, kept until the relay has them and after.
// Must not know the network. Format: docs/formats/journal.md, "Outbox".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/tlog/receipt.h"

namespace till {

class Journal;

enum class MessageKind { kOpening, kClosing };

struct OutboxEntry {
  core::Sequence sequence;
  MessageKind kind = MessageKind::kOpening;
  core::Bytes message;
  bool acknowledged = false;
  core::LogIndex index;                        // when acknowledged
  std::optional<core::tlog::Receipt> receipt;  // when acknowledged
  std::string refusal;  // the relay's reason, when its last answer was a refusal
};

struct OutboxCounts {
  std::uint64_t pending = 0;  // not acknowledged; the refused ones included
  std::uint64_t refused = 0;
  std::uint64_t acknowledged = 0;
};

// A view on a till's journal. Owner: the Till must outlive it and must not be moved meanwhile.
// Errors of every operation: those of core::sqlite::Database.
class Outbox {
 public:
  explicit Outbox(Journal& journal) : journal_(&journal) {}

  // Messages that are not acknowledged, oldest first, after sequence `after`: at most `messages` of
  // them and `bytes` in all, but one at least when there is one.
  core::Result<std::vector<OutboxEntry>> pending(core::Sequence after, std::size_t messages,
                                                 std::size_t bytes);
  // Every message, acknowledged ones included, oldest first, after sequence `after`.
  core::Result<std::vector<OutboxEntry>> all(core::Sequence after, std::size_t messages);
  core::Result<OutboxCounts> counts();

  struct Acknowledgement {
    core::Sequence sequence;
    core::tlog::Receipt receipt;
  };
  // The relay proved that it holds these: each receipt is verified against the log's key, kept, and
  // only then the message is cleared; all of them in one transaction. Again with the same index: no
  // change. The latest receipt's tree head goes into the till's next message.
  // Errors: kState (the roster named no key of the log), kNotFound; and of a receipt that proves
  // nothing, kBadSignature, kUnknownKey and kMalformed, and kProtocol (another index than before,
  // or another tree of a size that was shown before).
  core::Result<void> acknowledge(const std::vector<Acknowledgement>& acknowledgements);
  // The relay will not take it: it stays pending, with the reason. Errors: kNotFound; kState
  // (acknowledged).
  core::Result<void> mark_refused(core::Sequence sequence, std::string_view reason);

 private:
  Journal* journal_;
};

}  // namespace till
