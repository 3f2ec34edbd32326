// MonthSums: the books added up by month, kept beside the entries so that a report of closed years
// reads thousands of rows and not millions. Nothing in them is new: verify adds everything up
// again. Must not know verdicts. Tables: docs/formats/books.md, "Month sums".
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <tuple>

#include "core/base/result.h"
#include "core/sql/database.h"
#include "ledger-rebuild/posting_rules.h"

namespace rebuild {

// 202611 for November 2026.
std::int64_t month_of(core::BusinessDay day);
// The same as SQL, of a column with days since 1970-01-01. Shape: not before 0000-03-01.
std::string month_sql(const std::string& day);

// What changed since the last flush. Memory: one row a month, store and account that changed.
class MonthSums {
 public:
  // Adds what an entry says, once it is written. Errors: kOverflow.
  core::Result<void> add(core::StoreId store, const Entry& entry, core::BusinessDay booked);
  // Takes away, or adds, what the tables have of a message: for changes of what was written.
  // Errors: kOverflow, kDatabase, kDamaged.
  core::Result<void> add_written(core::sql::Database& db, std::int64_t message, int sign);
  // Writes it all. Errors: kDatabase.
  core::Result<void> flush(core::sql::Database& db);

 private:
  // Sales, voids, refunds, shelf, discount, net, refunded, over/short, points earned and redeemed.
  using Takings = std::array<std::int64_t, 10>;
  using DebitCredit = std::array<std::int64_t, 2>;
  using Sold = std::array<std::int64_t, 2>;  // thousandths, net
  struct Where {
    std::int64_t month = 0;
    std::int64_t store = 0;
    core::Currency currency;
    auto operator<=>(const Where&) const = default;
  };

  core::Result<void> post(const Where& where, std::int64_t account, std::int64_t code,
                          std::int64_t amount, int sign);
  core::Result<void> move(std::int64_t month, std::int64_t product, Place from, Place to,
                          std::int64_t thousandths);

  std::map<Where, Takings> takings_;
  std::map<std::tuple<Where, std::int64_t, std::int64_t>, DebitCredit> accounts_;
  std::map<std::pair<Where, std::int64_t>, Sold> products_;  // of all stores together
  // What went from all stores to a place, less what came from it: by month, product and place.
  std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, std::int64_t> moves_;
};

}  // namespace rebuild
