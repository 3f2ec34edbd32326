// FigureSums: the same columns out of two kinds of tables.
#include "ledger-rebuild/figure_sums.h"

#include "ledger-rebuild/month_sums.h"

namespace rebuild {

std::string FigureSums::takings() const {
  if (by_month) return "(SELECT * FROM month_takings WHERE month BETWEEN ?1 AND ?2) AS sums";
  return "(SELECT store, till, booked, currency, sales, voids, refunds, "
         "net_minor + discount_minor AS shelf_minor, discount_minor, net_minor, refunded_minor, "
         "over_short_minor, points_earned, points_redeemed FROM messages WHERE kind = 2 "
         "AND state IN (1, 2) AND booked BETWEEN ?1 AND ?2) AS sums";
}

std::string FigureSums::accounts() const {
  if (by_month) return "(SELECT * FROM month_accounts WHERE month BETWEEN ?1 AND ?2) AS sums";
  return "(SELECT p.account, p.code, p.currency, CASE WHEN p.amount_minor > 0 THEN "
         "p.amount_minor ELSE 0 END AS debit_minor, CASE WHEN p.amount_minor < 0 THEN "
         "-p.amount_minor ELSE 0 END AS credit_minor FROM postings p JOIN messages m ON m.number = "
         "p.message WHERE m.booked BETWEEN ?1 AND ?2) AS sums";
}

std::string FigureSums::products() const {
  if (by_month) return "(SELECT * FROM month_products WHERE month BETWEEN ?1 AND ?2) AS sums";
  return "(SELECT s.product, m.currency, s.thousandths, s.net_minor FROM sold s JOIN messages m "
         "ON m.number = s.message WHERE m.state IN (1, 2) AND m.booked BETWEEN ?1 AND ?2) AS sums";
}

bool is_whole_months(const FigureRange& range) {
  const bool from_first =
      !range.from || month_of(*range.from) != month_of(core::BusinessDay{range.from->days - 1});
  const bool to_last =
      !range.to || month_of(*range.to) != month_of(core::BusinessDay{range.to->days + 1});
  return from_first && to_last;
}

FigureSums figure_sums(const FigureRange& range, bool by_month) {
  constexpr auto kLimits = std::numeric_limits<std::int32_t>();
  if (!by_month) {
    return {false, range.from ? range.from->days : kLimits.min(),
            range.to ? range.to->days : kLimits.max()};
  }
  constexpr std::int64_t kNoMonth = 999999;
  return {true, range.from ? month_of(*range.from) : 0, range.to ? month_of(*range.to) : kNoMonth};
}

}  // namespace rebuild
