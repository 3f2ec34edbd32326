// Two tills of one shop that share a member, with the real balance service and books between them.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ledger-rebuild/balance_service.h"
#include "ledger-rebuild/head_office.h"
#include "ledger-rebuild/replay.h"
#include "ledger-rebuild/verify_books.h"
#include "till_samples.h"

namespace till_test {

using core::Bytes;
using core::Errc;
using core::retail::MemberKey;
using till::AskPoints;
using till::Basket;
using till::HoldId;
using till::PointsService;

inline constexpr const char* kPhone = "+49 30 1234567";

// Two tills of one shop; a sale of 500.00 earns 500 points, and a point pays 0.01.
class TwoTills {
 public:
  TwoTills() : office_(rebuild::HeadOffice::create(dir_ / "office", kOrigin).value()) {
    options_.head_office = dir_ / "office";
    options_.books = dir_ / "books.db";
    options_.holds = dir_ / "holds.db";
    for (std::uint32_t i = 0; i < 2; ++i) {
      auto setup = setup_with(garden());
      setup.ref = {core::StoreId{4}, core::TillId{i + 1}};
      auto made = till::Till::create(journal(i), setup, till::Durability::kSimulated);
      REQUIRE(made);
      const auto request = made->enrol_request();
      REQUIRE(office_.enrol(std::span(&request, 1)));
      REQUIRE(made->join(office_.roster()));
      core::retail::Settings settings;
      settings.earn_minor_per_point = 100;
      settings.value_minor_per_point = 1;
      settings.member_key = Bytes(32, 7);
      REQUIRE(made->set_settings(settings));
      REQUIRE(made->set_points_service({"http://127.0.0.1:1", 1500}));
      member = core::retail::member_of(settings, kPhone).value();
    }
    reopen(0);
    reopen(1);
    // Yesterday the member earned 1000 points.
    for (std::uint32_t i = 0; i < 2; ++i) {
      need(at(i).open_day(day(0), parts_for(20)));
      Basket basket = sets(1);
      basket.member = member;
      need(at(i).ring(basket, 1));
      need(at(i).close_day());
    }
    night();
    start();
    for (std::uint32_t i = 0; i < 2; ++i) need(at(i).open_day(day(1), parts_for(20)));
  }

  till::Till& at(std::uint32_t number) { return *tills_[number]; }
  // The process ends, however, and starts again.
  void reopen(std::uint32_t number) {
    tills_[number].reset();
    auto opened = till::Till::open(journal(number), till::Durability::kSimulated);
    REQUIRE_MESSAGE(opened, (opened ? "" : describe(opened.error())));
    tills_[number].emplace(std::move(*opened));
  }
  std::filesystem::path journal(std::uint32_t number) const {
    return dir_ / ("till-" + std::to_string(number) + ".db");
  }

  void start() {
    auto opened = rebuild::BalanceService::open(options_);
    REQUIRE_MESSAGE(opened, (opened ? "" : describe(opened.error())));
    service_ = std::move(*opened);
  }
  void stop() { service_.reset(); }
  void give_allowance(std::int64_t of_member, std::int64_t of_all, std::int32_t days = 2) {
    options_.member_points = of_member;
    options_.total_points = of_all;
    options_.days = days;
    stop();
    start();
  }

  // All that the tills wrote goes to the books.
  void night() {
    for (std::uint32_t i = 0; i < 2; ++i) {
      const auto entries = need(at(i).outbox().all(core::Sequence{sent_[i]}, 100));
      for (const auto& entry : entries) log_.push_back(entry.message);
      sent_[i] += entries.size();
    }
    const auto source = rebuild::memory_source(log_);
    const auto roster = rebuild::read_roster(dir_ / "office").value();
    const auto done = rebuild::replay(*source, roster, options_.books, {});
    REQUIRE_MESSAGE(done, (done ? "" : describe(done.error())));
    const auto books = rebuild::Books::open(options_.books).value();
    CHECK(rebuild::verify_books(books).value().empty());
  }
  std::int64_t balance() {
    return rebuild::BookedPoints::open(options_.books).value().balance(member).value();
  }
  std::size_t open_holds() {
    auto holds = rebuild::Holds::open_existing(options_.holds).value();
    auto books = rebuild::BookedPoints::open(options_.books).value();
    return holds.open_holds(books).value().size();
  }

  AskPoints ask() {
    return [this](const PointsService&, core::ByteView request) -> core::Result<Bytes> {
      ++asked;
      if (service_ == nullptr) return core::fail(Errc::kNetwork, "nobody listens");
      auto reply = service_->answer(request);
      if (reply.status != 200) return core::fail(Errc::kNetwork, "not now");
      if (lose_answers) return core::fail(Errc::kNetwork, "cut off");
      if (change_answer) change_answer(reply.body);
      return std::move(reply.body);
    };
  }

  core::Result<till::ReservedPoints> reserve(std::uint32_t number, std::int64_t points) {
    return at(number).points().reserve(member, points, ask());
  }
  // A sale of a set, 500.00, of which points pay a part.
  core::Result<till::Rung> ring_held(std::uint32_t number, std::int64_t points,
                                     std::vector<HoldId> ids) {
    Basket basket = sets(1);
    basket.member = member;
    basket.points_redeemed = points;
    basket.points_held = std::move(ids);
    return at(number).ring(basket, 1);
  }
  core::Result<till::Rung> redeem(std::uint32_t number, std::int64_t points) {
    TRY_ASSIGN(const auto held, reserve(number, points));
    offline = held.offline;
    return ring_held(number, points, {held.id});
  }
  void refused(Errc code, const core::Result<till::Rung>& result, const std::string& says) {
    REQUIRE_FALSE(result);
    CHECK_MESSAGE(result.error().code == code, describe(result.error()));
    CHECK_MESSAGE(result.error().what.find(says) != std::string::npos, result.error().what);
  }
  // Tells the service what it should hear.
  void tell(std::uint32_t number) {
    while (const auto request = need(at(number).points().next_request())) {
      const auto answer = ask()({}, *request);
      REQUIRE(answer);
      need(at(number).points().settle(*request, *answer));
    }
  }

  template <typename T>
  static T need(core::Result<T> result) {
    REQUIRE_MESSAGE(result, (result ? "" : describe(result.error())));
    if constexpr (!std::is_void_v<T>) return std::move(result).value();
  }

  rebuild::HeadOffice& office() { return office_; }
  const test::TempDir& dir() const { return dir_; }

  MemberKey member;
  bool offline = false;  // of the latest that was redeemed
  bool lose_answers = false;
  std::function<void(Bytes&)> change_answer;
  std::atomic<int> asked = 0;

 private:
  test::TempDir dir_;
  rebuild::HeadOffice office_;
  rebuild::BalanceOptions options_;
  std::array<std::optional<till::Till>, 2> tills_;
  std::array<std::uint64_t, 2> sent_{};
  std::vector<Bytes> log_;
  std::unique_ptr<rebuild::BalanceService> service_;
};

}  // namespace till_test
