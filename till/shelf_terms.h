// Terms: what a version of the catalog says of the whole shop, as one row of the journal.
// Must not know products. Format: docs/formats/journal.md, "Catalog".
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/retail/barcode.h"
#include "core/retail/catalog.h"

namespace till {

struct Terms {
  std::vector<core::retail::TaxRate> taxes;  // by ascending code
  std::int64_t cash_step_minor = 1;
  std::vector<core::retail::BarcodePattern> patterns;
  bool operator==(const Terms&) const = default;
};

Terms terms_of(const core::retail::Catalog& catalog);

// Deterministic CBOR. decode_terms(encode_terms(t)) == t. Errors: kMalformed with the byte offset.
core::Bytes encode_terms(const Terms& terms);
core::Result<Terms> decode_terms(core::ByteView bytes);

}  // namespace till
