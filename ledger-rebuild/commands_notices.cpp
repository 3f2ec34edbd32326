// dispatch, staff, firmware, notices: what tills are told besides what they sell.
#include <sodium.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/decimal.h"
#include "core/base/whole_file.h"
#include "core/disk/file.h"
#include "core/disk/replace_file.h"
#include "core/retail/pin.h"
#include "core/retail/role.h"
#include "ledger-rebuild/command_support.h"
#include "ledger-rebuild/commands.h"
#include "ledger-rebuild/csv_file.h"
#include "ledger-rebuild/notice_options.h"

namespace rebuild {
namespace {

using core::BusinessDay;
using core::Errc;
using core::fail;
using core::Result;
using core::retail::DispatchNote;
using core::retail::NoticeContent;

struct DispatchArguments {
  NoticeArguments to;
  std::uint64_t number = 0;
  std::string day;
  std::vector<std::string> goods;
  std::string csv;
};

Result<void> add_goods(DispatchNote& note, const std::string& product, const std::string& text) {
  const auto number = core::parse_unsigned(product);
  if (!number || *number == 0) {
    return fail(Errc::kMalformed, "product '" + product + "' is no number from 1");
  }
  TRY_ASSIGN(const core::Quantity quantity, core::parse_quantity(text));
  if (quantity.thousandths <= 0) {
    return fail(Errc::kMalformed, "the quantity of product " + product + " is not above zero");
  }
  const bool is_new = note.goods.emplace(core::ProductId{*number}, quantity).second;
  if (is_new) return {};
  return fail(Errc::kMalformed, "product " + product + " is there twice");
}

Result<int> dispatch(const DispatchArguments& a) {
  TRY_ASSIGN(const auto day, parse_day(a.day, "--day"));
  DispatchNote note{a.number, *day, {}};
  for (const std::string& word : a.goods) {
    const std::size_t at = word.find('=');
    if (at == std::string::npos) {
      return fail(Errc::kUsage, "'" + word + "' is not of the form PRODUCT=QUANTITY");
    }
    const auto added = add_goods(note, word.substr(0, at), word.substr(at + 1));
    if (!added) return fail(Errc::kUsage, added.error().what);
  }
  if (!a.csv.empty()) {
    TRY(read_csv_table(a.csv, {"product", "quantity"}, [&](const CsvRow& row) {
      return add_goods(note, row.at("product"), row.at("quantity"));
    }));
  }
  if (note.goods.empty()) return fail(Errc::kUsage, "a dispatch note has goods: PRODUCT=QUANTITY");
  TRY_ASSIGN(Notices notices, Notices::open(a.to.directory));
  TRY_ASSIGN(const FeedState state, notices.final_state(feed_of(a.to)));
  if (state.dispatched.contains(note.number)) {
    return fail(Errc::kExists, "dispatch note " + std::to_string(note.number) +
                                   " was signed for this store before");
  }
  NoticeContent content;
  content.dispatched.push_back(std::move(note));
  return tell_and_say(a.to, notices, content);
}

struct StaffArguments {
  NoticeArguments to;
  std::uint32_t id = 0;
  std::string name;
  std::string role;
  std::string pin_file;
  bool leaves = false;
};

Result<std::string> read_pin_hash(const std::string& file) {
  std::string text;
  if (file == "-") {
    std::getline(std::cin, text);
  } else {
    TRY_ASSIGN(text, core::read_whole_file(file));
  }
  text.resize(std::min(text.find('\n'), text.size()));
  const auto pin = core::retail::Pin::from(text);
  sodium_memzero(text.data(), text.size());
  if (!pin) return fail(pin.error());
  TRY(core::retail::check_new_pin(*pin));
  return core::retail::hash_pin(*pin);
}

Result<int> staff(const StaffArguments& a) {
  TRY_ASSIGN(Notices notices, Notices::open(a.to.directory));
  TRY_ASSIGN(const FeedState state, notices.final_state(feed_of(a.to)));
  core::retail::OperatorNotice who;
  who.id = core::OperatorId{a.id};
  const auto known = state.operators.find(who.id);
  const bool is_new = known == state.operators.end();
  if (!is_new) who = known->second;
  if (is_new && (a.name.empty() || a.role.empty() || a.pin_file.empty())) {
    return fail(Errc::kUsage, "operator " + to_string(who.id) +
                                  " is new here, and takes --name, --role and --new-pin-file");
  }
  if (!a.name.empty()) {
    TRY(core::retail::check_operator_name(a.name));
    who.name = a.name;
  }
  if (!a.role.empty()) {
    TRY_ASSIGN(const core::retail::Role role, core::retail::parse_role(a.role));
    who.role = static_cast<std::uint32_t>(role);
  }
  if (!a.pin_file.empty()) {
    TRY_ASSIGN(who.pin_hash, read_pin_hash(a.pin_file));
  }
  who.active = !a.leaves;
  if (!is_new && who == known->second) return fail(Errc::kUsage, "nothing of it changes");
  NoticeContent content;
  content.operators.push_back(std::move(who));
  FeedState after = state;
  TRY(after.absorb(content));
  const bool manager =
      std::any_of(after.operators.begin(), after.operators.end(), [](const auto& entry) {
        return entry.second.active &&
               entry.second.role == static_cast<std::uint32_t>(core::retail::Role::kManager);
      });
  if (!manager) {
    std::fprintf(
        stderr,
        "daybook-rebuild: warning: nobody named here is an active manager; tills that have "
        "none of their own take nothing of this store's notices until one is named\n");
  }
  return tell_and_say(a.to, notices, content);
}

struct SettingsArguments {
  NoticeArguments to;
  std::string sale_per_point;
  std::string point_worth;
  std::string tax_at;
  std::string member_key_file;
  std::optional<std::int64_t> cut_off;
  std::optional<std::int64_t> key_days;
};

Result<void> take_amount(const std::string& word, core::Currency currency, const char* flag,
                         std::int64_t& minor) {
  if (word.empty()) return {};
  const auto money = core::parse_money(word, currency);
  if (!money) return fail(Errc::kUsage, std::string(flag) + ": " + money.error().what);
  minor = money->minor;
  return {};
}

Result<int> till_settings(const SettingsArguments& a) {
  TRY_ASSIGN(Notices notices, Notices::open(a.to.directory));
  TRY_ASSIGN(const FeedState fleet, notices.final_state({}));
  if (!fleet.catalog) {
    return fail(Errc::kState,
                "tills have no catalog of head office yet, and so no currency: begin "
                "with daybook-rebuild catalog");
  }
  TRY_ASSIGN(const FeedState state, notices.final_state(feed_of(a.to)));
  core::retail::Settings settings = state.settings.value_or(core::retail::Settings{});
  const core::Currency currency = fleet.catalog->currency();
  TRY(take_amount(a.sale_per_point, currency, "--sale-per-point", settings.earn_minor_per_point));
  TRY(take_amount(a.point_worth, currency, "--point-worth", settings.value_minor_per_point));
  if (!a.tax_at.empty()) settings.tax_at_deposit = a.tax_at == "deposit";
  if (a.cut_off) settings.delivery_cut_off_minutes = *a.cut_off;
  if (a.key_days) settings.key_days = *a.key_days;
  if (!a.member_key_file.empty()) {
    TRY_ASSIGN(settings.member_key, core::retail::read_member_key(a.member_key_file));
  }
  TRY(check_settings(settings));
  if (state.settings == settings) return fail(Errc::kUsage, "nothing of them changes");
  NoticeContent content;
  content.settings = std::move(settings);
  return tell_and_say(a.to, notices, content);
}

struct FirmwareArguments {
  NoticeArguments to;
  std::string file;
  std::string version;
};

Result<int> firmware(const FirmwareArguments& a) {
  TRY_ASSIGN(const auto content, core::disk::posix_filesystem().content(a.file));
  if (content.bytes.empty()) return fail(Errc::kMalformed, a.file + ": it is empty");
  TRY_ASSIGN(Notices notices, Notices::open(a.to.directory));
  core::retail::FirmwareNotice announced;
  announced.version = a.version;
  announced.hash = core::envelope::sha256(content.bytes);
  announced.size = content.bytes.size();
  const auto secret = core::envelope::SealingPrivateKey::generate();
  TRY_ASSIGN(announced.secret, core::envelope::FeedSecret::from(secret.view()));
  TRY_ASSIGN(announced.pieces,
             notices.keep_pieces(core::envelope::feed_key(announced.secret), content.bytes));
  NoticeContent told;
  told.firmware = std::move(announced);
  return tell_and_say(a.to, notices, told);
}

struct NoticesArguments {
  std::string directory;
  std::optional<std::uint32_t> store;  // 0: all tills
  bool whole = false;
  bool json = false;
};

std::string about(const NoticeContent& c) {
  std::string out;
  const auto add = [&](const std::string& text) { out += (out.empty() ? "" : ", ") + text; };
  if (c.catalog) add("catalog: " + std::to_string(c.catalog->products.size()) + " products");
  if (c.prices) add(std::to_string(c.prices->prices.size()) + " prices of the store");
  if (!c.operators.empty()) add(std::to_string(c.operators.size()) + " operators");
  for (const auto& note : c.dispatched) add("dispatch note " + std::to_string(note.number));
  if (c.settings) add("settings");
  if (c.firmware) add("firmware " + c.firmware->version);
  return out.empty() ? "nothing" : out;
}

std::string name_of(core::TillRef feed) {
  return feed == core::TillRef{} ? "all tills" : "store " + to_string(feed.store);
}

Result<int> list_notices(const NoticesArguments& a) {
  TRY_ASSIGN(Notices notices, Notices::open(a.directory));
  if (a.whole) {
    const core::TillRef feed{core::StoreId{a.store.value_or(0)}, core::TillId{0}};
    TRY_ASSIGN(const Told told, notices.tell_whole(feed, today()));
    say(told);
    return 0;
  }
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto& [feed, state] : notices.feeds()) {
    if (a.store && feed.store.value != *a.store) continue;
    if (!a.json)
      std::printf("%s, keys of generation %llu\n", name_of(feed).c_str(),
                  static_cast<unsigned long long>(state.generation));
    for (const Notices::Said& said : state.said) {
      const std::string place = to_string(said.epoch) + "." + to_string(said.sequence);
      list.push_back({{"store", feed.store.value},
                      {"notice", place},
                      {"from", to_string(said.from)},
                      {"whole", said.whole},
                      {"about", about(said.content)}});
      if (a.json) continue;
      std::printf("  %s from %s: %s%s\n", place.c_str(), to_string(said.from).c_str(),
                  said.whole ? "all, " : "", about(said.content).c_str());
    }
  }
  if (a.json) std::printf("%s\n", list.dump(2).c_str());
  return 0;
}

}  // namespace

