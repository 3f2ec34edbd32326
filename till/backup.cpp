// Backup: the rows of backup, backup_mark, backup_target and increment.
#include "till/backup.h"

#include <algorithm>
#include <utility>

#include "core/journal/content.h"
#include "core/journal/increment.h"
#include "core/journal/schema.h"
#include "till/backup_target.h"

namespace till {

using core::journal::from_sql;
using core::journal::to_sql;
namespace {

using core::Bytes;
using core::Errc;
using core::fail;
using core::Result;
using core::envelope::Hash;
using core::journal::IncrementPlace;
using core::sqlite::damaged;
using core::sqlite::Statement;

struct Head {
  std::uint64_t number = 0;
  Bytes link;  // of the last file; empty: there is none
  bool whole = true;
};

Result<Head> read_backup_head(Journal& journal) {
  TRY_ASSIGN(Statement s, journal.database().prepare("SELECT number, link, whole FROM backup"));
  TRY_ASSIGN(const bool row, s.step());
  if (!row) return damaged(journal.path(), "the backup row is missing");
  return Head{from_sql(s.column_int(0)), core::to_bytes(s.column_blob(1)), s.column_int(2) != 0};
}

Result<core::journal::Marks> read_marks(Journal& journal) {
  TRY_ASSIGN(Statement s, journal.database().prepare("SELECT name, reached FROM backup_mark"));
  core::journal::Marks marks;
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) return marks;
    marks.emplace(s.column_text(0), s.column_int(1));
  }
}

Result<void> put_marks(Journal& journal, const core::journal::Marks& marks) {
  TRY_ASSIGN(Statement s, journal.database().prepare("REPLACE INTO backup_mark VALUES (?, ?)"));
  for (const auto& [name, reached] : marks) TRY(s.bind_text(1, name).bind_int(2, reached).run());
  return {};
}

}  // namespace

Result<std::optional<core::envelope::SealingKey>> Backup::sealing_key() const {
  const Identity& self = journal_.identity();
  const JournalState& state = journal_.state();
  std::optional<core::envelope::SealingKey> key;
  if (state.epoch.value == 0 || !state.seals_to) return key;
  TRY_ASSIGN(
      key, core::envelope::SealingKey::agree_as_till(
               self.sealing_key, {self.origin, self.ref, state.epoch, self.sealing_key.public_key(),
                                  *state.seals_to, core::envelope::SealingUse::kBackups}));
  return key;
}

Result<std::vector<std::string>> Backup::places() {
  TRY_ASSIGN(Statement s,
             journal_.database().prepare("SELECT place FROM backup_target ORDER BY place"));
  std::vector<std::string> out;
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) return out;
    out.emplace_back(s.column_text(0));
  }
}

Result<BackupStatus> Backup::status() {
  TRY_ASSIGN(const Head head, read_backup_head(journal_));
  BackupStatus out;
  out.number = head.number;
  out.whole_due = head.whole;
  TRY_ASSIGN(Statement s, journal_.database().prepare(
                              "SELECT place, (SELECT count(DISTINCT number) FROM increment "
                              "WHERE number > has) FROM backup_target ORDER BY place"));
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) break;
    out.targets.push_back({std::string(s.column_text(0)), from_sql(s.column_int(1))});
  }
  const JournalState& state = journal_.state();
  out.state = out.targets.empty()      ? BackupState::kNoTarget
              : state.epoch.value == 0 ? BackupState::kNotJoined
              : !state.seals_to        ? BackupState::kInClear
                                       : BackupState::kWritten;
  return out;
}

Result<bool> Backup::set_places(const std::vector<std::string>& places) {
  TRY_ASSIGN(const auto before, this->places());
  TRY_ASSIGN(Statement gone,
             journal_.database().prepare("DELETE FROM backup_target WHERE place = ?"));
  for (const std::string& place : before) {
    if (std::find(places.begin(), places.end(), place) != places.end()) continue;
    TRY(gone.bind_text(1, place).run());
  }
  TRY_ASSIGN(Statement add,
             journal_.database().prepare("INSERT INTO backup_target SELECT ?, number FROM backup"));
  bool added = false;
  for (const std::string& place : places) {
    if (std::find(before.begin(), before.end(), place) != before.end()) continue;
    TRY(add.bind_text(1, place).run());
    added = true;
  }
  TRY(forget_copied());
  return added;
}

