// bench_rebuild: a replay with every signature checked, without its books, beside libsodium's bare
// verify rate on all cores, in alternating pairs; and the writing of the books beside a bulk insert
// of the same rows. See docs/performance.md.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <variant>

#include "core/disk/log_writer.h"
#include "core/sqlite/database.h"
#include "ledger-rebuild/books_schema.h"
#include "ledger-rebuild/parallel.h"
#include "ledger-rebuild/replay.h"
#include "ledger-rebuild/resolve.h"
#include "scripts/bench/bench_support.h"
#include "scripts/poc_scale/commit.h"
#include "scripts/poc_scale/measure.h"

namespace {

using bench::Clock;
using bench::median;
using bench::need;
using bench::seconds_since;
using core::Bytes;
using core::envelope::PrivateKey;
using core::envelope::PublicKey;
using core::envelope::Roster;
using core::envelope::SealingKey;
using core::envelope::SealingPrivateKey;
using core::retail::Closing;
using core::retail::Opening;

struct Words {
  std::filesystem::path directory = "/tmp/daybook-bench-rebuild";
  std::string json;
  std::size_t tills = 10000;
  std::size_t pairs = 11;
  unsigned threads = 0;
};

// What libsodium needs for one signature, and nothing else.
struct Signed {
  PublicKey key;
  Bytes input;
  core::envelope::Signature signature;
};

struct Load {
  Roster roster;
  std::vector<Bytes> messages;
  std::vector<Signed> bare;
};

core::retail::Components parts(std::int64_t sets) {
  const auto units = [](std::int64_t n) { return core::Quantity{n * core::Quantity::kUnit}; };
  return {{core::ProductId{133}, units(4 * sets)},
          {core::ProductId{134}, units(sets)},
          {core::ProductId{135}, units(sets)}};
}

// One GardenWorld day: four sets sold, one of them voided on every seventh till.
Closing closing_of(std::size_t till, core::BusinessDay day) {
  const auto usd = need(core::Currency::parse("USD"));
  const bool voided = till % 7 == 0;
  Closing out = core::retail::empty_closing(day, usd);
  out.sales = voided ? 2 : 3;
  out.voids = voided ? 1 : 0;
  out.net = core::Money{voided ? 150000 : 200000, usd};
  out.taxes[core::TaxCode{1}] = {out.net, core::Money{0, usd}};
  out.tenders[core::retail::TenderKind::kCash] = out.net;
  out.consumed = parts(voided ? 3 : 4);
  for (const auto series : core::retail::kSaleSeries) out.numbers[series] = {1, 3};
  if (voided) out.numbers[core::retail::Series::kVoid] = {1, 1};
  out.grand_totals.sales = out.net;
  out.root = core::envelope::sha256({});
  return out;
}

struct Keys {
  PrivateKey key;
  SealingKey sealing_key;
};

void add_message(Load& load, core::envelope::Header& header, const core::retail::Summary& summary,
                 const Keys& keys) {
  const PrivateKey& key = keys.key;
  const Bytes payload =
      core::envelope::seal(keys.sealing_key, core::envelope::encode_header(header),
                           core::retail::encode_summary(summary));
  Bytes bytes = need(core::envelope::sign_message(header, payload, key));
  const auto message = need(core::envelope::parse_message(bytes));
  load.bare.push_back(
      Signed{key.public_key(),
             core::envelope::signature_input(message.protected_header, {}, message.payload),
             message.signature});
  header.prev = core::envelope::message_id(bytes);
  ++header.sequence.value;
  load.messages.push_back(std::move(bytes));
}

// All openings, then all closings, as two waves deliver them. Sealed, with the keys that head
// office agreed on when it enrolled the tills.
Load make_load(std::size_t tills) {
  constexpr const char* kOrigin = "bench.example/rebuild";
  const PrivateKey head_office = PrivateKey::generate();
  Load load{need(Roster::read({}, kOrigin, head_office.public_key())), {}, {}};
  const auto sealing_key = SealingPrivateKey::generate();
  need(load.roster.name_sealing_key(sealing_key.public_key(), head_office));
  std::vector<Keys> keys;
  std::vector<core::envelope::Header> headers(tills);
  const core::BusinessDay day = need(core::parse_business_day("2026-11-21"));
  for (std::size_t i = 0; i < tills; ++i) {
    const PrivateKey key = PrivateKey::generate();
    const core::TillRef ref{core::StoreId{static_cast<std::uint32_t>(i + 1)}, core::TillId{1}};
    need(load.roster.enrol(core::envelope::make_enrol_request(
                               kOrigin, ref, key, SealingPrivateKey::generate().public_key()),
                           head_office));
    headers[i].content_type = core::envelope::ContentType::kSealedSummary;
    headers[i].kid = core::envelope::derive_kid(kOrigin, key.public_key());
    headers[i].epoch = core::Epoch{1};
    headers[i].sequence = core::Sequence{1};
    const auto& enrolment = *load.roster.find(headers[i].kid);
    headers[i].prev = enrolment.entry;
    const auto agreed = need(
        SealingKey::agree_as_head_office(sealing_key, *load.roster.sealing_context(enrolment)));
    load.roster.set_opener(headers[i].kid, agreed);
    keys.push_back({key, agreed});
    add_message(load, headers[i], Opening{day, parts(4), {}}, keys[i]);
  }
  for (std::size_t i = 0; i < tills; ++i) {
    add_message(load, headers[i], closing_of(i, day), keys[i]);
  }
  return load;
}

void write_log(const std::filesystem::path& directory, const std::vector<Bytes>& messages) {
  constexpr std::size_t kGroup = 96;
  core::disk::Recovery recovery;
  auto writer = need(core::disk::LogWriter::open(
      core::disk::posix_filesystem(), directory, {}, [](core::disk::LogEntry) {}, recovery));
  std::vector<core::disk::RecordPlace> places;
  for (std::size_t i = 0; i < messages.size(); i += kGroup) {
    std::vector<core::ByteView> group;
    for (std::size_t k = i; k < std::min(i + kGroup, messages.size()); ++k) {
      group.push_back(messages[k]);
    }
    need(writer->append_group(group, places));
  }
  need(writer->close());
}

double bare_verify(const Load& load, unsigned threads) {
  std::atomic<std::size_t> good{0};
  const auto start = Clock::now();
  rebuild::for_chunks(load.bare.size(), threads, [&](std::size_t begin, std::size_t end) {
    std::size_t valid = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const Signed& one = load.bare[i];
      valid += core::envelope::verify(one.key, one.input, one.signature);
    }
    good += valid;
  });
  const double seconds = seconds_since(start);
  CORE_CHECK(good == load.bare.size());
  return seconds;
}

