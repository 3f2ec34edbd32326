// BooksFigures: what the books say, in the auditor's plain figures.
// Must not know what is expected.
#pragma once

#include "core/base/result.h"
#include "ledger-rebuild/books.h"
#include "scripts/poc_scale/auditor.h"

namespace sweep {

// Figures::messages counts all messages in the books; Figures::documents is left zero: documents
// never leave the shop. Errors: those of rebuild's reports.
core::Result<Figures> read_figures(const rebuild::Books& books);

// Received, consumed and on hand by product, over all stores, as the stock report gives them.
struct StockFigures {
  std::map<std::uint64_t, std::int64_t> received;
  std::map<std::uint64_t, std::int64_t> consumed;
  std::map<std::uint64_t, std::int64_t> on_hand;
};
core::Result<StockFigures> read_stock(const rebuild::Books& books);

// Rows in the postings and moves tables.
core::Result<std::uint64_t> count_postings(const rebuild::Books& books);

}  // namespace sweep
