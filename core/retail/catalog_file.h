// Catalog file: a shop's catalog as JSON text, for people and for other systems.
// Must not know journals. Format: docs/formats/catalog.md.
#pragma once

#include <filesystem>
#include <string_view>

#include "core/base/result.h"
#include "core/retail/catalog.h"

namespace core::retail {

// `name` stands in front of every error. Errors: kMalformed with the place ("products[3].price" or
// a byte offset), kInexact, kOverflow, and those of Catalog::build.
Result<Catalog> parse_catalog(std::string_view json, std::string_view name);

// Errors: also kNotFound, kIo, kTooLarge (over 256 MiB).
Result<Catalog> read_catalog_file(const std::filesystem::path& path);

}  // namespace core::retail
