// Terms: what a version of the catalog says of the whole shop, as one row of a journal or notice.
// Must not know products. Format: docs/formats/journal.md, "Catalog".
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/retail/barcode.h"
#include "core/retail/catalog.h"

namespace core::retail {

struct Terms {
  std::vector<TaxRate> taxes;  // by ascending code
  std::int64_t cash_step_minor = 1;
  std::vector<BarcodePattern> patterns;
  bool operator==(const Terms&) const = default;
};

Terms terms_of(const Catalog& catalog);

// Deterministic CBOR. decode_terms(encode_terms(t)) == t. Errors: kMalformed with the byte offset.
Bytes encode_terms(const Terms& terms);
Result<Terms> decode_terms(ByteView bytes);

}  // namespace core::retail
