// DayFold: a day's documents, added up. The closing is this sum and nothing else.
// Must not know where documents come from or where the closing goes.
#pragma once

#include "core/base/result.h"
#include "core/retail/document.h"
#include "core/retail/summary.h"

namespace core::retail {

class DayFold {
 public:
  DayFold(BusinessDay day, Currency currency) : closing_(empty_closing(day, currency)) {}

  // Takes up one sale of the day. A voided sale counts as a void and adds nothing else.
  // Errors: kMalformed (another day), kCurrency, kOverflow (a sum beyond kFigureMax of limits.h);
  // the fold must not be used after one.
  Result<void> add(const Sale& sale, bool voided);

  // The drawer's count against the expected cash. Errors: kCurrency, kOverflow.
  Result<void> count_cash(Money counted);

  const Closing& closing() const { return closing_; }

 private:
  Result<void> add_line(const SaleLine& line);

  Closing closing_;
};

}  // namespace core::retail
