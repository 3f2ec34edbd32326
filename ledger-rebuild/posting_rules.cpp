// Posting rules: closings to double entry, openings and consumption to stock moves.
#include "ledger-rebuild/posting_rules.h"

#include <algorithm>
#include <string>
#include <tuple>

#include "core/base/arithmetic.h"
#include "core/envelope/roster.h"
#include "core/retail/limits.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::Money;
using core::Result;
using core::retail::check_figure;
using core::retail::Closing;
using core::retail::Components;
using core::retail::Opening;
using core::retail::TenderKind;

Account account_of(TenderKind kind) {
  switch (kind) {
    case TenderKind::kCash:
    case TenderKind::kCouponExcess:  // paid out of the drawer
      return Account::kCash;
    case TenderKind::kCashRounding:
      return Account::kCashRounding;
    case TenderKind::kCard:
      return Account::kCard;
    case TenderKind::kCoupon:
      return Account::kCouponsReceivable;
    case TenderKind::kVoucher:
      return Account::kVouchersOutstanding;
    case TenderKind::kPoints:
      return Account::kPointsLiability;
    case TenderKind::kDeposit:
      return Account::kDepositsHeld;
  }
  CORE_CHECK(false);
}

constexpr std::size_t kUsualPostings = 8;

void post(Entry& entry, Account account, std::int64_t code, std::int64_t amount_minor) {
  if (amount_minor != 0) entry.postings.push_back(Posting{account, code, amount_minor});
}

Result<void> post_tenders(Entry& entry, const Closing& closing) {
  for (const auto& [kind, amount] : closing.tenders) {
    TRY(check_figure(amount.minor, "a tender"));
    post(entry, account_of(kind), static_cast<std::int64_t>(kind), amount.minor);
  }
  return {};
}

Result<void> post_revenue(Entry& entry, const Closing& closing) {
  for (const auto& [code, row] : closing.taxes) {
    TRY(check_figure(row.gross.minor, "the takings of tax code ", code));
    TRY(check_figure(row.tax.minor, "the tax of tax code ", code));
    post(entry, Account::kSalesRevenue, code.value, row.tax.minor - row.gross.minor);
    post(entry, Account::kTaxPayable, code.value, -row.tax.minor);
  }
  // The shelf price is what was taken and what was given away.
  TRY(check_figure(closing.discount.minor, "the discount"));
  post(entry, Account::kDiscountsGiven, kNoCode, closing.discount.minor);
  post(entry, Account::kSalesRevenue, kNoCode, -closing.discount.minor);
  return {};
}

Result<void> post_over_short(Entry& entry, const Closing& closing) {
  TRY(check_figure(closing.over_short.minor, "over and short"));
  post(entry, Account::kCash, kNoCode, closing.over_short.minor);
  post(entry, Account::kOverShort, kNoCode, -closing.over_short.minor);
  return {};
}

// What came in for no sale yet, and the tax that is due for it all the same.
Result<void> post_liabilities(Entry& entry, const Closing& closing) {
  const core::retail::Liabilities& l = closing.liabilities;
  for (const Money& money : {l.vouchers_sold, l.deposits, l.forfeited}) {
    TRY(check_figure(money.minor, "a liability"));
  }
  post(entry, Account::kVouchersOutstanding, kNoCode, -l.vouchers_sold.minor);
  post(entry, Account::kDepositsHeld, kNoCode, -l.deposits.minor);
  post(entry, Account::kForfeitedDeposits, kNoCode, -l.forfeited.minor);
  for (const auto& [code, tax] : closing.deposit_taxes) {
    TRY(check_figure(tax.minor, "the tax on deposits of tax code ", code));
    post(entry, Account::kTaxOnDeposits, code.value, tax.minor);
    post(entry, Account::kTaxPayable, kDepositCode - std::int64_t{code.value}, -tax.minor);
  }
  return {};
}

Account other_side(core::retail::CashKind kind) {
  using core::retail::CashKind;
  switch (kind) {
    case CashKind::kFloat:
    case CashKind::kPickUp:
      return Account::kSafe;
    case CashKind::kPaidIn:
      return Account::kPaidIn;
    case CashKind::kPaidOut:
      return Account::kPaidOut;
  }
  CORE_CHECK(false);
}

Result<void> post_cash_movements(Entry& entry, const Closing& closing) {
  using core::retail::CashKind;
  for (const auto& [kind, amount] : closing.cash_movements) {
    TRY(check_figure(amount.minor, "a cash movement"));
    const bool comes_in = kind == CashKind::kFloat || kind == CashKind::kPaidIn;
    const std::int64_t into_drawer = comes_in ? amount.minor : -amount.minor;
    const std::int64_t code = kMovementCode - static_cast<std::int64_t>(kind);
    post(entry, Account::kCash, code, into_drawer);
    post(entry, other_side(kind), code, -into_drawer);
  }
  return {};
}

