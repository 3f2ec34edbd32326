// Judge: known rows back to items, verdicts over all of them, and the difference written.
#include "ledger-rebuild/judge.h"

#include <algorithm>
#include <deque>
#include <unordered_set>

#include "ledger-rebuild/resolve.h"
#include "ledger-rebuild/rows.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::LogIndex;
using core::Result;
using core::sql::Database;
using core::sql::Statement;

template <typename Fixed>
Result<void> read_into(Fixed& out, const Statement& row, int column) {
  TRY_ASSIGN(out, Fixed::from(row.column_blob(column)));
  return {};
}

class Judge {
 public:
  Judge(const Update& update, const std::set<std::int64_t>& chains)
      : update_(update), chains_(chains) {}

  Result<Judged> run(Intake fresh, bool all_held) {
    for (const std::int64_t number : chains_) {
      TRY(check_rows(number));
      TRY(read_chain(number));
    }
    TRY(read_quarantine(all_held));
    TRY(add_fresh(std::move(fresh)));
    for (const Item& item : items_) TRY(check_opener(item));
    judged_.signatures_checked = check_signatures(items_, update_.verify, update_.threads);
    decode_payloads(items_, update_.threads);
    TRY_ASSIGN(const auto owners, owners_elsewhere());
    TRY_ASSIGN(const auto closed, closed_messages());
    verdicts_ = resolve(items_, owners, closed);
    TRY(refuse_losses());
    TRY(refuse_reversals());
    for (std::size_t i = 0; i < items_.size(); ++i) TRY(write(items_[i], verdicts_[i]));
    for (const std::int64_t number : chains_) TRY(finish_chain(number));
    return judged_;
  }

 private:
  Database& db() const { return update_.db; }

  // Before anything is added: an error in the rows would be sealed in.
  Result<void> check_rows(std::int64_t number) const {
    TillChain now = update_.chains.at(number);
    TRY(digest_chain(db(), now));
    const TillChain& kept = update_.chains.at(number);
    if (now.rows == kept.rows && now.figures == kept.figures) return {};
    return core::sql::damaged(db().name(), "the rows of till " + to_string(kept.till) +
                                               " do not match their digest; replay the log "
                                               "into a new file");
  }

  Item of_chain(std::int64_t number) const {
    Item item;
    item.chain = number;
    item.enrolment = update_.chains.at(number).enrolment;
    return item;
  }

  Result<void> read_chain(std::int64_t number) {
    TRY_ASSIGN(auto rows,
               db().prepare(std::string(kLinkSql) +
                            "SELECT m.number, m.id, m.epoch, m.sequence, m.prev, m.content, "
                            "m.signature, m.signature_state, m.state, m.reason, q.detail, q.bytes "
                            "FROM link JOIN messages m USING(number) "
                            "LEFT JOIN quarantine q ON q.id = m.id ORDER BY m.sequence, m.id"));
    const auto last = update_.chains.at(number).last;
    last ? rows.bind_int(1, *last) : rows.bind_null(1);
    while (true) {
      TRY_ASSIGN(const bool more, rows.step());
      if (!more) return {};
      Item item = of_chain(number);
      item.kept = Kept::kMessages;
      item.index = LogIndex{static_cast<std::uint64_t>(rows.column_int(0))};
      MessageFacts& facts = item.facts;
      facts.kid = update_.chains.at(number).kid;
      TRY(read_into(facts.id, rows, 1));
      facts.epoch = id_at<core::Epoch>(rows, 2);
      facts.sequence = id_at<core::Sequence>(rows, 3);
      TRY(read_into(facts.prev, rows, 4));
      TRY(read_into(facts.content, rows, 5));
      TRY(read_into(facts.signature, rows, 6));
      facts.signature_state = static_cast<SignatureState>(rows.column_int(7));
      item.before.state = static_cast<State>(rows.column_int(8));
      item.before.reason = static_cast<Reason>(rows.column_int(9));
      if (item.before.state == State::kQuarantined) {
        item.before.detail = rows.column_text(10);
        TRY(restore_bytes(item, rows.column_blob(11)));
      }
      known_.insert(facts.id);
      items_.push_back(std::move(item));
    }
  }

