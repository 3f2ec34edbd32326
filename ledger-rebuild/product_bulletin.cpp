// ProductBulletin: its one encoding, as deterministic CBOR.
#include "ledger-rebuild/product_bulletin.h"

#include <algorithm>
#include <limits>

#include "core/envelope/cbor.h"
#include "core/retail/limits.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::ProductId;
using core::Result;
using core::envelope::CborReader;
using core::envelope::CborWriter;

constexpr std::uint64_t kMergeKind = 7;
constexpr std::uint64_t kSplitKind = 8;
constexpr std::uint64_t kUndoKind = 9;
constexpr std::uint64_t kBulletinKindLabel = 0;
constexpr std::uint64_t kProductsLabel = 1;
constexpr std::uint64_t kIntoLabel = 2;
constexpr std::uint64_t kUndoneLabel = 7;
constexpr std::size_t kUndoneItems = 3;

void write_kind(CborWriter& w, std::size_t pairs, std::uint64_t kind) {
  w.map(pairs);
  w.unsigned_integer(kBulletinKindLabel);
  w.unsigned_integer(kind);
}

// Each but the first as the difference to the one before.
void write_ids(CborWriter& w, const std::vector<ProductId>& products) {
  w.unsigned_integer(kProductsLabel);
  w.array(products.size());
  std::uint64_t last = 0;
  for (const ProductId product : products) {
    w.unsigned_integer(product.value - last);
    last = product.value;
  }
}

void write(CborWriter& w, const ProductMerge& merge) {
  write_kind(w, 3, kMergeKind);
  write_ids(w, merge.products);
  w.unsigned_integer(kIntoLabel);
  w.unsigned_integer(merge.into.value);
}

void write(CborWriter& w, const ProductSplit& split) {
  write_kind(w, 2, kSplitKind);
  write_ids(w, split.products);
}

void write(CborWriter& w, const ProductUndo& undo) {
  write_kind(w, 2, kUndoKind);
  w.unsigned_integer(kUndoneLabel);
  w.array(kUndoneItems);
  w.unsigned_integer(undo.epoch.value);
  w.unsigned_integer(undo.sequence.value);
  w.bytes(undo.id.view());
}

Result<void> expect_label(CborReader& r, std::uint64_t expected) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t found, r.unsigned_integer());
  if (found == expected) return {};
  return r.refuse(at, "field " + std::to_string(expected) + " is missing");
}

Result<std::uint64_t> read_kind(CborReader& r, std::size_t& pairs) {
  TRY_ASSIGN(pairs, r.map());
  if (pairs == 0) return r.refuse(0, "an empty bulletin");
  TRY(expect_label(r, kBulletinKindLabel));
  return r.unsigned_integer();
}

Result<void> read_ids(CborReader& r, std::vector<ProductId>& out) {
  TRY(expect_label(r, kProductsLabel));
  std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t count, r.array());
  if (count == 0 || count > kDecidedMax) return r.refuse(at, "no products, or too many");
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < count; ++i) {
    at = r.offset();
    TRY_ASSIGN(const std::uint64_t step, r.unsigned_integer());
    if ((i > 0 && step == 0) || step > core::retail::kProductIdMax - last) {
      return r.refuse(at, "products ascend, in 63 bits");
    }
    last += step;
    out.push_back(ProductId{last});
  }
  return {};
}

Result<ProductMerge> read_merge(CborReader& r) {
  ProductMerge out;
  TRY(read_ids(r, out.products));
  TRY(expect_label(r, kIntoLabel));
  const std::size_t at = r.offset();
  TRY_ASSIGN(out.into.value, r.unsigned_integer());
  if (out.into.value > core::retail::kProductIdMax ||
      std::binary_search(out.products.begin(), out.products.end(), out.into)) {
    return r.refuse(at, "what is merged into is another product, of 63 bits");
  }
  return out;
}

Result<ProductUndo> read_undo(CborReader& r) {
  ProductUndo out;
  TRY(expect_label(r, kUndoneLabel));
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items != kUndoneItems) return r.refuse(at, "a bulletin is named by three items");
  TRY_ASSIGN(const std::uint64_t epoch, r.unsigned_integer());
  TRY_ASSIGN(out.sequence.value, r.unsigned_integer());
  TRY_ASSIGN(const core::ByteView id, r.bytes());
  TRY_ASSIGN(out.id, core::envelope::MessageId::from(id));
  constexpr auto kSequenceMax = std::uint64_t{std::numeric_limits<std::int64_t>::max()};
  if (epoch > std::numeric_limits<core::Epoch::rep>::max() || out.sequence.value == 0 ||
      out.sequence.value > kSequenceMax) {
    return r.refuse(at, "an epoch or a sequence is out of range");
  }
  out.epoch.value = static_cast<core::Epoch::rep>(epoch);
  return out;
}

Result<ProductBulletin> read_bulletin(CborReader& r) {
  std::size_t pairs = 0;
  TRY_ASSIGN(const std::uint64_t kind, read_kind(r, pairs));
  const std::size_t expected = kind == kMergeKind ? 3 : 2;
  if (pairs != expected) return r.refuse(0, "a field is missing, or one too many");
  ProductBulletin out;
  switch (kind) {
    case kMergeKind: {
      TRY_ASSIGN(out, read_merge(r));
      return out;
    }
    case kSplitKind: {
      ProductSplit split;
      TRY(read_ids(r, split.products));
      out = std::move(split);
      return out;
    }
    case kUndoKind: {
      TRY_ASSIGN(out, read_undo(r));
      return out;
    }
    default:
      return r.refuse(0, "unknown bulletin kind " + std::to_string(kind));
  }
}

}  // namespace

bool is_product_bulletin(core::ByteView payload) {
  CborReader r(payload);
  std::size_t pairs = 0;
  const auto kind = read_kind(r, pairs);
  return kind && *kind >= kMergeKind && *kind <= kUndoKind;
}

core::Bytes encode_product_bulletin(const ProductBulletin& bulletin) {
  CborWriter w;
  std::visit([&](const auto& b) { write(w, b); }, bulletin);
  return std::move(w).take();
}

Result<ProductBulletin> decode_product_bulletin(core::ByteView payload) {
  CborReader r(payload);
  TRY_ASSIGN(ProductBulletin out, read_bulletin(r));
  TRY(r.finish());
  return out;
}

}  // namespace rebuild
