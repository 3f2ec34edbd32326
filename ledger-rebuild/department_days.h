// DepartmentDays: sales by department, one entry a day and currency: what the month's sales up to
// that day come to by departments.h, less what was posted of the month before. Must not know how
// entries are printed.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "ledger-rebuild/departments.h"
#include "ledger-rebuild/export.h"
#include "ledger-rebuild/row_cursor.h"

namespace rebuild {

// Empty when the chart has no account for a department.
class DepartmentDays {
 public:
  // Owner: books and settings must outlive it. Errors of all: kDatabase, kDamaged, kOverflow.
  static core::Result<DepartmentDays> open(const Books& books, const Settings& settings);

  std::optional<core::BusinessDay> next() const;
  // The entries of that day.
  core::Result<void> take(std::vector<ExportEntry>& out);

 private:
  struct Row {
    core::BusinessDay day;
    core::Currency currency;
    core::ProductId product;  // of a sold line
    SoldSum sold;
    core::TaxCode code;  // of a tax code's takings
    std::int64_t gross_minor = 0;
    std::int64_t revenue_minor = 0;
  };
  using Posted = std::map<const ChartAccount*, std::int64_t>;

  explicit DepartmentDays(const Settings& settings) : settings_(&settings) {}
  core::Result<void> take_rows(core::BusinessDay day);
  core::Result<void> post(core::BusinessDay day, core::Currency currency, MonthSales month,
                          std::vector<ExportEntry>& out);

  const Settings* settings_;
  RowCursor<Row> sold_;
  RowCursor<Row> taxed_;
  std::int64_t month_ = 0;
  std::map<core::Currency, MonthSales> sales_;  // of the month so far
  std::map<core::Currency, Posted> posted_;     // likewise
};

}  // namespace rebuild
