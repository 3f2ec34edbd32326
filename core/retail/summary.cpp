// Summary: encoding, strict decoding, balance and splitting of openings and closings.
#include "core/retail/summary.h"

#include <algorithm>

#include "core/retail/fields.h"

namespace core::retail {
namespace {

// Map keys of docs/message.cddl. 12 to 14 are reserved there.
enum Field : std::uint64_t {
  kKind = 0,
  kDay = 1,
  kCurrency = 2,
  kSales = 3,
  kVoids = 4,
  kNet = 5,
  kDiscount = 6,
  kTaxes = 7,
  kTenders = 8,
  kOverShort = 9,
  kProducts = 10,  // received or consumed
  kPart = 11,
};
constexpr std::uint64_t kKindOpening = 1;
constexpr std::uint64_t kKindClosing = 2;

// Counts the fields first, so that the map's head is right, then writes those that are not zero.
class FieldWriter {
 public:
  template <typename Write>
  void field(Field key, bool present, Write write) {
    if (!present) return;
    ++pairs_;
    body_.unsigned_integer(key);
    write(body_);
  }
  Bytes take() && {
    CborWriter out;
    out.map(pairs_);
    Bytes bytes = std::move(out).take();
    append(bytes, body_.view());
    return bytes;
  }

 private:
  std::size_t pairs_ = 0;
  CborWriter body_;
};

void write_products(FieldWriter& f, const Components& products) {
  f.field(kProducts, !products.empty(), [&](CborWriter& w) { write_components(w, products); });
}

void write_part(FieldWriter& f, Part part) {
  f.field(kPart, part != Part{}, [&](CborWriter& w) {
    w.array(2);
    w.unsigned_integer(part.number);
    w.unsigned_integer(part.count);
  });
}

Bytes encode(const Opening& opening) {
  FieldWriter f;
  f.field(kKind, true, [&](CborWriter& w) { w.unsigned_integer(kKindOpening); });
  f.field(kDay, true,
          [&](CborWriter& w) { w.unsigned_integer(static_cast<std::uint64_t>(opening.day.days)); });
  write_products(f, opening.received);
  write_part(f, opening.part);
  return std::move(f).take();
}

void write_amount(FieldWriter& f, Field key, Money amount) {
  f.field(key, amount.minor != 0, [&](CborWriter& w) { w.integer(amount.minor); });
}

Bytes encode(const Closing& closing) {
  FieldWriter f;
  f.field(kKind, true, [&](CborWriter& w) { w.unsigned_integer(kKindClosing); });
  f.field(kDay, true,
          [&](CborWriter& w) { w.unsigned_integer(static_cast<std::uint64_t>(closing.day.days)); });
  f.field(kCurrency, true, [&](CborWriter& w) { w.text(closing.currency.code()); });
  f.field(kSales, closing.sales != 0, [&](CborWriter& w) { w.unsigned_integer(closing.sales); });
  f.field(kVoids, closing.voids != 0, [&](CborWriter& w) { w.unsigned_integer(closing.voids); });
  write_amount(f, kNet, closing.net);
  write_amount(f, kDiscount, closing.discount);
  f.field(kTaxes, !closing.taxes.empty(), [&](CborWriter& w) {
    w.map(closing.taxes.size());
    for (const auto& [code, row] : closing.taxes) {
      w.unsigned_integer(code.value);
      w.array(2);
      w.integer(row.gross.minor);
      w.integer(row.tax.minor);
    }
  });
  f.field(kTenders, !closing.tenders.empty(),
          [&](CborWriter& w) { write_tenders(w, closing.tenders); });
  write_amount(f, kOverShort, closing.over_short);
  write_products(f, closing.consumed);
  write_part(f, closing.part);
  return std::move(f).take();
}

Result<Part> read_part(CborReader& r) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items != 2) return r.refuse(at, "a part has 2 items");
  TRY_ASSIGN(const std::uint64_t number, r.unsigned_integer());
  TRY_ASSIGN(const std::uint64_t count, r.unsigned_integer());
  constexpr std::uint64_t kPartsMax = 65535;
  if (number == 0 || number > count || count > kPartsMax) {
    return r.refuse(at, "a part is 1 to count, and count at most 65535");
  }
  return Part{static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(count)};
}

