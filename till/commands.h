// Commands: what each subcommand of daybook-till does, once its words are parsed.
// Must not know the command line's syntax (till/main.cpp).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace till {

struct CommandWords {
  std::filesystem::path journal;
  std::filesystem::path key_file;  // of the journal; empty: it is not encrypted
  bool key_is_credential = false;  // key_file is the service manager's
  std::filesystem::path new_key_file;
  std::uint32_t store = 0;
  std::uint32_t till = 0;
  std::string origin;
  std::filesystem::path catalog;
  std::vector<std::string> backup_to;
  std::filesystem::path request;
  std::filesystem::path out;
  std::filesystem::path roster;
  std::string head_office;
  std::string day;
  std::vector<std::string> received;
  std::vector<std::uint64_t> notes;  // head office's dispatch notes
  bool await_delivery = false;
  std::vector<std::string> lines;
  std::vector<std::string> discounts;
  std::vector<std::string> tenders;
  std::uint64_t invoice = 0;
  std::string reason;
  std::vector<std::string> scrap;
  bool to_card = false;
  std::string cash_kind;
  std::string amount;
  std::string series = "invoice";
  std::string counted;
  std::string relay;
  std::optional<std::uint64_t> attempts;
  std::optional<std::uint64_t> for_seconds;
  std::uint64_t timeout_ms = 10000;
  std::filesystem::path authorities;  // PEM file to trust; empty: the system's
  std::string show_what = "status";
  std::uint64_t show_number = 0;
  bool json = false;
  bool qr = false;
  std::string receipt_text;
  std::filesystem::path receipt_file;
  std::uint64_t print_number = 0;  // 0: all that wait
  std::filesystem::path printer;   // empty: stdout
  bool as_text = false;
  std::size_t columns = 42;
  // Who acts, when the journal has operators. 0: nobody.
  std::uint32_t operator_id = 0;
  std::filesystem::path pin_file;  // "-": stdin; empty: the terminal is asked
  std::uint32_t approver_id = 0;
  std::filesystem::path approver_pin_file;
  // Of the command `operator`.
  std::string operator_action = "list";
  std::uint32_t subject_id = 0;
  std::string name;
  std::string role;
  std::string active;  // "yes", "no"; empty: as it is
  std::filesystem::path new_pin_file;
  // Of the command `settings`; empty: as it is.
  std::string sale_per_point;
  std::string point_worth;
  std::string tax_at;
  std::optional<std::int64_t> delivery_cut_off;  // minutes
  std::optional<std::int64_t> key_days;
  std::filesystem::path member_key_file;
  // Of points.
  std::string member;              // a phone number
  std::int64_t points = 0;         // that pay
  std::optional<std::string> url;  // of the balance service
  std::optional<std::int64_t> points_timeout_ms;
  std::filesystem::path socket;
  std::string http;
  std::vector<std::string> origins;  // of pages that may use the API
  std::vector<std::string> prices;
  std::string text;
  std::size_t count_max = 20;
  // Of the command `mint`, besides `name` and `amount`.
  std::uint32_t tax = 0;
  std::string gtin;
  std::string unit;
  bool whole = false;
};

// Each prints its result to stdout, before the journal is closed, and returns how it ended.
core::Result<void> run_init(const CommandWords& words);
core::Result<void> run_join(const CommandWords& words);
core::Result<void> run_catalog(const CommandWords& words);
core::Result<void> run_price(const CommandWords& words);
core::Result<void> run_mint(const CommandWords& words);
core::Result<void> run_find(const CommandWords& words);
core::Result<void> run_open(const CommandWords& words);
core::Result<void> run_ring(const CommandWords& words, const core::Clock& clock);
core::Result<void> run_void(const CommandWords& words, const core::Clock& clock);
core::Result<void> run_refund(const CommandWords& words, const core::Clock& clock);
core::Result<void> run_cash(const CommandWords& words, const core::Clock& clock);
core::Result<void> run_no_sale(const CommandWords& words, const core::Clock& clock);
core::Result<void> run_delivery(const CommandWords& words);
core::Result<void> run_close(const CommandWords& words);
core::Result<void> run_send(const CommandWords& words);
core::Result<void> run_fetch(const CommandWords& words);
core::Result<void> run_firmware(const CommandWords& words);
core::Result<void> run_run(const CommandWords& words, const core::Clock& clock);
core::Result<void> run_shell(const CommandWords& words);
core::Result<void> run_show(const CommandWords& words);
core::Result<void> run_rotate(const CommandWords& words);
core::Result<void> run_rekey(const CommandWords& words);
core::Result<void> run_settings(const CommandWords& words);
core::Result<void> run_points_service(const CommandWords& words);
core::Result<void> run_print(const CommandWords& words, const core::Clock& clock);
core::Result<void> run_receipt_heading(const CommandWords& words);
core::Result<void> run_verify_receipt(const CommandWords& words);
core::Result<void> run_operator(const CommandWords& words, const core::Clock& clock);
core::Result<void> run_backup(const CommandWords& words);
core::Result<void> run_check(const CommandWords& words);

}  // namespace till
