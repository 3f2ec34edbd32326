// Products: what the books have of minted products: what tills told of them, which head office
// decided to be one, and so the number that each goes by when figures are asked for. No row of the
// books changes by it. Must not know how a table is printed. Rules: docs/products.md.
#pragma once

#include <vector>

#include "core/base/result.h"
#include "ledger-rebuild/books.h"
#include "ledger-rebuild/product_groups.h"
#include "ledger-rebuild/settings.h"

namespace rebuild {

// What a message told of a product that its till cannot have minted, or told otherwise before:
// evidence, which counts for nothing.
struct IdleDefinition {
  core::ProductId product;
  core::TillRef told_by;
  core::Epoch epoch;
  core::Sequence sequence;
  core::retail::Definition definition;
  bool is_own = false;  // the till's product, told otherwise than the first time
};

struct Products {
  MintedProducts minted;
  std::vector<ProductDecision> decisions;  // in head office's order; not of the log's
  ProductGroups groups;
  std::vector<IdleDefinition> idle;  // ascending product, then by till, epoch and sequence
  // Minted products that moved or were sold and that no message has told: one is outstanding, or a
  // till refunded what another had minted.
  std::vector<core::ProductId> untold;

  core::ProductId number_of(core::ProductId product) const { return groups.number_of(product); }
};

// Of a product the first definition counts, by epoch and sequence, of a message that stands; of one
// that is contradicted, if no other tells of it. Errors: kDatabase, kDamaged.
core::Result<Products> read_products(const Books& books);

// The settings, in which a product without a row of its own has that of the product whose number it
// goes by. One that has none there either keeps none.
Settings settings_for(const Products& products, Settings settings);

}  // namespace rebuild
