// Settings: what head office alone knows and no till says: its chart of accounts, what products are
// and cost, what points are worth. A directory of CSV files, each of which may be missing.
// Must not know the books. Format: docs/formats/settings.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/base/business_day.h"
#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/result.h"
#include "ledger-rebuild/chart.h"

namespace rebuild {

// What one unit is worth from a day on, in thousandths of a minor unit. Shape: 0 .. kWorthMax.
struct WorthStep {
  core::BusinessDay from;
  std::int64_t worth = 0;
};
using Worth = std::vector<WorthStep>;  // ascending days

inline constexpr std::int64_t kWorthMax = 1'000'000'000'000'000;

// Before the first step a thing is worth nothing.
std::int64_t worth_on(const Worth& steps, core::BusinessDay day);

inline constexpr const char* kNoDepartment = "(none)";

struct ProductInfo {
  std::string name;
  std::string department;
  core::TaxCode tax_code;
  core::Currency currency;  // of the cost
  Worth cost;               // of one unit; empty: none, as of a kit, which is never on the shelf
};

struct Settings {
  Chart chart = Chart::standard();
  std::map<core::ProductId, ProductInfo> products;
  std::map<core::Currency, Worth> points;  // of 1000 points
  bool has_products = false;
  bool has_points = false;

  // The product when it has a cost, else nullptr: its stock is not valued.
  const ProductInfo* costed(core::ProductId id) const;
  const ProductInfo* find(core::ProductId id) const;
};

// Errors: kNotFound (no such directory); those of read_csv, for each file by the line; kMalformed
// (a CSV file of another name: what is misspelt must not be passed over).
core::Result<Settings> read_settings(const std::filesystem::path& directory);

}  // namespace rebuild
