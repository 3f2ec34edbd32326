// Document: pricing, checking and encoding one sale.
#include "core/retail/document.h"

#include "core/base/arithmetic.h"
#include "core/retail/fields.h"
#include "core/retail/limits.h"

namespace core::retail {
namespace {

constexpr std::uint64_t kKindSale = 1;

std::string named(ProductId id) {
  return "product " + to_string(id);
}

Result<void> check_line(const SaleLine& line, Currency currency) {
  if (line.amount.currency != currency || line.discount.currency != currency ||
      line.tax_amount.currency != currency) {
    return fail(Errc::kCurrency,
                named(line.product) + ": the line is not in " + std::string(currency.code()));
  }
  TRY(check_product_id(line.product));
  const bool is_product = line.kind == LineKind::kProduct;
  if (is_product && line.quantity.thousandths <= 0) {
    return fail(Errc::kMalformed, named(line.product) + ": the quantity is not above zero");
  }
  if (!is_product && (line.quantity.thousandths != 0 || !line.consumed.empty())) {
    return fail(Errc::kMalformed, named(line.product) + ": an amount line has no quantity");
  }
  return {};
}

void write_line(CborWriter& w, const SaleLine& line) {
  w.array(8);
  w.unsigned_integer(static_cast<std::uint64_t>(line.kind));
  w.unsigned_integer(line.product.value);
  w.integer(line.quantity.thousandths);
  w.array(line.unit_price ? 1 : 0);
  if (line.unit_price) w.integer(line.unit_price->minor);
  w.integer(line.amount.minor);
  w.integer(line.discount.minor);
  w.array(2);
  w.unsigned_integer(line.tax.value);
  w.integer(line.tax_amount.minor);
  write_components(w, line.consumed);
}

Result<Money> read_money(CborReader& r, Currency currency) {
  TRY_ASSIGN(const std::int64_t minor, r.integer());
  return Money{minor, currency};
}

Result<void> expect(CborReader& r, std::size_t at, bool as_expected, std::string_view what) {
  if (!as_expected) return r.refuse(at, what);
  return {};
}

Result<SaleLine> read_line(CborReader& r, Currency currency) {
  SaleLine line;
  std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t items, r.array());
  TRY(expect(r, at, items == 8, "a line has 8 items"));
  at = r.offset();
  TRY_ASSIGN(const std::uint64_t kind, r.unsigned_integer());
  TRY(expect(r, at, kind == 1 || kind == 2, "unknown line kind"));
  line.kind = static_cast<LineKind>(kind);
  TRY_ASSIGN(line.product, read_id<ProductId>(r));
  TRY_ASSIGN(line.quantity.thousandths, r.integer());
  at = r.offset();
  TRY_ASSIGN(const std::size_t prices, r.array());
  TRY(expect(r, at, prices <= 1, "a line has one unit price or none"));
  if (prices == 1) {
    TRY_ASSIGN(line.unit_price, read_money(r, currency));
  }
  TRY_ASSIGN(line.amount, read_money(r, currency));
  TRY_ASSIGN(line.discount, read_money(r, currency));
  at = r.offset();
  TRY_ASSIGN(const std::size_t tax_items, r.array());
  TRY(expect(r, at, tax_items == 2, "a line's tax has 2 items"));
  TRY_ASSIGN(line.tax, read_id<TaxCode>(r));
  TRY_ASSIGN(line.tax_amount, read_money(r, currency));
  TRY_ASSIGN(line.consumed, read_components(r));
  return line;
}

Result<std::map<Series, std::uint64_t>> read_numbers(CborReader& r) {
  std::map<Series, std::uint64_t> numbers;
  TRY_ASSIGN(const std::size_t pairs, r.map());
  for (std::size_t i = 0; i < pairs; ++i) {
    const std::size_t at = r.offset();
    TRY_ASSIGN(const std::uint64_t series, r.unsigned_integer());
    TRY(expect(r, at, series >= 1 && series <= 3, "unknown document series"));
    TRY_ASSIGN(const std::uint64_t number, r.unsigned_integer());
    numbers.emplace(static_cast<Series>(series), number);
  }
  return numbers;
}

}  // namespace

