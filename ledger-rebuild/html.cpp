// Html: tables and plots.
#include "ledger-rebuild/html.h"

#include <algorithm>

#include "core/base/run_command.h"

namespace rebuild {

std::string html_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string html_table(const Table& table, std::size_t rows_max) {
  const std::size_t shown =
      rows_max == 0 ? table.rows.size() : std::min(rows_max, table.rows.size());
  std::string out = "<table><thead><tr>";
  for (const std::string& name : table.columns) out += "<th>" + html_escape(name) + "</th>";
  out += "</tr></thead>\n<tbody>";
  for (std::size_t r = 0; r < shown; ++r) {
    out += "<tr>";
    for (const Cell& cell : table.rows[r]) {
      out += cell.kind == Cell::Kind::kText ? "<td class=text>" : "<td>";
      out += html_escape(cell_text(cell)) + "</td>";
    }
    out += "</tr>\n";
  }
  out += "</tbody></table>\n";
  if (shown < table.rows.size()) {
    out += "<p>and " + std::to_string(table.rows.size() - shown) + " more.</p>\n";
  }
  return out;
}

std::string gnuplot_figure(const std::string& script) {
  const auto svg = core::run_command(
      {"gnuplot"},
      "set terminal svg size 460,300 font 'sans-serif,12' background 'white'\n" + script);
  if (!svg) return {};
  const std::size_t start = svg->find("<svg");
  return start == std::string::npos ? "" : "<figure>" + svg->substr(start) + "</figure>\n";
}

}  // namespace rebuild