Result<std::map<TaxCode, TaxRow>> read_taxes(CborReader& r, Currency currency) {
  std::map<TaxCode, TaxRow> rows;
  TRY_ASSIGN(const std::size_t pairs, r.map());
  for (std::size_t i = 0; i < pairs; ++i) {
    TRY_ASSIGN(const TaxCode code, read_id<TaxCode>(r));
    const std::size_t at = r.offset();
    TRY_ASSIGN(const std::size_t items, r.array());
    if (items != 2) return r.refuse(at, "a tax row has 2 amounts");
    TaxRow row{Money{0, currency}, Money{0, currency}};
    TRY_ASSIGN(row.gross.minor, r.integer());
    TRY_ASSIGN(row.tax.minor, r.integer());
    rows.emplace_hint(rows.end(), code, row);
  }
  return rows;
}

Unexpected unknown_field(const CborReader& r, std::size_t at, std::uint64_t key) {
  return r.refuse(at, "unknown field " + std::to_string(key));
}

Result<Opening> read_opening(CborReader& r, std::size_t fields) {
  Opening opening;
  for (std::size_t i = 1; i < fields; ++i) {
    const std::size_t at = r.offset();
    TRY_ASSIGN(const std::uint64_t key, r.unsigned_integer());
    switch (key) {
      case kDay: {
        TRY_ASSIGN(opening.day, read_day(r));
        break;
      }
      case kProducts: {
        TRY_ASSIGN(opening.received, read_components(r));
        break;
      }
      case kPart: {
        TRY_ASSIGN(opening.part, read_part(r));
        break;
      }
      default:
        return unknown_field(r, at, key);
    }
  }
  return opening;
}

Result<void> read_closing_field(CborReader& r, std::uint64_t key, std::size_t at, Closing& c) {
  switch (key) {
    case kDay: {
      TRY_ASSIGN(c.day, read_day(r));
      return {};
    }
    case kCurrency: {
      // Comes before every amount: map keys ascend.
      TRY_ASSIGN(const Currency currency, read_currency(r));
      c = empty_closing(c.day, currency);
      return {};
    }
    case kSales: {
      TRY_ASSIGN(c.sales, r.unsigned_integer());
      return {};
    }
    case kVoids: {
      TRY_ASSIGN(c.voids, r.unsigned_integer());
      return {};
    }
    case kNet: {
      TRY_ASSIGN(c.net.minor, r.integer());
      return {};
    }
    case kDiscount: {
      TRY_ASSIGN(c.discount.minor, r.integer());
      return {};
    }
    case kTaxes: {
      TRY_ASSIGN(c.taxes, read_taxes(r, c.currency));
      return {};
    }
    case kTenders: {
      TRY_ASSIGN(c.tenders, read_tenders(r, c.currency));
      return {};
    }
    case kOverShort: {
      TRY_ASSIGN(c.over_short.minor, r.integer());
      return {};
    }
    case kProducts: {
      TRY_ASSIGN(c.consumed, read_components(r));
      return {};
    }
    case kPart: {
      TRY_ASSIGN(c.part, read_part(r));
      return {};
    }
    default:
      return unknown_field(r, at, key);
  }
}

Result<Closing> read_closing(CborReader& r, std::size_t fields) {
  constexpr std::uint64_t kCountMax = 1'000'000'000;  // of sales or voids in one day of one till
  Closing closing;
  for (std::size_t i = 1; i < fields; ++i) {
    const std::size_t at = r.offset();
    TRY_ASSIGN(const std::uint64_t key, r.unsigned_integer());
    TRY(read_closing_field(r, key, at, closing));
  }
  if (closing.sales > kCountMax || closing.voids > kCountMax) {
    return r.refuse(r.offset(), "a count of sales or voids is out of range");
  }
  return closing;
}

