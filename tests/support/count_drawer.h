// A drawer that was counted, for closings that a test makes by hand.
#pragma once

#include "core/retail/summary.h"

namespace test {

// As if it had been counted with this result.
inline void count_drawer(core::retail::Closing& closing, std::int64_t over_short_minor) {
  closing.over_short = core::Money{over_short_minor, closing.currency};
  closing.counted = *core::add(*expected_cash(closing), closing.over_short);
}

}  // namespace test
