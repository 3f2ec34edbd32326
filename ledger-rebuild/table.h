// Table: rows of cells that know what they are, printed for people, for spreadsheets and for
// programs. Must not know what the rows mean.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/money.h"
#include "core/base/quantity.h"

namespace rebuild {

// A name, a count, an amount or a quantity.
struct Cell {
  enum class Kind { kText, kCount, kMoney, kQuantity };
  Kind kind = Kind::kText;
  std::string text;
  std::int64_t value = 0;  // minor units, thousandths
  core::Currency currency;

  static Cell of(std::string text) { return {Kind::kText, std::move(text), 0, {}}; }
  static Cell of(std::int64_t count) { return {Kind::kCount, {}, count, {}}; }
  static Cell of(core::Money money) { return {Kind::kMoney, {}, money.minor, money.currency}; }
  static Cell of(core::Quantity quantity) {
    return {Kind::kQuantity, {}, quantity.thousandths, {}};
  }
};

struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> rows;  // as wide as columns
  // What a reader should know beside them, a sentence each; printed apart from the table.
  std::vector<std::string> remarks = {};
};

// As people read it: "12.34", "0.500".
std::string cell_text(const Cell& cell);

// Columns under one another, numbers to the right; at most `rows_max` rows (0: all).
std::string table_text(const Table& table, std::size_t rows_max);
// RFC 4180, with the columns' names; amounts and quantities as decimals.
std::string table_csv(const Table& table);
// An array of objects; amounts in minor units under name_minor, quantities under name_thousandths.
std::string table_json(const Table& table);

}  // namespace rebuild
