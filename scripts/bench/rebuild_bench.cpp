// bench_rebuild: replays of a fleet's days: every signature checked, and as it comes, beside
// libsodium's bare verify rate on all cores; a night on top of those days beside the same night on
// empty books; rows beside a bulk insert of the same rows. See docs/performance.md.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <variant>

#include "core/sqlite/database.h"
#include "ledger-rebuild/books_schema.h"
#include "ledger-rebuild/completeness.h"
#include "ledger-rebuild/figures.h"
#include "ledger-rebuild/parallel.h"
#include "ledger-rebuild/replay.h"
#include "ledger-rebuild/verify_books.h"
#include "scripts/bench/bench_support.h"
#include "scripts/bench/rebuild_fleet.h"
#include "scripts/poc_scale/commit.h"
#include "scripts/poc_scale/measure.h"

namespace {

using bench::Clock;
using bench::Fleet;
using bench::median;
using bench::need;
using bench::seconds_since;
using bench::Signed;
using core::Bytes;
using rebuild::ReplayOutcome;
using rebuild::Verify;

struct Words {
  std::filesystem::path directory = "/tmp/daybook-bench-rebuild";
  std::string json;
  std::size_t tills = 10000;
  std::size_t days = 5;
  std::size_t rounds = 3;
  std::size_t nights = 5;
  unsigned threads = 0;
  bool no_audit = false;
};

// Signatures a second, of the sample.
double bare_verify(const Fleet& fleet, unsigned threads) {
  std::atomic<std::size_t> good{0};
  const auto start = Clock::now();
  rebuild::for_chunks(fleet.sample().size(), threads, [&](std::size_t begin, std::size_t end) {
    std::size_t valid = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const Signed& one = fleet.sample()[i];
      valid += core::envelope::verify(one.key, one.input, one.signature);
    }
    good += valid;
  });
  const double seconds = seconds_since(start);
  CORE_CHECK(good == fleet.sample().size());
  return static_cast<double>(good) / seconds;
}

ReplayOutcome replay_into(const std::filesystem::path& books, const Fleet& fleet,
                          const Words& words, Verify verify) {
  auto outcome =
      need(rebuild::replay(*rebuild::log_directory_source(words.directory / "log"), fleet.roster(),
                           books, {.verify = verify, .threads = words.threads}));
  CORE_CHECK(outcome.states.proven == fleet.messages() && outcome.log_faults.empty());
  return outcome;
}

// What a replay did not spend on the books: read, hash, verify, open, decode, fold.
double without_books(const ReplayOutcome& o) {
  return o.read_seconds + o.check_seconds + o.judge_seconds;
}

double resident_mb() {
  std::FILE* file = std::fopen("/proc/self/status", "r");
  CORE_CHECK(file != nullptr);
  char line[256];
  double mb = 0;
  while (std::fgets(line, sizeof line, file) != nullptr) {
    if (std::sscanf(line, "VmHWM: %lf kB", &mb) == 1) break;
  }
  std::fclose(file);
  return mb / 1024;
}

using Value = std::variant<std::monostate, std::int64_t, std::string, Bytes>;
struct TableRows {
  std::string name;
  int columns = 0;
  std::vector<std::vector<Value>> rows;
};

Value value_at(core::sql::Statement& row, int column, const std::string& type) {
  if (row.column_is_null(column)) return std::monostate{};
  if (type == "BLOB") return core::to_bytes(row.column_blob(column));
  if (type == "TEXT") return std::string(row.column_text(column));
  return row.column_int(column);
}

TableRows read_table(core::sql::Database& db, const std::string& name) {
  TableRows table{name, 0, {}};
  std::vector<std::string> types;
  {
    auto info = need(db.prepare("SELECT type FROM pragma_table_info('" + name + "')"));
    while (need(info.step())) types.emplace_back(info.column_text(0));
  }
  table.columns = static_cast<int>(types.size());
  auto rows = need(db.prepare("SELECT * FROM " + name));
  while (need(rows.step())) {
    auto& row = table.rows.emplace_back();
    for (int i = 0; i < table.columns; ++i) {
      row.push_back(value_at(rows, i, types[static_cast<std::size_t>(i)]));
    }
  }
  return table;
}

