// What a till and the balance service say to each other: what is believed, and what is refused.
#include <doctest/doctest.h>

#include "core/retail/limits.h"
#include "core/retail/points_exchange.h"

using namespace core::retail;
using core::Bytes;
using core::Errc;
using core::envelope::PrivateKey;
using core::envelope::StatementType;

namespace {

constexpr const char* kShops = "points.example/log";

PrivateKey key(std::uint8_t number) {
  return *PrivateKey::from_seed(Bytes(32, number));
}

PointsRequest some_hold() {
  return {PointsAsk::kHold, *HoldId::from(Bytes(16, 9)), core::BusinessDay{20500},
          *MemberKey::from(Bytes(16, 5)), 250};
}

PointsAnswer some_answer(const Bytes& request) {
  return {core::envelope::sha256(request), PointsVerdict::kTooFew, -7, {1, 2, 3}, "why"};
}

core::Result<PointsRequest> read(const Bytes& bytes) {
  TRY_ASSIGN(const auto statement,
             core::envelope::parse_statement(bytes, StatementType::kPointsRequest));
  return decode_points_request(statement.payload);
}

}  // namespace

TEST_CASE("a request says what was asked, and the same question has the same bytes") {
  PointsRequest release{PointsAsk::kRelease, some_hold().id, core::BusinessDay{20500}, {}, 0};
  PointsRequest allowance = release;
  allowance.ask = PointsAsk::kAllowance;
  for (const PointsRequest& one : {some_hold(), release, allowance}) {
    const Bytes bytes = sign_points_request(one, kShops, key(1));
    CHECK(bytes.size() <= kPointsRequestSizeMax);
    CHECK(bytes == sign_points_request(one, kShops, key(1)));
    const auto back = read(bytes);
    REQUIRE(back);
    CHECK(*back == one);
  }
}

TEST_CASE("a hold's payload is these bytes, as the document shows them") {
  const Bytes bytes = sign_points_request(some_hold(), kShops, key(1));
  const auto statement = core::envelope::parse_statement(bytes, StatementType::kPointsRequest);
  REQUIRE(statement);
  CHECK(core::to_hex(statement->payload) ==
        "85015009090909090909090909090909090909195014500505050505050505050505050505050518fa");
}

TEST_CASE("no request that is cut, longer or out of range is read") {
  const Bytes good = sign_points_request(some_hold(), kShops, key(1));
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK_FALSE(read(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))));
  }
  Bytes longer = good;
  longer.push_back(0);
  CHECK_FALSE(read(longer));
  for (const std::int64_t points : {std::int64_t{0}, std::int64_t{-1}, kFigureMax + 1}) {
    PointsRequest odd = some_hold();
    odd.points = points;
    CHECK_FALSE(read(sign_points_request(odd, kShops, key(1))));
  }
  PointsRequest late = some_hold();
  late.day.days = core::BusinessDay::kMax + 1;
  CHECK_FALSE(read(sign_points_request(late, kShops, key(1))));
}

TEST_CASE("an answer is believed for its own request and head office's key alone") {
  const Bytes request = sign_points_request(some_hold(), kShops, key(1));
  const PointsAnswer said = some_answer(request);
  const Bytes answer = sign_points_answer(said, kShops, key(2));
  const auto office = key(2).public_key();
  const auto good = verify_points_answer(answer, request, kShops, office);
  REQUIRE(good);
  CHECK(*good == said);
  const auto code_of = [&](const Bytes& bytes, const Bytes& to, const char* origin,
                           const core::envelope::PublicKey& signer) {
    const auto result = verify_points_answer(bytes, to, origin, signer);
    REQUIRE_FALSE(result);
    return result.error().code;
  };
  PointsRequest other = some_hold();
  other.points = 251;
  CHECK(code_of(answer, sign_points_request(other, kShops, key(1)), kShops, office) ==
        Errc::kProtocol);
  CHECK(code_of(answer, request, kShops, key(3).public_key()) == Errc::kUnknownKey);
  CHECK(code_of(answer, request, "other.example/log", office) == Errc::kUnknownKey);
  CHECK(code_of(sign_points_answer(said, kShops, key(3)), request, kShops, office) ==
        Errc::kUnknownKey);
  // Under head office's kid, but signed by another.
  const auto kid = core::envelope::derive_kid(kShops, office);
  const auto parsed = core::envelope::parse_statement(answer, StatementType::kPointsAnswer);
  REQUIRE(parsed);
  const Bytes forged =
      core::envelope::sign_statement(StatementType::kPointsAnswer, kid, parsed->payload, key(3));
  CHECK(code_of(forged, request, kShops, office) == Errc::kBadSignature);
  CHECK(code_of(request, request, kShops, office) == Errc::kMalformed);
  CHECK(code_of(Bytes(kPointsAnswerSizeMax + 1), request, kShops, office) == Errc::kTooLarge);
  int flips = 0;
  for (std::size_t i = 0; i < answer.size(); ++i) {
    Bytes changed = answer;
    changed[i] ^= 1;
    CHECK_FALSE(verify_points_answer(changed, request, kShops, office));
    ++flips;
  }
  CHECK(flips > 100);
}

TEST_CASE("an allowance is no answer, and one that is below zero is none") {
  const PointsAllowance given{
      {core::StoreId{4}, core::TillId{1}}, core::Epoch{2}, core::BusinessDay{20502}, 100, 1000};
  const auto office = key(2).public_key();
  const Bytes bytes = sign_points_allowance(given, kShops, key(2));
  const auto back = verify_points_allowance(bytes, kShops, office);
  REQUIRE(back);
  CHECK(*back == given);
  CHECK_FALSE(verify_points_answer(bytes, {}, kShops, office));
  CHECK_FALSE(verify_points_allowance(bytes, kShops, key(1).public_key()));
  PointsAllowance odd = given;
  odd.total_points = -1;
  CHECK_FALSE(verify_points_allowance(sign_points_allowance(odd, kShops, key(2)), kShops, office));
}
