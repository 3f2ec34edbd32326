// SignedReceipt: what a customer keeps of a document, signed by the till that made it; checked with
// head office's roster and nothing else. Holds nothing about the customer.
// Must not know paper or printers. Format: docs/formats/receipt.md, docs/message.cddl.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/envelope/keys.h"
#include "core/envelope/roster.h"
#include "core/retail/document.h"
#include "core/retail/summary.h"

namespace core::retail {

// Of the whole COSE_Sign1. As text it has 604 characters, and as a QR code of level M 81 modules a
// side: at four dots each it fits paper of 58 mm.
inline constexpr std::size_t kSignedReceiptSizeMax = 400;

// What every receipt's text begins with: this format, in its first version.
inline constexpr std::string_view kReceiptTextPrefix = "DB1:";

struct ReceiptItem {
  ProductId product;
  Quantity quantity;  // zero of an amount line
  Money amount;       // after discount, any tax included
  bool operator==(const ReceiptItem&) const = default;
};

// Shape: items or a leaf, never both and never neither.
struct SignedReceipt {
  TillRef till;
  Series series = Series::kInvoice;
  std::uint64_t number = 0;
  BusinessDay day;
  std::int64_t time_s = 0;  // since 1970-01-01 UTC; evidence only
  Currency currency;
  Money total;          // of a refund negative; of a layaway its deposit
  Money vouchers_sold;  // inside the total
  std::map<TaxCode, TaxRow> taxes;
  Tenders tenders;
  std::vector<ReceiptItem> items;
  // The document's leaf hash in its day's tree, where the items do not fit.
  std::optional<envelope::Hash> leaf;
  std::uint64_t refunded_invoice = 0;  // 0: no refund
  std::optional<TillRef> sold_at;      // that sold what is refunded; none: this till
  bool operator==(const SignedReceipt&) const = default;
};

// Of a sale, a refund or a step of a layaway; nullopt of every other document: what it says
// concerns no customer's money.
// Errors: kOverflow, kCurrency.
Result<std::optional<SignedReceipt>> receipt_of(TillRef till, const Document& document);

// The signed bytes, at most kSignedReceiptSizeMax: where the items do not fit, the leaf is in their
// place, and where the tax rows do not either, they are left out as well.
Bytes sign_receipt(SignedReceipt receipt, const envelope::Hash& leaf, const envelope::Kid& kid,
                   const envelope::PrivateKey& key);

// Deterministic CBOR. decode_receipt(encode_receipt(r)) == r. Errors: kMalformed with the offset.
Bytes encode_receipt(const SignedReceipt& receipt);
Result<SignedReceipt> decode_receipt(ByteView payload);

struct VerifiedReceipt {
  SignedReceipt receipt;
  Epoch epoch;  // of the till, whose key signed it
};

// Errors: kMalformed (no receipt), kTooLarge, kUnknownKey (a key that the roster does not have, or
// that head office took back), kBadSignature (changed, or signed by another till than it names).
Result<VerifiedReceipt> verify_signed_receipt(ByteView bytes, const envelope::Roster& roster);

// "DB1:" and the bytes in base45: a QR code's alphanumeric mode holds it. Errors: kMalformed,
// kTooLarge.
std::string receipt_text(ByteView bytes);
Result<Bytes> parse_receipt_text(std::string_view text);

}  // namespace core::retail
