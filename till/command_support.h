// What the commands have in common: the journal's key, the journal, the output.
// Must not know any command.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "till/commands.h"
#include "till/kind_words.h"
#include "till/notice_fetch.h"
#include "till/reports.h"
#include "till/till.h"

namespace core::wire {
struct ReadCredential;
class RelayClient;
}  // namespace core::wire

namespace till {

// To stdout, at once.
void print(const std::string& text);

// Errors of all: those of JournalKey::read.
core::Result<JournalKey> read_key(const std::filesystem::path& path, KeyFrom from);
// The key that the words lead to; an empty one: none is given.
core::Result<JournalKey> journal_key(const CommandWords& words);
// The journal that the words name, with that key; who the words name is signed on, and the approver
// has approved. Errors: also those of Till::open, read_pin, Operators::sign_on and approve.
core::Result<Till> open_till(const CommandWords& words);

// The roster file that the words name, signed by the head office that they name. Errors: kUsage (no
// key), kNotFound, kIo, kTooLarge; those of Roster::read, naming the file.
core::Result<core::envelope::Roster> read_roster(const CommandWords& words,
                                                 std::string_view origin);
// The same from the relay that the words name, asked for with the till's own key. Errors: also
// kNetwork, kProtocol, kBadSignature (the relay does not know this till).
core::Result<core::envelope::Roster> fetch_roster(const CommandWords& words,
                                                  std::string_view origin,
                                                  const core::wire::ReadCredential& credential);

// To the relay that the words name, with the till's own key for what is not for everybody. Errors:
// kUsage (no URL), those of core::tls::Context::client.
core::Result<core::wire::RelayClient> relay_client(const CommandWords& words, const Till& till);

// Head office's notices, asked for through it. Shape: it signs its reads.
NoticePorts notice_ports(const std::shared_ptr<core::wire::RelayClient>& relay);

// Asks a balance service over HTTP. `authorities`: PEM file to trust for https; empty: the
// system's. Errors: those of core::tls::Context::client.
core::Result<AskPoints> points_over_http(const std::filesystem::path& authorities);

// Of the command `show`: till/commands_operators.cpp.
core::Result<void> show_audit(Till& till, Form form);
core::Result<void> show_hours(Till& till, Form form);
// And: till/commands_notices.cpp. `dispatched`: the deliveries.
core::Result<void> show_notices(Till& till, bool dispatched, Form form);

// What head office tells, after the outbox was sent: what goes wrong is only said.
void fetch_after_sending(const CommandWords& words, Till& till);

}  // namespace till
