// The three statements' payloads: deterministic CBOR arrays.
#include "core/retail/points_exchange.h"

#include "core/base/fold_case.h"
#include "core/envelope/cbor.h"
#include "core/retail/fields.h"
#include "core/retail/limits.h"

namespace core::retail {
namespace {

using envelope::StatementType;

constexpr std::size_t kReasonMax = 500;

Bytes sign(StatementType type, ByteView payload, std::string_view origin,
           const envelope::PrivateKey& key) {
  return envelope::sign_statement(type, envelope::derive_kid(origin, key.public_key()), payload,
                                  key);
}

Result<void> read_points(CborReader& r, std::int64_t least, std::int64_t& points) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(points, r.integer());
  if (points < least || points > kFigureMax) {
    return r.refuse(at,
                    "points are " + std::to_string(least) + " to " + std::to_string(kFigureMax));
  }
  return {};
}

Result<PointsAnswer> decode_answer(ByteView payload) {
  CborReader r(payload);
  PointsAnswer out;
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items != 5) return r.refuse(0, "an answer has 5 items");
  TRY(read_fixed(r, out.request));
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t verdict, r.unsigned_integer());
  if (verdict < 1 || verdict > 3) return r.refuse(at, "no such verdict");
  out.verdict = static_cast<PointsVerdict>(verdict);
  TRY_ASSIGN(out.available, r.integer());
  TRY_ASSIGN(const ByteView allowance, r.bytes());
  out.allowance = to_bytes(allowance);
  TRY_ASSIGN(const std::string_view reason, r.text());
  out.reason = reason;
  TRY(r.finish());
  return out;
}

Result<PointsAllowance> decode_allowance(ByteView payload) {
  CborReader r(payload);
  PointsAllowance out;
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items != 6) return r.refuse(0, "an allowance has 6 items");
  TRY_ASSIGN(out.till.store, read_id<StoreId>(r));
  TRY_ASSIGN(out.till.till, read_id<TillId>(r));
  TRY_ASSIGN(out.epoch, read_id<Epoch>(r));
  TRY_ASSIGN(out.through, read_day(r));
  TRY(read_points(r, 0, out.member_points));
  TRY(read_points(r, 0, out.total_points));
  TRY(r.finish());
  return out;
}

Result<envelope::Statement> verify(ByteView bytes, StatementType type, std::string_view origin,
                                   const envelope::PublicKey& office) {
  if (bytes.size() > kPointsAnswerSizeMax) {
    return fail(Errc::kTooLarge, std::to_string(bytes.size()) + " bytes; the limit is " +
                                     std::to_string(kPointsAnswerSizeMax));
  }
  TRY_ASSIGN(const envelope::Statement statement, envelope::parse_statement(bytes, type));
  if (statement.kid != envelope::derive_kid(origin, office)) {
    return fail(Errc::kUnknownKey,
                "not signed with the key of every day that this till knows; if head office has "
                "replaced it, join again");
  }
  if (!envelope::verify_statement(statement, office)) {
    return fail(Errc::kBadSignature, "the signature is not head office's");
  }
  return statement;
}

}  // namespace

Bytes sign_points_request(const PointsRequest& request, std::string_view origin,
                          const envelope::PrivateKey& till) {
  CborWriter w;
  const bool hold = request.ask == PointsAsk::kHold;
  w.array(hold ? 5 : 3);
  w.unsigned_integer(static_cast<std::uint64_t>(request.ask));
  w.bytes(request.id.view());
  w.integer(request.day.days);
  if (hold) {
    w.bytes(request.member.view());
    w.integer(request.points);
  }
  return sign(StatementType::kPointsRequest, w.view(), origin, till);
}

Bytes sign_points_allowance(const PointsAllowance& allowance, std::string_view origin,
                            const envelope::PrivateKey& office) {
  CborWriter w;
  w.array(6);
  w.unsigned_integer(allowance.till.store.value);
  w.unsigned_integer(allowance.till.till.value);
  w.unsigned_integer(allowance.epoch.value);
  w.integer(allowance.through.days);
  w.integer(allowance.member_points);
  w.integer(allowance.total_points);
  return sign(StatementType::kPointsAllowance, w.view(), origin, office);
}

Bytes sign_points_answer(const PointsAnswer& answer, std::string_view origin,
                         const envelope::PrivateKey& office) {
  CborWriter w;
  w.array(5);
  w.bytes(answer.request.view());
  w.unsigned_integer(static_cast<std::uint64_t>(answer.verdict));
  w.integer(answer.available);
  w.bytes(answer.allowance);
  w.text(utf8_prefix(answer.reason, kReasonMax));
  return sign(StatementType::kPointsAnswer, w.view(), origin, office);
}

Result<PointsRequest> decode_points_request(ByteView payload) {
  CborReader r(payload);
  PointsRequest out;
  TRY_ASSIGN(const std::size_t items, r.array());
  std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t ask, r.unsigned_integer());
  if (ask < 1 || ask > 3) return r.refuse(at, "no such question");
  out.ask = static_cast<PointsAsk>(ask);
  const bool hold = out.ask == PointsAsk::kHold;
  if (items != (hold ? 5U : 3U)) return r.refuse(0, "another number of items than it has");
  TRY(read_fixed(r, out.id));
  TRY_ASSIGN(out.day, read_day(r));
  if (hold) {
    TRY(read_fixed(r, out.member));
    TRY(read_points(r, 1, out.points));
  }
  TRY(r.finish());
  return out;
}

Result<PointsAllowance> verify_points_allowance(ByteView bytes, std::string_view origin,
                                                const envelope::PublicKey& office) {
  TRY_ASSIGN(const auto statement, verify(bytes, StatementType::kPointsAllowance, origin, office));
  return decode_allowance(statement.payload);
}

Result<PointsAnswer> verify_points_answer(ByteView bytes, ByteView request, std::string_view origin,
                                          const envelope::PublicKey& office) {
  TRY_ASSIGN(const auto statement, verify(bytes, StatementType::kPointsAnswer, origin, office));
  TRY_ASSIGN(PointsAnswer answer, decode_answer(statement.payload));
  if (answer.request == envelope::sha256(request)) return answer;
  return fail(Errc::kProtocol, "the answer is to another request");
}

}  // namespace core::retail
