// Console: from a line to a command, and from an answer to what is shown.
#include "till/shell/console.h"

#include <algorithm>
#include <cctype>

#include "till/shell/text.h"

namespace till::shell {

using core::Errc;
using core::fail;
using core::Result;

std::span<const Console::Command> Console::commands() {
  using C = Console;
  static const Command kCommands[] = {
      {"list", "", "the receipt as it stands", &C::list},
      {"find", "NAME", "products whose names begin like this", &C::find},
      {"qty", "QUANTITY [LINE]", "change the quantity of the last line, or of that one",
       &C::set_quantity},
      {"void", "[LINE] | invoice NUMBER REASON", "take a line off; or cancel a sale of today",
       &C::void_something},
      {"disc", "LINE|all AMOUNT|PERCENT% REASON",
       "a discount on a line or on all; or: disc LINE none", &C::discount},
      {"price", "LINE AMOUNT REASON | LINE none", "another price for each unit of a line",
       &C::price},
      {"member", "PHONE|none", "whose points are earned and may pay", &C::member},
      {"hold", "NAME", "put the receipt aside", &C::hold},
      {"recall", "[NUMBER]", "what was put aside; or go on with it", &C::recall},
      {"cash", "[AMOUNT]", "the customer pays; without an amount exactly what is due", &C::cash},
      {"card", "[AMOUNT]", "the same, by card", &C::card},
      {"coupon", "[AMOUNT]", "the same, by a manufacturer's coupon", &C::coupon},
      {"voucher", "NUMBER AMOUNT", "the same, by a voucher", &C::voucher},
      {"points", "POINTS", "the same, by the member's points", &C::points},
      {"back", "", "take the last tender back", &C::take_back},
      {"abort", "", "end the receipt without a sale", &C::abort},
      {"refund", "INVOICE all|LINE[=QUANTITY] ... REASON", "give back what a sale took",
       &C::refund},
      {"float", "AMOUNT", "cash from the safe into the drawer", &C::to_float},
      {"pick-up", "AMOUNT", "cash from the drawer into the safe", &C::pick_up},
      {"paid-in", "AMOUNT REASON", "cash in, not for a sale", &C::paid_in},
      {"paid-out", "AMOUNT REASON", "cash out, not for a sale", &C::paid_out},
      {"no-sale", "REASON", "open the drawer", &C::no_sale},
      {"print", "[NUMBER]", "print an invoice, the last one unless said otherwise", &C::print},
      {"sign-on", "OPERATOR", "from now on this operator acts; the PIN is asked for", &C::sign_on},
      {"sign-off", "", "nobody acts any more", &C::sign_off},
      {"approve", "OPERATOR", "another operator's PIN for what is done next", &C::approve},
      {"show", "[SERIES] NUMBER", "a document, an invoice unless said otherwise", &C::show},
      {"open", "DAY [later | PRODUCT=QUANTITY ...]",
       "open a business day, with what was delivered; later: it is awaited", &C::open_day},
      {"delivered", "[PRODUCT=QUANTITY ...]", "what an open day has waited for, perhaps nothing",
       &C::delivered},
      {"x", "", "X report: the day so far", &C::x_report},
      {"z", "[COUNTED]", "Z report: close the day, with the cash counted in the drawer",
       &C::z_report},
      {"status", "", "the till, its day and its outbox", &C::status},
      {"help", "[COMMAND]", "this, or one command", &C::help},
      {"quit", "", "leave; the receipt stays as it is", &C::quit},
  };
  return kCommands;
}

std::string Console::usage_of(const Command& command) {
  return std::string(command.name) + (command.usage.empty() ? "" : " ") +
         std::string(command.usage);
}

std::string Console::plain(const std::string& text) const {
  return wrapped(utf8_ ? without_controls(text) : as_ascii(text));
}

Result<std::string> Console::greet() {
  TRY_ASSIGN(const Json status, get("/v1/status"));
  const std::string day = text_of(status, "open_day");
  std::string out =
      "till " + text_of(status, "till") +
      (day.empty() ? ", no business day is open: open DAY" : ", business day " + day) +
      "; help lists the commands\n";
  const auto receipt = get("/v1/receipts/current");
  if (receipt) out += receipt_text(*receipt);
  return plain(out);
}

std::string Console::take(const std::string& line) {
  const Words words = words_of(line);
  if (asks_secret()) {
    const Shown shown = take_secret(words.size() == 1 ? words.front() : "");
    return plain(shown ? *shown : "? " + shown.error().what + "\n");
  }
  if (words.empty()) return {};
  const Shown shown = dispatch(words);
  if (shown) return plain(*shown);
  return plain("? " + shown.error().what + "\n");
}

// "3 x CODE", "CODE", or a command.
Console::Shown Console::dispatch(const Words& words) {
  if (words.size() == 1 && is_code(words[0])) return scan(words[0], {});
  const bool times = words.size() == 3 && (words[1] == "x" || words[1] == "X" || words[1] == "*");
  if (times && is_decimal(words[0]) && is_code(words[2])) return scan(words[2], words[0]);
  std::string name = words[0];
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const Command& command : commands()) {
    if (command.name != name) continue;
    Shown shown = (this->*command.run)(words);
    if (!shown && shown.error().what.empty()) {
      return fail(Errc::kUsage, "expected: " + usage_of(command));
    }
    return shown;
  }
  return fail(Errc::kUsage, "there is no command '" + words[0] +
                                "': scan or type a code, QUANTITY x CODE, or help");
}

