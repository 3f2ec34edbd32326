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
  kOperators = 31,
  kDefinitions = 32,  // of an opening, too
  kNotes = 33,
  kDifferences = 34,
  kNextKeys = 35,
};
constexpr std::uint64_t kNoteMax{std::numeric_limits<std::int64_t>::max()};
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

void write_notes(CborWriter& w, const std::vector<std::uint64_t>& notes) {
  w.array(notes.size());
  for (const std::uint64_t note : notes) w.unsigned_integer(note);
}

constexpr std::size_t kKeyRequestItems = 3;

void write_next_keys(CborWriter& w, const KeyRequest& request) {
  w.array(kKeyRequestItems);
  w.bytes(request.key.view());
  w.bytes(request.sealing_key.view());
  w.bytes(request.proof.view());
}

Bytes encode(const Opening& opening) {
  FieldWriter f;
  write_kind(f, kKindOpening, opening.day);
  f.field(kCurrency, !opening.definitions.empty(),
          [&](CborWriter& w) { w.text(opening.currency.code()); });
  f.rows(kProducts, opening.received, write_products);
  write_part(f, opening.part);
  f.rows(kDefinitions, opening.definitions, write_definitions);
  f.rows(kNotes, opening.notes, write_notes);
  f.rows(kDifferences, opening.differences, write_products);
  f.field(kNextKeys, opening.next_keys.has_value(),
          [&](CborWriter& w) { write_next_keys(w, *opening.next_keys); });
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
  f.rows(kOperators, c.operators, write_operators);
  f.rows(kDefinitions, c.definitions, write_definitions);
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

// Whether a field that is there has to be: those that say nothing are left out.
Result<void> expect_something(SummaryReader& r, bool says_something) {
  r.require_form(says_something);
  return {};
}

Result<void> read_part(SummaryReader& r, Part& part) {
  const std::size_t at = r.offset();
  TRY(expect_items(r, 2, "a part"));
  TRY_ASSIGN(const std::uint64_t number, r.unsigned_integer());
  TRY_ASSIGN(const std::uint64_t count, r.unsigned_integer());
  constexpr std::uint64_t kPartsMax = 65535;
  if (number == 0 || number > count || count > kPartsMax) {
    return r.refuse(at, "a part is 1 to count, and count at most 65535");
  }
  part = Part{static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(count)};
  return expect_something(r, part != Part{});
}

// A count and an amount; or two amounts. Neither is below zero.
Result<void> read_pair(SummaryReader& r, std::int64_t& one, std::int64_t& two) {
  const std::size_t at = r.offset();
  TRY(expect_items(r, 2, "a pair"));
  TRY_ASSIGN(one, r.integer());
  TRY_ASSIGN(two, r.integer());
  if (one < 0 || two < 0) return r.refuse(at, "a figure here is below zero");
  return expect_something(r, one != 0 || two != 0);
}

Result<void> read_counted_pair(SummaryReader& r, std::uint64_t& count, Money& amount) {
  const std::size_t at = r.offset();
  std::int64_t found = 0;
  TRY(read_pair(r, found, amount.minor));
  count = static_cast<std::uint64_t>(found);
  if (count > kCountMax) return r.refuse(at, "a count of documents is out of range");
  return {};
}

Unexpected unknown_field(const CborReader& r, std::size_t at, std::uint64_t key) {
  return r.refuse(at, "unknown field " + std::to_string(key));
}

Result<void> read_count_field(SummaryReader& r, std::uint64_t& place) {
  TRY_ASSIGN(place, read_count(r));
  return expect_something(r, place != 0);
}

Result<void> read_amount(SummaryReader& r, Money& place) {
  TRY_ASSIGN(place.minor, r.integer());
  return expect_something(r, place.minor != 0);
}

// For rows that `read` has filled.
template <typename Rows>
Result<void> expect_rows(SummaryReader& r, const Result<void>& read, const Rows& rows) {
  TRY(read);
  return expect_something(r, !rows.empty());
}

Result<void> read_notes(SummaryReader& r, std::vector<std::uint64_t>& notes) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t count, r.array());
  for (std::size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const std::uint64_t note, r.unsigned_integer());
    const bool ascends = notes.empty() || notes.back() < note;
    if (note == 0 || note > kNoteMax || !ascends) {
      return r.refuse(at, "dispatch notes are numbers from 1, ascending");
    }
    notes.push_back(note);
  }
  return {};
}

Result<void> read_next_keys(SummaryReader& r, std::optional<KeyRequest>& out) {
  TRY(expect_items(r, kKeyRequestItems, "what is asked of a next key"));
  KeyRequest& request = out.emplace();
  TRY(read_fixed(r, request.key));
  TRY(read_fixed(r, request.sealing_key));
  return read_fixed(r, request.proof);
}

