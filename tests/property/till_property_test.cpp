// Random days on random catalogs: what closings and outbox say equals what this test added up
// itself, from its own explosion of the bill of materials.
#include <doctest/doctest.h>

#include <cstdlib>
#include <map>

#include "core/base/random.h"
#include "tests/unit/till_samples.h"

using namespace till_test;
using core::ProductId;
using core::retail::TenderKind;
using till::Till;

namespace {

constexpr std::uint64_t kProducts = 12;

// The test's own view of a catalog: plain numbers.
struct Model {
  std::map<std::uint64_t, std::int64_t> price;  // cents a unit; 0: none
  std::map<std::uint64_t, std::int32_t> basis_points;
  std::map<std::uint64_t, std::uint32_t> tax;
  std::map<std::uint64_t, std::map<std::uint64_t, std::int64_t>> parts;  // whole units; kits only

  void explode(std::uint64_t id, std::int64_t times,
               std::map<std::uint64_t, std::int64_t>& into) const {
    const auto it = parts.find(id);
    if (it == parts.end()) {
      into[id] += times;
      return;
    }
    for (const auto& [part, count] : it->second) explode(part, times * count, into);
  }
};

// Products only contain products of lower numbers, so there is no cycle.
Model random_model(core::Random& random) {
  Model model;
  model.basis_points = {{1, 0}, {2, 825}, {3, 1900}};
  for (std::uint64_t id = 1; id <= kProducts; ++id) {
    model.price[id] =
        random.between(0, 9) == 0 ? 0 : static_cast<std::int64_t>(random.between(1, 99999));
    model.tax[id] = static_cast<std::uint32_t>(random.between(1, 3));
    if (id > 3 && random.between(0, 1) == 0) {
      for (std::uint64_t n = random.between(1, 3); n > 0; --n) {
        model.parts[id][random.between(1, id - 1)] =
            static_cast<std::int64_t>(random.between(1, 4));
      }
    }
  }
  return model;
}

core::retail::Catalog catalog_of(const Model& model) {
  std::vector<core::retail::TaxRate> taxes;
  for (const auto& [code, rate] : model.basis_points) {
    taxes.push_back({core::TaxCode{static_cast<std::uint32_t>(code)}, rate});
  }
  std::vector<core::retail::Product> products;
  std::vector<core::retail::BomLine> bom;
  for (const auto& [id, price] : model.price) {
    core::retail::Product product{ProductId{id},
                                  "p",
                                  {},
                                  core::TaxCode{model.tax.at(id)},
                                  core::retail::ProductKind::kStocked};
    if (price != 0) product.price = usd(price);
    const auto it = model.parts.find(id);
    if (it != model.parts.end()) {
      product.kind = core::retail::ProductKind::kKit;
      for (const auto& [part, count] : it->second) {
        bom.push_back({ProductId{id}, ProductId{part}, units(count)});
      }
    }
    products.push_back(product);
  }
  return core::retail::Catalog::build(kUsd, taxes, products, bom).value();
}

// What the test expects of a day.
struct Sums {
  std::uint64_t sales = 0;
  std::uint64_t voids = 0;
  std::int64_t net = 0;
  std::int64_t discount = 0;
  std::map<std::uint32_t, std::int64_t> gross_by_tax;
  std::map<std::uint32_t, std::int64_t> tax_by_code;
  std::map<TenderKind, std::int64_t> tenders;
  std::map<std::uint64_t, std::int64_t> consumed;  // whole units

