// reconcile: what was paid beside the books, to the cent, against figures that the test itself
// knows.
#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "core/base/random.h"
#include "tests/support/process.h"
#include "tests/support/rebuild_log.h"

using core::Currency;
using core::Money;
using core::retail::CashKind;
using core::retail::Closing;
using core::retail::TenderKind;
using test::Outcome;

namespace {

using Key = std::tuple<int, int, int>;  // day, store, till
using Amounts = std::map<Key, std::int64_t>;

Outcome rebuild(std::vector<std::string> words) {
  words.insert(words.begin(), std::string(DAYBOOK_BIN_DIR) + "/daybook-rebuild");
  return test::run(words);
}

std::string day_text(int day) {
  return to_string(core::BusinessDay{20000 + day});
}

std::string money_text(std::int64_t minor) {
  const std::string text = to_string(Money{minor, Currency::parse("USD").value()});
  return text.substr(0, text.find(' '));
}

// Two stores with two tills each and five days; what each took by card, and put into the safe.
struct Shops {
  Shops() {
    const Currency usd = Currency::parse("USD").value();
    core::Random random(7);
    std::vector<core::Bytes> log;
    for (int store = 1; store <= 2; ++store) {
      for (int till = 1; till <= 2; ++till) {
        fleet.enrol(static_cast<std::uint32_t>(store), static_cast<std::uint32_t>(till));
      }
    }
    for (int day = 1; day <= 5; ++day) {
      for (std::size_t n = 0; n < 4; ++n) {
        const int store = static_cast<int>(n / 2) + 1;
        const int till = static_cast<int>(n % 2) + 1;
        log.push_back(fleet.next(n, test::opening(20000 + day, {})));
        Closing closing = test::closing(20000 + day, 100000, 3);
        const auto card = static_cast<std::int64_t>(random.between(1, 90000));
        const auto picked = static_cast<std::int64_t>(random.between(1, 9000));
        closing.tenders[TenderKind::kCard] = Money{card, usd};
        closing.tenders[TenderKind::kCash] = Money{100000 - card, usd};
        closing.cash_movements = {{CashKind::kFloat, Money{2000, usd}},
                                  {CashKind::kPickUp, Money{2000 + picked, usd}}};
        cards[{day, store, till}] = card;
        safe[{day, store, 0}] += picked;
        log.push_back(fleet.next(n, closing));
      }
    }
    test::write_head_office(dir / "ho", fleet);
    test::append_log(dir / "log", log);
    const Outcome replayed = rebuild(
        {"replay", "--log", path("log"), "--head-office", path("ho"), "--books", path("books.db")});
    REQUIRE_MESSAGE(replayed.status == 0, replayed.err);
  }

  std::string path(const std::string& name) const { return (dir / name).string(); }

  std::string settlement(const Amounts& amounts) const {
    std::string text = "store,till,day,amount,currency\n";
    for (const auto& [key, minor] : amounts) {
      const auto& [day, store, till] = key;
      text += std::to_string(store) + "," + std::to_string(till) + "," + day_text(day) + "," +
              money_text(minor) + ",USD\n";
    }
    return text;
  }
  Outcome ask(const std::string& text, std::vector<std::string> more = {},
              const std::string& option = "--settlement") {
    test::write_file(dir / "paid.csv", core::as_bytes(text));
    std::vector<std::string> words = {"reconcile", "--books", path("books.db"), option,
                                      path("paid.csv")};
    words.insert(words.end(), more.begin(), more.end());
    return rebuild(words);
  }

