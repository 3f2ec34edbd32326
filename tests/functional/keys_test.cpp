// Keys lost, leaked and copied, played with the real programs: what each costs is in docs/keys.md.
#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/functional/company.h"

using test::Company;
using test::Outcome;
using test::says;

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

}  // namespace

TEST_CASE("a till's key leaks: what it signed before the theft stands, and nothing after it") {
  Company company;
  company.day("till", "2026-03-02", "1");
  company.good(company.deliver("till"));
  fs::copy_file(company.dir / "till", company.dir / "stolen");
  company.day("till", "2026-03-03", "2");
  company.good(company.deliver("till"));
  company.good(company.replay());
  CHECK(company.net() == 150000);

  // The thief's copy goes on from the same place: the opening is the same, the closing is not.
  company.day("stolen", "2026-03-03", "4");
  company.good(company.deliver("stolen"));
  CHECK(company.replay().status == 1);
  CHECK(company.report().at("contradicted").size() == 2);
  CHECK(company.net() == 50000);

  // Head office names the till's own last message, from which all before it follows.
  const Outcome none = company.office({"settle", "--dir", company.path("ho"), "--store", "4",
                                       "--till", "1", "--books", company.path("b.db")});
  CHECK(none.status == 2);
  std::string right;
  const Json contradicted = company.report().at("contradicted");
  for (const Json& row : contradicted) {
    const std::string id = row.at("id").get<std::string>();
    const Outcome shown = company.till("till", {"show", "outbox"});
    if (row.at("sequence") == 4 && says(shown.out, id.substr(0, 16))) right = id;
  }
  REQUIRE_FALSE(right.empty());
  const std::string revoked =
      company.good(company.office({"revoke", "--dir", company.path("ho"), "--store", "4", "--till",
                                   "1", "--books", company.path("b.db"), "--id", right}));
  CHECK(says(revoked, "through sequence 4, " + right));
  company.good(company.send());
  company.good(company.replay());
  CHECK(company.net() == 150000);
  CHECK(company.report().at("evidence").size() == 1);
  CHECK(company.report().at("contradicted").empty());

  // Neither of them gets anything new in.
  company.day("stolen", "2026-03-04", "1");
  CHECK(says(company.deliver("stolen").err, "revoked"));

  // The right till goes on with a new journal, key and epoch.
  company.add_till("again", "1");
  company.day("again", "2026-03-05", "3");
  company.good(company.deliver("again"));
  company.good(company.replay());
  CHECK(company.net() == 300000);
  CHECK(company
            .office({"verify", "--books", company.path("b.db"), "--relay", company.url,
                     "--head-office", company.path("ho")})
            .status == 0);
}

TEST_CASE("a key that was taken back too late: its days after the theft are reversed") {
  Company company;
  for (const char* day : {"2026-03-02", "2026-03-03", "2026-03-04"}) company.day("till", day, "1");
  for (int i = 0; i < 6; ++i) company.deliver("till");
  company.good(company.replay());
  CHECK(company.net() == 150000);
  const std::string out = company.good(
      company.office({"revoke", "--dir", company.path("ho"), "--store", "4", "--till", "1",
                      "--books", company.path("b.db"), "--through", "2026-03-03"}));
  CHECK(says(out, "through sequence 4, "));
  company.good(company.replay());
  CHECK(company.net() == 100000);
  CHECK(company.report().at("revoked").size() == 2);
  CHECK(company.report().at("messages").at("revoked") == 2);
  const Outcome twice = company.office({"revoke", "--dir", company.path("ho"), "--store", "4",
                                        "--till", "1", "--books", company.path("b.db")});
  CHECK(says(twice.err, "revoked already"));
}

