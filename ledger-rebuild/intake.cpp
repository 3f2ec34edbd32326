// Intake: parse, hash, verify and decode, in dynamic chunks on all threads.
#include "ledger-rebuild/intake.h"

#include <unordered_set>

#include "core/retail/summary.h"
#include "ledger-rebuild/parallel.h"
#include "ledger-rebuild/resolve.h"

namespace rebuild {
namespace {

using core::Errc;
using core::Error;
using core::envelope::Message;

Reason fault_of(Errc code) {
  switch (code) {
    case Errc::kUnbalanced:
      return Reason::kUnbalanced;
    case Errc::kOverflow:
      return Reason::kOutOfRange;
    case Errc::kBadSignature:
    case Errc::kUnknownKey:
      return Reason::kNotOpened;
    default:
      return Reason::kMalformedPayload;
  }
}

// Head office's own keys, and only they, send bulletins; the root none but the roster's.
core::Result<void> decode_bulletin(Item& item) {
  if (item.content_type == core::envelope::ContentType::kNotice &&
      item.enrolment->till == core::envelope::kHeadOffice) {
    make_roster_entry(item.entry);
    return {};
  }
  if (item.content_type != core::envelope::ContentType::kBulletin) {
    return core::fail(Errc::kMalformed, "a till's summary, signed with head office's key");
  }
  if (core::envelope::Roster::is_entry(item.payload)) {
    make_roster_entry(item.entry);
    return {};
  }
  if (item.enrolment->till == core::envelope::kRoot) {
    return core::fail(Errc::kMalformed, "no roster entry, signed with the root");
  }
  if (is_product_bulletin(item.payload)) {
    TRY_ASSIGN(const ProductBulletin bulletin, decode_product_bulletin(item.payload));
    rebuild::make_entry(bulletin, item.entry);
    return {};
  }
  TRY_ASSIGN(PeriodClose close, decode_period_close(item.payload));
  make_entry(std::move(close), item.entry);
  return {};
}

// Owner: borrows from the item, or from `room`.
core::Result<core::ByteView> open_payload(const Item& item, core::Bytes& room) {
  const auto& opener = item.enrolment->opener;
  return core::envelope::open_payload(item.content_type, item.protected_header, item.payload,
                                      opener ? &*opener : nullptr, room);
}

// Checks the signatures of `which`.
void check_round(std::span<Item> items, const std::vector<std::size_t>& which, unsigned threads) {
  for_chunks(which.size(), threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t k = begin; k < end; ++k) check_signature(items[which[k]]);
  });
}

// The unchecked items that fulfil a condition.
template <typename Condition>
std::vector<std::size_t> unchecked(std::span<const Item> items, Condition condition) {
  std::vector<std::size_t> which;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool open = is_enrolled(items[i]) && !items[i].bytes.empty() &&
                      items[i].facts.signature_state == SignatureState::kUnchecked;
    if (open && condition(i)) which.push_back(i);
  }
  return which;
}

}  // namespace

void parse(const SourceEntry& entry, const MessageId& id, Item& item) {
  item.entry.clear();
  static_cast<ItemFacts&>(item) = {};
  item.index = entry.index;
  item.bytes = entry.bytes;
  item.facts.id = id;
  Message message;
  const auto parsed = core::envelope::parse_message(entry.bytes, message);
  if (!parsed) {
    item.detail = parsed.error().what;
    return;
  }
  item.protected_header = message.protected_header;
  item.payload = message.payload;
  item.content_type = message.header.content_type;
  item.tree_head = message.header.tree_head;
  item.facts.kid = message.header.kid;
  item.facts.epoch = message.header.epoch;
  item.facts.sequence = message.header.sequence;
  item.facts.prev = message.header.prev;
  item.facts.signature = message.signature;
  item.facts.content = core::envelope::content_hash(message);
}

void check_signature(Item& item) {
  Message message;
  message.protected_header = item.protected_header;
  message.payload = item.payload;
  message.signature = item.facts.signature;
  const bool valid = core::envelope::verify_message(message, item.enrolment->key);
  item.facts.signature_state = valid ? SignatureState::kValid : SignatureState::kBad;
}

