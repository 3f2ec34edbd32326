// FigureSums: where figures come from: from the months' sums when the range is whole months, which
// is a few rows a store, else from the entries themselves. Both give the same columns. Private to
// the room. Tables: docs/formats/books.md.
#pragma once

#include <limits>
#include <optional>
#include <string>

#include "core/base/business_day.h"
#include "core/base/money.h"
#include "core/sql/database.h"
#include "ledger-rebuild/figures.h"

namespace rebuild {

struct FigureSums {
  bool by_month = false;
  std::int64_t first = 0;  // months, when by_month; else days
  std::int64_t last = 0;

  std::string takings() const;
  std::string accounts() const;
  std::string products() const;
};

// Whether a range is whole months.
bool is_whole_months(const FigureRange& range);
FigureSums figure_sums(const FigureRange& range, bool by_month);

// Calls take(row) for the rows of a query whose ?1 and ?2 are the first and the last day or month.
template <typename Take>
core::Result<void> for_range(core::sql::Database& db, const std::string& sql,
                             const FigureSums& sums, Take take) {
  TRY_ASSIGN(core::sql::Statement rows, db.prepare(sql));
  rows.bind_int(1, sums.first).bind_int(2, sums.last);
  while (true) {
    TRY_ASSIGN(const bool more, rows.step());
    if (!more) return {};
    TRY(take(std::as_const(rows)));
  }
}

}  // namespace rebuild
