// ReceiptWriter: the pieces that receipts of all kinds are made of. Private to
// till/receipt_layout.cpp.
// Must not know which kind it writes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "till/receipt_layout.h"

namespace till {

class ReceiptWriter {
 public:
  // Owner: both must outlive it.
  ReceiptWriter(const ReceiptContext& context, ReceiptLayout& out) : context_(context), out_(out) {}

  void text(std::string words, Align align = Align::kLeft, bool emphasised = false);
  void columns(std::string left, std::string right, bool emphasised = false);
  void separator() { out_.items.emplace_back(SeparatorItem{}); }

  void shop_heading();
  // What it is, which copy, and whether it was voided.
  void title(const std::string& words);
  void about(core::TillRef till, core::retail::Series series, std::uint64_t number);
  void reason(const std::string& words);
  void sold(const std::vector<core::retail::SaleLine>& lines);
  void quantity(core::ProductId product, core::Quantity quantity);
  void vouchers(std::string_view what, const core::retail::Vouchers& vouchers);
  void total(std::string_view what, core::Money money);
  void tax(core::TaxCode code, std::string_view of, core::Money tax);
  void tenders(const core::retail::Tenders& paid, bool given_back = false);
  // A positive number alone is said.
  void points(std::string_view what, std::int64_t points);
  // Where cash moves, for an original.
  void drawer(bool cash_moves);
  // Number, day, time, operator, QR code, cut.
  void foot(const core::retail::Document& document);

 private:
  std::string name_of(core::ProductId product) const;
  void line(const core::retail::SaleLine& line);
  void discounts(const core::retail::SaleLine& line);

  const ReceiptContext& context_;
  ReceiptLayout& out_;
};

// "12.50", without the currency.
std::string amount_text(core::Money money);

}  // namespace till
