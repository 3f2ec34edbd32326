// ProductsReport: what head office reads of minted products, as tables. Must not know how they came
// about (products.h).
#pragma once

#include <string>

#include "ledger-rebuild/products.h"
#include "ledger-rebuild/table.h"

namespace rebuild {

struct ProductTables {
  Table products;   // all that were minted, with the number that each goes by
  Table conflicts;  // one GTIN, really different products
  Table proposals;  // alike, and not one
  Table decisions;  // of head office
  Table idle;       // definitions that count for nothing
  Table untold;     // moved, and no message tells what they are
};

ProductTables product_tables(const Products& products);

// For people, at most `rows_max` rows of each table (0: all); and as one JSON object.
std::string products_text(const ProductTables& tables, std::size_t rows_max);
std::string products_json(const ProductTables& tables);

// "1/7": epoch and sequence of the key of every day.
std::string bulletin_name(core::Epoch epoch, core::Sequence sequence);

}  // namespace rebuild
