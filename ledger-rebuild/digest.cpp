// Digest: a hash a message, over its row and over its figures; then down each chain; then over the
// chains, sorted, and the quarantine.
#include "ledger-rebuild/digest.h"

#include <algorithm>
#include <vector>

#include "core/base/check.h"
#include "core/envelope/cbor.h"
#include "core/envelope/message.h"
#include "ledger-rebuild/rows.h"

namespace rebuild {
namespace {

using core::Bytes;
using core::Errc;
using core::Result;
using core::envelope::CborWriter;
using core::sql::Database;
using core::sql::Statement;

// The rows of one message, each a CBOR array. Whoever has the values writes them in the columns'
// order: a replay from what it decoded, a check from the tables.
class RowWriter {
 public:
  // Room for the row of a message, or for the figures of a small day.
  static constexpr std::size_t kRoom = 320;
  RowWriter& array(std::size_t columns) {
    w_.array(columns);
    return *this;
  }
  RowWriter& put(std::int64_t value) {
    w_.integer(value);
    return *this;
  }
  RowWriter& put(std::string_view text) {
    w_.text(text);
    return *this;
  }
  RowWriter& put(const Hash& hash) {
    w_.bytes(hash.view());
    return *this;
  }
  RowWriter& put_bytes(core::ByteView bytes) {
    w_.bytes(bytes);
    return *this;
  }
  core::ByteView view() const { return w_.view(); }

 private:
  CborWriter w_{kRoom};
};

constexpr std::size_t kMessageColumns = 26;
constexpr std::size_t kPostingColumns = 5;
constexpr std::size_t kMoveColumns = 5;
constexpr std::size_t kNumberColumns = 3;
constexpr std::size_t kRefundedColumns = 4;
constexpr std::size_t kSoldColumns = 3;
constexpr std::size_t kCountedColumns = 2;
constexpr std::size_t kOperatorColumns = 7;
constexpr std::size_t kMemberColumns = 3;
constexpr std::size_t kCoveredColumns = 5;
constexpr std::size_t kDefinitionColumns = 8;
constexpr std::size_t kDecidedColumns = 2;
constexpr std::size_t kDeliveryColumns = 3;
constexpr std::size_t kKeyRequestColumns = 3;

MessageDigest finish_message(const Hash& id, const RowWriter& row, const RowWriter& figures) {
  MessageDigest out;
  out.row = core::envelope::sha256(row.view());
  out.has_figures = !figures.view().empty();
  if (out.has_figures) out.figures = core::envelope::sha256(id.view(), figures.view());
  return out;
}

Hash chained(const Hash& before, const Hash& next) {
  return core::envelope::sha256(before.view(), next.view());
}

// The tables' rows of one message after the other.
class TableReader {
 public:
  static Result<TableReader> open(Database& db) {
    TRY_ASSIGN(auto messages,
               db.prepare(std::string(kLinkSql) +
                          "SELECT number, id, store, till, epoch, sequence, prev, content, state, "
                          "reason, kind, day, part, parts, currency, sales, voids, net_minor, "
                          "discount_minor, over_short_minor, refunds, refunded_minor, "
                          "ever_sold_minor, ever_refunded_minor, points_earned, points_redeemed, "
                          "clock_doubts "
                          "FROM link JOIN messages "
                          "USING(number) ORDER BY sequence, id"));
    TRY_ASSIGN(auto postings,
               db.prepare("SELECT reversal, account, code, currency, amount_minor FROM postings "
                          "WHERE message = ? ORDER BY reversal, account, code"));
    TRY_ASSIGN(auto moves,
               db.prepare("SELECT reversal, product, from_place, to_place, thousandths FROM moves "
                          "WHERE message = ? ORDER BY reversal, product, from_place, to_place"));
    TRY_ASSIGN(auto numbers, db.prepare("SELECT series, first, last FROM numbers "
                                        "WHERE message = ? ORDER BY series"));
    TRY_ASSIGN(auto refunded,
               db.prepare("SELECT store, till, invoice, amount_minor FROM refunded_receipts "
                          "WHERE message = ? ORDER BY store, till, invoice"));
    TRY_ASSIGN(auto sold, db.prepare("SELECT product, thousandths, net_minor FROM sold "
                                     "WHERE message = ? ORDER BY product"));
    TRY_ASSIGN(auto counted, db.prepare("SELECT product, thousandths FROM counted "
                                        "WHERE message = ? ORDER BY product"));
    TRY_ASSIGN(auto operators,
               db.prepare("SELECT operator, sales, net_minor, discount_minor, lines_voided, "
                          "refunds, refunded_minor FROM operators "
                          "WHERE message = ? ORDER BY operator"));
    TRY_ASSIGN(auto members, db.prepare("SELECT member, earned, redeemed FROM member_points "
                                        "WHERE message = ? ORDER BY member"));
    TRY_ASSIGN(auto covered, db.prepare("SELECT store, till, epoch, sequence, id FROM covered "
                                        "WHERE message = ? ORDER BY store, till, epoch"));
    TRY_ASSIGN(auto definitions,
               db.prepare("SELECT product, name, tax, unit, whole, price_minor, currency, gtin "
                          "FROM definitions WHERE message = ? ORDER BY product"));
    TRY_ASSIGN(auto decided, db.prepare("SELECT product, target FROM decided "
                                        "WHERE message = ? ORDER BY product"));
    TRY_ASSIGN(auto deliveries, db.prepare("SELECT kind, item, thousandths FROM deliveries "
                                           "WHERE message = ? ORDER BY kind, item"));
    TRY_ASSIGN(auto key_requests,
               db.prepare("SELECT public_key, sealing_key, proof FROM key_requests "
                          "WHERE message = ?"));
    return TableReader(std::move(messages), std::move(postings), std::move(moves),
                       std::move(numbers), std::move(refunded), std::move(sold), std::move(counted),
                       std::move(operators), std::move(members), std::move(covered),
                       std::move(definitions), std::move(decided), std::move(deliveries),
                       std::move(key_requests));
  }