  // The bytes of a quarantined message, ready to be decoded again should it be posted after all.
  Result<void> restore_bytes(Item& item, core::ByteView bytes) {
    item.bytes = storage_.emplace_back(core::to_bytes(bytes));
    TRY_ASSIGN(const auto message, core::envelope::parse_message(item.bytes));
    item.protected_header = message.protected_header;
    item.payload = message.payload;
    item.content_type = message.header.content_type;
    return {};
  }

  // Messages that are in no chain: of a key that is judged, or of any.
  Result<void> read_quarantine(bool all) {
    return for_rows(
        db(),
        "SELECT log_index, id, reason, detail, bytes FROM quarantine "
        "WHERE message IS NULL AND reason <> 1",
        [&](const Statement& row) -> Result<void> {
          Item item;
          const core::Bytes& bytes = storage_.emplace_back(core::to_bytes(row.column_blob(4)));
          MessageId id;
          TRY(read_into(id, row, 1));
          parse({id_at<LogIndex>(row, 0), bytes}, id, item);
          if (item.protected_header.empty()) {
            return core::sql::damaged(db().name(), "bytes that are no message");
          }
          item.tree_head.reset();  // it was looked at when it was read
          find_chain(update_.chains, item);
          if (!all && !chains_.contains(item.chain)) return {};
          item.kept = Kept::kQuarantine;
          item.before = Verdict{State::kQuarantined, static_cast<Reason>(row.column_int(2)),
                                std::string(row.column_text(3))};
          known_.insert(id);
          items_.push_back(std::move(item));
          return {};
        });
  }

  // What is in the books already, from another place in the log, is not new.
  Result<bool> is_known(const MessageId& id) const {
    if (known_.contains(id)) return true;
    TRY_ASSIGN(auto row, db().prepare("SELECT 1 FROM quarantine WHERE id = ?"));
    return row.bind_blob(1, id.view()).step();
  }

  Result<void> add_fresh(Intake fresh) {
    for (Item& item : fresh.items) {
      TRY_ASSIGN(const bool known, is_known(item.facts.id));
      if (known) continue;
      find_chain(update_.chains, item);
      ++judged_.messages_new;
      items_.push_back(std::move(item));
    }
    for (const NoMessage& entry : fresh.no_messages) {
      TRY_ASSIGN(const bool known, is_known(entry.id));
      if (known) continue;
      ++judged_.messages_new;
      TRY(update_.writer.add(entry));
    }
    return {};
  }

