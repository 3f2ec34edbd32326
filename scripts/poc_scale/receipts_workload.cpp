// A receipts file as days at tills: baskets become sales, recorded by the till's own operations.
#include <algorithm>

#include "scripts/poc_scale/workload.h"

namespace sweep {
namespace {

using namespace core::retail;
using core::Money;
using core::Result;

constexpr core::TaxCode kNoTax{1};

SaleLine sale_line(const ReceiptLine& receipt, core::Currency currency) {
  SaleLine line;
  line.kind = receipt.quantity.thousandths == 0 ? LineKind::kAmount : LineKind::kProduct;
  line.product = core::ProductId{receipt.product};
  line.quantity = receipt.quantity;
  line.amount = Money{receipt.sales_minor, currency};
  line.discount = Money{receipt.retail_discount_minor + receipt.coupon_match_minor, currency};
  line.tax = kNoTax;
  line.tax_amount = Money{0, currency};
  if (line.kind == LineKind::kProduct) line.consumed.emplace(line.product, line.quantity);
  return line;
}

// A coupon may exceed the receipt: the excess is paid out in cash.
Tenders tenders_of(std::int64_t net_minor, std::int64_t coupon_minor, core::Currency currency) {
  Tenders tenders;
  const std::int64_t customer_minor = net_minor - coupon_minor;
  if (coupon_minor != 0) tenders[TenderKind::kCoupon] = Money{coupon_minor, currency};
  if (customer_minor < 0) {
    tenders[TenderKind::kCouponExcess] = Money{customer_minor, currency};
  } else if (customer_minor > 0) {
    tenders[TenderKind::kCash] = Money{customer_minor, currency};
  }
  return tenders;
}

using BasketLines = std::vector<const ReceiptLine*>;

Sale sale_of(const BasketLines& lines, core::Currency currency) {
  Sale sale;
  sale.currency = currency;
  std::int64_t net_minor = 0;
  std::int64_t coupon_minor = 0;
  for (const ReceiptLine* line : lines) {
    sale.lines.push_back(sale_line(*line, currency));
    net_minor += line->sales_minor;
    coupon_minor += line->coupon_minor;
  }
  sale.tenders = tenders_of(net_minor, coupon_minor, currency);
  return sale;
}

class ReceiptsWorkload final : public Workload {
 public:
  ReceiptsWorkload(const ReceiptsFile& file, Catalog catalog) : catalog_(std::move(catalog)) {
    for (const ReceiptLine& line : file.accepted) {
      stores_[line.store][line.day][line.basket].push_back(&line);
    }
    for (const auto& [store, days] : stores_) order_.push_back(store);
  }

  std::size_t tills() const override { return order_.size(); }
  const Catalog& catalog() const override { return catalog_; }
  core::TillRef till(std::size_t index) const override {
    return {core::StoreId{order_[index]}, core::TillId{1}};
  }

  Result<std::vector<till::DocumentNumbers>> run(till::Till& till,
                                                 std::size_t index) const override {
    std::vector<till::DocumentNumbers> numbers;
    for (const auto& [day, baskets] : stores_.at(order_[index])) {
      TRY(till.open_day(day, {}));  // these shops receive no goods
      for (const auto& [basket, lines] : baskets) {
        TRY_ASSIGN(auto given, till.record_sale(sale_of(lines, catalog_.currency())));
        numbers.push_back(std::move(given));
      }
      TRY(till.close_day());
    }
    return numbers;
  }

 private:
  using Days = std::map<core::BusinessDay, std::map<std::uint64_t, BasketLines>>;
  Catalog catalog_;
  std::map<std::uint32_t, Days> stores_;
  std::vector<std::uint32_t> order_;
};

}  // namespace

Result<std::unique_ptr<Workload>> receipts_workload(const ReceiptsFile& file) {
  TRY_ASSIGN(const auto usd, core::Currency::parse("USD"));
  // Lines carry their own amounts, so the tills need no prices.
  TRY_ASSIGN(Catalog catalog, Catalog::build(usd, {TaxRate{kNoTax, 0}}, {}, {}));
  return std::unique_ptr<Workload>(std::make_unique<ReceiptsWorkload>(file, std::move(catalog)));
}

}  // namespace sweep
