// Books in PostgreSQL beside books in an SQLite file: one digest, the same words, the same
// promises.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <functional>
#include <set>
#include <thread>

#include "core/base/random.h"
#include "ledger-rebuild/booked_points.h"
#include "ledger-rebuild/completeness.h"
#include "ledger-rebuild/deliveries.h"
#include "ledger-rebuild/export_formats.h"
#include "ledger-rebuild/figures.h"
#include "ledger-rebuild/period_close.h"
#include "ledger-rebuild/print_report.h"
#include "ledger-rebuild/products_report.h"
#include "ledger-rebuild/rotations.h"
#include "ledger-rebuild/rows.h"
#include "ledger-rebuild/verify_books.h"
#include "tests/support/count_drawer.h"
#include "tests/support/postgres_server.h"
#include "tests/support/process.h"
#include "tests/support/rebuild_books.h"
#include "tests/support/rebuild_fleet.h"
#include "tests/support/rebuild_log.h"

using core::Bytes;
using core::Errc;
using core::Money;
using core::Random;
using rebuild::BooksDigest;
using rebuild::Verify;
using test::Fleet;
using test::PostgresServer;

namespace {

const std::string kProgram = std::string(DAYBOOK_BIN_DIR) + "/daybook-rebuild";

constexpr std::uint64_t kMembers = 3;

core::retail::MemberKey member_of(std::uint64_t number) {
  return *core::retail::MemberKey::from(Bytes(16, static_cast<std::uint8_t>(250 + number)));
}

core::retail::Summary random_summary(Random& random, int day, bool is_opening) {
  core::retail::Components moved;
  for (std::uint64_t k = random.between(0, 3); k > 0; --k) {
    moved[core::ProductId{random.between(1, 6)}] =
        core::Quantity{static_cast<std::int64_t>(random.between(1, 9000))};
  }
  if (is_opening) return test::opening(day, moved);
  auto out = test::closing(day, static_cast<std::int64_t>(random.between(1, 100000)),
                           random.between(1, 9), moved);
  out.discount = Money{static_cast<std::int64_t>(random.between(0, 300)), out.currency};
  out.sold[core::ProductId{random.between(1, 9)}] = {core::Quantity{1500}, out.net};
  if (random.between(0, 1) == 0) out.on_hand[core::ProductId{3}] = core::Quantity{day};
  if (random.between(0, 1) == 0) {
    out.refunded_receipts[{{}, random.between(1, 4)}] = Money{7, out.currency};
  }
  if (random.between(0, 2) > 0) {
    out.operators[core::OperatorId{static_cast<std::uint32_t>(random.between(1, 3))}] = {
        out.sales, out.net, out.discount, 0, 0, Money{0, out.currency}};
  }
  for (std::uint64_t k = random.between(0, 2); k > 0; --k) {
    out.members[member_of(random.between(0, kMembers - 1))] = {
        static_cast<std::int64_t>(random.between(0, 40)) - 10,
        static_cast<std::int64_t>(random.between(1, 9))};
  }
  test::count_drawer(out, static_cast<std::int64_t>(random.between(0, 20)) - 10);
  return out;
}

// Honest days of a few tills, with clones, copies, forgeries, strangers and payloads that are none
// among them.
struct World {
  explicit World(Random& random) {
    const std::size_t tills = random.between(2, 6);
    for (std::uint32_t i = 0; i < tills; ++i) fleet.enrol(1 + i / 2, 9 + i % 2);
    for (std::size_t till = 0; till < tills; ++till) {
      const int days = static_cast<int>(random.between(1, 6));
      for (int day = 1; day <= 2 * days; ++day)
        add(random, till, 20480 + 7 * day / 2, day % 2 == 1);
    }
    log.push_back(core::to_bytes(core::as_bytes("no message\xff")));
    const std::size_t office = fleet.enrol(0, 0);
    close(office, 20490);
    decide(office, rebuild::ProductMerge{{minted(1)}, minted(0)});
    const auto merged = fleet.till(office);
    decide(office, rebuild::ProductSplit{{minted(0)}});
    decide(office, rebuild::ProductUndo{merged.epoch, merged.sequence, merged.prev});
  }

