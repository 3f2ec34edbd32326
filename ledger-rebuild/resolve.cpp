// Resolve: authenticity down the chains, one posting a place, proof back to the roster entry.
#include "ledger-rebuild/resolve.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>

#include "core/base/check.h"

namespace rebuild {
namespace {

using core::envelope::Enrolment;
using core::envelope::Signature;

// The whole computation over one set.
class Resolver {
 public:
  explicit Resolver(std::span<const Item> items)
      : items_(items),
        chains_(items),
        authentic_(chains_.authentic()),
        proven_(items.size(), false),
        verdicts_(items.size()) {}

  std::vector<Verdict> run() && {
    const std::vector<std::size_t> trusted = trusted_by_place();
    for (std::size_t first = 0; first < trusted.size();) {
      std::size_t last = first + 1;
      while (last < trusted.size() && same_place(trusted[first], trusted[last])) ++last;
      judge_place(std::span(trusted).subspan(first, last - first));
      first = last;
    }
    judge_untrusted(trusted);
    return std::move(verdicts_);
  }

 private:
  const MessageFacts& facts(std::size_t i) const { return items_[i].facts; }

  // The authentic messages, sorted by place, then content, then id.
  std::vector<std::size_t> trusted_by_place() const {
    // Most comparisons end at the first bytes of a key, which are kept close together.
    struct Key {
      std::uint64_t kid_start;
      std::size_t item;
    };
    std::vector<Key> keys;
    keys.reserve(items_.size());
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (!authentic_[i]) continue;
      keys.push_back(Key{core::FixedBytesHash{}(facts(i).kid), i});
    }
    std::sort(keys.begin(), keys.end(), [&](const Key& a, const Key& b) {
      if (a.kid_start != b.kid_start) return a.kid_start < b.kid_start;
      const MessageFacts& x = facts(a.item);
      const MessageFacts& y = facts(b.item);
      return std::tie(x.kid, x.sequence, x.content, x.id) <
             std::tie(y.kid, y.sequence, y.content, y.id);
    });
    std::vector<std::size_t> out;
    out.reserve(keys.size());
    for (const Key& key : keys) out.push_back(key.item);
    return out;
  }

  bool same_place(std::size_t a, std::size_t b) const {
    return facts(a).kid == facts(b).kid && facts(a).sequence == facts(b).sequence;
  }

  // The authentic messages of one place, by content and id; lower places are judged already.
  void judge_place(std::span<const std::size_t> place) {
    const bool contradicted = facts(place.front()).content != facts(place.back()).content;
    for (std::size_t k = 0; k < place.size(); ++k) {
      const std::size_t i = place[k];
      proven_[i] = is_proven(i);
      Verdict& verdict = verdicts_[i];
      if (k > 0 && facts(place[k - 1]).content == facts(i).content) {
        verdict.state = State::kCopy;
      } else if (facts(i).payload_fault != Reason::kNone) {
        verdict.state = State::kQuarantined;
        verdict.reason = facts(i).payload_fault;
        verdict.detail = items_[i].detail;
      } else if (contradicted) {
        verdict.state = State::kContradicted;
      } else {
        verdict.state = proven_[i] ? State::kProven : State::kUnproven;
      }
    }
  }

  bool is_proven(std::size_t i) const {
    if (facts(i).sequence.value == 1) return facts(i).prev == items_[i].enrolment->entry;
    const std::size_t before = chains_.named_by(i);
    return before != Chains::kNone && proven_[before] &&
           facts(before).sequence.value + 1 == facts(i).sequence.value;
  }

  void judge_untrusted(const std::vector<std::size_t>& trusted) {
    if (trusted.size() == items_.size()) return;
    std::map<Signature, std::vector<std::size_t>> by_signature;
    for (const std::size_t i : trusted) by_signature[facts(i).signature].push_back(i);
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (authentic_[i]) continue;
      Verdict& verdict = verdicts_[i];
      verdict.state = State::kQuarantined;
      if (!is_enrolled(items_[i])) {
        refuse_key(i, verdict);
        continue;
      }
      // Not checked at all happens only to books that were tampered with; the replay refuses them.
      const auto it = by_signature.find(facts(i).signature);
      if (it == by_signature.end()) {
        verdict.reason = Reason::kForged;
        verdict.detail = "the signature is not this till's";
      } else {
        name_owner(i, it->second, verdict);
      }
    }
  }

  void refuse_key(std::size_t i, Verdict& verdict) const {
    const Enrolment* enrolment = items_[i].enrolment;
    if (enrolment == nullptr) {
      verdict.reason = Reason::kUnknownKey;
      verdict.detail = "key " + facts(i).kid.hex() + " is not on the roster";
    } else {
      verdict.reason = Reason::kWrongEpoch;
      verdict.detail = "epoch " + to_string(facts(i).epoch) + " with a key enrolled for epoch " +
                       to_string(enrolment->epoch);
    }
  }

  // Says whose signature a message carries: rather the same key's, then the lowest id's.
  void name_owner(std::size_t i, const std::vector<std::size_t>& owners, Verdict& verdict) const {
    const auto rank = [&](std::size_t owner) {
      return std::make_pair(facts(owner).kid != facts(i).kid, facts(owner).id);
    };
    const std::size_t owner = *std::min_element(owners.begin(), owners.end(),
                                                [&](auto a, auto b) { return rank(a) < rank(b); });
    const bool same_key = facts(owner).kid == facts(i).kid;
    verdict.reason = same_key ? Reason::kAltered : Reason::kReplayed;
    verdict.detail = "the signature is that of message " + facts(owner).id.hex() + ", sequence " +
                     to_string(facts(owner).sequence);
    if (!same_key) {
      verdict.detail += " of till " + to_string(items_[owner].enrolment->till);
    }
  }

  std::span<const Item> items_;
  Chains chains_;
  std::vector<bool> authentic_;
  std::vector<bool> proven_;
  std::vector<Verdict> verdicts_;
};

}  // namespace

Chains::Chains(std::span<const Item> items) : items_(items), prev_(items.size(), kNone) {
  std::unordered_map<MessageId, std::size_t, core::FixedBytesHash> by_id;
  by_id.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (is_enrolled(items[i])) CORE_CHECK(by_id.emplace(items[i].facts.id, i).second);
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!is_enrolled(items[i])) continue;
    const auto it = by_id.find(items[i].facts.prev);
    if (it == by_id.end()) continue;
    if (items[it->second].facts.kid == items[i].facts.kid) prev_[i] = it->second;
  }
}

std::vector<bool> Chains::authentic() const {
  std::vector<bool> out(items_.size(), false);
  for (std::size_t start = 0; start < items_.size(); ++start) {
    const bool valid = items_[start].facts.signature_state == SignatureState::kValid;
    if (!valid || !is_enrolled(items_[start])) continue;
    for (std::size_t i = start; i != kNone && !out[i]; i = prev_[i]) out[i] = true;
  }
  return out;
}

std::vector<Verdict> resolve(std::span<const Item> items) {
  return Resolver(items).run();
}

}  // namespace rebuild
