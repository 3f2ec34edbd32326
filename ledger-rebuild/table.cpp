// Table: text, CSV, JSON.
#include "ledger-rebuild/table.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/decimal.h"

namespace rebuild {
std::string cell_text(const Cell& cell) {
  switch (cell.kind) {
    case Cell::Kind::kText:
      return cell.text;
    case Cell::Kind::kCount:
      return std::to_string(cell.value);
    case Cell::Kind::kMoney:
      return core::format_decimal(cell.value, cell.currency.minor_digits());
    case Cell::Kind::kQuantity:
      return to_string(core::Quantity{cell.value});
  }
  return {};
}

namespace {

// A spreadsheet takes a field that begins like a formula for one: text gets a quote in front.
std::string csv_cell(const Cell& cell) {
  std::string text = cell_text(cell);
  if (cell.kind != Cell::Kind::kText) return text;
  constexpr std::string_view kFormula = "=+-@\t\r";
  if (!text.empty() && kFormula.find(text.front()) != std::string_view::npos) text.insert(0, "'");
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

}  // namespace

std::string table_text(const Table& table, std::size_t rows_max) {
  const std::size_t shown =
      rows_max == 0 ? table.rows.size() : std::min(rows_max, table.rows.size());
  std::vector<std::size_t> widths;
  for (const std::string& name : table.columns) widths.push_back(name.size());
  for (std::size_t r = 0; r < shown; ++r) {
    for (std::size_t c = 0; c < widths.size(); ++c) {
      widths[c] = std::max(widths[c], cell_text(table.rows[r][c]).size());
    }
  }
  const auto put = [&](std::string& out, std::size_t column, const std::string& text, bool right) {
    const std::string room(widths[column] - text.size(), ' ');
    if (column > 0) out += "  ";
    out += right ? room + text : text + room;
  };
  const auto end_line = [](std::string& out) {
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  };
  std::string out;
  const auto is_number = [&](std::size_t column) {
    return !table.rows.empty() && table.rows.front()[column].kind != Cell::Kind::kText;
  };
  for (std::size_t c = 0; c < widths.size(); ++c) put(out, c, table.columns[c], is_number(c));
  end_line(out);
  for (std::size_t r = 0; r < shown; ++r) {
    for (std::size_t c = 0; c < widths.size(); ++c) {
      put(out, c, cell_text(table.rows[r][c]), is_number(c));
    }
    end_line(out);
  }
  if (shown < table.rows.size()) {
    out += "and " + std::to_string(table.rows.size() - shown) + " more; --top 0 lists them\n";
  }
  return out;
}

std::string table_csv(const Table& table) {
  std::string out;
  const auto line = [&](std::size_t cells, auto text_of) {
    for (std::size_t c = 0; c < cells; ++c) out += (c > 0 ? "," : "") + text_of(c);
    out += "\r\n";
  };
  line(table.columns.size(), [&](std::size_t c) { return table.columns[c]; });
  for (const auto& row : table.rows) {
    line(row.size(), [&](std::size_t c) { return csv_cell(row[c]); });
  }
  return out;
}

std::string table_json(const Table& table) {
  using Json = nlohmann::ordered_json;
  Json rows = Json::array();
  for (const auto& row : table.rows) {
    Json one = Json::object();
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string& name = table.columns[c];
      switch (row[c].kind) {
        case Cell::Kind::kText:
          one[name] = row[c].text;
          break;
        case Cell::Kind::kCount:
          one[name] = row[c].value;
          break;
        case Cell::Kind::kMoney:
          one[name + "_minor"] = row[c].value;
          break;
        case Cell::Kind::kQuantity:
          one[name + "_thousandths"] = row[c].value;
          break;
      }
    }
    rows.push_back(std::move(one));
  }
  return rows.dump(2) + "\n";
}

}  // namespace rebuild
