// Definition rows: what a till tells of the products that it minted, written and read.
#include "core/retail/summary_rows.h"

namespace core::retail {
namespace {

constexpr std::size_t kNeeded = 4;  // product, name, tax, price
constexpr std::size_t kGtinItem = 5;
constexpr std::size_t kUnitItem = 6;
constexpr std::size_t kWholeItem = 7;

std::size_t items_of(const Definition& definition) {
  if (definition.whole) return kWholeItem;
  if (!definition.unit.empty()) return kUnitItem;
  return definition.gtin ? kGtinItem : kNeeded;
}

// What may be left out. In form: the last item says something.
Result<void> read_choices(SummaryReader& r, std::size_t items, Definition& out) {
  if (items >= kGtinItem) {
    TRY_ASSIGN(const std::uint64_t gtin, r.unsigned_integer());
    if (gtin != 0) out.gtin = gtin;
  }
  if (items >= kUnitItem) {
    TRY_ASSIGN(const std::string_view unit, r.text());
    out.unit = unit;
  }
  if (items < kWholeItem) return {};
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t whole, r.unsigned_integer());
  if (whole != 1) return r.refuse(at, "whole units are said by 1");
  out.whole = true;
  return {};
}

Result<Definition> read_definition(SummaryReader& r, std::size_t items, Currency currency) {
  const std::size_t at = r.offset();
  Definition out;
  TRY_ASSIGN(const std::string_view name, r.text());
  out.name = name;
  TRY_ASSIGN(out.tax, read_id<TaxCode>(r));
  TRY_ASSIGN(out.price, read_money(r, currency));
  TRY(read_choices(r, items, out));
  r.require_form(items_of(out) == items);
  const auto sound = check_definition(out);
  if (!sound) return r.refuse(at, sound.error().what);
  return out;
}

}  // namespace

void write_definitions(CborWriter& w, const Definitions& definitions) {
  w.array(definitions.size());
  std::uint64_t last = 0;
  for (const auto& [id, definition] : definitions) {
    const std::size_t items = items_of(definition);
    w.array(items);
    w.unsigned_integer(id.value - last);
    last = id.value;
    w.text(definition.name);
    w.unsigned_integer(definition.tax.value);
    w.integer(definition.price.minor);
    if (items >= kGtinItem) w.unsigned_integer(definition.gtin.value_or(0));
    if (items >= kUnitItem) w.text(definition.unit);
    if (items >= kWholeItem) w.unsigned_integer(1);
  }
}

Result<void> read_definitions(SummaryReader& r, Currency currency, Definitions& rows) {
  TRY_ASSIGN(const std::size_t count, r.array());
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t at = r.offset();
    TRY_ASSIGN(const std::size_t items, r.array());
    if (items < kNeeded || items > kWholeItem) {
      return r.refuse(at, "a definition has 4 to 7 items");
    }
    at = r.offset();
    TRY_ASSIGN(const std::uint64_t step, r.unsigned_integer());
    if (step == 0 || step > kMintedLast - last || last + step < kMintedFirst) {
      return r.refuse(at, "definitions ascend, and are of minted products");
    }
    last += step;
    TRY_ASSIGN(Definition definition, read_definition(r, items, currency));
    rows.emplace_hint(rows.end(), ProductId{last}, std::move(definition));
  }
  return {};
}

}  // namespace core::retail
