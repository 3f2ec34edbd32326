// EnrolRequest: its proof, and its text.
#include "core/envelope/enrol_request.h"

#include <array>
#include <limits>

#include "core/base/decimal.h"
#include "core/envelope/cbor.h"

namespace core::envelope {
namespace {

constexpr std::array<std::string_view, 6> kNames = {"origin", "store",       "till",
                                                    "key",    "sealing-key", "proof"};

Bytes proven_bytes(const EnrolRequest& request) {
  CborWriter w;
  w.array(6);
  w.text("daybook enrolment v1");
  w.text(request.origin);
  w.unsigned_integer(request.till.store.value);
  w.unsigned_integer(request.till.till.value);
  w.bytes(request.key.view());
  w.bytes(request.sealing_key.view());
  return std::move(w).take();
}

Result<std::uint32_t> parse_number(std::string_view text) {
  TRY_ASSIGN(const std::uint64_t value, parse_unsigned(text));
  if (value > std::numeric_limits<std::uint32_t>::max()) {
    return fail(Errc::kMalformed, "'" + std::string(text) + "' is beyond 4294967295");
  }
  return static_cast<std::uint32_t>(value);
}

template <typename Fixed>
Result<Fixed> parse_fixed(std::string_view text) {
  TRY_ASSIGN(const Bytes bytes, from_hex(text));
  return Fixed::from(bytes);
}

// The values of the six lines.
using Values = std::array<std::string_view, kNames.size()>;

Result<Values> split_lines(std::string_view text) {
  Values values;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::string_view name = kNames[i];
    if (line.size() <= name.size() + 1 || !line.starts_with(name) || line[name.size()] != ' ') {
      return fail(Errc::kMalformed,
                  "line " + std::to_string(i + 1) + ": expected '" + std::string(name) + " ...'");
    }
    values[i] = line.substr(name.size() + 1);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  if (!text.empty()) return fail(Errc::kMalformed, "line 7: nothing may follow the proof");
  return values;
}

}  // namespace

EnrolRequest make_enrol_request(std::string_view origin, TillRef till, const PrivateKey& key,
                                const SealingPublicKey& sealing_key) {
  EnrolRequest request{std::string(origin), till, key.public_key(), sealing_key, {}};
  request.proof = key.sign(proven_bytes(request));
  return request;
}

Result<void> check_proof(const EnrolRequest& request) {
  if (verify(request.key, proven_bytes(request), request.proof)) return {};
  return fail(Errc::kBadSignature, "the proof is not the signature of the key over this request");
}

std::string enrol_request_text(const EnrolRequest& request) {
  return "origin " + request.origin + "\nstore " + to_string(request.till.store) + "\ntill " +
         to_string(request.till.till) + "\nkey " + request.key.hex() + "\nsealing-key " +
         request.sealing_key.hex() + "\nproof " + request.proof.hex() + "\n";
}

Result<EnrolRequest> parse_enrol_request(std::string_view text) {
  TRY_ASSIGN(const Values values, split_lines(text));
  const auto on_line = [](int number, const Error& error) {
    return fail(Errc::kMalformed, "line " + std::to_string(number) + ": " + error.what);
  };
  EnrolRequest request;
  request.origin = values[0];
  const auto store = parse_number(values[1]);
  if (!store) return on_line(2, store.error());
  const auto till = parse_number(values[2]);
  if (!till) return on_line(3, till.error());
  const auto key = parse_fixed<PublicKey>(values[3]);
  if (!key) return on_line(4, key.error());
  const auto sealing_key = parse_fixed<SealingPublicKey>(values[4]);
  if (!sealing_key) return on_line(5, sealing_key.error());
  const auto proof = parse_fixed<Signature>(values[5]);
  if (!proof) return on_line(6, proof.error());
  request.till = TillRef{StoreId{*store}, TillId{*till}};
  request.key = *key;
  request.sealing_key = *sealing_key;
  request.proof = *proof;
  return request;
}

}  // namespace core::envelope