std::string document_number(TillRef till, Series series, std::uint64_t counter) {
  static constexpr std::string_view kNames[] = {"", "order", "delivery", "invoice"};
  std::string digits = std::to_string(counter);
  if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
  return to_string(till) + "-" + std::string(kNames[static_cast<std::size_t>(series)]) + "-" +
         digits;
}

Result<SaleLine> price_line(const Catalog& catalog, ProductId id, Quantity quantity,
                            Money discount) {
  const Product* product = catalog.find(id);
  if (product == nullptr) return fail(Errc::kNotFound, named(id) + " is not in the catalog");
  if (!product->price) {
    return fail(Errc::kMalformed, named(id) + " has no price; load a catalog that prices it");
  }
  if (quantity.thousandths <= 0) {
    return fail(Errc::kMalformed, named(id) + ": the quantity is not above zero");
  }
  SaleLine line;
  line.product = id;
  line.quantity = quantity;
  line.unit_price = product->price;
  TRY_ASSIGN(
      const std::int64_t shelf_minor,
      round_half_away(Int128{product->price->minor} * quantity.thousandths, Quantity::kUnit));
  TRY_ASSIGN(line.amount, subtract(Money{shelf_minor, product->price->currency}, discount));
  if (discount.minor < 0 || line.amount.minor < 0) {
    return fail(Errc::kMalformed, named(id) + ": the discount is below zero or above the price");
  }
  line.discount = discount;
  line.tax = product->tax;
  const TaxRate* rate = catalog.find_tax(product->tax);
  CORE_CHECK(rate != nullptr);  // Catalog::build refuses a product without its tax
  TRY_ASSIGN(line.tax_amount, included_tax(line.amount, *rate));
  TRY_ASSIGN(line.consumed, catalog.explode(id, quantity));
  return line;
}

Result<Money> net_of(const Sale& sale) {
  Money sum{0, sale.currency};
  for (const SaleLine& line : sale.lines) {
    TRY_ASSIGN(sum, add(sum, line.amount));
  }
  return sum;
}

Result<void> check_sale(const Sale& sale) {
  if (sale.lines.empty()) return fail(Errc::kMalformed, "a sale without a line");
  for (const SaleLine& line : sale.lines) TRY(check_line(line, sale.currency));
  TRY_ASSIGN(const Money net, net_of(sale));
  Money tendered{0, sale.currency};
  for (const auto& [kind, amount] : sale.tenders) {
    TRY_ASSIGN(tendered, add(tendered, amount));
  }
  if (tendered != net) {
    return fail(Errc::kUnbalanced, "the tenders add up to " + to_string(tendered) +
                                       ", the lines to " + to_string(net));
  }
  return {};
}

Bytes encode_sale(const Sale& sale) {
  CborWriter w;
  w.array(7);
  w.unsigned_integer(kKindSale);
  w.unsigned_integer(static_cast<std::uint64_t>(sale.day.days));
  w.integer(sale.time_ms);
  w.text(sale.currency.code());
  w.map(sale.numbers.size());
  for (const auto& [series, number] : sale.numbers) {
    w.unsigned_integer(static_cast<std::uint64_t>(series));
    w.unsigned_integer(number);
  }
  w.array(sale.lines.size());
  for (const SaleLine& line : sale.lines) write_line(w, line);
  write_tenders(w, sale.tenders);
  return std::move(w).take();
}

Result<Sale> decode_sale(ByteView body) {
  CborReader r(body);
  Sale sale;
  TRY_ASSIGN(const std::size_t items, r.array());
  TRY(expect(r, 0, items == 7, "a sale has 7 items"));
  TRY_ASSIGN(const std::uint64_t kind, r.unsigned_integer());
  TRY(expect(r, 1, kind == kKindSale, "unknown document kind"));
  TRY_ASSIGN(sale.day, read_day(r));
  TRY_ASSIGN(sale.time_ms, r.integer());
  TRY_ASSIGN(sale.currency, read_currency(r));
  TRY_ASSIGN(sale.numbers, read_numbers(r));
  TRY_ASSIGN(const std::size_t lines, r.array());
  for (std::size_t i = 0; i < lines; ++i) {
    TRY_ASSIGN(SaleLine line, read_line(r, sale.currency));
    sale.lines.push_back(std::move(line));
  }
  TRY_ASSIGN(sale.tenders, read_tenders(r, sale.currency));
  TRY(r.finish());
  return sale;
}

}  // namespace core::retail
