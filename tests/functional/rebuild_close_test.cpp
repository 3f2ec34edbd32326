// close-period and send, the real program beside a real relay: a month is closed, a day comes late.
#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <utility>

#include "tests/functional/relay_process.h"
#include "tests/support/rebuild_log.h"

using core::Bytes;
using test::closing;
using test::opening;
using test::Outcome;

namespace {

namespace fs = std::filesystem;

constexpr int kDay = 20740;  // 2026-10-14

bool says(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

// Head office with both of its keys, two tills, and a relay that asks for signatures.
struct Company {
  Company() {
    fleet.enrol(4, 1);
    fleet.enrol(4, 2);
    test::write_head_office(dir / "ho", fleet);
    test::write_file(dir / "ho" / "head-office.key",
                     core::as_bytes(core::to_hex(fleet.head_office_key().seed()) + "\n"));
    test::make_log(path("log"), test::kOrigin,
                   {"--head-office", fleet.head_office_key().public_key().hex()});
    give_roster();
    relay.emplace(path("log"));
    REQUIRE(relay->listening());
    url = "http://127.0.0.1:" + std::to_string(relay->endpoint.port);
  }

  std::string path(std::string_view name) const { return (dir / name).string(); }
  void give_roster() {
    fs::copy_file(dir / "ho" / "roster.cbor", dir / "log" / "roster.cbor",
                  fs::copy_options::overwrite_existing);
  }
  Outcome run(std::vector<std::string> words) {
    words.insert(words.begin(), std::string(DAYBOOK_BIN_DIR) + "/daybook-rebuild");
    return test::run(words);
  }
  Outcome replay() {
    return run({"replay", "--relay", url, "--head-office", path("ho"), "--books", path("b.db")});
  }
  Outcome close(std::string_view through, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"close-period",      "--head-office", path("ho"), "--books",
                                      path("b.db"),        "--relay",       url,        "--through",
                                      std::string(through)};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
  Outcome send() { return run({"send", "--head-office", path("ho"), "--relay", url}); }
  void post(const Bytes& message) {
    const auto answers = relay->client().post(std::span(&message, 1));
    REQUIRE(answers.has_value());
    REQUIRE(answers->each.front().status == core::wire::PostStatus::kAccepted);
  }
  void day(std::size_t till, int day, std::int64_t net) {
    post(fleet.next(till, opening(day, {})));
    post(fleet.next(till, closing(day, net)));
  }

  test::TempDir dir;
  test::Fleet fleet;
  std::optional<test::Relay> relay;
  std::string url;
};

}  // namespace

TEST_CASE("a closed period keeps its figures, and a day that comes late is a named correction") {
  Company company;
  company.day(0, kDay, 10000);
  company.day(0, kDay + 1, 20000);
  company.day(1, kDay, 1000);
  REQUIRE(company.replay().status == 0);

  const Outcome refused = company.close("2026-10-15", {"--quiet", "0"});
  CHECK(refused.status == 1);
  CHECK(says(refused.err, "4/2"));
  CHECK(says(refused.err, "not every till is all in through 2026-10-15; nothing was closed"));
  CHECK_FALSE(fs::exists(company.dir / "ho" / "office-1.key"));
  CHECK(says(company.close("2026-11-15", {}).err, "nothing of 2026-11-15 or later"));

  // It is signed and kept before it is sent: a relay that cannot be reached costs nothing.
  const std::string relay_url = std::exchange(company.url, "http://127.0.0.1:1");
  const Outcome unsent = company.close("2026-10-15", {"--incomplete"});
  company.url = relay_url;
  CHECK(unsent.status == 1);
  CHECK(says(unsent.out, "closed through 2026-10-15: 2 keys named in 1 bulletins"));
  CHECK(fs::exists(company.dir / "ho" / "office-1.cbor"));
  CHECK((fs::status(company.dir / "ho" / "office-1.key").permissions() & fs::perms::all) ==
        (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(says(company.close("2026-10-15", {"--incomplete"}).err, "send them and replay the log"));

  // The roster goes first, and the relay takes the new key up.
  CHECK(says(company.send().out, "sent 4 bulletins, 4 of them new to the log"));
  CHECK(says(company.send().out, "sent 4 bulletins, 0 of them new to the log"));
  REQUIRE(company.replay().status == 0);
  const auto report = [&] { return company.run({"report", "--books", company.path("b.db")}).out; };
  CHECK(says(report(), "Closed through 2026-10-15 (1 periods)\nCorrections: 0\n"));
  CHECK(says(company.close("2026-10-15").err, "closed through 2026-10-15 already"));

  const auto figures = [&](const std::string& to) {
    return company
        .run({"figures", "--books", company.path("b.db"), "--by", "store", "--to", to, "--output",
              "csv"})
        .out;
  };
  const std::string before = figures("2026-10-15");
  company.day(1, kDay + 1, 2000);  // late
  REQUIRE(company.replay().status == 0);
  CHECK(figures("2026-10-15") == before);
  CHECK(figures("2026-10-16") != before);
  CHECK(says(report(), "  closing of 2026-10-15, booked on 2026-10-16: "));
  const Outcome exported =
      company.run({"export", "--books", company.path("b.db"), "--format", "hledger"});
  CHECK(says(exported.out, "Closing of 2026-10-15, a correction"));
  CHECK(company
            .run({"verify", "--books", company.path("b.db"), "--relay", company.url,
                  "--head-office", company.path("ho")})
            .status == 0);

  for (const std::size_t till : {std::size_t{0}, std::size_t{1}}) company.day(till, kDay + 2, 500);
  REQUIRE(company.replay().status == 0);
  // An old copy of the directory would sign a second content for a place.
  fs::rename(company.dir / "ho" / "office-1.cbor", company.dir / "office-1.cbor");
  CHECK(says(company.close("2026-10-16", {"--incomplete"}).err, "it is an old copy"));
  fs::rename(company.dir / "office-1.cbor", company.dir / "ho" / "office-1.cbor");
  CHECK(company.close("2026-10-16").status == 0);
  REQUIRE(company.replay().status == 0);
  CHECK(says(report(), "Closed through 2026-10-16 (2 periods)\nCorrections: 2\n"));
}

TEST_CASE("head office's chain of decisions is refused when a byte of it changed") {
  Company company;
  company.day(0, kDay, 10000);
  company.day(1, kDay, 10000);
  REQUIRE(company.replay().status == 0);
  CHECK(company.close("2026-10-14", {"--dry-run"}).status == 0);
  CHECK_FALSE(fs::exists(company.dir / "ho" / "office-1.key"));
  company.close("2026-10-14");
  const fs::path file = company.dir / "ho" / "office-1.cbor";
  const Bytes good = test::read_file(file);
  for (std::size_t i = 0; i < good.size(); i += 7) {
    Bytes bad = good;
    bad[i] ^= 1;
    test::write_file(file, bad);
    const Outcome refused = company.send();
    CHECK(refused.status == 1);
    CHECK(says(refused.err, "office-1.cbor"));
  }
  for (const std::size_t size : {good.size() - 1, good.size() / 2, std::size_t{1}}) {
    test::write_file(file, core::ByteView(good).first(size));
    CHECK(company.send().status == 1);
  }
}
