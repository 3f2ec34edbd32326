// Summary: encoding and strict decoding of openings and closings. Format: docs/message.cddl.
// Must not know what has to balance.
#include <algorithm>

#include "core/retail/summary.h"
#include "core/retail/summary_rows.h"

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
  kProducts = 10,  // received, or consumed beside what kSoldPlain says
  kPart = 11,
  kNumbers = 12,
  kGrandTotals = 13,
  kRoot = 14,
  kRefunds = 15,
  kCashMovements = 16,
  kCounts = 17,
  kCounted = 18,
  kSoldPlain = 19,  // sold, and consumed just so
  kSoldOther = 20,
  kLiabilities = 21,
  kDepositTaxes = 22,
  kReceived = 23,
  kOnHand = 24,  // from here on a key takes two bytes
  kAdjusted = 25,
  kTransfers = 26,
  kMembers = 27,
  kBatches = 28,
  kOpenCards = 29,
  kRefundedReceipts = 30,
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
  void count(Field key, std::uint64_t value) {
    field(key, value != 0, [&](CborWriter& w) { w.unsigned_integer(value); });
  }
  void amount(Field key, Money value) {
    field(key, value.minor != 0, [&](CborWriter& w) { w.integer(value.minor); });
  }
  // Left out when all are zero.
  void integers(Field key, std::initializer_list<std::int64_t> values) {
    const bool any = std::any_of(values.begin(), values.end(), [](auto v) { return v != 0; });
    field(key, any, [&](CborWriter& w) {
      w.array(values.size());
      for (const std::int64_t value : values) w.integer(value);
    });
  }
  template <typename Rows>
  void rows(Field key, const Rows& rows, void (*write)(CborWriter&, const Rows&)) {
    field(key, !rows.empty(), [&](CborWriter& w) { write(w, rows); });
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

void write_part(FieldWriter& f, Part part) {
  f.field(kPart, part != Part{}, [&](CborWriter& w) {
    w.array(2);
    w.unsigned_integer(part.number);
    w.unsigned_integer(part.count);
  });
}

void write_kind(FieldWriter& f, std::uint64_t kind, BusinessDay day) {
  f.field(kKind, true, [&](CborWriter& w) { w.unsigned_integer(kind); });
  f.field(kDay, true,
          [&](CborWriter& w) { w.unsigned_integer(static_cast<std::uint64_t>(day.days)); });
}

Bytes encode(const Opening& opening) {
  FieldWriter f;
  write_kind(f, kKindOpening, opening.day);
  f.rows(kProducts, opening.received, write_products);
  write_part(f, opening.part);
  return std::move(f).take();
}

// What was sold, in two lists: of most products just so much is consumed, which is not said again.
struct Goods {
  SoldRows plain;
  SoldRows other;
  Components consumed;  // of all products that are not in `plain`
};

Goods goods_of(const Closing& closing) {
  Goods goods;
  goods.consumed = closing.consumed;
  for (const auto& [product, row] : closing.sold) {
    const auto at = goods.consumed.find(product);
    const Quantity consumed = at == goods.consumed.end() ? Quantity{} : at->second;
    const bool plain = consumed == row.quantity;
    SoldRows& rows = plain ? goods.plain : goods.other;
    rows.emplace_hint(rows.end(), product, row);
    if (plain && at != goods.consumed.end()) goods.consumed.erase(at);
  }
  return goods;
}

void write_money(FieldWriter& f, const Closing& c, const Components& consumed) {
  f.count(kSales, c.sales);
  f.count(kVoids, c.voids);
  f.amount(kNet, c.net);
  f.amount(kDiscount, c.discount);
  f.rows(kTaxes, c.taxes, write_taxes);
  f.rows(kTenders, c.tenders, write_tenders);
  f.amount(kOverShort, c.over_short);
  f.rows(kProducts, consumed, write_products);
}

// What ties the sums to the till's documents, and the drawer.
void write_evidence(FieldWriter& f, const Closing& c) {
  f.rows(kNumbers, c.numbers, write_numbers);
  f.integers(kGrandTotals, {c.grand_totals.sales.minor, c.grand_totals.refunds.minor});
  f.field(kRoot, c.root.has_value(), [&](CborWriter& w) { w.bytes(c.root->view()); });
  f.integers(kRefunds, {static_cast<std::int64_t>(c.refunds), c.refunded.minor});
  f.rows(kCashMovements, c.cash_movements, write_cash_movements);
  f.field(kCounts, c.counts != Counts{}, [&](CborWriter& w) { write_counts(w, c.counts); });
  f.field(kCounted, c.counted.has_value(), [&](CborWriter& w) { w.integer(c.counted->minor); });
}

void write_rest(FieldWriter& f, const Closing& c) {
  const Liabilities& l = c.liabilities;
  f.integers(kLiabilities, {l.vouchers_sold.minor, l.deposits.minor, l.forfeited.minor});
  f.rows(kDepositTaxes, c.deposit_taxes, write_deposit_taxes);
  f.rows(kReceived, c.received, write_products);
  f.rows(kOnHand, c.on_hand, write_products);
  f.rows(kAdjusted, c.adjusted, write_products);
  f.rows(kTransfers, c.transfers, write_transfers);
  f.rows(kMembers, c.members, write_members);
  f.rows(kBatches, c.batches, write_batches);
  f.integers(kOpenCards, {static_cast<std::int64_t>(c.open_cards), c.open_cards_amount.minor});
  f.rows(kRefundedReceipts, c.refunded_receipts, write_refunded);
}

Bytes encode(const Closing& closing) {
  const Goods goods = goods_of(closing);
  FieldWriter f;
  write_kind(f, kKindClosing, closing.day);
  f.field(kCurrency, true, [&](CborWriter& w) { w.text(closing.currency.code()); });
  write_money(f, closing, goods.consumed);
  write_part(f, closing.part);
  write_evidence(f, closing);
  f.rows(kSoldPlain, goods.plain, write_sold);
  f.rows(kSoldOther, goods.other, write_sold);
  write_rest(f, closing);
  return std::move(f).take();
}

Result<Part> read_part(CborReader& r) {
  const std::size_t at = r.offset();
  TRY(expect_items(r, 2, "a part"));
  TRY_ASSIGN(const std::uint64_t number, r.unsigned_integer());
  TRY_ASSIGN(const std::uint64_t count, r.unsigned_integer());
  constexpr std::uint64_t kPartsMax = 65535;
  if (number == 0 || number > count || count > kPartsMax) {
    return r.refuse(at, "a part is 1 to count, and count at most 65535");
  }
  return Part{static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(count)};
}

// A count and an amount; or two amounts. Neither is below zero.
Result<std::pair<std::int64_t, std::int64_t>> read_pair(CborReader& r) {
  const std::size_t at = r.offset();
  TRY(expect_items(r, 2, "a pair"));
  TRY_ASSIGN(const std::int64_t one, r.integer());
  TRY_ASSIGN(const std::int64_t two, r.integer());
  if (one < 0 || two < 0) return r.refuse(at, "a figure here is below zero");
  return std::pair(one, two);
}

Result<void> read_counted_pair(CborReader& r, std::uint64_t& count, Money& amount) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const auto pair, read_pair(r));
  count = static_cast<std::uint64_t>(pair.first);
  if (count > kCountMax) return r.refuse(at, "a count of documents is out of range");
  amount.minor = pair.second;
  return {};
}