void bind(core::sqlite::Statement& insert, int position, const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    insert.bind_int(position, *number);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    insert.bind_text(position, *text);
  } else if (const auto* blob = std::get_if<Bytes>(&value)) {
    insert.bind_blob(position, *blob);
  } else {
    insert.bind_null(position);
  }
}

// The same rows into the same tables by nothing but prepared inserts in one synced transaction.
double bulk_insert(const std::vector<TableRows>& tables, const std::filesystem::path& file) {
  std::filesystem::remove(file);
  const auto start = Clock::now();
  auto db = need(core::sqlite::Database::open(file, {.create = true}));
  need(db.exec("PRAGMA synchronous = FULL; PRAGMA cache_size = -262144"));
  auto transaction = need(core::sqlite::Transaction::begin(db));
  need(db.exec(rebuild::kBooksSchema));
  for (const TableRows& table : tables) {
    std::string sql = "INSERT INTO " + table.name + " VALUES(?";
    for (int i = 1; i < table.columns; ++i) sql += ", ?";
    auto insert = need(db.prepare(sql + ")"));
    for (const auto& row : table.rows) {
      for (int i = 0; i < table.columns; ++i) {
        bind(insert, i + 1, row[static_cast<std::size_t>(i)]);
      }
      need(insert.run());
    }
  }
  need(transaction.commit());
  return seconds_since(start);
}

// The same rows beside each other: written by a replay, and by nothing but inserts.
struct Writing {
  double replay_seconds = 0;
  double insert_seconds = 0;
  std::size_t rows = 0;
};

Writing measure_writing(const ReplayOutcome& outcome, const std::filesystem::path& books_file,
                        const Words& words) {
  Writing out;
  out.replay_seconds = outcome.rows_seconds + outcome.seal_seconds;
  const auto books = need(rebuild::Books::open(books_file));
  std::vector<TableRows> tables;
  for (const char* name : {"chains", "messages", "postings", "moves", "numbers", "sold", "tiles",
                           "month_takings", "month_accounts", "month_products"}) {
    tables.push_back(read_table(books.database(), name));
    out.rows += tables.back().rows.size();
  }
  out.insert_seconds = bulk_insert(tables, words.directory / "bulk.db");
  return out;
}

// One replay beside the bare rate just before and just after it.
struct Beside {
  double verify_rate = 0;
  double rate = 0;
  double ratio() const { return rate / verify_rate; }
};

struct Figures {
  std::uint64_t messages = 0;
  std::vector<Beside> audits, as_it_comes;
  std::vector<double> first_nights, nights;  // seconds of the whole replay
  std::vector<double> recheck_rates;         // entries a second, nothing new
  std::vector<Writing> writing;
  std::vector<std::pair<std::string, double>> reports;  // seconds, opening the books included
  double peak_mb = 0;
};

class Bench {
 public:
  Bench(Fleet& fleet, const Words& words) : fleet_(fleet), words_(words) {}

  Figures run() {
    // Books that have the tills and no message yet; the first day is the night on empty books.
    const auto enrolled = words_.directory / "enrolled.db";
    replay_into(enrolled, fleet_, words_, Verify::kTips);
    fleet_.send_day();
    const auto first = words_.directory / "first.db";
    for (std::size_t i = 0; i < words_.nights; ++i) {
      std::filesystem::copy_file(enrolled, first,
                                 std::filesystem::copy_options::overwrite_existing);
      const auto start = Clock::now();
      const auto outcome = replay_into(first, fleet_, words_, Verify::kTips);
      f_.first_nights.push_back(seconds_since(start));
      f_.writing.push_back(measure_writing(outcome, first, words_));
      say("the first night", f_.first_nights.back());
    }
    for (std::size_t day = 1; day < words_.days; ++day) fleet_.send_day();
    f_.messages = fleet_.messages();
    const auto books = words_.directory / "books.db";
    for (std::size_t round = 0; round < words_.rounds; ++round) {
      if (!words_.no_audit) {
        std::filesystem::remove(books);
        f_.audits.push_back(beside(books, Verify::kEvery));
      }
      std::filesystem::remove(books);
      f_.as_it_comes.push_back(beside(books, Verify::kTips));
    }
    f_.peak_mb = resident_mb();
    recheck(books);
    for (std::size_t i = 0; i < words_.nights; ++i) {
      fleet_.send_day();
      const auto start = Clock::now();
      replay_into(books, fleet_, words_, Verify::kTips);
      f_.nights.push_back(seconds_since(start));
      say("a night on top", f_.nights.back());
    }
    report(books);
    return f_;
  }

