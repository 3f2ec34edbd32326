// Document: deterministic CBOR. Format: docs/formats/journal.md, "Document bodies".
// Must not know prices or rules.
#include "core/retail/document.h"
#include "core/retail/fields.h"

namespace core::retail {
namespace {

// The first item of a body: the alternative's place in Document, from 1.
constexpr std::size_t kHeadingItems = 5;

void write_line(CborWriter& w, const SaleLine& line) {
  w.array(8);
  w.unsigned_integer(static_cast<std::uint64_t>(line.kind));
  w.unsigned_integer(line.product.value);
  w.integer(line.quantity.thousandths);
  w.array(line.unit_price ? 1 : 0);
  if (line.unit_price) w.integer(line.unit_price->minor);
  w.integer(line.amount.minor);
  w.integer(line.discount.minor);
  w.array(2);
  w.unsigned_integer(line.tax.value);
  w.integer(line.tax_amount.minor);
  write_components(w, line.consumed);
}

Result<Money> read_money(CborReader& r, Currency currency) {
  TRY_ASSIGN(const std::int64_t minor, r.integer());
  return Money{minor, currency};
}

Result<void> expect(CborReader& r, std::size_t at, bool as_expected, std::string_view what) {
  if (!as_expected) return r.refuse(at, what);
  return {};
}

Result<SaleLine> read_line(CborReader& r, Currency currency) {
  SaleLine line;
  std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t items, r.array());
  TRY(expect(r, at, items == 8, "a line has 8 items"));
  at = r.offset();
  TRY_ASSIGN(const std::uint64_t kind, r.unsigned_integer());
  TRY(expect(r, at, kind == 1 || kind == 2, "unknown line kind"));
  line.kind = static_cast<LineKind>(kind);
  TRY_ASSIGN(line.product, read_id<ProductId>(r));
  TRY_ASSIGN(line.quantity.thousandths, r.integer());
  at = r.offset();
  TRY_ASSIGN(const std::size_t prices, r.array());
  TRY(expect(r, at, prices <= 1, "a line has one unit price or none"));
  if (prices == 1) {
    TRY_ASSIGN(line.unit_price, read_money(r, currency));
  }
  TRY_ASSIGN(line.amount, read_money(r, currency));
  TRY_ASSIGN(line.discount, read_money(r, currency));
  at = r.offset();
  TRY_ASSIGN(const std::size_t tax_items, r.array());
  TRY(expect(r, at, tax_items == 2, "a line's tax has 2 items"));
  TRY_ASSIGN(line.tax, read_id<TaxCode>(r));
  TRY_ASSIGN(line.tax_amount, read_money(r, currency));
  TRY_ASSIGN(line.consumed, read_components(r));
  return line;
}

Result<std::map<Series, std::uint64_t>> read_numbers(CborReader& r) {
  std::map<Series, std::uint64_t> numbers;
  TRY_ASSIGN(const std::size_t pairs, r.map());
  for (std::size_t i = 0; i < pairs; ++i) {
    const std::size_t at = r.offset();
    TRY_ASSIGN(const std::uint64_t series, r.unsigned_integer());
    TRY(expect(r, at, series >= 1 && series <= kSeriesCount, "unknown document series"));
    TRY_ASSIGN(const std::uint64_t number, r.unsigned_integer());
    numbers.emplace(static_cast<Series>(series), number);
  }
  return numbers;
}

// A document of `items` items: what all have, then its own.
void begin(CborWriter& w, const Document& document, std::size_t items) {
  const Heading& heading = heading_of(document);
  w.array(kHeadingItems + items);
  w.unsigned_integer(document.index() + 1);
  w.unsigned_integer(static_cast<std::uint64_t>(heading.day.days));
  w.integer(heading.time_ms);
  w.text(heading.currency.code());
  w.map(heading.numbers.size());
  for (const auto& [series, number] : heading.numbers) {
    w.unsigned_integer(static_cast<std::uint64_t>(series));
    w.unsigned_integer(number);
  }
}

void write(CborWriter& w, const Sale& sale) {
  w.array(sale.lines.size());
  for (const SaleLine& line : sale.lines) write_line(w, line);
  write_tenders(w, sale.tenders);
}

void write(CborWriter& w, const Refund& refund) {
  w.unsigned_integer(refund.invoice);
  w.array(refund.lines.size());
  for (const RefundLine& line : refund.lines) {
    w.array(4);
    w.unsigned_integer(line.line);
    w.integer(line.quantity.thousandths);
    w.unsigned_integer(line.restock ? 1 : 0);
    write_line(w, line.mirror);
  }
  write_tenders(w, refund.tenders);
  w.text(refund.reason);
}

void write(CborWriter& w, const Void& cancel) {
  w.unsigned_integer(cancel.invoice);
  w.text(cancel.reason);
}

void write(CborWriter& w, const CashMovement& movement) {
  w.unsigned_integer(static_cast<std::uint64_t>(movement.kind));
  w.integer(movement.amount.minor);
  w.text(movement.reason);
}

void write(CborWriter& w, const NoSale& document) {
  w.text(document.reason);
}

std::size_t items_of(const Document& document) {
  static constexpr std::size_t kItems[] = {2, 4, 2, 3, 1};
  return kItems[document.index()];
}

Result<std::string> read_reason(CborReader& r) {
  TRY_ASSIGN(const std::string_view text, r.text());
  return std::string(text);
}

Result<void> read(CborReader& r, Sale& sale) {
  TRY_ASSIGN(const std::size_t lines, r.array());
  for (std::size_t i = 0; i < lines; ++i) {
    TRY_ASSIGN(SaleLine line, read_line(r, sale.currency));
    sale.lines.push_back(std::move(line));
  }
  TRY_ASSIGN(sale.tenders, read_tenders(r, sale.currency));
  return {};
}

Result<RefundLine> read_refund_line(CborReader& r, Currency currency) {
  RefundLine line;
  std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t items, r.array());
  TRY(expect(r, at, items == 4, "a refunded line has 4 items"));
  at = r.offset();
  TRY_ASSIGN(const std::uint64_t number, r.unsigned_integer());
  TRY(expect(r, at, number <= UINT32_MAX, "a line number is out of range"));
  line.line = static_cast<std::uint32_t>(number);
  TRY_ASSIGN(line.quantity.thousandths, r.integer());
  at = r.offset();
  TRY_ASSIGN(const std::uint64_t restock, r.unsigned_integer());
  TRY(expect(r, at, restock <= 1, "restocking is 0 or 1"));
  line.restock = restock == 1;
  TRY_ASSIGN(line.mirror, read_line(r, currency));
  return line;
}

