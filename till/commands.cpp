// Commands: each opens the journal, does one thing through Till, and prints what was done.
#include "till/commands.h"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <random>
#include <thread>
#include <utility>

#include "core/base/random.h"
#include "core/retail/catalog_file.h"
#include "core/wire/relay_client.h"
#include "till/command_support.h"
#include "till/kind_words.h"
#include "till/qr.h"
#include "till/reports.h"
#include "till/sender.h"
#include "till/till.h"
#include "till/words.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Result;

void warn(const std::string& text) {
  std::fprintf(stderr, "daybook-till: warning: %s\n", text.c_str());
}

Result<void> write_request(const CommandWords& words, Till& till) {
  const std::string text = core::envelope::enrol_request_text(till.enrol_request());
  if (words.request.empty()) {
    print(text);
    return {};
  }
  std::ofstream out(words.request, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) return fail(Errc::kIo, words.request.string() + ": cannot be written");
  print("enrolment request " + words.request.string() + "\n");
  return {};
}

// The day's work is done and safe; the copy can be made later, so a failure is only said.
void copy_backups(Till& till) {
  const auto copied = till.copy_backups();
  if (!copied) warn("a backup was not copied, and waits: " + describe(copied.error()));
}

void print_messages_due(Till& till) {
  const auto status = till.status();
  if (status) print("outbox: " + std::to_string(status->outbox.pending) + " to send\n");
}

Result<ProductNames> names_of(Till& till, const std::vector<core::ProductId>& ids) {
  return till.shelf().names(till.shelf().present(), ids);
}

// What proves to anybody that a message is in the log: the proof's hashes, then the signed note.
Result<void> show_receipt(Till& till, core::Sequence sequence) {
  if (sequence.value == 0) {
    return fail(Errc::kUsage, "show receipt takes a message's sequence, such as: show receipt 2");
  }
  TRY_ASSIGN(const auto entries, till.outbox().all(core::Sequence{sequence.value - 1}, 1));
  if (entries.empty() || entries.front().sequence != sequence) {
    return fail(Errc::kNotFound, "there is no message " + to_string(sequence));
  }
  const OutboxEntry& entry = entries.front();
  if (!entry.receipt) {
    return fail(Errc::kState, "message " + to_string(sequence) + " was not acknowledged yet");
  }
  std::string out = "message " + core::envelope::message_id(entry.message).hex() + "\nindex " +
                    to_string(entry.index) + "\n";
  for (const auto& hash : entry.receipt->proof) out += "proof " + hash.hex() + "\n";
  print(out + "\n" + entry.receipt->checkpoint);
  return {};
}

}  // namespace

Result<void> run_init(const CommandWords& words) {
  TRY_ASSIGN(core::retail::Catalog catalog, core::retail::read_catalog_file(words.catalog));
  const core::Currency currency = catalog.currency();
  const TillSetup setup{core::TillRef{core::StoreId{words.store}, core::TillId{words.till}},
                        currency,
                        words.origin,
                        std::move(catalog),
                        core::envelope::PrivateKey::generate(),
                        words.backup_to};
  TRY_ASSIGN(const JournalKey key, journal_key(words));
  TRY_ASSIGN(Till till, Till::create(words.journal, setup, Durability::kFull, key));
  print("journal " + words.journal.string() + " of till " + to_string(till.ref()) +
        (key.empty() ? "\n" : ", encrypted\n"));
  print("public key " + till.public_key().hex() + "\n");
  return write_request(words, till);
}

Result<void> run_join(const CommandWords& words) {
  TRY_ASSIGN(Till till, open_till(words));
  TRY_ASSIGN(const TillStatus before, till.status());
  if (words.roster.empty() == words.relay.empty()) {
    return fail(Errc::kUsage, "name the roster with either --roster FILE or --relay URL");
  }
  TRY_ASSIGN(const core::envelope::Roster roster,
             words.relay.empty() ? read_roster(words, before.origin)
                                 : fetch_roster(words, before.origin, till.read_credential()));
  TRY(till.join(roster));
  TRY(till.take_next_key());
  TRY_ASSIGN(const TillStatus after, till.status());
  print("till " + to_string(after.ref) + " joined, epoch " + to_string(after.epoch) +
        (after.sealed ? ", sealing to head office\n" : ", sending in clear\n"));
  return {};
}

