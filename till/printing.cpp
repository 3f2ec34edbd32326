// Till: printing a document: the original once, and copies, each after its document is durable.
#include "till/printing.h"

#include <utility>

#include "core/retail/signed_receipt.h"
#include "till/till.h"

namespace till {

using core::Errc;
using core::fail;
using core::Result;
using namespace core::retail;

Result<std::string> Till::signed_receipt(const Document& document) {
  TRY_ASSIGN(auto receipt, receipt_of(ref(), document));
  if (!receipt) return std::string();
  const Identity& self = journal_.identity();
  const auto kid = core::envelope::derive_kid(self.origin, public_key());
  const auto leaf = core::envelope::sha256_prefixed(0, encode_document(document));
  return receipt_text(sign_receipt(std::move(*receipt), leaf, kid, self.key));
}

Result<std::string> Till::signed_receipt(Series series, std::uint64_t number) {
  TRY_ASSIGN(const StoredDocument stored, document(series, number));
  TRY_ASSIGN(std::string text, signed_receipt(stored.document));
  if (text.empty()) {
    return fail(Errc::kUsage, "sales, refunds and layaways have a signed receipt, and " +
                                  document_number(ref(), series, number) + " is none of them");
  }
  return text;
}

Result<ReceiptLayout> Till::layout_of(const StoredDocument& stored, std::uint64_t copy,
                                      const std::optional<core::Money>& change) {
  ReceiptContext context;
  context.till = ref();
  TRY_ASSIGN(context.heading, print_queue().heading());
  context.copy = copy;
  context.voided = stored.voided.has_value();
  context.change = change;
  // As they were when the document was made.
  const core::CatalogVersion version = heading_of(stored.document).catalog;
  TRY_ASSIGN(const ProductNames names, shelf().names(version, products_of(stored)));
  context.product_name = [&](core::ProductId id) {
    const auto it = names.find(id);
    return it == names.end() ? std::string() : it->second;
  };
  TRY_ASSIGN(const core::retail::Terms* terms, shelf().terms(version));
  context.tax_rate = [&](core::TaxCode code) -> std::optional<TaxRate> {
    for (const TaxRate& rate : terms->taxes) {
      if (rate.code == code) return rate;
    }
    return std::nullopt;
  };
  // A cancelled sale's paper is no proof of purchase.
  if (!context.voided) {
    TRY_ASSIGN(context.signed_text, signed_receipt(stored.document));
  }
  std::optional<StoredDocument> about;
  if (std::holds_alternative<Void>(stored.document)) {
    TRY_ASSIGN(about, document(Series::kInvoice, std::get<Void>(stored.document).invoice));
    context.about = std::get_if<Sale>(&about->document);
  }
  return receipt_layout(stored.document, context);
}

Result<std::uint64_t> Till::position_of(Series series, std::uint64_t number) {
  // A sale is found by its invoice; its order and its delivery have the same number.
  const bool is_sale = series == Series::kOrder || series == Series::kDelivery;
  TRY_ASSIGN(const auto row, journal_.find_document(is_sale ? Series::kInvoice : series, number));
  if (!row) {
    return fail(Errc::kNotFound, "there is no document " + document_number(ref(), series, number));
  }
  return row->position;
}

Result<PrintMark> Till::print_mark(Series series, std::uint64_t number) {
  TRY_ASSIGN(const std::uint64_t position, position_of(series, number));
  return print_queue().mark(position);
}

Result<PrintReport> Till::print(const PrintOrder& order, Printer& printer, std::int64_t time_ms) {
  if (order.columns < kColumnsMin || order.columns > kColumnsMax) {
    return fail(Errc::kUsage, "paper has " + std::to_string(kColumnsMin) + " to " +
                                  std::to_string(kColumnsMax) + " columns");
  }
  TRY_ASSIGN(const StoredDocument stored, document(order.series, order.number));
  const Series series = series_of(stored.document);
  TRY_ASSIGN(const std::uint64_t position, position_of(order.series, order.number));
  PrintReport report;
  TRY_ASSIGN(report.copy, print_queue().next_copy(position));
  TRY_ASSIGN(ReceiptLayout layout, layout_of(stored, report.copy, order.change));
  layout.opens_drawer = layout.opens_drawer && order.may_open_drawer;
  TRY_ASSIGN(const core::Bytes job, render_receipt(layout, order.style, order.columns));
  // The copy is a document of its own, which says that one was ordered, whatever becomes of it.
  if (report.copy > 0) {
    TRY(record_copy(series, heading_of(stored.document).numbers.at(series), time_ms));
  }
  TRY_ASSIGN(const std::uint64_t begun, print_queue().begin(position));
  CORE_CHECK(begun == report.copy);
  report.outcome = printer.print(job);
  TRY(print_queue().end(position, report.outcome.printed));
  return report;
}

}  // namespace till
