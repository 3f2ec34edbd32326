// Report: takings, stock and trial balance, summed from postings and moves.
#include "ledger-rebuild/report.h"

#include <algorithm>
#include <tuple>

#include "core/base/arithmetic.h"
#include "ledger-rebuild/account_sums.h"
#include "ledger-rebuild/posting_rules.h"
#include "ledger-rebuild/products.h"
#include "ledger-rebuild/rows.h"

namespace rebuild {
namespace {

using core::Currency;
using core::Errc;
using core::fail;
using core::Money;
using core::Quantity;
using core::Result;
using core::retail::TaxRow;
using core::retail::TenderKind;
using core::sql::Statement;

using DayKey = std::tuple<core::StoreId, core::BusinessDay, Currency>;
using DayMap = std::map<DayKey, Takings>;

Takings no_takings(Currency currency) {
  const Money zero{0, currency};
  Takings out;
  out.shelf = out.discount = out.net = out.over_short = out.refunded = zero;
  return out;
}

Result<void> accumulate(Money& sum, Money more) {
  TRY_ASSIGN(sum, core::add(sum, more));
  return {};
}

Result<void> accumulate(Quantity& sum, Quantity more) {
  TRY_ASSIGN(sum, core::add(sum, more));
  return {};
}

TaxRow& tax_row(Takings& takings, std::int64_t code, Currency currency) {
  const Money zero{0, currency};
  return takings.taxes
      .try_emplace(core::TaxCode{static_cast<std::uint32_t>(code)}, TaxRow{zero, zero})
      .first->second;
}

// Puts the sum of one account and code where a reader of takings looks for it.
Result<void> add_posting(Takings& takings, Account account, std::int64_t code, Money sum) {
  TRY_ASSIGN(const Money credit, core::negate(sum));
  switch (account) {
    case Account::kVouchersOutstanding:
    case Account::kPointsLiability:
    case Account::kDepositsHeld:
      if (code == kNoCode) {  // came in for no sale yet: part of the tenders, and no takings
        TRY(accumulate(takings.net, sum));
        return accumulate(takings.shelf, sum);
      }
      [[fallthrough]];
    case Account::kCash:
    case Account::kCard:
    case Account::kCouponsReceivable:
    case Account::kCashRounding: {
      if (code == kNoCode) return accumulate(takings.over_short, sum);
      if (code < kNoCode) return {};  // into the drawer or out of it: no takings
      takings.tenders.emplace(static_cast<TenderKind>(code), sum);
      TRY(accumulate(takings.net, sum));
      return accumulate(takings.shelf, sum);
    }
    case Account::kDiscountsGiven:
      TRY(accumulate(takings.discount, sum));
      return accumulate(takings.shelf, sum);
    case Account::kSalesRevenue:
      if (code == kNoCode) return {};  // the other side of the discount
      return accumulate(tax_row(takings, code, sum.currency).gross, credit);
    case Account::kTaxPayable: {
      if (code <= kDepositCode) return {};  // for no sale yet
      TaxRow& row = tax_row(takings, code, sum.currency);
      TRY(accumulate(row.gross, credit));
      return accumulate(row.tax, credit);
    }
    case Account::kForfeitedDeposits:
      TRY(accumulate(takings.net, sum));
      return accumulate(takings.shelf, sum);
    case Account::kOverShort:
    case Account::kTaxOnDeposits:
    case Account::kSafe:
    case Account::kPaidIn:
    case Account::kPaidOut:
      return {};  // the other side of the cash
    case Account::kInventory:
    case Account::kGoodsInTransit:
    case Account::kGoodsReceived:
    case Account::kCostOfGoods:
    case Account::kStockVariance:
    case Account::kRevaluation:
    case Account::kPointsExpense:
    case Account::kStockRounding:
      break;  // values, which the books never have
  }
  return fail(Errc::kDamaged, "unknown account " + std::to_string(static_cast<int>(account)));
}

Result<DayKey> day_key(const Statement& row) {
  TRY_ASSIGN(const Currency currency, Currency::parse(row.column_text(2)));
  return DayKey{id_at<core::StoreId>(row, 0),
                core::BusinessDay{static_cast<std::int32_t>(row.column_int(1))}, currency};
}

Takings& takings_of(DayMap& days, const DayKey& key) {
  return days.try_emplace(key, no_takings(std::get<Currency>(key))).first->second;
}

Result<DayMap> read_days(const Books& books) {
  DayMap days;
  TRY(for_rows(books.database(),
               "SELECT m.store, m.booked, m.currency, SUM(m.sales), SUM(m.voids), SUM(m.refunds), "
               "SUM(m.refunded_minor) FROM messages m "
               "WHERE m.kind = 2 AND m.state IN (1, 2) GROUP BY 1, 2, 3",
               [&](const Statement& row) -> Result<void> {
                 TRY_ASSIGN(const DayKey key, day_key(row));
                 Takings& takings = takings_of(days, key);
                 takings.sales = static_cast<std::uint64_t>(row.column_int(3));
                 takings.voids = static_cast<std::uint64_t>(row.column_int(4));
                 takings.refunds = static_cast<std::uint64_t>(row.column_int(5));
                 takings.refunded.minor = row.column_int(6);
                 return {};
               }));
  TRY(for_rows(books.database(),
               "SELECT m.store, m.booked, p.currency, p.account, p.code, SUM(p.amount_minor) "
               "FROM postings p JOIN messages m ON m.number = p.message "
               "GROUP BY 1, 2, 3, 4, 5 HAVING SUM(p.amount_minor) <> 0",
               [&](const Statement& row) -> Result<void> {
                 TRY_ASSIGN(const DayKey key, day_key(row));
                 const Money sum{row.column_int(5), std::get<Currency>(key)};
                 return add_posting(takings_of(days, key), static_cast<Account>(row.column_int(3)),
                                    row.column_int(4), sum);
               }));
  return days;
}

Result<void> add_takings(Takings& sum, const Takings& more) {
  sum.sales += more.sales;
  sum.voids += more.voids;
  sum.refunds += more.refunds;
  TRY(accumulate(sum.refunded, more.refunded));
  TRY(accumulate(sum.shelf, more.shelf));
  TRY(accumulate(sum.discount, more.discount));
  TRY(accumulate(sum.net, more.net));
  TRY(accumulate(sum.over_short, more.over_short));
  const Money zero{0, more.net.currency};
  for (const auto& [kind, amount] : more.tenders) {
    TRY(accumulate(sum.tenders.try_emplace(kind, zero).first->second, amount));
  }
  for (const auto& [code, row] : more.taxes) {
    TaxRow& tax = sum.taxes.try_emplace(code, TaxRow{zero, zero}).first->second;
    TRY(accumulate(tax.gross, row.gross));
    TRY(accumulate(tax.tax, row.tax));
  }
  return {};
}

Result<void> add_move(Stock& stock, Place from, Place to, Quantity quantity) {
  TRY_ASSIGN(const std::int64_t back, core::checked_negate(quantity.thousandths));
  if (to == Place::kStore) TRY(accumulate(stock.on_hand, quantity));
  if (from == Place::kStore) TRY(accumulate(stock.on_hand, Quantity{back}));
  if (from == Place::kSupplier) TRY(accumulate(stock.received, quantity));
  if (to == Place::kSupplier) TRY(accumulate(stock.received, Quantity{back}));
  if (to == Place::kSold) TRY(accumulate(stock.consumed, quantity));
  if (from == Place::kSold) TRY(accumulate(stock.consumed, Quantity{back}));
  if (from == Place::kAdjusted) TRY(accumulate(stock.adjusted, quantity));
  if (to == Place::kAdjusted) TRY(accumulate(stock.adjusted, Quantity{back}));
  if (from == Place::kTransit) TRY(accumulate(stock.transferred, quantity));
  if (to == Place::kTransit) TRY(accumulate(stock.transferred, Quantity{back}));
  return {};
}

}  // namespace

Result<std::map<Currency, Takings>> totals(const Books& books) {
  TRY_ASSIGN(const DayMap days, read_days(books));
  std::map<Currency, Takings> out;
  for (const auto& [key, takings] : days) {
    const Currency currency = std::get<Currency>(key);
    TRY(add_takings(out.try_emplace(currency, no_takings(currency)).first->second, takings));
  }
  return out;
}

Result<std::vector<StoreDay>> store_days(const Books& books) {
  TRY_ASSIGN(DayMap days, read_days(books));
  std::vector<StoreDay> out;
  out.reserve(days.size());
  for (auto& [key, takings] : days) {
    const auto& [store, day, currency] = key;
    out.push_back(StoreDay{store, day, currency, std::move(takings)});
  }
  return out;
}

Result<std::map<core::StoreId, StockByProduct>> stock_by_store(const Books& books) {
  TRY_ASSIGN(const Products products, read_products(books));
  std::map<core::StoreId, StockByProduct> out;
  TRY(for_rows(
      books.database(),
      "SELECT m.store, v.product, v.from_place, v.to_place, SUM(v.thousandths) "
      "FROM moves v JOIN messages m ON m.number = v.message GROUP BY 1, 2, 3, 4",
      [&](const Statement& row) {
        Stock& stock =
            out[id_at<core::StoreId>(row, 0)][products.number_of(id_at<core::ProductId>(row, 1))];
        return add_move(stock, static_cast<Place>(row.column_int(2)),
                        static_cast<Place>(row.column_int(3)), Quantity{row.column_int(4)});
      }));
  return out;
}

Result<StockByProduct> stock(const Books& books) {
  TRY_ASSIGN(const auto stores, stock_by_store(books));
  StockByProduct out;
  for (const auto& [store, products] : stores) {
    for (const auto& [product, stock] : products) {
      Stock& sum = out[product];
      TRY(accumulate(sum.received, stock.received));
      TRY(accumulate(sum.consumed, stock.consumed));
      TRY(accumulate(sum.adjusted, stock.adjusted));
      TRY(accumulate(sum.transferred, stock.transferred));
      TRY(accumulate(sum.on_hand, stock.on_hand));
    }
  }
  return out;
}

Result<TrialBalance> trial_balance(const Books& books, const Settings& settings) {
  TRY_ASSIGN(const Products products, read_products(books));
  const Settings of_all = settings_for(products, settings);
  TRY_ASSIGN(const AccountSums sums, account_sums(books, of_all, {}));
  TrialBalance out;
  for (const AccountSum& sum : sums.accounts) {
    out.accounts.push_back({sum.account->number, sum.account->name, sum.balance.currency, sum.debit,
                            sum.credit, sum.balance});
  }
  std::stable_sort(out.accounts.begin(), out.accounts.end(), [](const auto& a, const auto& b) {
    return std::tie(a.currency, a.account) < std::tie(b.currency, b.account);
  });
  out.without_cost = sums.without_cost;
  return out;
}

}  // namespace rebuild
