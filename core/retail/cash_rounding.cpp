// Cash rounding: to the nearest multiple of the smallest coin, with the one rounding function.
// Must not know which currency has which coin. Rules: core/retail/cash_rounding.h.
#include "core/retail/cash_rounding.h"

#include <string>

#include "core/base/arithmetic.h"

namespace core::retail {

Result<CashRounding> round_cash(Money exact, std::int64_t step_minor) {
  if (step_minor < 1) {
    return fail(Errc::kMalformed, "a cash rounding step of " + std::to_string(step_minor) +
                                      " minor units; it is 1 for none, or more");
  }
  TRY_ASSIGN(const std::int64_t steps, round_half_away(exact.minor, step_minor));
  TRY_ASSIGN(const std::int64_t rounded, divide_exact(Int128{steps} * step_minor, 1));
  const Money due{rounded, exact.currency};
  TRY_ASSIGN(const Money difference, subtract(due, exact));
  return CashRounding{due, difference};
}

}  // namespace core::retail
