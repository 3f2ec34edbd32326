// What a till and head office's balance service say to each other, so that a member's points pay
// once: three signed statements. Must not know who keeps what, nor how they travel.
// Format: docs/message.cddl; rules: docs/points.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/business_day.h"
#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/keys.h"
#include "core/envelope/statement.h"
#include "core/retail/document.h"

namespace core::retail {

// A till's own name for one hold, random: never used for another.
using HoldId = FixedBytes<struct HoldIdTag, 16>;

inline constexpr const char* kPointsPath = "/v1/points";
inline constexpr const char* kPointsContentType = "application/cose";
inline constexpr std::size_t kPointsRequestSizeMax = 1024;  // bytes of a signed request
inline constexpr std::size_t kPointsAnswerSizeMax = 4096;   // bytes of a signed answer

enum class PointsAsk : std::uint8_t {
  kHold = 1,
  kRelease = 2,    // gives up a hold, also one that may not have arrived
  kAllowance = 3,  // only the allowance that every answer brings
};

struct PointsRequest {
  PointsAsk ask = PointsAsk::kAllowance;
  HoldId id;                // of the hold; of kAllowance random
  BusinessDay day;          // that is open at the till
  MemberKey member;         // of kHold
  std::int64_t points = 0;  // of kHold; above zero
  bool operator==(const PointsRequest&) const = default;
};

enum class PointsVerdict : std::uint8_t {
  kDone = 1,     // held, released, or here is the allowance
  kTooFew = 2,   // fewer are available; nothing is held
  kRefused = 3,  // this request can have no other answer; the reason says why
};

// How far a till may go on each business day without an answer. Shape: points 0..kFigureMax.
struct PointsAllowance {
  TillRef till;
  Epoch epoch;
  BusinessDay through;             // the last day on which it counts
  std::int64_t member_points = 0;  // of one member
  std::int64_t total_points = 0;   // of all
  bool operator==(const PointsAllowance&) const = default;
};

struct PointsAnswer {
  envelope::Hash request;  // SHA-256 of the request's bytes
  PointsVerdict verdict = PointsVerdict::kRefused;
  std::int64_t available = 0;  // of kHold: that was there before it; negative: overdrawn
  Bytes allowance;             // a signed PointsAllowance; empty: none is given
  std::string reason;          // of kRefused
  bool operator==(const PointsAnswer&) const = default;
};

// The same content and key give the same bytes. Who signs: the kid.
Bytes sign_points_request(const PointsRequest& request, std::string_view origin,
                          const envelope::PrivateKey& till);
Bytes sign_points_allowance(const PointsAllowance& allowance, std::string_view origin,
                            const envelope::PrivateKey& office);
Bytes sign_points_answer(const PointsAnswer& answer, std::string_view origin,
                         const envelope::PrivateKey& office);

// Of a payload; checks no signature. Errors: kMalformed with the byte offset.
Result<PointsRequest> decode_points_request(ByteView payload);

// What head office's key signed. Errors: kTooLarge, kMalformed, kUnknownKey (another key's),
// kBadSignature; of an answer kProtocol (it is to another request).
Result<PointsAllowance> verify_points_allowance(ByteView bytes, std::string_view origin,
                                                const envelope::PublicKey& office);
Result<PointsAnswer> verify_points_answer(ByteView bytes, ByteView request, std::string_view origin,
                                          const envelope::PublicKey& office);

}  // namespace core::retail
