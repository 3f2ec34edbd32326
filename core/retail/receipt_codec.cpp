// SignedReceipt: deterministic CBOR. Format: docs/formats/receipt.md, docs/message.cddl.
// Must not know keys.
#include "core/retail/fields.h"
#include "core/retail/signed_receipt.h"

namespace core::retail {
namespace {

constexpr std::uint64_t kVersion = 1;

enum Key : std::uint64_t {
  kKeyVersion = 0,
  kKeyTill = 1,
  kKeyNumber = 2,
  kKeyDay = 3,
  kKeyTime = 4,
  kKeyCurrency = 5,
  kKeyTotal = 6,
  kKeyTaxes = 7,
  kKeyTenders = 8,
  kKeyItems = 9,
  kKeyLeaf = 10,
  kKeyRefunded = 11,
  kKeyVouchers = 12,
  kKeySoldAt = 13,
};

// Whole units are a number, which is one byte for most; others an array of their thousandths.
void write_quantity(CborWriter& w, Quantity quantity) {
  const bool whole = quantity.thousandths % Quantity::kUnit == 0;
  if (!whole) w.array(1);
  w.integer(whole ? quantity.thousandths / Quantity::kUnit : quantity.thousandths);
}

void write_till(CborWriter& w, TillRef till) {
  w.array(2);
  w.unsigned_integer(till.store.value);
  w.unsigned_integer(till.till.value);
}

// The fields that every receipt has.
void write_heading(CborWriter& w, const SignedReceipt& receipt) {
  w.unsigned_integer(kKeyVersion);
  w.unsigned_integer(kVersion);
  w.unsigned_integer(kKeyTill);
  write_till(w, receipt.till);
  w.unsigned_integer(kKeyNumber);
  w.array(2);
  w.unsigned_integer(static_cast<std::uint64_t>(receipt.series));
  w.unsigned_integer(receipt.number);
  w.unsigned_integer(kKeyDay);
  w.unsigned_integer(static_cast<std::uint64_t>(receipt.day.days));
  w.unsigned_integer(kKeyTime);
  w.integer(receipt.time_s);
  w.unsigned_integer(kKeyCurrency);
  w.text(receipt.currency.code());
  w.unsigned_integer(kKeyTotal);
  w.integer(receipt.total.minor);
}

void write_receipt_taxes(CborWriter& w, const std::map<TaxCode, TaxRow>& taxes) {
  w.unsigned_integer(kKeyTaxes);
  w.map(taxes.size());
  for (const auto& [code, row] : taxes) {
    w.unsigned_integer(code.value);
    w.array(2);
    w.integer(row.gross.minor);
    w.integer(row.tax.minor);
  }
}

void write_items(CborWriter& w, const std::vector<ReceiptItem>& items) {
  w.unsigned_integer(kKeyItems);
  w.array(items.size());
  for (const ReceiptItem& item : items) {
    w.array(3);
    w.unsigned_integer(item.product.value);
    write_quantity(w, item.quantity);
    w.integer(item.amount.minor);
  }
}

Result<Quantity> read_quantity(CborReader& r) {
  const std::size_t at = r.offset();
  CborReader ahead = r;
  TRY_ASSIGN(const envelope::CborItem item, ahead.next());
  if (item.type != envelope::CborType::kArray) {
    TRY_ASSIGN(const std::int64_t units, r.integer());
    const auto thousandths = divide_exact(Int128{units} * Quantity::kUnit, 1);
    if (!thousandths) return r.refuse(at, "a quantity is out of range");
    return Quantity{*thousandths};
  }
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items != 1) return r.refuse(at, "a quantity of thousandths is an array of 1");
  TRY_ASSIGN(const std::int64_t thousandths, r.integer());
  if (thousandths % Quantity::kUnit == 0) {
    return r.refuse(at, "whole units are written as such");
  }
  return Quantity{thousandths};
}

Result<Money> read_amount(CborReader& r, Currency currency) {
  TRY_ASSIGN(const std::int64_t minor, r.integer());
  return Money{minor, currency};
}

// Reads an array's head. Errors: kMalformed (another length).
Result<void> expect_array(CborReader& r, std::size_t items, std::string_view what) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t found, r.array());
  if (found != items) {
    return r.refuse(at, std::string(what) + " has " + std::to_string(items) + " items");
  }
  return {};
}

Result<TillRef> read_till(CborReader& r) {
  TRY(expect_array(r, 2, "a till's name"));
  TillRef out;
  TRY_ASSIGN(out.store, read_id<StoreId>(r));
  TRY_ASSIGN(out.till, read_id<TillId>(r));
  return out;
}

Result<void> read_receipt_taxes(CborReader& r, SignedReceipt& out) {
  TRY_ASSIGN(const std::size_t rows, r.map());
  for (std::size_t i = 0; i < rows; ++i) {
    TRY_ASSIGN(const TaxCode code, read_id<TaxCode>(r));
    TRY(expect_array(r, 2, "a tax row"));
    TaxRow row;
    TRY_ASSIGN(row.gross, read_amount(r, out.currency));
    TRY_ASSIGN(row.tax, read_amount(r, out.currency));
    out.taxes.emplace_hint(out.taxes.end(), code, row);
  }
  return {};
}

Result<void> read_items(CborReader& r, SignedReceipt& out) {
  TRY_ASSIGN(const std::size_t items, r.array());
  for (std::size_t i = 0; i < items; ++i) {
    TRY(expect_array(r, 3, "an item"));
    ReceiptItem item;
    TRY_ASSIGN(item.product, read_id<ProductId>(r));
    TRY_ASSIGN(item.quantity, read_quantity(r));
    TRY_ASSIGN(item.amount, read_amount(r, out.currency));
    out.items.push_back(item);
  }
  return {};
}