 private:
  // All of it, as head office would ask at the end of a year.
  void report(const std::filesystem::path& file) {
    using rebuild::By;
    for (const auto& [name, by] :
         {std::pair{"store", By::kStore}, std::pair{"month", By::kMonth},
          std::pair{"tender", By::kTender}, std::pair{"account", By::kAccount},
          std::pair{"product", By::kProduct}}) {
      const auto start = Clock::now();
      const auto books = need(rebuild::Books::open(file));
      CORE_CHECK(!need(rebuild::figures(books, by, {}, {})).rows.empty());
      f_.reports.emplace_back(std::string("figures by ") + name, seconds_since(start));
    }
    const auto start = Clock::now();
    const auto books = need(rebuild::Books::open(file));
    CORE_CHECK(need(rebuild::completeness(books, std::nullopt, 0)).clean());
    f_.reports.emplace_back("completeness", seconds_since(start));
  }

  static void say(const char* what, double seconds) {
    std::fprintf(stderr, "%s: %.3f s\n", what, seconds);
  }

  Beside beside(const std::filesystem::path& books, Verify verify) {
    const unsigned threads = rebuild::thread_count(words_.threads);
    const double before = bare_verify(fleet_, threads);
    const ReplayOutcome o = replay_into(books, fleet_, words_, verify);
    const double after = bare_verify(fleet_, threads);
    Beside out{(before + after) / 2, static_cast<double>(f_.messages) / without_books(o)};
    std::fprintf(stderr,
                 "%s: verify %.0f/s, replay without books %.0f/s, ratio %.2f; read %.2f, check "
                 "%.2f, judge %.2f, rows %.2f, seal %.2f s\n",
                 verify == Verify::kEvery ? "audit" : "as it comes", out.verify_rate, out.rate,
                 out.ratio(), o.read_seconds, o.check_seconds, o.judge_seconds, o.rows_seconds,
                 o.seal_seconds);
    return out;
  }

  // The log is hashed and compared with the tree of the books; nothing is new. The books' own rows
  // are not read: their digest is looked at apart.
  void recheck(const std::filesystem::path& books) {
    const auto start = Clock::now();
    const auto opened = need(rebuild::Books::open(books));
    const auto source = rebuild::log_directory_source(words_.directory / "log");
    CORE_CHECK(need(rebuild::check_prefix(opened, *source, words_.threads)).entries ==
               fleet_.messages());
    f_.recheck_rates.push_back(static_cast<double>(f_.messages) / seconds_since(start));
  }

  Fleet& fleet_;
  const Words& words_;
  Figures f_;
};

template <typename Get>
std::vector<double> each(const auto& list, Get get) {
  std::vector<double> out;
  out.reserve(list.size());
  for (const auto& one : list) out.push_back(get(one));
  return out;
}

double ratio_of(const std::vector<Beside>& list) {
  return list.empty() ? 0 : median(each(list, [](const Beside& b) { return b.ratio(); }));
}

double rate_of(const std::vector<Beside>& list) {
  return list.empty() ? 0 : median(each(list, [](const Beside& b) { return b.rate; }));
}