// Everything that a replay does but the books: read, hash, verify, decode, resolve, fold.
double replay_without_books(const Load& load, const std::filesystem::path& log, unsigned threads) {
  const auto start = Clock::now();
  const auto content = need(rebuild::log_directory_source(log)->read(core::LogIndex{0}));
  rebuild::Intake intake;
  rebuild::take_up(content.entries, threads, intake);
  rebuild::find_enrolments(intake.items, load.roster, threads);
  rebuild::check_signatures(intake.items, rebuild::Verify::kEvery, threads, {});
  rebuild::decode_payloads(intake.items, threads);
  const auto verdicts = rebuild::resolve(intake.items);
  std::map<rebuild::Account, std::int64_t> balances;
  std::map<core::ProductId, std::int64_t> on_hand;
  for (std::size_t i = 0; i < intake.items.size(); ++i) {
    CORE_CHECK(verdicts[i].state == rebuild::State::kProven);
    for (const auto& posting : intake.items[i].entry.postings) {
      balances[posting.account] += posting.amount_minor;
    }
    for (const auto& move : intake.items[i].entry.moves) {
      on_hand[move.product] +=
          move.to == rebuild::Place::kStore ? move.thousandths : -move.thousandths;
    }
  }
  const double seconds = seconds_since(start);
  CORE_CHECK(intake.items.size() == load.messages.size());
  CORE_CHECK(balances[rebuild::Account::kCash] == -balances[rebuild::Account::kSalesRevenue]);
  return seconds;
}

using Value = std::variant<std::monostate, std::int64_t, std::string, Bytes>;
struct TableRows {
  std::string name;
  int columns = 0;
  std::vector<std::vector<Value>> rows;
};

Value value_at(core::sqlite::Statement& row, int column, const std::string& type) {
  if (row.column_is_null(column)) return std::monostate{};
  if (type == "BLOB") return core::to_bytes(row.column_blob(column));
  if (type == "TEXT") return std::string(row.column_text(column));
  return row.column_int(column);
}

