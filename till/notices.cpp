// Notices: rows of head office, feeds and what waits. Putting into force: till/notice_effects.cpp.
#include "till/notices.h"

#include <algorithm>
#include <utility>

#include "core/journal/schema.h"

namespace till {

using core::journal::from_sql;
using core::journal::to_sql;
namespace {

using core::BusinessDay;
using core::Bytes;
using core::Errc;
using core::fail;
using core::LogIndex;
using core::Result;
using core::envelope::BlobName;
using core::envelope::PublicKey;
using core::envelope::SealingKey;
using core::retail::NoticeBody;
using core::sqlite::Statement;

int number_of(FeedKind kind) {
  return static_cast<int>(kind);
}

template <typename Fixed>
Result<Fixed> fixed_column(const Journal& journal, const Statement& row, int column) {
  auto fixed = Fixed::from(row.column_blob(column));
  if (!fixed)
    return core::sqlite::damaged(journal.path(), "what head office told: " + fixed.error().what);
  return fixed;
}

core::Epoch epoch_column(const Statement& row, int column) {
  return core::Epoch{static_cast<std::uint32_t>(row.column_int(column))};
}

}  // namespace

std::string_view feed_name(FeedKind kind) {
  switch (kind) {
    case FeedKind::kOwn:
      return "own";
    case FeedKind::kFleet:
      return "fleet";
    case FeedKind::kStore:
      break;
  }
  return "store";
}

Result<void> Notices::put_head_office(const core::envelope::Roster& roster) {
  const auto* office = roster.office();
  const core::Epoch epoch = roster.latest_epoch(core::envelope::kHeadOffice);
  const auto known = head_office();
  if (!known && known.error().code != Errc::kState) return fail(known.error());
  const bool is_older = known && (epoch < known->epoch ||
                                  (epoch == known->epoch && !known->key && office != nullptr));
  if (is_older) {
    return fail(Errc::kState, "the roster is older than the one that this till knows");
  }
  TRY_ASSIGN(Statement s,
             journal_->database().prepare(
                 "INSERT INTO head_office(id, root, epoch, key) VALUES (1, ?1, ?2, ?3) "
                 "ON CONFLICT(id) DO UPDATE SET root = ?1, epoch = ?2, key = ?3"));
  s.bind_blob(1, roster.root().view()).bind_int(2, epoch.value);
  if (office == nullptr) {
    s.bind_null(3);
  } else {
    s.bind_blob(3, office->key.view());
  }
  return s.run();
}

Result<void> Notices::learn(const core::envelope::Roster& roster) {
  TRY_ASSIGN(const HeadOfficeRow row, head_office());
  if (roster.root() != row.root) {
    return fail(Errc::kUnknownKey, "the roster is of another root than the till joined under");
  }
  return journal_->transact([&] { return put_head_office(roster); });
}

Result<Notices::HeadOfficeRow> Notices::head_office() {
  TRY_ASSIGN(Statement s, journal_->database().prepare(
                              "SELECT root, epoch, key, reached, generation, fleet, store "
                              "FROM head_office"));
  TRY_ASSIGN(const bool there, s.step());
  if (!there) return fail(Errc::kState, "the till has not joined: it knows no head office");
  HeadOfficeRow row;
  TRY_ASSIGN(row.root, fixed_column<PublicKey>(*journal_, s, 0));
  row.epoch = epoch_column(s, 1);
  if (!s.column_is_null(2)) {
    TRY_ASSIGN(row.key, fixed_column<PublicKey>(*journal_, s, 2));
  }
  if (!s.column_is_null(3)) row.reached = LogIndex{from_sql(s.column_int(3))};
  if (s.column_is_null(4)) return row;
  core::retail::FeedKeys keys;
  keys.generation = from_sql(s.column_int(4));
  TRY_ASSIGN(keys.fleet, fixed_column<core::envelope::FeedSecret>(*journal_, s, 5));
  TRY_ASSIGN(keys.store, fixed_column<core::envelope::FeedSecret>(*journal_, s, 6));
  row.keys = keys;
  return row;
}

Result<PublicKey> Notices::root() {
  TRY_ASSIGN(const HeadOfficeRow row, head_office());
  return row.root;
}

Result<std::optional<PublicKey>> Notices::office_key() {
  const auto row = head_office();
  if (!row && row.error().code == Errc::kState) return std::optional<PublicKey>();
  if (!row) return fail(row.error());
  return row->key;
}

Result<std::optional<LogIndex>> Notices::reached() {
  TRY_ASSIGN(const HeadOfficeRow row, head_office());
  return row.reached;
}

Result<void> Notices::forget_reached() {
  return journal_->database().exec("UPDATE head_office SET reached = NULL");
}

Result<void> Notices::begin_again() {
  return journal_->transact([&] { return forget_reached(); });
}

Result<std::optional<Notices::FeedRow>> Notices::feed(FeedKind kind) {
  TRY_ASSIGN(Statement s, journal_->database().prepare(
                              "SELECT epoch, sequence, id, trouble FROM feed WHERE kind = ?"));
  TRY_ASSIGN(const bool there, s.bind_int(1, number_of(kind)).step());
  if (!there) return std::optional<FeedRow>();
  FeedRow row{epoch_column(s, 0),
              core::Sequence{from_sql(s.column_int(1))},
              {},
              std::string(s.column_text(3))};
  TRY_ASSIGN(row.id, fixed_column<core::envelope::MessageId>(*journal_, s, 2));
  return std::optional<FeedRow>(std::move(row));
}

Result<void> Notices::put_feed(FeedKind kind, const FeedRow& row) {
  TRY_ASSIGN(Statement s, journal_->database().prepare(
                              "INSERT INTO feed VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT(kind) DO "
                              "UPDATE SET epoch = ?2, sequence = ?3, id = ?4, trouble = ?5"));
  s.bind_int(1, number_of(kind)).bind_int(2, row.epoch.value);
  s.bind_int(3, to_sql(row.sequence.value)).bind_blob(4, row.id.view());
  return s.bind_text(5, row.trouble).run();
}

std::optional<FeedKind> Notices::kind_of(core::TillRef feed) const {
  const core::TillRef self = journal_->identity().ref;
  if (feed == core::TillRef{}) return FeedKind::kFleet;
  if (feed == self) return FeedKind::kOwn;
  if (feed.store == self.store && feed.till.value == 0) return FeedKind::kStore;
  return std::nullopt;
}

Result<Notices::Taken> Notices::take(LogIndex index, core::ByteView bytes) {
  TRY_ASSIGN(const auto message, core::envelope::parse_message(bytes));
  const core::envelope::Header& header = message.header;
  if (!header.address) return fail(Errc::kMalformed, "the relay sent what is no notice");
  TRY_ASSIGN(const HeadOfficeRow row, head_office());
  const core::envelope::Kid kid =
      row.key ? core::envelope::derive_kid(journal_->identity().origin, *row.key)
              : core::envelope::Kid{};
  if (!row.key || header.kid != kid || header.epoch != row.epoch) return Taken::kUnknownKey;
  if (!core::envelope::verify_message(message, *row.key)) {
    return fail(Errc::kBadSignature, "the relay sent a notice that head office did not sign");
  }
  const auto kind = kind_of(header.address->feed);
  const bool is_own = kind == FeedKind::kOwn;
  if (!kind || (is_own && header.address->link != journal_->state().entry)) {
    return Taken::kNotForUs;
  }
  TRY_ASSIGN(const auto last, feed(*kind));
  const auto place = std::pair(header.epoch, header.sequence);
  if (last && place <= std::pair(last->epoch, last->sequence)) return Taken::kKnown;
  const bool follows = header.address->whole || (last && header.address->link == last->id);
  if (!follows) return Taken::kGap;
  TRY(journal_->transact([&]() -> Result<void> {
    TRY(put_feed(*kind, {header.epoch, header.sequence, core::envelope::message_id(bytes), ""}));
    if (header.address->whole) {
      TRY_ASSIGN(Statement before,
                 journal_->database().prepare("DELETE FROM notice WHERE kind = ?"));
      TRY(before.bind_int(1, number_of(*kind)).run());
    }
    TRY_ASSIGN(Statement s, journal_->database().prepare("INSERT INTO notice VALUES (?, ?, ?, ?)"));
    s.bind_int(1, number_of(*kind)).bind_int(2, header.epoch.value);
    TRY(s.bind_int(3, to_sql(header.sequence.value)).bind_blob(4, bytes).run());
    TRY_ASSIGN(Statement reached,
               journal_->database().prepare("UPDATE head_office SET reached = ?"));
    return reached.bind_int(1, to_sql(index.value)).run();
  }));
  return Taken::kNew;
}

Result<std::vector<Notices::Waiting>> Notices::waiting(FeedKind kind) {
  TRY_ASSIGN(Statement s,
             journal_->database().prepare("SELECT epoch, sequence, message FROM notice "
                                          "WHERE kind = ? ORDER BY epoch, sequence"));
  s.bind_int(1, number_of(kind));
  std::vector<Waiting> out;
  while (true) {
    TRY_ASSIGN(const bool there, s.step());
    if (!there) return out;
    out.push_back({epoch_column(s, 0), core::Sequence{from_sql(s.column_int(1))},
                   core::to_bytes(s.column_blob(2))});
  }
}

Result<SealingKey> Notices::key_for(FeedKind kind, std::uint64_t generation,
                                    const HeadOfficeRow& row) {
  const Identity& self = journal_->identity();
  if (kind == FeedKind::kOwn) {
    const auto& seals_to = journal_->state().seals_to;
    if (!seals_to) return fail(Errc::kState, "head office named no key to seal with");
    const core::envelope::SealingContext context{self.origin,
                                                 self.ref,
                                                 journal_->state().epoch,
                                                 self.sealing_key.public_key(),
                                                 *seals_to,
                                                 core::envelope::SealingUse::kNotices};
    return SealingKey::agree_as_till(self.sealing_key, context);
  }
  if (!row.keys || row.keys->generation != generation) {
    return fail(Errc::kUnknownKey,
                "it is sealed with keys of generation " + std::to_string(generation) +
                    ", and this till has " +
                    (row.keys ? "those of " + std::to_string(row.keys->generation) : "none"));
  }
  return core::envelope::feed_key(kind == FeedKind::kFleet ? row.keys->fleet : row.keys->store);
}

Result<Notices::Opened> Notices::open(FeedKind kind, const Waiting& waiting,
                                      const HeadOfficeRow& row) {
  TRY_ASSIGN(const auto message, core::envelope::parse_message(waiting.message));
  const core::envelope::Address& address = *message.header.address;
  TRY_ASSIGN(const SealingKey key, key_for(kind, address.generation, row));
  TRY_ASSIGN(const Bytes plain,
             core::envelope::open_sealed(key, message.protected_header, message.payload));
  TRY_ASSIGN(NoticeBody body, core::retail::decode_notice_body(plain));
  return Opened{waiting.epoch, waiting.sequence, address.whole, std::move(body), key};
}

Result<std::vector<Notices::Opened>> Notices::queue(FeedKind kind, std::string& trouble) {
  TRY_ASSIGN(const HeadOfficeRow row, head_office());
  TRY_ASSIGN(const auto all, waiting(kind));
  std::vector<Opened> out;
  for (const Waiting& one : all) {
    auto opened = open(kind, one, row);
    if (!opened) {
      trouble = describe(opened.error());
      break;
    }
    std::erase_if(out, [&](const Opened& old) { return old.body.from > opened->body.from; });
    out.push_back(std::move(*opened));
  }
  return out;
}

Result<bool> Notices::has_piece(const BlobName& name) {
  TRY_ASSIGN(Statement s, journal_->database().prepare("SELECT 1 FROM piece WHERE hash = ?"));
  return s.bind_blob(1, name.hash.view()).step();
}

Result<std::vector<BlobName>> Notices::missing_pieces() {
  std::vector<BlobName> out;
  for (const FeedKind kind : kFeedKinds) {
    std::string trouble;
    TRY_ASSIGN(const auto opened, queue(kind, trouble));
    for (const Opened& notice : opened) {
      const auto* pieces = std::get_if<std::vector<BlobName>>(&notice.body.content);
      if (pieces == nullptr) continue;
      for (const BlobName& piece : *pieces) {
        TRY_ASSIGN(const bool there, has_piece(piece));
        if (!there) out.push_back(piece);
      }
    }
  }
  return out;
}

Result<void> Notices::keep_piece(const BlobName& name, core::ByteView bytes) {
  if (bytes.size() != name.size || core::envelope::sha256(bytes) != name.hash) {
    return fail(Errc::kMalformed, "piece " + name.hash.hex() + ": these bytes are another's");
  }
  return journal_->transact([&]() -> Result<void> {
    TRY_ASSIGN(Statement s, journal_->database().prepare(
                                "INSERT INTO piece VALUES (?, ?) ON CONFLICT DO NOTHING"));
    return s.bind_blob(1, name.hash.view()).bind_blob(2, bytes).run();
  });
}

Result<void> Notices::set_trouble(FeedKind kind, const std::string& trouble) {
  TRY_ASSIGN(const auto row, feed(kind));
  if (!row || row->trouble == trouble) return {};
  FeedRow next = *row;
  next.trouble = trouble;
  return journal_->transact([&] { return put_feed(kind, next); });
}

Result<std::map<FeedKind, FeedStatus>> Notices::status() {
  std::map<FeedKind, FeedStatus> out;
  for (const FeedKind kind : kFeedKinds) {
    FeedStatus& status = out[kind];
    TRY_ASSIGN(const auto row, feed(kind));
    if (!row) continue;
    TRY_ASSIGN(const auto all, waiting(kind));
    status = {row->epoch, row->sequence, all.size(), row->trouble};
  }
  return out;
}

}  // namespace till
