// daybook-till: a till's day from a shell. Parses the command line and hands over to commands.cpp.
// Exit status: 0 done, 1 the data says no, 2 wrong usage.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>

#include "till/commands.h"
#include "till/shelf.h"

namespace {

using core::Result;
using till::CommandWords;
using Action = std::function<Result<void>()>;

constexpr long kOperatorMax = 4'294'967'295;
constexpr long kNumberMax = 1'000'000'000'000'000'000;  // of a document

constexpr const char* kAbout =
    R"(A till that keeps its own journal and sends two signed messages a day.

A day:
  daybook-till init  --journal till.db --store 4 --till 1 --origin shop.example/log \
                     --catalog seeds/gardenworld.json --request till.request
  daybook-rebuild enrol --request till.request ...      (head office, which sends it to the relay)
  daybook-till join  --journal till.db --relay http://127.0.0.1:8080 --head-office HEX
  daybook-till open  --journal till.db --day 2026-11-21 --receive 133=16 134=4 135=4
  daybook-till ring  --journal till.db --line 145x2 --tender cash=1100.00
  daybook-till void  --journal till.db --invoice 1 --reason "wrong customer"
  daybook-till refund --journal till.db --invoice 2 --line 1=0.5 --reason "one is broken"
  daybook-till cash  --journal till.db --kind float --amount 200.00
  daybook-till close --journal till.db --counted 200.00
  daybook-till send  --journal till.db --relay http://127.0.0.1:8080

For a selling screen the journal stays open, and everything goes through its API:
  daybook-till run   --journal till.db --socket till.sock --http 127.0.0.1:8700
  daybook-till shell --socket till.sock                 (a cashier's console on top of it)

With --key-file the journal is encrypted, and every command needs that file again. Without it, init
makes a journal that whoever has the disk can read.
  (umask 077; head -c 32 /dev/urandom >till.key)
  daybook-till init  --journal till.db --key-file till.key ...
A service may have its key as systemd's credential daybook-till.key (LoadCredentialEncrypted=).

Exit status: 0 done, 1 the data says no, 2 wrong usage.)";

class CommandLine {
 public:
  CommandLine() : app_(kAbout, "daybook-till") {
    app_.require_subcommand(1);
    add_setup();
    add_selling();
    add_day();
    add_looking();
    add_receipts();
    add_operators();
    add_settings();
    add_serving();
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app_.exit(error) == 0 ? 0 : 2;
    }
    if (needs_journal_ && words_.journal.empty()) {
      const char* journal = std::getenv("DAYBOOK_JOURNAL");
      if (journal == nullptr || *journal == '\0') {
        std::fprintf(stderr, "daybook-till %s: --journal is required, or DAYBOOK_JOURNAL\n",
                     command_.c_str());
        return 2;
      }
      words_.journal = journal;
    }
    if (words_.key_file.empty()) take_credential();
    const Result<void> done = action_();
    if (done) return 0;
    const std::string journal = needs_journal_ ? ", journal " + words_.journal.string() : "";
    std::fprintf(stderr, "daybook-till %s%s: %s\n", command_.c_str(), journal.c_str(),
                 describe(done.error()).c_str());
    return core::exit_status(done.error().code);
  }

 private:
  CLI::App* command(const std::string& name, const std::string& help, const Action& action) {
    CLI::App* sub = app_.add_subcommand(name, help);
    // The variable is read after the parsing: CLI11 would let it overrule the option, since every
    // subcommand has one of its own.
    sub->add_option("--journal", words_.journal,
                    "The till's journal, one SQLite file; default: $DAYBOOK_JOURNAL");
    sub->add_option("--key-file", words_.key_file,
                    "The journal's key: 32 bytes or 64 hex digits, mode 0600; default: "
                    "$CREDENTIALS_DIRECTORY/daybook-till.key if it is there, else not encrypted");
    sub->callback([this, name, action] {
      command_ = name;
      action_ = action;
    });
    return sub;
  }

  // What changes something, or tells what not everybody may see, is done by somebody.
  CLI::App* acting(CLI::App* sub) {
    sub->add_option("--operator", words_.operator_id,
                    "Who does this; needed once the journal has operators")
        ->check(CLI::Range(1L, kOperatorMax));
    sub->add_option("--pin-file", words_.pin_file,
                    "File with that operator's PIN, mode 0600, or - for a line of stdin; default: "
                    "the terminal is asked");
    sub->add_option("--approver", words_.approver_id,
                    "Another operator who approves what the first one may not do")
        ->check(CLI::Range(1L, kOperatorMax));
    sub->add_option("--approver-pin-file", words_.approver_pin_file,
                    "As --pin-file, for the approver's PIN");
    return sub;
  }

