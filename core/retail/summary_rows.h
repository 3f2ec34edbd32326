// Summary rows: the lists and maps inside a summary, written and read. Private to the room.
// Must not know which fields a summary has. Format: docs/message.cddl.
#pragma once

#include "core/retail/fields.h"
#include "core/retail/summary.h"

namespace core::retail {

// A count of nothing in a day of one till is not above this.
inline constexpr std::uint64_t kCountMax = 1'000'000'000;

// A reader that also notes what was read well and encode_summary() would write in another way: for
// that the summary is refused as a whole, when everything else about it is known.
class SummaryReader : public CborReader {
 public:
  using CborReader::CborReader;
  void require_form(bool is_as_written) { is_as_written_ = is_as_written_ && is_as_written; }
  bool is_as_written() const { return is_as_written_; }

 private:
  bool is_as_written_ = true;
};

// Each reader fills rows that are empty before.

// [product, quantity, ...]: each product but the first as the difference to the one before; a
// quantity of whole units as their number, another as [thousandths].
void write_products(CborWriter& w, const Components& products);
Result<void> read_products(SummaryReader& r, Components& rows);

// [product, quantity, net, ...], likewise.
using SoldRows = FlatMap<ProductId, SoldRow>;
void write_sold(CborWriter& w, const SoldRows& rows);
Result<void> read_sold(SummaryReader& r, Currency currency, SoldRows& rows);

// [set of series, first, how many, ...]: bit n - 1 of the set is series n.
void write_numbers(CborWriter& w, const FlatMap<Series, NumberRange>& ranges);
Result<void> read_number_ranges(SummaryReader& r, FlatMap<Series, NumberRange>& rows);

void write_taxes(CborWriter& w, const FlatMap<TaxCode, TaxRow>& rows);
Result<void> read_taxes(SummaryReader& r, Currency currency, FlatMap<TaxCode, TaxRow>& rows);

void write_deposit_taxes(CborWriter& w, const FlatMap<TaxCode, Money>& taxes);
Result<void> read_deposit_taxes(SummaryReader& r, Currency currency, FlatMap<TaxCode, Money>& rows);

void write_cash_movements(CborWriter& w, const FlatMap<CashKind, Money>& sums);
Result<void> read_cash_movements(SummaryReader& r, Currency currency,
                                 FlatMap<CashKind, Money>& rows);

void write_counts(CborWriter& w, const Counts& counts);
Result<Counts> read_counts(CborReader& r);

void write_transfers(CborWriter& w, const FlatMap<TransferKey, Components>& transfers);
Result<void> read_transfers(SummaryReader& r, FlatMap<TransferKey, Components>& rows);

void write_members(CborWriter& w, const FlatMap<MemberKey, PointsRow>& members);
Result<void> read_members(SummaryReader& r, FlatMap<MemberKey, PointsRow>& rows);

void write_batches(CborWriter& w, const FlatMap<BatchKey, BatchRow>& batches);
Result<void> read_batches(SummaryReader& r, Currency currency, FlatMap<BatchKey, BatchRow>& rows);

void write_refunded(CborWriter& w, const FlatMap<ReceiptKey, Money>& receipts);
Result<void> read_refunded(SummaryReader& r, Currency currency, FlatMap<ReceiptKey, Money>& rows);

// [[operator, sales, net, discount, lines voided, refunds, refunded], ...]: each operator but the
// first as the difference to the one before; zeros at a row's end are left out.
void write_operators(CborWriter& w, const FlatMap<OperatorId, OperatorRow>& rows);
Result<void> read_operators(SummaryReader& r, Currency currency,
                            FlatMap<OperatorId, OperatorRow>& rows);

// [[product, name, tax, price, GTIN or 0, unit, 1 when only whole units], ...]: each product but
// the first as the difference to the one before; of the last three those are left out behind which
// nothing is said.
void write_definitions(CborWriter& w, const Definitions& definitions);
Result<void> read_definitions(SummaryReader& r, Currency currency, Definitions& rows);

// An array of exactly so many items. Errors: kMalformed, with what was expected.
Result<void> expect_items(CborReader& r, std::size_t items, std::string_view what);
// From 0 to kCountMax. Errors: kMalformed.
Result<std::uint64_t> read_count(CborReader& r);
Result<Money> read_money(CborReader& r, Currency currency);

}  // namespace core::retail