Result<Summary> read_summary(CborReader& r) {
  TRY_ASSIGN(const std::size_t fields, r.map());
  if (fields == 0) return r.refuse(0, "an empty summary");
  std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t key, r.unsigned_integer());
  if (key != kKind) return r.refuse(at, "a summary starts with its kind");
  at = r.offset();
  TRY_ASSIGN(const std::uint64_t kind, r.unsigned_integer());
  if (kind == kKindOpening) {
    TRY_ASSIGN(Opening opening, read_opening(r, fields));
    TRY(r.finish());
    return Summary(std::move(opening));
  }
  if (kind == kKindClosing) {
    TRY_ASSIGN(Closing closing, read_closing(r, fields));
    TRY(r.finish());
    return Summary(std::move(closing));
  }
  return r.refuse(at, "unknown summary kind " + std::to_string(kind));
}

}  // namespace

BusinessDay day_of(const Summary& summary) {
  return std::visit([](const auto& s) { return s.day; }, summary);
}

Part part_of(const Summary& summary) {
  return std::visit([](const auto& s) { return s.part; }, summary);
}

Closing empty_closing(BusinessDay day, Currency currency) {
  Closing closing;
  closing.day = day;
  closing.currency = currency;
  closing.net = closing.discount = closing.over_short = Money{0, currency};
  return closing;
}

Bytes encode_summary(const Summary& summary) {
  return std::visit([](const auto& s) { return encode(s); }, summary);
}

Result<Summary> decode_summary(ByteView payload) {
  CborReader r(payload);
  TRY_ASSIGN(Summary summary, read_summary(r));
  if (!equal(encode_summary(summary), payload)) {
    return fail(Errc::kMalformed, "byte 0: a field is missing, or one is there that is zero");
  }
  if (const auto* closing = std::get_if<Closing>(&summary)) TRY(check_balanced(*closing));
  return summary;
}

Result<void> check_balanced(const Closing& closing) {
  const Money zero{0, closing.currency};
  Money by_tax = zero;
  for (const auto& [code, row] : closing.taxes) {
    TRY_ASSIGN(by_tax, add(by_tax, row.gross));
  }
  Money by_tender = zero;
  for (const auto& [kind, amount] : closing.tenders) {
    TRY_ASSIGN(by_tender, add(by_tender, amount));
  }
  if (by_tax != closing.net || by_tender != closing.net) {
    return fail(Errc::kUnbalanced, "net " + to_string(closing.net) + ", tax rows " +
                                       to_string(by_tax) + ", tenders " + to_string(by_tender));
  }
  return {};
}

namespace {

const Components& products_of(const Summary& summary) {
  if (const auto* opening = std::get_if<Opening>(&summary)) return opening->received;
  return std::get<Closing>(summary).consumed;
}

Components& products_of(Summary& summary) {
  if (auto* opening = std::get_if<Opening>(&summary)) return opening->received;
  return std::get<Closing>(summary).consumed;
}

void set_part(Summary& summary, Part part) {
  std::visit([&](auto& s) { s.part = part; }, summary);
}

// A summary of the same kind and day that says nothing yet.
Summary blank_like(const Summary& summary) {
  if (std::holds_alternative<Opening>(summary)) return Opening{day_of(summary), {}, {}};
  const auto& closing = std::get<Closing>(summary);
  return empty_closing(closing.day, closing.currency);
}

}  // namespace

std::vector<Summary> split(const Summary& summary, std::size_t payload_bytes_max) {
  CORE_CHECK(payload_bytes_max >= 1024);
  if (encode_summary(summary).size() <= payload_bytes_max) return {summary};

  constexpr std::size_t kProductBytesMax = 18;  // two 64-bit integers
  constexpr std::size_t kMapBytesMax = 16;      // the products' own map head and the part
  std::vector<Summary> parts;
  const Components& products = products_of(summary);
  Summary part = summary;
  products_of(part).clear();
  auto next = products.begin();
  do {
    const std::size_t fixed = encode_summary(part).size() + kMapBytesMax;
    CORE_CHECK(fixed + kProductBytesMax <= payload_bytes_max);
    for (std::size_t room = (payload_bytes_max - fixed) / kProductBytesMax;
         room > 0 && next != products.end(); --room) {
      products_of(part).insert(*next++);
    }
    parts.push_back(std::move(part));
    part = blank_like(summary);
  } while (next != products.end());
  const auto count = static_cast<std::uint32_t>(parts.size());
  for (std::uint32_t i = 0; i < count; ++i) set_part(parts[i], Part{i + 1, count});
  return parts;
}

}  // namespace core::retail