  void add_authorities(CLI::App* app) {
    app->add_option("--ca", words_.authorities,
                    "PEM file of the authorities to trust for https; default: the system's");
  }

  void take_credential() {
    const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
    if (directory == nullptr || *directory == '\0') return;
    const auto file = std::filesystem::path(directory) / "daybook-till.key";
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) return;
    words_.key_file = file;
    words_.key_is_credential = true;
  }

  void add_setup() {
    CLI::App* init =
        command("init", "Make a journal, encrypted if it gets a key, and an enrolment request",
                [this] { return till::run_init(words_); });
    init->add_option("--store", words_.store, "Store number, from 1")->required();
    init->add_option("--till", words_.till, "Till number within the store, from 1")->required();
    init->add_option("--origin", words_.origin, "Name of the log to report to")->required();
    init->add_option("--catalog", words_.catalog, "Catalog file (JSON)")->required();
    init->add_option("--backup-to", words_.backup_to,
                     "Where every closing's backup goes: a directory, relay:URL or mail:FILE; may "
                     "be given again");
    init->add_option("--request", words_.request,
                     "Write the enrolment request here, not to stdout");
    CLI::App* join = command("join", "Take epoch and roster entry from head office's roster",
                             [this] { return till::run_join(words_); });
    acting(join);
    join->add_option("--roster", words_.roster, "Head office's roster file");
    join->add_option("--relay", words_.relay, "Fetch the roster from there: http://HOST:PORT");
    join->add_option("--head-office", words_.head_office, "Head office's public key, 64 hex digits")
        ->required();
    add_shelf();
  }

  void add_shelf() {
    CLI::App* catalog = command("catalog", "Replace the catalog; documents keep what they have",
                                [this] { return till::run_catalog(words_); });
    acting(catalog);
    catalog->add_option("--catalog", words_.catalog, "Catalog file (JSON)")->required();
    CLI::App* price = command("price", "Change prices from now on, for example 145=450.00",
                              [this] { return till::run_price(words_); });
    acting(price);
    price->add_option("prices", words_.prices, "PRODUCT=AMOUNT ...")->required();
    add_mint();
    CLI::App* find = command("find", "Find products by barcode, PLU or the beginning of the name",
                             [this] { return till::run_find(words_); });
    acting(find);
    find->add_option("text", words_.text, "What to find")->required();
    find->add_option("--count", words_.count_max, "At most so many; default 20")
        ->check(CLI::Range(std::size_t{1}, till::kNamesFoundMax));
    find->add_flag("--json", words_.json, "As JSON");
  }

  void add_mint() {
    CLI::App* mint =
        command("mint", "Make a product that the catalog does not know, to sell it now",
                [this] { return till::run_mint(words_); });
    acting(mint);
    mint->add_option("--name", words_.name, "Name, as receipts show it")->required();
    mint->add_option("--price", words_.amount, "Of one unit, as it stands on the shelf")
        ->required();
    mint->add_option("--tax", words_.tax, "Tax code, one that the catalog has")
        ->required()
        ->check(CLI::Range(0L, 4'294'967'295L));
    mint->add_option("--gtin", words_.gtin, "The digits of its barcode; default: it has none");
    mint->add_option("--unit", words_.unit, "That a quantity counts, such as piece or kg");
    mint->add_flag("--whole", words_.whole, "Only whole units are sold");
    mint->add_flag("--json", words_.json, "As JSON");
    mint->footer(
        "Example:\n  daybook-till mint --journal till.db --name 'Plum jam' --price 3.40 --tax 2 "
        "--gtin 4006381333931\n"
        "Its number is this till's own; head office hears of it with its first movement. A "
        "catalog\n"
        "that is loaded later leaves it, and takes over its barcode if it has a product for it.\n"
        "Exit status: 0 done, 1 the data says no, 2 wrong usage.");
  }

  void add_selling() {
    CLI::App* ring = command("ring", "Record a sale, for example --line 145x2 --line 133=0.5",
                             [this] { return till::run_ring(words_, clock_); });
    acting(ring);
    ring->add_option(
            "--line", words_.lines,
            "PRODUCTxQUANTITY or PRODUCT=QUANTITY; barcode:DIGITS or plu:DIGITS for PRODUCT")
        ->required();
    ring->add_option("--discount", words_.discounts, "AMOUNT off the only line, or PRODUCT=AMOUNT");
    ring->add_option("--tender", words_.tenders,
                     "cash=AMOUNT, card=AMOUNT or coupon=AMOUNT; default: exact cash");
    ring->add_option("--member", words_.member, "Phone number of the member whose sale it is");
    ring->add_option("--points", words_.points, "Points of the member that pay")
        ->check(CLI::Range(1L, kNumberMax));
    add_authorities(ring);
    CLI::App* cancel = command("void", "Cancel a sale of the open day",
                               [this] { return till::run_void(words_, clock_); });
    acting(cancel);
    cancel->add_option("--invoice", words_.invoice, "Number in the invoice series")
        ->required()
        ->check(CLI::Range(1L, kNumberMax));
    cancel->add_option("--reason", words_.reason, "Why, for the record")->required();
    add_refund();
    add_drawer();
  }

  void add_refund() {
    CLI::App* refund = command("refund", "Give back what a sale of this till took, of any day",
                               [this] { return till::run_refund(words_, clock_); });
    acting(refund);
    refund->add_option("--invoice", words_.invoice, "Number in the invoice series")
        ->required()
        ->check(CLI::Range(1L, kNumberMax));
    refund->add_option("--line", words_.lines,
                       "LINE of the sale, or LINE=QUANTITY; it goes back on the shelf");
    refund->add_option("--scrap", words_.scrap, "The same, for what does not");
    refund->add_flag("--card", words_.to_card, "To the card; default: in cash");
    refund->add_option("--reason", words_.reason, "Why, for the record")->required();
  }

  void add_drawer() {
    CLI::App* cash = command("cash", "Cash into the drawer or out of it, not for a sale",
                             [this] { return till::run_cash(words_, clock_); });
    acting(cash);
    cash->add_option("--kind", words_.cash_kind,
                     "float (from the safe), paid-in, paid-out, pick-up (into the safe)")
        ->required()
        ->check(CLI::IsMember({"float", "paid-in", "paid-out", "pick-up"}));
    cash->add_option("--amount", words_.amount, "How much")->required();
    cash->add_option("--reason", words_.reason, "Why; needed for paid-in and paid-out");
    CLI::App* no_sale = command("no-sale", "Open the drawer without a sale",
                                [this] { return till::run_no_sale(words_, clock_); });
    acting(no_sale);
    no_sale->add_option("--reason", words_.reason, "Why, for the record")->required();
  }

  CLI::Option* add_note(CLI::App* app) {
    return app
        ->add_option("--note", words_.notes,
                     "Head office's dispatch note that came; what is not named with --receive "
                     "came as it says")
        ->check(CLI::Range(1L, kNumberMax));
  }

  void add_day() {
    CLI::App* open = command("open", "Open a business day and write its opening message",
                             [this] { return till::run_open(words_); });
    acting(open);
    open->add_option("--day", words_.day, "Business day, YYYY-MM-DD")->required();
    auto* receive =
        open->add_option("--receive", words_.received, "Goods received, PRODUCT=QUANTITY ...");
    auto* note = add_note(open);
    open->add_flag("--await-delivery", words_.await_delivery,
                   "Sell already; the opening message waits for the command delivery, the cut-off "
                   "(settings) or the close")
        ->excludes(receive)
        ->excludes(note);
    CLI::App* delivery = command("delivery", "Confirm the delivery that an open day waits for",
                                 [this] { return till::run_delivery(words_); });
    acting(delivery);
    delivery->add_option("--receive", words_.received, "Goods received, PRODUCT=QUANTITY ...");
    add_note(delivery);
    CLI::App* close = command("close", "Close the day: Z report and closing message",
                              [this] { return till::run_close(words_); });
    acting(close);
    close->add_option("--counted", words_.counted,
                      "Cash counted in the drawer, the float included");
    close->add_flag("--json", words_.json, "Z report as JSON");
    CLI::App* send =
        command("send", "Send the outbox to the relay, and fetch head office's notices",
                [this] { return till::run_send(words_); });
    add_relay(send);
    send->add_option("--attempts", words_.attempts, "Give up after so many failures in a row")
        ->check(CLI::PositiveNumber);
    send->add_option("--for-seconds", words_.for_seconds, "Give up after this time")
        ->check(CLI::Range(0, 31536000));
    CLI::App* fetch =
        command("fetch", "Fetch what head office tells: catalog, prices, operators, deliveries",
                [this] { return till::run_fetch(words_); });
    add_relay(fetch);
    CLI::App* firmware = command("firmware", "Fetch the firmware that head office announced",
                                 [this] { return till::run_firmware(words_); });
    add_relay(firmware);
    firmware->add_option("--out", words_.out, "File to write; replaced whole or not at all")
        ->required();
  }

  void add_relay(CLI::App* app) {
    app->add_option("--relay", words_.relay, "http://HOST:PORT")->required();
    add_authorities(app);
    app->add_option("--timeout-ms", words_.timeout_ms, "For one answer; default 10000")
        ->check(CLI::Range(1, 3600000));
  }

  static void add_series(CLI::App* app, std::string& series) {
    app->add_option("--series", series,
                    "Of the document: invoice (default), refund, void, cash, drawer, stock, hold, "
                    "layaway, card, copy, training")
        ->check(CLI::IsMember({"order", "delivery", "invoice", "refund", "void", "cash", "drawer",
                               "stock", "hold", "layaway", "card", "copy", "training"}));
  }

  void add_looking() {
    CLI::App* show =
        command("show",
                "Show status, day (X report), outbox, document N, receipt N, signed-receipt N, "
                "print-queue, backups, request, audit, hours, notices, dispatched",
                [this] { return till::run_show(words_); });
    acting(show);
    show->add_option(
            "what", words_.show_what,
            "status, day, outbox, document, receipt (of a message), signed-receipt (of a "
            "sale or refund), print-queue, backups, request, audit, hours, notices, dispatched")
        ->check(CLI::IsMember({"status", "day", "outbox", "document", "receipt", "signed-receipt",
                               "print-queue", "backups", "request", "audit", "hours", "notices",
                               "dispatched"}));
    add_series(show, words_.series);
    show->add_option("number", words_.show_number,
                     "Number, for document, receipt and signed-receipt")
        ->check(CLI::Range(1L, kNumberMax));
    show->add_flag("--json", words_.json, "As JSON");
    show->add_flag("--qr", words_.qr, "The request as a QR code, and as the line that it says");
    CLI::App* rotate = command(
        "rotate", "Make the next signing and sealing key: the next opening asks head office for it",
        [this] { return till::run_rotate(words_); });
    acting(rotate);
    CLI::App* rekey = command("rekey", "Encrypt an encrypted journal under another key",
                              [this] { return till::run_rekey(words_); });
    acting(rekey);
    rekey->add_option("--new-key-file", words_.new_key_file, "The key from now on, as --key-file")
        ->required();
    for (const char* name : {"check", "verify"}) {
      command(name,
              "Check that everything in the journal fits together: nothing was changed behind it",
              [this] { return till::run_check(words_); });
    }
  }

  void add_settings() {
    CLI::App* set = command(
        "settings", "Show or change what is decided once: points, layaways, members, deliveries",
        [this] { return till::run_settings(words_); });
    acting(set);
    set->add_option("--sale-per-point", words_.sale_per_point,
                    "A member earns a point for each so much of a sale; 0: none");
    set->add_option("--point-worth", words_.point_worth, "What a point pays; 0: points do not pay");
    set->add_option("--tax-at", words_.tax_at, "When tax on a layaway is due: deposit or hand-over")
        ->check(CLI::IsMember({"deposit", "hand-over"}));
    set->add_option("--delivery-cut-off", words_.delivery_cut_off,
                    "Minutes that an opening waits for its delivery; default 240")
        ->check(CLI::Range(0, 1440));
    set->add_option("--key-days", words_.key_days,
                    "The till asks for another key after so many days; 0: never by itself")
        ->check(CLI::Range(0, 36500));
    set->add_option("--member-key-file", words_.member_key_file,
                    "64 hex digits, the same in all shops: what members' keys are made with");
    set->add_option(
        "--backup-to", words_.backup_to,
        "Where backups go from now on: a directory, relay:URL or mail:FILE; may be given again; '' "
        "alone: none");
    CLI::App* points = command(
        "points-service", "Set or show head office's balance service, and ask what it should know",
        [this] { return till::run_points_service(words_); });
    acting(points);
    points->add_option("--url", words_.url,
                       "http[s]://HOST:PORT of daybook-rebuild serve; '': none, and points pay "
                       "without being held");
    points->add_option("--timeout-ms", words_.points_timeout_ms, "For one answer; at first 1500")
        ->check(CLI::Range(1L, 60000L));
    add_authorities(points);
    CLI::App* backup = command("backup", "Copy the backups that wait, and show where they are",
                               [this] { return till::run_backup(words_); });
    acting(backup);
    backup->add_option("--to", words_.backup_to,
                       "Write one that holds everything to this place as well");
  }

  void add_operators() {
    CLI::App* who = command("operator", "Add, change, list and unlock operators; the time clock",
                            [this] { return till::run_operator(words_, clock_); });
    acting(who);
    who->add_option("action", words_.operator_action,
                    "list, add, change, unlock, clock-in, clock-out")
        ->check(CLI::IsMember({"list", "add", "change", "unlock", "clock-in", "clock-out"}));
    who->add_option("--id", words_.subject_id, "Operator to add, change or unlock, from 1")
        ->check(CLI::Range(1L, kOperatorMax));
    who->add_option("--name", words_.name, "Name, as receipts and reports show it");
    who->add_option("--role", words_.role, "cashier, supervisor or manager")
        ->check(CLI::IsMember({"cashier", "supervisor", "manager"}));
    who->add_option("--active", words_.active, "yes or no: may sign on or not")
        ->check(CLI::IsMember({"yes", "no"}));
    who->add_option("--new-pin-file", words_.new_pin_file,
                    "As --pin-file, for the PIN from now on: 4 to 12 digits, no simple ones");
    who->add_flag("--json", words_.json, "As JSON");
  }

  void add_receipts() {
    CLI::App* print =
        command("print", "Print a document, or all that wait: the original once, then copies",
                [this] { return till::run_print(words_, clock_); });
    print->add_option("number", words_.print_number, "Number in the series; default: all that wait")
        ->check(CLI::Range(1L, kNumberMax));
    add_series(print, words_.series);
    print->add_option("--printer", words_.printer,
                      "Device file or FIFO of the printer; default: stdout is the paper");
    print->add_flag("--text", words_.as_text, "As plain text; default: ESC/POS");
    print->add_option("--columns", words_.columns, "Of the paper, 24 to 96; default 42")
        ->check(CLI::Range(24, 96));
    CLI::App* heading =
        command("receipt-heading", "Set the shop's words above every receipt, or show them",
                [this] { return till::run_receipt_heading(words_); });
    heading->add_option("--line", words_.lines, "One line, at most 8 of them; '' alone: none");
    add_verify_receipt();
  }

  void add_verify_receipt() {
    // At a counter that has no till's journal.
    CLI::App* verify =
        app_.add_subcommand("verify-receipt", "Check a customer's receipt with the roster alone");
    verify->add_option("--roster", words_.roster, "Head office's roster file")->required();
    verify
        ->add_option("--head-office", words_.head_office, "Head office's public key, 64 hex digits")
        ->required();
    verify->add_option("--origin", words_.origin,
                       "Name of the log; default: the file 'origin' beside the roster");
    CLI::Option* text =
        verify->add_option("--text", words_.receipt_text, "What the QR code says: DB1:...");
    verify->add_option("file", words_.receipt_file, "The same in a file, or the signed bytes")
        ->excludes(text);
    verify->callback([this] {
      command_ = "verify-receipt";
      needs_journal_ = false;
      action_ = [this] { return till::run_verify_receipt(words_); };
    });
  }

  void add_serving() {
    CLI::App* serve =
        command("run", "Keep the journal open and serve the local API: docs/till-api.md",
                [this] { return till::run_run(words_, clock_); });
    serve->add_option("--socket", words_.socket, "Unix socket to listen on, made with mode 0600");
    serve->add_option("--http", words_.http,
                      "Address of loopback to listen on, such as 127.0.0.1:8700; port 0: any");
    serve->add_option("--allow-origin", words_.origins,
                      "Origin of web pages that may use it, such as http://localhost:3000");
    serve->add_option("--printer", words_.printer,
                      "Device file or FIFO of the printer; default: nothing is printed");
    serve->add_option("--relay", words_.relay,
                      "http://HOST:PORT that the outbox is sent to meanwhile; default: not sent");
    add_authorities(serve);
    serve
        ->add_option("--timeout-ms", words_.timeout_ms,
                     "For one answer of the relay; default 10000")
        ->check(CLI::Range(1, 3600000));
    CLI::App* shell = app_.add_subcommand(
        "shell", "A cashier's console on a running till: codes and commands, a line each; help");
    shell->add_option("--socket", words_.socket, "Of daybook-till run")->required();
    shell->callback([this] {
      command_ = "shell";
      needs_journal_ = false;
      action_ = [this] { return till::run_shell(words_); };
    });
  }

  core::SystemClock clock_;
  CommandWords words_;
  std::string command_;
  bool needs_journal_ = true;
  Action action_;
  CLI::App app_;
};

}  // namespace

int main(int argc, char** argv) {
  return CommandLine().run(argc, argv);
}