Result<void> take_evidence(Entry& entry, const Closing& closing) {
  TRY(check_figure(closing.refunded.minor, "what was refunded"));
  entry.refunds = closing.refunds;
  entry.refunded_minor = closing.refunded.minor;
  entry.ever_sold_minor = closing.grand_totals.sales.minor;
  entry.ever_refunded_minor = closing.grand_totals.refunds.minor;
  entry.numbers.assign(closing.numbers.begin(), closing.numbers.end());
  entry.clock_doubts = closing.counts.clock_doubts;
  for (const auto& [receipt, amount] : closing.refunded_receipts) {
    TRY(check_figure(amount.minor, "what was given back for a receipt"));
    entry.refunded_receipts.emplace(receipt, amount.minor);
  }
  return {};
}

Result<void> take_points(Entry& entry, const Closing& closing) {
  entry.members.reserve(closing.members.size());
  for (const auto& [member, row] : closing.members) {
    TRY_ASSIGN(entry.points_earned, core::checked_add(entry.points_earned, row.earned));
    TRY_ASSIGN(entry.points_redeemed, core::checked_add(entry.points_redeemed, row.redeemed));
    TRY(check_figure(entry.points_earned, "the points earned"));
    TRY(check_figure(entry.points_redeemed, "the points redeemed"));
    TRY(check_figure(row.earned, "the points that a member earned"));
    TRY(check_figure(row.redeemed, "the points that a member redeemed"));
    entry.members.push_back({member, row.earned, row.redeemed});
  }
  return {};
}

Result<void> take_products(Entry& entry, const Closing& closing) {
  entry.sold.reserve(closing.sold.size());
  for (const auto& [product, row] : closing.sold) {
    TRY(core::retail::check_product_id(product));
    TRY(check_figure(row.quantity.thousandths, "what was sold of product ", product));
    TRY(check_figure(row.net.minor, "what was taken for product ", product));
    entry.sold.push_back({product, row.quantity.thousandths, row.net.minor});
  }
  entry.counted.reserve(closing.on_hand.size());
  for (const auto& [product, quantity] : closing.on_hand) {
    TRY(core::retail::check_product_id(product));
    TRY(check_figure(quantity.thousandths, "the count of product ", product));
    entry.counted.push_back({product, quantity.thousandths});
  }
  return {};
}

Result<void> take_operators(Entry& entry, const Closing& closing) {
  entry.operators.reserve(closing.operators.size());
  for (const auto& [id, row] : closing.operators) {
    TRY(check_figure(row.net.minor, "what was taken by operator ", id));
    TRY(check_figure(row.discount.minor, "the discount given by operator ", id));
    TRY(check_figure(row.refunded.minor, "what was refunded by operator ", id));
    entry.operators.push_back({id, row.sales, row.net.minor, row.discount.minor, row.lines_voided,
                               row.refunds, row.refunded.minor});
  }
  return {};
}

Result<void> take_definitions(Entry& entry, const core::retail::Definitions& definitions) {
  entry.definitions.reserve(definitions.size());
  for (const auto& [product, definition] : definitions) {
    TRY(check_figure(definition.price.minor, "the price of product ", product));
    entry.definitions.push_back({product, definition});
  }
  return {};
}

// Moves of one message, one for each product and way, into rows that are empty.
class Moves {
 public:
  explicit Moves(std::vector<StockMove>& moves) : moves_(moves) {}

  // Of a way that nothing else takes.
  Result<void> add(const Components& components, Place from, Place to) {
    moves_.reserve(moves_.size() + components.size());
    for (const auto& [product, quantity] : components) {
      TRY(core::retail::check_product_id(product));
      TRY(check_figure(quantity.thousandths, "the quantity of product ", product));
      if (quantity.thousandths != 0) moves_.push_back({product, from, to, quantity.thousandths});
    }
    return {};
  }

  // Several transfers may carry a product the same way.
  Result<void> add(const core::FlatMap<core::retail::TransferKey, Components>& transfers) {
    if (transfers.empty()) return {};
    std::map<std::pair<core::ProductId, core::retail::TransferWay>, std::int64_t> sums;
    for (const auto& [key, components] : transfers) {
      for (const auto& [product, quantity] : components) {
        TRY(core::retail::check_product_id(product));
        std::int64_t& sum = sums[{product, key.way}];
        TRY_ASSIGN(sum, core::checked_add(sum, quantity.thousandths));
        TRY(check_figure(sum, "the quantity of product ", product));
      }
    }
    for (const auto& [key, thousandths] : sums) {
      const bool out = key.second == core::retail::TransferWay::kOut;
      if (thousandths == 0) continue;
      moves_.push_back({key.first, out ? Place::kStore : Place::kTransit,
                        out ? Place::kTransit : Place::kStore, thousandths});
    }
    return {};
  }

  void sort() {
    const auto before = [](const StockMove& a, const StockMove& b) {
      return std::tie(a.product, a.from, a.to) < std::tie(b.product, b.from, b.to);
    };
    if (!std::is_sorted(moves_.begin(), moves_.end(), before)) {
      std::sort(moves_.begin(), moves_.end(), before);
    }
  }

 private:
  std::vector<StockMove>& moves_;
};

