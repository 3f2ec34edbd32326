// The real till under clocks that are wrong, and that jump between its commands: order comes from
// the chain, the business day from its label, and everything sells and closes.
// The clock: libfaketime, by way of the program faketime.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/functional/real_shop.h"

namespace {

using Json = nlohmann::json;
using test::Outcome;
using test::Words;

bool have_faketime() {
  if (!test::kSanitized && test::run({"faketime", "--version"}).status == 0) return true;
  MESSAGE("skipped: faketime is missing, or a sanitizer is in the way");
  return false;
}

// A shop whose commands run at the time that the test says, in UTC.
class ClockShop {
 public:
  std::string at(const std::string& time, const std::string& command, const Words& more = {}) {
    Words words = {"env", "TZ=UTC", "faketime", "-f", time};
    for (const std::string& word : shop.words(command, more)) words.push_back(word);
    const Outcome outcome = test::run(words);
    REQUIRE_MESSAGE(outcome.status == 0, time << ", " << command << ": " << outcome.err);
    return outcome.out;
  }
  Json document(std::uint64_t number, const std::string& series = "invoice") {
    return Json::parse(
        shop.done("show", {"document", std::to_string(number), "--series", series, "--json"}));
  }

  test::RealShop shop;
};

const std::string kEpoch = "1970-01-01 00:00:00";
const std::string kEndOfCentury = "2099-12-31 23:59:59";

}  // namespace

TEST_CASE(
    "a till whose clock is at 1970, at 2099, or jumps, sells and closes, and the books agree") {
  if (!have_faketime()) return;
  ClockShop till;
  // A clock of a machine without a battery; then the network sets it, too far, and back again.
  const std::vector<std::string> times = {kEpoch,
                                          "2026-11-21 09:00:00",
                                          "2026-11-21 08:00:00",
                                          kEndOfCentury,
                                          "2001-09-09 01:46:40",
                                          "2026-11-21 23:59:59",
                                          "2026-11-22 00:30:00",
                                          kEpoch};
  const bool doubtful[] = {true, false, true, true, true, false, false, true};
  std::uint64_t sales = 0;
  for (const std::string day : {"2026-11-21", "2026-11-22"}) {
    CAPTURE(day);
    till.at(day == "2026-11-21" ? kEpoch : kEndOfCentury, "open",
            {"--day", day, "--receive", "133=64", "134=16", "135=16"});
    for (const std::string& time : times) {
      ++sales;
      const std::string said = till.at(time, "ring", {"--line", "145x1"});
      const std::string number = std::to_string(sales);
      CHECK_MESSAGE(said.find("4/1-invoice-" + std::string(6 - number.size(), '0') + number +
                              "\n") != std::string::npos,
                    said);
    }
    till.at(kEpoch, "refund",
            {"--invoice", std::to_string(sales), "--line", "1", "--reason", "brought back"});
    till.at(kEndOfCentury, "void",
            {"--invoice", std::to_string(sales - 1), "--reason", "wrong customer"});
    till.at(kEpoch, "cash", {"--kind", "float", "--amount", "200.00"});
    till.at(kEndOfCentury, "no-sale", {"--reason", "change"});
    // Far from the day, or more than a minute before what was written down already: flagged.
    const Json day_so_far = Json::parse(till.at(kEpoch, "show", {"day", "--json"}));
    CHECK_MESSAGE(day_so_far["clock_doubts"] == 9, day_so_far.dump());
    // Eight sales of 500.00, one of them voided, one given back; and the float.
    const std::string z =
        till.at(day == "2026-11-21" ? kEndOfCentury : kEpoch, "close", {"--counted", "3200.00"});
    CHECK_MESSAGE(z.find("business day " + day) != std::string::npos, z);
  }
  CHECK(till.shop.done("check").find("sound: 24 documents, 4 messages") != std::string::npos);
  for (std::uint64_t number = 1; number <= sales; ++number) {
    CHECK(till.document(number)["day"] == (number <= times.size() ? "2026-11-21" : "2026-11-22"));
    CHECK(till.document(number)["clock_doubtful"] == doubtful[(number - 1) % times.size()]);
  }

  REQUIRE(till.shop.start_relay());
  till.at(kEpoch, "send", {"--relay", till.shop.relay()});
  const Json books = Json::parse(till.shop.books());
  const Json& totals = books["totals"][0];
  CHECK(totals["net_minor"] == 2 * 6 * 50000);
  CHECK(totals["refunded_minor"] == 2 * 50000);
  CHECK(totals["over_short_minor"] == 0);
  CHECK(totals["sales"] == 14);
  CHECK(books["messages"]["proven"] == 4);
}
