// bench_copy: a fleet's days from signed messages to books, beside the same summaries loaded into
// PostgreSQL with COPY and grouped there, unverified. What is counted on each side:
// docs/performance.md, "Beside a bulk load".
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/postgres/database.h"
#include "ledger-rebuild/figures.h"
#include "ledger-rebuild/replay.h"
#include "scripts/bench/bench_support.h"
#include "scripts/bench/peers/postgres_child.h"
#include "scripts/bench/rebuild_fleet.h"
#include "scripts/poc_scale/commit.h"
#include "scripts/poc_scale/measure.h"

namespace {

using bench::Clock;
using bench::Fleet;
using bench::median;
using bench::need;
using bench::seconds_since;
using rebuild::ReplayOutcome;

struct Words {
  std::filesystem::path directory = "/tmp/daybook-bench-copy";
  std::string json;
  std::size_t tills = 2000;
  std::size_t days = 20;
  std::size_t rounds = 5;
  unsigned threads = 0;
};

// What is loaded: a table, its columns as COPY's side has them, and the same rows of the books.
struct Loaded {
  const char* table;
  const char* columns;
  const char* from_books;
};

constexpr Loaded kLoaded[] = {
    {"summary",
     "number bigint, store int, till int, epoch int, sequence bigint, day int, kind int, "
     "currency text, sales bigint, voids bigint, net_minor bigint, discount_minor bigint, "
     "over_short_minor bigint",
     "SELECT number, store, till, epoch, sequence, day, kind, currency, sales, voids, net_minor, "
     "discount_minor, over_short_minor FROM messages ORDER BY number"},
    {"posting", "summary bigint, account int, code bigint, currency text, amount_minor bigint",
     "SELECT message, account, code, currency, amount_minor FROM postings ORDER BY message"},
    {"move", "summary bigint, product bigint, from_place int, to_place int, thousandths bigint",
     "SELECT message, product, from_place, to_place, thousandths FROM moves ORDER BY message"}};

constexpr const char* kTrialBalance =
    "SELECT account, currency, SUM(CASE WHEN amount_minor > 0 THEN amount_minor ELSE 0 END), "
    "SUM(CASE WHEN amount_minor < 0 THEN -amount_minor ELSE 0 END) FROM posting GROUP BY 1, 2 "
    "ORDER BY 1, 2";
constexpr const char* kTakings =
    "SELECT store, to_char(DATE '1970-01-01' + day, 'YYYY-MM'), currency, SUM(sales), SUM(voids), "
    "SUM(net_minor), SUM(discount_minor), SUM(over_short_minor) FROM summary WHERE kind = 2 "
    "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";

// A file a table, as COPY reads it. Returns the rows of all.
std::uint64_t write_rows(const std::filesystem::path& books, const std::filesystem::path& to) {
  const auto opened = need(rebuild::Books::open(books));
  std::uint64_t count = 0;
  for (const Loaded& loaded : kLoaded) {
    std::ofstream out(to / loaded.table);
    const std::string columns = loaded.columns;
    const auto last = std::count(columns.begin(), columns.end(), ',');
    auto rows = need(opened.database().scan(loaded.from_books));
    for (; need(rows.step()); ++count) {
      for (int i = 0; i <= last; ++i) out << (i == 0 ? "" : "\t") << rows.column_text(i);
      out << '\n';
    }
    CORE_CHECK(out.flush().good());
  }
  return count;
}

struct CopyTimes {
  double load = 0;   // tables made, rows copied, committed to the disk
  double group = 0;  // both questions, every row fetched
  double all() const { return load + group; }
};

// The sum of a question's last column but one, so that both sides can be compared.
std::int64_t ask(core::sql::Database& db, const char* sql, int column) {
  auto rows = need(db.prepare(sql));
  std::int64_t sum = 0;
  while (need(rows.step())) sum += rows.column_int(column);
  return sum;
}

CopyTimes load_and_group(core::sql::Database& db, const std::filesystem::path& files,
                         std::int64_t net_minor) {
  for (const Loaded& l : kLoaded) need(db.exec(std::string("DROP TABLE IF EXISTS ") + l.table));
  need(db.exec("CHECKPOINT"));
  CopyTimes out;
  auto start = Clock::now();
  std::string sql = "BEGIN;";
  for (const Loaded& l : kLoaded) {
    sql += std::string("CREATE TABLE ") + l.table + "(" + l.columns + "); COPY " + l.table +
           " FROM '" + (files / l.table).string() + "';";
  }
  need(db.exec(sql + "COMMIT"));
  out.load = seconds_since(start);
  start = Clock::now();
  const std::int64_t debits = ask(db, kTrialBalance, 2);
  const std::int64_t credits = ask(db, kTrialBalance, 3);
  out.group = seconds_since(start) / 2;  // asked twice
  start = Clock::now();
  CORE_CHECK(ask(db, kTakings, 5) == net_minor && debits == credits);
  out.group += seconds_since(start);
  return out;
}

struct ReplayTimes {
  double without_books = 0;  // read, hash, verify tips, open, decode, fold
  double all = 0;            // with the books' rows, digest, commit
  double group = 0;          // the same two questions, to the books
};

std::int64_t sum_of(const rebuild::Table& table, std::size_t column) {
  std::int64_t sum = 0;
  for (const auto& row : table.rows) sum += row[column].value;
  return sum;
}

ReplayTimes replay_and_group(const Fleet& fleet, const Words& words,
                             const std::filesystem::path& books, std::int64_t& net_minor) {
  const auto source = rebuild::log_directory_source(words.directory / "log");
  auto start = Clock::now();
  const ReplayOutcome o =
      need(rebuild::replay(*source, fleet.roster(), books,
                           {.verify = rebuild::Verify::kTips, .threads = words.threads}));
  ReplayTimes out;
  out.all = seconds_since(start);
  CORE_CHECK(o.states.proven == fleet.messages() && o.log_faults.empty());
  out.without_books = o.read_seconds + o.check_seconds + o.judge_seconds;
  start = Clock::now();
  const auto opened = need(rebuild::Books::open(books));
  CORE_CHECK(!need(rebuild::figures(opened, rebuild::By::kAccount, {}, {})).rows.empty());
  constexpr std::size_t kNet = 7;
  net_minor = sum_of(need(rebuild::figures(opened, rebuild::By::kStore, {}, {})), kNet);
  out.group = seconds_since(start);
  return out;
}

struct Figures {
  std::uint64_t messages = 0;
  std::uint64_t rows = 0;
  std::vector<double> copy_load, copy_group, copy_all;
  std::vector<double> without_books, replay_all, replay_group, replay_postgres;
};

core::sql::Database wait_for(const std::string& url, bench::Child& server) {
  while (true) {
    auto db = core::postgres::open(url, {});
    if (db) return std::move(db).value();
    CORE_CHECK(server.running());
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

Figures run(const Words& words) {
  Fleet fleet(words.tills, words.threads, words.directory / "log");
  for (std::size_t day = 0; day < words.days; ++day) fleet.send_day();
  const auto place = words.directory / "postgres";
  std::filesystem::create_directories(place);
  const auto server = need(bench::start_postgres(
      {place, {}}, {"listen_addresses=", "unix_socket_directories=" + place.string()}));
  const std::string url = "postgres://postgres@/postgres?host=" + place.string();
  auto db = wait_for(url, *server);
  Figures f;
  f.messages = fleet.messages();
  const auto books = words.directory / "books.db";
  for (std::size_t round = 0; round < words.rounds; ++round) {
    std::filesystem::remove(books);
    std::int64_t net_minor = 0;
    const ReplayTimes ours = replay_and_group(fleet, words, books, net_minor);
    if (round == 0) {
      std::filesystem::create_directories(place / "rows");
      f.rows = write_rows(books, place / "rows");
    }
    const CopyTimes theirs = load_and_group(db, place / "rows", net_minor);
    const std::string schema = "books_" + std::to_string(round);
    need(db.exec("CREATE SCHEMA " + schema));
    const ReplayTimes server_books =
        replay_and_group(fleet, words, url + "&options=-csearch_path%3D" + schema, net_minor);
    need(db.exec("DROP SCHEMA " + schema + " CASCADE"));
    f.copy_load.push_back(theirs.load);
    f.copy_group.push_back(theirs.group);
    f.copy_all.push_back(theirs.all());
    f.without_books.push_back(ours.without_books);
    f.replay_all.push_back(ours.all);
    f.replay_group.push_back(ours.group);
    f.replay_postgres.push_back(server_books.all);
    std::fprintf(stderr,
                 "round %zu: COPY %.3f + GROUP BY %.3f s; replay without books %.3f, with %.3f, "
                 "figures %.3f, books in PostgreSQL %.3f s\n",
                 round + 1, theirs.load, theirs.group, ours.without_books, ours.all, ours.group,
                 server_books.all);
  }
  return f;
}

void print(const Figures& f) {
  const double copy = median(f.copy_all);
  std::printf("%llu messages, %llu rows to load; medians\n",
              static_cast<unsigned long long>(f.messages), static_cast<unsigned long long>(f.rows));
  std::printf("  COPY, committed                        %8.3f s\n", median(f.copy_load));
  std::printf("  GROUP BY: trial balance, store/month   %8.3f s\n", median(f.copy_group));
  std::printf("  both                                   %8.3f s\n", copy);
  std::printf("  replay without the books' rows         %8.3f s: %.2f x as fast (asked: 5)\n",
              median(f.without_books), copy / median(f.without_books));
  std::printf("  replay with them, digest and sync      %8.3f s: %.2f x\n", median(f.replay_all),
              copy / median(f.replay_all));
  std::printf("  figures by account and store of it     %8.3f s: %.2f x\n", median(f.replay_group),
              median(f.copy_group) / median(f.replay_group));
  std::printf("  replay into books in PostgreSQL        %8.3f s: %.2f x\n",
              median(f.replay_postgres), copy / median(f.replay_postgres));
}

void write_json(const std::string& path, const Figures& f) {
  if (path.empty()) return;
  const double copy = median(f.copy_all);
  const nlohmann::ordered_json out = {{"commit", sweep::kCommit},
                                      {"machine", sweep::machine_description()},
                                      {"messages", f.messages},
                                      {"rows", f.rows},
                                      {"copy_seconds", f.copy_load},
                                      {"group_by_seconds", f.copy_group},
                                      {"replay_without_books_seconds", f.without_books},
                                      {"replay_seconds", f.replay_all},
                                      {"figures_seconds", f.replay_group},
                                      {"replay_into_postgresql_seconds", f.replay_postgres},
                                      {"ratio_without_books", copy / median(f.without_books)},
                                      {"ratio_with_books", copy / median(f.replay_all)}};
  std::FILE* file = path == "-" ? stdout : std::fopen(path.c_str(), "w");
  if (file == nullptr) {
    std::fprintf(stderr, "bench_copy: %s cannot be written\n", path.c_str());
    std::exit(1);
  }
  std::fprintf(file, "%s\n", out.dump(2).c_str());
  if (file != stdout) std::fclose(file);
}

}  // namespace

int main(int argc, char** argv) {
  Words words;
  CLI::App app{"A replay, beside the same summaries loaded with COPY and grouped, unverified"};
  app.add_option("--directory", words.directory, "Scratch directory, emptied first");
  app.add_option("--tills", words.tills, "Tills; each sends two messages a day");
  app.add_option("--days", words.days, "Days in the log");
  app.add_option("--rounds", words.rounds, "Each side in turn, so often");
  app.add_option("--threads", words.threads, "Of the replay; 0: one a core");
  app.add_option("--json", words.json, "Also write the figures to this file; - for stdout");
  CLI11_PARSE(app, argc, argv);
  if (::access((std::string(bench::kPostgresPrograms) + "postgres").c_str(), X_OK) != 0) {
    std::fprintf(stderr, "bench_copy: PostgreSQL 15 is not installed\n");
    return 1;
  }
  std::filesystem::remove_all(words.directory);
  std::filesystem::create_directories(words.directory);
  const Figures figures = run(words);
  print(figures);
  write_json(words.json, figures);
  std::filesystem::remove_all(words.directory);
  return 0;
}