Result<void> fill(Entry& entry, const Opening& opening) {
  entry.kind = Kind::kOpening;
  entry.day = opening.day;
  entry.part = opening.part;
  Moves moves(entry.moves);
  TRY(moves.add(opening.received, Place::kSupplier, Place::kStore));
  moves.sort();
  for (const std::uint64_t note : opening.notes) {
    entry.deliveries.push_back({DeliveryKind::kNote, note, 0});
  }
  for (const auto& [product, quantity] : opening.differences) {
    TRY(core::retail::check_product_id(product));
    TRY(check_figure(quantity.thousandths, "what differs of product ", product));
    entry.deliveries.push_back({DeliveryKind::kDifference, product.value, quantity.thousandths});
  }
  entry.next_keys = opening.next_keys;
  return take_definitions(entry, opening.definitions);
}

Result<void> fill(Entry& entry, const Closing& closing) {
  entry.kind = Kind::kClosing;
  entry.day = closing.day;
  entry.part = closing.part;
  entry.currency = closing.currency;
  entry.sales = closing.sales;
  entry.voids = closing.voids;
  entry.postings.reserve(kUsualPostings);
  entry.net_minor = closing.net.minor;
  entry.discount_minor = closing.discount.minor;
  entry.over_short_minor = closing.over_short.minor;
  TRY(check_figure(closing.net.minor, "net"));
  TRY(post_tenders(entry, closing));
  TRY(post_revenue(entry, closing));
  TRY(post_over_short(entry, closing));
  TRY(post_liabilities(entry, closing));
  TRY(post_cash_movements(entry, closing));
  TRY(take_evidence(entry, closing));
  TRY(take_points(entry, closing));
  Moves moves(entry.moves);
  TRY(moves.add(closing.consumed, Place::kStore, Place::kSold));
  TRY(moves.add(closing.received, Place::kSupplier, Place::kStore));
  TRY(moves.add(closing.adjusted, Place::kAdjusted, Place::kStore));
  TRY(moves.add(closing.transfers));
  moves.sort();
  TRY(take_products(entry, closing));
  TRY(take_operators(entry, closing));
  TRY(take_definitions(entry, closing.definitions));
  TRY(check_balanced(entry.postings));
  std::sort(entry.postings.begin(), entry.postings.end(), [](const Posting& a, const Posting& b) {
    return std::tie(a.account, a.code) < std::tie(b.account, b.code);
  });
  return {};
}

template <typename S>
Result<void> make(const S& summary, Entry& entry) {
  entry.clear();
  const Result<void> filled = fill(entry, summary);
  if (!filled) entry.clear();
  return filled;
}

}  // namespace

void Entry::clear() {
  static_cast<EntryFigures&>(*this) = {};
  numbers.clear();
  refunded_receipts.clear();
  postings.clear();
  moves.clear();
  sold.clear();
  counted.clear();
  operators.clear();
  members.clear();
  covered.clear();
  definitions.clear();
  decided.clear();
  deliveries.clear();
  next_keys.reset();
}

Result<Entry> make_entry(const core::retail::Summary& summary) {
  Result<Entry> out = Entry();
  const auto made = make_entry(summary, *out);
  if (!made) out = fail(made.error());
  return out;
}

Result<void> make_entry(const core::retail::Summary& summary, Entry& entry) {
  return std::visit([&](const auto& s) { return make_entry(s, entry); }, summary);
}

Result<void> make_entry(const Opening& opening, Entry& entry) {
  return make(opening, entry);
}

Result<void> make_entry(const Closing& closing, Entry& entry) {
  return make(closing, entry);
}

void make_entry(PeriodClose close, Entry& entry) {
  entry.clear();
  entry.kind = Kind::kPeriodClose;
  entry.day = close.last;
  entry.part = close.part;
  entry.covered = std::move(close.covered);
}

namespace {

void fill(Entry& entry, const ProductMerge& merge) {
  entry.kind = Kind::kProductMerge;
  for (const core::ProductId product : merge.products) {
    entry.decided.push_back({product, merge.into});
  }
}

void fill(Entry& entry, const ProductSplit& split) {
  entry.kind = Kind::kProductSplit;
  for (const core::ProductId product : split.products) entry.decided.push_back({product, product});
}

void fill(Entry& entry, const ProductUndo& undo) {
  entry.kind = Kind::kProductUndo;
  entry.covered.push_back({core::envelope::kHeadOffice, undo.epoch, undo.sequence, undo.id});
}

}  // namespace

void make_entry(const ProductBulletin& bulletin, Entry& entry) {
  entry.clear();
  std::visit([&](const auto& b) { fill(entry, b); }, bulletin);
}

void make_roster_entry(Entry& entry) {
  entry.clear();
  entry.kind = Kind::kRosterEntry;
}

Result<void> check_balanced(const std::vector<Posting>& postings) {
  std::int64_t sum = 0;
  for (const Posting& posting : postings) {
    TRY_ASSIGN(sum, core::checked_add(sum, posting.amount_minor));
  }
  if (sum == 0) return {};
  return fail(Errc::kUnbalanced, "debits less credits are " + std::to_string(sum));
}

}  // namespace rebuild
