// daybook-rebuild, the real program: from init to recover, with its words and exit statuses.
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>

#include "core/disk/log_reader.h"
#include "core/sqlite/database.h"
#include "core/wire/relay_client.h"
#include "tests/support/enrol.h"
#include "tests/support/process.h"
#include "tests/support/rebuild_log.h"

using core::Bytes;
using test::closing;
using test::opening;
using test::Outcome;
using test::units;

namespace {

Outcome rebuild(std::vector<std::string> words) {
  words.insert(words.begin(), std::string(DAYBOOK_BIN_DIR) + "/daybook-rebuild");
  return test::run(words);
}

bool says(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

const core::ProductId kChair{133};

// A head office, a log of two tills over two days, and words that name them.
struct Office {
  explicit Office(int days = 2) {
    fleet.enrol(4, 1);
    fleet.enrol(4, 2);
    for (int day = 1; day <= days; ++day) {
      for (std::size_t till = 0; till < 2; ++till) {
        log.push_back(fleet.next(till, opening(day, {{kChair, units(16)}})));
        log.push_back(fleet.next(till, closing(day, 150000, 2, {{kChair, units(12)}})));
      }
    }
    test::write_head_office(dir / "ho", fleet);
  }
  std::string path(std::string_view name) const { return (dir / name).string(); }
  Outcome replay(std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"replay",   "--log",   path("log"),     "--head-office",
                                      path("ho"), "--books", path("books.db")};
    words.insert(words.end(), more.begin(), more.end());
    return rebuild(words);
  }
  Outcome report(std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"report", "--books", path("books.db")};
    words.insert(words.end(), more.begin(), more.end());
    return rebuild(words);
  }
  nlohmann::json json() { return nlohmann::json::parse(report({"--json"}).out); }

  test::TempDir dir;
  test::Fleet fleet;
  std::vector<Bytes> log;
};

}  // namespace

TEST_CASE("init and enrol make a roster, and refuse what is there already") {
  test::TempDir dir;
  const std::string office = (dir / "ho").string();
  const Outcome made = rebuild({"init", "--dir", office, "--origin", "example.com/shops"});
  CHECK(made.status == 0);
  CHECK(says(made.out, "origin example.com/shops"));
  CHECK(rebuild({"init", "--dir", office, "--origin", "example.com/shops"}).status == 1);

  const auto enrol = [&](std::string_view origin, std::uint64_t key) {
    const core::TillRef till{core::StoreId{4}, core::TillId{1}};
    const auto request = test::enrol_request(origin, till, test::key_number(key));
    test::write_file(dir / "request", core::as_bytes(core::envelope::enrol_request_text(request)));
    return rebuild({"enrol", "--dir", office, "--request", (dir / "request").string()});
  };
  const Outcome first = enrol("example.com/shops", 1);
  CHECK(first.status == 0);
  CHECK(says(first.out, "till 4/1\nepoch 1\nentry "));
  const Outcome second = enrol("example.com/shops", 2);
  CHECK(second.status == 0);
  CHECK(says(second.out, "epoch 2"));
  const Outcome elsewhere = enrol("example.com/cafes", 3);
  CHECK(elsewhere.status == 1);
  CHECK(says(elsewhere.err, "the request is for the log 'example.com/cafes'"));
  CHECK(enrol("example.com/shops", 2).status == 1);
  const Outcome again =
      rebuild({"enrol", "--dir", office, "--request", (dir / "request").string()});
  CHECK(again.status == 1);
  CHECK(says(again.err, "exists: till 4/1"));
  CHECK(rebuild({"enrol", "--dir", office}).status == 2);
}

TEST_CASE("a log becomes books, twice over and in pieces, with one digest") {
  Office office;
  test::append_log(office.dir / "log", std::span(office.log).first(3));
  CHECK(office.replay().status == 0);
  test::append_log(office.dir / "log", std::span(office.log).subspan(3));
  const Outcome second = office.replay();
  CHECK(second.status == 0);
  CHECK(says(second.out, "read 5 new entries"));
  CHECK(says(office.replay().out, "read 0 new entries"));
  const auto pieces = office.json();
  CHECK(pieces["totals"][0]["net_minor"] == 600000);
  CHECK(pieces["totals"][0]["sales"] == 8);
  CHECK(pieces["stock"]["133"]["on_hand_thousandths"] == 16000);
  CHECK(pieces["messages"]["proven"] == 8);

  std::filesystem::remove(office.dir / "books.db");
  CHECK(office.replay({"--audit", "--threads", "3"}).status == 0);
  CHECK(office.json()["books_digest"] == pieces["books_digest"]);
  CHECK(says(office.report().out, "6000.00"));
  CHECK(rebuild({"verify", "--books", office.path("books.db")}).status == 0);
  const Outcome hashed =
      rebuild({"verify", "--books", office.path("books.db"), "--log", office.path("log"),
               "--head-office", office.path("ho"), "--hash-only"});
  CHECK(hashed.status == 0);
  CHECK(says(hashed.out, "8 entries hashed"));
  CHECK(rebuild({"verify", "--books", office.path("books.db"), "--hash-only"}).status == 2);
  CHECK(rebuild({"verify", "--books", office.path("books.db"), "--log", office.path("log"),
                 "--head-office", office.path("ho")})
            .status == 0);
}

