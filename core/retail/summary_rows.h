// Summary rows: the lists and maps inside a summary, written and read. Private to the room.
// Must not know which fields a summary has. Format: docs/message.cddl.
#pragma once

#include "core/retail/fields.h"
#include "core/retail/summary.h"

namespace core::retail {

// A count of nothing in a day of one till is not above this.
inline constexpr std::uint64_t kCountMax = 1'000'000'000;

// [product, quantity, ...]: each product but the first as the difference to the one before; a
// quantity of whole units as their number, another as [thousandths].
void write_products(CborWriter& w, const Components& products);
Result<Components> read_products(CborReader& r);

// [product, quantity, net, ...], likewise.
using SoldRows = std::map<ProductId, SoldRow>;
void write_sold(CborWriter& w, const SoldRows& rows);
Result<SoldRows> read_sold(CborReader& r, Currency currency);

// [set of series, first, how many, ...]: bit n - 1 of the set is series n.
void write_numbers(CborWriter& w, const std::map<Series, NumberRange>& ranges);
Result<std::map<Series, NumberRange>> read_number_ranges(CborReader& r);

void write_taxes(CborWriter& w, const std::map<TaxCode, TaxRow>& rows);
Result<std::map<TaxCode, TaxRow>> read_taxes(CborReader& r, Currency currency);

void write_deposit_taxes(CborWriter& w, const std::map<TaxCode, Money>& taxes);
Result<std::map<TaxCode, Money>> read_deposit_taxes(CborReader& r, Currency currency);

void write_cash_movements(CborWriter& w, const std::map<CashKind, Money>& sums);
Result<std::map<CashKind, Money>> read_cash_movements(CborReader& r, Currency currency);

void write_counts(CborWriter& w, const Counts& counts);
Result<Counts> read_counts(CborReader& r);

void write_transfers(CborWriter& w, const std::map<TransferKey, Components>& transfers);
Result<std::map<TransferKey, Components>> read_transfers(CborReader& r);

void write_members(CborWriter& w, const std::map<MemberKey, PointsRow>& members);
Result<std::map<MemberKey, PointsRow>> read_members(CborReader& r);

void write_batches(CborWriter& w, const std::map<BatchKey, BatchRow>& batches);
Result<std::map<BatchKey, BatchRow>> read_batches(CborReader& r, Currency currency);

void write_refunded(CborWriter& w, const std::map<ReceiptKey, Money>& receipts);
Result<std::map<ReceiptKey, Money>> read_refunded(CborReader& r, Currency currency);

// An array of exactly so many items. Errors: kMalformed, with what was expected.
Result<void> expect_items(CborReader& r, std::size_t items, std::string_view what);
// From 0 to kCountMax. Errors: kMalformed.
Result<std::uint64_t> read_count(CborReader& r);
Result<Money> read_money(CborReader& r, Currency currency);

}  // namespace core::retail
