// FiguresGoods: figures for which head office's settings count: accounts, products, departments.
// Private to the room; what they are: figures.h.
#pragma once

#include <set>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "ledger-rebuild/figures.h"
#include "ledger-rebuild/products.h"

namespace rebuild {

core::Result<Table> figures_by_account(const Books& books, const FigureRange& range,
                                       const Settings& settings);
// What is one product is one row.
core::Result<Table> figures_by_product(const Books& books, const FigureRange& range,
                                       const Settings& settings, const Products& products);
core::Result<Table> figures_by_department(const Books& books, const FigureRange& range,
                                          const Settings& settings);
core::Result<Table> figures_by_variance(const Books& books, const FigureRange& range,
                                        const Settings& settings, const Products& products);

// "3 products moved and have no cost in the settings: 1, 2, 3"; nothing when there is none.
void add_remark(Table& table, const std::set<core::ProductId>& without_cost);

}  // namespace rebuild
