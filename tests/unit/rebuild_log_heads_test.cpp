// Whether everybody was shown the same log: tills' heads, head office's, and the log's own.
#include <doctest/doctest.h>

#include "core/tlog/frontier.h"
#include "tests/support/rebuild_books.h"
#include "tests/support/rebuild_fleet.h"

namespace {

using core::Bytes;
using core::envelope::TreeHead;
using test::closing;
using test::Fleet;
using test::RebuiltBooks;

TreeHead head_of(const std::vector<Bytes>& log) {
  core::tlog::Frontier frontier;
  for (const Bytes& message : log) frontier.append(core::envelope::message_id(message));
  return {frontier.size(), frontier.root()};
}

// The till's next message, with what it was shown.
Bytes next_with_head(Fleet& fleet, std::size_t till, int day, const TreeHead& head) {
  test::ChainEnd& end = fleet.till(till);
  auto header = test::header_after(end);
  header.tree_head = head;
  Bytes message = test::sign(header, core::retail::encode_summary(closing(day, 100)), end.key);
  ++end.sequence.value;
  end.prev = core::envelope::message_id(message);
  return message;
}

}  // namespace

TEST_CASE("tills that were shown prefixes of this log raise no alarm, in one go or in pieces") {
  Fleet fleet;
  const std::size_t one = fleet.enrol(1, 1);
  const std::size_t two = fleet.enrol(1, 2);
  std::vector<Bytes> log = {fleet.next(one, closing(1, 10))};
  RebuiltBooks pieces(fleet.roster());
  for (int day = 2; day < 9; ++day) {
    log.push_back(next_with_head(fleet, day % 2 == 0 ? one : two, day, head_of(log)));
    CHECK(pieces.replay(log).log_faults.empty());
  }
  RebuiltBooks whole(fleet.roster());
  CHECK(whole.replay(log).log_faults.empty());
  CHECK(whole.replay(log).digest == pieces.replay(log).digest);
}

TEST_CASE(
    "a relay that shows the tills another log than head office is named, and money still counts") {
  Fleet fleet;
  const std::size_t one = fleet.enrol(1, 1);
  const std::size_t two = fleet.enrol(1, 2);
  const Bytes first = fleet.next(one, closing(1, 10));
  const Bytes hidden = fleet.next(two, closing(1, 20));  // shown to till 1 only
  const Bytes third = next_with_head(fleet, one, 2, head_of({first, hidden}));
  RebuiltBooks books(fleet.roster());
  const auto outcome = books.replay({first, third});
  REQUIRE(outcome.log_faults.size() == 1);
  CHECK(outcome.log_faults[0].find("till 1/1, by its message at log index 1, was shown other") ==
        0);
  CHECK(outcome.log_faults[0].find("rewritten or forked") != std::string::npos);
  CHECK(outcome.states.proven == 2);
}

TEST_CASE("a log that lost its end is told by a till that was shown more") {
  Fleet fleet;
  const std::size_t one = fleet.enrol(1, 1);
  std::vector<Bytes> log;
  for (int day = 1; day < 6; ++day) log.push_back(fleet.next(one, closing(day, 10)));
  const Bytes last = next_with_head(fleet, one, 6, head_of(log));
  RebuiltBooks books(fleet.roster());
  const auto outcome = books.replay({log[0], log[1], last});
  REQUIRE(outcome.log_faults.size() == 1);
  CHECK(outcome.log_faults[0].find("was shown a log of 5 entries; this one has 3") !=
        std::string::npos);
}

TEST_CASE("a head in a message that nobody authentic signed accuses nobody") {
  Fleet fleet;
  const std::size_t one = fleet.enrol(1, 1);
  const Bytes first = fleet.next(one, closing(1, 10));
  auto header = test::header_after(fleet.till(one));
  header.tree_head = TreeHead{1, core::envelope::Hash{}};
  const Bytes forged = test::sign(header, Bytes{1}, test::key_number(99));
  RebuiltBooks books(fleet.roster());
  CHECK(books.replay({first, forged}).log_faults.empty());
}

TEST_CASE("what head office saw before is compared, too") {
  Fleet fleet;
  const std::size_t one = fleet.enrol(1, 1);
  std::vector<Bytes> log;
  for (int day = 1; day < 4; ++day) log.push_back(fleet.next(one, closing(day, 10)));
  RebuiltBooks books(fleet.roster());
  rebuild::ReplayOptions options;
  options.shown.push_back({head_of({log[0], log[2]}), "head office, elsewhere,"});
  const auto outcome = books.replay(log, options);
  REQUIRE(outcome.log_faults.size() == 1);
  CHECK(outcome.log_faults[0].find("head office, elsewhere, was shown other") == 0);
  CHECK(*books.open().tree_head() == std::nullopt);  // what is doubtful is not remembered
  CHECK(books.replay(log).log_faults.empty());
  CHECK(*books.open().tree_head() == head_of(log));
}
