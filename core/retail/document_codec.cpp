// Document: deterministic CBOR, both ways from one list of fields a kind.
// Must not know prices or rules. Format: docs/formats/journal.md, "Document bodies".
#include <type_traits>
#include <utility>

#include "core/retail/document.h"
#include "core/retail/fields.h"

namespace core::retail {
namespace {

// ---- The fields of each kind, in the order of the format ---------------------------------------
// Io is Out or In below; Ref<T> is a reference that it writes from or reads into.

template <typename Io>
Result<void> fields(Io& io, typename Io::template Ref<PriceChange> c) {
  return io.all(c.kind, c.amount, c.reason);
}

template <typename Io>
Result<void> fields(Io& io, typename Io::template Ref<OrderLine> l) {
  return io.all(l.product, l.quantity, l.discount, l.unit_price, l.label_price, l.changes);
}

template <typename Io>
Result<void> fields(Io& io, typename Io::template Ref<SaleLine> l) {
  return io.all(l.kind, l.product, l.quantity, l.unit_price, l.amount, l.discount, l.tax,
                l.tax_amount, l.consumed, l.changes);
}

template <typename Io>
Result<void> fields(Io& io, typename Io::template Ref<RefundLine> l) {
  return io.all(l.line, l.quantity, l.restock, l.mirror);
}

template <typename Io>
Result<void> fields(Io& io, typename Io::template Ref<Voucher> v) {
  return io.all(v.number, v.amount);
}

template <typename Io>
Result<void> fields(Io& io, typename Io::template Ref<TillRef> t) {
  return io.all(t.store, t.till);
}

template <typename Io>
Result<void> fields(Io& io, typename Io::template Ref<Sale> d) {
  return io.all(d.lines, d.tenders, d.vouchers_sold, d.vouchers_redeemed, d.cards, d.member,
                d.points_earned, d.points_redeemed, d.hold, d.layaway, d.deposit_taxes,
                d.lines_voided);
}

template <typename Io>
Result<void> fields(Io& io, typename Io::template Ref<Refund> d) {
  return io.all(d.invoice, d.sold_at, d.lines, d.tenders, d.vouchers_issued, d.member,
                d.points_taken_back, d.reason);
}

template <typename Io>
Result<void> fields(Io& io, typename Io::template Ref<Void> d) {
  return io.all(d.invoice, d.reason);
}

template <typename Io>
Result<void> fields(Io& io, typename Io::template Ref<CashMovement> d) {
  return io.all(d.kind, d.amount, d.reason);
}

template <typename Io>
Result<void> fields(Io& io, typename Io::template Ref<NoSale> d) {
  return io.all(d.reason);
}

template <typename Io>
Result<void> fields(Io& io, typename Io::template Ref<StockMovement> d) {
  return io.all(d.kind, d.lines, d.transfer, d.other_store, d.reason);
}

template <typename Io>
Result<void> fields(Io& io, typename Io::template Ref<Hold> d) {
  return io.all(d.kind, d.hold, d.name, d.lines, d.reason);
}

template <typename Io>
Result<void> fields(Io& io, typename Io::template Ref<Layaway> d) {
  return io.all(d.kind, d.layaway, d.name, d.lines, d.tenders, d.forfeited, d.taxes, d.reason);
}

template <typename Io>
Result<void> fields(Io& io, typename Io::template Ref<Training> d) {
  return io.all(d.lines, d.tenders);
}

template <typename Io>
Result<void> fields(Io& io, typename Io::template Ref<Copy> d) {
  return io.all(d.of, d.number);
}

template <typename Io>
Result<void> fields(Io& io, typename Io::template Ref<CardResult> d) {
  return io.all(d.kind, d.terminal, d.batch, d.authorisation, d.masked_number, d.amount,
                d.signature, d.reverses);
}

// ---- Single items ------------------------------------------------------------------------------

// The last value of an enumeration that begins at 1.
constexpr std::uint64_t last_of(ChangeKind) {
  return 4;
}
constexpr std::uint64_t last_of(LineKind) {
  return 2;
}
constexpr std::uint64_t last_of(CashKind) {
  return 4;
}
constexpr std::uint64_t last_of(StockKind) {
  return 5;
}
constexpr std::uint64_t last_of(HoldKind) {
  return 2;
}
constexpr std::uint64_t last_of(LayawayKind) {
  return 3;
}
constexpr std::uint64_t last_of(CardKind) {
  return 3;
}
constexpr std::uint64_t last_of(Series) {
  return kSeriesCount;
}

// A list that is longer cannot be one of ours; and none may take memory before it is read.
constexpr std::size_t kItemsMax = 100'000;

class Out {
 public:
  template <typename T>
  using Ref = const T&;

  explicit Out(CborWriter& w) : w_(w) {}

  template <typename... Items>
  Result<void> all(const Items&... items) {
    w_.array(sizeof...(items));
    (item(items), ...);
    return {};
  }

