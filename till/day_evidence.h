// DayEvidence: the Merkle roots of a day, over its documents and over each card batch's.
// Must not know what a day adds up to (core/retail/day_fold.h).
#pragma once

#include <map>

#include "core/retail/document.h"
#include "core/retail/summary.h"
#include "core/tlog/frontier.h"

namespace till {

class DayEvidence {
 public:
  // `leaf`: of the document's body, as RFC 6962 section 2.1 has it. In the order of recording.
  void take(const core::retail::Document& document, const core::envelope::Hash& leaf) {
    documents_.append(leaf);
    if (const auto* card = std::get_if<core::retail::CardResult>(&document)) {
      batches_[{card->terminal, card->batch}].append(leaf);
    }
  }

  void put_into(core::retail::Closing& closing) const {
    if (documents_.size() != 0) closing.root = documents_.root();
    for (const auto& [key, leaves] : batches_) closing.batches.at(key).root = leaves.root();
  }

 private:
  core::tlog::Frontier documents_;
  std::map<core::retail::BatchKey, core::tlog::Frontier> batches_;
};

}  // namespace till
