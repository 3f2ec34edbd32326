// What the commands have in common: the journal's key, the journal, the output.
#include "till/command_support.h"

#include <sys/prctl.h>

#include <cstdio>

#include "core/base/whole_file.h"
#include "core/wire/relay_client.h"
#include "till/pin_source.h"

namespace till {

using core::Result;

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

Result<JournalKey> read_key(const std::filesystem::path& path, KeyFrom from) {
  // What SQLCipher derives from a key is in its own memory: no dump of it, for any reason.
  ::prctl(PR_SET_DUMPABLE, 0);
  return JournalKey::read(path, from);
}

Result<JournalKey> journal_key(const CommandWords& words) {
  if (words.key_file.empty()) return JournalKey();
  return read_key(words.key_file, words.key_is_credential ? KeyFrom::kCredential : KeyFrom::kFile);
}

namespace {

Result<void> sign_on(Till& till, const CommandWords& words) {
  const core::OperatorId id{words.operator_id};
  const core::OperatorId approver{words.approver_id};
  if (id.value == 0) {
    if (words.pin_file.empty() && approver.value == 0 && words.approver_pin_file.empty()) return {};
    return core::fail(core::Errc::kUsage, "--pin-file, --approver and its PIN need --operator");
  }
  TRY_ASSIGN(const Pin pin, read_pin(words.pin_file, "PIN of operator " + to_string(id)));
  TRY(till.operators().sign_on(id, pin, till.operators().now_ms()));
  if (approver.value == 0) return {};
  TRY_ASSIGN(const Pin approval,
             read_pin(words.approver_pin_file, "PIN of operator " + to_string(approver)));
  return till.operators().approve(approver, approval, PermissionSet::all(),
                                  till.operators().now_ms());
}

}  // namespace

Result<Till> open_till(const CommandWords& words) {
  TRY_ASSIGN(const JournalKey key, journal_key(words));
  TRY_ASSIGN(Till till, Till::open(words.journal, Durability::kFull, key));
  TRY(sign_on(till, words));
  return till;
}

namespace {

Result<core::envelope::PublicKey> head_office_key(const CommandWords& words) {
  using core::envelope::PublicKey;
  const auto bytes = core::from_hex(words.head_office);
  auto key = bytes ? PublicKey::from(*bytes) : Result<PublicKey>(core::fail(bytes.error()));
  if (!key) return core::fail(core::Errc::kUsage, "--head-office: " + key.error().what);
  return key;
}

Result<core::envelope::Roster> parse_roster(const CommandWords& words, std::string_view origin,
                                            const std::string& content, const std::string& from) {
  TRY_ASSIGN(const auto key, head_office_key(words));
  auto roster = core::envelope::Roster::read(core::as_bytes(content), origin, key);
  if (!roster) return core::fail(roster.error().code, from + ": " + roster.error().what);
  return roster;
}

Result<core::wire::RelayClient> client_of(const CommandWords& words) {
  TRY_ASSIGN(const auto endpoint, core::wire::parse_endpoint(words.relay));
  std::shared_ptr<const core::tls::Context> trust;
  if (!words.authorities.empty()) {
    TRY_ASSIGN(trust, core::tls::Context::client(words.authorities));
  }
  return core::wire::RelayClient(endpoint, std::chrono::milliseconds(words.timeout_ms), trust);
}

}  // namespace

Result<core::wire::RelayClient> relay_client(const CommandWords& words, const Till& till) {
  TRY_ASSIGN(auto client, client_of(words));
  client.sign_reads(till.read_credential());
  return client;
}

Result<core::envelope::Roster> read_roster(const CommandWords& words, std::string_view origin) {
  TRY(head_office_key(words));
  TRY_ASSIGN(const std::string content, core::read_whole_file(words.roster));
  return parse_roster(words, origin, content, words.roster.string());
}

Result<core::envelope::Roster> fetch_roster(const CommandWords& words, std::string_view origin,
                                            const core::wire::ReadCredential& credential) {
  TRY(head_office_key(words));
  TRY_ASSIGN(auto client, client_of(words));
  client.sign_reads(credential);
  TRY_ASSIGN(const std::string content, client.get("/v1/roster"));
  return parse_roster(words, origin, content, words.relay);
}

}  // namespace till
