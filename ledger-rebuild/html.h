// Html: what our pages share: a style that prints well, tables, and plots drawn by gnuplot.
// Must not know what a page is about.
#pragma once

#include <string>
#include <string_view>

#include "ledger-rebuild/table.h"

namespace rebuild {

inline constexpr const char* kHtmlStyle =
    "body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;"
    "color:#1c2430}h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
    "th,td{padding:.3rem .6rem;border-bottom:1px solid #d9dee6;text-align:right}"
    "th:first-child,td:first-child,td.text,th.text{text-align:left}"
    "td{white-space:nowrap}td.text{white-space:normal}"
    ".pass{color:#176b3a}.fail{color:#b3261e;font-weight:600}pre{white-space:pre-wrap}"
    "figure{display:inline-block;margin:.5rem;vertical-align:top}svg{max-width:100%}"
    "code{font-size:.85em;word-break:break-all}"
    "@media print{body{font-size:10pt;max-width:none;margin:0}h2{break-after:avoid}"
    "tr,figure{break-inside:avoid}thead{display:table-header-group}}";

std::string html_escape(std::string_view text);

// At most `rows_max` rows (0: all); says how many it left out.
std::string html_table(const Table& table, std::size_t rows_max);

// A <figure> of what the script draws, in SVG; "" when gnuplot cannot be run.
std::string gnuplot_figure(const std::string& script);

}  // namespace rebuild
