// Intake: log entries to items: parsed, hashed, without duplicates, signatures checked, decoded.
// Must not know the books. Everything that costs time here runs on all threads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/envelope/roster.h"
#include "core/retail/summary.h"
#include "ledger-rebuild/facts.h"
#include "ledger-rebuild/source.h"

namespace rebuild {

// Which signatures are checked. Both give the same books and the same digest.
enum class Verify {
  kEvery,  // every one; also finds bad signatures that the chain covers
  kTips,   // the newest of each chain, which vouches for those before it; all of a broken chain
};

struct Intake {
  std::vector<Item> items;             // no id twice, in the order in which they were first seen
  std::vector<NoMessage> no_messages;  // no id twice
};

// Makes an item new: a message gets all that can be read from it; anything else keeps an empty
// header and says why in `detail`. `id`: the entry's.
void parse(const SourceEntry& entry, const MessageId& id, Item& item);
// Sets the state. Shape: a message whose key is enrolled.
void check_signature(Item& item);
// Whether a sealed payload has an opener, if its till agreed on one.
// Errors: kNotFound (head office's private sealing key is missing).
core::Result<void> check_opener(const Item& item);
// Opens, if it is sealed, and decodes. Shape: an item with bytes and an enrolment.
// Errors: those of open_payload and decode_summary.
core::Result<core::retail::Summary> read_summary(const Item& item);

// Opens and decodes one payload after the other, in the room of those before it. Thread: one.
class PayloadDecoder {
 public:
  // As read_summary(), and makes the item's entry; sets payload_fault and detail where that fails.
  void decode(Item& item);

 private:
  core::Result<void> make_entry(Item& item);

  core::Bytes opened_;
  core::retail::SummaryDecoder summary_;
};

// Parses and hashes `entries` and adds those to `intake` whose id is not there yet.
void take_up(std::span<const SourceEntry> entries, unsigned threads, Intake& intake);
// Checks as many of the unchecked signatures as `verify` asks for. Returns how many it checked.
// Messages whose key is not enrolled for their epoch stay unchecked. Shape: enrolments found.
std::uint64_t check_signatures(std::span<Item> items, Verify verify, unsigned threads);
// Decodes those whose bytes are there and whose key is enrolled.
void decode_payloads(std::span<Item> items, unsigned threads);

}  // namespace rebuild
