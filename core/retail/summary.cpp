// Summary: what must balance in a closing, and splitting. Encoding: core/retail/summary_codec.cpp.
#include "core/retail/summary.h"

namespace core::retail {

BusinessDay day_of(const Summary& summary) {
  return std::visit([](const auto& s) { return s.day; }, summary);
}

Part part_of(const Summary& summary) {
  return std::visit([](const auto& s) { return s.part; }, summary);
}

Closing empty_closing(BusinessDay day, Currency currency) {
  Closing closing;
  closing.day = day;
  closing.currency = currency;
  const Money zero{0, currency};
  closing.net = closing.discount = closing.over_short = closing.refunded = zero;
  closing.grand_totals = GrandTotals{zero, zero};
  return closing;
}

Result<Money> expected_cash(const Closing& closing) {
  Money expected{0, closing.currency};
  for (const TenderKind kind : {TenderKind::kCash, TenderKind::kCouponExcess}) {
    const auto it = closing.tenders.find(kind);
    if (it == closing.tenders.end()) continue;
    TRY_ASSIGN(expected, add(expected, it->second));
  }
  for (const auto& [kind, amount] : closing.cash_movements) {
    const bool comes_in = kind == CashKind::kFloat || kind == CashKind::kPaidIn;
    TRY_ASSIGN(expected, comes_in ? add(expected, amount) : subtract(expected, amount));
  }
  return expected;
}

namespace {

Result<void> check_count(const Closing& closing) {
  TRY_ASSIGN(const Money expected, expected_cash(closing));
  Money difference{0, closing.currency};
  if (closing.counted) {
    TRY_ASSIGN(difference, subtract(*closing.counted, expected));
  }
  if (difference == closing.over_short) return {};
  return fail(Errc::kUnbalanced, "over and short is " + to_string(closing.over_short) +
                                     ", the count says " + to_string(difference));
}

// A closing without number ranges says nothing of them.
Result<void> check_numbers(const Closing& closing) {
  const auto invoices = closing.numbers.find(Series::kInvoice);
  if (invoices == closing.numbers.end()) return {};
  const std::uint64_t given_out = invoices->second.last - invoices->second.first + 1;
  if (given_out == closing.sales + closing.voids) return {};
  return fail(Errc::kUnbalanced, std::to_string(given_out) + " invoices, " +
                                     std::to_string(closing.sales) + " sales and " +
                                     std::to_string(closing.voids) + " voids");
}

}  // namespace

Result<void> check_balanced(const Closing& closing) {
  const Money zero{0, closing.currency};
  Money by_tax = zero;
  for (const auto& [code, row] : closing.taxes) {
    TRY_ASSIGN(by_tax, add(by_tax, row.gross));
  }
  Money by_tender = zero;
  for (const auto& [kind, amount] : closing.tenders) {
    TRY_ASSIGN(by_tender, add(by_tender, amount));
  }
  if (by_tax != closing.net || by_tender != closing.net) {
    return fail(Errc::kUnbalanced, "net " + to_string(closing.net) + ", tax rows " +
                                       to_string(by_tax) + ", tenders " + to_string(by_tender));
  }
  TRY(check_count(closing));
  return check_numbers(closing);
}

namespace {

const Components& products_of(const Summary& summary) {
  if (const auto* opening = std::get_if<Opening>(&summary)) return opening->received;
  return std::get<Closing>(summary).consumed;
}

Components& products_of(Summary& summary) {
  if (auto* opening = std::get_if<Opening>(&summary)) return opening->received;
  return std::get<Closing>(summary).consumed;
}

void set_part(Summary& summary, Part part) {
  std::visit([&](auto& s) { s.part = part; }, summary);
}

// A summary of the same kind and day that says nothing yet.
Summary blank_like(const Summary& summary) {
  if (std::holds_alternative<Opening>(summary)) return Opening{day_of(summary), {}, {}};
  const auto& closing = std::get<Closing>(summary);
  return empty_closing(closing.day, closing.currency);
}

}  // namespace

std::vector<Summary> split(const Summary& summary, std::size_t payload_bytes_max) {
  CORE_CHECK(payload_bytes_max >= 1024);
  if (encode_summary(summary).size() <= payload_bytes_max) return {summary};

  constexpr std::size_t kProductBytesMax = 18;  // two 64-bit integers
  constexpr std::size_t kMapBytesMax = 16;      // the products' own map head and the part
  std::vector<Summary> parts;
  const Components& products = products_of(summary);
  Summary part = summary;
  products_of(part).clear();
  auto next = products.begin();
  do {
    const std::size_t fixed = encode_summary(part).size() + kMapBytesMax;
    CORE_CHECK(fixed + kProductBytesMax <= payload_bytes_max);
    for (std::size_t room = (payload_bytes_max - fixed) / kProductBytesMax;
         room > 0 && next != products.end(); --room) {
      products_of(part).insert(*next++);
    }
    parts.push_back(std::move(part));
    part = blank_like(summary);
  } while (next != products.end());
  const auto count = static_cast<std::uint32_t>(parts.size());
  for (std::uint32_t i = 0; i < count; ++i) set_part(parts[i], Part{i + 1, count});
  return parts;
}

}  // namespace core::retail
