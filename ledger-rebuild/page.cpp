// Page: one section a table, with a plot where a picture says more.
#include "ledger-rebuild/page.h"

#include <algorithm>

#include "core/base/check.h"
#include "ledger-rebuild/completeness.h"
#include "ledger-rebuild/html.h"

namespace rebuild {

using core::Result;

namespace {

constexpr std::size_t kRowsMax = 25;
constexpr std::size_t kBarsMax = 15;
// Of more bars than these, some have no name.
constexpr std::size_t kNamesMax = 16;
// Longer stretches are shown by month.
constexpr std::int32_t kDaysMax = 92;

std::size_t column_named(const Table& table, std::string_view name) {
  const auto it = std::find(table.columns.begin(), table.columns.end(), name);
  CORE_CHECK(it != table.columns.end());
  return static_cast<std::size_t>(it - table.columns.begin());
}

std::vector<std::string> currencies_of(const Table& table) {
  std::vector<std::string> out;
  const std::size_t column = column_named(table, "currency");
  for (const auto& row : table.rows) {
    if (std::find(out.begin(), out.end(), row[column].text) == out.end()) {
      out.push_back(row[column].text);
    }
  }
  return out;
}

// One plot a currency: `value` over the first column, as bars. The names are numbers, days and the
// fixed names of tenders: nothing that a script could take for its own words.
std::string bars(const Table& table, const std::string& title, std::string_view value) {
  std::string out;
  const std::size_t amount = column_named(table, value);
  const std::size_t which = column_named(table, "currency");
  for (const std::string& currency : currencies_of(table)) {
    const auto is_in = [&](const auto& row) { return row[which].text == currency; };
    const auto count =
        static_cast<std::size_t>(std::count_if(table.rows.begin(), table.rows.end(), is_in));
    const std::size_t step = (count + kNamesMax - 1) / kNamesMax;
    std::string data;
    std::size_t drawn = 0;
    for (const auto& row : table.rows) {
      if (!is_in(row)) continue;
      const std::string name = drawn++ % step == 0 ? cell_text(row[0]) : "";
      data += "\"" + name + "\" " + cell_text(row[amount]) + "\n";
    }
    out += gnuplot_figure("set title '" + title + ", " + currency +
                          "'\nset style fill solid 0.7\nset boxwidth 0.8 relative\nset grid ytics\n"
                          "set xtics rotate by 90 right font ',10'\nset key off\n"
                          "set yrange [*<0:*]\n"
                          "plot '-' using 0:2:xtic(1) with boxes linecolor rgb '#2a5d9f'\n" +
                          data + "e\n");
  }
  return out;
}

// The rows with the most of `column`, for a plot that can be read.
Table top(Table table, std::string_view column) {
  const std::size_t at = column_named(table, column);
  std::stable_sort(table.rows.begin(), table.rows.end(),
                   [at](const auto& a, const auto& b) { return a[at].value > b[at].value; });
  if (table.rows.size() > kBarsMax) table.rows.resize(kBarsMax);
  return table;
}

std::string section(const std::string& title, const Table& table, const std::string& figure = "") {
  if (table.rows.empty()) return {};
  return "<h2>" + title + "</h2>\n" + figure + html_table(table, kRowsMax);
}

std::string days_text(const FigureRange& range) {
  return (range.from ? to_string(*range.from) : "the first day") + " to " +
         (range.to ? to_string(*range.to) : "the last day");
}

}  // namespace

Result<std::string> books_page(const Books& books, const FigureRange& range,
                               const Settings& settings) {
  const bool is_short = range.from && range.to && range.to->days - range.from->days < kDaysMax;
  const auto table = [&](By by) { return figures(books, by, range, {}, settings); };
  TRY_ASSIGN(const Table time, table(is_short ? By::kDay : By::kMonth));
  TRY_ASSIGN(const Table stores, table(By::kStore));
  TRY_ASSIGN(const Table tenders, table(By::kTender));
  TRY_ASSIGN(const Table taxes, table(By::kTax));
  TRY_ASSIGN(const Table products, table(By::kProduct));
  Table departments;
  if (settings.has_products) {
    TRY_ASSIGN(departments, table(By::kDepartment));
  }
  TRY_ASSIGN(const Table operators, table(By::kOperator));
  TRY_ASSIGN(const Table accounts, table(By::kAccount));
  TRY_ASSIGN(const Table counts, table(By::kCount));
  constexpr std::int32_t kQuietDays = 2;
  TRY_ASSIGN(const Completeness tills, completeness(books, std::nullopt, kQuietDays));
  TRY_ASSIGN(const std::string origin, books.origin());
  TRY_ASSIGN(const BooksDigest digest, books.stored_digest());

  const std::string over_time = bars(time, "Takings", "net");
  std::string out = "<!doctype html>\n<html lang=en><meta charset=utf-8>\n<title>The books of " +
                    html_escape(origin) + "</title>\n<style>" + kHtmlStyle +
                    "</style>\n<h1>The books of " + html_escape(origin) +
                    "</h1>\n<p>Business days " + days_text(range) + ". Digest <code>" +
                    digest.books.hex() + "</code></p>\n";
  if (over_time.empty() && !time.rows.empty()) {
    out += "<p>No plots: gnuplot could not be run.</p>\n";
  }
  out += section(is_short ? "Takings by day" : "Takings by month", time, over_time);
  const Table best = top(stores, "net");
  out += section("Takings by store", stores, bars(best, "The stores that took most", "net"));
  out += section("By tender", tenders, bars(tenders, "Tenders", "amount"));
  out += section("By tax code", taxes);
  out += section("Top sellers", products,
                 bars(top(products, "net"), "Products that took most", "net"));
  if (!departments.rows.empty()) out += section("By department", departments);
  out += section("By operator", operators);
  out += section("Trial balance of these days", accounts);
  for (const std::string& remark : accounts.remarks) out += "<p>" + html_escape(remark) + ".</p>\n";
  out += section("Counts beside what must be there", counts);
  out += "<h2>Is it all there?</h2>\n<pre>" + html_escape(completeness_text(tills, {}, kRowsMax)) +
         "</pre>\n</html>\n";
  return out;
}

}  // namespace rebuild