void add_dispatch(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("dispatch", "Tell a store's tills what is on its way to them");
  auto a = std::make_shared<DispatchArguments>();
  add_notice_options(command, a->to);
  command->get_option("--store")->required();
  command->add_option("--note", a->number, "The dispatch note's number")
      ->required()
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{INT64_MAX}));
  command->add_option("--day", a->day, "On which it is expected")->required();
  command->add_option("goods", a->goods, "PRODUCT=QUANTITY ...");
  command->add_option("--csv", a->csv, "Or a table with the columns product and quantity");
  command->footer(
      "Example:\n  daybook-rebuild dispatch --head-office head-office --store 4 --note 17 \\\n"
      "      --day 2026-12-01 133=20 134=5.5\n"
      "The till that receives it opens its day with --note 17, and its opening says what differs.");
  command->callback([a, &exit_code] { exit_code = finish(dispatch(*a)); });
}

void add_staff(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("staff", "Tell a store's tills who works there");
  auto a = std::make_shared<StaffArguments>();
  add_notice_options(command, a->to);
  command->get_option("--store")->required();
  command->add_option("--operator", a->id, "Number, the same at all tills of the store")
      ->required()
      ->check(CLI::PositiveNumber);
  command->add_option("--name", a->name, "Name");
  command->add_option("--role", a->role, "cashier, supervisor or manager");
  command->add_option("--new-pin-file", a->pin_file,
                      "File whose first line is the PIN, or - for stdin; only its hash is sent");
  command->add_flag("--leaves", a->leaves, "Works there no more");
  command->footer(
      "Example:\n  daybook-rebuild staff --head-office head-office --store 4 --operator 12 \\\n"
      "      --name Ann --role cashier --new-pin-file -\n"
      "A till without operators asks nobody for a PIN: the first that is told is a manager.");
  command->callback([a, &exit_code] { exit_code = finish(staff(*a)); });
}

