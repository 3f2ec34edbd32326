// Console: a cashier's console, a line in and a text out, on top of a running till's API.
// Must not know sockets or terminals, nor keep anything of a sale: what it shows is what the till
// says. Commands: help, and docs/till-api.md.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "till/api/fields.h"
#include "till/api/http_client.h"

namespace till::shell {

using api::Json;

inline constexpr std::size_t kColumns = 80;

struct ConsolePorts {
  // Asks the till: method, target, body, fields.
  std::function<core::Result<api::HttpAnswer>(const std::string&, const std::string&,
                                              const std::string&, const api::HttpClient::Fields&)>
      ask;
  std::function<std::string()> new_id;  // a UUID, another one each time
};

class Console {
 public:
  // Without `utf8` everything that is shown is plain ASCII.
  Console(ConsolePorts ports, bool utf8) : ports_(std::move(ports)), utf8_(utf8) {}

  // What is shown first: the till, its day, the receipt in progress. Errors: those of asking.
  core::Result<std::string> greet();
  // Does what the line says. What is shown ends with a line end; "" for an empty line. A mistake is
  // answered with what to do, and changed nothing.
  std::string take(const std::string& line);
  bool ended() const { return ended_; }
  // The next line is a PIN: it is not to be shown while it is typed.
  bool asks_secret() const { return !secret_for_.empty(); }

 private:
  using Words = std::vector<std::string>;
  using Shown = core::Result<std::string>;
  struct Command {
    std::string_view name;
    std::string_view usage;  // what follows the name
    std::string_view help;
    Shown (Console::*run)(const Words& words);
  };
  static std::span<const Command> commands();
  static std::string usage_of(const Command& command);

  // Asks; what the till refuses is an error with its text.
  core::Result<Json> ask(const std::string& method, const std::string& target, const Json& body);
  core::Result<Json> get(const std::string& target) { return ask("GET", target, Json()); }
  core::Result<Json> post(const std::string& target, const Json& body = Json::object());
  // Of the receipt in progress, for example "/lines".
  core::Result<Json> change(const std::string& what, const Json& body = Json::object());
  // The line that the words name, else the last one that is not voided.
  core::Result<std::string> line_of(const Words& words, std::size_t at);

  Shown dispatch(const Words& words);
  Shown scan(const std::string& code, const std::string& quantity);
  Shown pay(const std::string& kind, const Words& words);
  // Hands the tender over; one that leaves nothing due ends the receipt.
  Shown hand_over(const Json& tender);
  Shown take_secret(const std::string& digits);
  Shown move_cash(const std::string& kind, const Words& words);
  // As a terminal of 80 columns may be sent it.
  std::string plain(const std::string& text) const;

  // till/shell/selling_commands.cpp
  Shown list(const Words& words);
  Shown find(const Words& words);
  Shown set_quantity(const Words& words);
  Shown void_something(const Words& words);
  Shown discount(const Words& words);
  Shown price(const Words& words);
  Shown member(const Words& words);
  Shown voucher(const Words& words);
  Shown points(const Words& words);
  Shown hold(const Words& words);
  Shown recall(const Words& words);
  Shown cash(const Words& words) { return pay("cash", words); }
  Shown card(const Words& words) { return pay("card", words); }
  Shown coupon(const Words& words) { return pay("coupon", words); }
  Shown take_back(const Words& words);
  Shown abort(const Words& words);
  Shown refund(const Words& words);
  // till/shell/day_commands.cpp
  Shown open_day(const Words& words);
  Shown delivered(const Words& words);
  Shown x_report(const Words& words);
  Shown z_report(const Words& words);
  Shown to_float(const Words& words) { return move_cash("float", words); }
  Shown paid_in(const Words& words) { return move_cash("paid-in", words); }
  Shown paid_out(const Words& words) { return move_cash("paid-out", words); }
  Shown pick_up(const Words& words) { return move_cash("pick-up", words); }
  Shown no_sale(const Words& words);
  Shown print(const Words& words);
  Shown sign_on(const Words& words);
  Shown sign_off(const Words& words);
  Shown approve(const Words& words);
  Shown show(const Words& words);
  Shown status(const Words& words);
  Shown help(const Words& words);
  Shown quit(const Words& words);

  ConsolePorts ports_;
  bool utf8_;
  bool ended_ = false;
  std::string token_;            // of the session; "" when nobody is signed on
  std::string secret_for_;       // the route that the next line's PIN is for
  std::string secret_operator_;  // whose it is
};

}  // namespace till::shell
