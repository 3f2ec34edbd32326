// SignedReceipt: made of a document, signed, checked. Encoding: core/retail/receipt_codec.cpp.
#include "core/retail/signed_receipt.h"

#include "core/base/base45.h"
#include "core/envelope/statement.h"

namespace core::retail {
namespace {

Result<void> add_line(SignedReceipt& receipt, const SaleLine& line) {
  receipt.items.push_back({line.product, line.quantity, line.amount});
  TRY_ASSIGN(receipt.total, add(receipt.total, line.amount));
  const Money zero{0, receipt.currency};
  TaxRow& row = receipt.taxes.try_emplace(line.tax, TaxRow{zero, zero}).first->second;
  TRY_ASSIGN(row.gross, add(row.gross, line.amount));
  TRY_ASSIGN(row.tax, add(row.tax, line.tax_amount));
  return {};
}

// Towards the past, so that a time before 1970 is no special case.
std::int64_t whole_seconds(std::int64_t time_ms) {
  return time_ms / 1000 - (time_ms % 1000 < 0 ? 1 : 0);
}

std::string count_of(std::size_t bytes) {
  return "a signed receipt of " + std::to_string(bytes) + " bytes; the limit is " +
         std::to_string(kSignedReceiptSizeMax);
}

}  // namespace

Result<std::optional<SignedReceipt>> receipt_of(TillRef till, const Document& document) {
  const Heading& heading = heading_of(document);
  SignedReceipt out;
  out.till = till;
  out.series = series_of(document);
  out.day = heading.day;
  out.time_s = whole_seconds(heading.time_ms);
  out.currency = heading.currency;
  out.total = out.vouchers_sold = Money{0, heading.currency};
  const auto number = heading.numbers.find(out.series);
  if (number != heading.numbers.end()) out.number = number->second;
  if (const auto* sale = std::get_if<Sale>(&document)) {
    for (const SaleLine& line : sale->lines) TRY(add_line(out, line));
    out.tenders = sale->tenders;
    TRY_ASSIGN(out.vouchers_sold, sum_of(sale->vouchers_sold, sale->currency));
    TRY_ASSIGN(out.total, add(out.total, out.vouchers_sold));
  } else if (const auto* refund = std::get_if<Refund>(&document)) {
    for (const RefundLine& line : refund->lines) TRY(add_line(out, line.mirror));
    out.tenders = refund->tenders;
    out.refunded_invoice = refund->invoice;
    out.sold_at = refund->sold_at;
  } else if (const auto* layaway = std::get_if<Layaway>(&document)) {
    out.tenders = layaway->tenders;
    TRY_ASSIGN(out.total, sum_of(layaway->tenders, layaway->currency));
  } else {
    return std::optional<SignedReceipt>();
  }
  return std::optional<SignedReceipt>(std::move(out));
}

Bytes sign_receipt(SignedReceipt receipt, const envelope::Hash& leaf, const envelope::Kid& kid,
                   const envelope::PrivateKey& key) {
  const auto sign = [&] {
    return envelope::sign_statement(envelope::StatementType::kReceipt, kid, encode_receipt(receipt),
                                    key);
  };
  if (receipt.items.empty()) receipt.leaf = leaf;
  Bytes out = sign();
  if (out.size() > kSignedReceiptSizeMax) {
    receipt.items.clear();
    receipt.leaf = leaf;
    out = sign();
  }
  if (out.size() > kSignedReceiptSizeMax) {
    receipt.taxes.clear();
    out = sign();
  }
  CORE_CHECK(out.size() <= kSignedReceiptSizeMax);
  return out;
}

Result<VerifiedReceipt> verify_signed_receipt(ByteView bytes, const envelope::Roster& roster) {
  if (bytes.size() > kSignedReceiptSizeMax) return fail(Errc::kTooLarge, count_of(bytes.size()));
  TRY_ASSIGN(const envelope::Statement statement,
             envelope::parse_statement(bytes, envelope::StatementType::kReceipt));
  const envelope::Enrolment* signer = roster.find(statement.kid);
  if (signer == nullptr) {
    return fail(Errc::kUnknownKey, "signed with a key that is not on the roster of '" +
                                       roster.origin() +
                                       "': another organisation's, or enrolled after this roster");
  }
  const std::string name =
      "till " + to_string(signer->till) + ", epoch " + to_string(signer->epoch);
  if (!envelope::verify_statement(statement, signer->key)) {
    return fail(Errc::kBadSignature,
                "this is not what " + name + " signed: it was changed, or copied with a mistake");
  }
  if (signer->revoked) {
    return fail(Errc::kUnknownKey, "head office revoked the key of " + name +
                                       ": whoever holds it may have made this receipt");
  }
  TRY_ASSIGN(SignedReceipt receipt, decode_receipt(statement.payload));
  if (receipt.till != signer->till) {
    return fail(Errc::kBadSignature,
                "it names till " + to_string(receipt.till) + " and was signed by " + name);
  }
  return VerifiedReceipt{std::move(receipt), signer->epoch};
}

std::string receipt_text(ByteView bytes) {
  return std::string(kReceiptTextPrefix) + to_base45(bytes);
}

Result<Bytes> parse_receipt_text(std::string_view text) {
  if (!text.starts_with(kReceiptTextPrefix)) {
    return fail(Errc::kMalformed, "a receipt's text begins with " +
                                      std::string(kReceiptTextPrefix) + "; this is another text");
  }
  text.remove_prefix(kReceiptTextPrefix.size());
  if (text.size() > kSignedReceiptSizeMax * 3 / 2) {
    return fail(Errc::kTooLarge, count_of(text.size() * 2 / 3));
  }
  return from_base45(text);
}

}  // namespace core::retail
