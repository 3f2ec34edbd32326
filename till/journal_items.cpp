// Journal: the rows of open items and settings.
#include "core/journal/schema.h"
#include "till/journal.h"

namespace till {

using core::journal::from_sql;
using core::journal::to_sql;
namespace {

using core::Errc;
using core::fail;
using core::Money;
using core::Result;
using core::retail::Series;
using core::sqlite::Statement;

core::Unexpected not_open(OpenItemKey key) {
  return fail(Errc::kState, std::string(series_name(key.series)) + " " +
                                std::to_string(key.number) +
                                " is not open: it was finished before, or never was");
}

}  // namespace

Result<std::vector<OpenItem>> Journal::open_items(std::optional<Series> series) {
  TRY_ASSIGN(Statement s, database_.prepare("SELECT series, number, amount_minor FROM open_item "
                                            "WHERE series = ?1 OR ?1 = 0 ORDER BY series, number"));
  s.bind_int(1, series ? static_cast<int>(*series) : 0);
  std::vector<OpenItem> items;
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) return items;
    const std::int64_t number = s.column_int(0);
    if (number < 1 || number > static_cast<std::int64_t>(core::retail::kSeriesCount)) {
      return fail(Errc::kDamaged,
                  path().string() + ": an open item of unknown series " + std::to_string(number));
    }
    items.push_back({{static_cast<Series>(number), from_sql(s.column_int(1))},
                     Money{s.column_int(2), identity_.currency}});
  }
}

Result<std::optional<OpenItem>> Journal::find_open_item(OpenItemKey key) {
  TRY_ASSIGN(Statement s, database_.prepare("SELECT amount_minor FROM open_item "
                                            "WHERE series = ? AND number = ?"));
  s.bind_int(1, static_cast<int>(key.series)).bind_int(2, to_sql(key.number));
  std::optional<OpenItem> item;
  TRY_ASSIGN(const bool row, s.step());
  if (row) item = OpenItem{key, Money{s.column_int(0), identity_.currency}};
  return item;
}

Result<void> Journal::change_open_items(const std::vector<OpenItemChange>& changes) {
  for (const OpenItemChange& change : changes) {
    const OpenItemKey key = change.item.key;
    TRY_ASSIGN(const auto before, find_open_item(key));
    if (before.has_value() != (change.what != OpenItemChange::What::kOpens)) return not_open(key);
    if (change.what == OpenItemChange::What::kCloses) {
      TRY_ASSIGN(Statement s,
                 database_.prepare("DELETE FROM open_item WHERE series = ? AND number = ?"));
      TRY(s.bind_int(1, static_cast<int>(key.series)).bind_int(2, to_sql(key.number)).run());
      continue;
    }
    Money amount = change.item.amount;
    if (before) {
      TRY_ASSIGN(amount, add(amount, before->amount));
    }
    TRY_ASSIGN(Statement s, database_.prepare("REPLACE INTO open_item VALUES (?, ?, ?)"));
    s.bind_int(1, static_cast<int>(key.series)).bind_int(2, to_sql(key.number));
    TRY(s.bind_int(3, amount.minor).run());
  }
  return {};
}

Result<void> Journal::put_settings(const core::retail::Settings& settings) {
  TRY_ASSIGN(Statement s, database_.prepare("REPLACE INTO settings VALUES (1, ?, ?, ?, ?, ?, ?)"));
  s.bind_int(1, settings.earn_minor_per_point).bind_int(2, settings.value_minor_per_point);
  s.bind_int(3, settings.tax_at_deposit ? 1 : 0).bind_blob(4, settings.member_key);
  s.bind_int(5, settings.delivery_cut_off_minutes).bind_int(6, settings.key_days);
  TRY(s.run());
  settings_ = settings;
  return {};
}

Result<void> Journal::load_settings() {
  TRY_ASSIGN(Statement s, database_.prepare("SELECT earn_minor, point_minor, tax_at_deposit, "
                                            "member_key, cut_off_minutes, key_days FROM settings"));
  TRY_ASSIGN(const bool row, s.step());
  if (!row) return fail(Errc::kDamaged, path().string() + ": the settings row is missing");
  settings_.earn_minor_per_point = s.column_int(0);
  settings_.value_minor_per_point = s.column_int(1);
  settings_.tax_at_deposit = s.column_int(2) != 0;
  settings_.member_key = core::to_bytes(s.column_blob(3));
  settings_.delivery_cut_off_minutes = s.column_int(4);
  settings_.key_days = s.column_int(5);
  const auto sound = check_settings(settings_);
  if (!sound) return fail(Errc::kDamaged, path().string() + ": settings: " + sound.error().what);
  return {};
}

}  // namespace till
