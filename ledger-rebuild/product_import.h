// Product import: head office's products from a CSV table into its catalog.
// Must not know notices. Columns: docs/formats/notice.md, "Import".
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/retail/catalog.h"

namespace rebuild {

struct ImportOptions {
  std::map<std::string, std::string> columns{};  // ours to the table's, where they differ
  std::optional<core::TaxCode> tax{};            // of rows that name none
  bool whole = false;                            // products that the table does not have go
};

// What the table has is new, or changed; a column that it does not have changes nothing. Errors:
// kMalformed (bad rows, each with its line), kNotFound, kIo, those of core::retail::apply.
core::Result<core::retail::Catalog> import_products(const core::retail::Catalog& before,
                                                    const std::filesystem::path& file,
                                                    const ImportOptions& options);

}  // namespace rebuild