  Result<void> chain(TillChain& chain) {
    chain.rows = chain.figures = Hash{};
    chain.last ? messages_.bind_int(1, *chain.last) : messages_.bind_null(1);
    while (true) {
      TRY_ASSIGN(const bool more, messages_.step());
      if (!more) break;
      TRY_ASSIGN(const MessageDigest message, read_message());
      extend(chain, message);
      ++messages_read_;
    }
    messages_.reset();
    return {};
  }

  std::int64_t messages_read() const { return messages_read_; }

 private:
  TableReader(Statement messages, Statement postings, Statement moves, Statement numbers,
              Statement refunded, Statement sold, Statement counted, Statement operators,
              Statement members, Statement covered, Statement definitions, Statement decided,
              Statement deliveries, Statement key_requests)
      : messages_(std::move(messages)),
        postings_(std::move(postings)),
        moves_(std::move(moves)),
        numbers_(std::move(numbers)),
        refunded_(std::move(refunded)),
        sold_(std::move(sold)),
        counted_(std::move(counted)),
        operators_(std::move(operators)),
        members_(std::move(members)),
        covered_(std::move(covered)),
        definitions_(std::move(definitions)),
        decided_(std::move(decided)),
        deliveries_(std::move(deliveries)),
        key_requests_(std::move(key_requests)) {}

  Result<MessageDigest> read_message() {
    RowWriter row;
    row.array(kMessageColumns).put_bytes(messages_.column_blob(1));   // id
    for (int i = 2; i <= 5; ++i) row.put(messages_.column_int(i));    // store .. sequence
    row.put_bytes(messages_.column_blob(6));                          // prev
    row.put_bytes(messages_.column_blob(7));                          // content
    for (int i = 8; i <= 13; ++i) row.put(messages_.column_int(i));   // state .. parts
    row.put(messages_.column_text(14));                               // currency
    for (int i = 15; i <= 26; ++i) row.put(messages_.column_int(i));  // sales .. clock doubts
    TRY_ASSIGN(const Hash id, Hash::from(messages_.column_blob(1)));
    const std::int64_t number = messages_.column_int(0);
    RowWriter figures;
    TRY(take(postings_, number, {.count = kPostingColumns, .texts = {3}}, figures));
    TRY(take(moves_, number, {.count = kMoveColumns}, figures));
    TRY(take(numbers_, number, {.count = kNumberColumns}, figures));
    TRY(take(refunded_, number, {.count = kRefundedColumns}, figures));
    TRY(take(sold_, number, {.count = kSoldColumns}, figures));
    TRY(take(counted_, number, {.count = kCountedColumns}, figures));
    TRY(take(operators_, number, {.count = kOperatorColumns}, figures));
    TRY(take(members_, number, {.count = kMemberColumns, .blobs = {0}}, figures));
    TRY(take(covered_, number, {.count = kCoveredColumns, .blobs = {4}}, figures));
    TRY(take(definitions_, number, {.count = kDefinitionColumns, .texts = {1, 3, 6}}, figures));
    TRY(take(decided_, number, {.count = kDecidedColumns}, figures));
    TRY(take(deliveries_, number, {.count = kDeliveryColumns}, figures));
    TRY(take(key_requests_, number, {.count = kKeyRequestColumns, .blobs = {0, 1, 2}}, figures));
    return finish_message(id, row, figures);
  }