  // Head office closes the days up to one, in which it has of each till what it sent first.
  void close(std::size_t office, int last) {
    rebuild::PeriodClose close{core::BusinessDay{last}, {}, {}};
    for (std::size_t till = 0; till < office; ++till) {
      const auto& end = fleet.till(till);
      close.covered.push_back({end.ref, end.epoch, core::Sequence{1}, first_ids[till]});
    }
    log.push_back(fleet.next_bulletin(office, rebuild::encode_period_close(close)));
  }

  void decide(std::size_t office, const rebuild::ProductBulletin& bulletin) {
    log.push_back(fleet.next_bulletin(office, rebuild::encode_product_bulletin(bulletin)));
  }
  core::ProductId minted(std::size_t till) {
    const auto& end = fleet.till(till);
    return *core::retail::minted_id({end.ref, end.epoch, 1});
  }

  // On its first day a till has a product of its own, which some others have, too.
  void mint(std::size_t till, core::retail::Summary& summary) {
    auto* opening = std::get_if<core::retail::Opening>(&summary);
    if (opening == nullptr || first_ids.contains(till)) return;
    opening->currency = *core::Currency::parse("USD");
    opening->received[minted(till)] = test::units(3);
    opening->definitions[minted(till)] = {till % 3 == 0 ? "Pflaumenmus" : "Plum jam",
                                          core::TaxCode{0},
                                          {340, opening->currency},
                                          {},
                                          "Glas",
                                          true};
    if (till % 2 == 0) opening->definitions[minted(till)].gtin = 4006381333931;
  }

  // Now and then a till asks for a key, which may be that of another.
  void ask(Random& random, std::size_t till, core::retail::Summary& summary) {
    auto* opening = std::get_if<core::retail::Opening>(&summary);
    if (opening == nullptr || random.between(0, 2) > 0) return;
    const auto key = test::key_number(random.between(1, 9));
    const auto sealing = core::envelope::SealingPrivateKey::from(key.seed()).value();
    const auto asked = core::envelope::make_enrol_request(test::kOrigin, fleet.till(till).ref, key,
                                                          sealing.public_key());
    opening->next_keys = core::retail::KeyRequest{asked.key, asked.sealing_key, asked.proof};
  }

  void add(Random& random, std::size_t till, int day, bool is_opening) {
    const auto before = fleet.till(till);
    auto summary = random_summary(random, day, is_opening);
    mint(till, summary);
    ask(random, till, summary);
    const Bytes payload = core::retail::encode_summary(summary);
    const Bytes sent = fleet.next(till, summary);
    first_ids.try_emplace(till, core::envelope::message_id(sent));
    const auto header = test::header_after(before);
    switch (random.between(1, 12)) {
      case 1:  // a clone
        log.push_back(test::sign(
            header, core::retail::encode_summary(random_summary(random, day + 90, is_opening)),
            before.key));
        break;
      case 2:
        log.push_back(test::sign_again(header, payload, before.key, random()));
        break;
      case 3: {
        auto signature = test::signature_of(sent);
        signature.bytes[3] ^= 1;
        log.push_back(test::with_signature(sent, signature));
        break;
      }
      case 4: {  // a currency that is no text, which the reason may quote
        Bytes odd = payload;
        const std::string usd = "USD";
        const auto at = std::search(odd.begin(), odd.end(), usd.begin(), usd.end());
        if (at != odd.end()) at[0] = at[2] = 0;
        log.push_back(sent);
        log.push_back(fleet.next_payload(till, odd));
        return;
      }
      default:
        break;
    }
    log.push_back(sent);
  }

