// Commands about the catalog: each opens the journal, does one thing through Till, and prints it.
#include <algorithm>
#include <utility>

#include "core/retail/catalog_file.h"
#include "till/command_support.h"
#include "till/reports.h"
#include "till/words.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Result;

bool is_number(const std::string& text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// By its code, or else by the beginning of its name, which may be digits as well.
Result<std::vector<FoundProduct>> find_any(Shelf shelf, const std::string& text,
                                           std::size_t count_max) {
  auto by_code = shelf.find_code(shelf.present(), text);
  if (by_code) return std::vector<FoundProduct>{std::move(*by_code)};
  const Errc code = by_code.error().code;
  if (code != Errc::kMalformed && code != Errc::kNotFound) return fail(by_code.error());
  TRY_ASSIGN(auto products, shelf.find_names(shelf.present(), text, count_max));
  std::vector<FoundProduct> found;
  found.reserve(products.size());
  for (core::retail::Product& product : products) found.push_back({std::move(product), {}, {}});
  if (!found.empty()) return found;
  if (is_number(text)) return fail(by_code.error());
  return fail(Errc::kNotFound, "no product's name begins with '" + text + "'");
}

}  // namespace

Result<void> run_catalog(const CommandWords& words) {
  TRY_ASSIGN(Till till, open_till(words));
  TRY_ASSIGN(const core::retail::Catalog catalog, core::retail::read_catalog_file(words.catalog));
  TRY_ASSIGN(const core::CatalogVersion version, till.replace_catalog(catalog));
  print("catalog of " + std::to_string(catalog.products().size()) + " products, version " +
        to_string(version) + "\n");
  return {};
}

Result<void> run_price(const CommandWords& words) {
  TRY_ASSIGN(Till till, open_till(words));
  TRY_ASSIGN(const auto prices, parse_prices(words.prices, till.currency()));
  const core::CatalogVersion before = till.shelf().present();
  TRY_ASSIGN(const core::CatalogVersion version, till.change_prices(prices));
  print("catalog version " + to_string(version) +
        (version == before ? ": these prices hold already\n"
                           : ": " + std::to_string(prices.size()) + " prices\n"));
  return {};
}

Result<void> run_mint(const CommandWords& words) {
  TRY_ASSIGN(Till till, open_till(words));
  MintOrder order{words.name, {}, core::TaxCode{words.tax}, words.gtin, words.unit, words.whole};
  TRY_ASSIGN(order.price, core::parse_money(words.amount, till.currency()));
  TRY_ASSIGN(auto product, till.mint(order));
  print(report_found({{std::move(product), {}, {}}}, words.json ? Form::kJson : Form::kText));
  return {};
}

Result<void> run_find(const CommandWords& words) {
  TRY_ASSIGN(Till till, open_till(words));
  TRY_ASSIGN(const auto found, find_any(till.shelf(), words.text, words.count_max));
  print(report_found(found, words.json ? Form::kJson : Form::kText));
  return {};
}

}  // namespace till
