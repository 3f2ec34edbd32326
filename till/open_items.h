// Open items: what waits to be finished by a later document, on whatever day: receipts put aside,
// layaways, card authorisations that no receipt took up.
// Must not know where they are kept: the journal's table and the check's map take the same changes.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/base/money.h"
#include "core/base/result.h"
#include "core/retail/document.h"

namespace till {

// The document that opened it.
struct OpenItemKey {
  core::retail::Series series = core::retail::Series::kHold;
  std::uint64_t number = 0;
  auto operator<=>(const OpenItemKey&) const = default;
};

// Of a layaway: what was paid so far; of a card authorisation: its amount; of a held receipt zero.
struct OpenItem {
  OpenItemKey key;
  core::Money amount;
  bool operator==(const OpenItem&) const = default;
};

struct OpenItemChange {
  enum class What { kOpens, kAdds, kCloses };
  What what = What::kOpens;
  OpenItem item;  // of kCloses the key alone counts
};

// What a document does to open items. `cancelled`: the sale that a void is about, else nullptr;
// `card_amount` looks up an authorisation of this till. Errors: those of card_amount, kOverflow.
core::Result<std::vector<OpenItemChange>> open_item_changes(
    const core::retail::Document& document, const core::retail::Sale* cancelled,
    const std::function<core::Result<core::Money>(std::uint64_t number)>& card_amount);

}  // namespace till
