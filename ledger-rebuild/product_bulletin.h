// ProductBulletin: head office's bulletins on which products are one: a merge, a split, and what
// takes one of them back. Must not know books or definitions.
// Format: docs/formats/product-bulletins.md.
#pragma once

#include <variant>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/message.h"

namespace rebuild {

// These products are one, under the number of `into`, with all that are one with any of them.
struct ProductMerge {
  std::vector<core::ProductId> products;  // ascending, 1..kDecidedMax, without `into`
  core::ProductId into;
  bool operator==(const ProductMerge&) const = default;
};

// Each of these products is one by itself again.
struct ProductSplit {
  std::vector<core::ProductId> products;  // ascending, 1..kDecidedMax
  bool operator==(const ProductSplit&) const = default;
};

// A bulletin of the three kinds has no effect, as if it had never been signed.
struct ProductUndo {
  core::Epoch epoch;  // of the key of every day
  core::Sequence sequence;
  core::envelope::MessageId id;
  bool operator==(const ProductUndo&) const = default;
};

using ProductBulletin = std::variant<ProductMerge, ProductSplit, ProductUndo>;

// Products that one bulletin can name.
inline constexpr std::size_t kDecidedMax = 1000;

// Kinds of bulletins that are these: 7, 8 and 9.
bool is_product_bulletin(core::ByteView payload);
core::Bytes encode_product_bulletin(const ProductBulletin& bulletin);
// Accepts what encode_product_bulletin() makes and nothing else. Errors: kMalformed.
core::Result<ProductBulletin> decode_product_bulletin(core::ByteView payload);

}  // namespace rebuild
