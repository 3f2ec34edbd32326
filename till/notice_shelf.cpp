// NoticeShelf: prices alone are written as they are; everything else goes through a whole catalog,
// which is checked before it is written.
#include "till/notice_shelf.h"

#include <utility>
#include <vector>

#include "core/journal/schema.h"
#include "core/retail/minted.h"

namespace till {

using core::journal::from_sql;
using core::journal::to_sql;
namespace {

using core::CatalogVersion;
using core::Errc;
using core::fail;
using core::Money;
using core::ProductId;
using core::Result;
using core::retail::Catalog;
using core::retail::CatalogChange;
using core::retail::NoticeContent;
using core::retail::Product;
using core::sqlite::Statement;

using PriceOf = std::map<ProductId, std::optional<Money>>;

// The catalog with other prices for some of its products.
Result<Catalog> with_prices(const Catalog& catalog, const PriceOf& prices) {
  CatalogChange change{.currency = catalog.currency()};
  for (const auto& [id, price] : prices) {
    const Product* product = catalog.find(id);
    if (product == nullptr || product->price == price) continue;
    change.products.push_back(*product);
    change.products.back().price = price;
  }
  if (change.empty()) return catalog;
  return core::retail::apply(&catalog, change);
}

// What head office defined: the shelf keeps by itself what this till minted.
Result<Catalog> without_minted(const Catalog& catalog) {
  CatalogChange change{.currency = catalog.currency()};
  for (const auto& [id, product] : catalog.products()) {
    if (core::retail::is_minted(id)) change.gone.push_back(id);
  }
  if (change.gone.empty()) return catalog;
  for (const auto& [code, id] : catalog.codes()) {
    if (core::retail::is_minted(id)) change.codes.emplace(code, std::nullopt);
  }
  return core::retail::apply(&catalog, change);
}

}  // namespace

Result<NoticeShelf::StorePrices> NoticeShelf::read_store_prices() {
  TRY_ASSIGN(Statement s, db_.prepare("SELECT product, price_minor, fleet_minor FROM store_price"));
  StorePrices out;
  while (true) {
    TRY_ASSIGN(const bool there, s.step());
    if (!there) return out;
    StorePrice price{Money{s.column_int(1), shelf_.currency()}, {}};
    if (!s.column_is_null(2)) price.fleet = Money{s.column_int(2), shelf_.currency()};
    out.emplace(ProductId{from_sql(s.column_int(0))}, price);
  }
}

Result<void> NoticeShelf::write_store_prices(const StorePrices& before, const StorePrices& after) {
  TRY_ASSIGN(Statement gone, db_.prepare("DELETE FROM store_price WHERE product = ?"));
  for (const auto& [id, price] : before) {
    if (!after.contains(id)) TRY(gone.bind_int(1, to_sql(id.value)).run());
  }
  TRY_ASSIGN(Statement put, db_.prepare("INSERT INTO store_price VALUES (?1, ?2, ?3) "
                                        "ON CONFLICT(product) DO UPDATE SET price_minor = ?2, "
                                        "fleet_minor = ?3"));
  for (const auto& [id, price] : after) {
    const auto old = before.find(id);
    if (old != before.end() && old->second.here == price.here && old->second.fleet == price.fleet) {
      continue;
    }
    put.bind_int(1, to_sql(id.value)).bind_int(2, price.here.minor);
    if (price.fleet) {
      put.bind_int(3, price.fleet->minor);
    } else {
      put.bind_null(3);
    }
    TRY(put.run());
  }
  return {};
}

Result<void> NoticeShelf::change_store_prices(const core::retail::StorePrices& said, bool whole,
                                              StorePrices& prices) {
  if (said.currency != shelf_.currency()) {
    return fail(Errc::kCurrency, "prices in " + std::string(said.currency.code()) +
                                     ", and the till is in " +
                                     std::string(shelf_.currency().code()));
  }
  StorePrices next;
  if (!whole) next = prices;
  for (const auto& [id, price] : said.prices) {
    const auto known = prices.find(id);
    if (!price) {
      next.erase(id);
    } else if (known != prices.end()) {
      next.insert_or_assign(id, StorePrice{*price, known->second.fleet});
    } else {
      TRY_ASSIGN(const auto product, shelf_.find(shelf_.present(), id));
      next.insert_or_assign(id, StorePrice{*price, product ? product->price : std::nullopt});
    }
  }
  prices = std::move(next);
  return {};
}

Result<std::optional<std::map<ProductId, Money>>> NoticeShelf::only_prices(
    const CatalogChange* change, const StorePrices& before, StorePrices& after) {
  using Answer = std::optional<std::map<ProductId, Money>>;
  StorePrices next = after;
  std::map<ProductId, Money> prices;
  if (change != nullptr) {
    if (change->terms || !change->gone.empty() || !change->bom.empty() || !change->codes.empty()) {
      return Answer();
    }
    for (const Product& product : change->products) {
      TRY_ASSIGN(auto here, shelf_.find(shelf_.present(), product.id));
      if (!here || !product.price) return Answer();
      here->price = product.price;
      if (*here != product) return Answer();
      const auto own = next.find(product.id);
      if (own != next.end()) {
        own->second.fleet = product.price;
      } else {
        prices.emplace(product.id, *product.price);
      }
    }
  }
  for (const auto& [id, price] : next) {
    TRY_ASSIGN(const auto here, shelf_.find(shelf_.present(), id));
    if (here) prices.insert_or_assign(id, price.here);
  }
  for (const auto& [id, price] : before) {
    if (next.contains(id) || prices.contains(id)) continue;
    TRY_ASSIGN(const auto here, shelf_.find(shelf_.present(), id));
    if (!here) continue;
    if (!price.fleet) return Answer();  // it costs nothing said again
    prices.emplace(id, *price.fleet);
  }
  after = std::move(next);
  return Answer(std::move(prices));
}

Result<Catalog> NoticeShelf::whole_catalog(const CatalogChange* change, bool whole,
                                           const StorePrices& before, StorePrices& after) {
  TRY_ASSIGN(Catalog catalog, shelf_.whole(shelf_.present()));
  TRY_ASSIGN(catalog, without_minted(catalog));
  PriceOf fleet;
  for (const auto& [id, price] : before) fleet.emplace(id, price.fleet);
  TRY_ASSIGN(catalog, with_prices(catalog, fleet));
  if (change != nullptr) {
    TRY_ASSIGN(catalog, core::retail::apply(whole ? nullptr : &catalog, *change));
  }
  PriceOf here;
  for (auto& [id, price] : after) {
    if (core::retail::is_minted(id)) continue;  // it stays as it is
    const Product* product = catalog.find(id);
    price.fleet = product == nullptr ? std::nullopt : product->price;
    here.emplace(id, price.here);
  }
  return with_prices(catalog, here);
}

Result<CatalogVersion> NoticeShelf::put(const NoticeContent& content, bool whole) {
  TRY_ASSIGN(const StorePrices before, read_store_prices());
  StorePrices after = before;
  if (content.prices) TRY(change_store_prices(*content.prices, whole, after));
  const bool is_ours = content.catalog && content.catalog->currency == shelf_.currency();
  const CatalogChange* change = is_ours ? &*content.catalog : nullptr;
  CatalogVersion version = shelf_.present();
  if (change == nullptr && !content.prices) return version;
  std::optional<std::map<ProductId, Money>> prices;
  if (change == nullptr || !whole) {
    TRY_ASSIGN(prices, only_prices(change, before, after));
  }
  if (prices) {
    TRY_ASSIGN(version, shelf_.write_prices(*prices));
  } else {
    TRY_ASSIGN(const Catalog catalog, whole_catalog(change, whole, before, after));
    TRY_ASSIGN(version, shelf_.write(catalog));
  }
  TRY(write_store_prices(before, after));
  return version;
}

}  // namespace till