Result<Json> Console::ask(const std::string& method, const std::string& target, const Json& body) {
  api::HttpClient::Fields fields;
  if (method != "GET") fields.emplace_back("Idempotency-Key", ports_.new_id());
  if (!token_.empty()) fields.emplace_back("Authorization", "Bearer " + token_);
  const std::string text =
      body.is_null() ? "" : body.dump(-1, ' ', false, Json::error_handler_t::replace);
  auto answer = ports_.ask(method, target, text, fields);
  // The same key again: what was done already is answered, not done twice.
  if (!answer && answer.error().code == Errc::kNetwork) {
    answer = ports_.ask(method, target, text, fields);
  }
  if (!answer) return fail(answer.error());
  Json json = Json::parse(answer->body, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return fail(Errc::kProtocol, "the till gave an answer that is no JSON");
  if (answer->status < 400) return json;
  return fail(answer->status == 404 ? Errc::kNotFound : Errc::kState, text_of(json, "what"));
}

Result<Json> Console::post(const std::string& target, const Json& body) {
  return ask("POST", target, body);
}

Result<Json> Console::change(const std::string& what, const Json& body) {
  const auto current = get("/v1/receipts/current");
  if (!current) {
    if (current.error().code != Errc::kNotFound) return fail(current.error());
    return fail(Errc::kState, "no receipt is in progress: scan something first");
  }
  return post("/v1/receipts/" + text_of(*current, "id") + what, body);
}

Console::Shown Console::help(const Words& words) {
  if (words.size() > 2) return fail(Errc::kUsage, "");
  std::string out;
  if (words.size() == 1) {
    out +=
        "CODE, or QUANTITY x CODE: scan. A code is a barcode, a PLU of 4 or 5 digits, or "
        "#NUMBER of a product; other digits are a product's number. For example 3 x 145\n";
  }
  for (const Command& command : commands()) {
    if (words.size() == 2 && command.name != words[1]) continue;
    out += usage_of(command) + "\n      " + std::string(command.help) + "\n";
  }
  if (out.empty()) return fail(Errc::kUsage, "there is no command '" + words[1] + "': help");
  return out;
}

Console::Shown Console::quit(const Words&) {
  ended_ = true;
  return std::string("bye\n");
}

}  // namespace till::shell
