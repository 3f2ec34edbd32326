// DayFold: a day's documents, added up. The closing is this sum, with its Merkle roots and what is
// carried over from day to day put in by the till (till/day_evidence.h).
// Must not know where documents come from or where the closing goes.
#pragma once

#include "core/base/result.h"
#include "core/retail/document.h"
#include "core/retail/summary.h"

namespace core::retail {

class DayFold {
 public:
  DayFold(BusinessDay day, Currency currency) : closing_(empty_closing(day, currency)) {}

  // Takes up one document of the day. `cancelled` is the sale that a void is about, which this fold
  // took up before; nullptr of every other document.
  // Errors: kMalformed (another day), kCurrency, kOverflow (a sum beyond kFigureMax of limits.h);
  // the fold must not be used after one.
  Result<void> add(const Document& document, const Sale* cancelled = nullptr);

  // The drawer's count against the expected cash. Errors: kCurrency, kOverflow.
  Result<void> count_cash(Money counted);

  const Closing& closing() const { return closing_; }

 private:
  Result<void> take(const Sale& sale);
  Result<void> take(const Refund& refund);
  Result<void> take(const Void&) { return {}; }  // take_back() does it
  Result<void> take(const CashMovement& movement);
  Result<void> take(const NoSale&);
  Result<void> take(const StockMovement& movement);
  Result<void> take(const Hold&) { return {}; }
  Result<void> take(const Layaway& layaway);
  Result<void> take(const Training&);
  Result<void> take(const Copy&);
  Result<void> take(const CardResult& result);
  Result<void> take_back(const Sale& sale);
  // `sign` 1 adds, -1 takes out again.
  Result<void> add_sale(const Sale& sale, int sign);
  Result<void> add_line(const SaleLine& line, int sign);
  // Adds to an operator's row, if it is one. `add`: Result<void>(OperatorRow&).
  template <typename Add>
  Result<void> add_operator(OperatorId id, Add add);
  Result<void> add_product(Components& rows, ProductId product, Quantity quantity);
  // Goods that went onto the shelf, or, below zero, from it.
  Result<void> move_on_hand(ProductId product, Quantity quantity);
  Result<void> add_points(const std::optional<MemberKey>& member, std::int64_t earned,
                          std::int64_t redeemed, int sign);
  Result<void> add_deposit_taxes(const std::map<TaxCode, Money>& taxes, int sign);
  Result<void> add_tenders(const Tenders& tenders, int sign);

  Closing closing_;
};

}  // namespace core::retail
