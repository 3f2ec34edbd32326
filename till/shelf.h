// Shelf: the catalog as it is on the disk, version by version: what is found by number, barcode,
// PLU or name, and the few products that a receipt needs, as a catalog of their own.
// Must not know documents, nor hold the whole. Format: docs/formats/journal.md, "Catalog".
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/quantity.h"
#include "core/base/result.h"
#include "core/retail/catalog.h"
#include "core/retail/terms.h"
#include "till/journal.h"
#include "till/shelf_rows.h"

namespace till {

// What a code was read as.
struct FoundProduct {
  core::retail::Product product;
  std::optional<core::Quantity> weight;  // that the code says, of the product's unit
  std::optional<core::Money> price;      // that the code says, of the whole package
};

// What else belongs into the transaction that makes a new version.
using ShelfTold = std::function<core::Result<void>(core::CatalogVersion next)>;

using ProductNames = std::map<core::ProductId, std::string>;

// What a till remembers of its shelf: which version holds, and the products asked for lately.
struct ShelfMemory {
  struct Held {
    core::CatalogVersion version;
    core::retail::Terms terms;
    core::retail::Catalog products;  // some of the version's
  };
  core::CatalogVersion present;
  std::vector<std::unique_ptr<Held>> held;  // the version used last is the last
};

// Of products remembered; more than a till sells of in an hour.
inline constexpr std::size_t kProductsHeldMax = 1000;
// Of names answered at once.
inline constexpr std::size_t kNamesFoundMax = 100;

// A view, made for each use. Every answer is of the version that is asked for, as it was when that
// version held. Errors of all: those of core::sqlite::Database; kDamaged when a row cannot be read;
// kNotFound when there is no such version.
class Shelf {
 public:
  Shelf(Journal& journal, ShelfMemory& memory) : journal_(&journal), memory_(&memory) {}

  // Which version holds.
  static core::Result<ShelfMemory> remember(Journal& journal);

  core::CatalogVersion present() const { return memory_->present; }
  core::Currency currency() const { return journal_->identity().currency; }
  core::Result<const core::retail::Terms*> terms(core::CatalogVersion version);

  // nullopt: the version has no such product.
  core::Result<std::optional<core::retail::Product>> find(core::CatalogVersion version,
                                                          core::ProductId id);
  // What a scanner reads, or the digits of a PLU; read by the version's barcode patterns.
  // Errors: kMalformed (no code, or a wrong check digit), kNotFound (no product has it).
  core::Result<FoundProduct> find_code(core::CatalogVersion version, std::string_view digits);
  // Products whose names begin like this, upper and lower case alike, in the order of their names;
  // at most `count_max` of them, and kNamesFoundMax. Errors: kMalformed (nothing, or no UTF-8).
  core::Result<std::vector<core::retail::Product>> find_names(core::CatalogVersion version,
                                                              std::string_view beginning,
                                                              std::size_t count_max);

  // A catalog that has these products, what they are made of, and the version's terms; others may
  // be in it. Products that the version does not have are not in it. Owner: the shelf's memory,
  // until the next slice.
  core::Result<const core::retail::Catalog*> slice(core::CatalogVersion version,
                                                   const std::vector<core::ProductId>& ids);
  // Of products that the version has, or had before.
  core::Result<ProductNames> names(core::CatalogVersion version,
                                   const std::vector<core::ProductId>& ids);
  // All of a version: for checks and for exports, since a large one takes much memory.
  core::Result<core::retail::Catalog> whole(core::CatalogVersion version);

  // Puts another catalog into force, or other prices, as a new version; nothing when neither
  // differs. `told` may be empty. Returns the version that holds then. Errors: kCurrency; of prices
  // kNotFound (product), kMalformed (below zero); those of `told`.
  core::Result<core::CatalogVersion> replace(const core::retail::Catalog& catalog,
                                             const ShelfTold& told);
  core::Result<core::CatalogVersion> change_prices(
      const std::map<core::ProductId, core::Money>& prices, const ShelfTold& told);

  // The same inside a transaction, of which use() says after it that it is kept.
  core::Result<core::CatalogVersion> write(const core::retail::Catalog& catalog);
  core::Result<core::CatalogVersion> write_prices(
      const std::map<core::ProductId, core::Money>& prices);
  void use(core::CatalogVersion version) { memory_->present = version; }
  // Adds what this till minted, as a new version. Shape: as ShelfWriter::write_minted() has it.
  core::Result<core::CatalogVersion> add_minted(const core::retail::Product& product,
                                                std::optional<std::uint64_t> gtin,
                                                const ShelfTold& told);

  // The present version builds, and what finds a product is there. Errors: kDamaged.
  core::Result<void> check();

 private:
  core::Result<void> need_version(core::CatalogVersion version) const;
  // What is remembered of a version; of at most two of them.
  core::Result<ShelfMemory::Held*> held(core::CatalogVersion version);
  // What holds of a product in a version; of one that was minted later, what it began with, if the
  // version has its tax.
  core::Result<std::optional<rows::ProductRow>> find_row(core::CatalogVersion version,
                                                         const core::retail::Terms& terms,
                                                         core::ProductId id);
  // Adds what is missing, and what that is made of. False: it would be too many.
  core::Result<bool> hold(ShelfMemory::Held& held, const std::vector<core::ProductId>& ids);
  // A minted product has its barcode unless the catalog gives it to another.
  core::Result<std::optional<core::ProductId>> find_label(core::CatalogVersion version,
                                                          core::retail::ProductCode code);
  core::Unexpected not_sound(const std::string& what) const;

  Journal* journal_;
  ShelfMemory* memory_;
};

}  // namespace till