void add_till_settings(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("till-settings", "Tell tills what is decided once: points, layaways");
  auto a = std::make_shared<SettingsArguments>();
  add_notice_options(command, a->to);
  command->add_option("--sale-per-point", a->sale_per_point,
                      "A member earns a point for each so much of a sale; 0: none");
  command->add_option("--point-worth", a->point_worth, "What a point pays; 0: points cannot pay");
  command->add_option("--tax-at", a->tax_at, "When a layaway's tax is due: deposit or hand-over")
      ->check(CLI::IsMember({"deposit", "hand-over"}));
  command
      ->add_option("--delivery-cut-off", a->cut_off,
                   "Minutes that an opening waits for its delivery, at most")
      ->check(CLI::Range(0, 1440));
  command
      ->add_option("--key-days", a->key_days,
                   "A till asks for another key after so many days; 0: never by itself")
      ->check(CLI::Range(0, 36500));
  command->add_option("--member-key-file", a->member_key_file,
                      "64 hexadecimal digits that members' keys are made with, the same in all "
                      "shops");
  command->footer(
      "Example:\n  daybook-rebuild till-settings --head-office head-office --sale-per-point 1.00 "
      "\\\n"
      "      --point-worth 0.01 --member-key-file member.key\n"
      "What is not named stays as head office told it last. They replace what a till was set to.");
  command->callback([a, &exit_code] { exit_code = finish(till_settings(*a)); });
}

