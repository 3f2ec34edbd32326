// PeriodClose: head office's bulletin that the days up to one are closed, with the place in each
// key's chain up to which its messages are in. Whatever comes later for these days is a correction.
// Must not know books. Format: docs/formats/period-close.md.
#pragma once

#include <vector>

#include "core/base/business_day.h"
#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/message.h"
#include "core/retail/summary.h"

namespace rebuild {

// The last message of a key that the period has, which names all before it.
struct CoveredChain {
  core::TillRef till;
  core::Epoch epoch;
  core::Sequence sequence;
  core::envelope::MessageId id;
  bool operator==(const CoveredChain&) const = default;
};

// One part of it: a close of many tills is several bulletins, and in effect with all of them.
struct PeriodClose {
  core::BusinessDay last;
  core::retail::Part part;
  std::vector<CoveredChain> covered;  // ascending by till and epoch; in one part only
  bool operator==(const PeriodClose&) const = default;
};

// Keys that one bulletin can name.
inline constexpr std::size_t kCoveredMax = 1200;

core::Bytes encode_period_close(const PeriodClose& close);
// Accepts what encode_period_close() makes and nothing else. Errors: kMalformed.
core::Result<PeriodClose> decode_period_close(core::ByteView payload);

}  // namespace rebuild