  Fleet fleet;
  std::vector<Bytes> log;
  std::map<std::size_t, core::envelope::MessageId> first_ids;
};

// Some products have a cost, which changes in the midst of a month.
rebuild::Settings some_costs() {
  rebuild::Settings out;
  const auto usd = *core::Currency::parse("USD");
  for (const std::uint64_t product : {1U, 3U, 5U}) {
    out.products[core::ProductId{product}] = {
        "product",
        "department",
        core::TaxCode{0},
        usd,
        {{core::BusinessDay{0}, 123'456}, {core::BusinessDay{20490}, 130'000}}};
  }
  out.has_products = true;
  return out;
}

core::Result<rebuild::ReplayOutcome> replay(const World& world, rebuild::Source& source,
                                            const std::filesystem::path& books,
                                            rebuild::ReplayOptions options = {}) {
  return rebuild::replay(source, world.fleet.roster(), books, options);
}

rebuild::Books open(const std::filesystem::path& file) {
  auto books = rebuild::Books::open(file);
  REQUIRE_MESSAGE(books.has_value(), core::describe(books.error()));
  return std::move(books).value();
}

template <typename T>
T need(core::Result<T> result) {
  REQUIRE_MESSAGE(result.has_value(), core::describe(result.error()));
  return std::move(result).value();
}

// All that head office can read, as text.
std::string everything(const std::filesystem::path& file) {
  const auto books = open(file);
  const rebuild::Settings settings = some_costs();
  std::string out =
      rebuild::report_json(need(rebuild::read_report(books, core::BusinessDay{20490}, settings)));
  using rebuild::By;
  for (const auto& range :
       {rebuild::FigureRange{},
        rebuild::FigureRange{core::BusinessDay{20485}, core::BusinessDay{20500}},
        rebuild::FigureRange{core::BusinessDay{20485}, std::nullopt}}) {
    for (const By by : {By::kStore, By::kTill, By::kDay, By::kMonth, By::kTender, By::kTax,
                        By::kAccount, By::kProduct, By::kOperator, By::kCount, By::kDepartment}) {
      out += rebuild::table_csv(need(rebuild::figures(books, by, range, {}, settings)));
    }
  }
  out += rebuild::products_json(rebuild::product_tables(need(rebuild::read_products(books))));
  out += rebuild::deliveries_json(need(rebuild::read_deliveries(books)));
  out += rebuild::completeness_json(need(rebuild::completeness(books, std::nullopt, 2)), {});
  auto points = need(rebuild::BookedPoints::open(file));
  for (std::uint64_t i = 0; i <= kMembers; ++i) {
    out += std::to_string(need(points.balance(member_of(i)))) + " points\n";
  }
  std::vector<core::envelope::Kid> kids;
  const auto listed =
      rebuild::for_rows(books.database(), "SELECT kid FROM chains ORDER BY kid",
                        [&](const core::sql::Statement& row) -> core::Result<void> {
                          kids.push_back(*core::envelope::Kid::from(row.column_blob(0)));
                          return {};
                        });
  CHECK(listed);
  for (const auto& kid : kids) {
    for (int day = 20480; day < 20520; ++day) {
      const auto closing = need(points.closing(kid, core::BusinessDay{day}));
      if (!closing) continue;
      out += kid.hex() + " " + std::to_string(day) + " " + std::to_string(*closing) + " " +
             std::to_string(need(points.stands(*closing, core::BusinessDay{day})) ? 1 : 0) + "\n";
    }
  }
  for (const char* name : {"ledger", "hledger", "beancount", "csv", "json"}) {
    const auto format = need(rebuild::export_format(name));
    need(rebuild::export_books(books, settings, {}, *format, [&](std::string_view text) {
      out += text;
      return core::Result<void>{};
    }));
  }
  const auto problems = need(rebuild::verify_books(books));
  for (const auto& problem : problems) CHECK_MESSAGE(false, problem);
  const auto states = need(books.state_counts());
  return out + std::to_string(states.all()) + " " + std::to_string(states.proven) + " " +
         need(books.digest()).books.hex() + " " + need(books.stored_digest()).figures.hex();
}

// What is to be enrolled and to end, as text.
std::string rotations(const std::filesystem::path& file, const World& world) {
  const auto books = open(file);
  const auto found = need(rebuild::find_rotations(books, world.fleet.roster()));
  std::string out;
  for (const auto& one : found.asked) out += core::envelope::enrol_request_text(one);
  for (const auto& one : found.refused) {
    out += to_string(one.till) + " " + to_string(one.epoch) + " " + one.why + "\n";
  }
  for (const auto& one : found.over) out += to_string(one.till) + " " + one.last.id.hex() + "\n";
  return out;
}

void shuffle(Random& random, std::vector<Bytes>& log) {
  for (std::size_t i = log.size(); i > 1; --i) {
    std::swap(log[i - 1], log[random.between(0, i - 1)]);
  }
}

// Into both, in the same pieces and with the same holes.
void deliver(Random& random, const World& world, const std::string& url, BooksDigest& digest) {
  const test::TempDir dir;
  std::vector<Bytes> log = world.log;
  if (random.between(0, 1) == 0) shuffle(random, log);
  std::size_t given = 0;
  for (std::uint64_t pieces = random.between(1, 4); pieces > 0; --pieces) {
    given = pieces == 1 ? log.size() : random.between(given, log.size());
    const std::vector<Bytes> piece(log.begin(), log.begin() + static_cast<std::ptrdiff_t>(given));
    std::set<std::uint64_t> lost;
    if (pieces > 1 && given > 0)
      lost = {random.between(0, given - 1), random.between(0, given - 1)};
    const Verify verify = random.between(0, 1) == 0 ? Verify::kEvery : Verify::kTips;
    test::HoledSource one(piece, lost);
    test::HoledSource other(piece, lost);
    const auto in_file = replay(world, one, dir / "books.db", {.verify = verify});
    const auto in_server = replay(world, other, url, {.verify = verify});
    REQUIRE_MESSAGE(in_file.has_value(), core::describe(in_file.error()));
    REQUIRE_MESSAGE(in_server.has_value(), core::describe(in_server.error()));
    CHECK(in_server->digest == in_file->digest);
    CHECK(in_server->states == in_file->states);
    CHECK(in_server->messages_new == in_file->messages_new);
    digest = in_file->digest;
  }
  CHECK(everything(url) == everything(dir / "books.db"));
  CHECK(rotations(url, world) == rotations(dir / "books.db", world));
}

// Gives a log's entries one by one, and does something in their midst.
class InterruptedSource final : public rebuild::Source {
 public:
  InterruptedSource(std::vector<Bytes> log, std::function<void()> in_the_midst)
      : log_(std::move(log)), in_the_midst_(std::move(in_the_midst)) {}

