// NextKey: the row of next_key.
#include "till/next_key.h"

namespace till {
namespace {

using core::Result;
using core::sqlite::damaged;
using core::sqlite::Statement;

Result<NextEpoch> read_epoch(Journal& journal, const Statement& row) {
  NextEpoch out;
  out.epoch = core::Epoch{static_cast<std::uint32_t>(row.column_int(2))};
  const auto entry = core::envelope::MessageId::from(row.column_blob(3));
  if (!entry) return damaged(journal.path(), "the next key: " + entry.error().what);
  out.entry = *entry;
  if (row.column_is_null(4)) return out;
  const auto seals_to = core::envelope::SealingPublicKey::from(row.column_blob(4));
  if (!seals_to) return damaged(journal.path(), "the next key: " + seals_to.error().what);
  out.seals_to = *seals_to;
  return out;
}

}  // namespace

Result<std::optional<NextKey>> read_next_key(Journal& journal) {
  TRY_ASSIGN(Statement row, journal.database().prepare(
                                "SELECT seed, sealing_key, epoch, entry, seals_to FROM next_key"));
  TRY_ASSIGN(const bool there, row.step());
  std::optional<NextKey> out;
  if (!there) return out;
  const auto key = core::envelope::PrivateKey::from_seed(row.column_blob(0));
  if (!key) return damaged(journal.path(), "the next key: " + key.error().what);
  const auto sealing_key = core::envelope::SealingPrivateKey::from(row.column_blob(1));
  if (!sealing_key) return damaged(journal.path(), "the next key: " + sealing_key.error().what);
  out = NextKey{*key, *sealing_key, {}};
  if (row.column_is_null(2)) return out;
  TRY_ASSIGN(out->enrolled, read_epoch(journal, row));
  return out;
}

Result<void> check_next_key(Journal& journal) {
  TRY_ASSIGN(const auto next, read_next_key(journal));
  if (!next) return {};
  const core::Epoch epoch = journal.state().epoch;
  const Identity& self = journal.identity();
  const bool is_next = epoch.value != 0 && next->key.public_key() != self.key.public_key() &&
                       next->sealing_key.public_key() != self.sealing_key.public_key() &&
                       (!next->enrolled || next->enrolled->epoch > epoch);
  if (is_next) return {};
  return damaged(journal.path(), "the next key is not behind the one that the till has");
}

Result<void> put_next_key(Journal& journal, const NextKey& next) {
  TRY_ASSIGN(Statement row,
             journal.database().prepare("REPLACE INTO next_key VALUES (1, ?, ?, ?, ?, ?)"));
  row.bind_blob(1, next.key.seed()).bind_blob(2, next.sealing_key.view());
  if (!next.enrolled) return row.run();
  row.bind_int(3, next.enrolled->epoch.value).bind_blob(4, next.enrolled->entry.view());
  if (next.enrolled->seals_to) row.bind_blob(5, next.enrolled->seals_to->view());
  return row.run();
}

}  // namespace till