Result<void> Backup::ask_for_whole() {
  return journal_.database().exec("UPDATE backup SET whole = 1 WHERE whole = 0");
}

Result<std::optional<std::uint64_t>> Backup::write(Extent extent) {
  std::optional<std::uint64_t> number;
  TRY_ASSIGN(const BackupStatus now, status());
  if (now.targets.empty() && extent != Extent::kWhole) {
    // What this closing holds would be missing from the next increment.
    TRY(ask_for_whole());
    return number;
  }
  TRY_ASSIGN(const auto key, sealing_key());
  if (!key) return number;
  TRY_ASSIGN(const Head head, read_backup_head(journal_));
  const bool whole = extent == Extent::kWhole || head.whole || head.number == 0;
  core::journal::ContentHead content;
  content.journal_version = core::journal::kSchemaVersion;
  content.since = whole ? 0 : head.number;
  content.currency = journal_.identity().currency;
  content.chain_key = journal_.identity().chain_key;
  content.day = journal_.state().last_day;
  TRY_ASSIGN(const auto marks, read_marks(journal_));
  TRY_ASSIGN(const auto changes, core::journal::read_changes(journal_.database(), content, marks));
  number = head.number + 1;
  Hash link = journal_.state().entry;
  if (head.number != 0) {
    const auto last = Hash::from(head.link);
    if (!last) return damaged(journal_.path(), "backup: " + last.error().what);
    link = *last;
  }
  TRY(put_parts(*number, link, changes.parts, *key));
  TRY(put_marks(journal_, changes.marks));
  return number;
}

Result<void> Backup::put_parts(std::uint64_t number, Hash link, const std::vector<Bytes>& contents,
                               const core::envelope::SealingKey& key) {
  const Identity& self = journal_.identity();
  const auto kid = core::envelope::derive_kid(self.origin, self.key.public_key());
  TRY_ASSIGN(Statement add, journal_.database().prepare("INSERT INTO increment VALUES (?, ?, ?)"));
  IncrementPlace place;
  place.epoch = journal_.state().epoch;
  place.number = number;
  place.parts = static_cast<std::uint32_t>(contents.size());
  for (const Bytes& content : contents) {
    place.prev = link;
    TRY_ASSIGN(const Bytes file,
               core::journal::write_increment(place, kid, content, key, self.key));
    add.bind_int(1, to_sql(number)).bind_int(2, place.part);
    TRY(add.bind_blob(3, file).run());
    link = core::journal::link_of(file);
    ++place.part;
  }
  TRY_ASSIGN(Statement head,
             journal_.database().prepare("UPDATE backup SET number = ?, link = ?, whole = 0"));
  return head.bind_int(1, to_sql(number)).bind_blob(2, link.view()).run();
}

Result<std::vector<std::pair<std::string, Bytes>>> Backup::files_of(std::uint64_t number) {
  TRY_ASSIGN(Statement s, journal_.database().prepare("SELECT bytes FROM increment "
                                                      "WHERE number = ? ORDER BY part"));
  s.bind_int(1, to_sql(number));
  std::vector<std::pair<std::string, Bytes>> out;
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) return out;
    Bytes file = core::to_bytes(s.column_blob(0));
    const auto increment = core::journal::parse_increment(file);
    if (!increment) return damaged(journal_.path(), "an increment: " + increment.error().what);
    out.emplace_back(core::journal::increment_name(journal_.identity().ref, increment->place),
                     std::move(file));
  }
}

Result<void> Backup::copy(std::uint64_t number, BackupTarget& target) {
  TRY_ASSIGN(const auto files, files_of(number));
  for (const auto& [name, file] : files) TRY(target.put(name, file));
  return {};
}

Result<std::vector<std::uint64_t>> Backup::numbers_above(std::uint64_t has) {
  TRY_ASSIGN(Statement s, journal_.database().prepare("SELECT DISTINCT number FROM increment "
                                                      "WHERE number > ? ORDER BY number"));
  s.bind_int(1, to_sql(has));
  std::vector<std::uint64_t> out;
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) return out;
    out.push_back(from_sql(s.column_int(0)));
  }
}