Result<void> run_open(const CommandWords& words) {
  const auto day = core::parse_business_day(words.day);
  if (!day) return fail(Errc::kUsage, "--day: " + day.error().what);
  TRY_ASSIGN(const core::retail::Components received, parse_received(words.received));
  TRY_ASSIGN(Till till, open_till(words));
  copy_backups(till);
  TRY_ASSIGN(const bool key_taken, till.take_next_key());
  if (key_taken) print("the next key is in use\n");
  TRY(words.await_delivery ? till.open_day_early(*day)
                           : till.open_day(*day, received, words.notes));
  print("business day " + to_string(*day) + " is open" +
        (words.await_delivery ? ", its delivery is awaited\n" : "\n"));
  print_messages_due(till);
  return {};
}

Result<void> run_delivery(const CommandWords& words) {
  TRY_ASSIGN(const core::retail::Components received, parse_received(words.received));
  TRY_ASSIGN(Till till, open_till(words));
  TRY(till.confirm_delivery(received, words.notes));
  print("the delivery is confirmed; the opening message is written\n");
  print_messages_due(till);
  return {};
}

Result<void> run_close(const CommandWords& words) {
  TRY_ASSIGN(Till till, open_till(words));
  std::optional<core::Money> counted;
  if (!words.counted.empty()) {
    const auto money = core::parse_money(words.counted, till.currency());
    if (!money) return fail(Errc::kUsage, "--counted: " + money.error().what);
    counted = *money;
  }
  TRY_ASSIGN(const core::retail::Closing closing, till.close_day(counted));
  TRY_ASSIGN(const ProductNames names, names_of(till, products_of(closing)));
  print(report_day(closing, names, "Z report", words.json ? Form::kJson : Form::kText));
  copy_backups(till);
  if (!words.json) print_messages_due(till);
  return {};
}

Result<void> run_send(const CommandWords& words) {
  TRY_ASSIGN(Till till, open_till(words));
  TRY_ASSIGN(core::wire::RelayClient relay, relay_client(words, till));
  copy_backups(till);
  TRY(till.seal_overdue_opening());
  TRY_ASSIGN(const TillStatus status, till.status());
  if (status.log_key.empty()) {
    return fail(Errc::kState,
                "no receipt could be checked: the roster that this till joined with "
                "names no key of the log; join again with one that does "
                "(daybook-rebuild log-key)");
  }
  SenderPorts ports;
  ports.post = [&](std::span<const core::Bytes> messages) { return relay.post(messages); };
  ports.sleep = [](std::chrono::milliseconds pause) { std::this_thread::sleep_for(pause); };
  ports.now_ms = [] {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::int64_t{std::chrono::duration_cast<std::chrono::milliseconds>(now).count()};
  };
  ports.on_retry = [](const core::Error& error, std::chrono::milliseconds pause) {
    warn(describe(error) + "; again in " + std::to_string(pause.count()) + " ms");
  };
  SendOptions options;
  options.attempts_max = words.attempts;
  if (words.for_seconds) options.time_max = std::chrono::seconds(*words.for_seconds);
  std::random_device seed;
  core::Random random((std::uint64_t{seed()} << 32) | seed());
  TRY_ASSIGN(const SendReport report, send_outbox(till.outbox(), ports, options, random));
  print("accepted " + std::to_string(report.accepted) + ", duplicate " +
        std::to_string(report.duplicates) + ", refused " + std::to_string(report.refused.size()) +
        "\n");
  for (const Refusal& refusal : report.refused) {
    std::fprintf(stderr, "daybook-till: message %s was refused: %s\n",
                 to_string(refusal.sequence).c_str(), refusal.reason.c_str());
  }
  if (report.gave_up) {
    return fail(report.gave_up->code,
                "gave up after " + std::to_string(report.failed_attempts) +
                    " failed attempts, the outbox keeps the rest: " + report.gave_up->what);
  }
  fetch_after_sending(words, till);
  if (!report.refused.empty()) {
    return fail(Errc::kProtocol, "the relay refused " + std::to_string(report.refused.size()) +
                                     " messages; they stay in the outbox");
  }
  return {};
}

