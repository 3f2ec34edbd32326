// Summary rows: written and read.
#include "core/retail/summary_rows.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace core::retail {
namespace {

void write_quantity(CborWriter& w, Quantity quantity) {
  if (quantity.thousandths % Quantity::kUnit == 0) {
    w.integer(quantity.thousandths / Quantity::kUnit);
  } else {
    w.array(1);
    w.integer(quantity.thousandths);
  }
}

Result<Quantity> read_quantity(SummaryReader& r) {
  const std::size_t at = r.offset();
  if (r.is_at_array()) {
    TRY_ASSIGN(const std::size_t items, r.array());
    if (items != 1) return r.refuse(at, "a broken quantity is one number in an array");
    TRY_ASSIGN(const std::int64_t thousandths, r.integer());
    r.require_form(thousandths % Quantity::kUnit != 0);
    return Quantity{thousandths};
  }
  TRY_ASSIGN(const std::int64_t units, r.integer());
  constexpr std::int64_t kUnitsMax = std::numeric_limits<std::int64_t>::max() / Quantity::kUnit - 1;
  if (units > kUnitsMax || units < -1 - kUnitsMax) {
    return r.refuse(at, "a quantity is out of range");
  }
  return Quantity{units * Quantity::kUnit};
}

// Reads ids as write_step() wrote them.
class Steps {
 public:
  Result<ProductId> next(CborReader& r) {
    const std::size_t at = r.offset();
    TRY_ASSIGN(const std::uint64_t step, r.unsigned_integer());
    if (!first_ && (step == 0 || step > UINT64_MAX - last_)) {
      return r.refuse(at, "products ascend");
    }
    last_ = first_ ? step : last_ + step;
    first_ = false;
    return ProductId{last_};
  }

 private:
  bool first_ = true;
  std::uint64_t last_ = 0;
};

void write_step(CborWriter& w, ProductId product, std::uint64_t& last) {
  w.unsigned_integer(product.value - last);
  last = product.value;
}

// The number of rows of `items` items each.
Result<std::size_t> read_rows(CborReader& r, std::size_t items) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t found, r.array());
  if (found % items != 0) return r.refuse(at, "the list's last row is not whole");
  return found / items;
}

Result<std::string> read_name(CborReader& r) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::string_view text, r.text());
  if (text.empty() || text.size() > kNameBytesMax) return r.refuse(at, "a name has 1 to 40 bytes");
  return std::string(text);
}

}  // namespace

Result<void> expect_items(CborReader& r, std::size_t items, std::string_view what) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t found, r.array());
  if (found == items) return {};
  return r.refuse(at, std::string(what) + " has " + std::to_string(items) + " items");
}

Result<std::uint64_t> read_count(CborReader& r) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t count, r.unsigned_integer());
  if (count > kCountMax) return r.refuse(at, "a count of documents is out of range");
  return count;
}

Result<Money> read_money(CborReader& r, Currency currency) {
  TRY_ASSIGN(const std::int64_t minor, r.integer());
  return Money{minor, currency};
}

void write_products(CborWriter& w, const Components& products) {
  w.array(2 * products.size());
  std::uint64_t last = 0;
  for (const auto& [product, quantity] : products) {
    write_step(w, product, last);
    write_quantity(w, quantity);
  }
}

Result<void> read_products(SummaryReader& r, Components& rows) {
  Steps steps;
  TRY_ASSIGN(const std::size_t count, read_rows(r, 2));
  for (std::size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const ProductId product, steps.next(r));
    TRY_ASSIGN(const Quantity quantity, read_quantity(r));
    rows.emplace_hint(rows.end(), product, quantity);
  }
  return {};
}

void write_sold(CborWriter& w, const SoldRows& rows) {
  w.array(3 * rows.size());
  std::uint64_t last = 0;
  for (const auto& [product, row] : rows) {
    write_step(w, product, last);
    write_quantity(w, row.quantity);
    w.integer(row.net.minor);
  }
}

Result<void> read_sold(SummaryReader& r, Currency currency, SoldRows& rows) {
  Steps steps;
  TRY_ASSIGN(const std::size_t count, read_rows(r, 3));
  for (std::size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const ProductId product, steps.next(r));
    SoldRow row;
    TRY_ASSIGN(row.quantity, read_quantity(r));
    TRY_ASSIGN(row.net, read_money(r, currency));
    rows.emplace_hint(rows.end(), product, row);
  }
  return {};
}

