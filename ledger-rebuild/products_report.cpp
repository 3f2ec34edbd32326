// ProductsReport: a table for each thing that is to be looked at.
#include "ledger-rebuild/products_report.h"

namespace rebuild {

using core::ProductId;
using core::retail::Definition;

namespace {

constexpr std::size_t kGtin14 = 14;

Cell product_cell(ProductId product) {
  return Cell::of(static_cast<std::int64_t>(product.value));
}

std::string gtin_text(std::uint64_t gtin) {
  std::string digits = std::to_string(gtin);
  if (digits.size() < kGtin14) digits.insert(0, kGtin14 - digits.size(), '0');
  return digits;
}

std::string gtin_text(const Definition& definition) {
  return definition.gtin ? gtin_text(*definition.gtin) : std::string();
}

std::string yes_or_no(bool value) {
  return value ? "yes" : "no";
}

std::string list_text(const std::vector<ProductId>& products) {
  std::string out;
  for (const ProductId product : products) out += (out.empty() ? "" : " ") + to_string(product);
  return out;
}

Table minted_table(const Products& products) {
  Table table{
      {"product", "goes_by", "till", "name", "gtin", "tax", "unit", "whole", "price", "currency"},
      {}};
  for (const auto& [id, what] : products.minted) {
    table.rows.push_back({product_cell(id), product_cell(products.number_of(id)),
                          Cell::of(to_string(core::retail::minted_parts(id).till)),
                          Cell::of(what.name), Cell::of(gtin_text(what)),
                          Cell::of(std::int64_t{what.tax.value}), Cell::of(what.unit),
                          Cell::of(yes_or_no(what.whole)), Cell::of(what.price),
                          Cell::of(std::string(what.price.currency.code()))});
  }
  return table;
}

Table conflict_table(const Products& products) {
  Table table{{"gtin", "product", "name", "other", "other_name", "why"}, {}};
  for (const ProductConflict& c : products.groups.conflicts()) {
    table.rows.push_back({Cell::of(gtin_text(c.gtin)), product_cell(c.one),
                          Cell::of(products.minted.at(c.one).name), product_cell(c.other),
                          Cell::of(products.minted.at(c.other).name), Cell::of(c.why)});
  }
  return table;
}

Table proposal_table(const Products& products) {
  Table table{{"product", "name", "other", "other_name", "likeness_percent"}, {}};
  for (const ProductProposal& p : proposals(products.minted, products.decisions, products.groups)) {
    table.rows.push_back({product_cell(p.one), Cell::of(products.minted.at(p.one).name),
                          product_cell(p.other), Cell::of(products.minted.at(p.other).name),
                          Cell::of(std::int64_t{p.likeness})});
  }
  return table;
}

Table decision_table(const Products& products) {
  Table table{{"bulletin", "decision", "products", "into", "in_effect"}, {}};
  for (std::size_t i = 0; i < products.decisions.size(); ++i) {
    const ProductDecision& d = products.decisions[i];
    std::vector<Cell> cells = {Cell::of(bulletin_name(d.epoch, d.sequence))};
    if (const auto* merge = std::get_if<ProductMerge>(&d.bulletin)) {
      cells.insert(cells.end(),
                   {Cell::of(std::string("merge")), Cell::of(list_text(merge->products)),
                    Cell::of(to_string(merge->into))});
    } else if (const auto* split = std::get_if<ProductSplit>(&d.bulletin)) {
      cells.insert(cells.end(), {Cell::of(std::string("split")),
                                 Cell::of(list_text(split->products)), Cell::of(std::string())});
    } else if (const auto* undo = std::get_if<ProductUndo>(&d.bulletin)) {
      cells.insert(cells.end(), {Cell::of("undo " + bulletin_name(undo->epoch, undo->sequence)),
                                 Cell::of(std::string()), Cell::of(std::string())});
    }
    cells.push_back(Cell::of(yes_or_no(products.groups.in_effect()[i])));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

Table idle_table(const Products& products) {
  Table table{{"product", "told_by", "epoch", "sequence", "name", "why"}, {}};
  for (const IdleDefinition& idle : products.idle) {
    table.rows.push_back(
        {product_cell(idle.product), Cell::of(to_string(idle.told_by)),
         Cell::of(std::int64_t{idle.epoch.value}),
         Cell::of(static_cast<std::int64_t>(idle.sequence.value)), Cell::of(idle.definition.name),
         Cell::of(std::string(idle.is_own ? "told otherwise before" : "another till's number"))});
  }
  return table;
}

Table untold_table(const Products& products) {
  Table table{{"product", "till"}, {}};
  for (const ProductId product : products.untold) {
    table.rows.push_back(
        {product_cell(product), Cell::of(to_string(core::retail::minted_parts(product).till))});
  }
  return table;
}

struct Section {
  const char* name;   // in JSON
  const char* title;  // for people
  Table ProductTables::*table;
};

constexpr Section kSections[] = {
    {"products", "Minted products", &ProductTables::products},
    {"conflicts", "Conflicts: one GTIN, really different products; merge or split them",
     &ProductTables::conflicts},
    {"proposals", "Proposals: alike, and not one; merge them if they are",
     &ProductTables::proposals},
    {"decisions", "Decisions of head office", &ProductTables::decisions},
    {"idle", "Definitions that count for nothing", &ProductTables::idle},
    {"untold", "Products that moved and that no message tells of yet", &ProductTables::untold},
};

}  // namespace

std::string bulletin_name(core::Epoch epoch, core::Sequence sequence) {
  return to_string(epoch) + "/" + to_string(sequence);
}

ProductTables product_tables(const Products& products) {
  return {minted_table(products),   conflict_table(products), proposal_table(products),
          decision_table(products), idle_table(products),     untold_table(products)};
}

std::string products_text(const ProductTables& tables, std::size_t rows_max) {
  std::string out;
  for (const Section& section : kSections) {
    const Table& table = tables.*section.table;
    if (table.rows.empty()) continue;
    out += (out.empty() ? "" : "\n") + std::string(section.title) + " (" +
           std::to_string(table.rows.size()) + ")\n" + table_text(table, rows_max);
  }
  return out.empty() ? "no products were minted\n" : out;
}

std::string products_json(const ProductTables& tables) {
  std::string out = "{";
  for (const Section& section : kSections) {
    out += std::string(out.size() == 1 ? "" : ",") + "\"" + section.name +
           "\": " + table_json(tables.*section.table);
  }
  return out + "}\n";
}

}  // namespace rebuild