Result<void> read(CborReader& r, Refund& refund) {
  TRY_ASSIGN(refund.invoice, r.unsigned_integer());
  TRY_ASSIGN(const std::size_t lines, r.array());
  for (std::size_t i = 0; i < lines; ++i) {
    TRY_ASSIGN(RefundLine line, read_refund_line(r, refund.currency));
    refund.lines.push_back(std::move(line));
  }
  TRY_ASSIGN(refund.tenders, read_tenders(r, refund.currency));
  TRY_ASSIGN(refund.reason, read_reason(r));
  return {};
}

Result<void> read(CborReader& r, Void& cancel) {
  TRY_ASSIGN(cancel.invoice, r.unsigned_integer());
  TRY_ASSIGN(cancel.reason, read_reason(r));
  return {};
}

Result<void> read(CborReader& r, CashMovement& movement) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t kind, r.unsigned_integer());
  TRY(expect(r, at, kind >= 1 && kind <= 4, "unknown kind of cash movement"));
  movement.kind = static_cast<CashKind>(kind);
  TRY_ASSIGN(movement.amount, read_money(r, movement.currency));
  TRY_ASSIGN(movement.reason, read_reason(r));
  return {};
}

Result<void> read(CborReader& r, NoSale& document) {
  TRY_ASSIGN(document.reason, read_reason(r));
  return {};
}

// An empty document of the kind that a body's first item names.
Result<Document> blank_of(CborReader& r) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t kind, r.unsigned_integer());
  switch (kind) {
    case 1:
      return Document(Sale{});
    case 2:
      return Document(Refund{});
    case 3:
      return Document(Void{});
    case 4:
      return Document(CashMovement{});
    case 5:
      return Document(NoSale{});
    default:
      return r.refuse(at, "unknown document kind " + std::to_string(kind));
  }
}

}  // namespace

Bytes encode_document(const Document& document) {
  CborWriter w;
  begin(w, document, items_of(document));
  std::visit([&](const auto& d) { write(w, d); }, document);
  return std::move(w).take();
}

Result<Document> decode_document(ByteView body) {
  CborReader r(body);
  TRY_ASSIGN(const std::size_t items, r.array());
  TRY_ASSIGN(Document document, blank_of(r));
  TRY(expect(r, 0, items == kHeadingItems + items_of(document), "a document of another length"));
  Heading& heading = heading_of(document);
  TRY_ASSIGN(heading.day, read_day(r));
  TRY_ASSIGN(heading.time_ms, r.integer());
  TRY_ASSIGN(heading.currency, read_currency(r));
  TRY_ASSIGN(heading.numbers, read_numbers(r));
  TRY(std::visit([&](auto& d) { return read(r, d); }, document));
  TRY(r.finish());
  return document;
}

}  // namespace core::retail
