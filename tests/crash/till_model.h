// TillModel: what a till must hold, kept by a test in plain numbers: documents, days, messages.
// Must not use the till's, or core's, pricing and sums. Amounts in cents, quantities in units.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/retail/summary.h"
#include "till/till.h"

namespace test {

// Amounts, or quantities, by what they belong to. Zeros are left out where two are compared.
using Amounts = std::map<std::uint64_t, std::int64_t>;

struct ShelfProduct {
  std::string name;
  std::int64_t price = 0;  // 0: none
  std::uint64_t tax = 1;
  Amounts parts;  // kits only
};
using Shelf = std::map<std::uint64_t, ShelfProduct>;

struct LineFacts {
  std::uint64_t product = 0;
  std::int64_t count = 0;
  std::int64_t amount = 0;
  std::int64_t discount = 0;
  std::uint64_t tax = 0;
  std::int64_t tax_amount = 0;
  Amounts consumed;
};

// Of one line. Amounts are what was given back: zero and above.
struct RefundFacts {
  std::uint64_t number = 0;
  std::int32_t day = 0;
  std::uint64_t line = 0;  // of the sale, from 0
  std::int64_t count = 0;
  bool restock = false;
  bool to_card = false;
  std::int64_t amount = 0;
  std::int64_t discount = 0;
  std::uint64_t tax = 0;
  std::int64_t tax_amount = 0;
  Amounts back_on_shelf;
  std::string reason;
};

struct SaleFacts {
  std::int32_t day = 0;
  std::int64_t time_ms = 0;
  std::vector<LineFacts> lines;
  Amounts taxes;  // by code, for all lines
  Amounts tenders;
  bool voided = false;
  std::string reason;
  std::vector<RefundFacts> refunds;
  bool laid_away = false;  // it handed a layaway over
  std::uint64_t card = 0;  // the authorisation that its card tender is made of
  std::int64_t total() const;
  // What is left of a line to be given back.
  std::int64_t left_of(std::uint64_t line) const;
  // The next refund of `count` of a line, after the earlier ones of it.
  RefundFacts refund_of(std::uint64_t line, std::int64_t count, bool restock) const;
};

// Goods put aside for a customer; `sale` is what hands them over, its tenders apart.
struct LayawayFacts {
  enum class State { kOpen, kCancelled, kHandedOver };
  std::uint64_t number = 0;
  SaleFacts sale;
  std::int64_t paid = 0;
  State state = State::kOpen;
};

// What documents of the other kinds add to a day.
struct DayExtras {
  std::uint64_t no_sales = 0;
  std::uint64_t trainings = 0;
  std::uint64_t copies = 0;
  std::int64_t deposits = 0;   // paid on layaways, less what was paid back or kept
  std::int64_t forfeited = 0;  // of cancelled layaways
  std::int64_t deposits_in_cash = 0;
  Amounts received;
};

// What a card terminal answered, until a sale or a reversal takes it up.
struct CardFacts {
  std::int64_t amount = 0;
  bool open = true;
};

struct CashFacts {
  std::int32_t day = 0;
  bool comes_in = false;
  std::int64_t amount = 0;
};

struct MessageFacts {
  bool closing = false;
  std::int32_t day = 0;
  Amounts received;             // of an opening
  std::int64_t over_short = 0;  // of a closing
  bool acknowledged = false;
  std::string refusal;
};

struct TillModel {
  bool joined = false;
  Shelf shelf;
  std::string backup_to;
  std::optional<std::int32_t> open_day;
  std::optional<std::int32_t> last_day;
  std::uint64_t tree_size = 0;               // of the log, as it was last shown
  std::vector<SaleFacts> sales;              // the number is the place, from 1
  std::vector<CashFacts> cash;               // so is the number
  std::map<std::int32_t, DayExtras> extras;  // by day
  Amounts last;                              // numbers of the other series, by series
  std::map<std::uint64_t, bool> holds;       // put aside, by number; true: it waits
  std::vector<LayawayFacts> layaways;
  std::map<std::uint64_t, CardFacts> cards;  // by the authorisation's number
  bool delivery_awaited = false;             // the open day's opening is not sealed
  std::uint64_t refunds = 0;                 // the last number
  std::vector<MessageFacts> messages;        // so is the sequence

  // Everything that can be seen from outside, one line each, as seen_of() says it of a till.
  std::vector<std::string> seen() const;
  // What the drawer should hold at the end of the open day.
  std::int64_t expected_cash() const;
};

// A shelf of `products`, every fourth one a kit, with names of `name_bytes`.
Shelf random_shelf(core::Random& random, std::uint64_t products, std::size_t name_bytes);
core::retail::Catalog catalog_of(const Shelf& shelf);

// A basket of 1 to `lines_max` lines and, beside it, what it must come to.
struct PlannedSale {
  till::Basket basket;
  SaleFacts facts;
};
PlannedSale random_sale(core::Random& random, const Shelf& shelf, std::uint64_t lines_max);

// The same views of what the till has.
// Errors: those of the till.
core::Result<std::vector<std::string>> seen_of(till::Till& till,
                                               const core::envelope::SealingKey* key);
std::string text_of(const SaleFacts& sale);
SaleFacts facts_of(const till::StoredDocument& document);

// The lines in which two views differ, for a failure's message.
std::string difference(const std::vector<std::string>& expected,
                       const std::vector<std::string>& found);

}  // namespace test
