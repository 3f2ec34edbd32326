// Random shelves, random sales beside what they must come to, and what refunds give back.
// Must not use the till's, or core's, pricing and sums.
#include <algorithm>

#include "tests/crash/till_model.h"

namespace test {
namespace {

using core::retail::TenderKind;

const core::Currency kUsd = core::Currency::parse("USD").value();
constexpr std::int32_t kRates[] = {0, 825, 1900};  // basis points of tax codes 1 to 3

core::Money usd(std::int64_t minor) {
  return {minor, kUsd};
}
core::Quantity units(std::int64_t count) {
  return {count * core::Quantity::kUnit};
}

std::uint64_t of(TenderKind kind) {
  return static_cast<std::uint64_t>(kind);
}

std::int64_t tax_inside(std::int64_t amount, std::int32_t basis_points) {
  const std::int64_t divisor = 10000 + basis_points;
  return (2 * amount * basis_points + divisor) / (2 * divisor);
}

// Gives each line of a code its whole cents of the code's tax, and what is then missing, a cent a
// line, to those that lost most.
void share_tax(std::vector<LineFacts>& lines, std::uint64_t code, std::int64_t tax) {
  const std::int64_t rate = kRates[code - 1];
  std::vector<std::pair<std::int64_t, std::size_t>> lost;  // negative, so that most comes first
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].tax != code) continue;
    lines[i].tax_amount = lines[i].amount * rate / (10000 + rate);
    tax -= lines[i].tax_amount;
    lost.emplace_back(-(lines[i].amount * rate % (10000 + rate)), i);
  }
  std::sort(lost.begin(), lost.end());
  for (std::int64_t n = 0; n < tax; ++n)
    ++lines[lost.at(static_cast<std::size_t>(n)).second].tax_amount;
}

}  // namespace

std::int64_t SaleFacts::left_of(std::uint64_t line) const {
  std::int64_t left = lines.at(line).count;
  for (const RefundFacts& refund : refunds) left -= refund.line == line ? refund.count : 0;
  return left;
}

// Each amount is the share of all that was given back so far, rounded, less what was paid before.
RefundFacts SaleFacts::refund_of(std::uint64_t line, std::int64_t count, bool restock) const {
  const LineFacts& sold = lines.at(line);
  const std::int64_t before = sold.count - left_of(line);
  const auto share = [&](std::int64_t whole) {
    const auto until = [&](std::int64_t given) {
      return (2 * whole * given + sold.count) / (2 * sold.count);
    };
    return until(before + count) - until(before);
  };
  RefundFacts out;
  out.line = line;
  out.count = count;
  out.restock = restock;
  out.amount = share(sold.amount);
  out.discount = share(sold.discount);
  out.tax = sold.tax;
  out.tax_amount = share(sold.tax_amount);
  if (!restock) return out;
  for (const auto& [id, all] : sold.consumed) out.back_on_shelf[id] = all / sold.count * count;
  return out;
}

Shelf random_shelf(core::Random& random, std::uint64_t products, std::size_t name_bytes) {
  Shelf shelf;
  for (std::uint64_t id = 1; id <= products; ++id) {
    ShelfProduct& product = shelf[id];
    product.name = std::string(name_bytes, static_cast<char>('a' + random.between(0, 25)));
    product.price = static_cast<std::int64_t>(random.between(1, 99999));
    product.tax = random.between(1, 3);
    if (id % 4 != 0) continue;  // kits contain stocked products only
    for (std::uint64_t back = 1; back <= random.between(1, 3); ++back) {
      product.parts[id - back] = static_cast<std::int64_t>(random.between(1, 4));
    }
  }
  return shelf;
}

core::retail::Catalog catalog_of(const Shelf& shelf) {
  std::vector<core::retail::TaxRate> taxes;
  for (std::uint32_t code = 1; code <= 3; ++code) {
    taxes.push_back({core::TaxCode{code}, kRates[code - 1]});
  }
  std::vector<core::retail::Product> products;
  std::vector<core::retail::BomLine> bom;
  for (const auto& [id, product] : shelf) {
    products.push_back({core::ProductId{id}, product.name, usd(product.price),
                        core::TaxCode{static_cast<std::uint32_t>(product.tax)},
                        product.parts.empty() ? core::retail::ProductKind::kStocked
                                              : core::retail::ProductKind::kKit});
    for (const auto& [part, count] : product.parts) {
      bom.push_back({core::ProductId{id}, core::ProductId{part}, units(count)});
    }
  }
  return core::retail::Catalog::build(kUsd, taxes, std::move(products), std::move(bom)).value();
}

PlannedSale random_sale(core::Random& random, const Shelf& shelf, std::uint64_t lines_max) {
  PlannedSale out;
  for (std::uint64_t n = random.between(1, lines_max); n > 0; --n) {
    const std::uint64_t id = random.between(1, shelf.size());
    const ShelfProduct& product = shelf.at(id);
    const auto count = static_cast<std::int64_t>(random.between(1, 5));
    const std::int64_t shelf_price = count * product.price;
    const std::int64_t discount =
        random.between(0, 3) == 0
            ? static_cast<std::int64_t>(random.between(0, static_cast<std::uint64_t>(shelf_price)))
            : 0;
    LineFacts line{id, count, shelf_price - discount, discount, product.tax, 0, {}};
    if (product.parts.empty()) line.consumed[id] = count;
    for (const auto& [part, each] : product.parts) line.consumed[part] = count * each;
    out.basket.lines.push_back({core::ProductId{id}, units(count), usd(discount)});
    out.facts.lines.push_back(std::move(line));
  }
  Amounts gross;
  for (const LineFacts& line : out.facts.lines) gross[line.tax] += line.amount;
  for (const auto& [code, sum] : gross) {
    out.facts.taxes[code] = tax_inside(sum, kRates[code - 1]);
    share_tax(out.facts.lines, code, out.facts.taxes[code]);
  }
  const std::int64_t total = out.facts.total();
  const auto card = static_cast<std::int64_t>(random.between(0, static_cast<std::uint64_t>(total)));
  switch (random.between(0, 3)) {
    case 0:  // exact cash, not said
      out.facts.tenders = {{of(TenderKind::kCash), total}};
      break;
    case 1:  // part card, cash with change
      out.basket.tendered = {{TenderKind::kCard, usd(card)},
                             {TenderKind::kCash, usd(total - card + 77)}};
      out.facts.tenders = {{of(TenderKind::kCard), card}, {of(TenderKind::kCash), total - card}};
      break;
    case 2:  // a coupon above the total
      out.basket.tendered = {{TenderKind::kCoupon, usd(total + 30)}};
      out.facts.tenders = {{of(TenderKind::kCoupon), total + 30},
                           {of(TenderKind::kCouponExcess), -30}};
      break;
    default:
      out.basket.tendered = {{TenderKind::kCard, usd(total)}};
      out.facts.tenders = {{of(TenderKind::kCard), total}};
      break;
  }
  return out;
}

}  // namespace test
