// The HTML page of a sweep: tables, and plots drawn by gnuplot as inline SVG.
#include <cstdio>
#include <fstream>
#include <functional>

#include "core/base/decimal.h"
#include "ledger-rebuild/html.h"
#include "scripts/poc_scale/report.h"

namespace sweep {
namespace {

using core::Errc;
using core::fail;
using core::Result;

std::string number(double value, int places) {
  char text[48];
  std::snprintf(text, sizeof text, "%.*f", places, value);
  return text;
}

struct Curve {
  std::string title;
  std::function<double(const RunResult&)> value;
};

// One plot over the number of tills; "" when gnuplot cannot be run.
std::string plot(const SweepReport& report, const std::string& title, const std::string& unit,
                 const std::vector<Curve>& curves) {
  std::string script =
      "set title '" + title + "'\nset xlabel 'tills'\nset ylabel '" + unit +
      "'\nset logscale x\nset grid\nset yrange [0:*]\nset key outside bottom center "
      "horizontal\nset offsets graph "
      "0.05, "
      "graph 0.05, graph 0.1, 0\nplot ";
  std::string data;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    script += std::string(i == 0 ? "" : ", ") +
              "'-' with linespoints linewidth 2 pointtype 7 title '" + curves[i].title + "'";
    for (const RunResult& run : report.runs) {
      data += std::to_string(run.tills) + " " + number(curves[i].value(run), 6) + "\n";
    }
    data += "e\n";
  }
  return rebuild::gnuplot_figure(script + "\n" + data);
}

std::string plots(const SweepReport& report) {
  const auto per_till = [](double value, const RunResult& run) {
    return value / static_cast<double>(run.tills);
  };
  std::string out;
  out += plot(report, "Messages accepted, signed and synced", "messages/s",
              {{std::to_string(report.connections) + " connections",
                [](const RunResult& r) { return r.accepted_per_second; }},
               {"one core verifies", [](const RunResult& r) { return r.verify_per_second; }}});
  out += plot(
      report, "From the first send to checked books", "seconds",
      {{"window", [](const RunResult& r) { return r.window_seconds; }},
       {"of it sending", [](const RunResult& r) { return r.morning_seconds + r.evening_seconds; }},
       {"of it replay", [](const RunResult& r) { return r.replay_seconds; }}});
  out += plot(
      report, "Bytes in the log", "bytes per till",
      {{"log",
        [&](const RunResult& r) { return per_till(static_cast<double>(r.relay_log_bytes), r); }},
       {"messages",
        [&](const RunResult& r) { return per_till(static_cast<double>(r.message_bytes), r); }}});
  out += plot(report, "Round trip of one message", "ms",
              {{"p50", [](const RunResult& r) { return r.rtt_ms.p50; }},
               {"p99", [](const RunResult& r) { return r.rtt_ms.p99; }}});
  if (out.empty()) return "<p>No plots: gnuplot could not be run.</p>\n";
  return out;
}

std::string row(const std::vector<std::string>& cells, const char* tag = "td") {
  std::string out = "<tr>";
  for (const std::string& cell : cells) {
    out += std::string("<") + tag + ">" + cell + "</" + tag + ">";
  }
  return out + "</tr>\n";
}

std::string figures_table(const SweepReport& report) {
  std::string out = "<table>" + row({"tills", "messages", "sales", "voids", "net", "accepted/s",
                                     "&times; one-core verify", "window", "&times; one-core verify",
                                     "p99", "CPU", "relay peak"},
                                    "th");
  for (const RunResult& run : report.runs) {
    const double one_core = static_cast<double>(run.found.messages) / run.verify_per_second;
    out +=
        row({std::to_string(run.tills), std::to_string(run.found.messages),
             std::to_string(run.found.total.sales), std::to_string(run.found.total.voids),
             core::format_decimal(run.found.total.net_minor, 2), number(run.accepted_per_second, 0),
             number(run.accepted_per_second / run.verify_per_second, 2),
             number(run.window_seconds, 2) + " s", number(run.window_seconds / one_core, 2),
             number(run.rtt_ms.p99, 2) + " ms", number(run.window_cpu_seconds, 2) + " s",
             number(static_cast<double>(run.relay.peak_bytes) / 1e6, 1) + " MB"});
  }
  return out + "</table>\n";
}

std::string claims_table(const SweepReport& report) {
  std::string out =
      "<table><tr><th>tills</th><th class=text>claim</th><th class=text>outcome</th>"
      "<th class=text>seen</th></tr>\n";
  for (const RunResult& run : report.runs) {
    for (const auto& [name, check] : run.checks) {
      out += "<tr><td>" + std::to_string(run.tills) + "</td><td class=text>" + name +
             "</td><td class='text " + (check.passed ? "pass'>pass" : "fail'>FAIL") +
             "</td><td class=text>" + rebuild::html_escape(check.detail) + "</td></tr>\n";
    }
  }
  return out + "</table>\n";
}

std::string departments_table(const SweepReport& report) {
  if (report.units_by_department.empty()) return {};
  std::string out = "<h2>Units by department</h2>\n<table>" + row({"department", "units"}, "th");
  for (const auto& [department, thousandths] : report.units_by_department) {
    out += row({rebuild::html_escape(department), core::format_decimal(thousandths, 3)});
  }
  return out + "</table>\n";
}

}  // namespace

Result<void> write_html(const SweepReport& report, const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  const std::filesystem::path path = directory / "index.html";
  std::ofstream out(path, std::ios::trunc);
  out << "<!doctype html>\n<html lang=en><meta charset=utf-8>\n<title>Daybook sweep</title>\n"
      << "<style>" << rebuild::kHtmlStyle
      << "</style>\n<h1>Daybook: the scale sweep</h1>\n<p>Commit <code>"
      << rebuild::html_escape(report.commit) << "</code>, seed " << report.seed << ", "
      << rebuild::html_escape(report.machine) << ". " << report.connections
      << " kept-alive connections, one message a request. "
      << "The simulated tills share this machine's disk; their journals are "
      << (report.full_durability ? "synced at every commit, as a real till's are."
                                 : "not synced, so ringing times say nothing about a real till.")
      << "</p>\n<h2>Figures</h2>\n"
      << figures_table(report) << "<h2>Plots</h2>\n"
      << plots(report) << "<h2>Claims</h2>\n"
      << claims_table(report) << departments_table(report) << "<h2>Books digests</h2>\n<table>"
      << row({"tills", "digest"}, "th");
  for (const RunResult& run : report.runs) {
    out << row({std::to_string(run.tills), "<code>" + run.books_digest + "</code>"});
  }
  out << "</table>\n</html>\n";
  out.flush();
  if (!out.good()) return fail(Errc::kIo, path.string() + ": cannot be written");
  return {};
}

}  // namespace sweep