TEST_CASE("quarantine makes replay and report say no, after all the work is done") {
  Office office;
  office.log.insert(office.log.begin() + 1, Bytes{1, 2, 3});
  test::append_log(office.dir / "log", office.log);
  CHECK(office.replay().status == 1);
  CHECK(office.report().status == 1);
  const auto json = office.json();
  CHECK(json["quarantined"][0]["reason"] == "malformed-message");
  CHECK(json["quarantined"][0]["log_index"] == 1);
  CHECK(json["totals"][0]["net_minor"] == 600000);
}

TEST_CASE("a damaged log is posted as far as it goes, and the damage is named") {
  Office office;
  test::append_log(office.dir / "log", std::span(office.log).first(4));
  test::append_log(office.dir / "log", std::span(office.log).subspan(4));
  bool damaged = false;
  for (const auto& entry : std::filesystem::directory_iterator(office.dir / "log")) {
    auto bytes = test::read_file(entry.path());
    const auto& wanted = office.log[1];
    const auto at = std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end());
    if (at == bytes.end()) continue;
    at[10] ^= 1;
    test::write_file(entry.path(), bytes);
    damaged = true;
  }
  REQUIRE(damaged);
  const Outcome outcome = office.replay();
  CHECK(outcome.status == 1);
  CHECK(says(outcome.err, "damaged log: "));
  const auto json = office.json();
  CHECK(json["messages"]["all"] == 7);
  CHECK(json["missing"].size() == 1);
  CHECK(json["totals"][0]["net_minor"] == 450000);
}

TEST_CASE("changed books are found, and another log too") {
  Office office;
  test::append_log(office.dir / "log", office.log);
  CHECK(office.replay().status == 0);
  {
    auto db = *core::sqlite::Database::open(office.dir / "books.db", {});
    REQUIRE(db.exec("UPDATE postings SET amount_minor = amount_minor + 1 WHERE account = 1000 "
                    "AND message = 1")
                .has_value());
  }
  const Outcome verify = rebuild({"verify", "--books", office.path("books.db")});
  CHECK(verify.status == 1);
  CHECK(says(verify.err, "wrong: an entry does not balance"));
  const Outcome replay = office.replay({"--audit"});
  CHECK(replay.status == 1);
  CHECK(says(replay.err, "damaged: "));
}

TEST_CASE("figures and completeness are asked for on the command line") {
  Office office;
  test::append_log(office.dir / "log", std::span(office.log).first(7));
  CHECK(office.replay().status == 0);
  const std::string books = office.path("books.db");
  const auto figures = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"figures", "--books", books, "--by"});
    return rebuild(more);
  };
  const Outcome stores = figures({"store", "--output", "csv"});
  CHECK(stores.status == 0);
  CHECK(says(stores.out, "store,currency,sales"));
  CHECK(says(figures({"tender"}).out, "cash"));
  test::write_file(office.dir / "regions.csv", core::as_bytes("store,region\n4,North\n"));
  CHECK(says(figures({"region", "--regions", office.path("regions.csv")}).out, "North"));
  CHECK(nlohmann::json::parse(figures({"month", "--output", "json"}).out).size() == 1);
  CHECK(figures({"region"}).status == 2);
  CHECK(figures({"store", "--regions", office.path("regions.csv")}).status == 2);
  CHECK(figures({"colour"}).status == 2);
  CHECK(figures({"region", "--regions", office.path("none.csv")}).status == 1);

  CHECK(rebuild({"page", "--books", books, "--html", office.path("page.html")}).status == 0);
  CHECK(says(std::string(core::as_text(test::read_file(office.dir / "page.html"))), "By tender"));
  CHECK(rebuild({"page", "--books", books}).status == 2);

  const std::vector<std::string> words = {"completeness", "--books", books};
  const Outcome open = rebuild(words);  // the last day is not closed
  CHECK(open.status == 1);
  CHECK(says(open.out, "not closed"));
  test::append_log(office.dir / "log", std::span(office.log).subspan(7));
  CHECK(office.replay().status == 0);
  CHECK(rebuild(words).status == 0);
  auto with_contacts = words;
  with_contacts.insert(with_contacts.end(), {"--contacts", office.path("regions.csv")});
  CHECK(rebuild(with_contacts).status == 1);
}

