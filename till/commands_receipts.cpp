// Commands about receipts: each does one thing and prints what was done.
#include <unistd.h>

#include <string>

#include "core/base/decimal.h"
#include "core/base/whole_file.h"
#include "core/envelope/key_files.h"
#include "core/retail/names.h"
#include "core/retail/signed_receipt.h"
#include "till/command_support.h"
#include "till/glyphs.h"
#include "till/receipt_layout.h"
#include "till/reports.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Result;
using core::retail::SignedReceipt;

// A file of the QR code's text, or of the signed bytes; far above what either may measure, so that
// the error names the true limit.
constexpr std::size_t kReceiptFileBytesMax = 65536;
// Of one command without a number; what is left waits for the next.
constexpr std::size_t kPrintedAtOnceMax = 1000;

Result<core::Bytes> receipt_bytes(const CommandWords& words) {
  std::string content = words.receipt_text;
  if (content.empty() && words.receipt_file.empty()) {
    return fail(Errc::kUsage, "give --text, or a file that has the text or the bytes");
  }
  if (!words.receipt_file.empty()) {
    TRY_ASSIGN(content, core::read_whole_file(words.receipt_file, kReceiptFileBytesMax));
  }
  // Tag 18 of an array of 4: no text begins like that.
  if (content.starts_with("\xD2\x84")) return core::to_bytes(core::as_bytes(content));
  while (content.ends_with('\n') || content.ends_with('\r')) content.pop_back();
  return core::retail::parse_receipt_text(content);
}

// Prints one document, and says so unless the paper is where it would be said.
Result<void> print_one(Till& till, const PrintOrder& order, Printer& printer, std::int64_t time_ms,
                       bool say) {
  const std::string name = document_number(till.ref(), order.series, order.number);
  TRY_ASSIGN(const PrintReport report, till.print(order, printer, time_ms));
  const std::string& why = report.outcome.why;
  switch (report.outcome.printed) {
    case Printed::kAll:
      break;
    case Printed::kNothing:
      return fail(Errc::kIo, name + " was not printed and stays as it was: " + why);
    case Printed::kUnknown:
      return fail(Errc::kIo, name + " is doubtful, its next job is copy " +
                                 std::to_string(report.copy + 1) + ": " + why);
  }
  if (say) {
    print(name + " printed, " +
          (report.copy == 0 ? "the original" : "copy " + std::to_string(report.copy)) + "\n");
  }
  return {};
}

std::string amount(core::Money money) {
  return core::format_decimal(money.minor, money.currency.minor_digits());
}

std::string receipt_words(const core::retail::VerifiedReceipt& verified) {
  const SignedReceipt& receipt = verified.receipt;
  std::string out = "good: signed by till " + to_string(receipt.till) + ", epoch " +
                    to_string(verified.epoch) + "\n";
  out += document_number(receipt.till, receipt.series, receipt.number) + "\n";
  if (receipt.refunded_invoice != 0) {
    out += "refund of " +
           document_number(receipt.sold_at.value_or(receipt.till), core::retail::Series::kInvoice,
                           receipt.refunded_invoice) +
           "\n";
  }
  out += "business day " + to_string(receipt.day);
  const std::string time = time_text(receipt.time_s);
  out += time.empty() ? "\n" : ", " + time + "\n";
  for (const core::retail::ReceiptItem& item : receipt.items) {
    out += "  " + to_string(item.quantity) + " x product " + to_string(item.product) + "  " +
           amount(item.amount) + "\n";
  }
  if (receipt.leaf) out += "  lines: in the document with leaf hash " + receipt.leaf->hex() + "\n";
  out += "total " + to_string(receipt.total) + "\n";
  if (receipt.vouchers_sold.minor != 0) {
    out += "vouchers sold, in the total: " + amount(receipt.vouchers_sold) + "\n";
  }
  for (const auto& [code, row] : receipt.taxes) {
    out += "tax " + to_string(code) + ": " + amount(row.tax) + " in " + amount(row.gross) + "\n";
  }
  for (const auto& [kind, money] : receipt.tenders) {
    out += std::string(core::retail::name_of(kind)) + " " + amount(money) + "\n";
  }
  return out;
}

}  // namespace

Result<void> run_print(const CommandWords& words, const core::Clock& clock) {
  TRY_ASSIGN(Till till, open_till(words));
  PrintOrder order;
  order.style = words.as_text ? ReceiptStyle::kText : ReceiptStyle::kEscPos;
  order.columns = words.columns;
  DevicePrinter device(words.printer);
  StreamPrinter out(STDOUT_FILENO);
  const bool on_stdout = words.printer.empty();
  Printer& printer = on_stdout ? static_cast<Printer&>(out) : device;
  if (words.print_number != 0) {
    TRY_ASSIGN(order.series, parse_series(words.series));
    order.number = words.print_number;
    return print_one(till, order, printer, clock.now_ms(), !on_stdout);
  }
  order.may_open_drawer = false;  // their customers have gone
  TRY_ASSIGN(const auto waiting, till.print_queue().waiting(0, kPrintedAtOnceMax));
  for (const WaitingDocument& document : waiting) {
    order.series = document.series;
    order.number = document.number;
    TRY(print_one(till, order, printer, clock.now_ms(), !on_stdout));
  }
  return {};
}

Result<void> run_receipt_heading(const CommandWords& words) {
  TRY_ASSIGN(Till till, open_till(words));
  if (!words.lines.empty()) {
    const bool none = words.lines.size() == 1 && words.lines.front().empty();
    TRY(till.print_queue().set_heading(none ? std::vector<std::string>() : words.lines));
  }
  TRY_ASSIGN(const auto lines, till.print_queue().heading());
  for (const std::string& line : lines) print(to_utf8(glyphs_of(line)) + "\n");
  return {};
}

Result<void> run_verify_receipt(const CommandWords& words) {
  TRY_ASSIGN(const core::Bytes bytes, receipt_bytes(words));
  std::string origin = words.origin;
  if (origin.empty()) {
    TRY_ASSIGN(origin, core::envelope::read_origin(words.roster.parent_path()));
  }
  TRY_ASSIGN(const core::envelope::Roster roster, read_roster(words, origin));
  TRY_ASSIGN(const auto verified, core::retail::verify_signed_receipt(bytes, roster));
  print(receipt_words(verified));
  return {};
}

}  // namespace till
