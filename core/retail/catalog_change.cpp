// CatalogChange: found by walking both catalogs side by side, and put on by building a new one.
#include "core/retail/catalog_change.h"

#include <set>
#include <utility>

#include "core/base/check.h"
#include "core/retail/fields.h"

namespace core::retail {
namespace {

using BomByKit = std::map<ProductId, std::vector<BomLine>>;

BomByKit by_kit(const Catalog* catalog) {
  BomByKit out;
  if (catalog == nullptr) return out;
  for (const BomLine& line : catalog->bom()) out[line.parent].push_back(line);
  return out;
}

constexpr std::size_t kChangeItems = 6;
constexpr std::size_t kProductItems = 6;  // and the price, where there is one
constexpr std::size_t kBomItems = 2;

void write_changed_product(CborWriter& w, const Product& product) {
  w.array(kProductItems + (product.price ? 1 : 0));
  w.unsigned_integer(product.id.value);
  w.text(product.name);
  w.unsigned_integer(product.tax.value);
  w.boolean(product.kind == ProductKind::kKit);
  w.text(product.unit);
  w.boolean(product.whole);
  if (product.price) w.integer(product.price->minor);
}

Result<Product> read_changed_product(CborReader& r, Currency currency) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items != kProductItems && items != kProductItems + 1) {
    return r.refuse(at, "a product has 6 items, or 7");
  }
  Product product;
  TRY_ASSIGN(product.id, read_id<ProductId>(r));
  TRY_ASSIGN(product.name, r.text());
  TRY_ASSIGN(product.tax, read_id<TaxCode>(r));
  TRY_ASSIGN(const bool kit, r.boolean());
  product.kind = kit ? ProductKind::kKit : ProductKind::kStocked;
  TRY_ASSIGN(product.unit, r.text());
  TRY_ASSIGN(product.whole, r.boolean());
  if (items == kProductItems) return product;
  TRY_ASSIGN(const std::int64_t minor, r.integer());
  product.price = Money{minor, currency};
  return product;
}

Result<void> read_bom(CborReader& r, ProductId kit, std::vector<BomLine>& lines) {
  TRY_ASSIGN(const std::size_t count, r.array());
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = r.offset();
    TRY_ASSIGN(const std::size_t items, r.array());
    if (items != kBomItems) return r.refuse(at, "a line of a bill of materials has 2 items");
    TRY_ASSIGN(const ProductId component, read_id<ProductId>(r));
    TRY_ASSIGN(const std::int64_t thousandths, r.integer());
    lines.push_back({kit, component, Quantity{thousandths}});
  }
  return {};
}

Result<void> read_code(CborReader& r, CatalogChange& change) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items != 2 && items != 3) return r.refuse(at, "a code has 2 items, or 3");
  TRY_ASSIGN(const std::uint64_t kind, r.unsigned_integer());
  if (kind > static_cast<std::uint64_t>(CodeKind::kItem)) return r.refuse(at, "no kind of code");
  ProductCode code{static_cast<CodeKind>(kind), 0};
  TRY_ASSIGN(code.code, r.unsigned_integer());
  std::optional<ProductId> product;
  if (items == 3) {
    TRY_ASSIGN(product, read_id<ProductId>(r));
  }
  const bool ascends = change.codes.empty() || change.codes.rbegin()->first < code;
  if (!ascends) return r.refuse(at, "codes do not ascend");
  change.codes.emplace_hint(change.codes.end(), code, product);
  return {};
}

Result<void> read_terms_item(CborReader& r, CatalogChange& change) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const ByteView terms, r.bytes());
  if (terms.empty()) return {};
  auto decoded = decode_terms(terms);
  if (!decoded) return r.refuse(at, decoded.error().what);
  change.terms = std::move(*decoded);
  return {};
}

Result<void> read_changed_products(CborReader& r, CatalogChange& change) {
  TRY_ASSIGN(const std::size_t count, r.array());
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = r.offset();
    TRY_ASSIGN(Product product, read_changed_product(r, change.currency));
    if (!change.products.empty() && product.id <= change.products.back().id) {
      return r.refuse(at, "products do not ascend");
    }
    change.products.push_back(std::move(product));
  }
  return {};
}

Result<void> read_gone(CborReader& r, CatalogChange& change) {
  TRY_ASSIGN(const std::size_t count, r.array());
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = r.offset();
    TRY_ASSIGN(const ProductId id, read_id<ProductId>(r));
    if (!change.gone.empty() && id <= change.gone.back()) {
      return r.refuse(at, "products do not ascend");
    }
    change.gone.push_back(id);
  }
  return {};
}

}  // namespace

bool CatalogChange::empty() const {
  return !terms && products.empty() && gone.empty() && bom.empty() && codes.empty();
}

