// The GardenWorld day at a till. The figures that must come out are the auditor's, not this file's.
#include "scripts/poc_scale/workload.h"

namespace sweep {
namespace {

using core::ProductId;
using core::Quantity;

constexpr ProductId kSet{145};
constexpr std::int64_t kSetsReceived = 4;
constexpr std::int64_t kSetsSold[] = {1, 2, 1};
constexpr std::size_t kVoidEvery = 7;
constexpr std::size_t kTillsInStore = 3;
constexpr std::int64_t kMorning_ms = 1'772'442'000'000;  // 2026-03-02 09:00 UTC

class GardenWorkload final : public Workload {
 public:
  GardenWorkload(std::size_t tills, core::retail::Catalog catalog)
      : tills_(tills), catalog_(std::move(catalog)) {}

  std::size_t tills() const override { return tills_; }
  const core::retail::Catalog& catalog() const override { return catalog_; }
  core::TillRef till(std::size_t index) const override {
    return {core::StoreId{static_cast<std::uint32_t>(index / kTillsInStore + 1)},
            core::TillId{static_cast<std::uint32_t>(index % kTillsInStore + 1)}};
  }

  core::Result<std::vector<till::DocumentNumbers>> run(till::Till& till,
                                                       std::size_t index) const override {
    TRY_ASSIGN(const auto day, core::parse_business_day("2026-03-02"));
    TRY_ASSIGN(const auto parts, catalog_.explode(kSet, Quantity{kSetsReceived * Quantity::kUnit}));
    TRY(till.open_day(day, parts));
    std::vector<till::DocumentNumbers> numbers;
    std::int64_t time_ms = kMorning_ms;
    for (const std::int64_t sets : kSetsSold) {
      till::Basket basket;
      basket.lines.push_back(
          {kSet, Quantity{sets * Quantity::kUnit}, core::Money{0, catalog_.currency()}});
      time_ms += 3'600'000;
      TRY_ASSIGN(auto rung, till.ring(basket, time_ms));
      numbers.push_back(std::move(rung.numbers));
    }
    if (index % kVoidEvery == 0) {
      TRY(till.void_sale(numbers.back().at(core::retail::Series::kInvoice), "customer left",
                         time_ms + 60'000));
    }
    TRY(till.close_day());
    return numbers;
  }

 private:
  std::size_t tills_;
  core::retail::Catalog catalog_;
};

}  // namespace

std::unique_ptr<Workload> garden_workload(std::size_t tills, core::retail::Catalog catalog) {
  return std::make_unique<GardenWorkload>(tills, std::move(catalog));
}

}  // namespace sweep