Unexpected unknown_field(const CborReader& r, std::size_t at, std::uint64_t key) {
  return r.refuse(at, "unknown field " + std::to_string(key));
}

// Puts what a reader returned in its place.
template <typename T>
Result<void> take(T& place, Result<T> value) {
  TRY_ASSIGN(place, std::move(value));
  return {};
}

Result<Opening> read_opening(CborReader& r, std::size_t fields) {
  Opening opening;
  for (std::size_t i = 1; i < fields; ++i) {
    const std::size_t at = r.offset();
    TRY_ASSIGN(const std::uint64_t key, r.unsigned_integer());
    switch (key) {
      case kDay:
        TRY(take(opening.day, read_day(r)));
        break;
      case kProducts:
        TRY(take(opening.received, read_products(r)));
        break;
      case kPart:
        TRY(take(opening.part, read_part(r)));
        break;
      default:
        return unknown_field(r, at, key);
    }
  }
  return opening;
}

Result<void> read_sold_rows(CborReader& r, bool plain, Closing& c) {
  TRY_ASSIGN(const SoldRows rows, read_sold(r, c.currency));
  c.sold.insert(rows.begin(), rows.end());
  if (!plain) return {};
  for (const auto& [product, row] : rows) {
    if (row.quantity != Quantity{}) c.consumed.emplace(product, row.quantity);
  }
  return {};
}