  // How many columns there are, and which are no integers.
  struct Columns {
    std::size_t count;
    std::vector<int> texts = {};
    std::vector<int> blobs = {};
  };
  static Result<void> take(Statement& rows, std::int64_t message, const Columns& columns,
                           RowWriter& out) {
    rows.bind_int(1, message);
    while (true) {
      TRY_ASSIGN(const bool more, rows.step());
      if (!more) break;
      out.array(columns.count);
      for (int i = 0; i < static_cast<int>(columns.count); ++i) {
        const auto is_in = [i](const std::vector<int>& some) {
          return std::find(some.begin(), some.end(), i) != some.end();
        };
        if (is_in(columns.texts)) {
          out.put(rows.column_text(i));
        } else if (is_in(columns.blobs)) {
          out.put_bytes(rows.column_blob(i));
        } else {
          out.put(rows.column_int(i));
        }
      }
    }
    rows.reset();
    return {};
  }

  Statement messages_, postings_, moves_, numbers_, refunded_, sold_, counted_, operators_,
      members_, covered_, definitions_, decided_, deliveries_, key_requests_;
  std::int64_t messages_read_ = 0;
};

Result<Bytes> hash_quarantine(Database& db) {
  Bytes out;
  TRY(for_rows(db, "SELECT id, reason, detail, bytes FROM quarantine ORDER BY id",
               [&](const Statement& rows) -> Result<void> {
                 RowWriter row;
                 row.array(4).put_bytes(rows.column_blob(0)).put(rows.column_int(1));
                 row.put(rows.column_text(2)).put(core::envelope::message_id(rows.column_blob(3)));
                 core::append(out, core::envelope::sha256(row.view()).view());
                 return {};
               }));
  return out;
}

// Rows that belong to nothing would be in no chain's digest.
Result<void> refuse_orphans(Database& db) {
  for (const char* table :
       {"postings", "moves", "numbers", "refunded_receipts", "sold", "counted", "operators",
        "member_points", "covered", "definitions", "decided", "deliveries", "key_requests"}) {
    TRY_ASSIGN(const std::int64_t orphans,
               db.query_int("SELECT COUNT(*) FROM " + std::string(table) +
                            " r WHERE NOT EXISTS (SELECT 1 FROM messages m "
                            "WHERE m.number = r.message)"));
    if (orphans == 0) continue;
    return core::sql::damaged(db.name(),
                              "postings, or other rows of a message, without a message; replay "
                              "the log into a new file");
  }
  return {};
}

}  // namespace

MessageDigest digest_of(const Item& item, State state) {
  CORE_CHECK(item.enrolment != nullptr);
  const MessageFacts& facts = item.facts;
  const Entry& entry = item.entry;
  const core::TillRef till = item.enrolment->till;
  RowWriter row;
  row.array(kMessageColumns).put(facts.id).put(till.store.value).put(till.till.value);
  row.put(facts.epoch.value).put(as_int(facts.sequence.value)).put(facts.prev).put(facts.content);
  row.put(static_cast<int>(state)).put(static_cast<int>(Reason::kNone));
  row.put(static_cast<int>(entry.kind)).put(entry.day.days);
  row.put(entry.part.number).put(entry.part.count).put(entry.currency.code());
  row.put(as_int(entry.sales)).put(as_int(entry.voids)).put(entry.net_minor);
  row.put(entry.discount_minor).put(entry.over_short_minor).put(as_int(entry.refunds));
  row.put(entry.refunded_minor).put(entry.ever_sold_minor).put(entry.ever_refunded_minor);
  row.put(entry.points_earned).put(entry.points_redeemed).put(as_int(entry.clock_doubts));
  constexpr int kNoReversal = 0;
  RowWriter figures;
  for (const Posting& posting : entry.postings) {
    figures.array(kPostingColumns).put(kNoReversal).put(static_cast<int>(posting.account));
    figures.put(posting.code).put(entry.currency.code()).put(posting.amount_minor);
  }
  for (const StockMove& move : entry.moves) {
    figures.array(kMoveColumns).put(kNoReversal).put(as_int(move.product.value));
    figures.put(static_cast<int>(move.from)).put(static_cast<int>(move.to)).put(move.thousandths);
  }
  for (const auto& [series, range] : entry.numbers) {
    figures.array(kNumberColumns).put(static_cast<int>(series));
    figures.put(as_int(range.first)).put(as_int(range.last));
  }
  for (const auto& [receipt, amount_minor] : refunded_receipts(item)) {
    figures.array(kRefundedColumns).put(receipt.sold_at.store.value);
    figures.put(receipt.sold_at.till.value).put(as_int(receipt.invoice)).put(amount_minor);
  }
  for (const SoldLine& line : entry.sold) {
    figures.array(kSoldColumns).put(as_int(line.product.value)).put(line.thousandths);
    figures.put(line.net_minor);
  }
  for (const CountedLine& line : entry.counted) {
    figures.array(kCountedColumns).put(as_int(line.product.value)).put(line.thousandths);
  }
  for (const OperatorLine& line : entry.operators) {
    figures.array(kOperatorColumns).put(line.operator_id.value).put(as_int(line.sales));
    figures.put(line.net_minor).put(line.discount_minor).put(as_int(line.lines_voided));
    figures.put(as_int(line.refunds)).put(line.refunded_minor);
  }
  for (const MemberLine& line : entry.members) {
    figures.array(kMemberColumns).put_bytes(line.member.view());
    figures.put(line.earned).put(line.redeemed);
  }
  for (const CoveredChain& chain : entry.covered) {
    figures.array(kCoveredColumns).put(chain.till.store.value).put(chain.till.till.value);
    figures.put(chain.epoch.value).put(as_int(chain.sequence.value)).put(chain.id);
  }
  for (const DefinitionLine& line : entry.definitions) {
    const core::retail::Definition& what = line.definition;
    figures.array(kDefinitionColumns).put(as_int(line.product.value)).put(what.name);
    figures.put(what.tax.value).put(what.unit).put(what.whole ? 1 : 0).put(what.price.minor);
    figures.put(what.price.currency.code()).put(as_int(what.gtin.value_or(0)));
  }
  for (const DecidedLine& line : entry.decided) {
    figures.array(kDecidedColumns).put(as_int(line.product.value)).put(as_int(line.into.value));
  }
  for (const DeliveryLine& line : entry.deliveries) {
    figures.array(kDeliveryColumns).put(static_cast<int>(line.kind)).put(as_int(line.item));
    figures.put(line.thousandths);
  }
  if (entry.next_keys) {
    figures.array(kKeyRequestColumns).put_bytes(entry.next_keys->key.view());
    figures.put_bytes(entry.next_keys->sealing_key.view());
    figures.put_bytes(entry.next_keys->proof.view());
  }
  return finish_message(facts.id, row, figures);
}

void extend(TillChain& chain, const MessageDigest& message) {
  chain.rows = chained(chain.rows, message.row);
  if (message.has_figures) chain.figures = chained(chain.figures, message.figures);
}

Result<void> digest_chain(Database& db, TillChain& chain) {
  TRY_ASSIGN(auto reader, TableReader::open(db));
  return reader.chain(chain);
}

Result<BooksDigest> digest_books(Database& db, const TillChains& chains) {
  TRY_ASSIGN(const Bytes quarantine, hash_quarantine(db));
  Bytes rows;
  Bytes figures;
  for (const TillChain* chain : chains.by_kid()) {
    const auto append = [&](Bytes& out, const Hash& digest) {
      if (digest == Hash{}) return;
      core::append(out, chain->kid.view());
      core::append(out, digest.view());
    };
    append(rows, chain->rows);
    append(figures, chain->figures);
  }
  const auto finish = [](RowWriter& w) { return core::envelope::sha256(w.view()); };
  RowWriter of_figures;
  of_figures.array(2).put(std::string_view("daybook figures 8")).put_bytes(figures);
  RowWriter of_books;
  of_books.array(4).put(std::string_view("daybook books 8")).put_bytes(rows);
  of_books.put_bytes(figures).put_bytes(quarantine);
  return BooksDigest{finish(of_books), finish(of_figures)};
}

Result<BooksDigest> compute_digest(Database& db) {
  TRY(refuse_orphans(db));
  TRY_ASSIGN(TillChains chains, TillChains::load(db));
  TRY_ASSIGN(auto reader, TableReader::open(db));
  for (std::size_t i = 1; i <= chains.size(); ++i) {
    TRY(reader.chain(chains.at(static_cast<std::int64_t>(i))));
  }
  TRY_ASSIGN(const std::int64_t messages, db.query_int("SELECT COUNT(*) FROM messages"));
  if (messages != reader.messages_read()) {
    return core::sql::damaged(db.name(), "messages that no chain leads to");
  }
  return digest_books(db, chains);
}

}  // namespace rebuild