void add_firmware(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("firmware", "Announce a firmware to all tills");
  auto a = std::make_shared<FirmwareArguments>();
  add_notice_options(command, a->to);
  command->add_option("--file", a->file, "The firmware; it travels beside the log")->required();
  command->add_option("--version", a->version, "Its version")->required();
  command->footer(
      "Example:\n  daybook-rebuild firmware --head-office head-office --file till-2.1.deb "
      "--version 2.1\n"
      "A till shows it, and daybook-till firmware fetches it; installing it is another's "
      "business.");
  command->callback([a, &exit_code] { exit_code = finish(firmware(*a)); });
}

void add_notices(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("notices", "List what tills were told, or say it all again");
  auto a = std::make_shared<NoticesArguments>();
  command->add_option("--head-office", a->directory, "Head-office directory")->required();
  command->add_option("--store", a->store, "Only those to this store; 0: to all tills");
  command->add_flag("--whole", a->whole,
                    "Sign one notice of all that was said, for tills that were away long");
  command->add_flag("--json", a->json, "As JSON");
  command->footer(
      "Example:\n  daybook-rebuild notices --head-office head-office\n"
      "All is said again by itself after 64 changes, and when a till's key was taken back.");
  command->callback([a, &exit_code] { exit_code = finish(list_notices(*a)); });
}

}  // namespace rebuild
