// Summary: encoding and strict decoding of openings and closings. Format: docs/message.cddl.
// Must not know what has to balance.
#include "core/retail/summary.h"

#include "core/retail/fields.h"

namespace core::retail {
namespace {

// Map keys of docs/message.cddl.
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
  kNumbers = 12,
  kGrandTotals = 13,
  kRoot = 14,
  kRefunds = 15,
  kCashMovements = 16,
  kNoSales = 17,
  kCounted = 18,
};
constexpr std::uint64_t kKindOpening = 1;
constexpr std::uint64_t kKindClosing = 2;

// Counts the fields first, so that the map's head is right, then writes those that are not zero.
class FieldWriter {
 public:
  FieldWriter() { body_.reserve(kUsualBytes); }
  template <typename Write>
  void field(Field key, bool present, Write write) {
    if (!present) return;
    ++pairs_;
    body_.unsigned_integer(key);
    write(body_);
  }
  Bytes take() && {
    CborWriter out;
    out.reserve(body_.view().size() + 9);
    out.map(pairs_);
    Bytes bytes = std::move(out).take();
    append(bytes, body_.view());
    return bytes;
  }

 private:
  static constexpr std::size_t kUsualBytes = 512;  // more than a day of a few products takes

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

// What ties the sums to the till's documents.
void write_evidence(FieldWriter& f, const Closing& closing) {
  f.field(kNumbers, !closing.numbers.empty(), [&](CborWriter& w) {
    w.map(closing.numbers.size());
    for (const auto& [series, range] : closing.numbers) {
      w.unsigned_integer(static_cast<std::uint64_t>(series));
      w.array(2);
      w.unsigned_integer(range.first);
      w.unsigned_integer(range.last);
    }
  });
  const auto write_pair = [](CborWriter& w, std::int64_t one, std::int64_t two) {
    w.array(2);
    w.integer(one);
    w.integer(two);
  };
  const GrandTotals& totals = closing.grand_totals;
  f.field(kGrandTotals, totals.sales.minor != 0 || totals.refunds.minor != 0,
          [&](CborWriter& w) { write_pair(w, totals.sales.minor, totals.refunds.minor); });
  f.field(kRoot, closing.root.has_value(), [&](CborWriter& w) { w.bytes(closing.root->view()); });
  f.field(kRefunds, closing.refunds != 0, [&](CborWriter& w) {
    write_pair(w, static_cast<std::int64_t>(closing.refunds), closing.refunded.minor);
  });
}

void write_drawer(FieldWriter& f, const Closing& closing) {
  f.field(kCashMovements, !closing.cash_movements.empty(), [&](CborWriter& w) {
    w.map(closing.cash_movements.size());
    for (const auto& [kind, amount] : closing.cash_movements) {
      w.unsigned_integer(static_cast<std::uint64_t>(kind));
      w.integer(amount.minor);
    }
  });
  f.field(kNoSales, closing.no_sales != 0,
          [&](CborWriter& w) { w.unsigned_integer(closing.no_sales); });
  f.field(kCounted, closing.counted.has_value(),
          [&](CborWriter& w) { w.integer(closing.counted->minor); });
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
  write_evidence(f, closing);
  write_drawer(f, closing);
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

Result<std::map<Series, NumberRange>> read_number_ranges(CborReader& r) {
  std::map<Series, NumberRange> ranges;
  TRY_ASSIGN(const std::size_t pairs, r.map());
  for (std::size_t i = 0; i < pairs; ++i) {
    const std::size_t at = r.offset();
    TRY_ASSIGN(const std::uint64_t series, r.unsigned_integer());
    TRY_ASSIGN(const std::size_t items, r.array());
    if (series < 1 || series > kSeriesCount || items != 2) {
      return r.refuse(at, "a known series has a first and a last number");
    }
    NumberRange range;
    TRY_ASSIGN(range.first, r.unsigned_integer());
    TRY_ASSIGN(range.last, r.unsigned_integer());
    constexpr auto kNumberMax = std::uint64_t{std::numeric_limits<std::int64_t>::max()};
    if (range.first == 0 || range.last < range.first || range.last > kNumberMax) {
      return r.refuse(at, "numbers run from the first to the last, from 1");
    }
    ranges.emplace_hint(ranges.end(), static_cast<Series>(series), range);
  }
  return ranges;
}

Result<std::map<CashKind, Money>> read_cash_movements(CborReader& r, Currency currency) {
  std::map<CashKind, Money> sums;
  TRY_ASSIGN(const std::size_t pairs, r.map());
  for (std::size_t i = 0; i < pairs; ++i) {
    const std::size_t at = r.offset();
    TRY_ASSIGN(const std::uint64_t kind, r.unsigned_integer());
    Money sum{0, currency};
    TRY_ASSIGN(sum.minor, r.integer());
    if (kind < 1 || kind > static_cast<std::uint64_t>(CashKind::kPickUp) || sum.minor <= 0) {
      return r.refuse(at, "a cash movement is of a known kind, and above zero");
    }
    sums.emplace_hint(sums.end(), static_cast<CashKind>(kind), sum);
  }
  return sums;
}

// Neither is below zero.
Result<std::pair<std::int64_t, std::int64_t>> read_pair(CborReader& r) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items != 2) return r.refuse(at, "there are two figures here");
  TRY_ASSIGN(const std::int64_t one, r.integer());
  TRY_ASSIGN(const std::int64_t two, r.integer());
  if (one < 0 || two < 0) return r.refuse(at, "a figure here is below zero");
  return std::pair(one, two);
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

Result<void> read_later_field(CborReader& r, std::uint64_t key, std::size_t at, Closing& c) {
  switch (key) {
    case kNumbers: {
      TRY_ASSIGN(c.numbers, read_number_ranges(r));
      return {};
    }
    case kGrandTotals: {
      TRY_ASSIGN(const auto totals, read_pair(r));
      c.grand_totals.sales.minor = totals.first;
      c.grand_totals.refunds.minor = totals.second;
      return {};
    }
    case kRoot: {
      TRY_ASSIGN(const ByteView hash, r.bytes());
      const auto root = envelope::Hash::from(hash);
      if (!root) return r.refuse(at, root.error().what);
      c.root = *root;
      return {};
    }
    case kRefunds: {
      TRY_ASSIGN(const auto refunds, read_pair(r));
      c.refunds = static_cast<std::uint64_t>(refunds.first);
      c.refunded.minor = refunds.second;
      return {};
    }
    case kCashMovements: {
      TRY_ASSIGN(c.cash_movements, read_cash_movements(r, c.currency));
      return {};
    }
    case kNoSales: {
      TRY_ASSIGN(c.no_sales, r.unsigned_integer());
      return {};
    }
    case kCounted: {
      c.counted = Money{0, c.currency};
      TRY_ASSIGN(c.counted->minor, r.integer());
      return {};
    }
    default:
      return unknown_field(r, at, key);
  }
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
      return read_later_field(r, key, at, c);
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
  for (const std::uint64_t count :
       {closing.sales, closing.voids, closing.refunds, closing.no_sales}) {
    if (count > kCountMax) return r.refuse(r.offset(), "a count of documents is out of range");
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

}  // namespace core::retail