Result<void> run_show(const CommandWords& words) {
  TRY_ASSIGN(Till till, open_till(words));
  const Form form = words.json ? Form::kJson : Form::kText;
  if (words.show_what == "day") {
    TRY_ASSIGN(const core::retail::Closing closing, till.day_so_far());
    TRY_ASSIGN(const ProductNames names, names_of(till, products_of(closing)));
    print(report_day(closing, names, "X report", form));
  } else if (words.show_what == "outbox") {
    TRY_ASSIGN(const auto entries, till.outbox().all(core::Sequence{0}, SIZE_MAX >> 1));
    print(report_outbox(entries, form));
  } else if (words.show_what == "notices" || words.show_what == "dispatched") {
    return show_notices(till, words.show_what == "dispatched", form);
  } else if (words.show_what == "backups") {
    TRY_ASSIGN(const BackupStatus backup, till.backup().status());
    print(report_backup(backup, form));
  } else if (words.show_what == "print-queue") {
    TRY_ASSIGN(const auto waiting, till.print_queue().waiting(0, SIZE_MAX >> 1));
    print(report_print_queue(till.ref(), waiting, form));
  } else if (words.show_what == "signed-receipt") {
    TRY_ASSIGN(const core::retail::Series series, parse_series(words.series));
    TRY_ASSIGN(const std::string text, till.signed_receipt(series, words.show_number));
    print(text + "\n");
  } else if (words.show_what == "audit") {
    return show_audit(till, form);
  } else if (words.show_what == "hours") {
    return show_hours(till, form);
  } else if (words.show_what == "receipt") {
    return show_receipt(till, core::Sequence{words.show_number});
  } else if (words.show_what == "document" && words.show_number == 0) {
    return fail(Errc::kUsage, "show document takes a number, such as: show document 17");
  } else if (words.show_what == "document") {
    TRY_ASSIGN(const core::retail::Series series, parse_series(words.series));
    TRY_ASSIGN(const StoredDocument document, till.document(series, words.show_number));
    TRY_ASSIGN(const ProductNames names, names_of(till, products_of(document)));
    print(report_document(till.ref(), document, names, form));
  } else if (words.show_what == "request" && words.qr) {
    const std::string code = core::envelope::enrol_request_code(till.enrol_request());
    TRY_ASSIGN(const QrMatrix matrix, QrMatrix::of(code));
    print(qr_text(matrix) + code + "\n");
  } else if (words.show_what == "request") {
    print(core::envelope::enrol_request_text(till.enrol_request()));
  } else {
    TRY_ASSIGN(const TillStatus status, till.status());
    print(report_status(status, form));
  }
  return {};
}

Result<void> run_backup(const CommandWords& words) {
  TRY_ASSIGN(Till till, open_till(words));
  for (const std::string& place : words.backup_to) {
    TRY_ASSIGN(const std::uint64_t number, till.back_up_to(place));
    print("increment " + std::to_string(number) + ", which holds everything, is in " + place +
          "\n");
  }
  const auto copied = till.copy_backups();
  TRY_ASSIGN(const BackupStatus backup, till.backup().status());
  print(report_backup(backup, Form::kText));
  if (!copied) return fail(copied.error());
  return {};
}

Result<void> run_rotate(const CommandWords& words) {
  TRY_ASSIGN(Till till, open_till(words));
  TRY_ASSIGN(const auto key, till.ask_for_key());
  print("next key " + key.hex() + ": the next opening asks for it\n");
  return {};
}

Result<void> run_rekey(const CommandWords& words) {
  TRY_ASSIGN(const JournalKey key, read_key(words.new_key_file, KeyFrom::kFile));
  TRY_ASSIGN(Till till, open_till(words));
  TRY(till.rekey(key));
  print("journal " + words.journal.string() + " has the key of " + words.new_key_file.string() +
        "; the one before opens it no more\n");
  return {};
}

Result<void> run_check(const CommandWords& words) {
  TRY_ASSIGN(Till till, open_till(words));
  TRY(till.check());
  TRY_ASSIGN(const TillStatus status, till.status());
  print("sound: " + std::to_string(status.documents) + " documents, " +
        to_string(status.last_sequence) + " messages, " + std::to_string(status.audit_rows) +
        " audit rows\n");
  return {};
}

}  // namespace till