Result<void> read_number(CborReader& r, SignedReceipt& out) {
  TRY(expect_array(r, 2, "a document's number"));
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t series, r.unsigned_integer());
  if (series < 1 || series > kSeriesCount) return r.refuse(at, "unknown document series");
  out.series = static_cast<Series>(series);
  TRY_ASSIGN(out.number, r.unsigned_integer());
  return {};
}

Result<void> read_field(CborReader& r, std::uint64_t key, std::size_t at, SignedReceipt& out) {
  switch (key) {
    case kKeyTaxes:
      return read_receipt_taxes(r, out);
    case kKeyTenders: {
      TRY_ASSIGN(out.tenders, read_tenders(r, out.currency));
      return {};
    }
    case kKeyItems:
      return read_items(r, out);
    case kKeyLeaf: {
      const std::size_t place = r.offset();
      TRY_ASSIGN(const ByteView view, r.bytes());
      const auto leaf = envelope::Hash::from(view);
      if (!leaf) return r.refuse(place, leaf.error().what);
      out.leaf = *leaf;
      return {};
    }
    case kKeyRefunded: {
      TRY_ASSIGN(out.refunded_invoice, r.unsigned_integer());
      return {};
    }
    case kKeyVouchers: {
      TRY_ASSIGN(out.vouchers_sold, read_amount(r, out.currency));
      return {};
    }
    case kKeySoldAt: {
      TRY_ASSIGN(out.sold_at, read_till(r));
      return {};
    }
    default:
      return r.refuse(at, "unknown field " + std::to_string(key));
  }
}

Result<void> expect_key(CborReader& r, std::uint64_t key) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t found, r.unsigned_integer());
  if (found != key) return r.refuse(at, "field " + std::to_string(key) + " is missing");
  return {};
}

Result<void> read_heading(CborReader& r, SignedReceipt& out) {
  TRY(expect_key(r, kKeyVersion));
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t version, r.unsigned_integer());
  if (version != kVersion) {
    return r.refuse(at, "receipt version " + std::to_string(version) + "; this program knows " +
                            std::to_string(kVersion));
  }
  TRY(expect_key(r, kKeyTill));
  TRY_ASSIGN(out.till, read_till(r));
  TRY(expect_key(r, kKeyNumber));
  TRY(read_number(r, out));
  TRY(expect_key(r, kKeyDay));
  TRY_ASSIGN(out.day, read_day(r));
  TRY(expect_key(r, kKeyTime));
  TRY_ASSIGN(out.time_s, r.integer());
  TRY(expect_key(r, kKeyCurrency));
  TRY_ASSIGN(out.currency, read_currency(r));
  TRY(expect_key(r, kKeyTotal));
  TRY_ASSIGN(out.total, read_amount(r, out.currency));
  out.vouchers_sold = Money{0, out.currency};
  return {};
}

}  // namespace

Bytes encode_receipt(const SignedReceipt& receipt) {
  std::size_t fields = 7;
  for (const bool there : {!receipt.taxes.empty(), !receipt.tenders.empty(), !receipt.items.empty(),
                           receipt.leaf.has_value(), receipt.refunded_invoice != 0,
                           receipt.vouchers_sold.minor != 0, receipt.sold_at.has_value()}) {
    if (there) ++fields;
  }
  CborWriter w;
  w.map(fields);
  write_heading(w, receipt);
  if (!receipt.taxes.empty()) write_receipt_taxes(w, receipt.taxes);
  if (!receipt.tenders.empty()) {
    w.unsigned_integer(kKeyTenders);
    write_tenders(w, receipt.tenders);
  }
  if (!receipt.items.empty()) write_items(w, receipt.items);
  if (receipt.leaf) {
    w.unsigned_integer(kKeyLeaf);
    w.bytes(receipt.leaf->view());
  }
  if (receipt.refunded_invoice != 0) {
    w.unsigned_integer(kKeyRefunded);
    w.unsigned_integer(receipt.refunded_invoice);
  }
  if (receipt.vouchers_sold.minor != 0) {
    w.unsigned_integer(kKeyVouchers);
    w.integer(receipt.vouchers_sold.minor);
  }
  if (receipt.sold_at) {
    w.unsigned_integer(kKeySoldAt);
    write_till(w, *receipt.sold_at);
  }
  return std::move(w).take();
}

Result<SignedReceipt> decode_receipt(ByteView payload) {
  CborReader r(payload);
  TRY_ASSIGN(const std::size_t fields, r.map());
  if (fields < 8) return r.refuse(0, "a receipt has 8 fields at least");
  SignedReceipt out;
  TRY(read_heading(r, out));
  for (std::size_t i = 7; i < fields; ++i) {
    const std::size_t at = r.offset();
    TRY_ASSIGN(const std::uint64_t key, r.unsigned_integer());
    TRY(read_field(r, key, at, out));
  }
  TRY(r.finish());
  // What would be empty is left out, so that one content has one encoding.
  if (out.items.empty() == !out.leaf.has_value()) {
    return r.refuse(0, "a receipt has items, or a leaf in their place");
  }
  if (encode_receipt(out).size() != payload.size()) {
    return r.refuse(0, "a field of nothing is written down");
  }
  return out;
}

}  // namespace core::retail
