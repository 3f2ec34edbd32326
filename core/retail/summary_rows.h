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
using SoldRows = std::map<ProductId, SoldRow>;
void write_sold(CborWriter& w, const SoldRows& rows);
Result<void> read_sold(SummaryReader& r, Currency currency, SoldRows& rows);

// [set of series, first, how many, ...]: bit n - 1 of the set is series n.
void write_numbers(CborWriter& w, const std::map<Series, NumberRange>& ranges);
Result<void> read_number_ranges(SummaryReader& r, std::map<Series, NumberRange>& rows);

void write_taxes(CborWriter& w, const std::map<TaxCode, TaxRow>& rows);
Result<void> read_taxes(SummaryReader& r, Currency currency, std::map<TaxCode, TaxRow>& rows);

void write_deposit_taxes(CborWriter& w, const std::map<TaxCode, Money>& taxes);
Result<void> read_deposit_taxes(SummaryReader& r, Currency currency,
                                std::map<TaxCode, Money>& rows);

void write_cash_movements(CborWriter& w, const std::map<CashKind, Money>& sums);
Result<void> read_cash_movements(SummaryReader& r, Currency currency,
                                 std::map<CashKind, Money>& rows);

void write_counts(CborWriter& w, const Counts& counts);
Result<Counts> read_counts(CborReader& r);

void write_transfers(CborWriter& w, const std::map<TransferKey, Components>& transfers);
Result<void> read_transfers(SummaryReader& r, std::map<TransferKey, Components>& rows);

void write_members(CborWriter& w, const std::map<MemberKey, PointsRow>& members);
Result<void> read_members(SummaryReader& r, std::map<MemberKey, PointsRow>& rows);

void write_batches(CborWriter& w, const std::map<BatchKey, BatchRow>& batches);
Result<void> read_batches(SummaryReader& r, Currency currency, std::map<BatchKey, BatchRow>& rows);

void write_refunded(CborWriter& w, const std::map<ReceiptKey, Money>& receipts);
Result<void> read_refunded(SummaryReader& r, Currency currency, std::map<ReceiptKey, Money>& rows);

// [[operator, sales, net, discount, lines voided, refunds, refunded], ...]: each operator but the
// first as the difference to the one before; zeros at a row's end are left out.
void write_operators(CborWriter& w, const std::map<OperatorId, OperatorRow>& rows);
Result<void> read_operators(SummaryReader& r, Currency currency,
                            std::map<OperatorId, OperatorRow>& rows);

// An array of exactly so many items. Errors: kMalformed, with what was expected.
Result<void> expect_items(CborReader& r, std::size_t items, std::string_view what);
// From 0 to kCountMax. Errors: kMalformed.
Result<std::uint64_t> read_count(CborReader& r);
Result<Money> read_money(CborReader& r, Currency currency);

}  // namespace core::retail
