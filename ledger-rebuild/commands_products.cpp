// products, merge, split, undo: which of the tills' own products are one.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "core/retail/limits.h"
#include "ledger-rebuild/close_period.h"
#include "ledger-rebuild/command_support.h"
#include "ledger-rebuild/commands.h"
#include "ledger-rebuild/head_office.h"
#include "ledger-rebuild/products_report.h"
#include "ledger-rebuild/till_chains.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::ProductId;
using core::Result;

struct ProductsArguments {
  std::string books;
  std::size_t top = 20;
  bool json = false;
};

Result<int> run_products(const ProductsArguments& a) {
  TRY_ASSIGN(const Books books, Books::open(a.books));
  TRY_ASSIGN(const Products products, read_products(books));
  const ProductTables tables = product_tables(products);
  std::fputs((a.json ? products_json(tables) : products_text(tables, a.top)).c_str(), stdout);
  return products.groups.conflicts().empty() ? 0 : 1;
}

struct DecisionArguments {
  std::string head_office;
  std::string books;
  std::vector<std::uint64_t> products;
  std::uint64_t into = 0;
  std::string bulletin;
};

std::vector<ProductId> product_list(const DecisionArguments& a) {
  std::vector<ProductId> out;
  for (const std::uint64_t product : a.products) out.push_back(ProductId{product});
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// A number of the catalog is head office's to know; one that only tills give must have been given.
Result<void> need_known(const Products& products, ProductId product) {
  TRY(core::retail::check_product_id(product));
  if (!core::retail::is_minted(product) || products.minted.contains(product)) return {};
  return fail(Errc::kNotFound, "the books know of no product " + to_string(product) +
                                   ", which only a till can have made");
}

// Signs what nobody has signed for its place. Bulletins that the books do not have yet come before
// it; the directory must have all that the log has.
Result<int> sign_decision(const DecisionArguments& a, const Books& books,
                          const ProductBulletin& bulletin) {
  TRY_ASSIGN(Decisions decisions, open_decisions(a.head_office));
  TRY(check_own(books, decisions));
  const core::Bytes payload = encode_product_bulletin(bulletin);
  TRY(decisions.sign(std::span(&payload, 1)));
  std::printf("bulletin %s signed; not sent: daybook-rebuild send does\n",
              bulletin_name(decisions.epoch(), decisions.last_sequence()).c_str());
  return 0;
}

Result<int> run_merge(const DecisionArguments& a) {
  TRY_ASSIGN(const Books books, Books::open(a.books));
  TRY_ASSIGN(const Products products, read_products(books));
  ProductMerge merge{product_list(a), ProductId{a.into}};
  std::erase(merge.products, merge.into);
  if (merge.products.empty() || merge.products.size() > kDecidedMax) {
    return fail(Errc::kUsage,
                "--product names 1 to " + std::to_string(kDecidedMax) + " others than --into");
  }
  TRY(need_known(products, merge.into));
  for (const ProductId product : merge.products) TRY(need_known(products, product));
  const bool is_done =
      std::all_of(merge.products.begin(), merge.products.end(),
                  [&](ProductId product) { return products.number_of(product) == merge.into; });
  if (is_done && products.number_of(merge.into) == merge.into) {
    return fail(Errc::kState, "they go by " + to_string(merge.into) + " already");
  }
  return sign_decision(a, books, std::move(merge));
}

Result<int> run_split(const DecisionArguments& a) {
  TRY_ASSIGN(const Books books, Books::open(a.books));
  TRY_ASSIGN(const Products products, read_products(books));
  ProductSplit split{product_list(a)};
  if (split.products.size() > kDecidedMax) {
    return fail(Errc::kUsage, "--product names 1 to " + std::to_string(kDecidedMax) + " products");
  }
  for (const ProductId product : split.products) TRY(need_known(products, product));
  return sign_decision(a, books, std::move(split));
}

Result<int> run_undo(const DecisionArguments& a) {
  TRY_ASSIGN(const Books books, Books::open(a.books));
  TRY_ASSIGN(const Products products, read_products(books));
  for (std::size_t i = 0; i < products.decisions.size(); ++i) {
    const ProductDecision& d = products.decisions[i];
    if (bulletin_name(d.epoch, d.sequence) != a.bulletin) continue;
    if (!products.groups.in_effect()[i]) {
      return fail(Errc::kState, "bulletin " + a.bulletin + " is undone already");
    }
    return sign_decision(a, books, ProductUndo{d.epoch, d.sequence, d.id});
  }
  return fail(Errc::kNotFound, "the books have no decision on products that is bulletin " +
                                   a.bulletin + "; 'products' lists them");
}

void add_decision_options(CLI::App* command, DecisionArguments& a) {
  command->add_option("--head-office", a.head_office, "Head-office directory")->required();
  command->add_option("--books", a.books, kBooksHelp)->required();
}

constexpr const char* kAfterwards =
    "Sign, send, replay: then figures, stock and history follow. No row of the books changes, and "
    "no\ntotal by a cent. 'undo' takes it back.\n"
    "Exit status: 0 signed; 1 the books know no such product, or it is done already; 2 wrong "
    "usage.";

}  // namespace

