// Settings: three files, refused by the line.
#include "ledger-rebuild/settings.h"

#include <algorithm>

#include "core/base/decimal.h"
#include "core/retail/limits.h"
#include "ledger-rebuild/csv_file.h"

namespace rebuild {

using core::BusinessDay;
using core::Currency;
using core::Errc;
using core::fail;
using core::ProductId;
using core::Result;

namespace {

constexpr const char* kChartFile = "accounts.csv";
constexpr const char* kProductsFile = "products.csv";
constexpr const char* kPointsFile = "points.csv";

// "" is the first day.
Result<BusinessDay> day_from(const std::string& text) {
  return text.empty() ? BusinessDay{0} : core::parse_business_day(text);
}

Result<std::int64_t> parse_worth(const std::string& text, Currency currency, const char* what) {
  constexpr int kThousandths = 3;
  const auto worth =
      core::parse_decimal(text, currency.minor_digits() + kThousandths, core::Rounding::kExact);
  if (worth && *worth >= 0 && *worth <= kWorthMax) return *worth;
  return fail(Errc::kMalformed, std::string(what) + " '" + text + "' is no amount of " +
                                    std::string(currency.code()) + " from zero, with up to " +
                                    std::to_string(currency.minor_digits() + kThousandths) +
                                    " decimal places");
}

Result<void> add_step(Worth& steps, WorthStep step) {
  const auto after = std::find_if(steps.begin(), steps.end(),
                                  [&](const WorthStep& s) { return s.from >= step.from; });
  if (after != steps.end() && after->from == step.from) {
    return fail(Errc::kMalformed, "there is a row of this day further up");
  }
  steps.insert(after, step);
  return {};
}

Result<ProductId> product_id(const std::string& text) {
  const auto number = core::parse_unsigned(text);
  if (number && *number <= core::retail::kProductIdMax) return ProductId{*number};
  return fail(Errc::kMalformed, "product '" + text + "' is no number of 63 bits");
}

// product,name,department,tax_code,from,cost,currency
Result<void> take_product_row(Settings& settings, const CsvFields& fields) {
  TRY_ASSIGN(const ProductId id, product_id(fields[0]));
  ProductInfo row;
  row.name = fields[1];
  row.department = fields[2].empty() ? kNoDepartment : fields[2];
  const auto code = core::parse_unsigned(fields[3]);
  if (!code || *code > UINT32_MAX) {
    return fail(Errc::kMalformed, "tax code '" + fields[3] + "' is no number of 32 bits");
  }
  row.tax_code = core::TaxCode{static_cast<std::uint32_t>(*code)};
  if (fields[5].empty() != fields[6].empty() || (fields[5].empty() && !fields[4].empty())) {
    return fail(Errc::kMalformed, "a cost and its currency go together, and a day needs both");
  }
  if (!fields[6].empty()) {
    TRY_ASSIGN(row.currency, Currency::parse(fields[6]));
  }
  const auto [it, is_new] = settings.products.emplace(id, row);
  ProductInfo& product = it->second;
  const bool same = product.name == row.name && product.department == row.department &&
                    product.tax_code == row.tax_code && product.currency == row.currency;
  if (!same) {
    return fail(Errc::kMalformed,
                "name, department, tax code or currency differ from the product's row further up");
  }
  if (fields[5].empty()) {
    if (is_new) return {};
    return fail(Errc::kMalformed, "the product has a row further up");
  }
  TRY_ASSIGN(const BusinessDay from, day_from(fields[4]));
  TRY_ASSIGN(const std::int64_t cost, parse_worth(fields[5], row.currency, "cost"));
  return add_step(product.cost, {from, cost});
}

// from,currency,worth
Result<void> take_points_row(Settings& settings, const CsvFields& fields) {
  TRY_ASSIGN(const BusinessDay from, day_from(fields[0]));
  TRY_ASSIGN(const Currency currency, Currency::parse(fields[1]));
  TRY_ASSIGN(const std::int64_t worth, parse_worth(fields[2], currency, "worth"));
  return add_step(settings.points[currency], {from, worth});
}

Result<void> refuse_strangers(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::directory_iterator it(directory, error);
  if (error) return fail(Errc::kNotFound, directory.string() + ": there is no such directory");
  for (const auto& entry : it) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() != ".csv" || name == kChartFile || name == kProductsFile ||
        name == kPointsFile) {
      continue;
    }
    return fail(Errc::kMalformed, entry.path().string() + ": the settings are " + kChartFile +
                                      ", " + kProductsFile + " and " + kPointsFile);
  }
  return {};
}

}  // namespace

std::int64_t worth_on(const Worth& steps, BusinessDay day) {
  const auto after =
      std::upper_bound(steps.begin(), steps.end(), day,
                       [](BusinessDay d, const WorthStep& step) { return d < step.from; });
  return after == steps.begin() ? 0 : std::prev(after)->worth;
}

const ProductInfo* Settings::find(ProductId id) const {
  const auto it = products.find(id);
  return it == products.end() ? nullptr : &it->second;
}

const ProductInfo* Settings::costed(ProductId id) const {
  const ProductInfo* product = find(id);
  return product == nullptr || product->cost.empty() ? nullptr : product;
}

Result<Settings> read_settings(const std::filesystem::path& directory) {
  TRY(refuse_strangers(directory));
  Settings out;
  const auto there = [&](const char* name) {
    std::error_code ignored;
    return std::filesystem::exists(directory / name, ignored);
  };
  if (there(kChartFile)) {
    TRY_ASSIGN(out.chart, Chart::read(directory / kChartFile));
  }
  out.has_products = there(kProductsFile);
  if (out.has_products) {
    TRY(read_csv(directory / kProductsFile, "product,name,department,tax_code,from,cost,currency",
                 [&](const CsvFields& fields) { return take_product_row(out, fields); }));
  }
  out.has_points = there(kPointsFile);
  if (out.has_points) {
    TRY(read_csv(directory / kPointsFile, "from,currency,worth_of_1000",
                 [&](const CsvFields& fields) { return take_points_row(out, fields); }));
  }
  return out;
}

}  // namespace rebuild