namespace {

constexpr std::uint64_t bit_of(std::size_t series) {
  return std::uint64_t{1} << (series - 1);
}

Result<NumberRange> read_range(CborReader& r) {
  constexpr auto kNumberMax = std::uint64_t{std::numeric_limits<std::int64_t>::max()};
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t first, r.unsigned_integer());
  TRY_ASSIGN(const std::uint64_t count, r.unsigned_integer());
  if (first == 0 || first > kNumberMax || count == 0 || count > kNumberMax - first + 1) {
    return r.refuse(at, "a range begins at 1 or later, has a number, and fits 63 bits");
  }
  return NumberRange{first, first + count - 1};
}

}  // namespace

// Series with one range, as a sale's three are, share a row: at the place of the first of them.
void write_numbers(CborWriter& w, const FlatMap<Series, NumberRange>& ranges) {
  std::vector<std::pair<std::uint64_t, NumberRange>> rows;
  for (const auto& [series, range] : ranges) {
    const auto same = std::find_if(rows.begin(), rows.end(), [&range = range](const auto& row) {
      return row.second == range;
    });
    const std::uint64_t bit = bit_of(static_cast<std::size_t>(series));
    if (same == rows.end()) {
      rows.emplace_back(bit, range);
    } else {
      same->first |= bit;
    }
  }
  w.array(3 * rows.size());
  for (const auto& [set, range] : rows) {
    w.unsigned_integer(set);
    w.unsigned_integer(range.first);
    w.unsigned_integer(range.last - range.first + 1);
  }
}

// In form: no series twice, no range twice, and the rows in the order of their first series.
Result<void> read_number_ranges(SummaryReader& r, FlatMap<Series, NumberRange>& rows) {
  TRY_ASSIGN(const std::size_t count, read_rows(r, 3));
  std::uint64_t seen = 0;
  std::uint64_t first_before = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = r.offset();
    TRY_ASSIGN(const std::uint64_t set, r.unsigned_integer());
    if (set == 0 || set >= bit_of(kSeriesCount + 1)) return r.refuse(at, "unknown document series");
    TRY_ASSIGN(const NumberRange range, read_range(r));
    const std::uint64_t first = set & (~set + 1);  // its lowest bit
    r.require_form((set & seen) == 0 && first > first_before);
    seen |= set;
    first_before = first;
    for (const auto& [series, other] : rows) r.require_form(other != range);
    for (std::size_t series = 1; series <= kSeriesCount; ++series) {
      if ((set & bit_of(series)) != 0) rows.emplace(static_cast<Series>(series), range);
    }
  }
  return {};
}

void write_taxes(CborWriter& w, const FlatMap<TaxCode, TaxRow>& rows) {
  w.map(rows.size());
  for (const auto& [code, row] : rows) {
    w.unsigned_integer(code.value);
    w.array(2);
    w.integer(row.gross.minor);
    w.integer(row.tax.minor);
  }
}

Result<void> read_taxes(SummaryReader& r, Currency currency, FlatMap<TaxCode, TaxRow>& rows) {
  TRY_ASSIGN(const std::size_t count, r.map());
  for (std::size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const TaxCode code, read_id<TaxCode>(r));
    TRY(expect_items(r, 2, "a tax row"));
    TaxRow row;
    TRY_ASSIGN(row.gross, read_money(r, currency));
    TRY_ASSIGN(row.tax, read_money(r, currency));
    rows.emplace_hint(rows.end(), code, row);
  }
  return {};
}

void write_deposit_taxes(CborWriter& w, const FlatMap<TaxCode, Money>& taxes) {
  w.map(taxes.size());
  for (const auto& [code, tax] : taxes) {
    w.unsigned_integer(code.value);
    w.integer(tax.minor);
  }
}

Result<void> read_deposit_taxes(SummaryReader& r, Currency currency,
                                FlatMap<TaxCode, Money>& rows) {
  TRY_ASSIGN(const std::size_t count, r.map());
  for (std::size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const TaxCode code, read_id<TaxCode>(r));
    TRY_ASSIGN(const Money tax, read_money(r, currency));
    rows.emplace_hint(rows.end(), code, tax);
  }
  return {};
}

void write_cash_movements(CborWriter& w, const FlatMap<CashKind, Money>& sums) {
  w.map(sums.size());
  for (const auto& [kind, amount] : sums) {
    w.unsigned_integer(static_cast<std::uint64_t>(kind));
    w.integer(amount.minor);
  }
}

Result<void> read_cash_movements(SummaryReader& r, Currency currency,
                                 FlatMap<CashKind, Money>& rows) {
  TRY_ASSIGN(const std::size_t count, r.map());
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = r.offset();
    TRY_ASSIGN(const std::uint64_t kind, r.unsigned_integer());
    TRY_ASSIGN(const Money sum, read_money(r, currency));
    if (kind < 1 || kind > static_cast<std::uint64_t>(CashKind::kPickUp) || sum.minor <= 0) {
      return r.refuse(at, "a cash movement is of a known kind, and above zero");
    }
    rows.emplace_hint(rows.end(), static_cast<CashKind>(kind), sum);
  }
  return {};
}