  void add(const Sums& sale) {
    ++sales;
    net += sale.net;
    discount += sale.discount;
    for (const auto& [k, v] : sale.gross_by_tax) gross_by_tax[k] += v;
    for (const auto& [k, v] : sale.tax_by_code) tax_by_code[k] += v;
    for (const auto& [k, v] : sale.tenders) tenders[k] += v;
    for (const auto& [k, v] : sale.consumed) consumed[k] += v;
  }
};

std::int64_t tax_inside(std::int64_t amount, std::int32_t basis_points) {
  const std::int64_t divisor = 10000 + basis_points;
  return (2 * amount * basis_points + divisor) / (2 * divisor);
}

// Builds a basket and, beside it, what it must come to.
std::pair<till::Basket, Sums> random_sale(const Model& model, core::Random& random) {
  till::Basket basket;
  Sums sums;
  for (std::uint64_t n = random.between(1, 4); n > 0; --n) {
    const std::uint64_t id = random.between(1, kProducts);
    if (model.price.at(id) == 0) continue;
    const auto count = static_cast<std::int64_t>(random.between(1, 5));
    const std::int64_t shelf = count * model.price.at(id);
    const std::int64_t discount =
        random.between(0, 3) == 0
            ? static_cast<std::int64_t>(random.between(0, static_cast<std::uint64_t>(shelf)))
            : 0;
    basket.lines.push_back({ProductId{id}, units(count), usd(discount)});
    sums.net += shelf - discount;
    sums.discount += discount;
    const std::uint32_t code = model.tax.at(id);
    sums.gross_by_tax[code] += shelf - discount;
    model.explode(id, count, sums.consumed);
  }
  // One rounding a code and receipt.
  for (const auto& [code, gross] : sums.gross_by_tax) {
    sums.tax_by_code[code] = tax_inside(gross, model.basis_points.at(code));
  }
  const auto share =
      static_cast<std::int64_t>(random.between(0, static_cast<std::uint64_t>(sums.net)));
  switch (random.between(0, 3)) {
    case 0:  // exact cash, not said
      sums.tenders[TenderKind::kCash] = sums.net;
      break;
    case 1:  // part card, cash with change
      basket.tendered = {{TenderKind::kCard, usd(share)},
                         {TenderKind::kCash, usd(sums.net - share + 77)}};
      sums.tenders = {{TenderKind::kCard, share}, {TenderKind::kCash, sums.net - share}};
      break;
    case 2:  // coupon above the total
      basket.tendered = {{TenderKind::kCoupon, usd(sums.net + 30)}};
      sums.tenders = {{TenderKind::kCoupon, sums.net + 30}, {TenderKind::kCouponExcess, -30}};
      break;
    default:  // all card
      basket.tendered = {{TenderKind::kCard, usd(sums.net)}};
      sums.tenders = {{TenderKind::kCard, sums.net}};
      break;
  }
  return {basket, sums};
}

// Zero rows may be left out of a closing; they are left out of both sides here.
template <typename Map>
Map without_zeros(Map map) {
  std::erase_if(map, [](const auto& row) { return row.second == 0; });
  return map;
}

void expect_equal(const core::retail::Closing& closing, const Sums& sums) {
  CHECK(closing.sales == sums.sales);
  CHECK(closing.voids == sums.voids);
  CHECK(closing.net.minor == sums.net);
  CHECK(closing.discount.minor == sums.discount);
  Sums said;
  for (const auto& [code, row] : closing.taxes) {
    said.gross_by_tax[code.value] = row.gross.minor;
    said.tax_by_code[code.value] = row.tax.minor;
  }
  for (const auto& [kind, money] : closing.tenders) said.tenders[kind] = money.minor;
  for (const auto& [id, quantity] : closing.consumed) {
    CHECK(quantity.thousandths % core::Quantity::kUnit == 0);
    said.consumed[id.value] = quantity.thousandths / core::Quantity::kUnit;
  }
  CHECK(without_zeros(said.gross_by_tax) == without_zeros(sums.gross_by_tax));
  CHECK(without_zeros(said.tax_by_code) == without_zeros(sums.tax_by_code));
  CHECK(without_zeros(said.tenders) == without_zeros(sums.tenders));
  CHECK(without_zeros(said.consumed) == without_zeros(sums.consumed));
}

// One day: sales, voids, refused attempts, restarts and a new catalog in between.
Sums random_day(Shop& shop, Model& model, core::Random& random) {
  std::map<std::uint64_t, Sums> by_invoice;
  Sums day;
  for (std::uint64_t n = random.between(0, 25); n > 0; --n) {
    const std::uint64_t dice = random.between(0, 19);
    if (dice == 0) {
      model = random_model(random);
      shop.step([&](Till& t) { return t.replace_catalog(catalog_of(model)); });
    } else if (dice <= 3 && !by_invoice.empty()) {
      auto it = by_invoice.begin();
      std::advance(it, random.between(0, by_invoice.size() - 1));
      shop.step([&](Till& t) { return t.void_sale(it->first, "random", 1); });
      by_invoice.erase(it);
      ++day.voids;
    } else if (dice == 4) {
      shop.refuses(core::Errc::kMalformed,
                   [](Till& t) { return t.ring(basket_of(ProductId{1}, units(0)), 1); });
    } else {
      const auto [basket, sums] = random_sale(model, random);
      if (basket.lines.empty()) continue;
      by_invoice[shop.ring(basket).numbers.at(core::retail::Series::kInvoice)] = sums;
    }
  }
  for (const auto& [number, sums] : by_invoice) day.add(sums);
  return day;
}

}  // namespace

TEST_CASE("the closing of a random day is the sum of its documents") {
  const char* chosen = std::getenv("DAYBOOK_SEED");
  const std::uint64_t first = chosen == nullptr ? 1 : std::stoull(chosen);
  const std::uint64_t last = chosen == nullptr ? 40 : first;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    INFO("repeat with: DAYBOOK_SEED=" << seed << " test_till_property");
    core::Random random(seed);
    Model model = random_model(random);
    Shop shop(catalog_of(model));
    for (std::int32_t number = 1; number <= 3; ++number) {
      shop.step([&](Till& t) { return t.open_day(day(number), {}); });
      const Sums expected = random_day(shop, model, random);
      expect_equal(shop.step([](Till& t) { return t.day_so_far(); }), expected);
      expect_equal(shop.close_day(), expected);
      expect_equal(std::get<core::retail::Closing>(shop.summary_of(shop.messages().back())),
                   expected);
    }
    shop.check();
  }
}