std::map<core::retail::ReceiptKey, std::int64_t> refunded_receipts(const Item& item) {
  std::map<core::retail::ReceiptKey, std::int64_t> out;
  for (const auto& [receipt, amount_minor] : item.entry.refunded_receipts) {
    const bool own = receipt.sold_at == core::TillRef{};
    // Both are below core/retail/limits.h.
    out[own ? core::retail::ReceiptKey{item.enrolment->till, receipt.invoice} : receipt] +=
        amount_minor;
  }
  return out;
}

core::Result<core::retail::Summary> read_summary(const Item& item) {
  core::Bytes room;
  TRY_ASSIGN(const core::ByteView payload, open_payload(item, room));
  return core::retail::decode_summary(payload);
}

core::Result<void> check_opener(const Item& item) {
  const bool is_sealed = item.content_type == core::envelope::ContentType::kSealedSummary &&
                         !item.bytes.empty() && is_enrolled(item);
  if (!is_sealed || !item.enrolment->seals_to || item.enrolment->opener) return {};
  return core::fail(Errc::kNotFound,
                    "message " + item.facts.id.hex() + " is sealed to head office's key " +
                        item.enrolment->seals_to->hex() +
                        ", and sealing.key with its private half is not in the directory");
}

void take_up(std::span<const SourceEntry> entries, unsigned threads, Intake& intake) {
  std::vector<Item>& items = intake.items;
  const std::size_t first = items.size();
  std::unordered_set<MessageId, core::FixedBytesHash> seen;
  seen.reserve(first + intake.no_messages.size() + entries.size());
  for (const Item& item : items) seen.insert(item.facts.id);
  for (const NoMessage& entry : intake.no_messages) seen.insert(entry.id);
  items.resize(first + entries.size());
  for_chunks(entries.size(), threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      parse(entries[i], core::envelope::message_id(entries[i].bytes), items[first + i]);
    }
  });
  std::size_t kept = first;
  for (std::size_t i = first; i < items.size(); ++i) {
    Item& item = items[i];
    if (!seen.insert(item.facts.id).second) continue;
    if (item.protected_header.empty()) {
      intake.no_messages.push_back(
          NoMessage{item.index, item.facts.id, item.bytes, std::move(item.detail)});
      continue;
    }
    if (kept != i) items[kept] = std::move(item);
    ++kept;
  }
  items.resize(kept);
}

std::uint64_t check_signatures(std::span<Item> items, Verify verify, unsigned threads) {
  if (verify == Verify::kEvery) {
    const auto all = unchecked(items, [](std::size_t) { return true; });
    check_round(items, all, threads);
    return all.size();
  }
  const Chains chains(items);
  std::vector<bool> is_named(items.size(), false);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (chains.named_by(i) != Chains::kNone) is_named[chains.named_by(i)] = true;
  }
  const auto tips = unchecked(items, [&](std::size_t i) { return !is_named[i]; });
  check_round(items, tips, threads);
  // Whatever no good tip reaches is looked at by itself.
  const std::vector<bool> reached = chains.authentic();
  const auto others = unchecked(items, [&](std::size_t i) { return !reached[i]; });
  check_round(items, others, threads);
  return tips.size() + others.size();
}

core::Result<void> PayloadDecoder::make_entry(Item& item) {
  if (core::envelope::is_head_office(item.enrolment->till)) return decode_bulletin(item);
  TRY_ASSIGN(const core::ByteView payload, open_payload(item, opened_));
  TRY(summary_.decode(payload));
  const core::retail::Closing* closing = summary_.closing();
  return closing != nullptr ? rebuild::make_entry(*closing, item.entry)
                            : rebuild::make_entry(*summary_.opening(), item.entry);
}

void PayloadDecoder::decode(Item& item) {
  const auto decoded = make_entry(item);
  if (decoded) return;
  item.facts.payload_fault = fault_of(decoded.error().code);
  item.detail = decoded.error().what;
}

void decode_payloads(std::span<Item> items, unsigned threads) {
  for_chunks(items.size(), threads, [&](std::size_t begin, std::size_t end) {
    PayloadDecoder decoder;
    for (std::size_t i = begin; i < end; ++i) {
      if (!items[i].bytes.empty() && items[i].enrolment != nullptr) decoder.decode(items[i]);
    }
  });
}

}  // namespace rebuild