CatalogChange change_between(const Catalog* before, const Catalog& after) {
  CORE_CHECK(before == nullptr || before->currency() == after.currency());
  CatalogChange change{.currency = after.currency()};
  const Terms terms = terms_of(after);
  if (before == nullptr || terms_of(*before) != terms) change.terms = terms;
  for (const auto& [id, product] : after.products()) {
    const Product* old = before == nullptr ? nullptr : before->find(id);
    if (old == nullptr || *old != product) change.products.push_back(product);
  }
  const BomByKit old_bom = by_kit(before);
  for (auto& [kit, lines] : by_kit(&after)) {
    const auto old = old_bom.find(kit);
    if (old == old_bom.end() || old->second != lines) change.bom.emplace(kit, lines);
  }
  for (const auto& [code, id] : after.codes()) {
    const auto* old = before == nullptr ? nullptr : &before->codes();
    const auto it = old == nullptr ? after.codes().end() : old->find(code);
    if (old == nullptr || it == old->end() || it->second != id) change.codes.emplace(code, id);
  }
  if (before == nullptr) return change;
  for (const auto& [id, product] : before->products()) {
    if (after.find(id) == nullptr) change.gone.push_back(id);
  }
  for (const auto& [code, id] : before->codes()) {
    if (!after.codes().contains(code)) change.codes.emplace(code, std::nullopt);
  }
  return change;
}

CatalogChange then(const CatalogChange& first, const CatalogChange& second) {
  CORE_CHECK(first.currency == second.currency);
  CatalogChange both{.currency = first.currency};
  both.terms = second.terms ? second.terms : first.terms;
  std::map<ProductId, Product> products;
  std::set<ProductId> gone(first.gone.begin(), first.gone.end());
  both.bom = first.bom;
  both.codes = first.codes;
  for (const Product& product : first.products) products.emplace(product.id, product);
  for (const ProductId id : second.gone) {
    products.erase(id);
    both.bom.erase(id);
    gone.insert(id);
  }
  for (const Product& product : second.products) {
    if (product.kind == ProductKind::kStocked) both.bom.erase(product.id);
    products.insert_or_assign(product.id, product);
    gone.erase(product.id);
  }
  for (const auto& [kit, lines] : second.bom) both.bom.insert_or_assign(kit, lines);
  for (const auto& [code, id] : second.codes) both.codes.insert_or_assign(code, id);
  for (auto& [id, product] : products) both.products.push_back(std::move(product));
  both.gone.assign(gone.begin(), gone.end());
  return both;
}

Result<Catalog> apply(const Catalog* before, const CatalogChange& change) {
  if (before != nullptr && before->currency() != change.currency) {
    return fail(Errc::kCurrency, "the change is in " + std::string(change.currency.code()) +
                                     ", the catalog in " + std::string(before->currency().code()));
  }
  std::map<ProductId, Product> products;
  BomByKit bom = by_kit(before);
  std::map<ProductCode, ProductId> codes;
  Terms terms;
  if (before != nullptr) {
    products = before->products();
    codes = before->codes();
    terms = terms_of(*before);
  }
  if (change.terms) terms = *change.terms;
  for (const ProductId id : change.gone) {
    products.erase(id);
    bom.erase(id);
  }
  for (const Product& product : change.products) {
    if (product.kind == ProductKind::kStocked) bom.erase(product.id);
    products.insert_or_assign(product.id, product);
  }
  for (const auto& [kit, lines] : change.bom) bom.insert_or_assign(kit, lines);
  for (const auto& [code, id] : change.codes) {
    if (id) {
      codes.insert_or_assign(code, *id);
    } else {
      codes.erase(code);
    }
  }
  CatalogParts parts{change.currency, terms.taxes, {}, {}, terms.cash_step_minor, {},
                     terms.patterns};
  for (auto& [id, product] : products) parts.products.push_back(std::move(product));
  for (const auto& [kit, lines] : bom)
    parts.bom.insert(parts.bom.end(), lines.begin(), lines.end());
  parts.codes.assign(codes.begin(), codes.end());
  return Catalog::build(std::move(parts));
}

void write_catalog_change(CborWriter& w, const CatalogChange& change) {
  w.array(kChangeItems);
  w.text(change.currency.code());
  w.bytes(change.terms ? encode_terms(*change.terms) : Bytes());
  w.array(change.products.size());
  for (const Product& product : change.products) write_changed_product(w, product);
  w.array(change.gone.size());
  for (const ProductId id : change.gone) w.unsigned_integer(id.value);
  w.map(change.bom.size());
  for (const auto& [kit, lines] : change.bom) {
    w.unsigned_integer(kit.value);
    w.array(lines.size());
    for (const BomLine& line : lines) {
      w.array(kBomItems);
      w.unsigned_integer(line.component.value);
      w.integer(line.quantity.thousandths);
    }
  }
  w.array(change.codes.size());
  for (const auto& [code, id] : change.codes) {
    w.array(id ? 3 : 2);
    w.unsigned_integer(static_cast<std::uint64_t>(code.kind));
    w.unsigned_integer(code.code);
    if (id) w.unsigned_integer(id->value);
  }
}

Result<CatalogChange> read_catalog_change(CborReader& r) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items != kChangeItems) return r.refuse(at, "a change of the catalog has 6 items");
  CatalogChange change;
  TRY_ASSIGN(change.currency, read_currency(r));
  TRY(read_terms_item(r, change));
  TRY(read_changed_products(r, change));
  TRY(read_gone(r, change));
  TRY_ASSIGN(const std::size_t kits, r.map());
  for (std::size_t i = 0; i < kits; ++i) {
    TRY_ASSIGN(const ProductId kit, read_id<ProductId>(r));
    TRY(read_bom(r, kit, change.bom[kit]));
  }
  TRY_ASSIGN(const std::size_t codes, r.array());
  for (std::size_t i = 0; i < codes; ++i) TRY(read_code(r, change));
  return change;
}

}  // namespace core::retail
