// Shelf writer: a new version of the catalog, as the rows in which it differs from the one before.
// Must not be used outside a transaction of the journal. Format: docs/formats/journal.md,
// "Catalog".
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/result.h"
#include "core/retail/catalog.h"
#include "core/sqlite/database.h"
#include "till/shelf_rows.h"

namespace till {

using Prices = std::map<core::ProductId, core::Money>;

// Errors of both: those of core::sqlite::Database; kDamaged when a row cannot be read. Both return
// the version that holds now: the one before, when nothing differs from it.
class ShelfWriter {
 public:
  // `present`: the version that holds; 0: there is none.
  ShelfWriter(core::sqlite::Database& database, core::Currency currency,
              core::CatalogVersion present)
      : db_(database), currency_(currency), present_(present), next_(present.value + 1) {}

  // What head office defined. Products that were minted stay, with the rates of their taxes and
  // with the barcodes that the catalog has for no product of its own. Errors: also kMalformed (a
  // product whose number only tills give).
  core::Result<core::CatalogVersion> write(const core::retail::Catalog& catalog);
  // One product more, of this till's own. Shape: an id that was never given; the code is nobody's.
  core::Result<core::CatalogVersion> write_minted(const core::retail::Product& product,
                                                  std::optional<std::uint64_t> gtin);
  // Errors: also kNotFound (product), kCurrency, kMalformed (below zero).
  core::Result<core::CatalogVersion> write_prices(const Prices& prices);

 private:
  core::Result<void> write_products(const core::retail::Catalog& catalog);
  core::Result<void> write_bom(const core::retail::Catalog& catalog);
  core::Result<void> write_codes(const core::retail::Catalog& catalog);
  core::Result<void> write_names();
  // The catalog's, and those that only minted products need.
  core::Result<core::retail::Terms> terms_with_minted(
      const core::retail::Catalog& catalog, const std::optional<core::retail::Terms>& before) const;
  core::Result<void> put_product(const core::retail::Product& product, bool gone);
  core::Result<void> put_code(core::retail::ProductCode code, core::ProductId product, bool gone);
  // The version's own row, if it has any other.
  core::Result<core::CatalogVersion> finish(const core::Bytes* terms);

  core::sqlite::Database& db_;
  core::Currency currency_;
  core::CatalogVersion present_;
  core::CatalogVersion next_;
  bool changed_ = false;
  std::vector<std::pair<std::string, core::ProductId>> names_;  // label keys of new names
  std::set<core::TaxCode> minted_taxes_;
};

}  // namespace till
