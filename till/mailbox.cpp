// Mailbox: durable copies of the closings.
#include "till/mailbox.h"

#include <utility>
#include <vector>

#include "core/disk/replace_file.h"
#include "till/journal_schema.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Result;
using core::sqlite::Statement;

using MessageCopy = std::pair<core::Sequence, core::Bytes>;

Result<std::vector<MessageCopy>> closings_due(Journal& journal) {
  TRY_ASSIGN(Statement s, journal.database().prepare("SELECT sequence, message FROM outbox "
                                                     "WHERE closing AND NOT copied "
                                                     "ORDER BY sequence"));
  std::vector<MessageCopy> due;
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) return due;
    due.emplace_back(core::Sequence{from_sql(s.column_int(0))}, core::to_bytes(s.column_blob(1)));
  }
}

}  // namespace

Result<void> check_mailbox(const std::filesystem::path& directory) {
  std::error_code ignored;
  if (directory.empty() || std::filesystem::is_directory(directory, ignored)) return {};
  return fail(Errc::kUsage, directory.string() + ": the mailbox is no directory; make it first");
}

std::string mailbox_file_name(core::TillRef ref, core::Epoch epoch, core::Sequence sequence) {
  return to_string(ref.store) + "-" + to_string(ref.till) + "-" + to_string(epoch) + "-" +
         to_string(sequence) + ".cose";
}

Result<std::uint64_t> copy_to_mailbox(Journal& journal) {
  const JournalState& state = journal.state();
  if (state.mailbox.empty()) return std::uint64_t{0};
  TRY_ASSIGN(const std::vector<MessageCopy> due, closings_due(journal));
  const auto sync =
      journal.durability() == Durability::kFull ? core::disk::Sync::kFull : core::disk::Sync::kNone;
  for (const auto& [sequence, message] : due) {
    const std::string name = mailbox_file_name(journal.identity().ref, state.epoch, sequence);
    TRY(core::disk::replace_file(core::disk::posix_filesystem(), state.mailbox / name, message,
                                 core::disk::Access::kGroup, sync));
  }
  if (due.empty()) return std::uint64_t{0};
  TRY(journal.transact([&]() -> Result<void> {
    TRY_ASSIGN(Statement s,
               journal.database().prepare("UPDATE outbox SET copied = 1 WHERE sequence = ?"));
    for (const MessageCopy& copy : due) TRY(s.bind_int(1, to_sql(copy.first.value)).run());
    return {};
  }));
  return std::uint64_t{due.size()};
}

}  // namespace till
