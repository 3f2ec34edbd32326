// NoticeShelf: what head office says of products and prices becomes a version of the shelf: the
// fleet's catalog, and above it what this store's products cost here.
// Must not know messages. Rules: docs/formats/notice.md, "Store prices".
#pragma once

#include <map>
#include <optional>

#include "core/base/result.h"
#include "core/retail/notice.h"
#include "till/journal.h"
#include "till/shelf.h"

namespace till {

class NoticeShelf {
 public:
  NoticeShelf(Journal& journal, Shelf& shelf) : db_(journal.database()), shelf_(shelf) {}

  // Inside a transaction. `whole`: the catalog and the store's prices are all there are. Returns
  // the version to use after it. A catalog in another currency is not this till's, and passed over.
  // Errors: those of core::retail::apply, of Database; kCurrency (prices).
  core::Result<core::CatalogVersion> put(const core::retail::NoticeContent& content, bool whole);

 private:
  struct StorePrice {
    core::Money here;
    std::optional<core::Money> fleet;  // none: the fleet's catalog has none, or not the product
  };
  using StorePrices = std::map<core::ProductId, StorePrice>;

  core::Result<StorePrices> read_store_prices();
  core::Result<void> write_store_prices(const StorePrices& before, const StorePrices& after);
  core::Result<void> change_store_prices(const core::retail::StorePrices& said, bool whole,
                                         StorePrices& prices);
  // Other prices of products that are there, and nothing else; none: it takes more than that.
  core::Result<std::optional<std::map<core::ProductId, core::Money>>> only_prices(
      const core::retail::CatalogChange* change, const StorePrices& before, StorePrices& after);
  core::Result<core::retail::Catalog> whole_catalog(const core::retail::CatalogChange* change,
                                                    bool whole, const StorePrices& before,
                                                    StorePrices& after);

  core::sqlite::Database& db_;
  Shelf& shelf_;
};

}  // namespace till