TEST_CASE(
    "the key of every day leaks: the root takes it back, and what the thief enrolled is void") {
  Company company;
  company.day("till", "2026-03-02", "1");
  company.good(company.deliver("till"));
  fs::copy(company.dir / "ho", company.dir / "copy");

  // The thief enrols a till of his own, which the relay cannot know better.
  const auto thief = [&](std::vector<std::string> words) {
    return company.good(company.office(std::move(words)));
  };
  fs::remove(company.dir / "request");
  company.ask("fake", "9", "9");
  thief({"enrol", "--dir", company.path("copy"), "--request", company.path("request")});
  thief({"send", "--head-office", company.path("copy"), "--relay", company.url});
  company.good(
      company.till("fake", {"join", "--relay", company.url, "--head-office", company.root_hex()}));
  company.day("fake", "2026-03-02", "9");
  company.good(company.deliver("fake"));

  // Head office is told, and its own roster counts.
  const Outcome told = company.replay();
  CHECK(told.status == 1);
  CHECK(says(told.err, "has 1 entries that this directory does not have"));
  CHECK(company.net() == 50000);

  // Without the root nobody makes another key of every day.
  const Outcome without = company.office({"office-key", "--dir", company.path("ho")});
  CHECK(without.status == 1);
  CHECK(says(without.err, "head-office.key"));
  company.good(company.office(
      {"office-key", "--dir", company.path("ho"), "--root", company.path("safe.key")}));
  company.good(company.send());
  fs::remove(company.dir / "request");
  company.ask("fake again", "9", "8");
  thief({"enrol", "--dir", company.path("copy"), "--request", company.path("request")});
  CHECK(says(
      company.office({"send", "--head-office", company.path("copy"), "--relay", company.url}).err,
      "revoked"));
  company.day("fake", "2026-03-03", "9");
  CHECK(says(company.deliver("fake").err, "unknown-key"));
  // The fake till is nobody to the books, and the real one and new ones go on.
  CHECK(company.replay().status == 1);
  CHECK(company.net() == 50000);
  company.add_till("second", "2");
  company.day("second", "2026-03-03", "2");
  company.good(company.deliver("second"));
  CHECK(company.replay().status == 1);  // what the thief sent stays in quarantine
  CHECK(company.net() == 150000);
  // An auditor who starts with the root's public key and the log comes to the same.
  fs::create_directory(company.dir / "auditor");
  for (const char* file : {"head-office.pub", "origin", "sealing.key"}) {
    fs::copy_file(company.dir / "ho" / file, company.dir / "auditor" / file);
  }
  test::write_file(company.dir / "auditor" / "roster.cbor", {});
  const Outcome audited =
      company.office({"replay", "--audit", "--log", company.path("log"), "--head-office",
                      company.path("auditor"), "--books", company.path("audit.db")});
  CHECK(audited.status == 1);
  const Json theirs =
      Json::parse(company.office({"report", "--books", company.path("audit.db"), "--json"}).out);
  CHECK(theirs.at("books_digest") == company.report().at("books_digest"));
  const Json quarantined = company.report().at("quarantined");
  for (const Json& row : quarantined) {
    CHECK((row.at("reason") == "unknown-key" || row.at("reason") == "wrong-epoch"));
  }
}

TEST_CASE("the root is lost: shops are enrolled as before, only the key of every day stays") {
  Company company;
  fs::remove(company.dir / "safe.key");
  company.add_till("second", "2");
  company.day("second", "2026-03-02", "1");
  company.good(company.deliver("second"));
  company.good(company.replay());
  const Outcome lost = company.office(
      {"office-key", "--dir", company.path("ho"), "--root", company.path("safe.key")});
  CHECK(lost.status == 1);
  CHECK(says(lost.err, "safe.key"));
  // Another root is not this one.
  company.good(
      company.office({"init", "--dir", company.path("other"), "--origin", "example.com/shops"}));
  const Outcome other = company.office(
      {"office-key", "--dir", company.path("ho"), "--root", company.path("other/head-office.key")});
  CHECK(says(other.err, "not the private key of head-office.pub"));
}
