// Auditor: its own arithmetic, on purpose plain.
#include "scripts/poc_scale/auditor.h"

#include <set>

namespace sweep {
namespace {

// The unit, restated here from its source so that a wrong seed file shows as a difference.
constexpr std::int64_t kSetPriceMinor = 50000;
constexpr std::uint64_t kPart[] = {133, 134, 135};
constexpr std::int64_t kPartsInSet[] = {4, 1, 1};
constexpr std::int64_t kThousand = 1000;

void count_garden_till(std::uint64_t index, std::uint64_t days_before, Figures& f) {
  const auto store = static_cast<std::uint32_t>(index / 3 + 1);
  const bool third_voided = (index + days_before) % 7 == 0;
  const core::BusinessDay date{20514 + static_cast<std::int32_t>(days_before)};  // 2026-03-02 on
  const std::int64_t sets_sold = third_voided ? 3 : 4;
  DayFigures& day = f.store_days[{store, date}];
  day.sales += third_voided ? 2 : 3;
  day.voids += third_voided ? 1 : 0;
  day.net_minor += sets_sold * kSetPriceMinor;
  for (std::size_t p = 0; p < std::size(kPart); ++p) {
    const std::int64_t received = 4 * kPartsInSet[p] * kThousand;
    const std::int64_t consumed = sets_sold * kPartsInSet[p] * kThousand;
    f.stock[store][kPart[p]].received += received;
    f.stock[store][kPart[p]].consumed += consumed;
    day.received += received;
    day.consumed += consumed;
  }
}

// In the first of each hundred stores operator 1 sells first, 2 the rest, and 1 voids.
void count_garden_operators(std::uint64_t index, std::uint64_t days_before, Figures& f) {
  const auto store = static_cast<std::uint32_t>(index / 3 + 1);
  if (store % 100 != 1) return;
  const bool third_voided = (index + days_before) % 7 == 0;
  OperatorFigures& first = f.operators[store][1];
  first.sales += 1;
  first.net_minor += kSetPriceMinor;
  OperatorFigures& second = f.operators[store][2];
  second.sales += third_voided ? 1 : 2;
  second.net_minor += (third_voided ? 2 : 3) * kSetPriceMinor;
}

void add_up(Figures& f) {
  for (const auto& [key, day] : f.store_days) {
    f.total.sales += day.sales;
    f.total.voids += day.voids;
    f.total.net_minor += day.net_minor;
    f.total.discount_minor += day.discount_minor;
    f.total.coupon_minor += day.coupon_minor;
    f.total.received += day.received;
    f.total.consumed += day.consumed;
  }
}

class Differences {
 public:
  explicit Differences(std::size_t max) : max_(max) {}

  template <typename A, typename B>
  void compare(const std::string& what, A expected, B found) {
    if (expected == found) return;
    if (list_.size() < max_) {
      list_.push_back(what + ": expected " + std::to_string(expected) + ", found " +
                      std::to_string(found));
    }
  }
  void compare(const std::string& what, const DayFigures& e, const DayFigures& f) {
    compare(what + " sales", e.sales, f.sales);
    compare(what + " voids", e.voids, f.voids);
    compare(what + " net", e.net_minor, f.net_minor);
    compare(what + " discount", e.discount_minor, f.discount_minor);
    compare(what + " coupon", e.coupon_minor, f.coupon_minor);
    compare(what + " received", e.received, f.received);
    compare(what + " consumed", e.consumed, f.consumed);
  }
  std::vector<std::string> take() && { return std::move(list_); }

 private:
  std::size_t max_;
  std::vector<std::string> list_;
};

template <typename Map>
std::set<typename Map::key_type> keys_of_both(const Map& a, const Map& b) {
  std::set<typename Map::key_type> keys;
  for (const auto& [key, value] : a) keys.insert(key);
  for (const auto& [key, value] : b) keys.insert(key);
  return keys;
}

template <typename Map, typename Key>
typename Map::mapped_type get(const Map& map, const Key& key) {
  const auto it = map.find(key);
  return it == map.end() ? typename Map::mapped_type{} : it->second;
}

}  // namespace

Figures expect_garden(std::uint64_t tills, std::uint64_t days) {
  Figures f;
  f.messages = 2 * tills * days;   // an opening and a closing
  f.documents = 9 * tills * days;  // order, delivery and invoice of each of three sales
  for (std::uint64_t day = 0; day < days; ++day) {
    for (std::uint64_t index = 0; index < tills; ++index) {
      count_garden_till(index, day, f);
      count_garden_operators(index, day, f);
    }
  }
  add_up(f);
  return f;
}

Figures expect_receipts(const ReceiptsFile& file) {
  Figures f;
  std::map<StoreDayKey, std::set<std::uint64_t>> baskets;
  for (const ReceiptLine& line : file.accepted) {
    const StoreDayKey key{line.store, line.day};
    DayFigures& day = f.store_days[key];
    day.net_minor += line.sales_minor;
    day.discount_minor += line.retail_discount_minor + line.coupon_match_minor;
    day.coupon_minor += line.coupon_minor;
    day.consumed += line.quantity.thousandths;
    baskets[key].insert(line.basket);
    if (line.quantity.thousandths != 0) {
      f.stock[line.store][line.product].consumed += line.quantity.thousandths;
    }
  }
  for (const auto& [key, set] : baskets) {
    f.store_days[key].sales = set.size();
    f.documents += 3 * set.size();
  }
  add_up(f);
  return f;
}

std::vector<std::string> differences(const Figures& expected, const Figures& found,
                                     std::size_t max) {
  Differences d(max);
  d.compare("total", expected.total, found.total);
  d.compare("messages", expected.messages, found.messages);
  for (const StoreDayKey& key : keys_of_both(expected.store_days, found.store_days)) {
    d.compare("store " + std::to_string(key.first) + ", " + core::to_string(key.second),
              get(expected.store_days, key), get(found.store_days, key));
  }
  for (const std::uint32_t store : keys_of_both(expected.stock, found.stock)) {
    const auto e = get(expected.stock, store);
    const auto f = get(found.stock, store);
    for (const std::uint64_t product : keys_of_both(e, f)) {
      const std::string what =
          "store " + std::to_string(store) + ", product " + std::to_string(product);
      d.compare(what + " received", get(e, product).received, get(f, product).received);
      d.compare(what + " consumed", get(e, product).consumed, get(f, product).consumed);
    }
  }
  for (const std::uint32_t store : keys_of_both(expected.operators, found.operators)) {
    const auto e = get(expected.operators, store);
    const auto f = get(found.operators, store);
    for (const std::uint32_t who : keys_of_both(e, f)) {
      const std::string what =
          "store " + std::to_string(store) + ", operator " + std::to_string(who);
      d.compare(what + " sales", get(e, who).sales, get(f, who).sales);
      d.compare(what + " net", get(e, who).net_minor, get(f, who).net_minor);
    }
  }
  return std::move(d).take();
}

}  // namespace sweep
