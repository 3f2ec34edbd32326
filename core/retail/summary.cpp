// Summary: what must balance in a closing, and splitting. Encoding: core/retail/summary_codec.cpp.
#include "core/retail/summary.h"

#include <algorithm>

namespace core::retail {

BusinessDay day_of(const Summary& summary) {
  return std::visit([](const auto& s) { return s.day; }, summary);
}

Part part_of(const Summary& summary) {
  return std::visit([](const auto& s) { return s.part; }, summary);
}

namespace {

template <typename Rows>
void collect_minted(const Rows& rows, std::vector<ProductId>& out) {
  for (const auto& [product, row] : rows) {
    if (is_minted(product)) out.push_back(product);
  }
}

void collect_minted(const Opening& opening, std::vector<ProductId>& out) {
  collect_minted(opening.received, out);
}

void collect_minted(const Closing& closing, std::vector<ProductId>& out) {
  collect_minted(closing.sold, out);
  for (const auto rows :
       {&Closing::consumed, &Closing::received, &Closing::adjusted, &Closing::on_hand}) {
    collect_minted(closing.*rows, out);
  }
  for (const auto& [key, products] : closing.transfers) collect_minted(products, out);
}

}  // namespace

std::vector<ProductId> minted_in(const Summary& summary) {
  std::vector<ProductId> out;
  std::visit([&](const auto& s) { collect_minted(s, out); }, summary);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

const Definitions& definitions_of(const Summary& summary) {
  return std::visit([](const auto& s) -> const Definitions& { return s.definitions; }, summary);
}

Closing empty_closing(BusinessDay day, Currency currency) {
  Closing closing;
  closing.day = day;
  set_currency(closing, currency);
  return closing;
}

void clear(Opening& opening) {
  Components room = std::move(opening.received);
  room.clear();
  opening = Opening{};
  opening.received = std::move(room);
}

// All of it is made new, so that nothing of the one before can stay.
void clear(Closing& closing) {
  Closing blank;
  const auto keep_room = [&](auto Closing::*rows) {
    (closing.*rows).clear();
    blank.*rows = std::move(closing.*rows);
  };
  keep_room(&Closing::taxes);
  keep_room(&Closing::tenders);
  keep_room(&Closing::consumed);
  keep_room(&Closing::numbers);
  keep_room(&Closing::cash_movements);
  keep_room(&Closing::sold);
  keep_room(&Closing::members);
  keep_room(&Closing::batches);
  keep_room(&Closing::definitions);
  closing = std::move(blank);
}

void set_currency(Closing& closing, Currency currency) {
  closing.currency = currency;
  Liabilities& l = closing.liabilities;
  for (Money* money : {&closing.net, &closing.discount, &closing.over_short, &closing.refunded,
                       &closing.grand_totals.sales, &closing.grand_totals.refunds, &l.vouchers_sold,
                       &l.deposits, &l.forfeited, &closing.open_cards_amount}) {
    money->currency = currency;
  }
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

// A closing without products says nothing of them, and one of several parts has not all of them.
Result<void> check_sold(const Closing& closing) {
  if (closing.sold.empty() || closing.part.count > 1) return {};
  Money by_product{0, closing.currency};
  for (const auto& [product, row] : closing.sold) {
    TRY_ASSIGN(by_product, add(by_product, row.net));
  }
  if (by_product == closing.net) return {};
  return fail(Errc::kUnbalanced,
              "net " + to_string(closing.net) + ", sold of all products " + to_string(by_product));
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

// Documents that no operator made are in no row, so rows may come to less than the day; they come
// to just that when no sale, or no refund, is missing in them.
Result<void> check_shares(const Closing& closing, const OperatorRow& all) {
  const bool all_sales = all.sales == closing.sales;
  const bool all_refunds = all.refunds == closing.refunds;
  TRY_ASSIGN(const Money sold, add(all.net, all.refunded));
  TRY_ASSIGN(const Money sold_that_day, add(closing.net, closing.refunded));
  const bool fits = all.sales <= closing.sales && all.refunds <= closing.refunds &&
                    all.lines_voided <= closing.counts.lines_voided &&
                    all.refunded.minor <= closing.refunded.minor &&
                    (!all_sales || sold == sold_that_day) &&
                    (!all_refunds || all.refunded == closing.refunded) &&
                    (!all_sales || !all_refunds || all.discount == closing.discount);
  if (fits) return {};
  return fail(Errc::kUnbalanced, "the operators' " + std::to_string(all.sales) + " sales, " +
                                     to_string(all.net) + " net and " +
                                     std::to_string(all.refunds) +
                                     " refunds are not the day's, nor a part of it");
}

// A closing without operators says nothing of them, and one of several parts has not all of them.
Result<void> check_operators(const Closing& closing) {
  const Money zero{0, closing.currency};
  OperatorRow all{0, zero, zero, 0, 0, zero};
  for (const auto& [id, row] : closing.operators) {
    TRY_ASSIGN(const Money sold, add(row.net, row.refunded));
    const bool has_documents = row.sales != 0 || row.refunds != 0;
    if ((row.sales == 0 && sold != zero) || (row.refunds == 0 && row.refunded != zero) ||
        (!has_documents && row.discount != zero)) {
      return fail(Errc::kUnbalanced,
                  "operator " + to_string(id) + " has an amount and no document of it");
    }
    TRY_ASSIGN(all.net, add(all.net, row.net));
    TRY_ASSIGN(all.discount, add(all.discount, row.discount));
    TRY_ASSIGN(all.refunded, add(all.refunded, row.refunded));
    all.sales += row.sales;
    all.lines_voided += row.lines_voided;
    all.refunds += row.refunds;
  }
  if (closing.operators.empty() || closing.part.count > 1) return {};
  return check_shares(closing, all);
}

}  // namespace

Result<void> check_balanced(const Closing& closing) {
  const Money zero{0, closing.currency};
  Money by_tax = zero;
  for (const auto& [code, row] : closing.taxes) {
    TRY_ASSIGN(by_tax, add(by_tax, row.gross));
  }
  TRY_ASSIGN(const Money by_tender, sum_of(closing.tenders, closing.currency));
  Money due = closing.net;
  const Liabilities& l = closing.liabilities;
  for (const Money& money : {l.vouchers_sold, l.deposits, l.forfeited}) {
    TRY_ASSIGN(due, add(due, money));
  }
  if (by_tax != closing.net || by_tender != due) {
    return fail(Errc::kUnbalanced, "net " + to_string(closing.net) + ", tax rows " +
                                       to_string(by_tax) + ", tenders " + to_string(by_tender) +
                                       ", net and liabilities " + to_string(due));
  }
  TRY(check_sold(closing));
  TRY(check_operators(closing));
  TRY(check_count(closing));
  return check_numbers(closing);
}

}  // namespace core::retail
