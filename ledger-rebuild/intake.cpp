// Intake: parse, hash, verify and decode, in dynamic chunks on all threads.
#include "ledger-rebuild/intake.h"

#include <atomic>
#include <mutex>
#include <unordered_set>

#include "core/retail/summary.h"
#include "ledger-rebuild/parallel.h"
#include "ledger-rebuild/resolve.h"

namespace rebuild {
namespace {

using core::Errc;
using core::Error;
using core::envelope::ContentType;
using core::envelope::Message;
using core::envelope::Roster;

// What one log entry turned out to be, before duplicates are dropped.
struct Parsed {
  Item item;
  bool is_message = false;
};

void parse(const SourceEntry& entry, Parsed& out) {
  Item& item = out.item;
  item.index = entry.index;
  item.bytes = entry.bytes;
  item.facts.id = core::envelope::message_id(entry.bytes);
  const auto message = core::envelope::parse_message(entry.bytes);
  if (!message) {
    item.detail = message.error().what;
    return;
  }
  out.is_message = true;
  item.protected_header = message->protected_header;
  item.payload = message->payload;
  item.is_summary = message->header.content_type == ContentType::kSummary;
  item.facts.kid = message->header.kid;
  item.facts.epoch = message->header.epoch;
  item.facts.sequence = message->header.sequence;
  item.facts.prev = message->header.prev;
  item.facts.signature = message->signature;
  item.facts.content = core::envelope::content_hash(*message);
}

bool signature_is_valid(const Item& item, const core::envelope::PublicKey& key) {
  Message message;
  message.protected_header = item.protected_header;
  message.payload = item.payload;
  message.signature = item.facts.signature;
  return core::envelope::verify_message(message, key);
}

Reason fault_of(Errc code) {
  switch (code) {
    case Errc::kUnbalanced:
      return Reason::kUnbalanced;
    case Errc::kOverflow:
      return Reason::kOutOfRange;
    default:
      return Reason::kMalformedPayload;
  }
}

core::Result<Entry> decode(const Item& item) {
  if (!item.is_summary) {
    return core::fail(Errc::kMalformed, "a bulletin, signed with a till's key");
  }
  TRY_ASSIGN(const auto summary, core::retail::decode_summary(item.payload));
  return make_entry(summary);
}

// The items to be checked in this round, checked.
class SignatureRound {
 public:
  SignatureRound(std::span<Item> items, const Chains& chains, unsigned threads,
                 const Progress& progress)
      : items_(items), chains_(chains), threads_(threads), progress_(progress) {}

  void check(const std::vector<std::size_t>& which) {
    std::atomic<std::uint64_t> done{0};
    std::mutex one_at_a_time;
    for_chunks(which.size(), threads_, [&](std::size_t begin, std::size_t end) {
      for (std::size_t k = begin; k < end; ++k) {
        Item& item = items_[which[k]];
        const bool valid = signature_is_valid(item, chains_.enrolment(which[k])->key);
        item.facts.signature_state = valid ? SignatureState::kValid : SignatureState::kBad;
      }
      const std::uint64_t so_far = done += end - begin;
      if (!progress_) return;
      const std::unique_lock lock(one_at_a_time, std::try_to_lock);
      if (lock) progress_(so_far, which.size());
    });
    checked_ += which.size();
  }

  std::uint64_t checked() const { return checked_; }

 private:
  std::span<Item> items_;
  const Chains& chains_;
  unsigned threads_;
  const Progress& progress_;
  std::uint64_t checked_ = 0;
};

}  // namespace

void take_up(std::span<const SourceEntry> entries, unsigned threads, Intake& intake) {
  std::vector<Parsed> parsed(entries.size());
  for_chunks(entries.size(), threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) parse(entries[i], parsed[i]);
  });
  std::unordered_set<MessageId, core::FixedBytesHash> seen;
  seen.reserve(intake.items.size() + intake.no_messages.size() + entries.size());
  for (const Item& item : intake.items) seen.insert(item.facts.id);
  for (const NoMessage& entry : intake.no_messages) seen.insert(entry.id);
  intake.items.reserve(intake.items.size() + entries.size());
  for (Parsed& one : parsed) {
    if (!seen.insert(one.item.facts.id).second) continue;
    if (one.is_message) {
      intake.items.push_back(std::move(one.item));
    } else {
      intake.no_messages.push_back(
          NoMessage{one.item.index, one.item.facts.id, one.item.bytes, std::move(one.item.detail)});
    }
  }
}

std::uint64_t check_signatures(std::span<Item> items, const Roster& roster, Verify verify,
                               unsigned threads, const Progress& progress) {
  const Chains chains(items, roster);
  SignatureRound round(items, chains, threads, progress);
  const auto wanted = [&](auto&& condition) {
    std::vector<std::size_t> which;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const bool open = chains.enrolment(i) != nullptr && !items[i].bytes.empty() &&
                        items[i].facts.signature_state == SignatureState::kUnchecked;
      if (open && condition(i)) which.push_back(i);
    }
    return which;
  };
  if (verify == Verify::kEvery) {
    round.check(wanted([](std::size_t) { return true; }));
    return round.checked();
  }
  std::vector<bool> is_named(items.size(), false);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (chains.named_by(i) != Chains::kNone) is_named[chains.named_by(i)] = true;
  }
  round.check(wanted([&](std::size_t i) { return !is_named[i]; }));
  // Whatever no good tip reaches is looked at by itself.
  const std::vector<bool> reached = chains.authentic();
  round.check(wanted([&](std::size_t i) { return !reached[i]; }));
  return round.checked();
}

void decode_payloads(std::span<Item> items, const Roster& roster, unsigned threads) {
  for_chunks(items.size(), threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      Item& item = items[i];
      if (item.bytes.empty() || roster.find(item.facts.kid) == nullptr) continue;
      auto entry = decode(item);
      if (entry) {
        item.entry = std::move(entry).value();
      } else {
        item.facts.payload_fault = fault_of(entry.error().code);
        item.detail = entry.error().what;
      }
    }
  });
}

}  // namespace rebuild