  // The owners of bad signatures among the messages of chains that are not judged. Reads all of
  // them, and so only when there is a bad signature to explain.
  Result<std::vector<SignatureOwner>> owners_elsewhere() const {
    std::vector<SignatureOwner> owners;
    const std::vector<bool> authentic = Chains(items_).authentic();
    std::unordered_set<core::envelope::Signature, core::FixedBytesHash> wanted;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (!authentic[i] && is_enrolled(items_[i])) wanted.insert(items_[i].facts.signature);
    }
    if (wanted.empty()) return owners;
    TRY(for_rows(db(), "SELECT signature, id, chain, sequence FROM messages",
                 [&](const Statement& row) -> Result<void> {
                   SignatureOwner owner;
                   TRY(read_into(owner.signature, row, 0));
                   if (!wanted.contains(owner.signature)) return {};
                   const std::int64_t chain = row.column_int(2);
                   if (chains_.contains(chain)) return {};  // among the items
                   TRY(read_into(owner.id, row, 1));
                   owner.kid = update_.chains.at(chain).kid;
                   owner.sequence = id_at<core::Sequence>(row, 3);
                   owner.till = update_.chains.at(chain).till;
                   owners.push_back(owner);
                   return {};
                 }));
    return owners;
  }

  // What closed periods name in these chains.
  Result<std::set<MessageId>> closed_messages() const {
    std::set<MessageId> out;
    for (const std::int64_t number : chains_) {
      TRY_ASSIGN(const auto named, update_.periods.named(update_.chains.at(number)));
      out.insert(named.begin(), named.end());
    }
    return out;
  }

  // Sets only grow, so what was posted once can be contradicted and never becomes unauthentic: if
  // it does, the books were changed.
  Result<void> refuse_losses() const {
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const bool was_posted =
          items_[i].kept == Kept::kMessages && items_[i].before.state != State::kQuarantined;
      if (!was_posted || verdicts_[i].state != State::kQuarantined) continue;
      return fail(Errc::kDamaged,
                  db().name() + ": message " + items_[i].facts.id.hex() +
                      " was posted and would be quarantined now (" + verdicts_[i].detail +
                      "); the books were changed. Nothing was written; replay the log into a new "
                      "file");
    }
    return {};
  }

  // The bytes of what head office decided against are in the log alone: it cannot be posted from
  // the books, should an older decision come later.
  Result<void> refuse_reversals() const {
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const State before = items_[i].before.state;
      const State now = verdicts_[i].state;
      const bool is_kept = items_[i].kept == Kept::kMessages && items_[i].bytes.empty();
      if (before != State::kEvidence || !is_kept || !posts(now)) continue;
      return fail(Errc::kState, db().name() + ": message " + items_[i].facts.id.hex() + " was " +
                                    std::string(state_text(before)) + " and would be " +
                                    std::string(state_text(now)) +
                                    " now: an older decision of head office came later. Nothing "
                                    "was written; replay the log into a new file");
    }
    return {};
  }

  Result<void> write(const Item& item, const Verdict& verdict) {
    TillChain* chain = item.chain == 0 ? nullptr : &update_.chains.at(item.chain);
    if (item.kept == Kept::kNowhere) {
      TRY(update_.writer.add(chain, item, verdict));
    } else {
      TRY(update_.writer.change(chain, item, verdict));
    }
    return verdict.state == State::kQuarantined ? Result<void>{} : note_head(update_, item);
  }

  // Whether the chain is whole, how far, and its digests: all from the tables. Its messages are
  // linked anew, in their order.
  Result<void> finish_chain(std::int64_t number) {
    TillChain& chain = update_.chains.at(number);
    chain.whole = true;
    chain.tip = chain.entry;
    chain.tip_sequence = core::Sequence{0};
    TRY_ASSIGN(auto rows, db().prepare(std::string(kLinkSql) +
                                       "SELECT sequence, id, state, number, previous FROM link "
                                       "JOIN messages USING(number) ORDER BY sequence, id"));
    chain.last ? rows.bind_int(1, *chain.last) : rows.bind_null(1);
    std::vector<std::pair<std::int64_t, std::optional<std::int64_t>>> order;
    while (true) {
      TRY_ASSIGN(const bool more, rows.step());
      if (!more) break;
      chain.whole = chain.whole && static_cast<State>(rows.column_int(2)) == State::kProven;
      chain.tip_sequence = id_at<core::Sequence>(rows, 0);
      TRY(read_into(chain.tip, rows, 1));
      order.push_back({rows.column_int(3),
                       rows.column_is_null(4) ? std::nullopt : std::optional(rows.column_int(4))});
    }
    chain.last.reset();
    for (const auto& [message, previous] : order) {
      if (previous != chain.last) TRY(update_.writer.link(message, chain.last));
      chain.last = message;
    }
    TRY(digest_chain(db(), chain));
    return update_.chains.save(chain);
  }

  Update update_;
  const std::set<std::int64_t>& chains_;
  std::vector<Item> items_;
  std::vector<Verdict> verdicts_;
  std::unordered_set<MessageId, core::FixedBytesHash> known_;
  std::deque<core::Bytes> storage_;
  Judged judged_;
};

}  // namespace

Result<std::vector<Held>> read_held(Database& db) {
  std::vector<Held> out;
  TRY(for_rows(db, "SELECT bytes FROM quarantine WHERE message IS NULL AND reason <> 1",
               [&](const Statement& row) -> Result<void> {
                 const auto message = core::envelope::parse_message(row.column_blob(0));
                 if (!message) {
                   return core::sql::damaged(db.name(), "bytes that are no message");
                 }
                 out.push_back({message->header.kid, message->signature});
                 return {};
               }));
  return out;
}

Result<Judged> judge(const Update& update, const std::set<std::int64_t>& chains, Intake fresh,
                     bool all_held) {
  return Judge(update, chains).run(std::move(fresh), all_held);
}

}  // namespace rebuild
