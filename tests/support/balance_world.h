// BalanceWorld: tills with keys of their own, books of what they closed, and the balance service
// over both. Everything is real but the tills' journals.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/retail/points_exchange.h"
#include "ledger-rebuild/balance_service.h"
#include "tests/support/rebuild_books.h"
#include "tests/support/rebuild_fleet.h"
#include "tests/support/rebuild_log.h"

namespace test {

inline core::retail::MemberKey member_number(std::uint32_t number) {
  core::retail::MemberKey out;
  for (std::size_t i = 0; i < 4; ++i) {
    out.bytes.at(i) = static_cast<std::uint8_t>(number >> (8 * i));
  }
  return out;
}

inline core::retail::HoldId hold_number(std::uint32_t number) {
  core::retail::HoldId out;
  for (std::size_t i = 0; i < 4; ++i) {
    out.bytes.at(i) = static_cast<std::uint8_t>(number >> (8 * i));
  }
  return out;
}

class BalanceWorld {
 public:
  static constexpr int kDay = 20500;  // that is open at the tills; earlier ones are in the books

  // Tills 1/1, 1/2, ...
  explicit BalanceWorld(std::uint32_t tills) {
    office_ = fleet.enrol(0, 0);
    for (std::uint32_t i = 1; i <= tills; ++i) fleet.enrol(1, i);
    options.head_office = dir / "office";
    options.books = dir / "books.db";
    options.holds = dir / "holds.db";
    write_office();
  }

  void write_office() {
    write_head_office(options.head_office, fleet);
    const std::string seed = core::to_hex(fleet.till(office_).key.seed()) + "\n";
    write_file(options.head_office / "office-1.key", core::as_bytes(seed));
  }

  // From 0; the office is not among them.
  ChainEnd& till(std::size_t number) { return fleet.till(number + 1); }
  core::envelope::PublicKey office_key() { return fleet.till(office_).key.public_key(); }
  const core::envelope::PrivateKey& office_private() { return fleet.till(office_).key; }

  // What a till's closing of a day says of members' points.
  core::Bytes closing_of(std::size_t number, int day,
                         const std::map<core::retail::MemberKey, core::retail::PointsRow>& rows) {
    auto out = closing(day, 1000);
    for (const auto& [member, row] : rows) out.members[member] = row;
    return fleet.next(number + 1, out);
  }
  void post(core::Bytes message) { log.push_back(std::move(message)); }
  void replay() {
    const auto source = rebuild::memory_source(log);
    const auto done = rebuild::replay(*source, fleet.roster(), options.books, {});
    REQUIRE_MESSAGE(done.has_value(), (done ? "" : core::describe(done.error())));
  }

  std::unique_ptr<rebuild::BalanceService> open() {
    auto service = rebuild::BalanceService::open(options);
    REQUIRE_MESSAGE(service.has_value(), (service ? "" : core::describe(service.error())));
    return std::move(*service);
  }

  core::Bytes request_of(std::size_t number, const core::retail::PointsRequest& request) {
    return core::retail::sign_points_request(request, kOrigin, till(number).key);
  }
  static core::retail::PointsRequest hold_of(std::uint32_t id,
                                             const core::retail::MemberKey& member,
                                             std::int64_t points, int day = kDay) {
    return {core::retail::PointsAsk::kHold, hold_number(id), core::BusinessDay{day}, member,
            points};
  }
  static core::retail::PointsRequest release_of(std::uint32_t id, int day = kDay) {
    return {core::retail::PointsAsk::kRelease, hold_number(id), core::BusinessDay{day}, {}, 0};
  }

  // Asks as a till does, and believes what a till would.
  core::retail::PointsAnswer ask(rebuild::BalanceService& service, std::size_t number,
                                 const core::retail::PointsRequest& request) {
    return believe(service, request_of(number, request));
  }
  core::retail::PointsAnswer believe(rebuild::BalanceService& service, const core::Bytes& request) {
    const auto reply = service.answer(request);
    REQUIRE_MESSAGE(reply.status == 200, core::as_text(reply.body));
    const auto answer =
        core::retail::verify_points_answer(reply.body, request, kOrigin, office_key());
    REQUIRE_MESSAGE(answer.has_value(), (answer ? "" : core::describe(answer.error())));
    return *answer;
  }

  TempDir dir;
  Fleet fleet;
  std::vector<core::Bytes> log;
  rebuild::BalanceOptions options;

 private:
  std::size_t office_ = 0;
};

}  // namespace test
