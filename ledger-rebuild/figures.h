// Figures: what the books say of a stretch of days, added up by one thing at a time: by store,
// till, region, day, month, tender, tax code, account, product or operator, or counts beside what
// must be there; and with head office's settings by department, with what the goods cost.
// Must not know how a table is printed (table.h). Tables behind them: docs/formats/books.md.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/base/business_day.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "ledger-rebuild/books.h"
#include "ledger-rebuild/settings.h"
#include "ledger-rebuild/table.h"

namespace rebuild {

enum class By {
  kStore,
  kTill,
  kRegion,
  kDay,
  kMonth,
  kTender,
  kTax,
  kAccount,
  kProduct,
  kDepartment,
  kOperator,
  kCount,
  kVariance
};

using Regions = std::map<core::StoreId, std::string>;

// A CSV file: store,region. Errors: those of read_csv.
core::Result<Regions> read_regions(const std::filesystem::path& file);

struct FigureRange {
  std::optional<core::BusinessDay> from, to;  // both included; none: from the first, to the last
};

// One row a value and currency. Stores that `regions` does not name are in region "(none)".
// Products come by what was taken for them, the most first; everything else by its name.
//
// kOperator: one row a store and operator, by the numbers that its tills know them by. Documents
// that nobody was signed on for are in none.
// kCount, shrink: the latest count of each store and product in the range, beside what deliveries,
// recipes, adjustments and transfers up to the end of its day leave in the store.
// kVariance: what every count found beside what was there by moves and the counts before it, on the
// day on which it is booked; with products in the settings also what the difference is worth.
// kAccount, kProduct and kDepartment go by the settings, too: the retailer's chart and what goods
// and points are worth. A remark names products that moved and have no cost. Errors: kDatabase,
// kDamaged, kOverflow; kUsage (kDepartment without products in the settings).
core::Result<Table> figures(const Books& books, By by, const FigureRange& range,
                            const Regions& regions, const Settings& settings = Settings{});

}  // namespace rebuild