TEST_CASE("wrong words are exit status 2, missing things 1, and help is 0") {
  Office office;
  CHECK(rebuild({}).status == 2);
  CHECK(rebuild({"bogus"}).status == 2);
  CHECK(rebuild({"replay", "--head-office", "x", "--books", "y"}).status == 2);
  CHECK(rebuild({"report"}).status == 2);
  CHECK(office.report({"--as-of", "tomorrow"}).status == 2);
  CHECK(office.report().status == 1);
  CHECK(says(office.report().err, "books.db"));
  CHECK(office.replay({"--audit=some"}).status == 2);
  CHECK(office.replay().status == 1);  // no log yet
  CHECK_FALSE(std::filesystem::exists(office.dir / "books.db"));
  for (const char* command : {"init", "enrol", "log-key", "revoke", "replay", "report", "figures",
                              "page", "completeness", "export", "reconcile", "verify", "recover"}) {
    const Outcome help = rebuild({command, "--help"});
    CHECK(help.status == 0);
    CHECK(says(help.out, "Example"));
  }
  CHECK(rebuild({"recover", "--from", office.path("ho"), "--till", "four", "--head-office",
                 office.path("ho"), "--journal", office.path("new.db")})
            .status == 2);
}

namespace {

// A relay on a log directory, and its URL.
struct Served {
  explicit Served(const std::string& directory)
      : relay({std::string(DAYBOOK_BIN_DIR) + "/daybook-relay", "serve", "--open", "--data",
               directory, "--listen", "127.0.0.1:0", "--segment-bytes", "4096"}) {
    const std::string line = relay.wait_for_line("listening on ");
    REQUIRE_FALSE(line.empty());
    url = "http://" + line.substr(line.rfind(' ') + 1);
  }
  void stop() {
    relay.signal(SIGTERM);
    CHECK(relay.wait().status == 0);
  }

  test::Process relay;
  std::string url;
};

}  // namespace

TEST_CASE("a damaged entry costs a reader over HTTP that entry, and it is named") {
  Office office(20);
  REQUIRE(test::run({std::string(DAYBOOK_BIN_DIR) + "/daybook-relay", "init", office.path("log"),
                     "--origin", "other.example"})
              .status == 0);
  {
    Served served(office.path("log"));
    core::wire::RelayClient client(core::wire::parse_endpoint(served.url).value());
    for (const Bytes& message : office.log) {
      REQUIRE(client.post(std::vector<Bytes>{message}));
    }
    served.stop();
  }
  // The third entry, in a segment that is sealed by now and not read at the start.
  const auto places = core::disk::read_log(office.dir / "log")->entries;
  REQUIRE(places.size() == office.log.size());
  bool damaged = false;
  for (const auto& file : std::filesystem::directory_iterator(office.dir / "log")) {
    if (!file.path().filename().string().starts_with("segment-")) continue;
    Bytes content = test::read_file(file.path());
    const auto at =
        std::search(content.begin(), content.end(), office.log[2].begin(), office.log[2].end());
    if (at == content.end() || damaged) continue;
    at[50] ^= 1;
    test::write_file(file.path(), content);
    damaged = true;
  }
  REQUIRE(damaged);
  Served served(office.path("log"));
  const Outcome replayed = rebuild({"replay", "--relay", served.url, "--head-office",
                                    office.path("ho"), "--books", office.path("books.db")});
  CHECK(replayed.status == 1);
  CHECK(says(replayed.err + replayed.out, "entry 2: segment-"));
  const auto json = office.json();
  CHECK(json["messages"]["proven"].get<int>() + json["messages"]["unproven"].get<int>() == 79);
}

TEST_CASE("books from a relay are the books from its directory") {
  Office office;
  test::append_log(office.dir / "log", office.log);
  CHECK(office.replay().status == 0);
  const auto digest = office.json()["books_digest"];
  const std::string program = std::string(DAYBOOK_BIN_DIR) + "/daybook-relay";
  REQUIRE(test::run({program, "init", office.path("log"), "--origin", "other.example"}).status ==
          0);
  const Served served(office.path("log"));
  const std::vector<std::string> words = {"replay",        "--relay",         served.url,
                                          "--head-office", office.path("ho"), "--books"};
  auto fresh = words;
  fresh.push_back(office.path("from-relay.db"));
  CHECK(rebuild(fresh).status == 0);
  CHECK(says(rebuild(fresh).out, "read 0 new entries"));
  std::filesystem::rename(office.dir / "from-relay.db", office.dir / "books.db");
  CHECK(office.json()["books_digest"] == digest);
}