 private:
  void item(bool value) { w_.unsigned_integer(value ? 1 : 0); }
  void item(std::uint64_t value) { w_.unsigned_integer(value); }
  void item(std::uint32_t value) { w_.unsigned_integer(value); }
  void item(std::int64_t value) { w_.integer(value); }
  void item(const std::string& value) { w_.text(value); }
  void item(const Bytes& value) { w_.bytes(value); }
  void item(Money value) { w_.integer(value.minor); }
  void item(Quantity value) { w_.integer(value.thousandths); }
  void item(const Components& value) { write_components(w_, value); }
  void item(const Tenders& value) { write_tenders(w_, value); }
  void item(const std::map<TaxCode, Money>& value) {
    w_.map(value.size());
    for (const auto& [code, tax] : value) {
      w_.unsigned_integer(code.value);
      w_.integer(tax.minor);
    }
  }
  template <typename Tag, typename Rep>
  void item(StrongInt<Tag, Rep> value) {
    w_.unsigned_integer(value.value);
  }
  template <typename Tag, std::size_t N>
  void item(const FixedBytes<Tag, N>& value) {
    w_.bytes(value.view());
  }
  template <typename T>
  void item(const std::optional<T>& value) {
    w_.array(value ? 1 : 0);
    if (value) item(*value);
  }
  template <typename T>
  void item(const std::vector<T>& list) {
    w_.array(list.size());
    for (const T& one : list) item(one);
  }
  template <typename T>
  void item(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      w_.unsigned_integer(static_cast<std::uint64_t>(value));
    } else {
      (void)fields(*this, value);
    }
  }

  CborWriter& w_;
};

class In {
 public:
  template <typename T>
  using Ref = T&;

  In(CborReader& r, Currency currency) : r_(r), currency_(currency) {}

  template <typename... Items>
  Result<void> all(Items&... items) {
    const std::size_t at = r_.offset();
    TRY_ASSIGN(const std::size_t found, r_.array());
    if (found != sizeof...(items)) {
      return r_.refuse(at, std::to_string(sizeof...(items)) + " items are expected here");
    }
    Result<void> done{};
    ((done = done ? item(items) : done), ...);
    return done;
  }

 private:
  Result<void> item(bool& value) {
    const std::size_t at = r_.offset();
    TRY_ASSIGN(const std::uint64_t number, r_.unsigned_integer());
    if (number > 1) return r_.refuse(at, "0 or 1 is expected here");
    value = number == 1;
    return {};
  }
  Result<void> item(std::uint64_t& value) {
    TRY_ASSIGN(value, r_.unsigned_integer());
    return {};
  }
  Result<void> item(std::uint32_t& value) {
    const std::size_t at = r_.offset();
    TRY_ASSIGN(const std::uint64_t wide, r_.unsigned_integer());
    if (wide > UINT32_MAX) return r_.refuse(at, "a number is out of range");
    value = static_cast<std::uint32_t>(wide);
    return {};
  }
  Result<void> item(std::int64_t& value) {
    TRY_ASSIGN(value, r_.integer());
    return {};
  }
  Result<void> item(std::string& value) {
    TRY_ASSIGN(const std::string_view text, r_.text());
    value = text;
    return {};
  }
  Result<void> item(Bytes& value) {
    TRY_ASSIGN(const ByteView bytes, r_.bytes());
    value = to_bytes(bytes);
    return {};
  }
  Result<void> item(Money& value) {
    value.currency = currency_;
    TRY_ASSIGN(value.minor, r_.integer());
    return {};
  }
  Result<void> item(Quantity& value) {
    TRY_ASSIGN(value.thousandths, r_.integer());
    return {};
  }
  Result<void> item(Components& value) {
    TRY_ASSIGN(value, read_components(r_));
    return {};
  }
  Result<void> item(Tenders& value) {
    TRY_ASSIGN(value, read_tenders(r_, currency_));
    return {};
  }
  Result<void> item(std::map<TaxCode, Money>& value) {
    TRY_ASSIGN(const std::size_t pairs, r_.map());
    for (std::size_t i = 0; i < pairs; ++i) {
      TRY_ASSIGN(const TaxCode code, read_id<TaxCode>(r_));
      TRY_ASSIGN(const std::int64_t minor, r_.integer());
      value.emplace_hint(value.end(), code, Money{minor, currency_});
    }
    return {};
  }
  template <typename Tag, typename Rep>
  Result<void> item(StrongInt<Tag, Rep>& value) {
    using Id = StrongInt<Tag, Rep>;
    TRY_ASSIGN(value, read_id<Id>(r_));
    return {};
  }
  template <typename Tag, std::size_t N>
  Result<void> item(FixedBytes<Tag, N>& value) {
    const std::size_t at = r_.offset();
    TRY_ASSIGN(const ByteView bytes, r_.bytes());
    const auto read = FixedBytes<Tag, N>::from(bytes);
    if (!read) return r_.refuse(at, read.error().what);
    value = *read;
    return {};
  }
  template <typename T>
  Result<void> item(std::optional<T>& value) {
    const std::size_t at = r_.offset();
    TRY_ASSIGN(const std::size_t items, r_.array());
    if (items > 1) return r_.refuse(at, "there is one item here, or none");
    return items == 0 ? Result<void>{} : item(value.emplace());
  }
  template <typename T>
  Result<void> item(std::vector<T>& list) {
    const std::size_t at = r_.offset();
    TRY_ASSIGN(const std::size_t items, r_.array());
    if (items > kItemsMax) return r_.refuse(at, "a list is too long");
    for (std::size_t i = 0; i < items; ++i) TRY(item(list.emplace_back()));
    return {};
  }
  template <typename T>
  Result<void> item(T& value) {
    if constexpr (std::is_enum_v<T>) {
      const std::size_t at = r_.offset();
      TRY_ASSIGN(const std::uint64_t number, r_.unsigned_integer());
      if (number < 1 || number > last_of(T{})) return r_.refuse(at, "unknown kind here");
      value = static_cast<T>(number);
      return {};
    } else {
      return fields(*this, value);
    }
  }

