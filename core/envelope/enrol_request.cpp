// EnrolRequest: its proof, and its text.
#include "core/envelope/enrol_request.h"

#include <array>
#include <limits>

#include "core/base/base45.h"
#include "core/base/decimal.h"
#include "core/envelope/cbor.h"

namespace core::envelope {
namespace {

constexpr std::array<std::string_view, 6> kNames = {"origin", "store",       "till",
                                                    "key",    "sealing-key", "proof"};

constexpr std::string_view kCodePrefix = "DAYBOOK-REQUEST:";
constexpr std::size_t kCodeItems = 6;

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

std::string enrol_request_code(const EnrolRequest& request) {
  CborWriter w;
  w.array(kCodeItems);
  w.text(request.origin);
  w.unsigned_integer(request.till.store.value);
  w.unsigned_integer(request.till.till.value);
  w.bytes(request.key.view());
  w.bytes(request.sealing_key.view());
  w.bytes(request.proof.view());
  return std::string(kCodePrefix) + to_base45(w.view());
}

namespace {

Result<std::uint32_t> read_code_number(CborReader& r) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t number, r.unsigned_integer());
  if (number > std::numeric_limits<std::uint32_t>::max()) return r.refuse(at, "no such number");
  return static_cast<std::uint32_t>(number);
}

template <typename Fixed>
Result<Fixed> read_code_bytes(CborReader& r) {
  TRY_ASSIGN(const ByteView bytes, r.bytes());
  return Fixed::from(bytes);
}

Result<EnrolRequest> parse_code(std::string_view code) {
  TRY_ASSIGN(const Bytes bytes, from_base45(code));
  CborReader r(bytes);
  EnrolRequest request;
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items != kCodeItems) return r.refuse(0, "a request's code has 6 items");
  TRY_ASSIGN(request.origin, r.text());
  TRY_ASSIGN(request.till.store.value, read_code_number(r));
  TRY_ASSIGN(request.till.till.value, read_code_number(r));
  TRY_ASSIGN(request.key, read_code_bytes<PublicKey>(r));
  TRY_ASSIGN(request.sealing_key, read_code_bytes<SealingPublicKey>(r));
  TRY_ASSIGN(request.proof, read_code_bytes<Signature>(r));
  TRY(r.finish());
  return request;
}

}  // namespace

Result<EnrolRequest> parse_enrol_request(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \r\n");
  if (first != std::string_view::npos && text.substr(first).starts_with(kCodePrefix)) {
    const std::size_t last = text.find_last_not_of(" \r\n");
    auto request = parse_code(text.substr(first, last + 1 - first).substr(kCodePrefix.size()));
    if (!request) return fail(Errc::kMalformed, "the code: " + request.error().what);
    return request;
  }
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