// In form: the currency is there exactly when prices are.
Result<void> read_opening(SummaryReader& r, std::size_t fields, Opening& opening) {
  bool has_day = false;
  bool has_currency = false;
  for (std::size_t i = 1; i < fields; ++i) {
    const std::size_t at = r.offset();
    TRY_ASSIGN(const std::uint64_t key, r.unsigned_integer());
    switch (key) {
      case kDay: {
        has_day = true;
        TRY_ASSIGN(opening.day, read_day(r));
        break;
      }
      case kCurrency: {
        has_currency = true;
        TRY_ASSIGN(opening.currency, read_currency(r));
        break;
      }
      case kProducts:
        TRY(expect_rows(r, read_products(r, opening.received), opening.received));
        break;
      case kDefinitions:
        TRY(expect_rows(r, read_definitions(r, opening.currency, opening.definitions),
                        opening.definitions));
        break;
      case kPart:
        TRY(read_part(r, opening.part));
        break;
      case kNotes:
        TRY(expect_rows(r, read_notes(r, opening.notes), opening.notes));
        break;
      case kDifferences:
        TRY(expect_rows(r, read_products(r, opening.differences), opening.differences));
        break;
      case kNextKeys:
        TRY(read_next_keys(r, opening.next_keys));
        break;
      default:
        return unknown_field(r, at, key);
    }
  }
  return expect_something(r, has_day && has_currency == !opening.definitions.empty());
}

// In form: no product in both lists, and consumed are those of the plain one that are consumed just
// so, which the list of consumed products does not have.
Result<void> read_sold_plain(SummaryReader& r, Closing& c) {
  TRY(read_sold(r, c.currency, c.sold));
  for (const auto& [product, row] : c.sold) {
    const bool is_new = row.quantity == Quantity{}
                            ? !c.consumed.contains(product)
                            : c.consumed.emplace(product, row.quantity).second;
    r.require_form(is_new);
  }
  return expect_something(r, !c.sold.empty());
}

void require_other(SummaryReader& r, const Closing& c, ProductId product, const SoldRow& row) {
  const auto consumed = c.consumed.find(product);
  const Quantity of_it = consumed == c.consumed.end() ? Quantity{} : consumed->second;
  r.require_form(of_it != row.quantity);
}

Result<void> read_sold_other(SummaryReader& r, Closing& c) {
  if (c.sold.empty()) {  // nothing sold was consumed just so: most days, where kits are sold
    TRY(read_sold(r, c.currency, c.sold));
    for (const auto& [product, row] : c.sold) require_other(r, c, product, row);
    return expect_something(r, !c.sold.empty());
  }
  SoldRows rows;
  TRY(read_sold(r, c.currency, rows));
  for (const auto& [product, row] : rows) {
    r.require_form(c.sold.emplace(product, row).second);
    require_other(r, c, product, row);
  }
  return expect_something(r, !rows.empty());
}

Result<void> read_root(CborReader& r, Closing& c) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const ByteView hash, r.bytes());
  const auto root = envelope::Hash::from(hash);
  if (!root) return r.refuse(at, root.error().what);
  c.root = *root;
  return {};
}

Result<void> read_liabilities(SummaryReader& r, Liabilities& l) {
  TRY(expect_items(r, 3, "the liabilities"));
  bool any = false;
  for (Money* money : {&l.vouchers_sold, &l.deposits, &l.forfeited}) {
    TRY_ASSIGN(money->minor, r.integer());
    any = any || money->minor != 0;
  }
  return expect_something(r, any);
}

Result<void> read_rest(SummaryReader& r, std::uint64_t key, std::size_t at, Closing& c) {
  switch (key) {
    case kSoldPlain:
      return read_sold_plain(r, c);
    case kSoldOther:
      return read_sold_other(r, c);
    case kLiabilities:
      return read_liabilities(r, c.liabilities);
    case kDepositTaxes:
      return expect_rows(r, read_deposit_taxes(r, c.currency, c.deposit_taxes), c.deposit_taxes);
    case kReceived:
      return expect_rows(r, read_products(r, c.received), c.received);
    case kOnHand:
      return expect_rows(r, read_products(r, c.on_hand), c.on_hand);
    case kAdjusted:
      return expect_rows(r, read_products(r, c.adjusted), c.adjusted);
    case kTransfers:
      return expect_rows(r, read_transfers(r, c.transfers), c.transfers);
    case kMembers:
      return expect_rows(r, read_members(r, c.members), c.members);
    case kBatches:
      return expect_rows(r, read_batches(r, c.currency, c.batches), c.batches);
    case kOpenCards:
      return read_counted_pair(r, c.open_cards, c.open_cards_amount);
    case kRefundedReceipts:
      return expect_rows(r, read_refunded(r, c.currency, c.refunded_receipts), c.refunded_receipts);
    case kOperators:
      return expect_rows(r, read_operators(r, c.currency, c.operators), c.operators);
    case kDefinitions:
      return expect_rows(r, read_definitions(r, c.currency, c.definitions), c.definitions);
    default:
      return unknown_field(r, at, key);
  }
}