void add_products(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "products", "Products that tills made: which are one, which may be, which conflict");
  auto a = std::make_shared<ProductsArguments>();
  command->add_option("--books", a->books, kBooksHelp)->required();
  command->add_option("--top", a->top, "Rows of each table for people; 0: all (20)");
  command->add_flag("--json", a->json, "All rows, as one JSON object");
  command->footer(
      "Example:\n  daybook-rebuild products --books books.db\n"
      "Products of one GTIN are one by themselves, unless they are really different: then they "
      "are a\nconflict. Products with like names are proposed, and never merged without you: "
      "merge, "
      "split, undo.\n"
      "Exit status: 0; 1 there is a conflict, or the books cannot be read; 2 wrong usage.");
  command->callback([a, &exit_code] { exit_code = finish(run_products(*a)); });
}

void add_merge(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("merge", "Say that products are one, and by what number");
  auto a = std::make_shared<DecisionArguments>();
  add_decision_options(command, *a);
  command->add_option("--product", a->products, "One of them; may be given again")->required();
  command
      ->add_option("--into", a->into, "The number that all go by: another one's, or the catalog's")
      ->required();
  command->footer(std::string("Example:\n  daybook-rebuild merge --head-office head-office --books "
                              "books.db \\\n      --product 4503685543559169 --into 145\n"
                              "All that are one with any of them come along. ") +
                  kAfterwards);
  command->callback([a, &exit_code] { exit_code = finish(run_merge(*a)); });
}

void add_split(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("split", "Say that a product is one by itself, whatever its GTIN");
  auto a = std::make_shared<DecisionArguments>();
  add_decision_options(command, *a);
  command->add_option("--product", a->products, "It; may be given again")->required();
  command->footer(std::string("Example:\n  daybook-rebuild split --head-office head-office --books "
                              "books.db \\\n      --product 4503685543559169\n") +
                  kAfterwards);
  command->callback([a, &exit_code] { exit_code = finish(run_split(*a)); });
}

void add_undo(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("undo", "Take a merge or a split back, or the undoing of one");
  auto a = std::make_shared<DecisionArguments>();
  add_decision_options(command, *a);
  command->add_option("--bulletin", a->bulletin, "Which one, such as 1/7: 'products' lists them")
      ->required();
  command->footer(std::string("Example:\n  daybook-rebuild undo --head-office head-office --books "
                              "books.db --bulletin 1/7\n"
                              "It is then as if the bulletin had never been signed. ") +
                  kAfterwards);
  command->callback([a, &exit_code] { exit_code = finish(run_undo(*a)); });
}

}  // namespace rebuild
