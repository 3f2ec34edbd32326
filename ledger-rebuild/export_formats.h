// ExportFormats: the words of ledger, hledger and beancount, CSV and lines of JSON.
// Must not know the books. Docs: docs/formats/export.md.
#pragma once

#include <memory>
#include <string_view>

#include "ledger-rebuild/export.h"

namespace rebuild {

// "ledger", "hledger", "beancount", "csv", "json". Errors: kUsage.
core::Result<std::unique_ptr<ExportFormat>> export_format(std::string_view name);

// "Assets:1000-Cash-in-tills": letters, digits and dashes, which all three programs take.
std::string account_path(const ChartAccount& account);

}  // namespace rebuild
