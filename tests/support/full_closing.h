// A closing with every field that there is, random and in balance.
#pragma once

#include <algorithm>
#include <iterator>

#include "core/base/random.h"
#include "core/retail/summary.h"

namespace test {

// Each field is there by chance: about `in_ten` times of ten.
class FullClosing {
 public:
  FullClosing(core::Random& random, std::uint64_t in_ten) : random_(random), in_ten_(in_ten) {}

  core::retail::Closing make() {
    using namespace core::retail;
    Closing c = empty_closing(core::BusinessDay{static_cast<std::int32_t>(number(30000))}, usd());
    for (std::uint64_t n = rows(); n > 0; --n) {
      const core::Money gross = money(-2000, 100000);
      TaxRow& row = c.taxes[core::TaxCode{static_cast<std::uint32_t>(number(300))}];
      c.net.minor += gross.minor - row.gross.minor;
      row = {gross, money(0, 5000)};
    }
    if (there()) c.discount = money(0, 500);
    c.sales = there() ? number(40) : 0;
    c.voids = there() ? number(3) : 0;
    if (there()) c.liabilities = {money(0, 900), money(-900, 900), money(0, 9)};
    add_money(c);
    add_goods(c);
    add_evidence(c);
    add_rest(c);
    add_operators(c);
    for (std::uint64_t n = rows(); n > 0; --n) c.definitions[minted()] = definition();
    return c;
  }

  core::retail::Definition definition() {
    core::retail::Definition out{
        name(), core::TaxCode{static_cast<std::uint32_t>(number(300))}, money(0, 500), {}, "",
        false};
    if (there()) out.gtin = there() ? 4006381333931 : 96385074;
    if (there()) out.unit = name();
    if (there()) out.whole = number(1) == 1;
    return out;
  }
  core::ProductId minted() {
    return core::ProductId{core::retail::kMintedFirst + (there() ? number(9) : number(1u << 30))};
  }

 private:
  static core::Currency usd() { return *core::Currency::parse("USD"); }
  bool there() { return random_.between(1, 10) <= in_ten_; }
  std::uint64_t rows() { return there() ? random_.between(1, 4) : 0; }
  std::uint64_t number(std::uint64_t max) { return random_.between(0, max); }
  core::Money money(std::int64_t low, std::int64_t high) {
    return {low + static_cast<std::int64_t>(number(static_cast<std::uint64_t>(high - low))), usd()};
  }
  core::ProductId product() { return core::ProductId{number(there() ? 12 : 70000)}; }
  core::Quantity quantity() {
    const auto n = static_cast<std::int64_t>(number(8)) - 2;
    return core::Quantity{n * (there() ? 1000 : 137)};
  }
  core::envelope::Hash hash() {
    core::envelope::Hash out;
    for (std::uint8_t& byte : out.bytes) byte = static_cast<std::uint8_t>(random_());
    return out;
  }
  std::string name() { return std::string(number(2) + 1, static_cast<char>('a' + number(2))); }
  core::retail::Components products() {
    core::retail::Components out;
    for (std::uint64_t n = rows(); n > 0; --n) out[product()] = quantity();
    return out;
  }

  void add_money(core::retail::Closing& c) {
    using namespace core::retail;
    const Liabilities& l = c.liabilities;
    std::int64_t due = c.net.minor + l.vouchers_sold.minor + l.deposits.minor + l.forfeited.minor;
    for (std::uint64_t n = rows(); n > 0; --n) {
      const auto kind = static_cast<TenderKind>(random_.between(2, kTenderKinds));
      const core::Money amount = money(-100, 9000);
      due -= amount.minor - (c.tenders.contains(kind) ? c.tenders[kind].minor : 0);
      c.tenders[kind] = amount;
    }
    if (due != 0 || there()) c.tenders[TenderKind::kCash] = {due, usd()};
    for (std::uint64_t n = rows(); n > 0; --n) {
      c.cash_movements[static_cast<CashKind>(random_.between(1, 4))] = money(1, 700);
    }
    if (there()) {
      c.over_short = money(-3, 3);
      c.counted = *core::add(*expected_cash(c), c.over_short);
    }
  }

  void add_goods(core::retail::Closing& c) {
    using namespace core::retail;
    c.consumed = products();
    std::int64_t left = c.net.minor;
    core::ProductId last;
    for (std::uint64_t n = rows(); n > 0; --n) {
      last = product();
      if (c.sold.contains(last)) continue;
      const core::Money net = money(0, 1000);
      left -= net.minor;
      c.sold[last] = {quantity(), net};
      if (there() && c.sold[last].quantity.thousandths != 0) {
        c.consumed[last] = c.sold[last].quantity;
      }
    }
    if (!c.sold.empty()) c.sold[last].net.minor += left;
    // Rows of nothing are not there, as far as a closing can tell.
    for (auto row = c.consumed.begin(); row != c.consumed.end();) {
      row = row->second.thousandths == 0 ? c.consumed.erase(row) : std::next(row);
    }
    c.received = products();
    c.adjusted = products();
    c.on_hand = products();
    for (std::uint64_t n = rows(); n > 0; --n) {
      const auto way = there() ? TransferWay::kOut : TransferWay::kIn;
      const core::StoreId other{static_cast<std::uint32_t>(number(30))};
      c.transfers[TransferKey{name(), way, other}] = products();
    }
  }