  CborReader& r_;
  Currency currency_;
};

// ---- The heading -------------------------------------------------------------------------------

constexpr std::size_t kHeadingItems = 9;

void write_heading(CborWriter& w, const Heading& heading) {
  w.array(kHeadingItems);
  w.unsigned_integer(static_cast<std::uint64_t>(heading.day.days));
  w.integer(heading.time_ms);
  w.unsigned_integer(heading.clock_doubtful ? 1 : 0);
  w.text(heading.currency.code());
  w.map(heading.numbers.size());
  for (const auto& [series, number] : heading.numbers) {
    w.unsigned_integer(static_cast<std::uint64_t>(series));
    w.unsigned_integer(number);
  }
  w.unsigned_integer(heading.operator_id.value);
  w.unsigned_integer(heading.approved_by.value);
  w.unsigned_integer(heading.catalog.value);
  w.array(heading.request ? 1 : 0);
  if (heading.request) w.bytes(heading.request->view());
}

Result<DocumentNumbers> read_numbers(CborReader& r) {
  DocumentNumbers numbers;
  TRY_ASSIGN(const std::size_t pairs, r.map());
  for (std::size_t i = 0; i < pairs; ++i) {
    const std::size_t at = r.offset();
    TRY_ASSIGN(const std::uint64_t series, r.unsigned_integer());
    if (series < 1 || series > kSeriesCount) return r.refuse(at, "unknown document series");
    TRY_ASSIGN(const std::uint64_t number, r.unsigned_integer());
    numbers.emplace(static_cast<Series>(series), number);
  }
  return numbers;
}

Result<std::optional<RequestId>> read_request(CborReader& r) {
  std::optional<RequestId> request;
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items > 1) return r.refuse(at, "a document answers one request, or none");
  if (items == 0) return request;
  TRY_ASSIGN(const ByteView bytes, r.bytes());
  const auto id = RequestId::from(bytes);
  if (!id) return r.refuse(at, id.error().what);
  request = *id;
  return request;
}

Result<void> read_heading(CborReader& r, Heading& heading) {
  std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items != kHeadingItems) return r.refuse(at, "a heading has 9 items");
  TRY_ASSIGN(heading.day, read_day(r));
  TRY_ASSIGN(heading.time_ms, r.integer());
  at = r.offset();
  TRY_ASSIGN(const std::uint64_t doubtful, r.unsigned_integer());
  if (doubtful > 1) return r.refuse(at, "a clock is doubtful, 1, or not, 0");
  heading.clock_doubtful = doubtful == 1;
  TRY_ASSIGN(heading.currency, read_currency(r));
  TRY_ASSIGN(heading.numbers, read_numbers(r));
  TRY_ASSIGN(heading.operator_id, read_id<OperatorId>(r));
  TRY_ASSIGN(heading.approved_by, read_id<OperatorId>(r));
  TRY_ASSIGN(heading.catalog, read_id<CatalogVersion>(r));
  TRY_ASSIGN(heading.request, read_request(r));
  return {};
}

// An empty document of kind `index` + 1: the alternative's place in Document.
template <std::size_t... I>
std::optional<Document> blank_document(std::uint64_t kind, std::index_sequence<I...>) {
  std::optional<Document> out;
  ((kind == I + 1 ? void(out.emplace(std::in_place_index<I>)) : void()), ...);
  return out;
}

}  // namespace

Bytes encode_document(const Document& document) {
  CborWriter w;
  w.array(3);
  w.unsigned_integer(document.index() + 1);
  write_heading(w, heading_of(document));
  Out out(w);
  std::visit([&](const auto& d) { (void)fields(out, d); }, document);
  return std::move(w).take();
}

Result<Document> decode_document(ByteView body) {
  CborReader r(body);
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items != 3) return r.refuse(0, "a document has 3 items");
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t kind, r.unsigned_integer());
  auto blank = blank_document(kind, std::make_index_sequence<std::variant_size_v<Document>>());
  if (!blank) return r.refuse(at, "unknown document kind " + std::to_string(kind));
  Document document = *std::move(blank);
  TRY(read_heading(r, heading_of(document)));
  In in(r, heading_of(document).currency);
  TRY(std::visit([&](auto& d) { return fields(in, d); }, document));
  TRY(r.finish());
  return document;
}

}  // namespace core::retail
