// Kind words: reading names of kinds and series.
#include "till/kind_words.h"

#include <string>

#include "core/retail/names.h"

namespace till {
namespace {

using core::Result;
using namespace core::retail;

// The kind that has the name. Kinds begin at 1 and have no gaps.
template <typename Kind>
Result<Kind> named(std::string_view name, Kind last) {
  if (const auto kind = kind_named(name, last)) return *kind;
  std::string names;
  for (int i = 1; i <= static_cast<int>(last); ++i) {
    names += (i > 1 ? ", " : "") + std::string(name_of(static_cast<Kind>(i)));
  }
  return core::fail(core::Errc::kUsage, "'" + std::string(name) + "': expected one of " + names);
}

}  // namespace

Result<Series> parse_series(std::string_view name) {
  return named(name, static_cast<Series>(kSeriesCount));
}

Result<CashKind> parse_cash_kind(std::string_view name) {
  return named(name, CashKind::kPickUp);
}

Result<StockKind> parse_stock_kind(std::string_view name) {
  return named(name, StockKind::kCount);
}

Result<CardKind> parse_card_kind(std::string_view name) {
  return named(name, CardKind::kRefunded);
}

Result<TenderKind> parse_tender_kind(std::string_view name) {
  return named(name, static_cast<TenderKind>(kTenderKinds));
}

}  // namespace till
