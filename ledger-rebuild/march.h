// March: posts the messages that go straight on from a whole chain, lot by lot, with nothing of the
// past in sight. A chain that has anything else is set aside, and everything that it was given in
// this replay is taken back: the judge (judge.h) decides over it as a whole.
// Must not know sources, or what is wrong with a chain. Memory: linear in tills and one lot.
#pragma once

#include <set>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "ledger-rebuild/books_writer.h"
#include "ledger-rebuild/digest.h"
#include "ledger-rebuild/intake.h"
#include "ledger-rebuild/log_tree.h"
#include "ledger-rebuild/periods.h"
#include "ledger-rebuild/till_chains.h"

namespace rebuild {

// What the books are being brought up to date with. Owner: whoever replays.
struct Update {
  core::sql::Database& db;
  TillChains& chains;
  Periods& periods;
  BooksWriter& writer;
  LogTree& tree;
  ShownHeads& shown;  // by the chain's number
  Verify verify;
  unsigned threads;
};

// Finds the chain of the message's key, and its enrolment; leaves both empty when it has none.
void find_chain(TillChains& chains, Item& item);
// Compares what its till was shown of the log, when it says so. Shape: it is in its chain.
core::Result<void> note_head(const Update& update, const Item& item);

class March {
 public:
  // `held`: the signatures of messages in quarantine, which may turn out to belong to one that
  // comes now. Owner: what `update` names must outlive it.
  March(const Update& update, std::set<core::envelope::Signature> held);

  // Of the log's next messages, as parse() left them: the positions of those that go on, verified,
  // opened and decoded. Errors: kNotFound (no key to open what is sealed).
  core::Result<std::vector<std::size_t>> prepare(std::span<Item> lot);
  // Writes them. Errors: those of the writer and the tree.
  core::Result<void> post(std::span<const Item> lot, std::span<const std::size_t> steps);
  // After the last lot: looks at the tips' signatures, unless all were checked; takes back what was
  // set aside; saves the chains that went on. Errors: those of the writer.
  core::Result<void> finish();

  // Whether the judge has to look at this message, or at any.
  bool is_aside(const Item& item) const;
  bool has_aside() const { return strangers_ || !aside_.empty(); }
  // Numbers of the chains that were set aside.
  const std::set<std::int64_t>& aside() const { return aside_; }
  void set_aside(std::int64_t chain) { aside_.insert(chain); }
  // A message came whose signature one in quarantine carries.
  bool met_held() const { return met_held_; }

  std::uint64_t posted() const { return posted_; }
  std::uint64_t signatures_checked() const { return signatures_checked_; }

 private:
  // What this replay did to a chain.
  struct Progressed {
    bool any = false;
    TillChain before;
    core::LogIndex tip_index;
    core::Bytes tip_bytes;
    std::uint64_t posted = 0;
  };

  std::vector<std::size_t> fall_in(std::span<const Item> lot);
  core::Result<void> post(const Item& item, const MessageDigest& digest);
  core::Result<void> check_tips();
  Progressed& progressed(std::int64_t chain) {
    return progressed_[static_cast<std::size_t>(chain - 1)];
  }

  Update update_;
  std::set<core::envelope::Signature> held_;
  std::vector<Progressed> progressed_;  // chain n at n - 1
  std::set<std::int64_t> aside_;
  bool strangers_ = false;
  bool met_held_ = false;
  std::uint64_t posted_ = 0;
  std::uint64_t signatures_checked_ = 0;
};

}  // namespace rebuild