TableRows read_table(core::sqlite::Database& db, const std::string& name) {
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

struct Writing {
  double write_seconds = 0;   // the replay's own, digest included
  double insert_seconds = 0;  // the same rows, bare
  double digest_seconds = 0;
  std::size_t rows = 0;
};

Writing measure_writing(const Load& load, const std::filesystem::path& log, const Words& words) {
  const auto books_file = words.directory / "books.db";
  std::filesystem::remove(books_file);
  const auto outcome = need(rebuild::replay(*rebuild::log_directory_source(log), load.roster,
                                            books_file, {.threads = words.threads}));
  Writing out;
  out.write_seconds = outcome.write_seconds;
  const auto books = need(rebuild::Books::open(books_file));
  const auto start = Clock::now();
  need(books.digest());
  out.digest_seconds = seconds_since(start);
  std::vector<TableRows> tables;
  for (const char* name : {"roster", "messages", "postings", "moves", "numbers", "quarantine"}) {
    tables.push_back(read_table(books.database(), name));
    out.rows += tables.back().rows.size();
  }
  out.insert_seconds = bulk_insert(tables, words.directory / "bulk.db");
  return out;
}

struct Figures {
  std::vector<double> verify_rates, replay_rates, ratios;
  std::vector<double> write_seconds, insert_seconds, digest_seconds;
  std::size_t rows = 0;
};

Figures measure(const Load& load, const Words& words) {
  const unsigned threads = rebuild::thread_count(words.threads);
  const auto log = words.directory / "log";
  const auto count = static_cast<double>(load.messages.size());
  Figures f;
  for (std::size_t pair = 0; pair < words.pairs; ++pair) {
    // Who goes first alternates too, so that a drift of the machine favours neither.
    double verify = 0;
    double replay = 0;
    if (pair % 2 == 0) verify = bare_verify(load, threads);
    replay = replay_without_books(load, log, threads);
    if (pair % 2 == 1) verify = bare_verify(load, threads);
    f.verify_rates.push_back(count / verify);
    f.replay_rates.push_back(count / replay);
    f.ratios.push_back(verify / replay);
    std::fprintf(stderr, "pair %zu: verify %.0f/s, replay %.0f/s, ratio %.3f\n", pair + 1,
                 f.verify_rates.back(), f.replay_rates.back(), f.ratios.back());
  }
  for (int round = 0; round < 5; ++round) {
    const Writing w = measure_writing(load, log, words);
    f.write_seconds.push_back(w.write_seconds);
    f.insert_seconds.push_back(w.insert_seconds);
    f.digest_seconds.push_back(w.digest_seconds);
    f.rows = w.rows;
  }
  return f;
}

void print(const Load& load, const Figures& f) {
  std::printf("%zu messages, medians\n", load.messages.size());
  std::printf("  libsodium verify, all cores    %10.0f messages/s\n", median(f.verify_rates));
  std::printf("  replay without books           %10.0f messages/s\n", median(f.replay_rates));
  std::printf("  ratio (at least 0.85)          %10.3f\n", median(f.ratios));
  std::printf("  books written, digest included %10.3f s, %zu rows\n", median(f.write_seconds),
              f.rows);
  std::printf("  bulk insert of the same rows   %10.3f s, %.0f rows/s\n", median(f.insert_seconds),
              static_cast<double>(f.rows) / median(f.insert_seconds));
  std::printf("  digest alone                   %10.3f s\n", median(f.digest_seconds));
}

void write_json(const std::string& path, const Load& load, const Figures& f) {
  if (path.empty()) return;
  const nlohmann::ordered_json out = {{"commit", sweep::kCommit},
                                      {"machine", sweep::machine_description()},
                                      {"messages", load.messages.size()},
                                      {"verify_per_second", median(f.verify_rates)},
                                      {"replay_per_second", median(f.replay_rates)},
                                      {"ratio", median(f.ratios)},
                                      {"ratios", f.ratios},
                                      {"rows", f.rows},
                                      {"write_seconds", median(f.write_seconds)},
                                      {"bulk_insert_seconds", median(f.insert_seconds)},
                                      {"digest_seconds", median(f.digest_seconds)}};
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
  CLI::App app{"Rebuild rate with every signature checked, beside libsodium's verify rate"};
  app.add_option("--directory", words.directory, "Scratch directory, emptied first");
  app.add_option("--tills", words.tills, "Tills; each sends two messages");
  app.add_option("--pairs", words.pairs, "Alternating pairs of measurements");
  app.add_option("--threads", words.threads, "0: one a core");
  app.add_option("--json", words.json, "Also write the figures to this file; - for stdout");
  CLI11_PARSE(app, argc, argv);
  std::filesystem::remove_all(words.directory);
  std::filesystem::create_directories(words.directory);
  const Load load = make_load(words.tills);
  write_log(words.directory / "log", load.messages);
  const Figures figures = measure(load, words);
  print(load, figures);
  write_json(words.json, load, figures);
  std::filesystem::remove_all(words.directory);
  return 0;
}
