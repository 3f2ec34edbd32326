// ValuedEntries: cursors over the books in the order of days, merged.
#include "ledger-rebuild/valued_entries.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "ledger-rebuild/department_days.h"
#include "ledger-rebuild/row_cursor.h"
#include "ledger-rebuild/stock_flows.h"
#include "ledger-rebuild/valued_sums.h"

namespace rebuild {

using core::BusinessDay;
using core::Currency;
using core::Money;
using core::Result;
using core::StoreId;
using core::sql::Statement;

// Not in a namespace of this file alone, because Impl has them.
// Of one store; a variance is a flow, too.
struct StoreFlow {
  StoreId store;
  Flow flow;
  BusinessDay day() const { return flow.day; }
};

struct StorePoints {
  StoreId store;
  PointsLedger::Day points;
  BusinessDay day() const { return points.day; }
};

namespace {

constexpr const char* kFlowsSql =
    "SELECT m.booked, m.store, v.product, CASE WHEN v.to_place = 1 THEN v.from_place ELSE "
    "v.to_place "
    "END AS place, SUM(CASE WHEN v.to_place = 1 THEN -v.thousandths ELSE v.thousandths END) "
    "FROM moves v JOIN messages m ON m.number = v.message GROUP BY m.booked, m.store, v.product, "
    "place "
    "ORDER BY m.booked, m.store, v.product, place";
constexpr const char* kPointsSql =
    "SELECT day, store, currency, SUM(earned), SUM(redeemed), SUM(tender) FROM "
    "(SELECT booked AS day, store, currency, points_earned AS earned, points_redeemed AS redeemed, "
    "0 AS tender FROM messages WHERE kind = 2 AND state IN (1, 2) UNION ALL "
    "SELECT m.booked, m.store, p.currency, 0, 0, p.amount_minor FROM postings p "
    "JOIN messages m ON m.number = p.message WHERE p.account = 2410) AS p "
    "GROUP BY day, store, currency ORDER BY day, store, currency";

Result<StoreFlow> flow_at(const Statement& row) {
  return StoreFlow{id_at<StoreId>(row, 1),
                   {day_in(row, 0), id_at<core::ProductId>(row, 2),
                    static_cast<Place>(row.column_int(3)), row.column_int(4)}};
}

Result<StorePoints> points_at(const Statement& row) {
  TRY_ASSIGN(const Currency currency, Currency::parse(row.column_text(2)));
  return StorePoints{
      id_at<StoreId>(row, 1),
      {day_in(row, 0), currency, row.column_int(3), row.column_int(4), row.column_int(5)}};
}

}  // namespace

class ValuedEntries::Impl {
 public:
  Impl(const Settings& settings, DepartmentDays departments)
      : settings_(settings),
        stock_(settings),
        points_ledger_(settings),
        departments_(std::move(departments)) {}

  Result<void> open(const Books& books) {
    TRY_ASSIGN(const BusinessDay last, valuation_day(books, settings_, {}));
    for (const BusinessDay day : change_days(settings_)) {
      if (day <= last) changes_.insert(day);
    }
    if (settings_.has_products) {
      TRY(flows_.open(books, kFlowsSql, flow_at));
      TRY_ASSIGN(const auto counts, variances(books, {}));
      for (const Variance& v : counts) {
        if (v.difference.thousandths != 0) variances_.push_back({v.store, v.flow()});
      }
      std::stable_sort(variances_.begin(), variances_.end(), [](const auto& a, const auto& b) {
        return std::pair(a.day(), a.store) < std::pair(b.day(), b.store);
      });
    }
    if (settings_.has_points) TRY(points_.open(books, kPointsSql, points_at));
    return {};
  }

  std::optional<BusinessDay> next() const {
    std::optional<BusinessDay> out = departments_.next();
    const auto earlier = [&](BusinessDay day) { out = out ? std::min(*out, day) : day; };
    if (flows_.peek()) earlier(flows_.peek()->day());
    if (points_.peek()) earlier(points_.peek()->day());
    if (counted_ < variances_.size()) earlier(variances_[counted_].day());
    if (!changes_.empty()) earlier(*changes_.begin());
    return out;
  }

