// CatalogChange: what one catalog has that another has not, as head office sends it to its tills.
// Must not know messages or journals. Format: docs/formats/notice.md, "Content".
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/result.h"
#include "core/envelope/cbor.h"
#include "core/retail/catalog.h"
#include "core/retail/terms.h"

namespace core::retail {

struct CatalogChange {
  Currency currency;
  std::optional<Terms> terms{};                     // none: as they are
  std::vector<Product> products{};                  // new ones and changed ones, ascending
  std::vector<ProductId> gone{};                    // ascending
  std::map<ProductId, std::vector<BomLine>> bom{};  // of each kit that has another, all its lines
  std::map<ProductCode, std::optional<ProductId>> codes{};  // none: leads nowhere any more
  bool operator==(const CatalogChange&) const = default;

  bool empty() const;
};

// What makes `before` into `after`; of no catalog before, all of `after`. Shape: of one currency
// (CORE_CHECK).
CatalogChange change_between(const Catalog* before, const Catalog& after);

// Both, one after the other, as one. Shape: of one currency (CORE_CHECK).
CatalogChange then(const CatalogChange& first, const CatalogChange& second);

// The catalog after it, checked as a whole. Put on again it changes nothing more, so that it may be
// said again. Errors: kCurrency, and those of Catalog::build.
Result<Catalog> apply(const Catalog* before, const CatalogChange& change);

// One item. Errors: kMalformed with the byte offset; a change that apply() refuses may be read.
void write_catalog_change(envelope::CborWriter& w, const CatalogChange& change);
Result<CatalogChange> read_catalog_change(envelope::CborReader& r);

}  // namespace core::retail