void print(const Figures& f) {
  const double night = median(f.nights);
  const double first = median(f.first_nights);
  const auto written = each(f.writing, [](const Writing& w) { return w.replay_seconds; });
  const auto inserted = each(f.writing, [](const Writing& w) { return w.insert_seconds; });
  std::printf("%llu messages, medians\n", static_cast<unsigned long long>(f.messages));
  std::printf("  libsodium verify, all cores           %10.0f messages/s\n",
              median(each(f.as_it_comes, [](const Beside& b) { return b.verify_rate; })));
  std::printf(
      "  replay --audit, without books         %10.0f messages/s, ratio %.2f (at least 0.9)\n",
      rate_of(f.audits), ratio_of(f.audits));
  std::printf(
      "  replay as it comes, without books     %10.0f messages/s, ratio %.2f (at least 15)\n",
      rate_of(f.as_it_comes), ratio_of(f.as_it_comes));
  std::printf("  a log known already, hashed again     %10.0f entries/s\n",
              median(f.recheck_rates));
  std::printf("  rows of the first night, digest, sync %10.3f s, %zu rows; bare inserts %.3f s\n",
              median(written), f.writing.back().rows, median(inserted));
  std::printf("  a night on top of it all              %10.3f s\n", night);
  std::printf("  the first night, on empty books       %10.3f s, ratio %.2f (at most 1.3)\n", first,
              night / first);
  for (const auto& [name, seconds] : f.reports) {
    std::printf("  %-37s %10.3f s\n", name.c_str(), seconds);
  }
  std::printf("  peak memory                           %10.0f MB\n", f.peak_mb);
}

void write_json(const std::string& path, const Figures& f) {
  if (path.empty()) return;
  const nlohmann::ordered_json out = {
      {"commit", sweep::kCommit},
      {"machine", sweep::machine_description()},
      {"messages", f.messages},
      {"audit_ratios", each(f.audits, [](const Beside& b) { return b.ratio(); })},
      {"as_it_comes_ratios", each(f.as_it_comes, [](const Beside& b) { return b.ratio(); })},
      {"as_it_comes_per_second", rate_of(f.as_it_comes)},
      {"recheck_per_second", median(f.recheck_rates)},
      {"first_night_seconds", f.first_nights},
      {"night_seconds", f.nights},
      {"rows", f.writing.back().rows},
      {"write_seconds", each(f.writing, [](const Writing& w) { return w.replay_seconds; })},
      {"bulk_insert_seconds", each(f.writing, [](const Writing& w) { return w.insert_seconds; })},
      {"reports", f.reports},
      {"peak_mb", f.peak_mb}};
  std::FILE* file = path == "-" ? stdout : std::fopen(path.c_str(), "w");
  if (file == nullptr) {
    std::fprintf(stderr, "bench_rebuild: %s cannot be written\n", path.c_str());
    std::exit(1);
  }
  std::fprintf(file, "%s\n", out.dump(2).c_str());
  if (file != stdout) std::fclose(file);
}

}  // namespace

int main(int argc, char** argv) {
  Words words;
  CLI::App app{"Replays of a fleet's days, beside libsodium's verify rate"};
  app.add_option("--directory", words.directory, "Scratch directory, emptied first");
  app.add_option("--tills", words.tills, "Tills; each sends two messages a day");
  app.add_option("--days", words.days, "Days in the log before the nights are measured");
  app.add_option("--rounds", words.rounds, "Replays of all of it, each beside the bare rate");
  app.add_option("--nights", words.nights, "Nights on empty books, and on top of the days");
  app.add_option("--threads", words.threads, "0: one a core");
  app.add_flag("--no-audit", words.no_audit, "Only the replay as it comes");
  app.add_option("--json", words.json, "Also write the figures to this file; - for stdout");
  CLI11_PARSE(app, argc, argv);
  std::filesystem::remove_all(words.directory);
  std::filesystem::create_directories(words.directory);
  Fleet fleet(words.tills, words.threads, words.directory / "log");
  const Figures figures = Bench(fleet, words).run();
  print(figures);
  write_json(words.json, figures);
  std::filesystem::remove_all(words.directory);
  return 0;
}
