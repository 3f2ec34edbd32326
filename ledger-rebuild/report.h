// Report: what the books say, as typed figures. Reads books.db and nothing else.
// Must not know how figures are printed. Tables behind them: docs/formats/books.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/business_day.h"
#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/quantity.h"
#include "core/base/result.h"
#include "core/retail/document.h"
#include "core/retail/summary.h"
#include "ledger-rebuild/books.h"
#include "ledger-rebuild/settings.h"

namespace rebuild {

// Takings in one currency. shelf = net + discount; net = sum of tenders = sum of taxes' gross; all
// less refunds, so net + refunded is what was sold.
struct Takings {
  std::uint64_t sales = 0;
  std::uint64_t voids = 0;
  std::uint64_t refunds = 0;
  core::Money refunded;
  core::Money shelf;
  core::Money discount;
  core::Money net;
  core::Money over_short;
  core::retail::Tenders tenders;
  std::map<core::TaxCode, core::retail::TaxRow> taxes;
};

struct StoreDay {
  core::StoreId store;
  core::BusinessDay day;
  core::Currency currency;
  Takings takings;
};

// Quantities of one product, in its unit's thousandths.
// on_hand = received - consumed + adjusted + transferred.
struct Stock {
  core::Quantity received;
  core::Quantity consumed;
  core::Quantity adjusted;
  core::Quantity transferred;  // from other stores, less to them
  core::Quantity on_hand;
};
using StockByProduct = std::map<core::ProductId, Stock>;

// Debit positive, credit negative. All accounts of one currency add up to zero.
struct AccountBalance {
  std::int64_t account = 0;  // the chart's number
  std::string name;
  core::Currency currency;
  core::Money debit;    // sum of the debit postings
  core::Money credit;   // sum of the credit postings, positive
  core::Money balance;  // debit - credit
};

struct TrialBalance {
  std::vector<AccountBalance> accounts;    // by currency and account
  std::set<core::ProductId> without_cost;  // moved, and are in no account
};

// Places of a till's chain where a message must have been and is not: [first, last].
struct MissingRange {
  core::TillRef till;
  core::Epoch epoch;
  core::Sequence first;
  core::Sequence last;
};

// A summary of several parts that lacks some.
struct IncompleteDay {
  core::TillRef till;
  core::Epoch epoch;
  core::BusinessDay day;
  Kind kind = Kind::kOpening;
  std::uint32_t parts = 0;  // how many there must be
  std::vector<std::uint32_t> missing_parts;
};

// A message of the books, to be named to people.
struct MessageName {
  core::TillRef till;
  core::Epoch epoch;
  core::Sequence sequence;
  Hash id;
};

struct Unproven {
  MessageName message;
  bool broken = false;  // the message before is there, or the roster entry, but is not its `prev`
};

// A closing that does not go on where the till's closing before ended: I4 of the design.
struct NumberJump {
  MessageName message;
  std::string what;  // a document series, "ever sold" or "ever refunded"
  std::int64_t expected = 0;
  std::int64_t found = 0;
};

// A till's day that more than one closing says it closes.
struct ClosedTwice {
  core::TillRef till;
  core::BusinessDay day;
  std::uint64_t closings = 0;
};

// A closing with documents whose time cannot be right: the till's clock jumped.
struct ClockJump {
  MessageName message;
  core::BusinessDay day;
  std::uint64_t documents = 0;
};

// A receipt that money was given back for at more than one till, or more than once at one that did
// not sell it: no till alone could see how much was left.
struct RefundedTwice {
  core::TillRef sold_at;
  std::uint64_t invoice = 0;
  std::uint64_t tills = 0;  // that gave money back
  std::uint64_t closings = 0;
  core::Money refunded;
};

struct Quarantined {
  std::uint64_t log_index = 0;
  Hash id;
  std::string reason;  // a stable word: reason_text(Reason)
  std::string detail;
  std::optional<core::TillRef> claimed;  // the till whose key the message names, when on the roster
};

// A day that came, or came again, after its period was closed.
struct Correction {
  MessageName message;
  Kind kind = Kind::kOpening;
  core::BusinessDay day;     // that it is of
  core::BusinessDay booked;  // on which its entry is: the first day of a later period
};

// A till that should have been heard of before a given day.
struct Silent {
  core::TillRef till;
  std::optional<core::BusinessDay> open_day;  // opened and not closed; none: it never sent anything
};

// Each reads a consistent state of the books. Errors of all: kDatabase, kOverflow, kDamaged (a row
// that the replay does not write).
core::Result<std::map<core::Currency, Takings>> totals(const Books& books);
core::Result<std::vector<StoreDay>> store_days(const Books& books);
core::Result<StockByProduct> stock(const Books& books);
core::Result<std::map<core::StoreId, StockByProduct>> stock_by_store(const Books& books);
// By the retailer's chart, with what goods and points are worth.
core::Result<TrialBalance> trial_balance(const Books& books, const Settings& settings = Settings{});

core::Result<std::vector<MissingRange>> missing(const Books& books);
core::Result<std::vector<IncompleteDay>> incomplete_days(const Books& books);
core::Result<std::vector<Unproven>> unproven(const Books& books);
core::Result<std::vector<MessageName>> contradicted(const Books& books);
core::Result<std::vector<MessageName>> copies(const Books& books);
// Another content for a place that a closed period has: kept, and posted nowhere.
core::Result<std::vector<MessageName>> evidence(const Books& books);
// What a key that was taken back signed behind the last place that holds.
core::Result<std::vector<MessageName>> revoked(const Books& books);
// The last days of the periods that are closed, ascending.
core::Result<std::vector<core::BusinessDay>> closed_periods(const Books& books);
// By the day on which they are booked. Cost: linear in them.
core::Result<std::vector<Correction>> corrections(const Books& books);
// Of proven closings: document numbers that do not follow on, grand totals that are not the ones
// before and the day.
core::Result<std::vector<NumberJump>> number_jumps(const Books& books);
core::Result<std::vector<RefundedTwice>> refunded_twice(const Books& books);
// Of posted closings, in any epoch; the parts of one are one.
core::Result<std::vector<ClosedTwice>> closed_twice(const Books& books);
core::Result<std::vector<ClockJump>> clock_jumps(const Books& books);
core::Result<std::vector<Quarantined>> quarantined(const Books& books);
// Posted messages whose own signature is bad and which their chain covers; a remark, no more.
core::Result<std::vector<MessageName>> covered_bad_signatures(const Books& books);
// Tills that opened a day before `as_of` and did not close it, or never sent a message.
core::Result<std::vector<Silent>> silent(const Books& books, core::BusinessDay as_of);

}  // namespace rebuild
