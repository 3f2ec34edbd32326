// The console's commands that sell and give back.
#include <utility>

#include "core/base/bytes.h"
#include "till/shell/console.h"
#include "till/shell/text.h"

namespace till::shell {

using core::Errc;
using core::fail;
using core::Result;

namespace {

bool nothing_due(const Json& receipt) {
  return text_of(receipt, "due_in_cash").find_first_not_of("0.") == std::string::npos;
}

}  // namespace

Result<std::string> Console::line_of(const Words& words, std::size_t at) {
  if (words.size() > at) {
    if (!is_number(words[at])) return expected();
    return words[at];
  }
  TRY_ASSIGN(const Json receipt, get("/v1/receipts/current"));
  std::string last;
  for (const Json& line : receipt.at("lines")) {
    if (!line.value("voided", false)) last = line.at("line").dump();
  }
  if (last.empty()) return fail(Errc::kState, "the receipt has no line");
  return last;
}

namespace {

// A barcode or a PLU by its length, else a product's number.
Result<Json> scanned(const std::string& word) {
  const std::size_t digits = word.size();
  const bool is_label = digits == 4 || digits == 5 || digits == 8 || (digits >= 12 && digits <= 14);
  if (word[0] != '#' && is_label) return Json{{"code", word}};
  const std::string number = word[0] == '#' ? word.substr(1) : word;
  if (number.size() > 18) return fail(Errc::kUsage, "'" + word + "' is too long for a code");
  return Json{{"product", std::stoull(number)}};
}

}  // namespace

Console::Shown Console::scan(const std::string& code, const std::string& quantity) {
  TRY_ASSIGN(Json body, scanned(code));
  if (!quantity.empty()) body["quantity"] = quantity;
  auto current = get("/v1/receipts/current");
  if (!current && current.error().code != Errc::kNotFound) return fail(current.error());
  if (!current) {
    // A code that nothing has must not leave an empty receipt behind.
    TRY(get(body.contains("code") ? "/v1/codes/" + code
                                  : "/v1/products/" + body.at("product").dump()));
    current = post("/v1/receipts", {{"id", ports_.new_id()}});
    if (!current) return fail(current.error());
  }
  TRY_ASSIGN(const Json receipt, post("/v1/receipts/" + text_of(*current, "id") + "/lines", body));
  return last_line_text(receipt);
}

Console::Shown Console::find(const Words& words) {
  if (words.size() < 2) return expected();
  std::string query;
  for (const char c : rest_of(words, 1)) {
    query += "%" + core::to_hex(core::as_bytes({&c, 1}));
  }
  TRY_ASSIGN(const Json products, get("/v1/products?name=" + query));
  if (products.empty()) return fail(Errc::kNotFound, "no name begins with " + rest_of(words, 1));
  return products_text(products);
}

Console::Shown Console::list(const Words& words) {
  if (words.size() != 1) return expected();
  TRY_ASSIGN(const Json receipt, get("/v1/receipts/current"));
  return receipt_text(receipt);
}

Console::Shown Console::set_quantity(const Words& words) {
  if (words.size() < 2 || words.size() > 3 || !is_decimal(words[1])) return expected();
  TRY_ASSIGN(const std::string line, line_of(words, 2));
  TRY_ASSIGN(const Json receipt, change("/lines/" + line + "/quantity", {{"quantity", words[1]}}));
  return receipt_text(receipt);
}

Console::Shown Console::void_something(const Words& words) {
  if (words.size() >= 2 && words[1] == "invoice") {
    if (words.size() < 4 || !is_number(words[2]) || words[2].size() > 18) return expected();
    TRY_ASSIGN(const Json voided, post("/v1/voids", {{"invoice", std::stoull(words[2])},
                                                     {"reason", rest_of(words, 3)}}));
    return row("invoice " + words[2] + " voided", text_of(voided, "amount"));
  }
  if (words.size() > 2) return expected();
  TRY_ASSIGN(const std::string line, line_of(words, 1));
  TRY_ASSIGN(const Json receipt, change("/lines/" + line + "/void"));
  return receipt_text(receipt);
}

Console::Shown Console::discount(const Words& words) {
  if (words.size() < 3 || (words[1] != "all" && !is_number(words[1]))) return expected();
  Json body = Json::object();
  if (words[2] != "none") {
    std::string size = words[2];
    const bool percent = size.back() == '%';
    if (percent) size.pop_back();
    if (words.size() < 4 || !is_decimal(size)) return expected();
    body = {{percent ? "percent" : "amount", size}, {"reason", rest_of(words, 3)}};
  }
  const std::string place = words[1] == "all" ? "" : "/lines/" + words[1];
  TRY_ASSIGN(const Json receipt, change(place + "/discount", body));
  return receipt_text(receipt);
}

Console::Shown Console::price(const Words& words) {
  if (words.size() < 3 || !is_number(words[1])) return expected();
  Json body = Json::object();
  if (words[2] != "none") {
    if (words.size() < 4 || !is_decimal(words[2])) return expected();
    body = {{"price", words[2]}, {"reason", rest_of(words, 3)}};
  }
  TRY_ASSIGN(const Json receipt, change("/lines/" + words[1] + "/price", body));
  return receipt_text(receipt);
}

Console::Shown Console::member(const Words& words) {
  if (words.size() < 2) return expected();
  Json body = Json::object();
  if (words[1] != "none") body["phone"] = rest_of(words, 1);
  TRY_ASSIGN(const Json receipt, change("/member", body));
  return receipt_text(receipt);
}

Console::Shown Console::hold(const Words& words) {
  if (words.size() < 2) return expected();
  TRY_ASSIGN(const Json held, change("/hold", {{"name", rest_of(words, 1)}}));
  return text_of(held, "document") + ", recall " + held.at("number").dump() + " goes on with it\n";
}

Console::Shown Console::recall(const Words& words) {
  if (words.size() > 2 || (words.size() == 2 && !is_number(words[1]))) return expected();
  if (words.size() == 2) {
    TRY_ASSIGN(const Json receipt,
               post("/v1/holds/" + words[1] + "/recall", {{"id", ports_.new_id()}}));
    return receipt_text(receipt);
  }
  TRY_ASSIGN(const Json items, get("/v1/open-items"));
  std::string out;
  for (const Json& item : items) {
    if (text_of(item, "series") != "hold") continue;
    out += row("recall " + item.at("number").dump() + "  " + text_of(item, "name"),
               text_of(item, "day"));
  }
  if (out.empty()) return fail(Errc::kState, "nothing was put aside");
  return out;
}

Console::Shown Console::hand_over(const Json& tender) {
  auto current = get("/v1/receipts/current");
  // Everything was paid before, and the sale was refused, for want of an approval perhaps.
  const bool paid = current && !current->at("tenders").empty() && nothing_due(*current);
  if (!paid) current = change("/tenders", tender);
  if (!current) return fail(current.error());
  const Json& receipt = *current;
  if (!nothing_due(receipt)) return receipt_text(receipt);
  TRY_ASSIGN(const Json sold, post("/v1/receipts/" + text_of(receipt, "id") + "/finish"));
  return sold_text(sold);
}

Console::Shown Console::pay(const std::string& kind, const Words& words) {
  if (words.size() > 2 || (words.size() == 2 && !is_decimal(words[1]))) return expected();
  Json tender = {{"kind", kind}};
  if (words.size() == 2) tender["amount"] = words[1];
  return hand_over(tender);
}

Console::Shown Console::voucher(const Words& words) {
  if (words.size() != 3 || !is_decimal(words[2])) return expected();
  return hand_over({{"kind", "voucher"}, {"voucher", words[1]}, {"amount", words[2]}});
}

Console::Shown Console::points(const Words& words) {
  if (words.size() != 2 || !is_number(words[1]) || words[1].size() > 18) return expected();
  return hand_over({{"kind", "points"}, {"points", std::stoull(words[1])}});
}

Console::Shown Console::take_back(const Words& words) {
  if (words.size() != 1) return expected();
  TRY_ASSIGN(const Json receipt, get("/v1/receipts/current"));
  const Json& tenders = receipt.at("tenders");
  if (tenders.empty()) return fail(Errc::kState, "nothing is tendered");
  TRY_ASSIGN(const Json after,
             change("/tenders/" + tenders.back().at("tender").dump() + "/take-back"));
  return receipt_text(after);
}

Console::Shown Console::abort(const Words& words) {
  if (words.size() != 1) return expected();
  TRY(change("/abort"));
  return std::string("the receipt is aborted, nothing was sold\n");
}

// "refund 17 1=0.5 2 one is broken"; "refund 17" shows what was sold.
Console::Shown Console::refund(const Words& words) {
  if (words.size() < 2 || !is_number(words[1]) || words[1].size() > 18) return expected();
  TRY_ASSIGN(const Json sale, get("/v1/documents/invoice/" + words[1]));
  if (words.size() == 2) {
    return document_text(sale) + "refund " + words[1] + " all REASON, or: refund " + words[1] +
           " LINE[=QUANTITY] ... REASON\n";
  }
  const bool all = words[2] == "all";
  Json lines = Json::array();
  std::size_t at = all ? 3 : 2;
  for (; !all && at < words.size(); ++at) {
    const std::size_t equals = words[at].find('=');
    const std::string line = words[at].substr(0, equals);
    if (!is_number(line) || line.size() > 9) break;
    Json item = {{"line", std::stoull(line)}};
    if (equals != std::string::npos) item["quantity"] = words[at].substr(equals + 1);
    lines.push_back(std::move(item));
  }
  if ((!all && lines.empty()) || at >= words.size()) return expected();
  Json body = {{"invoice", std::stoull(words[1])}, {"reason", rest_of(words, at)}};
  if (!all) body["lines"] = std::move(lines);
  TRY_ASSIGN(const Json refunded, post("/v1/refunds", body));
  return row(text_of(refunded, "document") + ", give back in " + text_of(refunded, "paid_back_by"),
             text_of(refunded, "amount"));
}

}  // namespace till::shell
