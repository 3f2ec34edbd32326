// Kind words: reading names of kinds and series.
#include "till/kind_words.h"

#include <string>

#include "till/reports.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Result;
using core::retail::CashKind;
using core::retail::Series;
using core::retail::TenderKind;

// The one of `all` that has the name.
template <typename Kind, std::size_t N, typename NameOf>
Result<Kind> named(std::string_view name, const Kind (&all)[N], const NameOf& name_of) {
  std::string names;
  for (const Kind kind : all) {
    if (name_of(kind) == name) return kind;
    names += (names.empty() ? "" : ", ") + std::string(name_of(kind));
  }
  return fail(Errc::kUsage, "'" + std::string(name) + "': expected one of " + names);
}

}  // namespace

Result<Series> parse_series(std::string_view name) {
  Series all[core::retail::kSeriesCount];
  for (std::size_t i = 0; i < core::retail::kSeriesCount; ++i) all[i] = static_cast<Series>(i + 1);
  return named(name, all, core::retail::series_name);
}

Result<CashKind> parse_cash_kind(std::string_view name) {
  static constexpr CashKind kAll[] = {CashKind::kFloat, CashKind::kPaidIn, CashKind::kPaidOut,
                                      CashKind::kPickUp};
  return named(name, kAll, cash_kind_name);
}

Result<TenderKind> parse_tender_kind(std::string_view name) {
  static constexpr TenderKind kAll[] = {TenderKind::kCash, TenderKind::kCard, TenderKind::kCoupon};
  return named(name, kAll, tender_name);
}

}  // namespace till
