// GardenWorld days at a till. The figures that must come out are the auditor's, not this file's.
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
// A PIN takes tens of milliseconds, and so only some stores have operators.
constexpr std::uint32_t kStoresWithOperators = 100;
const core::OperatorId kManager{1};
const core::OperatorId kCashier{2};
constexpr const char* kManagersPin = "470113";
constexpr const char* kCashiersPin = "8093";
constexpr std::int64_t kMorning_ms = 1'772'442'000'000;  // 2026-03-02 09:00 UTC
constexpr std::int64_t kDay_ms = 86'400'000;

class GardenWorkload final : public Workload {
 public:
  GardenWorkload(std::size_t tills, std::size_t days, core::retail::Catalog catalog)
      : tills_(tills), days_(days), catalog_(std::move(catalog)) {}

  std::size_t tills() const override { return tills_; }
  std::size_t mornings() const override { return days_; }
  const core::retail::Catalog& catalog() const override { return catalog_; }
  core::TillRef till(std::size_t index) const override {
    return {core::StoreId{static_cast<std::uint32_t>(index / kTillsInStore + 1)},
            core::TillId{static_cast<std::uint32_t>(index % kTillsInStore + 1)}};
  }

  core::Result<std::vector<till::DocumentNumbers>> run(till::Till& till,
                                                       std::size_t index) const override {
    std::vector<till::DocumentNumbers> numbers;
    const bool staffed = this->till(index).store.value % kStoresWithOperators == 1;
    if (staffed) TRY(hire(till));
    for (std::size_t day = 0; day < days_; ++day) TRY(run_day(till, index, day, staffed, numbers));
    return numbers;
  }

 private:
  // Both sign on, and stay so while the journal is open.
  static core::Result<void> hire(till::Till& till) {
    TRY_ASSIGN(const till::Pin managers, till::Pin::from(kManagersPin));
    TRY_ASSIGN(const till::Pin cashiers, till::Pin::from(kCashiersPin));
    TRY(till.operators().add({kManager, "Manager", till::Role::kManager}, managers, kMorning_ms));
    TRY(till.operators().sign_on(kManager, managers, kMorning_ms));
    TRY(till.operators().add({kCashier, "Cashier", till::Role::kCashier}, cashiers, kMorning_ms));
    return till.operators().sign_on(kCashier, cashiers, kMorning_ms);
  }

  core::Result<void> run_day(till::Till& till, std::size_t index, std::size_t days_before,
                             bool staffed, std::vector<till::DocumentNumbers>& numbers) const {
    const auto act_as = [&](core::OperatorId who) {
      if (staffed) till.operators().act_as({who, {}});
    };
    act_as(kManager);
    TRY_ASSIGN(auto day, core::parse_business_day("2026-03-02"));
    day.days += static_cast<std::int32_t>(days_before);
    TRY_ASSIGN(const auto parts, catalog_.explode(kSet, Quantity{kSetsReceived * Quantity::kUnit}));
    TRY(till.open_day(day, parts));
    std::int64_t time_ms = kMorning_ms + static_cast<std::int64_t>(days_before) * kDay_ms;
    for (const std::int64_t sets : kSetsSold) {
      till::Basket basket;
      basket.lines.push_back(
          {kSet, Quantity{sets * Quantity::kUnit}, core::Money{0, catalog_.currency()}});
      time_ms += 3'600'000;
      TRY_ASSIGN(auto rung, till.ring(basket, time_ms));
      numbers.push_back(std::move(rung.numbers));
      act_as(kCashier);
    }
    act_as(kManager);
    if ((index + days_before) % kVoidEvery == 0) {
      TRY(till.void_sale(numbers.back().at(core::retail::Series::kInvoice), "customer left",
                         time_ms + 60'000));
    }
    TRY(till.close_day());
    return {};
  }

  std::size_t tills_;
  std::size_t days_;
  core::retail::Catalog catalog_;
};

}  // namespace

std::unique_ptr<Workload> garden_workload(std::size_t tills, std::size_t days,
                                          core::retail::Catalog catalog) {
  return std::make_unique<GardenWorkload>(tills, days, std::move(catalog));
}

}  // namespace sweep
