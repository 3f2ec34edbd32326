// Known: rows of messages and quarantine, back to items.
#include "ledger-rebuild/known.h"

#include <algorithm>
#include <atomic>
#include <unordered_map>

#include "ledger-rebuild/parallel.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::LogIndex;
using core::Result;
using core::sqlite::Database;
using core::sqlite::Statement;

template <typename Fixed>
Result<void> read_into(Fixed& out, const Statement& row, int column) {
  TRY_ASSIGN(out, Fixed::from(row.column_blob(column)));
  return {};
}

Result<Item> read_item(const Statement& row) {
  Item item;
  item.row = row.column_int(0);
  item.index = LogIndex{static_cast<std::uint64_t>(row.column_int(1))};
  MessageFacts& facts = item.facts;
  TRY(read_into(facts.id, row, 2));
  TRY(read_into(facts.kid, row, 3));
  facts.epoch = core::Epoch{static_cast<std::uint32_t>(row.column_int(4))};
  facts.sequence = core::Sequence{static_cast<std::uint64_t>(row.column_int(5))};
  TRY(read_into(facts.prev, row, 6));
  TRY(read_into(facts.content, row, 7));
  TRY(read_into(facts.signature, row, 8));
  facts.signature_state = static_cast<SignatureState>(row.column_int(9));
  item.before.state = static_cast<State>(row.column_int(10));
  item.before.reason = static_cast<Reason>(row.column_int(11));
  return item;
}

// The bytes of a quarantined message, ready to be decoded again should it be posted after all.
Result<void> restore_bytes(Item& item, core::ByteView bytes) {
  TRY_ASSIGN(const auto message, core::envelope::parse_message(bytes));
  item.bytes = bytes;
  item.protected_header = message.protected_header;
  item.payload = message.payload;
  item.content_type = message.header.content_type;
  return {};
}

Result<void> read_messages(Database& db, Known& known) {
  TRY_ASSIGN(auto rows,
             db.prepare("SELECT number, log_index, id, kid, epoch, sequence, prev, content, "
                        "signature, signature_state, state, reason FROM messages ORDER BY number"));
  while (true) {
    TRY_ASSIGN(const bool more, rows.step());
    if (!more) return {};
    auto item = read_item(rows);
    if (!item) {
      return fail(Errc::kDamaged, db.path().string() + ": message row " +
                                      std::to_string(rows.column_int(0)) + ": " +
                                      item.error().what);
    }
    known.seen.push_back(SeenEntry{item->index, item->facts.id});
    known.intake.items.push_back(std::move(item).value());
  }
}

Result<void> read_quarantine(Database& db, Known& known) {
  std::unordered_map<std::int64_t, std::size_t> by_row;
  for (std::size_t i = 0; i < known.intake.items.size(); ++i) {
    if (known.intake.items[i].before.state == State::kQuarantined) {
      by_row.emplace(known.intake.items[i].row, i);
    }
  }
  TRY_ASSIGN(auto rows, db.prepare("SELECT log_index, id, message, detail, bytes FROM quarantine"));
  while (true) {
    TRY_ASSIGN(const bool more, rows.step());
    if (!more) break;
    const core::Bytes& bytes = known.storage.emplace_back(core::to_bytes(rows.column_blob(4)));
    if (!rows.column_is_null(2)) {
      const auto it = by_row.find(rows.column_int(2));
      if (it == by_row.end()) return fail(Errc::kDamaged, "a quarantine row without its message");
      Item& item = known.intake.items[it->second];
      item.before.detail = rows.column_text(3);
      TRY(restore_bytes(item, bytes));
      by_row.erase(it);
      continue;
    }
    NoMessage entry;
    entry.index = LogIndex{static_cast<std::uint64_t>(rows.column_int(0))};
    TRY(read_into(entry.id, rows, 1));
    entry.bytes = bytes;
    entry.detail = rows.column_text(3);
    entry.known = true;
    known.seen.push_back(SeenEntry{entry.index, entry.id});
    known.intake.no_messages.push_back(std::move(entry));
  }
  if (by_row.empty()) return {};
  return fail(Errc::kDamaged, "a quarantined message without its bytes");
}

Result<void> check_entry_ids(const std::vector<std::pair<const SourceEntry*, MessageId>>& pairs,
                             const std::string& source_name, unsigned threads) {
  constexpr std::uint64_t kNoIndex = ~std::uint64_t{0};
  std::atomic<std::uint64_t> first_wrong{kNoIndex};
  for_chunks(pairs.size(), threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      if (core::envelope::message_id(pairs[i].first->bytes) == pairs[i].second) continue;
      std::uint64_t seen = first_wrong;
      const std::uint64_t index = pairs[i].first->index.value;
      while (index < seen && !first_wrong.compare_exchange_weak(seen, index)) {
      }
    }
  });
  if (first_wrong == kNoIndex) return {};
  return fail(Errc::kDamaged, source_name + ": entry " + std::to_string(first_wrong.load()) +
                                  " is not the one that the books were made from: the log was "
                                  "rewritten, or is another one");
}

}  // namespace

Result<std::optional<core::envelope::TreeHead>> read_tree_head(Database& db) {
  TRY_ASSIGN(auto row, db.prepare("SELECT a.value, b.value FROM meta a, meta b "
                                  "WHERE a.name = 'tree_size' AND b.name = 'tree_root'"));
  TRY_ASSIGN(const bool there, row.step());
  if (!there) return std::optional<core::envelope::TreeHead>();
  core::envelope::TreeHead head;
  head.size = static_cast<std::uint64_t>(row.column_int(0));
  TRY(read_into(head.root, row, 1));
  return std::optional(head);
}

Result<Known> read_known(Database& db) {
  Known known;
  TRY_ASSIGN(const std::int64_t end, db.query_int("SELECT value FROM meta WHERE name = 'log_end'"));
  known.log_end = LogIndex{static_cast<std::uint64_t>(end)};
  TRY_ASSIGN(const std::int64_t enrolments, db.query_int("SELECT COUNT(*) FROM roster"));
  known.enrolments = static_cast<std::size_t>(enrolments);
  TRY_ASSIGN(known.tree_head, read_tree_head(db));
  TRY(read_messages(db, known));
  const auto quarantine = read_quarantine(db, known);
  if (!quarantine) {
    return fail(quarantine.error().code, db.path().string() + ": " + quarantine.error().what);
  }
  std::sort(known.seen.begin(), known.seen.end(),
            [](const SeenEntry& a, const SeenEntry& b) { return a.index < b.index; });
  return known;
}

Result<std::vector<SourceEntry>> new_entries(const SourceContent& content, const Known& known,
                                             const std::string& source_name, unsigned threads) {
  if (content.end < known.log_end) {
    return fail(Errc::kDamaged, source_name + ": it ends at entry " + to_string(content.end) +
                                    ", and ended at entry " + to_string(known.log_end) +
                                    " when the books were made: the log shrank, or is another "
                                    "one");
  }
  std::vector<SourceEntry> fresh;
  std::vector<std::pair<const SourceEntry*, MessageId>> pairs;
  auto seen = known.seen.begin();
  for (const SourceEntry& entry : content.entries) {
    while (seen != known.seen.end() && seen->index < entry.index) ++seen;
    if (seen != known.seen.end() && seen->index == entry.index) {
      pairs.emplace_back(&entry, seen->id);
    } else {
      fresh.push_back(entry);
    }
  }
  TRY(check_entry_ids(pairs, source_name, threads));
  return fresh;
}

}  // namespace rebuild
