// BooksWriter: inserts, updates and reversing entries.
#include "ledger-rebuild/books_writer.h"

#include <optional>

#include "core/base/check.h"
#include "ledger-rebuild/rows.h"

namespace rebuild {

using core::Result;
using core::sql::Database;

namespace {

// Whether a message with this verdict stands in its chain: authentic, though perhaps not postable.
bool is_in_chain(const Verdict& verdict) {
  if (verdict.state != State::kQuarantined) return true;
  switch (verdict.reason) {
    case Reason::kMalformedPayload:
    case Reason::kUnbalanced:
    case Reason::kOutOfRange:
    case Reason::kNotOpened:
      return true;
    case Reason::kNone:
    case Reason::kMalformedMessage:
    case Reason::kUnknownKey:
    case Reason::kWrongEpoch:
    case Reason::kForged:
    case Reason::kAltered:
    case Reason::kReplayed:
      return false;
  }
  return false;
}

// A message's own figures, from parameter `at` on: kind to clock doubts, as the columns stand.
void bind_figures(core::sql::Statement& row, int at, const Entry& entry) {
  row.bind_int(at, static_cast<int>(entry.kind))
      .bind_int(at + 1, entry.day.days)
      .bind_int(at + 2, entry.part.number)
      .bind_int(at + 3, entry.part.count)
      .bind_text(at + 4, entry.currency.code())
      .bind_int(at + 5, as_int(entry.sales))
      .bind_int(at + 6, as_int(entry.voids))
      .bind_int(at + 7, entry.net_minor)
      .bind_int(at + 8, entry.discount_minor)
      .bind_int(at + 9, entry.over_short_minor)
      .bind_int(at + 10, as_int(entry.refunds))
      .bind_int(at + 11, entry.refunded_minor)
      .bind_int(at + 12, entry.ever_sold_minor)
      .bind_int(at + 13, entry.ever_refunded_minor)
      .bind_int(at + 14, entry.points_earned)
      .bind_int(at + 15, entry.points_redeemed)
      .bind_int(at + 16, as_int(entry.clock_doubts));
}

// What the books say of a message: nothing of one that cannot be posted.
const Entry& figures_of(const Item& item, const Verdict& verdict) {
  static const Entry kNothing{};
  return verdict.state == State::kQuarantined ? kNothing : item.entry;
}

bool has_reversal(State state) {
  return state == State::kContradicted || state == State::kRevoked;
}

}  // namespace

BooksWriter::BooksWriter(Database& db, const Periods& periods, Statement insert, Statement update,
                         Statement posting, Statement move, Statement range, Statement refunded,
                         Statement sold, Statement counted, Statement operators, Statement members,
                         Statement covered, Statement definition, Statement decided,
                         Statement delivery, Statement key_request, Statement hold,
                         Statement release)
    : db_(&db),
      periods_(&periods),
      insert_(std::move(insert)),
      update_(std::move(update)),
      posting_(std::move(posting)),
      move_(std::move(move)),
      range_(std::move(range)),
      refunded_(std::move(refunded)),
      sold_(std::move(sold)),
      counted_(std::move(counted)),
      operators_(std::move(operators)),
      members_(std::move(members)),
      covered_(std::move(covered)),
      definition_(std::move(definition)),
      decided_(std::move(decided)),
      delivery_(std::move(delivery)),
      key_request_(std::move(key_request)),
      hold_(std::move(hold)),
      release_(std::move(release)) {}

Result<BooksWriter> BooksWriter::open(Database& db, const Periods& periods) {
  TRY_ASSIGN(
      auto insert,
      db.prepare(
          "INSERT INTO messages(number, id, chain, store, till, epoch, sequence, prev, "
          "content, signature, signature_state, state, reason, kind, day, part, "
          "parts, currency, sales, voids, net_minor, discount_minor, "
          "over_short_minor, refunds, refunded_minor, ever_sold_minor, "
          "ever_refunded_minor, points_earned, points_redeemed, clock_doubts, previous, booked) "
          "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
          "?, ?, ?, ?, ?, ?)"));
  TRY_ASSIGN(auto update, db.prepare("UPDATE messages SET state = ?2, reason = ?3, "
                                     "signature_state = ?4 WHERE number = ?1"));
  TRY_ASSIGN(auto posting, db.prepare("INSERT INTO postings VALUES(?, ?, ?, ?, ?, ?)"));
  TRY_ASSIGN(auto move, db.prepare("INSERT INTO moves VALUES(?, ?, ?, ?, ?, ?)"));
  TRY_ASSIGN(auto range, db.prepare("INSERT INTO numbers VALUES(?, ?, ?, ?)"));
  TRY_ASSIGN(auto refunded, db.prepare("INSERT INTO refunded_receipts VALUES(?, ?, ?, ?, ?)"));
  TRY_ASSIGN(auto sold, db.prepare("INSERT INTO sold VALUES(?, ?, ?, ?)"));
  TRY_ASSIGN(auto counted, db.prepare("INSERT INTO counted VALUES(?, ?, ?)"));
  TRY_ASSIGN(auto operators, db.prepare("INSERT INTO operators VALUES(?, ?, ?, ?, ?, ?, ?, ?)"));
  TRY_ASSIGN(auto members, db.prepare("INSERT INTO member_points VALUES(?, ?, ?, ?)"));
  TRY_ASSIGN(auto covered, db.prepare("INSERT INTO covered VALUES(?, ?, ?, ?, ?, ?)"));
  TRY_ASSIGN(auto definition,
             db.prepare("INSERT INTO definitions VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  TRY_ASSIGN(auto decided, db.prepare("INSERT INTO decided VALUES(?, ?, ?)"));
  TRY_ASSIGN(auto delivery, db.prepare("INSERT INTO deliveries VALUES(?, ?, ?, ?)"));
  TRY_ASSIGN(auto key_request, db.prepare("INSERT INTO key_requests VALUES(?, ?, ?, ?)"));
  TRY_ASSIGN(
      auto hold,
      db.prepare(
          "INSERT INTO quarantine VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET "
          "log_index = excluded.log_index, chain = excluded.chain, message = excluded.message, "
          "reason = excluded.reason, detail = excluded.detail, bytes = excluded.bytes"));
  TRY_ASSIGN(auto release, db.prepare("DELETE FROM quarantine WHERE id = ?"));
  return BooksWriter(db, periods, std::move(insert), std::move(update), std::move(posting),
                     std::move(move), std::move(range), std::move(refunded), std::move(sold),
                     std::move(counted), std::move(operators), std::move(members),
                     std::move(covered), std::move(definition), std::move(decided),
                     std::move(delivery), std::move(key_request), std::move(hold),
                     std::move(release));
}

Result<void> BooksWriter::add(TillChain* chain, const Item& item, const Verdict& verdict) {
  if (verdict.state == State::kQuarantined) TRY(hold(item, verdict));
  if (!is_in_chain(verdict)) return {};
  CORE_CHECK(chain != nullptr);  // what is authentic is of a key on the roster
  core::BusinessDay booked = figures_of(item, verdict).day;
  if (verdict.state != State::kQuarantined) {
    TRY_ASSIGN(booked, periods_->booked(*chain, item.facts.sequence, booked));
  }
  TRY(insert(*chain, item, verdict, booked));
  if (posts(verdict.state)) TRY(insert_entry(item, booked));
  if (has_reversal(verdict.state)) TRY(reverse_entry(item.number()));
  return {};
}

Result<void> BooksWriter::change(TillChain* chain, const Item& item, const Verdict& now) {
  if (item.before == now) return {};
  const State before = item.before.state;
  if (before == State::kQuarantined) TRY(release_.bind_blob(1, item.facts.id.view()).run());
  // It was nobody's, and may have found its chain.
  if (item.kept == Kept::kQuarantine) return add(chain, item, now);
  CORE_CHECK(is_in_chain(now));  // what is authentic once stays so
  core::BusinessDay booked;      // of an entry that is written now
  if (!item.bytes.empty()) {
    TRY_ASSIGN(booked, periods_->booked(*chain, item.facts.sequence, item.entry.day));
  }
  TRY(update(item, now, booked));
  if (now.state == State::kQuarantined) TRY(hold(item, now));
  // A copy with a lower id posts in its stead.
  if (posts(before) && !posts(now.state)) TRY(delete_entry(item.number()));
  if (!posts(before) && posts(now.state)) TRY(insert_entry(item, booked));
  if (has_reversal(now.state) && !has_reversal(before)) TRY(reverse_entry(item.number()));
  const bool stands_after_all =
      has_reversal(before) && posts(now.state) && !has_reversal(now.state);
  return stands_after_all ? drop_reversal(item.number()) : Result<void>{};
}

Result<void> BooksWriter::add(const NoMessage& entry) {
  return hold_.bind_int(1, as_int(entry.index.value))
      .bind_blob(2, entry.id.view())
      .bind_null(3)
      .bind_null(4)
      .bind_int(5, static_cast<int>(Reason::kMalformedMessage))
      .bind_text(6, entry.detail)
      .bind_blob(7, entry.bytes)
      .run();
}

Result<void> BooksWriter::delete_entry(std::int64_t number) {
  TRY(months_.add_written(*db_, number, -1));
  return run_for(
      {"DELETE FROM postings WHERE message = ?", "DELETE FROM moves WHERE message = ?",
       "DELETE FROM numbers WHERE message = ?", "DELETE FROM refunded_receipts WHERE message = ?",
       "DELETE FROM sold WHERE message = ?", "DELETE FROM counted WHERE message = ?",
       "DELETE FROM operators WHERE message = ?", "DELETE FROM member_points WHERE message = ?",
       "DELETE FROM covered WHERE message = ?", "DELETE FROM definitions WHERE message = ?",
       "DELETE FROM decided WHERE message = ?", "DELETE FROM deliveries WHERE message = ?",
       "DELETE FROM key_requests WHERE message = ?"},
      number);
}

Result<void> BooksWriter::take_back(TillChain& chain, const TillChain& before) {
  TRY_ASSIGN(auto row, db_->prepare("SELECT previous FROM messages WHERE number = ?"));
  while (chain.last != before.last) {
    CORE_CHECK(chain.last.has_value());
    row.bind_int(1, *chain.last);
    TRY_ASSIGN(const bool there, row.step());
    if (!there) return core::sql::damaged(db_->name(), "a message of a chain is missing");
    const bool is_first = row.column_is_null(0);
    const std::int64_t previous = row.column_int(0);
    row.reset();
    TRY(delete_entry(*chain.last));
    TRY(run_for({"DELETE FROM messages WHERE number = ?"}, *chain.last));
    chain.last = is_first ? std::nullopt : std::optional(previous);
  }
  chain = before;
  return {};
}

Result<void> BooksWriter::link(std::int64_t number, std::optional<std::int64_t> previous) {
  TRY_ASSIGN(auto row, db_->prepare("UPDATE messages SET previous = ? WHERE number = ?"));
  previous ? row.bind_int(1, *previous) : row.bind_null(1);
  return row.bind_int(2, number).run();
}

Result<void> BooksWriter::mark_valid(std::int64_t number) {
  return run_for({"UPDATE messages SET signature_state = 1 WHERE number = ?"}, number);
}

Result<void> BooksWriter::rebook(std::int64_t number, core::BusinessDay booked) {
  TRY(months_.add_written(*db_, number, -1));
  TRY_ASSIGN(auto row, db_->prepare("UPDATE messages SET booked = ? WHERE number = ?"));
  TRY(row.bind_int(1, booked.days).bind_int(2, number).run());
  return months_.add_written(*db_, number, 1);
}

Result<void> BooksWriter::insert(TillChain& chain, const Item& item, const Verdict& verdict,
                                 core::BusinessDay booked) {
  const Entry& entry = figures_of(item, verdict);
  const MessageFacts& facts = item.facts;
  chain.last ? insert_.bind_int(31, *chain.last) : insert_.bind_null(31);
  chain.last = item.number();
  insert_.bind_int(32, booked.days);
  bind_figures(insert_, 14, entry);
  return insert_.bind_int(1, item.number())
      .bind_blob(2, facts.id.view())
      .bind_int(3, chain.number)
      .bind_int(4, chain.till.store.value)
      .bind_int(5, chain.till.till.value)
      .bind_int(6, facts.epoch.value)
      .bind_int(7, as_int(facts.sequence.value))
      .bind_blob(8, facts.prev.view())
      .bind_blob(9, facts.content.view())
      .bind_blob(10, facts.signature.view())
      .bind_int(11, static_cast<int>(facts.signature_state))
      .bind_int(12, static_cast<int>(verdict.state))
      .bind_int(13, static_cast<int>(verdict.reason))
      .run();
}

Result<void> BooksWriter::update(const Item& item, const Verdict& verdict,
                                 core::BusinessDay booked) {
  TRY(update_.bind_int(1, item.number())
          .bind_int(2, static_cast<int>(verdict.state))
          .bind_int(3, static_cast<int>(verdict.reason))
          .bind_int(4, static_cast<int>(item.facts.signature_state))
          .run());
  const bool decodes_now =
      item.before.state == State::kQuarantined && verdict.state != State::kQuarantined;
  if (!decodes_now) return {};
  TRY_ASSIGN(auto row,
             db_->prepare("UPDATE messages SET kind = ?2, day = ?3, part = ?4, parts = ?5, "
                          "currency = ?6, sales = ?7, voids = ?8, net_minor = ?9, "
                          "discount_minor = ?10, over_short_minor = ?11, refunds = ?12, "
                          "refunded_minor = ?13, ever_sold_minor = ?14, "
                          "ever_refunded_minor = ?15, points_earned = ?16, points_redeemed = ?17, "
                          "clock_doubts = ?18, booked = ?19 "
                          "WHERE number = ?1"));
  bind_figures(row, 2, item.entry);
  row.bind_int(19, booked.days);
  return row.bind_int(1, item.number()).run();
}

Result<void> BooksWriter::insert_entry(const Item& item, core::BusinessDay booked) {
  const Entry& entry = item.entry;
  TRY(check_balanced(entry.postings));
  TRY(months_.add(item.enrolment->till.store, entry, booked));
  for (const Posting& posting : entry.postings) {
    TRY(posting_.bind_int(1, item.number())
            .bind_int(2, 0)
            .bind_int(3, static_cast<int>(posting.account))
            .bind_int(4, posting.code)
            .bind_text(5, entry.currency.code())
            .bind_int(6, posting.amount_minor)
            .run());
  }
  for (const StockMove& move : entry.moves) {
    TRY(move_.bind_int(1, item.number())
            .bind_int(2, 0)
            .bind_int(3, as_int(move.product.value))
            .bind_int(4, static_cast<int>(move.from))
            .bind_int(5, static_cast<int>(move.to))
            .bind_int(6, move.thousandths)
            .run());
  }
  for (const auto& [series, numbers] : entry.numbers) {
    TRY(range_.bind_int(1, item.number())
            .bind_int(2, static_cast<int>(series))
            .bind_int(3, as_int(numbers.first))
            .bind_int(4, as_int(numbers.last))
            .run());
  }
  for (const auto& [receipt, amount_minor] : refunded_receipts(item)) {
    TRY(refunded_.bind_int(1, item.number())
            .bind_int(2, receipt.sold_at.store.value)
            .bind_int(3, receipt.sold_at.till.value)
            .bind_int(4, as_int(receipt.invoice))
            .bind_int(5, amount_minor)
            .run());
  }
  for (const SoldLine& line : entry.sold) {
    TRY(sold_.bind_int(1, item.number())
            .bind_int(2, as_int(line.product.value))
            .bind_int(3, line.thousandths)
            .bind_int(4, line.net_minor)
            .run());
  }
  for (const CountedLine& line : entry.counted) {
    TRY(counted_.bind_int(1, item.number())
            .bind_int(2, as_int(line.product.value))
            .bind_int(3, line.thousandths)
            .run());
  }
  for (const OperatorLine& line : entry.operators) {
    TRY(operators_.bind_int(1, item.number())
            .bind_int(2, line.operator_id.value)
            .bind_int(3, as_int(line.sales))
            .bind_int(4, line.net_minor)
            .bind_int(5, line.discount_minor)
            .bind_int(6, as_int(line.lines_voided))
            .bind_int(7, as_int(line.refunds))
            .bind_int(8, line.refunded_minor)
            .run());
  }
  for (const MemberLine& line : entry.members) {
    TRY(members_.bind_int(1, item.number())
            .bind_blob(2, line.member.view())
            .bind_int(3, line.earned)
            .bind_int(4, line.redeemed)
            .run());
  }
  for (const CoveredChain& chain : entry.covered) {
    TRY(covered_.bind_int(1, item.number())
            .bind_int(2, chain.till.store.value)
            .bind_int(3, chain.till.till.value)
            .bind_int(4, chain.epoch.value)
            .bind_int(5, as_int(chain.sequence.value))
            .bind_blob(6, chain.id.view())
            .run());
  }
  return insert_told(item);
}

// What a message tells beside its figures.
Result<void> BooksWriter::insert_told(const Item& item) {
  for (const DefinitionLine& line : item.entry.definitions) {
    const core::retail::Definition& what = line.definition;
    TRY(definition_.bind_int(1, item.number())
            .bind_int(2, as_int(line.product.value))
            .bind_text(3, what.name)
            .bind_int(4, what.tax.value)
            .bind_text(5, what.unit)
            .bind_int(6, what.whole ? 1 : 0)
            .bind_int(7, what.price.minor)
            .bind_text(8, what.price.currency.code())
            .bind_int(9, as_int(what.gtin.value_or(0)))
            .run());
  }
  for (const DecidedLine& line : item.entry.decided) {
    TRY(decided_.bind_int(1, item.number())
            .bind_int(2, as_int(line.product.value))
            .bind_int(3, as_int(line.into.value))
            .run());
  }
  for (const DeliveryLine& line : item.entry.deliveries) {
    TRY(delivery_.bind_int(1, item.number())
            .bind_int(2, static_cast<int>(line.kind))
            .bind_int(3, as_int(line.item))
            .bind_int(4, line.thousandths)
            .run());
  }
  if (!item.entry.next_keys) return {};
  return key_request_.bind_int(1, item.number())
      .bind_blob(2, item.entry.next_keys->key.view())
      .bind_blob(3, item.entry.next_keys->sealing_key.view())
      .bind_blob(4, item.entry.next_keys->proof.view())
      .run();
}

// Opposite amounts, and moves back to where they came from.
Result<void> BooksWriter::reverse_entry(std::int64_t number) {
  TRY(months_.add_written(*db_, number, -1));
  TRY(run_for({"INSERT INTO postings SELECT message, 1, account, code, currency, -amount_minor "
               "FROM postings WHERE message = ? AND reversal = 0",
               "INSERT INTO moves SELECT message, 1, product, to_place, from_place, thousandths "
               "FROM moves WHERE message = ? AND reversal = 0"},
              number));
  return months_.add_written(*db_, number, 1);
}

Result<void> BooksWriter::drop_reversal(std::int64_t number) {
  TRY(months_.add_written(*db_, number, -1));
  TRY(run_for({"DELETE FROM postings WHERE message = ? AND reversal = 1",
               "DELETE FROM moves WHERE message = ? AND reversal = 1"},
              number));
  return months_.add_written(*db_, number, 1);
}

Result<void> BooksWriter::hold(const Item& item, const Verdict& verdict) {
  hold_.bind_int(1, item.number()).bind_blob(2, item.facts.id.view());
  item.chain != 0 ? hold_.bind_int(3, item.chain) : hold_.bind_null(3);
  is_in_chain(verdict) ? hold_.bind_int(4, item.number()) : hold_.bind_null(4);
  return hold_.bind_int(5, static_cast<int>(verdict.reason))
      .bind_text(6, verdict.detail)
      .bind_blob(7, item.bytes)
      .run();
}

Result<void> BooksWriter::run_for(std::initializer_list<const char*> statements,
                                  std::int64_t number) {
  for (const char* sql : statements) {
    TRY_ASSIGN(auto row, db_->prepare(sql));
    TRY(row.bind_int(1, number).run());
  }
  return {};
}

}  // namespace rebuild
