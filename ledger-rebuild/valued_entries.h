// ValuedEntries: what the settings make of the books, entry by entry, day by day: goods and points
// of a store's day at what they are worth, changes of worth, sales by department. Together they are
// what valued_sums.h and departments.h say of the same days. Must not know how entries are printed.
// Rules: docs/reading-the-books.md, "Values".
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/base/business_day.h"
#include "core/base/result.h"
#include "ledger-rebuild/books.h"
#include "ledger-rebuild/export.h"
#include "ledger-rebuild/settings.h"

namespace rebuild {

// Owner: books and settings must outlive it. Memory: a few rows a product, and one a count.
class ValuedEntries {
 public:
  // Errors of all: kDatabase, kDamaged, kOverflow.
  static core::Result<ValuedEntries> open(const Books& books, const Settings& settings);
  ValuedEntries(ValuedEntries&&) noexcept;
  ~ValuedEntries();

  // The next day that may have entries; none: there are no more.
  std::optional<core::BusinessDay> next() const;
  // The entries of that day: changes of worth first, then by store, then by currency.
  core::Result<std::vector<ExportEntry>> take();

 private:
  class Impl;
  explicit ValuedEntries(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rebuild
