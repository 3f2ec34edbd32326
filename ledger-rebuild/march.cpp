// March: who goes on is found in the log's order; the costly work is done on all threads; what is
// written follows the log's order again.
#include "ledger-rebuild/march.h"

#include "ledger-rebuild/parallel.h"

namespace rebuild {

using core::Result;
using core::envelope::Signature;

void find_chain(TillChains& chains, Item& item) {
  const TillChain* chain = chains.find(item.facts.kid);
  if (chain == nullptr) return;
  item.chain = chain->number;
  item.enrolment = chain->enrolment;
}

Result<void> note_head(const Update& update, const Item& item) {
  if (!item.tree_head) return {};
  TRY_ASSIGN(const bool is_ours, update.tree.has(*item.tree_head));
  if (is_ours) return {};  // nearly always: no need to say who was shown it
  return update.shown.add(
      update.tree, item.chain,
      {*item.tree_head, "till " + to_string(item.enrolment->till) +
                            ", by its message at log index " + to_string(item.index) + ","});
}

March::March(const Update& update, std::set<Signature> held)
    : update_(update), held_(std::move(held)), progressed_(update.chains.size()) {}

bool March::is_aside(const Item& item) const {
  return !is_enrolled(item) || aside_.contains(item.chain);
}

// The items that go on from the tip of their chain, which moves up to them.
std::vector<std::size_t> March::fall_in(std::span<const Item> lot) {
  std::vector<std::size_t> marching;
  marching.reserve(lot.size());
  for (std::size_t i = 0; i < lot.size(); ++i) {
    const Item& item = lot[i];
    if (!is_enrolled(item)) {
      strangers_ = true;
      continue;
    }
    if (aside_.contains(item.chain)) continue;
    TillChain& chain = update_.chains.at(item.chain);
    if (chain.whole && chain.tip == item.facts.id) continue;  // the same bytes again
    const bool is_held = !held_.empty() && held_.contains(item.facts.signature);
    met_held_ = met_held_ || is_held;
    const bool goes_on = chain.whole && item.enrolment->allows(item.facts.sequence) &&
                         item.facts.prev == chain.tip &&
                         item.facts.sequence.value == chain.tip_sequence.value + 1;
    if (is_held || !goes_on) {
      aside_.insert(item.chain);
      continue;
    }
    Progressed& done = progressed(item.chain);
    if (!done.any) done.before = chain;
    done.any = true;
    chain.tip = item.facts.id;
    chain.tip_sequence = item.facts.sequence;
    marching.push_back(i);
  }
  return marching;
}

Result<std::vector<std::size_t>> March::prepare(std::span<Item> lot) {
  std::vector<std::size_t> steps = fall_in(lot);
  // What each step came to: an item is far away again when the others are done.
  enum class Outcome : std::uint8_t { kGood, kBad, kNoOpener };
  std::vector<Outcome> outcomes(steps.size(), Outcome::kGood);
  for_chunks(steps.size(), update_.threads, [&](std::size_t begin, std::size_t end) {
    PayloadDecoder decoder;
    for (std::size_t k = begin; k < end; ++k) {
      Item& item = lot[steps[k]];
      if (update_.verify == Verify::kEvery) check_signature(item);
      decoder.decode(item);
      const MessageFacts& facts = item.facts;
      const bool good =
          facts.signature_state != SignatureState::kBad && facts.payload_fault == Reason::kNone;
      if (good) continue;
      outcomes[k] = check_opener(item) ? Outcome::kBad : Outcome::kNoOpener;
    }
  });
  for (std::size_t k = 0; k < steps.size(); ++k) {
    if (outcomes[k] == Outcome::kGood) continue;
    if (outcomes[k] == Outcome::kNoOpener) TRY(check_opener(lot[steps[k]]));
    aside_.insert(lot[steps[k]].chain);
  }
  if (update_.verify == Verify::kEvery) signatures_checked_ += steps.size();
  return steps;
}

Result<void> March::post(std::span<const Item> lot, std::span<const std::size_t> steps) {
  std::vector<MessageDigest> digests(steps.size());
  for_chunks(steps.size(), update_.threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t k = begin; k < end; ++k) {
      const Item& item = lot[steps[k]];
      if (!aside_.contains(item.chain)) digests[k] = digest_of(item, State::kProven);
    }
  });
  for (std::size_t k = 0; k < steps.size(); ++k) {
    const Item& item = lot[steps[k]];
    if (!aside_.contains(item.chain)) TRY(post(item, digests[k]));
  }
  return {};
}

Result<void> March::post(const Item& item, const MessageDigest& digest) {
  extend(update_.chains.at(item.chain), digest);
  Verdict verdict;
  verdict.state = State::kProven;
  TRY(update_.writer.add(&update_.chains.at(item.chain), item, verdict));
  Progressed& done = progressed(item.chain);
  done.tip_index = item.index;
  done.tip_bytes.assign(item.bytes.begin(), item.bytes.end());
  ++done.posted;
  return note_head(update_, item);
}

Result<void> March::check_tips() {
  std::vector<std::int64_t> which;
  for (std::size_t i = 0; i < progressed_.size(); ++i) {
    const auto chain = static_cast<std::int64_t>(i + 1);
    if (progressed_[i].any && !aside_.contains(chain)) which.push_back(chain);
  }
  std::vector<Item> tips(which.size());
  for_chunks(which.size(), update_.threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t k = begin; k < end; ++k) {
      parse({progressed(which[k]).tip_index, progressed(which[k]).tip_bytes},
            update_.chains.at(which[k]).tip, tips[k]);
      tips[k].enrolment = update_.chains.at(which[k]).enrolment;
      check_signature(tips[k]);
    }
  });
  signatures_checked_ += which.size();
  for (std::size_t k = 0; k < which.size(); ++k) {
    if (tips[k].facts.signature_state == SignatureState::kValid) {
      TRY(update_.writer.mark_valid(tips[k].number()));
    } else {
      aside_.insert(which[k]);
    }
  }
  return {};
}

Result<void> March::finish() {
  if (update_.verify == Verify::kTips) TRY(check_tips());
  for (std::size_t i = 0; i < progressed_.size(); ++i) {
    const auto number = static_cast<std::int64_t>(i + 1);
    Progressed& done = progressed_[i];
    if (!done.any) continue;
    TillChain& chain = update_.chains.at(number);
    if (!aside_.contains(number)) {
      posted_ += done.posted;
      TRY(update_.chains.save(chain));
      continue;
    }
    update_.shown.drop(number);
    TRY(update_.writer.take_back(chain, done.before));
  }
  return {};
}

}  // namespace rebuild