  core::Result<void> reach() override { return {}; }
  core::Result<rebuild::SourceState> read(core::LogIndex from,
                                          const rebuild::TakeLot& take) override {
    for (std::uint64_t i = from.value; i < log_.size(); ++i) {
      if (i == log_.size() / 2) std::exchange(in_the_midst_, [] {})();
      const rebuild::SourceEntry entry{core::LogIndex{i}, log_[i]};
      TRY(take({&entry, 1}));
    }
    rebuild::SourceState state;
    state.end = core::LogIndex{log_.size()};
    return state;
  }
  std::string name() const override { return "a log"; }

 private:
  std::vector<Bytes> log_;
  std::function<void()> in_the_midst_;
};

// Books of half a log in PostgreSQL, and what they are to become.
struct Halfway {
  explicit Halfway(std::uint64_t seed) : random(seed), world(random), log(world.log) {
    shuffle(random, log);
    const auto half = rebuild::memory_source({log.begin(), log.begin() + middle()});
    old_digest = need(replay(world, *half, url)).digest;
    const auto all = rebuild::memory_source(log);
    new_digest = need(replay(world, *all, dir / "books.db")).digest;
    CHECK(old_digest != new_digest);
  }
  std::ptrdiff_t middle() const { return static_cast<std::ptrdiff_t>(log.size() / 2); }
  core::Result<rebuild::ReplayOutcome> replay_all(std::function<void()> in_the_midst = [] {}) {
    InterruptedSource source(log, std::move(in_the_midst));
    return replay(world, source, url);
  }
  BooksDigest digest() const { return need(open(url).digest()); }
  void check_old_and_finish() {
    CHECK(digest() == old_digest);
    CHECK(need(open(url).stored_digest()) == old_digest);
    CHECK(need(replay_all()).digest == new_digest);
    CHECK(digest() == new_digest);
  }

  Random random;
  World world;
  std::vector<Bytes> log;
  test::TempDir dir;
  PostgresServer& server = PostgresServer::shared();
  std::string url = server.fresh_books();
  BooksDigest old_digest, new_digest;
};

}  // namespace

TEST_CASE("one set of messages gives SQLite and PostgreSQL one digest and the same words") {
  if (PostgresServer::is_missing()) return;
  for (std::uint64_t seed = 1; seed <= (test::kSanitized ? 3 : 12); ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const World world(random);
    BooksDigest first, second;
    deliver(random, world, PostgresServer::shared().fresh_books(), first);
    deliver(random, world, PostgresServer::shared().fresh_books(), second);
    CHECK(first == second);
  }
}

