// Routes of what is set, not sold: settings, the receipts' heading, the catalog, head office's
// roster; and what the audit log tells.
#include <algorithm>
#include <utility>

#include "core/base/base64.h"
#include "core/base/decimal.h"
#include "core/envelope/roster.h"
#include "core/retail/catalog_file.h"
#include "till/api/answers.h"
#include "till/api/service.h"
#include "till/operator_report.h"

namespace till::api {

using core::Errc;
using core::fail;
using core::Result;
using core::retail::Settings;

namespace {

constexpr std::size_t kAuditShown = 1000;  // rows of one answer

// Apart by line feeds.
std::vector<std::string> lines_in(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; !text.empty() && begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::string lines_of(const BackupStatus& backup) {
  std::string out;
  for (const BackupStatus::Target& target : backup.targets) {
    out += (out.empty() ? "" : "\n") + target.place;
  }
  return out;
}

Json settings_json(const Settings& settings, const TillStatus& status) {
  const auto money = [&](std::int64_t minor) {
    return amount(core::Money{minor, status.currency});
  };
  return {{"sale_per_point", money(settings.earn_minor_per_point)},
          {"point_worth", money(settings.value_minor_per_point)},
          {"tax_at", settings.tax_at_deposit ? "deposit" : "hand-over"},
          {"member_key", settings.member_key.empty() ? "none" : "set"},
          {"delivery_cut_off", settings.delivery_cut_off_minutes},
          {"key_days", settings.key_days},
          {"backup_to", lines_of(status.backup)}};
}

Result<void> take_amount(const Fields& body, const std::string& name, core::Currency currency,
                         std::int64_t& minor) {
  TRY_ASSIGN(const auto given, body.optional_money(name, currency));
  if (given) minor = given->minor;
  return {};
}

// `settings` with what the body names in its place.
Result<Settings> read_settings(const Fields& body, core::Currency currency, Settings settings) {
  TRY(take_amount(body, "sale_per_point", currency, settings.earn_minor_per_point));
  TRY(take_amount(body, "point_worth", currency, settings.value_minor_per_point));
  if (body.has("tax_at")) {
    TRY_ASSIGN(const std::string tax_at, body.text("tax_at"));
    if (tax_at != "deposit" && tax_at != "hand-over") {
      return fail(Errc::kUsage, "'tax_at': expected deposit or hand-over");
    }
    settings.tax_at_deposit = tax_at == "deposit";
  }
  if (body.has("member_key")) {
    TRY_ASSIGN(const std::string digits, body.text("member_key"));
    auto key = core::from_hex(digits);
    if (!key) return fail(Errc::kUsage, "'member_key': " + key.error().what);
    settings.member_key = std::move(*key);
  }
  if (body.has("delivery_cut_off")) {
    TRY_ASSIGN(const std::uint64_t minutes, body.number("delivery_cut_off"));
    settings.delivery_cut_off_minutes = static_cast<std::int64_t>(minutes);
  }
  if (body.has("key_days")) {
    TRY_ASSIGN(const std::uint64_t days, body.number("key_days"));
    settings.key_days = static_cast<std::int64_t>(days);
  }
  return settings;
}

}  // namespace

Result<Service::Answer> Service::get_settings(const Call&) {
  TRY_ASSIGN(const TillStatus status, till_.status());
  return Answer{200, dump(settings_json(till_.settings(), status))};
}

Result<Service::Answer> Service::change_settings(const Call& call) {
  TRY_ASSIGN(const Settings next, read_settings(call.body, currency(), till_.settings()));
  if (next != till_.settings()) TRY(till_.set_settings(next));
  if (call.body.has("backup_to")) {
    TRY_ASSIGN(const std::string places, call.body.text_or("backup_to", ""));
    TRY(till_.set_backup_to(lines_in(places)));
  }
  return get_settings(call);
}

Result<Service::Answer> Service::join(const Call& call) {
  TRY_ASSIGN(const std::string text, call.body.text("roster"));
  TRY_ASSIGN(const std::string digits, call.body.text("head_office"));
  const auto content = core::from_base64(text);
  if (!content) return fail(Errc::kUsage, "'roster': " + content.error().what);
  const auto key_bytes = core::from_hex(digits);
  if (!key_bytes) return fail(Errc::kUsage, "'head_office': " + key_bytes.error().what);
  const auto key = core::envelope::PublicKey::from(*key_bytes);
  if (!key) return fail(Errc::kUsage, "'head_office': " + key.error().what);
  TRY_ASSIGN(const TillStatus before, till_.status());
  TRY_ASSIGN(const auto roster, core::envelope::Roster::read(*content, before.origin, *key));
  TRY(till_.join(roster));
  return get_status(call);
}

Result<Service::Answer> Service::get_receipt_heading(const Call&) {
  TRY_ASSIGN(const auto lines, till_.print_queue().heading());
  return Answer{200, dump({{"lines", lines}})};
}

// Lines apart by line feeds; without text: none.
Result<Service::Answer> Service::set_receipt_heading(const Call& call) {
  TRY_ASSIGN(const std::string text, call.body.text_or("text", ""));
  TRY(till_.print_queue().set_heading(lines_in(text)));
  return get_receipt_heading(call);
}

Result<Service::Answer> Service::get_audit(const Call& call) {
  TRY(till_.operators().permit({Permission::kReport}));
  TRY_ASSIGN(const std::string word, call.body.text("from"));
  const auto from = core::parse_unsigned(word);
  if (!from) return fail(Errc::kUsage, "'from': expected the number of a row");
  std::vector<AuditRow> rows;
  const auto read = till_.audit_log(*from, [&](AuditRow&& row) -> Result<void> {
    if (rows.size() == kAuditShown) return fail(Errc::kTooLarge, "");  // ends the reading
    rows.push_back(std::move(row));
    return {};
  });
  if (!read && read.error().code != Errc::kTooLarge) return fail(read.error());
  return Answer{200, report_audit(rows, Form::kJson)};
}

// From a file on the till's own disk: a catalog is larger than a request may be.
Result<Service::Answer> Service::replace_catalog(const Call& call) {
  TRY_ASSIGN(const std::string file, call.body.text("file"));
  TRY_ASSIGN(const core::retail::Catalog catalog, core::retail::read_catalog_file(file));
  TRY_ASSIGN(const core::CatalogVersion version, till_.replace_catalog(catalog));
  return Answer{200, dump({{"catalog", version.value}})};
}

}  // namespace till::api
