// Valuation: what goods and points are worth by head office's settings, exactly, and the postings
// that come of it. Pure: no books, no order of arrival, no clock.
// Must not know SQLite or how postings are printed. Rules: docs/reading-the-books.md, "Values"; why
// they are no rows of the books: docs/adr/0017-valuation-by-head-offices-files.md.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "core/base/arithmetic.h"
#include "core/base/business_day.h"
#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/result.h"
#include "ledger-rebuild/accounts.h"
#include "ledger-rebuild/posting_rules.h"
#include "ledger-rebuild/settings.h"

namespace rebuild {

// Thousandths of a unit times thousandths of a minor unit: kExactUnit are one minor unit.
using Exact = core::Int128;
inline constexpr std::int64_t kExactUnit = 1'000'000;

// Debit positive; accounts of one currency add up to zero.
using Values = std::map<std::pair<core::Currency, Account>, Exact>;

struct ValuedPosting {
  Account account = Account::kInventory;
  core::Money amount;  // debit positive, never zero
  bool operator==(const ValuedPosting&) const = default;
};
using ValuedPostings = std::vector<ValuedPosting>;

// What went from stores to a place, less what came from it; what a count found, too much or too
// little, came from or went to kAdjusted. Never kStore.
struct Flow {
  core::BusinessDay day;
  core::ProductId product;
  Place place = Place::kSupplier;
  std::int64_t thousandths = 0;
};

// Errors of all below: kOverflow.
core::Result<void> add_value(Exact& sum, Exact more);

// Adds what a flow is worth at the cost of its day: to its place's account, from inventory.
core::Result<void> add_flow(Values& values, const ProductInfo& product, const Flow& flow);

// Turns exact values into postings that are rounded once each: a posting is what its account's
// rounded sum changed by, so that nothing drifts, and what is then missing in an entry goes to
// kStockRounding.
class Telescope {
 public:
  // `before`: what was posted already.
  explicit Telescope(Values before = {}) : sums_(std::move(before)) {}
  // Shape: `more` adds up to zero in each currency.
  core::Result<ValuedPostings> post(const Values& more);

 private:
  Values sums_;
};

// Stock of all stores together, from flows in any order.
class StockLedger {
 public:
  explicit StockLedger(const Settings& settings) : settings_(&settings) {}

  // Flows of products without a cost count for nothing.
  core::Result<void> add(const Flow& flow);
  // Everything that was added, at the end of `day`, which is not before any flow: what flowed at
  // the cost of its day, what is on hand or in transit at the cost of now; the rest is revaluation.
  core::Result<Values> at(core::BusinessDay day) const;
  // What the products whose cost changes on `day` are worth more than the day before. Shape: flows
  // of days before `day` were added, and no others.
  core::Result<Values> revaluation(core::BusinessDay day) const;

 private:
  struct Product {
    const ProductInfo* info = nullptr;
    std::int64_t in_stores = 0;
    std::int64_t in_transit = 0;
  };
  core::Result<Product*> product(core::ProductId id);

  const Settings* settings_;
  std::map<core::ProductId, Product> products_;
  Values flowed_;  // without inventory and transit
};

// Points of all stores in one currency. The liability is what the points outstanding are worth; a
// tender of points has already reduced it by what the till gave for them.
class PointsLedger {
 public:
  explicit PointsLedger(const Settings& settings) : settings_(&settings) {}

  struct Day {
    core::BusinessDay day;
    core::Currency currency;
    std::int64_t earned = 0;
    std::int64_t redeemed = 0;
    std::int64_t tender_minor = 0;  // what the books have posted to the liability, debit positive
  };
  // Days ascending. Nothing for a currency in which points have no worth.
  core::Result<ValuedPostings> post(const Day& day);

 private:
  struct State {
    std::int64_t outstanding = 0;
    std::int64_t liability_minor = 0;
  };
  const Settings* settings_;
  std::map<core::Currency, State> states_;
};

// The days on which a cost or the worth of points changes.
std::set<core::BusinessDay> change_days(const Settings& settings);

}  // namespace rebuild
