// BooksWriter: inserts, updates and reversing entries.
#include "ledger-rebuild/books_writer.h"

#include "ledger-rebuild/books_schema.h"
#include "ledger-rebuild/digest.h"

namespace rebuild {
namespace {

using core::Result;
using core::envelope::Roster;
using core::sqlite::Database;
using core::sqlite::Statement;

bool has_entry(State state) {
  return state == State::kProven || state == State::kUnproven || state == State::kContradicted;
}
bool has_reversal(State state) {
  return state == State::kContradicted;
}

std::int64_t as_int(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

// The tables of messages, with their statements compiled once.
class Tables {
 public:
  static Result<Tables> open(Database& db) {
    TRY_ASSIGN(auto insert,
               db.prepare("INSERT INTO messages(log_index, id, kid, epoch, sequence, prev, "
                          "content, signature, number, signature_state, state, reason, store, "
                          "till, kind, day, part, parts, currency, sales, voids, net_minor, "
                          "discount_minor, over_short_minor, refunds, refunded_minor, "
                          "ever_sold_minor, ever_refunded_minor) VALUES(?16, ?17, ?18, ?19, ?20, "
                          "?21, ?22, ?23, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
                          "?14, ?15, ?24, ?25, ?26, ?27, ?28)"));
    TRY_ASSIGN(auto update,
               db.prepare("UPDATE messages SET signature_state = ?2, state = ?3, reason = ?4, "
                          "store = ?5, till = ?6, kind = ?7, day = ?8, part = ?9, parts = ?10, "
                          "currency = ?11, sales = ?12, voids = ?13, net_minor = ?14, "
                          "discount_minor = ?15, over_short_minor = ?24, refunds = ?25, "
                          "refunded_minor = ?26, ever_sold_minor = ?27, ever_refunded_minor = ?28 "
                          "WHERE number = ?1"));
    TRY_ASSIGN(auto set_state,
               db.prepare("UPDATE messages SET state = ?2, reason = ?3 WHERE number = ?1"));
    TRY_ASSIGN(auto posting, db.prepare("INSERT INTO postings VALUES(?, ?, ?, ?, ?, ?)"));
    TRY_ASSIGN(auto move, db.prepare("INSERT INTO moves VALUES(?, ?, ?, ?, ?, ?)"));
    TRY_ASSIGN(auto range, db.prepare("INSERT INTO numbers VALUES(?, ?, ?, ?)"));
    TRY_ASSIGN(auto refunded, db.prepare("INSERT INTO refunded_receipts VALUES(?, ?, ?, ?, ?)"));
    TRY_ASSIGN(auto hold, db.prepare("INSERT INTO quarantine VALUES(?, ?, ?, ?, ?, ?)"));
    TRY_ASSIGN(auto release, db.prepare("DELETE FROM quarantine WHERE id = ?"));
    return Tables(db, std::move(insert), std::move(update), std::move(set_state),
                  std::move(posting), std::move(move), std::move(range), std::move(refunded),
                  std::move(hold), std::move(release));
  }

  Result<void> insert(const Item& item, std::int64_t number, const Verdict& verdict) {
    bind_row(insert_, item, number, verdict);
    insert_.bind_int(16, as_int(item.index.value))
        .bind_blob(17, item.facts.id.view())
        .bind_blob(18, item.facts.kid.view())
        .bind_int(19, item.facts.epoch.value)
        .bind_int(20, as_int(item.facts.sequence.value))
        .bind_blob(21, item.facts.prev.view())
        .bind_blob(22, item.facts.content.view())
        .bind_blob(23, item.facts.signature.view());
    return insert_.run();
  }

  Result<void> update(const Item& item, const Verdict& verdict) {
    if (!item.bytes.empty()) {
      bind_row(update_, item, item.row, verdict);
      return update_.run();
    }
    return set_state_.bind_int(1, item.row)
        .bind_int(2, static_cast<int>(verdict.state))
        .bind_int(3, static_cast<int>(verdict.reason))
        .run();
  }

  Result<void> insert_entry(std::int64_t number, const Item& item) {
    const Entry& entry = item.entry;
    TRY(check_balanced(entry.postings));
    for (const Posting& posting : entry.postings) {
      TRY(posting_.bind_int(1, number)
              .bind_int(2, 0)
              .bind_int(3, static_cast<int>(posting.account))
              .bind_int(4, posting.code)
              .bind_text(5, entry.currency.code())
              .bind_int(6, posting.amount_minor)
              .run());
    }
    for (const StockMove& move : entry.moves) {
      TRY(move_.bind_int(1, number)
              .bind_int(2, 0)
              .bind_int(3, as_int(move.product.value))
              .bind_int(4, static_cast<int>(move.from))
              .bind_int(5, static_cast<int>(move.to))
              .bind_int(6, move.thousandths)
              .run());
    }
    for (const auto& [series, numbers] : entry.numbers) {
      TRY(range_.bind_int(1, number)
              .bind_int(2, static_cast<int>(series))
              .bind_int(3, as_int(numbers.first))
              .bind_int(4, as_int(numbers.last))
              .run());
    }
    return insert_refunded(number, item);
  }

  Result<void> hold(const Item& item, std::int64_t number, const Verdict& verdict) {
    return hold_.bind_int(1, as_int(item.index.value))
        .bind_blob(2, item.facts.id.view())
        .bind_int(3, number)
        .bind_int(4, static_cast<int>(verdict.reason))
        .bind_text(5, verdict.detail)
        .bind_blob(6, item.bytes)
        .run();
  }
  Result<void> hold(const NoMessage& entry) {
    return hold_.bind_int(1, as_int(entry.index.value))
        .bind_blob(2, entry.id.view())
        .bind_null(3)
        .bind_int(4, static_cast<int>(Reason::kMalformedMessage))
        .bind_text(5, entry.detail)
        .bind_blob(6, entry.bytes)
        .run();
  }
  Result<void> release(const MessageId& id) { return release_.bind_blob(1, id.view()).run(); }

  // Opposite amounts, and moves back to where they came from.
  Result<void> reverse_entry(std::int64_t number) {
    TRY_ASSIGN(auto postings,
               db_.prepare("INSERT INTO postings SELECT message, 1, account, code, currency, "
                           "-amount_minor FROM postings WHERE message = ? AND reversal = 0"));
    TRY(postings.bind_int(1, number).run());
    TRY_ASSIGN(auto moves,
               db_.prepare("INSERT INTO moves SELECT message, 1, product, to_place, from_place, "
                           "thousandths FROM moves WHERE message = ? AND reversal = 0"));
    return moves.bind_int(1, number).run();
  }

  // A copy with a lower id posts in its stead.
  Result<void> delete_entry(std::int64_t number) {
    TRY_ASSIGN(auto postings, db_.prepare("DELETE FROM postings WHERE message = ?"));
    TRY(postings.bind_int(1, number).run());
    TRY_ASSIGN(auto moves, db_.prepare("DELETE FROM moves WHERE message = ?"));
    TRY(moves.bind_int(1, number).run());
    TRY_ASSIGN(auto numbers, db_.prepare("DELETE FROM numbers WHERE message = ?"));
    TRY(numbers.bind_int(1, number).run());
    TRY_ASSIGN(auto refunded, db_.prepare("DELETE FROM refunded_receipts WHERE message = ?"));
    return refunded.bind_int(1, number).run();
  }

 private:
  Result<void> insert_refunded(std::int64_t number, const Item& item) {
    CORE_CHECK(item.enrolment != nullptr);  // what is posted is some till's
    for (const auto& [receipt, amount_minor] : item.entry.refunded_receipts) {
      const bool own = receipt.sold_at == core::TillRef{};
      const core::TillRef sold_at = own ? item.enrolment->till : receipt.sold_at;
      TRY(refunded_.bind_int(1, number)
              .bind_int(2, sold_at.store.value)
              .bind_int(3, sold_at.till.value)
              .bind_int(4, as_int(receipt.invoice))
              .bind_int(5, amount_minor)
              .run());
    }
    return {};
  }

  Tables(Database& db, Statement insert, Statement update, Statement set_state, Statement posting,
         Statement move, Statement range, Statement refunded, Statement hold, Statement release)
      : db_(db),
        insert_(std::move(insert)),
        update_(std::move(update)),
        set_state_(std::move(set_state)),
        posting_(std::move(posting)),
        move_(std::move(move)),
        range_(std::move(range)),
        refunded_(std::move(refunded)),
        hold_(std::move(hold)),
        release_(std::move(release)) {}

  static void bind_row(Statement& row, const Item& item, std::int64_t number,
                       const Verdict& verdict) {
    static const Entry kNothing{};
    const Entry& entry = verdict.state == State::kQuarantined ? kNothing : item.entry;
    row.bind_int(1, number)
        .bind_int(2, static_cast<int>(item.facts.signature_state))
        .bind_int(3, static_cast<int>(verdict.state))
        .bind_int(4, static_cast<int>(verdict.reason));
    if (item.enrolment != nullptr) {
      row.bind_int(5, item.enrolment->till.store.value)
          .bind_int(6, item.enrolment->till.till.value);
    } else {
      row.bind_null(5).bind_null(6);
    }
    row.bind_int(7, static_cast<int>(entry.kind))
        .bind_int(8, entry.day.days)
        .bind_int(9, entry.part.number)
        .bind_int(10, entry.part.count)
        .bind_text(11, entry.currency.code())
        .bind_int(12, as_int(entry.sales))
        .bind_int(13, as_int(entry.voids))
        .bind_int(14, entry.net_minor)
        .bind_int(15, entry.discount_minor)
        .bind_int(24, entry.over_short_minor)
        .bind_int(25, as_int(entry.refunds))
        .bind_int(26, entry.refunded_minor)
        .bind_int(27, entry.ever_sold_minor)
        .bind_int(28, entry.ever_refunded_minor);
  }

  Database& db_;
  Statement insert_, update_, set_state_, posting_, move_, range_, refunded_, hold_, release_;
};

// Takes one message from its verdict before to the one now.
Result<void> change(Tables& tables, const Item& item, const Verdict& now) {
  const State before = item.before.state;
  TRY(tables.update(item, now));
  if (before == State::kQuarantined) TRY(tables.release(item.facts.id));
  if (now.state == State::kQuarantined) TRY(tables.hold(item, item.row, now));
  if (has_entry(before) && !has_entry(now.state)) TRY(tables.delete_entry(item.row));
  if (!has_entry(before) && has_entry(now.state)) TRY(tables.insert_entry(item.row, item));
  if (has_reversal(now.state) && !has_reversal(before)) TRY(tables.reverse_entry(item.row));
  return {};
}

Result<void> add(Tables& tables, const Item& item, std::int64_t number, const Verdict& verdict) {
  TRY(tables.insert(item, number, verdict));
  if (verdict.state == State::kQuarantined) return tables.hold(item, number, verdict);
  if (has_entry(verdict.state)) TRY(tables.insert_entry(number, item));
  if (has_reversal(verdict.state)) TRY(tables.reverse_entry(number));
  return {};
}

Result<void> set_meta(Database& db, std::string_view name, auto bind) {
  TRY_ASSIGN(auto row, db.prepare("INSERT OR REPLACE INTO meta VALUES(?1, ?2)"));
  row.bind_text(1, name);
  bind(row);
  return row.run();
}

}  // namespace

Result<void> BooksWriter::create_tables(const std::string& origin) {
  TRY(db_.exec(kBooksSchema));
  TRY(set_meta(db_, "origin", [&](Statement& s) { s.bind_text(2, origin); }));
  return set_log_end(core::LogIndex{0});
}

Result<void> BooksWriter::write_roster(const Roster& roster) {
  TRY_ASSIGN(auto row, db_.prepare("INSERT OR IGNORE INTO roster VALUES(?, ?, ?, ?, ?)"));
  for (const auto& [kid, enrolment] : roster.enrolments()) {
    TRY(row.bind_blob(1, kid.view())
            .bind_int(2, enrolment.till.store.value)
            .bind_int(3, enrolment.till.till.value)
            .bind_int(4, enrolment.epoch.value)
            .bind_blob(5, enrolment.entry.view())
            .run());
  }
  return {};
}

Result<bool> BooksWriter::write_items(std::span<const Item> items,
                                      std::span<const Verdict> verdicts) {
  CORE_CHECK(items.size() == verdicts.size());
  TRY_ASSIGN(std::int64_t number, db_.query_int("SELECT COALESCE(MAX(number), 0) FROM messages"));
  TRY_ASSIGN(Tables tables, Tables::open(db_));
  bool written = false;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Item& item = items[i];
    if (item.row != 0 && item.before == verdicts[i]) continue;
    written = true;
    if (item.row == 0) {
      TRY(add(tables, item, ++number, verdicts[i]));
    } else {
      TRY(change(tables, item, verdicts[i]));
    }
  }
  return written;
}

Result<bool> BooksWriter::write_no_messages(std::span<const NoMessage> entries) {
  TRY_ASSIGN(Tables tables, Tables::open(db_));
  bool written = false;
  for (const NoMessage& entry : entries) {
    if (entry.known) continue;
    written = true;
    TRY(tables.hold(entry));
  }
  return written;
}

Result<void> BooksWriter::set_log_end(core::LogIndex end) {
  return set_meta(db_, "log_end", [&](Statement& s) { s.bind_int(2, as_int(end.value)); });
}

Result<void> BooksWriter::set_tree_head(const core::envelope::TreeHead& head) {
  TRY(set_meta(db_, "tree_size", [&](Statement& s) { s.bind_int(2, as_int(head.size)); }));
  return set_meta(db_, "tree_root", [&](Statement& s) { s.bind_blob(2, head.root.view()); });
}

Result<void> BooksWriter::store_digest() {
  TRY_ASSIGN(const BooksDigest digest, compute_digest(db_));
  TRY(set_meta(db_, "books_digest", [&](Statement& s) { s.bind_blob(2, digest.books.view()); }));
  return set_meta(db_, "figures_digest",
                  [&](Statement& s) { s.bind_blob(2, digest.figures.view()); });
}

}  // namespace rebuild