  void add_evidence(core::retail::Closing& c) {
    using namespace core::retail;
    for (std::uint64_t n = rows(); n > 0; --n) {
      const auto series = static_cast<Series>(random_.between(1, kSeriesCount));
      const std::uint64_t first = 1 + number(3);
      if (series != Series::kInvoice) c.numbers[series] = {first, first + number(3)};
    }
    if (const std::uint64_t invoices = c.sales + c.voids; invoices > 0 && there()) {
      const std::uint64_t first = 1 + number(3);
      c.numbers[Series::kInvoice] = {first, first + invoices - 1};
      const NumberRange invoices_given = c.numbers[Series::kInvoice];
      if (there()) c.numbers[Series::kOrder] = invoices_given;
    }
    if (there()) c.grand_totals = {money(0, 1000000), money(0, 100)};
    if (there()) c.root = hash();
    if (there()) c.refunds = number(2);
    if (there()) c.refunded = money(0, 100);
    if (there()) c.counts = {number(3), number(30), number(2), number(1), number(9), number(1)};
    for (std::uint64_t n = rows(); n > 0; --n) {
      c.deposit_taxes[core::TaxCode{static_cast<std::uint32_t>(number(3))}] = money(-9, 9);
    }
  }

  void add_rest(core::retail::Closing& c) {
    using namespace core::retail;
    for (std::uint64_t n = rows(); n > 0; --n) {
      MemberKey key;
      key.bytes[0] = static_cast<std::uint8_t>(number(255));
      c.members[key] = {static_cast<std::int64_t>(number(90)),
                        -static_cast<std::int64_t>(number(9))};
    }
    for (std::uint64_t n = rows(); n > 0; --n) {
      c.batches[BatchKey{name(), static_cast<std::uint32_t>(number(3))}] = {
          number(3), money(-9, 9000), hash()};
    }
    if (there()) c.open_cards = number(2);
    if (there()) c.open_cards_amount = money(0, 500);
    for (std::uint64_t n = rows(); n > 0; --n) {
      const core::TillRef till{core::StoreId{static_cast<std::uint32_t>(number(2))},
                               core::TillId{static_cast<std::uint32_t>(number(2))}};
      c.refunded_receipts[ReceiptKey{till, 1 + number(5)}] = money(0, 90);
    }
    if (there()) c.part = {1, 1};
  }

  // Up to four, who made all of the day's sales and refunds, or left some to nobody: each takes of
  // what is there, but the last sale and the last refund are the first one's, or nobody's.
  void add_operators(core::retail::Closing& c) {
    using namespace core::retail;
    std::int64_t sold = c.net.minor + c.refunded.minor;
    // What no document explains can be no operator's.
    if ((c.sales == 0 && sold != 0) || (c.refunds == 0 && c.refunded.minor != 0)) return;
    if (c.sales == 0 && c.refunds == 0 && c.discount.minor != 0) return;
    Closing left = c;
    OperatorRow first{0, {0, usd()}, {0, usd()}, 0, 0, {0, usd()}};
    core::OperatorId id{static_cast<std::uint32_t>(random_.between(1, 9))};
    const core::OperatorId first_id = id;
    const std::uint64_t others = rows();
    for (std::uint64_t n = others; n > 0; --n) {
      OperatorRow row{0, {0, usd()}, {0, usd()}, 0, 0, {0, usd()}};
      if (left.sales > 1) row.sales = number(std::min<std::uint64_t>(left.sales - 1, 3));
      if (left.refunds > 1) row.refunds = number(left.refunds - 1);
      const core::Money sold_here = row.sales == 0 ? core::Money{0, usd()} : money(-9, 9000);
      if (row.refunds != 0) row.refunded = money(0, left.refunded.minor);
      if (row.sales != 0 || row.refunds != 0) row.discount = money(-9, 9);
      row.lines_voided = number(left.counts.lines_voided);
      row.net = {sold_here.minor - row.refunded.minor, usd()};
      id.value += static_cast<std::uint32_t>(there() ? 1 : random_.between(1, 90000));
      sold -= sold_here.minor;
      left.sales -= row.sales;
      left.refunds -= row.refunds;
      left.refunded.minor -= row.refunded.minor;
      left.discount.minor -= row.discount.minor;
      left.counts.lines_voided -= row.lines_voided;
      if (row != OperatorRow{0, {0, usd()}, {0, usd()}, 0, 0, {0, usd()}}) c.operators[id] = row;
    }
    if (others == 0 && !there()) return;
    const bool all_sales = there() || left.sales == 0;
    const bool all_refunds = there() || left.refunds == 0;
    if (all_sales) {
      first.sales = left.sales;
      first.net.minor = sold;
    }
    if (all_refunds) {
      first.refunds = left.refunds;
      first.refunded = left.refunded;
      first.net.minor -= left.refunded.minor;
    }
    if (all_sales && all_refunds) first.discount = left.discount;
    first.lines_voided = number(left.counts.lines_voided);
    if (first != OperatorRow{0, {0, usd()}, {0, usd()}, 0, 0, {0, usd()}}) {
      c.operators[first_id] = first;
    }
  }

  core::Random& random_;
  std::uint64_t in_ten_;
};

}  // namespace test