Result<void> read_root(CborReader& r, Closing& c) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const ByteView hash, r.bytes());
  const auto root = envelope::Hash::from(hash);
  if (!root) return r.refuse(at, root.error().what);
  c.root = *root;
  return {};
}

Result<void> read_liabilities(CborReader& r, Liabilities& l) {
  TRY(expect_items(r, 3, "the liabilities"));
  for (Money* money : {&l.vouchers_sold, &l.deposits, &l.forfeited}) {
    TRY_ASSIGN(money->minor, r.integer());
  }
  return {};
}

Result<void> read_grand_totals(CborReader& r, GrandTotals& totals) {
  TRY_ASSIGN(const auto pair, read_pair(r));
  totals.sales.minor = pair.first;
  totals.refunds.minor = pair.second;
  return {};
}

Result<void> read_rest(CborReader& r, std::uint64_t key, std::size_t at, Closing& c) {
  switch (key) {
    case kSoldPlain:
      return read_sold_rows(r, true, c);
    case kSoldOther:
      return read_sold_rows(r, false, c);
    case kLiabilities:
      return read_liabilities(r, c.liabilities);
    case kDepositTaxes:
      return take(c.deposit_taxes, read_deposit_taxes(r, c.currency));
    case kReceived:
      return take(c.received, read_products(r));
    case kOnHand:
      return take(c.on_hand, read_products(r));
    case kAdjusted:
      return take(c.adjusted, read_products(r));
    case kTransfers:
      return take(c.transfers, read_transfers(r));
    case kMembers:
      return take(c.members, read_members(r));
    case kBatches:
      return take(c.batches, read_batches(r, c.currency));
    case kOpenCards:
      return read_counted_pair(r, c.open_cards, c.open_cards_amount);
    case kRefundedReceipts:
      return take(c.refunded_receipts, read_refunded(r, c.currency));
    default:
      return unknown_field(r, at, key);
  }
}

Result<void> read_evidence(CborReader& r, std::uint64_t key, std::size_t at, Closing& c) {
  switch (key) {
    case kNumbers:
      return take(c.numbers, read_number_ranges(r));
    case kGrandTotals:
      return read_grand_totals(r, c.grand_totals);
    case kRoot:
      return read_root(r, c);
    case kRefunds:
      return read_counted_pair(r, c.refunds, c.refunded);
    case kCashMovements:
      return take(c.cash_movements, read_cash_movements(r, c.currency));
    case kCounts:
      return take(c.counts, read_counts(r));
    case kCounted:
      return take(c.counted.emplace(), read_money(r, c.currency));
    default:
      return read_rest(r, key, at, c);
  }
}

Result<void> read_closing_field(CborReader& r, std::uint64_t key, std::size_t at, Closing& c) {
  switch (key) {
    case kDay:
      return take(c.day, read_day(r));
    case kCurrency: {
      // Comes before every amount: map keys ascend.
      TRY_ASSIGN(const Currency currency, read_currency(r));
      c = empty_closing(c.day, currency);
      return {};
    }
    case kSales:
      return take(c.sales, read_count(r));
    case kVoids:
      return take(c.voids, read_count(r));
    case kNet:
      return take(c.net, read_money(r, c.currency));
    case kDiscount:
      return take(c.discount, read_money(r, c.currency));
    case kTaxes:
      return take(c.taxes, read_taxes(r, c.currency));
    case kTenders:
      return take(c.tenders, read_tenders(r, c.currency));
    case kOverShort:
      return take(c.over_short, read_money(r, c.currency));
    case kProducts:
      return take(c.consumed, read_products(r));
    case kPart:
      return take(c.part, read_part(r));
    default:
      return read_evidence(r, key, at, c);
  }
}

Result<Closing> read_closing(CborReader& r, std::size_t fields) {
  Closing closing;
  for (std::size_t i = 1; i < fields; ++i) {
    const std::size_t at = r.offset();
    TRY_ASSIGN(const std::uint64_t key, r.unsigned_integer());
    TRY(read_closing_field(r, key, at, closing));
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
