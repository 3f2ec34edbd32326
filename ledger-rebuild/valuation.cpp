// Valuation: exact sums in 128 bits; each is rounded where it is posted and nowhere else.
#include "ledger-rebuild/valuation.h"

namespace rebuild {

using core::BusinessDay;
using core::Currency;
using core::Errc;
using core::fail;
using core::Money;
using core::ProductId;
using core::Result;

namespace {

Account account_of_place(Place place) {
  switch (place) {
    case Place::kSupplier:
      return Account::kGoodsReceived;
    case Place::kSold:
      return Account::kCostOfGoods;
    case Place::kAdjusted:
      return Account::kStockVariance;
    case Place::kTransit:
      return Account::kGoodsInTransit;
    case Place::kStore:
      return Account::kInventory;
  }
  CORE_CHECK(false);
}

}  // namespace

Result<void> add_value(Exact& sum, Exact more) {
  if (!__builtin_add_overflow(sum, more, &sum)) return {};
  return fail(Errc::kOverflow, "a value of stock does not fit 128 bits");
}

Result<void> add_flow(Values& values, const ProductInfo& product, const Flow& flow) {
  const Exact worth = Exact{flow.thousandths} * worth_on(product.cost, flow.day);
  TRY(add_value(values[{product.currency, account_of_place(flow.place)}], worth));
  return add_value(values[{product.currency, Account::kInventory}], -worth);
}

Result<ValuedPostings> Telescope::post(const Values& more) {
  ValuedPostings out;
  std::map<Currency, std::int64_t> missing;
  for (const auto& [key, value] : more) {
    const auto& [currency, account] = key;
    Exact& sum = sums_[key];
    TRY_ASSIGN(const std::int64_t before, core::round_half_away(sum, kExactUnit));
    TRY(add_value(sum, value));
    TRY_ASSIGN(const std::int64_t after, core::round_half_away(sum, kExactUnit));
    TRY_ASSIGN(const std::int64_t amount, core::checked_subtract(after, before));
    std::int64_t& rest = missing[currency];
    TRY_ASSIGN(rest, core::checked_subtract(rest, amount));
    if (amount != 0) out.push_back({account, Money{amount, currency}});
  }
  for (const auto& [currency, rest] : missing) {
    if (rest != 0) out.push_back({Account::kStockRounding, Money{rest, currency}});
  }
  return out;
}

Result<StockLedger::Product*> StockLedger::product(ProductId id) {
  Product& product = products_[id];
  if (product.info == nullptr) product.info = settings_->costed(id);
  return &product;
}

Result<void> StockLedger::add(const Flow& flow) {
  CORE_CHECK(flow.place != Place::kStore);
  TRY_ASSIGN(Product* const stock, product(flow.product));
  if (stock->info == nullptr) return {};
  TRY_ASSIGN(stock->in_stores, core::checked_subtract(stock->in_stores, flow.thousandths));
  if (flow.place == Place::kTransit) {
    TRY_ASSIGN(stock->in_transit, core::checked_add(stock->in_transit, flow.thousandths));
    return {};
  }
  const Exact worth = Exact{flow.thousandths} * worth_on(stock->info->cost, flow.day);
  return add_value(flowed_[{stock->info->currency, account_of_place(flow.place)}], worth);
}

Result<Values> StockLedger::at(BusinessDay day) const {
  Values out = flowed_;
  for (const auto& [id, stock] : products_) {
    if (stock.info == nullptr) continue;
    const std::int64_t cost = worth_on(stock.info->cost, day);
    const Currency currency = stock.info->currency;
    TRY(add_value(out[{currency, Account::kInventory}], Exact{stock.in_stores} * cost));
    TRY(add_value(out[{currency, Account::kGoodsInTransit}], Exact{stock.in_transit} * cost));
  }
  std::map<Currency, Exact> rest;
  for (const auto& [key, value] : out) TRY(add_value(rest[key.first], -value));
  for (const auto& [currency, value] : rest) out[{currency, Account::kRevaluation}] = value;
  return out;
}

Result<Values> StockLedger::revaluation(BusinessDay day) const {
  Values out;
  for (const auto& [id, stock] : products_) {
    if (stock.info == nullptr) continue;
    const std::int64_t more =
        worth_on(stock.info->cost, day) - worth_on(stock.info->cost, BusinessDay{day.days - 1});
    if (more == 0) continue;
    const Currency currency = stock.info->currency;
    const Exact in_stores = Exact{stock.in_stores} * more;
    const Exact in_transit = Exact{stock.in_transit} * more;
    TRY(add_value(out[{currency, Account::kInventory}], in_stores));
    TRY(add_value(out[{currency, Account::kGoodsInTransit}], in_transit));
    TRY(add_value(out[{currency, Account::kRevaluation}], -in_stores));
    TRY(add_value(out[{currency, Account::kRevaluation}], -in_transit));
  }
  return out;
}

Result<ValuedPostings> PointsLedger::post(const Day& day) {
  const auto worth = settings_->points.find(day.currency);
  if (worth == settings_->points.end()) return ValuedPostings{};
  State& state = states_[day.currency];
  TRY_ASSIGN(state.outstanding, core::checked_add(state.outstanding, day.earned));
  TRY_ASSIGN(state.outstanding, core::checked_subtract(state.outstanding, day.redeemed));
  // Worth is of 1000 points, in thousandths of a minor unit.
  TRY_ASSIGN(const std::int64_t liability,
             core::round_half_away(-Exact{state.outstanding} * worth_on(worth->second, day.day),
                                   kExactUnit));
  TRY_ASSIGN(std::int64_t amount, core::checked_subtract(liability, state.liability_minor));
  TRY_ASSIGN(amount, core::checked_subtract(amount, day.tender_minor));
  state.liability_minor = liability;
  if (amount == 0) return ValuedPostings{};
  TRY_ASSIGN(const std::int64_t expense, core::checked_negate(amount));
  return ValuedPostings{{Account::kPointsLiability, Money{amount, day.currency}},
                        {Account::kPointsExpense, Money{expense, day.currency}}};
}

std::set<BusinessDay> change_days(const Settings& settings) {
  std::set<BusinessDay> out;
  for (const auto& [id, product] : settings.products) {
    for (const WorthStep& step : product.cost) out.insert(step.from);
  }
  for (const auto& [currency, steps] : settings.points) {
    for (const WorthStep& step : steps) out.insert(step.from);
  }
  return out;
}

}  // namespace rebuild