TEST_CASE("a replay whose connection is cut, or whose server dies, leaves the books as they were") {
  if (PostgresServer::is_missing()) return;
  for (const char* how : {"pg_terminate_backend(pid)", "pid"}) {
    CAPTURE(how);
    Halfway half(how[1] == 'g' ? 21 : 22);
    const auto outcome = half.replay_all([&] {
      const auto pid = half.server.query_int(
          "SELECT CAST(MAX(pid) AS BIGINT) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
          "AND application_name = 'daybook-rebuild' AND state = 'idle in transaction'");
      REQUIRE(pid > 0);
      if (how[1] == 'g') {
        half.server.exec("SELECT pg_terminate_backend(" + std::to_string(pid) + ")");
      } else {
        REQUIRE(::kill(static_cast<pid_t>(pid), SIGKILL) == 0);
      }
    });
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().code == Errc::kNetwork);
    half.server.wait_until_ready();
    half.check_old_and_finish();
  }
}

TEST_CASE(
    "a second replay into PostgreSQL is told that the books are busy; readers see the old ones") {
  if (PostgresServer::is_missing()) return;
  Halfway half(31);
  const auto outcome = half.replay_all([&] {
    const auto second = half.replay_all();
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().code == Errc::kBusy);
    CHECK(half.digest() == half.old_digest);
  });
  REQUIRE_MESSAGE(outcome.has_value(), core::describe(outcome.error()));
  CHECK(outcome->digest == half.new_digest);
  CHECK(half.digest() == half.new_digest);
}

TEST_CASE("a replay into PostgreSQL whose disk says no leaves the books as they were") {
  if (PostgresServer::is_missing()) return;
  Halfway half(41);
  const std::string schema = half.url.substr(half.url.find("%3D") + 3);
  const auto refuse = [&](const std::string& table, const std::string& on) {
    half.server.exec("SET search_path = " + schema +
                     "; CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
                     "BEGIN RAISE 'no space' USING ERRCODE = 'disk_full'; END $$; "
                     "CREATE TRIGGER refuse BEFORE " +
                     on + " ON " + table + " FOR EACH ROW EXECUTE FUNCTION refuse()");
  };
  for (const auto& [table, on] : {std::pair{"messages", "INSERT"}, std::pair{"postings", "INSERT"},
                                  std::pair{"meta", "UPDATE"}, std::pair{"chains", "UPDATE"},
                                  std::pair{"month_takings", "INSERT OR UPDATE"}}) {
    const auto& its_table = table;
    CAPTURE(its_table);
    refuse(table, on);
    const auto outcome = half.replay_all();
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().code == Errc::kDiskFull);
    CHECK(half.digest() == half.old_digest);
    half.server.exec("DROP TRIGGER refuse ON " + schema + "." + table);
  }
  half.check_old_and_finish();
}

TEST_CASE("another version, another origin and other people's tables are refused in PostgreSQL") {
  if (PostgresServer::is_missing()) return;
  Halfway half(51);
  const std::string schema = half.url.substr(half.url.find("%3D") + 3);
  const auto is_refused = [&](const std::string& url, const char* word) {
    const auto source = rebuild::memory_source(half.log);
    const auto outcome = replay(half.world, *source, url);
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().code == Errc::kMalformed);
    CHECK(outcome.error().what.find(word) != std::string::npos);
    return rebuild::Books::open(url).error().code == Errc::kMalformed;
  };
  const std::string strange = half.server.fresh_books();
  half.server.exec("CREATE TABLE " + strange.substr(strange.find("%3D") + 3) + ".grades(a TEXT)");
  CHECK(is_refused(strange, "no books"));
  CHECK(rebuild::Books::open(half.server.fresh_books()).error().code == Errc::kMalformed);  // empty
  half.server.exec("UPDATE " + schema + ".sql_marks SET version = version - 1");
  CHECK(is_refused(half.url, "books of version"));
  half.server.exec("UPDATE " + schema + ".sql_marks SET version = version + 1");
  half.check_old_and_finish();
}

