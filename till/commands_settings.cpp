// Command `settings`: what a retailer decides once for its tills, shown or changed.
#include <cstdio>

#include "core/retail/settings.h"
#include "till/command_support.h"
#include "till/commands.h"
#include "till/report_text.h"
#include "till/reports.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Result;
using core::retail::Settings;

Result<void> take_amount(const std::string& word, core::Currency currency, const char* flag,
                         std::int64_t& minor) {
  if (word.empty()) return {};
  const auto money = core::parse_money(word, currency);
  if (!money) return fail(Errc::kUsage, std::string(flag) + ": " + money.error().what);
  minor = money->minor;
  return {};
}

std::string settings_text(const Settings& settings, core::Currency currency) {
  const auto money = [&](std::int64_t minor) {
    return minor == 0 ? std::string("none") : amount(core::Money{minor, currency});
  };
  return "sale for one point " + money(settings.earn_minor_per_point) +
         "\nworth of a point that pays " + money(settings.value_minor_per_point) +
         "\ntax of a layaway at " + (settings.tax_at_deposit ? "deposit" : "hand-over") +
         "\nmember key " + (settings.member_key.empty() ? "none" : "set") +
         "\nan opening waits for its delivery " +
         std::to_string(settings.delivery_cut_off_minutes) + " minutes\n" +
         (settings.key_days == 0
              ? std::string()
              : "another key after " + std::to_string(settings.key_days) + " days\n");
}

}  // namespace

Result<void> run_settings(const CommandWords& words) {
  TRY_ASSIGN(Till till, open_till(words));
  Settings settings = till.settings();
  TRY(take_amount(words.sale_per_point, till.currency(), "--sale-per-point",
                  settings.earn_minor_per_point));
  TRY(take_amount(words.point_worth, till.currency(), "--point-worth",
                  settings.value_minor_per_point));
  if (!words.tax_at.empty()) settings.tax_at_deposit = words.tax_at == "deposit";
  if (words.delivery_cut_off) settings.delivery_cut_off_minutes = *words.delivery_cut_off;
  if (words.key_days) settings.key_days = *words.key_days;
  if (!words.member_key_file.empty()) {
    TRY_ASSIGN(settings.member_key, core::retail::read_member_key(words.member_key_file));
  }
  if (settings != till.settings()) TRY(till.set_settings(settings));
  if (!words.backup_to.empty()) {
    std::vector<std::string> places = words.backup_to;
    std::erase(places, "");
    TRY(till.set_backup_to(places));
    const auto copied = till.copy_backups();
    if (!copied) {
      std::fprintf(stderr, "daybook-till: warning: a backup was not copied, and waits: %s\n",
                   describe(copied.error()).c_str());
    }
  }
  print(settings_text(till.settings(), till.currency()));
  TRY_ASSIGN(const BackupStatus backup, till.backup().status());
  print(report_backup(backup, Form::kText));
  return {};
}

}  // namespace till
