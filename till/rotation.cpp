// Till: its key is changed while all is well: the old key asks for the new one, head office enrols
// it, and from the first quiet moment on the new one speaks. Why: docs/adr/0024-rotation.md.
#include <utility>

#include "core/wire/relay_client.h"
#include "till/next_key.h"
#include "till/till.h"

namespace till {
namespace {

using core::BusinessDay;
using core::Errc;
using core::fail;
using core::Result;

}  // namespace

// Inside a transaction that goes on with `actor`.
Result<core::envelope::PublicKey> Till::make_next_key(Actor actor) {
  const NextKey next;
  TRY(put_next_key(journal_, next));
  const core::envelope::PublicKey key = next.key.public_key();
  TRY(operators().write(actor, {AuditEvent::kKeyAsked, "epoch " + to_string(journal_.state().epoch),
                                public_key().hex(), key.hex(), operators().now_ms()}));
  return key;
}

Result<core::envelope::PublicKey> Till::ask_for_key() {
  TRY_ASSIGN(const Actor actor, operators().permit({Permission::kSettings}));
  if (journal_.state().epoch.value == 0) {
    return fail(Errc::kState, "the till has not joined: its first key is still to be enrolled");
  }
  TRY_ASSIGN(const auto asked, read_next_key(journal_));
  if (asked) return asked->key.public_key();
  core::envelope::PublicKey key;
  TRY(journal_.transact([&]() -> Result<void> {
    TRY_ASSIGN(key, make_next_key(actor));
    return {};
  }));
  operators().is_written();
  return key;
}

// Inside the transaction that opens `day`.
Result<void> Till::ask_for_key_if_due(Actor actor, BusinessDay day) {
  const std::int64_t limit = settings().key_days;
  const auto since = journal_.state().epoch_day;
  if (limit == 0 || !since || std::int64_t{day.days} - since->days < limit) return {};
  TRY_ASSIGN(const auto asked, read_next_key(journal_));
  if (!asked) TRY(make_next_key(actor));
  return {};
}

Result<void> Till::put_key_request(core::retail::Opening& opening) {
  TRY_ASSIGN(const auto asked, read_next_key(journal_));
  if (!asked) return {};
  const Identity& self = journal_.identity();
  const auto request = core::envelope::make_enrol_request(self.origin, self.ref, asked->key,
                                                          asked->sealing_key.public_key());
  opening.next_keys = core::retail::KeyRequest{request.key, request.sealing_key, request.proof};
  return {};
}

Result<std::optional<core::wire::ReadCredential>> Till::next_key_credential() {
  TRY_ASSIGN(const auto asked, read_next_key(journal_));
  if (!asked || asked->enrolled) return std::optional<core::wire::ReadCredential>();
  const auto kid = core::envelope::derive_kid(journal_.identity().origin, asked->key.public_key());
  return std::optional<core::wire::ReadCredential>({asked->key, kid.hex()});
}

Result<void> Till::find_next_key(const core::envelope::Roster& roster) {
  TRY_ASSIGN(auto next, read_next_key(journal_));
  if (!next || next->enrolled) return {};
  const Identity& self = journal_.identity();
  const auto* enrolment =
      roster.find(core::envelope::derive_kid(self.origin, next->key.public_key()));
  // With one that was taken back at once the till would be mute: it goes on as it is.
  if (enrolment == nullptr || enrolment->revoked) return {};
  const bool is_ours = enrolment->till == self.ref &&
                       enrolment->sealing_key == next->sealing_key.public_key() &&
                       enrolment->epoch > journal_.state().epoch;
  if (!is_ours) {
    return fail(Errc::kMalformed,
                "the roster gives this till's next key to till " + to_string(enrolment->till) +
                    ", epoch " + to_string(enrolment->epoch) + ", or with another sealing key");
  }
  next->enrolled = NextEpoch{enrolment->epoch, enrolment->entry, enrolment->seals_to};
  return journal_.transact([&] { return put_next_key(journal_, *next); });
}

// Nobody's doing: approvals that wait for what comes next stay, and the change waits for them.
Result<bool> Till::take_next_key() {
  const JournalState& before = journal_.state();
  if (before.open_day) return false;
  if (staff_.actor.approved_by.value != 0 || !staff_.approvals.empty()) return false;
  TRY_ASSIGN(const auto next, read_next_key(journal_));
  if (!next || !next->enrolled) return false;
  TRY_ASSIGN(const OutboxCounts waiting, outbox().counts());
  if (waiting.pending != 0) return false;
  Identity identity = journal_.identity();
  identity.key = next->key;
  identity.sealing_key = next->sealing_key;
  JournalState joined = before;
  joined.epoch = next->enrolled->epoch;
  joined.entry = next->enrolled->entry;
  joined.last_id = next->enrolled->entry;
  joined.last_sequence = {};
  joined.seals_to = next->enrolled->seals_to;
  joined.epoch_day.reset();
  const AuditNote note{AuditEvent::kKeyTaken, "epoch " + to_string(joined.epoch),
                       public_key().hex(), identity.key.public_key().hex(), operators().now_ms()};
  TRY_ASSIGN(const auto places, backup().places());
  TRY(journal_.transact([&]() -> Result<void> {
    TRY(journal_.start_life(identity, joined));
    TRY(operators().write({}, note));
    if (!places.empty()) TRY(backup().write(Backup::Extent::kWhole));
    return {};
  }));
  operators().is_written();
  // The pages that had the old private keys are overwritten in the file, too.
  TRY(journal_.fold_log());
  return true;
}

}  // namespace till
