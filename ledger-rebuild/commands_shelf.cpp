// catalog, import, price: what tills sell and at which price, as notices to them.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <map>
#include <memory>

#include "core/base/decimal.h"
#include "core/retail/catalog_file.h"
#include "ledger-rebuild/command_support.h"
#include "ledger-rebuild/commands.h"
#include "ledger-rebuild/notice_options.h"
#include "ledger-rebuild/product_import.h"

namespace rebuild {
namespace {

using core::BusinessDay;
using core::Errc;
using core::fail;
using core::Money;
using core::ProductId;
using core::Result;
using core::retail::Catalog;
using core::retail::NoticeContent;
using core::retail::StorePrices;

struct CatalogArguments {
  NoticeArguments to;
  std::string catalog;
  bool dry_run = false;
};

// Tells the difference between what was said and `after`.
Result<int> tell_catalog(const NoticeArguments& to, bool dry_run, Notices& notices,
                         const std::optional<Catalog>& before, const Catalog& after) {
  if (before && before->currency() != after.currency()) {
    return fail(Errc::kCurrency,
                "the catalog that tills have is in " + std::string(before->currency().code()));
  }
  NoticeContent content;
  content.catalog = core::retail::change_between(before ? &*before : nullptr, after);
  std::printf("%zu products new or changed, %zu gone, %zu codes, %zu bills of materials\n",
              content.catalog->products.size(), content.catalog->gone.size(),
              content.catalog->codes.size(), content.catalog->bom.size());
  if (content.catalog->empty()) {
    std::printf("nothing differs; nothing was signed\n");
    return 0;
  }
  if (dry_run) return 0;
  return tell_and_say(to, notices, content);
}

// Two catalogs at one till would be each other's end, in the order in which they came.
Result<void> need_all_tills(const NoticeArguments& to) {
  if (to.store == 0) return {};
  return fail(Errc::kUsage, "there is one catalog for all tills; a store has prices of its own");
}

Result<int> catalog(const CatalogArguments& a) {
  TRY(need_all_tills(a.to));
  TRY_ASSIGN(const Catalog after, core::retail::read_catalog_file(a.catalog));
  TRY_ASSIGN(Notices notices, Notices::open(a.to.directory));
  TRY_ASSIGN(const BusinessDay from, from_of(a.to));
  TRY_ASSIGN(const FeedState before, notices.state(feed_of(a.to), from));
  return tell_catalog(a.to, a.dry_run, notices, before.catalog, after);
}

struct ImportArguments {
  NoticeArguments to;
  std::string csv;
  std::vector<std::string> columns;
  std::uint32_t tax = 0;
  bool whole = false;
  bool dry_run = false;
};

Result<int> import(const ImportArguments& a) {
  ImportOptions options;
  options.whole = a.whole;
  TRY(need_all_tills(a.to));
  if (a.tax != 0) options.tax = core::TaxCode{a.tax};
  for (const std::string& word : a.columns) {
    const std::size_t at = word.find('=');
    if (at == std::string::npos || at == 0 || at + 1 == word.size()) {
      return fail(Errc::kUsage, "--column: '" + word + "' is not of the form OURS=THEIRS");
    }
    options.columns[word.substr(0, at)] = word.substr(at + 1);
  }
  TRY_ASSIGN(Notices notices, Notices::open(a.to.directory));
  TRY_ASSIGN(const BusinessDay from, from_of(a.to));
  TRY_ASSIGN(const FeedState before, notices.state(feed_of(a.to), from));
  if (!before.catalog) {
    return fail(Errc::kState,
                "tills have no catalog of head office yet, and so no taxes and no currency: begin "
                "with daybook-rebuild catalog");
  }
  TRY_ASSIGN(const Catalog after, import_products(*before.catalog, a.csv, options));
  return tell_catalog(a.to, a.dry_run, notices, before.catalog, after);
}

struct PriceArguments {
  NoticeArguments to;
  std::vector<std::string> prices;
};

// "145=450.00", or "145=" for none of its own.
Result<std::pair<ProductId, std::optional<Money>>> parse_price(const std::string& word,
                                                               core::Currency currency) {
  const std::size_t at = word.find('=');
  const auto number = core::parse_unsigned(word.substr(0, at));
  if (at == std::string::npos || !number || *number == 0) {
    return fail(Errc::kUsage, "'" + word + "' is not of the form PRODUCT=AMOUNT");
  }
  std::optional<Money> price;
  if (at + 1 < word.size()) {
    const auto money = core::parse_money(word.substr(at + 1), currency);
    if (!money) return fail(Errc::kUsage, "'" + word + "': " + money.error().what);
    if (money->minor < 0) return fail(Errc::kUsage, "'" + word + "': below zero");
    price = *money;
  }
  return std::pair(ProductId{*number}, price);
}

// Everywhere: the catalog's prices change.
Result<int> price_everywhere(const PriceArguments& a, Notices& notices, const Catalog& before) {
  core::retail::CatalogChange change{.currency = before.currency()};
  std::map<ProductId, core::retail::Product> products;
  for (const std::string& word : a.prices) {
    TRY_ASSIGN(const auto price, parse_price(word, before.currency()));
    const auto* product = before.find(price.first);
    if (product == nullptr) {
      return fail(Errc::kNotFound, "product " + to_string(price.first) + " is not in the catalog");
    }
    products.insert_or_assign(price.first, *product);
    products.at(price.first).price = price.second;
  }
  for (auto& [id, product] : products) change.products.push_back(std::move(product));
  NoticeContent content;
  content.catalog = std::move(change);
  return tell_and_say(a.to, notices, content);
}

Result<int> price(const PriceArguments& a) {
  TRY_ASSIGN(Notices notices, Notices::open(a.to.directory));
  TRY_ASSIGN(const BusinessDay from, from_of(a.to));
  TRY_ASSIGN(const FeedState fleet, notices.state({}, from));
  const auto& catalog = fleet.catalog;
  if (!catalog) {
    return fail(Errc::kState,
                "tills have no catalog of head office yet: begin with "
                "daybook-rebuild catalog");
  }
  if (a.to.store == 0) return price_everywhere(a, notices, *catalog);
  StorePrices prices{catalog->currency()};
  for (const std::string& word : a.prices) {
    TRY_ASSIGN(const auto price, parse_price(word, catalog->currency()));
    prices.prices.insert_or_assign(price.first, price.second);
  }
  NoticeContent content;
  content.prices = std::move(prices);
  return tell_and_say(a.to, notices, content);
}

}  // namespace

void add_catalog(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "catalog", "Tell all tills a catalog: what differs from the one they have");
  auto a = std::make_shared<CatalogArguments>();
  add_notice_options(command, a->to);
  command->add_option("--catalog", a->catalog, "Catalog file (JSON, docs/formats/catalog.md)")
      ->required();
  command->add_flag("--dry-run", a->dry_run, "Only say what differs");
  command->footer(
      "Example:\n  daybook-rebuild catalog --head-office head-office --catalog shop.json --from "
      "2026-12-01\n"
      "The file is checked as a whole, and the difference signed. Tills have it when it was sent\n"
      "(daybook-rebuild send) and they fetched it; from the named day on, or at once.");
  command->callback([a, &exit_code] { exit_code = finish(catalog(*a)); });
}