Result<std::vector<Backup::Waiting>> Backup::waiting() {
  TRY_ASSIGN(Statement s,
             journal_.database().prepare("SELECT place, has FROM backup_target ORDER BY place"));
  std::vector<Waiting> out;
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) return out;
    out.push_back({std::string(s.column_text(0)), from_sql(s.column_int(1))});
  }
}

Result<void> Backup::mark(const std::string& place, std::uint64_t number) {
  return journal_.transact([&]() -> Result<void> {
    TRY_ASSIGN(Statement s, journal_.database().prepare(
                                "UPDATE backup_target SET has = ? WHERE place = ? AND has < ?1"));
    TRY(s.bind_int(1, to_sql(number)).bind_text(2, place).run());
    return forget_copied();
  });
}

Result<std::uint64_t> Backup::copy_due_to(const std::string& place, std::uint64_t has) {
  TRY_ASSIGN(const auto due, numbers_above(has));
  if (due.empty()) return std::uint64_t{0};
  const auto sync = journal_.durability() == Durability::kFull ? core::disk::Sync::kFull
                                                               : core::disk::Sync::kNone;
  TRY_ASSIGN(const auto target, open_backup_target(place, sync));
  std::uint64_t reached = has;
  Result<void> copied;
  for (const std::uint64_t number : due) {
    copied = copy(number, *target);
    if (!copied) break;
    reached = number;
  }
  // Once, so that a journal that cannot be written says that nothing was copied.
  if (reached != has) TRY(mark(place, reached));
  TRY(copied);
  return std::uint64_t{due.size()};
}

Result<std::uint64_t> Backup::copy_due(Reach reach) {
  TRY_ASSIGN(const auto targets, waiting());
  std::uint64_t copied = 0;
  std::optional<core::Error> first;
  for (const auto& [place, has] : targets) {
    if (reach == Reach::kNear && is_far(place)) continue;
    const auto done = copy_due_to(place, has);
    if (done) {
      copied += *done;
    } else if (!first) {
      first = core::Error{done.error().code, place + ": " + done.error().what};
    }
  }
  if (first) return fail(*first);
  return copied;
}

Result<std::optional<Backup::Load>> Backup::next_load(std::string_view after) {
  TRY_ASSIGN(auto targets, waiting());
  std::erase_if(targets, [](const Waiting& target) { return !is_far(target.place); });
  std::stable_partition(targets.begin(), targets.end(),
                        [&](const Waiting& target) { return target.place > after; });
  std::optional<Load> load;
  for (const auto& [place, has] : targets) {
    TRY_ASSIGN(const auto due, numbers_above(has));
    if (due.empty()) continue;
    load.emplace();
    load->place = place;
    load->epoch = journal_.state().epoch;
    load->number = due.front();
    TRY_ASSIGN(load->files, files_of(due.front()));
    return load;
  }
  return load;
}

Result<void> Backup::is_carried(const Load& load) {
  if (load.epoch != journal_.state().epoch) return {};
  return mark(load.place, load.number);
}

Result<void> Backup::forget_copied() {
  return journal_.database().exec(
      "DELETE FROM increment WHERE number <= "
      "coalesce((SELECT min(has) FROM backup_target), (SELECT number FROM backup))");
}

Result<void> Backup::check() {
  TRY_ASSIGN(const Head head, read_backup_head(journal_));
  TRY_ASSIGN(Statement s, journal_.database().prepare("SELECT number, part, bytes FROM increment "
                                                      "ORDER BY number, part"));
  const Identity& self = journal_.identity();
  const auto key = self.key.public_key();
  std::optional<Hash> link;
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) break;
    const std::string place = "increment " + std::to_string(s.column_int(0)) + ", part " +
                              std::to_string(s.column_int(1));
    const core::ByteView file = s.column_blob(2);
    const auto increment = core::journal::parse_increment(file);
    if (!increment) return damaged(journal_.path(), place + ": " + increment.error().what);
    const bool here = to_sql(increment->place.number) == s.column_int(0) &&
                      increment->place.part == s.column_int(1) &&
                      increment->place.epoch == journal_.state().epoch &&
                      (!link || increment->place.prev == *link);
    if (!here || !verify_statement(increment->statement, key)) {
      return damaged(journal_.path(), place + ": it does not follow the one before");
    }
    link = core::journal::link_of(file);
  }
  if (!link || core::equal(link->view(), head.link)) return {};
  return damaged(journal_.path(), "the backup row is not at the last increment");
}

}  // namespace till
