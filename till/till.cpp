// Till: setting up, joining, closing a day. Opening one: till/opening.cpp; selling:
// till/selling.cpp.
#include "till/till.h"

#include <utility>

#include "core/base/arithmetic.h"
#include "core/envelope/message.h"
#include "core/tlog/note.h"
#include "core/wire/relay_client.h"
#include "till/backup_target.h"
#include "till/day_evidence.h"
#include "till/next_key.h"

namespace till {
namespace {

using core::BusinessDay;
using core::Errc;
using core::fail;
using core::Money;
using core::Result;
using core::retail::Closing;
using core::retail::DayFold;
using core::retail::Summary;

Result<void> check_setup(const TillSetup& setup) {
  if (setup.ref.store.value == 0 || setup.ref.till.value == 0) {
    return fail(Errc::kUsage, "store and till are numbers from 1");
  }
  if (!core::tlog::is_key_name(setup.origin)) {
    return fail(Errc::kUsage, "the log's origin has 1 to 255 bytes");
  }
  if (setup.catalog.currency() != setup.currency) {
    return fail(Errc::kCurrency, "the catalog is in " +
                                     std::string(setup.catalog.currency().code()) +
                                     ", the till in " + std::string(setup.currency.code()));
  }
  for (const std::string& place : setup.backup_to) TRY(check_backup_place(place));
  return {};
}

// For the audit log.
std::string text_of(const std::vector<std::string>& places) {
  std::string out;
  for (const std::string& place : places) out += (out.empty() ? "" : ", ") + place;
  return out;
}

std::string text_of(const std::optional<core::envelope::PublicKey>& log_key) {
  return log_key ? "log key " + log_key->hex() : std::string();
}

}  // namespace

Result<Till> Till::create(const std::filesystem::path& path, const TillSetup& setup,
                          Durability durability, const JournalKey& key) {
  TRY(check_setup(setup));
  const Identity identity{setup.ref, setup.currency,    setup.origin,
                          setup.key, setup.sealing_key, setup.key.public_key()};
  TRY_ASSIGN(Journal journal,
             Journal::create(path, identity, {setup.catalog, setup.backup_to}, durability, key));
  return on(std::move(journal));
}

Result<Till> Till::open(const std::filesystem::path& path, Durability durability,
                        const JournalKey& key) {
  TRY_ASSIGN(Journal journal, Journal::open(path, durability, key));
  return on(std::move(journal));
}

Result<Till> Till::on(Journal journal) {
  TRY_ASSIGN(ShelfMemory shelf, Shelf::remember(journal));
  TRY_ASSIGN(std::vector<Operator> operators, journal.read_operators());
  Till till(std::move(journal), std::move(shelf));
  for (Operator& who : operators) till.staff_.all.emplace(who.id, std::move(who));
  // For the clock only: a last document that cannot be read must not hide the others.
  const auto last = till.journal_.documents_from(till.journal_.documents(),
                                                 [&](DocumentRow&& row) -> Result<void> {
                                                   till.remember(row.document);
                                                   return {};
                                                 });
  if (!last && last.error().code != Errc::kDamaged) return fail(last.error());
  return till;
}

Result<void> Till::audit(const AuditNote& note) {
  return operators().tell_with(staff_.actor, note, []() -> Result<void> { return {}; });
}

Result<void> Till::audit_with_next(const AuditNote& note) {
  return operators().tell_later(staff_.actor, note);
}

// The row comes first: no transaction could hold both.
Result<void> Till::rekey(const JournalKey& key) {
  TRY_ASSIGN(const Actor actor, operators().permit({Permission::kSettings}));
  TRY(journal_.check_can_rekey());
  TRY(operators().tell_with(actor, {AuditEvent::kRekeyed, "journal", "", "", operators().now_ms()},
                            []() -> Result<void> { return {}; }));
  return journal_.rekey(key);
}

core::wire::ReadCredential Till::read_credential() const {
  const Identity& self = journal_.identity();
  return {self.key, core::envelope::derive_kid(self.origin, public_key()).hex()};
}

Result<void> Till::join(const core::envelope::Roster& roster) {
  TRY_ASSIGN(const Actor actor, operators().permit({Permission::kSettings}));
  const Identity& self = journal_.identity();
  if (roster.origin() != self.origin) {
    return fail(Errc::kMalformed, "the roster is that of log '" + roster.origin() +
                                      "', the till's is '" + self.origin + "'");
  }
  const auto* enrolment = roster.find(core::envelope::derive_kid(self.origin, public_key()));
  if (enrolment == nullptr) {
    return fail(Errc::kUnknownKey, "the key of till " + to_string(self.ref) +
                                       " is not on the roster; have head office enrol " +
                                       public_key().hex());
  }
  if (enrolment->till != self.ref) {
    return fail(Errc::kMalformed, "the roster gives this till's key to till " +
                                      to_string(enrolment->till) + "; this is " +
                                      to_string(self.ref));
  }
  if (enrolment->sealing_key != self.sealing_key.public_key()) {
    return fail(Errc::kMalformed, "the roster has another sealing key for this till's key");
  }
  JournalState next = journal_.state();
  const bool same = next.epoch == enrolment->epoch && next.entry == enrolment->entry;
  const auto* office = roster.office();
  const auto office_key = office == nullptr ? std::nullopt : std::optional(office->key);
  TRY_ASSIGN(const auto known_office, notices().office_key());
  if (same && next.log_key == roster.log_key() && known_office == office_key) {
    return find_next_key(roster);
  }
  if (!same && next.epoch.value != 0) {
    return fail(Errc::kState, "the till joined under another roster entry, of epoch " +
                                  to_string(next.epoch) + "; a new epoch takes a new journal");
  }
  next.log_key = roster.log_key();
  if (!same) {
    next.epoch = enrolment->epoch;
    next.entry = enrolment->entry;
    next.last_id = enrolment->entry;
    next.seals_to = enrolment->seals_to;
  }
  const JournalState& before = journal_.state();
  TRY(operators().tell_with(actor,
                            {AuditEvent::kJoined, "epoch " + to_string(next.epoch),
                             text_of(before.log_key), text_of(next.log_key), operators().now_ms()},
                            [&]() -> Result<void> {
                              TRY(notices().put_head_office(roster));
                              return journal_.put_state(next);
                            }));
  return find_next_key(roster);
}

Result<core::CatalogVersion> Till::replace_catalog(const core::retail::Catalog& catalog) {
  return change_shelf("catalog",
                      [&](const ShelfTold& told) { return shelf().replace(catalog, told); });
}

Result<core::CatalogVersion> Till::change_prices(
    const std::map<core::ProductId, core::Money>& prices) {
  return change_shelf("prices",
                      [&](const ShelfTold& told) { return shelf().change_prices(prices, told); });
}

// The log tells of a new version in the transaction that makes it, and of nothing when there is
// none.
Result<core::CatalogVersion> Till::change_shelf(
    std::string_view what,
    const std::function<Result<core::CatalogVersion>(const ShelfTold&)>& change) {
  TRY_ASSIGN(const Actor actor, operators().permit({Permission::kCatalog}));
  const std::string before = "version " + to_string(shelf().present());
  bool told = false;
  TRY_ASSIGN(const core::CatalogVersion version, change([&](core::CatalogVersion next) {
               told = true;
               return operators().write(actor,
                                        {AuditEvent::kCatalogReplaced, std::string(what), before,
                                         "version " + to_string(next), operators().now_ms()});
             }));
  if (told) operators().is_written();
  return version;
}

Result<void> Till::set_backup_to(const std::vector<std::string>& places) {
  TRY_ASSIGN(const Actor actor, operators().permit({Permission::kSettings}));
  for (const std::string& place : places) TRY(check_backup_place(place));
  TRY_ASSIGN(const auto before, backup().places());
  const AuditNote note{AuditEvent::kBackupChanged, "backup", text_of(before), text_of(places),
                       operators().now_ms()};
  TRY(journal_.transact([&]() -> Result<void> {
    TRY_ASSIGN(const bool added, backup().set_places(places));
    TRY(operators().write(actor, note));
    if (!added) return {};
    if (journal_.state().open_day) return backup().ask_for_whole();
    TRY(backup().write(Backup::Extent::kWhole));
    return {};
  }));
  operators().is_written();
  return {};
}

Result<std::uint64_t> Till::copy_backups(Backup::Reach reach) {
  return backup().copy_due(reach);
}

Result<std::uint64_t> Till::back_up_to(std::string_view place) {
  TRY(operators().permit({Permission::kSettings}));
  TRY(check_backup_place(place));
  if (journal_.state().open_day) {
    return fail(Errc::kState, "a day is open; close it first: backups are of closed days");
  }
  std::optional<std::uint64_t> number;
  TRY(journal_.transact([&]() -> Result<void> {
    TRY_ASSIGN(number, backup().write(Backup::Extent::kWhole));
    return {};
  }));
  if (!number) {
    return fail(Errc::kState,
                "a backup is sealed to head office, and this till has not joined, or head office "
                "has named no key to seal to");
  }
  const auto sync = journal_.durability() == Durability::kFull ? core::disk::Sync::kFull
                                                               : core::disk::Sync::kNone;
  TRY_ASSIGN(const auto target, open_backup_target(place, sync));
  TRY(backup().copy(*number, *target));
  TRY(journal_.transact([&] { return backup().forget_copied(); }));
  return *number;
}

Result<BusinessDay> Till::need_open_day() const {
  if (!journal_.state().open_day) {
    return fail(Errc::kState, "no business day is open; open one first");
  }
  return *journal_.state().open_day;
}

Result<void> Till::check_stocked(core::ProductId id) {
  TRY_ASSIGN(const auto product, shelf().find(shelf_.present, id));
  if (product && product->kind == core::retail::ProductKind::kStocked) return {};
  return fail(Errc::kMalformed,
              "product " + to_string(id) + ": the catalog has no such stocked product");
}

core::envelope::EnrolRequest Till::enrol_request() const {
  const Identity& self = journal_.identity();
  return core::envelope::make_enrol_request(self.origin, self.ref, self.key,
                                            self.sealing_key.public_key());
}

Result<std::optional<core::envelope::SealingKey>> Till::sealing_key() const {
  const Identity& self = journal_.identity();
  const JournalState& state = journal_.state();
  std::optional<core::envelope::SealingKey> key;
  if (!state.seals_to) return key;
  TRY_ASSIGN(key, core::envelope::SealingKey::agree_as_till(
                      self.sealing_key, {self.origin, self.ref, state.epoch,
                                         self.sealing_key.public_key(), *state.seals_to}));
  return key;
}

Result<void> Till::put_messages(Summary summary, JournalState next) {
  const Identity& self = journal_.identity();
  const bool closing = std::holds_alternative<Closing>(summary);
  TRY_ASSIGN(const auto sealing_key, this->sealing_key());
  TRY(define_minted(summary));
  if (!closing) TRY(put_key_request(std::get<core::retail::Opening>(summary)));
  for (const Summary& part : core::retail::split(summary, core::envelope::kPayloadSizeMax)) {
    core::Bytes payload = core::retail::encode_summary(part);
    core::envelope::Header header;
    header.kid = core::envelope::derive_kid(self.origin, public_key());
    header.epoch = next.epoch;
    header.sequence = core::Sequence{next.last_sequence.value + 1};
    header.prev = next.last_id;
    header.tree_head = next.tree_head;
    if (sealing_key) {
      header.content_type = core::envelope::ContentType::kSealedSummary;
      payload = core::envelope::seal(*sealing_key, core::envelope::encode_header(header), payload);
    }
    TRY_ASSIGN(const core::Bytes message, core::envelope::sign_message(header, payload, self.key));
    TRY(journal_.add_message(header.sequence, closing, message));
    TRY(note_told(part, header.sequence));
    next.last_sequence = header.sequence;
    next.last_id = core::envelope::message_id(message);
  }
  return journal_.put_state(next);
}

Result<void> Till::add_to(DayFold& fold, const core::retail::Document& document) {
  TRY_ASSIGN(const auto cancelled, cancelled_by(document));
  return fold.add(document, cancelled ? &*cancelled : nullptr);
}

Result<Closing> Till::closing_from(BusinessDay day, std::uint64_t position,
                                   std::optional<Money> counted_cash) {
  DayFold fold(day, journal_.identity().currency);
  DayEvidence evidence;
  TRY(journal_.documents_from(position, [&](DocumentRow&& row) {
    evidence.take(row.document, row.leaf);
    return add_to(fold, row.document);
  }));
  if (counted_cash) TRY(fold.count_cash(*counted_cash));
  Closing closing = fold.closing();
  evidence.put_into(closing);
  TRY_ASSIGN(const auto cards, journal_.open_items(core::retail::Series::kCard));
  for (const OpenItem& card : cards) {
    ++closing.open_cards;
    TRY_ASSIGN(closing.open_cards_amount, add(closing.open_cards_amount, card.amount));
  }
  return closing;
}

Result<DayFold*> Till::running_fold() {
  if (!fold_) {
    TRY_ASSIGN(const BusinessDay day, need_open_day());
    DayFold fold(day, journal_.identity().currency);
    requests_.clear();
    TRY(journal_.documents_from(journal_.state().first_position,
                                [&](DocumentRow&& row) -> Result<void> {
                                  TRY(add_to(fold, row.document));
                                  remember(row.document);
                                  return {};
                                }));
    fold_ = std::move(fold);
  }
  return &*fold_;
}

Result<Closing> Till::close_day(std::optional<Money> counted_cash) {
  TRY_ASSIGN(const Actor actor, operators().permit({Permission::kClose}));
  TRY_ASSIGN(const BusinessDay day, need_open_day());
  // From the documents, not from the running sum: the closing is what was written down.
  JournalState next = journal_.state();
  TRY_ASSIGN(Closing closing, closing_from(day, next.first_position, counted_cash));
  TRY_ASSIGN(const Money sold, add(closing.net, closing.refunded));
  TRY_ASSIGN(next.sold_minor, core::checked_add(next.sold_minor, sold.minor));
  TRY_ASSIGN(next.refunded_minor, core::checked_add(next.refunded_minor, closing.refunded.minor));
  closing.grand_totals.sales.minor = next.sold_minor;
  closing.grand_totals.refunds.minor = next.refunded_minor;
  next.open_day.reset();
  next.delivery_awaited_since_ms.reset();
  next.last_day = day;
  const AuditNote note{AuditEvent::kDayClosed, to_string(day), "",
                       "net " + to_string(closing.net) + ", counted " +
                           (counted_cash ? to_string(*counted_cash) : std::string("nothing")),
                       operators().now_ms()};
  TRY(journal_.transact([&]() -> Result<void> {
    if (journal_.state().delivery_awaited_since_ms) {
      TRY(put_messages(core::retail::Opening{day, {}, {}}, next));
      next.last_sequence = journal_.state().last_sequence;
      next.last_id = journal_.state().last_id;
    }
    TRY(put_messages(closing, next));
    TRY(operators().write(actor, note));
    TRY(backup().write(Backup::Extent::kSinceLast));
    return {};
  }));
  operators().is_written();
  fold_.reset();
  return closing;
}

Result<Closing> Till::day_so_far() {
  TRY(operators().permit({Permission::kReport}));
  const JournalState& state = journal_.state();
  if (!state.open_day && !state.last_day) {
    return fail(Errc::kState, "no business day was opened yet");
  }
  return closing_from(state.open_day ? *state.open_day : *state.last_day, state.first_position,
                      std::nullopt);
}

Result<TillStatus> Till::status() {
  const JournalState& state = journal_.state();
  TillStatus out;
  out.ref = ref();
  out.currency = journal_.identity().currency;
  out.origin = journal_.identity().origin;
  out.public_key = public_key();
  out.epoch = state.epoch;
  out.open_day = state.open_day;
  out.delivery_awaited = state.delivery_awaited_since_ms.has_value();
  out.last_day = state.last_day;
  out.last_sequence = state.last_sequence;
  out.encrypted = journal_.encrypted();
  out.sealed = state.seals_to.has_value();
  if (state.log_key) out.log_key = core::tlog::NoteVerifier(out.origin, *state.log_key).vkey();
  out.tree_head = state.tree_head;
  for (std::size_t i = 0; i < core::retail::kSeriesCount; ++i) {
    out.last_numbers[static_cast<core::retail::Series>(i + 1)] = journal_.counters()[i];
  }
  out.documents = journal_.documents();
  out.audit_rows = journal_.audit_head().rows;
  TRY_ASSIGN(out.outbox, outbox().counts());
  TRY_ASSIGN(out.backup, backup().status());
  TRY_ASSIGN(const auto next, read_next_key(journal_));
  if (next) {
    out.next_key = {next->key.public_key(), next->enrolled ? next->enrolled->epoch : core::Epoch{}};
  }
  return out;
}

}  // namespace till
