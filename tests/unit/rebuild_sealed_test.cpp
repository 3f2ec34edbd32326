// Sealed logs: they give the books of the same days in clear, to those who hold the key.
#include <doctest/doctest.h>

#include <filesystem>

#include "tests/support/rebuild_books.h"
#include "tests/support/rebuild_fleet.h"

using core::Bytes;
using core::Errc;
using test::closing;
using test::Fleet;
using test::opening;
using test::RebuiltBooks;
using test::Sealing;
using test::units;

namespace {

const core::ProductId kChair{133};

std::vector<Bytes> some_days(Fleet& fleet, std::size_t till) {
  std::vector<Bytes> log;
  for (int day = 1; day <= 3; ++day) {
    log.push_back(fleet.next(till, opening(day, {{kChair, units(8)}})));
    log.push_back(fleet.next(till, closing(day, 1000 * day, 2, {{kChair, units(5)}})));
  }
  return log;
}

struct Figures {
  std::int64_t net = 0;
  std::uint64_t sales = 0;
  std::int64_t on_hand = 0;
  bool operator==(const Figures&) const = default;
};

Figures figures_of(const RebuiltBooks& books) {
  const auto totals = *rebuild::totals(books.open());
  const auto stock = *rebuild::stock(books.open());
  return {totals.begin()->second.net.minor, totals.begin()->second.sales,
          stock.at(kChair).on_hand.thousandths};
}

std::vector<std::string> reasons_of(const RebuiltBooks& books) {
  std::vector<std::string> out;
  const auto list = *rebuild::quarantined(books.open());
  for (const auto& one : list) out.push_back(one.reason);
  return out;
}

}  // namespace

TEST_CASE("sealed days give the figures of the same days in clear, and hide them from others") {
  Fleet clear;
  Fleet sealed(Sealing::kOn);
  const auto in_clear = some_days(clear, clear.enrol(1, 1));
  const auto log = some_days(sealed, sealed.enrol(1, 1));
  RebuiltBooks open(clear.roster());
  RebuiltBooks books(sealed.roster());
  open.replay(in_clear);
  const auto outcome = books.replay(log);
  CHECK(outcome.states.proven == log.size());
  CHECK(figures_of(books) == figures_of(open));
  CHECK(figures_of(books) == Figures{6000, 6, 9000});
  const auto payload = core::envelope::parse_message(in_clear[1])->payload;
  const std::string_view hidden = core::as_text(log[1]);
  CHECK(core::as_text(in_clear[1]).find(core::as_text(payload)) != std::string_view::npos);
  CHECK(hidden.find(core::as_text(payload)) == std::string_view::npos);
  CHECK(hidden.find("USD") == std::string_view::npos);
}

TEST_CASE("without head office's sealing key nothing is written, and it says what is missing") {
  Fleet fleet(Sealing::kOn);
  const auto log = some_days(fleet, fleet.enrol(1, 1));
  const auto roster = fleet.public_roster();
  RebuiltBooks books(roster);
  const auto refused = books.try_replay(log);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::kNotFound);
  CHECK(refused.error().what.find("sealing.key") != std::string::npos);
  CHECK_FALSE(rebuild::Books::open(books.file()));
}

TEST_CASE("a payload that was sealed for another place, or with another key, is quarantined") {
  Fleet fleet(Sealing::kOn);
  const std::size_t till = fleet.enrol(1, 1);
  const std::size_t other = fleet.enrol(1, 2);
  auto log = some_days(fleet, till);
  const auto honest = core::envelope::parse_message(log[1]).value();
  // The till signs its own sealed payload again at its next place; then a neighbour's key is used.
  auto header = test::header_after(fleet.till(till));
  header.content_type = core::envelope::ContentType::kSealedSummary;
  log.push_back(test::sign(header, honest.payload, fleet.till(till).key));
  test::ChainEnd mixed = fleet.till(other);
  mixed.sealing_key = fleet.till(till).sealing_key;
  log.push_back(test::sign_sealed(test::header_after(mixed),
                                  core::retail::encode_summary(closing(1, 100)), mixed));
  RebuiltBooks books(fleet.roster());
  const auto outcome = books.replay(log);
  CHECK(outcome.states.quarantined == 2);
  CHECK(reasons_of(books) == std::vector<std::string>{"not-opened", "not-opened"});
  CHECK(figures_of(books) == Figures{6000, 6, 9000});
}

TEST_CASE("a till that agreed on no key cannot seal; one that did may still be read in clear") {
  Fleet clear;
  const std::size_t till = clear.enrol(1, 1);
  test::ChainEnd end = clear.till(till);
  end.sealing_key = core::envelope::SealingKey::from(Bytes(core::envelope::SealingKey::kSize, 1));
  RebuiltBooks books(clear.roster());
  books.replay({test::sign_sealed(test::header_after(end),
                                  core::retail::encode_summary(opening(1, {})), end)});
  CHECK(reasons_of(books) == std::vector<std::string>{"not-opened"});

  Fleet sealing(Sealing::kOn);
  test::ChainEnd open_hearted = sealing.till(sealing.enrol(1, 1));
  RebuiltBooks read(sealing.roster());
  const auto outcome =
      read.replay({test::sign(test::header_after(open_hearted),
                              core::retail::encode_summary(opening(1, {})), open_hearted.key)});
  CHECK(outcome.states.proven == 1);
}
