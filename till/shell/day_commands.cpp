// The console's commands of the day, the drawer, operators and what is looked at.
#include <utility>

#include "till/shell/console.h"
#include "till/shell/text.h"

namespace till::shell {

using core::Errc;
using core::fail;

namespace {

// PRODUCT=QUANTITY, from word `first` on.
core::Result<Json> received_in(const std::vector<std::string>& words, std::size_t first) {
  Json received = Json::object();
  for (std::size_t i = first; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    if (equals == std::string::npos || !is_number(words[i].substr(0, equals))) return expected();
    received[words[i].substr(0, equals)] = words[i].substr(equals + 1);
  }
  return received;
}

}  // namespace

Console::Shown Console::open_day(const Words& words) {
  if (words.size() < 2) return expected();
  const bool later = words.size() == 3 && words[2] == "later";
  Json body = {{"day", words[1]}};
  if (later) {
    body["await_delivery"] = true;
  } else {
    TRY_ASSIGN(body["received"], received_in(words, 2));
  }
  TRY(post("/v1/day/open", body));
  return "business day " + words[1] + " is open" + (later ? ", its delivery is awaited\n" : "\n");
}

Console::Shown Console::delivered(const Words& words) {
  TRY_ASSIGN(const Json received, received_in(words, 1));
  TRY_ASSIGN(const Json status, get("/v1/status"));
  TRY(post("/v1/day/delivery", {{"day", text_of(status, "open_day")}, {"received", received}}));
  return std::string("the delivery is confirmed\n");
}

Console::Shown Console::x_report(const Words& words) {
  if (words.size() != 1) return expected();
  TRY_ASSIGN(const Json day, get("/v1/day"));
  return day_text(day, "X report");
}

Console::Shown Console::z_report(const Words& words) {
  if (words.size() > 2 || (words.size() == 2 && !is_decimal(words[1]))) return expected();
  TRY_ASSIGN(const Json status, get("/v1/status"));
  const std::string day = text_of(status, "open_day");
  if (day.empty()) return fail(Errc::kState, "no business day is open");
  Json body = {{"day", day}};
  if (words.size() == 2) body["counted"] = words[1];
  TRY_ASSIGN(const Json closing, post("/v1/day/close", body));
  return day_text(closing, "Z report");
}

Console::Shown Console::move_cash(const std::string& kind, const Words& words) {
  if (words.size() < 2 || !is_decimal(words[1])) return expected();
  Json body = {{"kind", kind}, {"amount", words[1]}};
  if (words.size() > 2) body["reason"] = rest_of(words, 2);
  TRY_ASSIGN(const Json moved, post("/v1/cash", body));
  return row(text_of(moved, "document") + ", " + kind, text_of(moved, "amount"));
}

Console::Shown Console::no_sale(const Words& words) {
  if (words.size() < 2) return expected();
  TRY_ASSIGN(const Json opened, post("/v1/no-sales", {{"reason", rest_of(words, 1)}}));
  return text_of(opened, "document") + ", the drawer is open\n";
}

Console::Shown Console::print(const Words& words) {
  if (words.size() > 2 || (words.size() == 2 && !is_number(words[1]))) return expected();
  std::string number = words.size() == 2 ? words[1] : "";
  if (number.empty()) {
    TRY_ASSIGN(const Json status, get("/v1/status"));
    number = status.at("last_numbers").at("invoice").dump();
  }
  TRY_ASSIGN(const Json printed, post("/v1/documents/invoice/" + number + "/print"));
  if (text_of(printed, "printed") != "all") {
    return fail(Errc::kIo, text_of(printed, "document") + ": " + text_of(printed, "why"));
  }
  const std::string copy = printed.at("copy").dump();
  return text_of(printed, "document") +
         (copy == "0" ? " printed, the original\n" : " printed, copy " + copy + "\n");
}

Console::Shown Console::sign_on(const Words& words) {
  if (words.size() != 2 || !is_number(words[1]) || words[1].size() > 9) return expected();
  secret_for_ = "/v1/sign-on";
  secret_operator_ = words[1];
  return "PIN of operator " + words[1] + "?\n";
}

Console::Shown Console::approve(const Words& words) {
  if (words.size() != 2 || !is_number(words[1]) || words[1].size() > 9) return expected();
  secret_for_ = "/v1/approve";
  secret_operator_ = words[1];
  return "PIN of operator " + words[1] + ", who approves what is done next?\n";
}

Console::Shown Console::take_secret(const std::string& digits) {
  const std::string route = std::exchange(secret_for_, {});
  TRY_ASSIGN(const Json answer,
             post(route, {{"operator", std::stoull(secret_operator_)}, {"pin", digits}}));
  if (route == "/v1/approve") return "operator " + secret_operator_ + " approves\n";
  token_ = text_of(answer, "token");
  return text_of(answer, "name") + " is signed on\n";
}

Console::Shown Console::sign_off(const Words& words) {
  if (words.size() != 1) return expected();
  TRY(post("/v1/sign-off"));
  token_.clear();
  return std::string("nobody is signed on\n");
}

Console::Shown Console::show(const Words& words) {
  if (words.size() < 2 || words.size() > 3 || !is_number(words.back())) return expected();
  const std::string series = words.size() == 3 ? words[1] : "invoice";
  TRY_ASSIGN(const Json document, get("/v1/documents/" + series + "/" + words.back()));
  return document_text(document);
}

Console::Shown Console::status(const Words& words) {
  if (words.size() != 1) return expected();
  TRY_ASSIGN(const Json status, get("/v1/status"));
  const std::string open = text_of(status, "open_day");
  const std::string last = text_of(status, "last_day");
  return row("till " + text_of(status, "till"), text_of(status, "currency")) +
         row("business day", open.empty() ? "none is open" : open) +
         row("last closed", last.empty() ? "none" : last) +
         row("documents", status.at("documents").dump()) +
         row("messages to send", status.at("outbox").at("pending").dump());
}

}  // namespace till::shell