Result<void> read_evidence(SummaryReader& r, std::uint64_t key, std::size_t at, Closing& c) {
  switch (key) {
    case kNumbers:
      return expect_rows(r, read_number_ranges(r, c.numbers), c.numbers);
    case kGrandTotals:
      return read_pair(r, c.grand_totals.sales.minor, c.grand_totals.refunds.minor);
    case kRoot:
      return read_root(r, c);
    case kRefunds:
      return read_counted_pair(r, c.refunds, c.refunded);
    case kCashMovements:
      return expect_rows(r, read_cash_movements(r, c.currency, c.cash_movements), c.cash_movements);
    case kCounts: {
      TRY_ASSIGN(c.counts, read_counts(r));
      return expect_something(r, c.counts != Counts{});
    }
    case kCounted: {
      TRY_ASSIGN(c.counted, read_money(r, c.currency));
      return {};
    }
    default:
      return read_rest(r, key, at, c);
  }
}

Result<void> read_closing_field(SummaryReader& r, std::uint64_t key, std::size_t at, Closing& c) {
  switch (key) {
    case kSales:
      return read_count_field(r, c.sales);
    case kVoids:
      return read_count_field(r, c.voids);
    case kNet:
      return read_amount(r, c.net);
    case kDiscount:
      return read_amount(r, c.discount);
    case kTaxes:
      return expect_rows(r, read_taxes(r, c.currency, c.taxes), c.taxes);
    case kTenders: {
      TRY(read_tenders(r, c.currency, c.tenders));
      return expect_something(r, !c.tenders.empty());
    }
    case kOverShort:
      return read_amount(r, c.over_short);
    case kProducts:
      return expect_rows(r, read_products(r, c.consumed), c.consumed);
    case kPart:
      return read_part(r, c.part);
    default:
      return read_evidence(r, key, at, c);
  }
}

Result<void> read_closing(SummaryReader& r, std::size_t fields, Closing& closing) {
  bool has_day = false;
  bool has_currency = false;
  for (std::size_t i = 1; i < fields; ++i) {
    const std::size_t at = r.offset();
    TRY_ASSIGN(const std::uint64_t key, r.unsigned_integer());
    if (key == kDay) {
      has_day = true;
      TRY_ASSIGN(closing.day, read_day(r));
    } else if (key == kCurrency) {  // comes before every amount: map keys ascend
      has_currency = true;
      TRY_ASSIGN(const Currency currency, read_currency(r));
      set_currency(closing, currency);
    } else {
      TRY(read_closing_field(r, key, at, closing));
    }
  }
  return expect_something(r, has_day && has_currency);
}

// Into the opening or the closing, which is made empty first. Returns the kind.
Result<std::uint64_t> read_summary(SummaryReader& r, Opening& opening, Closing& closing) {
  TRY_ASSIGN(const std::size_t fields, r.map());
  if (fields == 0) return r.refuse(0, "an empty summary");
  std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t key, r.unsigned_integer());
  if (key != kKind) return r.refuse(at, "a summary starts with its kind");
  at = r.offset();
  TRY_ASSIGN(const std::uint64_t kind, r.unsigned_integer());
  if (kind == kKindOpening) {
    clear(opening);
    TRY(read_opening(r, fields, opening));
  } else if (kind == kKindClosing) {
    clear(closing);
    TRY(read_closing(r, fields, closing));
  } else {
    return r.refuse(at, "unknown summary kind " + std::to_string(kind));
  }
  TRY(r.finish());
  if (r.is_as_written()) return kind;
  return fail(Errc::kMalformed, "byte 0: a field is missing, or one is there that is zero");
}

}  // namespace

Bytes encode_summary(const Summary& summary) {
  return std::visit([](const auto& s) { return encode(s); }, summary);
}

Result<void> SummaryDecoder::decode(ByteView payload) {
  kind_ = Kind::kNone;
  SummaryReader r(payload);
  TRY_ASSIGN(const std::uint64_t kind, read_summary(r, opening_, closing_));
  const bool is_closing = kind == kKindClosing;
  if (is_closing) TRY(check_balanced(closing_));
  kind_ = is_closing ? Kind::kClosing : Kind::kOpening;
  return {};
}

Result<Summary> decode_summary(ByteView payload) {
  Result<Summary> out = Summary();
  SummaryDecoder decoder;
  TRY(decoder.decode(payload));
  if (decoder.opening() != nullptr) {
    out->emplace<Opening>(std::move(decoder.opening_));
  } else {
    out->emplace<Closing>(std::move(decoder.closing_));
  }
  return out;
}

}  // namespace core::retail