  test::TempDir dir;
  test::Fleet fleet;
  Amounts cards;
  Amounts safe;
};

bool says(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a settlement that pays every till and day matches, however its rows are split") {
  Shops shops;
  const Outcome whole = shops.ask(shops.settlement(shops.cards));
  CHECK_MESSAGE(whole.status == 0, whole.out << whole.err);
  CHECK(says(whole.out, "matched: 20, "));
  CHECK(says(whole.out, "days " + day_text(1) + " to " + day_text(5)));
  // In two rows each, one of them a fee that was given back, with quotes and CRLF.
  std::string split = "\"store\",till,day,amount,currency\r\n";
  for (const auto& [key, minor] : shops.cards) {
    const auto& [day, store, till] = key;
    for (const std::int64_t part : {minor + 500, std::int64_t{-500}}) {
      split += "\"" + std::to_string(store) + "\"," + std::to_string(till) + "," + day_text(day) +
               "," + money_text(part) + ",USD\r\n";
    }
  }
  CHECK(shops.ask(split).status == 0);
}

TEST_CASE("what differs, is missing or is too much is named to the cent") {
  Shops shops;
  Amounts paid = shops.cards;
  paid[{2, 1, 1}] += 1;
  const std::int64_t unpaid = paid[{3, 2, 2}];
  paid.erase({3, 2, 2});
  paid[{4, 7, 1}] = 12345;  // a till that nobody has
  const Outcome text = shops.ask(shops.settlement(paid));
  CHECK(text.status == 1);
  CHECK(says(text.out, "matched: 18, "));
  CHECK(says(text.out, day_text(2) + " till 1/1, different: books " +
                           money_text(shops.cards[{2, 1, 1}]) + " USD, paid " +
                           money_text(paid[{2, 1, 1}]) + " USD"));
  CHECK(says(text.out, day_text(3) + " till 2/2, not paid: books " + money_text(unpaid) +
                           " USD, paid 0.00 USD"));
  CHECK(says(text.out, day_text(4) + " till 7/1, not in the books: books 0.00 USD, paid 123.45"));
  const auto json = nlohmann::json::parse(shops.ask(shops.settlement(paid), {"--json"}).out);
  CHECK(json["clean"] == false);
  CHECK(json["rows"].size() == 21);
  // Without the days on which something is wrong.
  CHECK(shops.ask(shops.settlement(paid), {"--from", day_text(5)}).status == 0);
  CHECK(shops.ask(shops.settlement(paid), {"--to", day_text(1)}).status == 0);
  const Outcome silent =
      shops.ask(shops.settlement({}), {"--from", day_text(1), "--to", day_text(5)});
  CHECK(says(silent.out, "not paid: 20, "));
}

TEST_CASE("what was banked stands beside what went into the safe of a store") {
  Shops shops;
  std::string text = "store,day,amount,currency\n";
  for (const auto& [key, minor] : shops.safe) {
    text += std::to_string(std::get<1>(key)) + "," + day_text(std::get<0>(key)) + "," +
            money_text(minor) + ",USD\n";
  }
  const Outcome banked = shops.ask(text, {}, "--banked");
  CHECK_MESSAGE(banked.status == 0, banked.out << banked.err);
  CHECK(says(banked.out, "matched: 10, "));
  const Outcome less = shops.ask(text + "1," + day_text(5) + ",-0.01,USD\n", {}, "--banked");
  CHECK(less.status == 1);
  CHECK(says(less.out, day_text(5) + " store 1, different"));
}

TEST_CASE("a file with a line that cannot be read is refused whole, and the line is named") {
  Shops shops;
  const std::string head = "store,till,day,amount,currency\n";
  const auto refused = [&](const std::string& text, int status, const std::string& words) {
    CAPTURE(text);
    const Outcome out = shops.ask(text);
    CHECK(out.status == status);
    CHECK(out.out.empty());
    CHECK_MESSAGE(says(out.err, words), out.err);
  };
  const std::string day = day_text(1);
  refused("", 1, "it is empty");
  refused("till,store,day,amount,currency\n", 1, "paid.csv:1: expected the header");
  refused(head + "1,1," + day + ",1.00\n", 1, "paid.csv:2: 4 fields where 5 are expected");
  refused(head + "1,1," + day + ",1.00,USD\n0,1," + day + ",1.00,USD\n", 1,
          "paid.csv:3: store '0' is no number from 1");
  refused(head + "1,1," + day + ",1.001,USD\n", 1, "paid.csv:2: ");
  refused(head + "1,1," + day + ",99999999999999999999,USD\n", 1, "paid.csv:2: ");
  refused(head + "1,1,2026-02-30,1.00,USD\n", 1, "paid.csv:2: ");
  refused(head + "1,1," + day + ",1.00,usd\n", 1, "paid.csv:2: ");
  refused(head + std::string(2000, '1') + "\n", 1, "a line of over 1000 bytes");
  CHECK(shops.ask(head, {}, "--banked").status == 1);
  CHECK(rebuild({"reconcile", "--books", shops.path("books.db")}).status == 2);
  CHECK(rebuild({"reconcile", "--books", shops.path("books.db"), "--settlement",
                 shops.path("none.csv")})
            .status == 1);
}