TEST_CASE("a row that was changed in PostgreSQL is found by verify") {
  if (PostgresServer::is_missing()) return;
  Halfway half(61);
  const std::string schema = half.url.substr(half.url.find("%3D") + 3);
  need(half.replay_all());
  CHECK(need(rebuild::verify_books(open(half.url))).empty());
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"UPDATE postings SET amount_minor = amount_minor + 1 WHERE message = (SELECT MIN(message) "
       "FROM postings)",
       "UPDATE postings SET amount_minor = amount_minor - 1 WHERE message = (SELECT MIN(message) "
       "FROM postings)"},
      {"UPDATE sold SET thousandths = thousandths + 1",
       "UPDATE sold SET thousandths = thousandths - 1"},
      {"UPDATE month_accounts SET debit_minor = debit_minor + 1",
       "UPDATE month_accounts SET debit_minor = debit_minor - 1"},
      {"UPDATE month_takings SET net_minor = net_minor + 1",
       "UPDATE month_takings SET net_minor = net_minor - 1"},
      {"UPDATE month_products SET net_minor = net_minor + 1",
       "UPDATE month_products SET net_minor = net_minor - 1"},
      {"UPDATE quarantine SET detail = detail || 'x'::bytea",
       "UPDATE quarantine SET detail = substring(detail FROM 1 FOR length(detail) - 1)"},
      {"UPDATE chains SET whole = 1 - whole", "UPDATE chains SET whole = 1 - whole"}};
  for (const auto& [change, back] : changes) {
    const auto& its_change = change;
    CAPTURE(its_change);
    half.server.exec("SET search_path = " + schema + "; " + change);
    CHECK_FALSE(need(rebuild::verify_books(open(half.url))).empty());
    half.server.exec("SET search_path = " + schema + "; " + back);
  }
  CHECK(need(rebuild::verify_books(open(half.url))).empty());
  half.server.exec("DELETE FROM " + schema + ".messages WHERE number = (SELECT last FROM " +
                   schema + ".chains WHERE last IS NOT NULL LIMIT 1)");
  CHECK(open(half.url).digest().error().code == Errc::kDamaged);
}

TEST_CASE("the program keeps books in PostgreSQL: every command, killed at random, in nights") {
  if (PostgresServer::is_missing()) return;
  Halfway half(71);
  test::write_head_office(half.dir / "ho", half.world.fleet);
  test::append_log(half.dir / "log", half.log);
  const std::string url = half.server.fresh_books();
  const std::string file = half.dir / "program.db";
  const auto command = [&](std::vector<std::string> words, const std::string& books) {
    words.insert(words.begin(), kProgram);
    words.insert(words.end(), {"--books", books});
    return words;
  };
  const std::vector<std::string> replay_words = {"replay", "--log", half.dir / "log",
                                                 "--head-office", half.dir / "ho"};
  int kills = 0;
  for (int round = 0; round < 20; ++round) {
    test::Process process(command(replay_words, url));
    std::this_thread::sleep_for(std::chrono::microseconds(half.random.between(1000, 90000)));
    process.signal(SIGKILL);
    kills += process.wait().status == 128 + SIGKILL;
    const auto books = rebuild::Books::open(url);
    if (books) CHECK(need(books->digest()) == half.new_digest);
  }
  MESSAGE("killed " << kills << " times");
  CHECK(kills > 0);
  CHECK(test::run(command(replay_words, file)).status == 1);  // something is in quarantine
  CHECK(test::run(command(replay_words, url)).status == 1);
  CHECK(need(open(url).digest()) == half.new_digest);
  test::write_file(half.dir / "paid.csv", core::as_bytes("store,day,amount,currency\n"
                                                         "1,2026-02-01,5.00,USD\n"));
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"report", "--json"},
        {"report", "--all", "--as-of", "2026-03-01"},
        {"verify"},
        {"verify", "--log", half.dir / "log", "--head-office", half.dir / "ho"},
        {"verify", "--hash-only", "--log", half.dir / "log", "--head-office", half.dir / "ho"},
        {"figures", "--by", "month", "--output", "csv"},
        {"completeness", "--json"},
        {"export", "--format", "json"},
        {"reconcile", "--json", "--banked", half.dir / "paid.csv"}}) {
    CAPTURE(words.front());
    const auto in_file = test::run(command(words, file));
    const auto in_server = test::run(command(words, url));
    CHECK(in_server.out == in_file.out);
    CHECK(in_server.err == in_file.err);
    CHECK(in_server.status == in_file.status);
    CHECK_MESSAGE(!in_file.out.empty(), in_file.err);
  }
  CHECK(test::run(command({"page", "--html", half.dir / "a.html"}, file)).status == 0);
  CHECK(test::run(command({"page", "--html", half.dir / "b.html"}, url)).status == 0);
  CHECK(test::read_file(half.dir / "a.html") == test::read_file(half.dir / "b.html"));
  const auto refused = test::run(command(
      {"report"}, "postgres://me:secret@/postgres?host=" + (half.dir / "nowhere").string()));
  CHECK(refused.status == 1);
  CHECK((refused.out + refused.err).find("secret") == std::string::npos);
}
