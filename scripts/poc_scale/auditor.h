// Auditor: what the books must say, computed without the message path.
// Must not share code with tills or posting rules: it includes no header of core/retail, till/ or
// ledger-rebuild/, and a test holds it to that. Claims: docs/sweep.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/business_day.h"
#include "scripts/poc_scale/receipts_file.h"

namespace sweep {

// Plain figures: amounts in minor units, quantities in thousandths.
struct DayFigures {
  std::uint64_t sales = 0;
  std::uint64_t voids = 0;
  std::int64_t net_minor = 0;
  std::int64_t discount_minor = 0;
  std::int64_t coupon_minor = 0;
  std::int64_t received = 0;  // of all products
  std::int64_t consumed = 0;
  bool operator==(const DayFigures&) const = default;
};

struct ProductFigures {
  std::int64_t received = 0;
  std::int64_t consumed = 0;
  bool operator==(const ProductFigures&) const = default;
};

struct OperatorFigures {
  std::uint64_t sales = 0;
  std::int64_t net_minor = 0;
  bool operator==(const OperatorFigures&) const = default;
};

using StoreDayKey = std::pair<std::uint32_t, core::BusinessDay>;

struct Figures {
  std::uint64_t messages = 0;  // 0: as many as the tills wrote, since long days travel in parts
  std::uint64_t documents = 0;
  DayFigures total;
  std::map<StoreDayKey, DayFigures> store_days;
  // By store, then product.
  std::map<std::uint32_t, std::map<std::uint64_t, ProductFigures>> stock;
  // By store, then operator.
  std::map<std::uint32_t, std::map<std::uint32_t, OperatorFigures>> operators;
};

// The GardenWorld table, worked out by hand from the unit's facts (seeds/README.md) for N tills, on
// this day and, if there are more, those after it.
Figures expect_garden(std::uint64_t tills, std::uint64_t days = 1);
// The sums of a receipts file's own columns.
Figures expect_receipts(const ReceiptsFile& file);

// Every difference between what was expected and what was found, in words; at most `max` of them.
std::vector<std::string> differences(const Figures& expected, const Figures& found,
                                     std::size_t max = 10);

}  // namespace sweep