  Result<std::vector<ExportEntry>> take() {
    std::vector<ExportEntry> out;
    const auto day = next();
    if (!day) return out;
    if (changes_.erase(*day) != 0) TRY(take_change(*day, out));
    for (auto store = next_store(*day); store; store = next_store(*day)) {
      TRY(take_store(*day, *store, out));
    }
    if (departments_.next() == day) TRY(departments_.take(out));
    return out;
  }

 private:
  // The lowest store of which the day has more.
  std::optional<StoreId> next_store(BusinessDay day) const {
    std::optional<StoreId> out;
    const auto lower = [&](StoreId store) { out = out ? std::min(*out, store) : store; };
    if (flows_.peek() && flows_.peek()->day() == day) lower(flows_.peek()->store);
    if (points_.peek() && points_.peek()->day() == day) lower(points_.peek()->store);
    if (counted_ < variances_.size() && variances_[counted_].day() == day) {
      lower(variances_[counted_].store);
    }
    return out;
  }

  Result<void> take_change(BusinessDay day, std::vector<ExportEntry>& out) {
    TRY_ASSIGN(const Values values, stock_.revaluation(day));
    TRY_ASSIGN(ValuedPostings postings, telescope_.post(values));
    for (const auto& [currency, worth] : settings_.points) {
      TRY_ASSIGN(const auto more, points_ledger_.post({day, currency}));
      postings.insert(postings.end(), more.begin(), more.end());
    }
    put(EntryOf::kRevaluation, day, StoreId{}, postings, out);
    return {};
  }

  Result<void> take_store(BusinessDay day, StoreId store, std::vector<ExportEntry>& out) {
    Values values;
    while (flows_.peek() && flows_.peek()->day() == day && flows_.peek()->store == store) {
      TRY(take_flow(flows_.peek()->flow, values));
      TRY(flows_.advance());
    }
    while (counted_ < variances_.size() && variances_[counted_].day() == day &&
           variances_[counted_].store == store) {
      TRY(take_flow(variances_[counted_].flow, values));
      ++counted_;
    }
    TRY_ASSIGN(ValuedPostings postings, telescope_.post(values));
    while (points_.peek() && points_.peek()->day() == day && points_.peek()->store == store) {
      TRY_ASSIGN(const auto more, points_ledger_.post(points_.peek()->points));
      postings.insert(postings.end(), more.begin(), more.end());
      TRY(points_.advance());
    }
    put(EntryOf::kStoreDay, day, store, postings, out);
    return {};
  }

  Result<void> take_flow(const Flow& flow, Values& values) {
    const ProductInfo* product = settings_.costed(flow.product);
    if (product == nullptr) return {};
    TRY(add_flow(values, *product, flow));
    return stock_.add(flow);
  }

  // One entry a currency.
  void put(EntryOf of, BusinessDay day, StoreId store, const ValuedPostings& postings,
           std::vector<ExportEntry>& out) const {
    std::map<Currency, ExportEntry> entries;
    for (const ValuedPosting& posting : postings) {
      ExportEntry& entry = entries[posting.amount.currency];
      entry.what = of;
      entry.of = day;
      entry.day = day;
      entry.till.store = store;
      entry.postings.push_back(
          {&settings_.chart.account(posting.account, kNoCode), kNoCode, posting.amount});
    }
    for (auto& [currency, entry] : entries) out.push_back(std::move(entry));
  }

  const Settings& settings_;
  StockLedger stock_;
  PointsLedger points_ledger_;
  Telescope telescope_;
  RowCursor<StoreFlow> flows_;
  RowCursor<StorePoints> points_;
  std::vector<StoreFlow> variances_;
  std::size_t counted_ = 0;
  std::set<BusinessDay> changes_;
  DepartmentDays departments_;
};

ValuedEntries::ValuedEntries(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ValuedEntries::ValuedEntries(ValuedEntries&&) noexcept = default;
ValuedEntries::~ValuedEntries() = default;

Result<ValuedEntries> ValuedEntries::open(const Books& books, const Settings& settings) {
  TRY_ASSIGN(DepartmentDays departments, DepartmentDays::open(books, settings));
  auto impl = std::make_unique<Impl>(settings, std::move(departments));
  TRY(impl->open(books));
  return ValuedEntries(std::move(impl));
}

std::optional<BusinessDay> ValuedEntries::next() const {
  return impl_->next();
}

Result<std::vector<ExportEntry>> ValuedEntries::take() {
  return impl_->take();
}

}  // namespace rebuild