void write_counts(CborWriter& w, const Counts& counts) {
  w.array(6);
  for (const std::uint64_t count : {counts.no_sales, counts.drawer_openings, counts.copies,
                                    counts.trainings, counts.lines_voided, counts.clock_doubts}) {
    w.unsigned_integer(count);
  }
}

Result<Counts> read_counts(CborReader& r) {
  Counts counts;
  TRY(expect_items(r, 6, "the counts"));
  for (std::uint64_t* count : {&counts.no_sales, &counts.drawer_openings, &counts.copies,
                               &counts.trainings, &counts.lines_voided, &counts.clock_doubts}) {
    TRY_ASSIGN(*count, read_count(r));
  }
  return counts;
}

void write_transfers(CborWriter& w, const FlatMap<TransferKey, Components>& transfers) {
  w.array(transfers.size());
  for (const auto& [key, products] : transfers) {
    w.array(4);
    w.text(key.name);
    w.unsigned_integer(static_cast<std::uint64_t>(key.way));
    w.unsigned_integer(key.other_store.value);
    write_products(w, products);
  }
}

Result<void> read_transfers(SummaryReader& r, FlatMap<TransferKey, Components>& rows) {
  TRY_ASSIGN(const std::size_t count, r.array());
  for (std::size_t i = 0; i < count; ++i) {
    TRY(expect_items(r, 4, "a transfer"));
    TransferKey key;
    TRY_ASSIGN(key.name, read_name(r));
    const std::size_t at = r.offset();
    TRY_ASSIGN(const std::uint64_t way, r.unsigned_integer());
    if (way != 1 && way != 2) return r.refuse(at, "a transfer goes out, 1, or comes in, 2");
    key.way = static_cast<TransferWay>(way);
    TRY_ASSIGN(key.other_store, read_id<StoreId>(r));
    Components products;
    TRY(read_products(r, products));
    r.require_form(rows.empty() || rows.rbegin()->first < key);
    rows.emplace_hint(rows.end(), std::move(key), std::move(products));
  }
  return {};
}

void write_members(CborWriter& w, const FlatMap<MemberKey, PointsRow>& members) {
  w.map(members.size());
  for (const auto& [member, points] : members) {
    w.bytes(member.view());
    w.array(2);
    w.integer(points.earned);
    w.integer(points.redeemed);
  }
}

Result<void> read_members(SummaryReader& r, FlatMap<MemberKey, PointsRow>& rows) {
  TRY_ASSIGN(const std::size_t count, r.map());
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = r.offset();
    TRY_ASSIGN(const ByteView bytes, r.bytes());
    const auto member = MemberKey::from(bytes);
    if (!member) return r.refuse(at, member.error().what);
    TRY(expect_items(r, 2, "a member's points"));
    PointsRow points;
    TRY_ASSIGN(points.earned, r.integer());
    TRY_ASSIGN(points.redeemed, r.integer());
    rows.emplace_hint(rows.end(), *member, points);
  }
  return {};
}

void write_batches(CborWriter& w, const FlatMap<BatchKey, BatchRow>& batches) {
  w.array(batches.size());
  for (const auto& [key, row] : batches) {
    w.array(5);
    w.text(key.terminal);
    w.unsigned_integer(key.batch);
    w.unsigned_integer(row.count);
    w.integer(row.amount.minor);
    w.bytes(row.root.view());
  }
}

Result<void> read_batches(SummaryReader& r, Currency currency, FlatMap<BatchKey, BatchRow>& rows) {
  TRY_ASSIGN(const std::size_t count, r.array());
  for (std::size_t i = 0; i < count; ++i) {
    TRY(expect_items(r, 5, "a card batch"));
    BatchKey key;
    TRY_ASSIGN(key.terminal, read_name(r));
    std::size_t at = r.offset();
    TRY_ASSIGN(const std::uint64_t batch, r.unsigned_integer());
    if (batch > UINT32_MAX) return r.refuse(at, "a batch number is out of range");
    key.batch = static_cast<std::uint32_t>(batch);
    BatchRow row;
    TRY_ASSIGN(row.count, read_count(r));
    TRY_ASSIGN(row.amount, read_money(r, currency));
    at = r.offset();
    TRY_ASSIGN(const ByteView hash, r.bytes());
    const auto root = envelope::Hash::from(hash);
    if (!root) return r.refuse(at, root.error().what);
    row.root = *root;
    r.require_form(rows.empty() || rows.rbegin()->first < key);
    rows.emplace_hint(rows.end(), std::move(key), row);
  }
  return {};
}

