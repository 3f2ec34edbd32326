// Reports: text and JSON. Amounts and quantities are decimal text in both.
#include "till/reports.h"

#include "core/envelope/message.h"
#include "till/report_text.h"

namespace till {
namespace {

std::string state_of(const OutboxEntry& entry) {
  if (entry.acknowledged) return "log index " + to_string(entry.index);
  return entry.refusal.empty() ? "pending" : "refused: " + entry.refusal;
}

// By place: how many increments it does not have.
Json backup_json(const BackupStatus& backup) {
  Json targets = Json::array();
  for (const BackupStatus::Target& target : backup.targets) {
    targets.push_back({{"place", target.place}, {"waiting", target.waiting}});
  }
  return {{"number", backup.number}, {"whole_due", backup.whole_due}, {"targets", targets}};
}

}  // namespace

std::string report_status(const TillStatus& status, Form form) {
  const std::string open_day = status.open_day ? to_string(*status.open_day) : "";
  const std::string last_day = status.last_day ? to_string(*status.last_day) : "";
  if (form == Form::kJson) {
    return dump({{"till", to_string(status.ref)},
                 {"currency", status.currency.code()},
                 {"origin", status.origin},
                 {"key", status.public_key.hex()},
                 {"epoch", status.epoch.value},
                 {"open_day", open_day},
                 {"delivery_awaited", status.delivery_awaited},
                 {"last_day", last_day},
                 {"encrypted", status.encrypted},
                 {"sealed", status.sealed},
                 {"last_sequence", status.last_sequence.value},
                 {"last_numbers", numbers_json(status.last_numbers)},
                 {"documents", status.documents},
                 {"outbox",
                  {{"pending", status.outbox.pending},
                   {"refused", status.outbox.refused},
                   {"acknowledged", status.outbox.acknowledged}}},
                 {"backup", backup_json(status.backup)},
                 {"next_key", status.next_key ? status.next_key->key.hex() : ""},
                 {"next_epoch", status.next_key ? status.next_key->epoch.value : 0}});
  }
  std::string out = "till " + to_string(status.ref) + " of log '" + status.origin + "', " +
                    std::string(status.currency.code()) + "\n";
  out += "  key " + status.public_key.hex() + "\n";
  out += status.epoch.value == 0
             ? "  not joined: head office's roster is missing\n"
             : "  epoch " + to_string(status.epoch) +
                   (status.sealed ? ", sealing to head office" : ", sending in clear") +
                   ", last message sequence " + to_string(status.last_sequence) + "\n";
  if (status.next_key) {
    out += "  next key " + status.next_key->key.hex() +
           (status.next_key->epoch.value == 0
                ? ": asked for\n"
                : ": enrolled for epoch " + to_string(status.next_key->epoch) + "\n");
  }
  out += open_day.empty() ? "  no business day is open" : "  business day " + open_day + " is open";
  if (status.delivery_awaited) out += ", its delivery is awaited";
  out += last_day.empty() ? "\n" : "; last closed " + last_day + "\n";
  out += status.encrypted ? "  journal encrypted\n" : "  journal not encrypted\n";
  out += "  documents " + std::to_string(status.documents) + "\n";
  out += "  outbox: " + std::to_string(status.outbox.pending) + " pending (" +
         std::to_string(status.outbox.refused) + " refused), " +
         std::to_string(status.outbox.acknowledged) + " acknowledged\n";
  if (!status.backup.targets.empty()) out += report_backup(status.backup, Form::kText);
  return out;
}

std::string report_backup(const BackupStatus& backup, Form form) {
  if (form == Form::kJson) return dump(backup_json(backup));
  std::string out = "  backup: ";
  switch (backup.state) {
    case BackupState::kNoTarget:
      return out + "none; settings --backup-to says where to\n";
    case BackupState::kNotJoined:
      out += "none yet: the till has not joined\n";
      break;
    case BackupState::kInClear:
      out += "none: head office has named no key to seal to\n";
      break;
    case BackupState::kWritten:
      out += "increment " + std::to_string(backup.number) + " is the last" +
             (backup.whole_due ? "; the next close writes one that holds everything\n" : "\n");
      break;
  }
  for (const BackupStatus::Target& target : backup.targets) {
    out += "    " + target.place +
           (target.waiting == 0 ? ": has all\n"
                                : ": " + std::to_string(target.waiting) + " to copy\n");
  }
  return out;
}

std::string report_print_queue(core::TillRef ref, const std::vector<WaitingDocument>& waiting,
                               Form form) {
  Json list = Json::array();
  std::string text;
  for (const WaitingDocument& document : waiting) {
    const std::string name = document_number(ref, document.series, document.number);
    const bool due = document.mark.state == PrintState::kDue;
    list.push_back({{"document", name},
                    {"series", series_name(document.series)},
                    {"number", document.number},
                    {"state", due ? "due" : "doubtful"},
                    {"copies", document.mark.copies}});
    text += "  " + name +
            (due ? " due\n"
                 : " doubtful: its next job is copy " + std::to_string(document.mark.copies + 1) +
                       "\n");
  }
  if (waiting.empty()) text = "  nothing waits for paper\n";
  return form == Form::kJson ? dump(list) : text;
}

std::string report_outbox(const std::vector<OutboxEntry>& entries, Form form) {
  Json list = Json::array();
  std::string text;
  for (const OutboxEntry& entry : entries) {
    const char* kind = entry.kind == MessageKind::kOpening ? "opening" : "closing";
    const std::string id = core::envelope::message_id(entry.message).hex();
    list.push_back({{"sequence", entry.sequence.value},
                    {"kind", kind},
                    {"id", id},
                    {"bytes", entry.message.size()},
                    {"state", state_of(entry)}});
    text += "  " + to_string(entry.sequence) + " " + kind + " " + id + " " +
            std::to_string(entry.message.size()) + " bytes, " + state_of(entry) + "\n";
  }
  return form == Form::kJson ? dump(list) : text;
}

}  // namespace till
