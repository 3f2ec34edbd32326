// Page: the books on one page of HTML, with plots, to be read on a screen or printed.
// Must not know where it is written.
#pragma once

#include <string>

#include "core/base/result.h"
#include "ledger-rebuild/books.h"
#include "ledger-rebuild/figures.h"

namespace rebuild {

// Takings over time, by store, tender, tax, product and, with products in the settings, department,
// the trial balance of these days, what counts found, and which tills are not complete. Without
// gnuplot it has its tables, and says so. Errors: those of figures() and completeness().
core::Result<std::string> books_page(const Books& books, const FigureRange& range,
                                     const Settings& settings = Settings{});

}  // namespace rebuild