void write_refunded(CborWriter& w, const FlatMap<ReceiptKey, Money>& receipts) {
  w.array(4 * receipts.size());
  for (const auto& [key, amount] : receipts) {
    w.unsigned_integer(key.sold_at.store.value);
    w.unsigned_integer(key.sold_at.till.value);
    w.unsigned_integer(key.invoice);
    w.integer(amount.minor);
  }
}

Result<void> read_refunded(SummaryReader& r, Currency currency, FlatMap<ReceiptKey, Money>& rows) {
  TRY_ASSIGN(const std::size_t count, read_rows(r, 4));
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = r.offset();
    ReceiptKey key;
    TRY_ASSIGN(key.sold_at.store, read_id<StoreId>(r));
    TRY_ASSIGN(key.sold_at.till, read_id<TillId>(r));
    TRY_ASSIGN(key.invoice, r.unsigned_integer());
    constexpr auto kNumberMax = std::uint64_t{std::numeric_limits<std::int64_t>::max()};
    TRY_ASSIGN(const Money amount, read_money(r, currency));
    if (key.invoice == 0 || key.invoice > kNumberMax || amount.minor < 0) {
      return r.refuse(at, "a refunded receipt has a number, and an amount not below zero");
    }
    r.require_form(rows.empty() || rows.rbegin()->first < key);
    rows.emplace_hint(rows.end(), key, amount);
  }
  return {};
}

namespace {

// What stands behind the operator's number, in its order; a count is one of kCountMax at most.
constexpr std::size_t kOperatorFigures = 6;
std::array<std::int64_t, kOperatorFigures> figures_of(const OperatorRow& row) {
  return {static_cast<std::int64_t>(row.sales),
          row.net.minor,
          row.discount.minor,
          static_cast<std::int64_t>(row.lines_voided),
          static_cast<std::int64_t>(row.refunds),
          row.refunded.minor};
}

// `items`: of the array. In form: the last figure is not zero.
Result<OperatorRow> read_operator(SummaryReader& r, std::size_t items, Currency currency) {
  const Money zero{0, currency};
  OperatorRow row{0, zero, zero, 0, 0, zero};
  const std::size_t at = r.offset();
  std::size_t left = items - 1;
  const auto more = [&left] { return left > 0 && left-- > 0; };
  if (more()) {
    TRY_ASSIGN(row.sales, read_count(r));
  }
  if (more()) {
    TRY_ASSIGN(row.net, read_money(r, currency));
  }
  if (more()) {
    TRY_ASSIGN(row.discount, read_money(r, currency));
  }
  if (more()) {
    TRY_ASSIGN(row.lines_voided, read_count(r));
  }
  if (more()) {
    TRY_ASSIGN(row.refunds, read_count(r));
  }
  if (more()) {
    TRY_ASSIGN(row.refunded, read_money(r, currency));
  }
  if (row.refunded.minor < 0) return r.refuse(at, "what an operator refunded is below zero");
  r.require_form(items > 1 && figures_of(row)[items - 2] != 0);
  return row;
}

}  // namespace

void write_operators(CborWriter& w, const FlatMap<OperatorId, OperatorRow>& rows) {
  w.array(rows.size());
  std::uint32_t last = 0;
  for (const auto& [id, row] : rows) {
    const auto figures = figures_of(row);
    std::size_t count = figures.size();
    while (count > 0 && figures[count - 1] == 0) --count;
    w.array(1 + count);
    w.unsigned_integer(id.value - last);
    last = id.value;
    for (std::size_t i = 0; i < count; ++i) w.integer(figures[i]);
  }
}

Result<void> read_operators(SummaryReader& r, Currency currency,
                            FlatMap<OperatorId, OperatorRow>& rows) {
  TRY_ASSIGN(const std::size_t count, r.array());
  std::uint32_t last = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t at = r.offset();
    TRY_ASSIGN(const std::size_t items, r.array());
    if (items == 0 || items > 1 + kOperatorFigures) {
      return r.refuse(at, "an operator's row has 1 to 7 items");
    }
    at = r.offset();
    TRY_ASSIGN(const std::uint64_t step, r.unsigned_integer());
    if (step == 0 || step > UINT32_MAX - last) {
      return r.refuse(at, "operators ascend, from 1, in 32 bits");
    }
    last += static_cast<std::uint32_t>(step);
    TRY_ASSIGN(const OperatorRow row, read_operator(r, items, currency));
    rows.emplace_hint(rows.end(), OperatorId{last}, row);
  }
  return {};
}

}  // namespace core::retail