void add_import(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("import", "Tell all tills products from a CSV table");
  auto a = std::make_shared<ImportArguments>();
  add_notice_options(command, a->to);
  command
      ->add_option("--csv", a->csv,
                   "Table with a header; columns product, name, price, tax,\n"
                   "unit, whole (yes, no), barcodes (apart by blanks)")
      ->required();
  command->add_option("--column", a->columns, "OURS=THEIRS: a column of another name");
  command->add_option("--tax", a->tax, "Tax code of new products whose row names none");
  command->add_flag("--whole", a->whole, "Products that the table does not have go");
  command->add_flag("--dry-run", a->dry_run, "Only say what differs");
  command->footer(
      "Example:\n  daybook-rebuild import --head-office head-office --csv products.csv --tax 1 \\\n"
      "      --column product=product_id --column name=product_type\n"
      "A column that the table does not have changes nothing. A bad row refuses the table, and\n"
      "each is named with its line.");
  command->callback([a, &exit_code] { exit_code = finish(import(*a)); });
}

void add_price(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("price", "Tell tills prices, everywhere or those of one store");
  auto a = std::make_shared<PriceArguments>();
  add_notice_options(command, a->to);
  command->add_option("prices", a->prices, "PRODUCT=AMOUNT ...; PRODUCT= for none")->required();
  command->footer(
      "Example:\n  daybook-rebuild price --head-office head-office --from 2026-12-01 145=450.00\n"
      "  daybook-rebuild price --head-office head-office --store 4 133=19.90\n"
      "A store's price stands above everywhere's until it is taken back with PRODUCT= and no\n"
      "amount.");
  command->callback([a, &exit_code] { exit_code = finish(price(*a)); });
}

}  // namespace rebuild
