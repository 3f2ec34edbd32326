// Resolve: authenticity down the chains, one posting a place, proof back to the roster entry.
#include "ledger-rebuild/resolve.h"

#include <algorithm>
#include <map>
#include <optional>
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
  Resolver(std::span<const Item> items, std::span<const SignatureOwner> elsewhere,
           const std::set<MessageId>& closed)
      : items_(items),
        elsewhere_(elsewhere),
        chains_(items),
        authentic_(chains_.authentic()),
        settled_(settled_ones()),
        closed_(closed_ones(closed)),
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

  // A closed period has what it has, whatever became of the key later.
  bool is_revoked(std::span<const std::size_t> place) const {
    const bool is_closed =
        std::any_of(place.begin(), place.end(), [&](std::size_t i) { return closed_[i]; });
    return !is_closed && !items_[place.front()].enrolment->allows(facts(place.front()).sequence);
  }

  // Of each message the oldest decision of head office that it, or one that goes on from it, is the
  // right one of its place: the first is 1. None: 0.
  std::vector<std::size_t> settled_ones() const {
    std::vector<std::size_t> out(items_.size(), 0);
    for (std::size_t start = 0; start < items_.size(); ++start) {
      if (!authentic_[start]) continue;
      const auto& stands = items_[start].enrolment->stands;
      for (std::size_t k = stands.size(); k > 0; --k) {
        if (stands[k - 1].id == facts(start).id) mark(start, k, out);
      }
    }
    return out;
  }

  // What a closed period names, and everything before it.
  std::vector<std::size_t> closed_ones(const std::set<MessageId>& closed) const {
    std::vector<std::size_t> out(items_.size(), 0);
    if (closed.empty()) return out;
    for (std::size_t start = 0; start < items_.size(); ++start) {
      if (authentic_[start] && closed.contains(facts(start).id)) mark(start, 1, out);
    }
    return out;
  }

  void mark(std::size_t start, std::size_t rank, std::vector<std::size_t>& out) const {
    for (std::size_t i = start; i != Chains::kNone; i = chains_.named_by(i)) {
      if (out[i] != 0 && out[i] <= rank) return;  // and so all before it
      out[i] = rank;
    }
  }

  // Of a place, the message that head office's oldest decision about it is for, else the one that a
  // closed period has; none: neither.
  std::optional<std::size_t> settled_at(std::span<const std::size_t> place) const {
    constexpr std::size_t kLast = static_cast<std::size_t>(-1);
    std::optional<std::size_t> best;
    std::size_t lowest = kLast;
    for (const std::size_t i : place) {
      const std::size_t rank = settled_[i] != 0 ? settled_[i] : kLast;
      if (rank == kLast && closed_[i] == 0) continue;
      if (!best || rank < lowest) best = i;
      lowest = std::min(lowest, rank);
    }
    return best;
  }

  // The authentic messages of one place, by content and id; lower places are judged already.
  void judge_place(std::span<const std::size_t> place) {
    const auto settled = settled_at(place);
    const bool revoked = is_revoked(place);
    const bool contradicted =
        !settled && facts(place.front()).content != facts(place.back()).content;
    for (std::size_t k = 0; k < place.size(); ++k) {
      const std::size_t i = place[k];
      Verdict& verdict = verdicts_[i];
      if (settled && facts(i).content != facts(*settled).content) {
        verdict.state = State::kEvidence;
        continue;
      }
      proven_[i] = is_proven(i);
      if (k > 0 && facts(place[k - 1]).content == facts(i).content) {
        verdict.state = State::kCopy;
      } else if (facts(i).payload_fault != Reason::kNone) {
        verdict.state = State::kQuarantined;
        verdict.reason = facts(i).payload_fault;
        verdict.detail = items_[i].detail;
      } else if (revoked) {
        verdict.state = State::kRevoked;
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
    std::multimap<Signature, SignatureOwner> owners;
    for (const SignatureOwner& owner : elsewhere_) owners.emplace(owner.signature, owner);
    for (const std::size_t i : trusted) {
      owners.emplace(facts(i).signature,
                     SignatureOwner{facts(i).signature, facts(i).id, facts(i).kid,
                                    facts(i).sequence, items_[i].enrolment->till});
    }
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (authentic_[i]) continue;
      Verdict& verdict = verdicts_[i];
      verdict.state = State::kQuarantined;
      if (!is_enrolled(items_[i])) {
        refuse_key(i, verdict);
        continue;
      }
      const auto [first, last] = owners.equal_range(facts(i).signature);
      if (first == last) {
        verdict.reason = Reason::kForged;
        verdict.detail = "the signature is not this till's";
      } else {
        name_owner(i, first, last, verdict);
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
  template <typename Iterator>
  void name_owner(std::size_t i, Iterator first, Iterator last, Verdict& verdict) const {
    const auto rank = [&](const SignatureOwner& owner) {
      return std::make_pair(owner.kid != facts(i).kid, owner.id);
    };
    const SignatureOwner& owner = std::min_element(first, last, [&](const auto& a, const auto& b) {
                                    return rank(a.second) < rank(b.second);
                                  })->second;
    const bool same_key = owner.kid == facts(i).kid;
    verdict.reason = same_key ? Reason::kAltered : Reason::kReplayed;
    verdict.detail = "the signature is that of message " + owner.id.hex() + ", sequence " +
                     to_string(owner.sequence);
    if (!same_key) verdict.detail += " of till " + to_string(owner.till);
  }

  std::span<const Item> items_;
  std::span<const SignatureOwner> elsewhere_;
  Chains chains_;
  std::vector<bool> authentic_;
  std::vector<std::size_t> settled_;
  std::vector<std::size_t> closed_;
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

std::vector<Verdict> resolve(std::span<const Item> items, std::span<const SignatureOwner> elsewhere,
                             const std::set<MessageId>& closed) {
  return Resolver(items, elsewhere, closed).run();
}

}  // namespace rebuild
