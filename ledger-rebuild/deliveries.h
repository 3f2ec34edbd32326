// Deliveries: what came of head office's dispatch notes, and what differed.
// Must not know how notes travel. Rules: docs/formats/notice.md, "Deliveries".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/business_day.h"
#include "core/base/ids.h"
#include "core/base/quantity.h"
#include "core/base/result.h"
#include "ledger-rebuild/books.h"

namespace rebuild {

// One opening that received against notes.
struct Delivery {
  core::BusinessDay day;
  core::TillRef till;
  std::vector<std::uint64_t> notes;  // ascending
  std::vector<std::uint64_t> again;  // those of them that the store had received before
  struct Difference {
    core::ProductId product;
    core::Quantity quantity;  // received less sent
  };
  std::vector<Difference> differences;  // ascending product
};

// Of openings that hold, by day, store and till. Errors: those of the database.
core::Result<std::vector<Delivery>> read_deliveries(const Books& books);

std::string deliveries_text(const std::vector<Delivery>& deliveries);
// An object a difference, and one without a product for a delivery without any.
std::string deliveries_json(const std::vector<Delivery>& deliveries);

}  // namespace rebuild
