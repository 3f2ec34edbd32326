// Fuzzes everything that reads bytes from outside: CBOR, message, sealed payload, summary,
// document, receipt, request for points, roster, enrolment request. What is accepted must write
// back to the same bytes.
#include <cstdint>
#include <cstdlib>

#include "core/envelope/cbor.h"
#include "core/envelope/enrol_request.h"
#include "core/envelope/message.h"
#include "core/envelope/roster.h"
#include "core/envelope/sealing.h"
#include "core/envelope/statement.h"
#include "core/retail/points_exchange.h"
#include "core/retail/signed_receipt.h"
#include "core/retail/summary.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const core::ByteView input(data, size);
  (void)core::envelope::cbor_diagnostic(input);
  (void)core::envelope::first_item_size(input);
  if (const auto message = core::envelope::parse_message(input)) {
    if (message->payload.size() > size) std::abort();
    if (const auto summary = core::retail::decode_summary(message->payload)) {
      if (core::retail::encode_summary(*summary).size() != message->payload.size()) std::abort();
    }
  }
  if (const auto summary = core::retail::decode_summary(input)) {
    if (!core::equal(core::retail::encode_summary(*summary), input)) std::abort();
  }
  if (const auto sale = core::retail::decode_document(input)) {
    if (!core::equal(core::retail::encode_document(*sale), input)) std::abort();
  }
  (void)core::envelope::parse_statement(input, core::envelope::StatementType::kReceipt);
  if (const auto receipt = core::retail::decode_receipt(input)) {
    if (!core::equal(core::retail::encode_receipt(*receipt), input)) std::abort();
  }
  if (const auto bytes = core::retail::parse_receipt_text(core::as_text(input))) {
    if (core::retail::receipt_text(*bytes) != core::as_text(input)) std::abort();
  }
  static const auto sealing_key =
      core::envelope::SealingKey::from(core::Bytes(core::envelope::SealingKey::kSize, 1));
  if (const auto plaintext = core::envelope::open_sealed(sealing_key, {}, input)) {
    if (!core::equal(core::envelope::seal(sealing_key, {}, *plaintext), input)) std::abort();
  }
  if (const auto request = core::envelope::parse_enrol_request(core::as_text(input))) {
    const auto again =
        core::envelope::parse_enrol_request(core::envelope::enrol_request_text(*request));
    if (!again || again->proof != request->proof) std::abort();
  }
  static const auto key = core::envelope::PrivateKey::from_seed(core::Bytes(32, 1));
  constexpr auto kPoints = core::envelope::StatementType::kPointsRequest;
  (void)core::envelope::parse_statement(input, kPoints);
  if (const auto request = core::retail::decode_points_request(input)) {
    const core::Bytes again = core::retail::sign_points_request(*request, "fuzz", *key);
    const auto statement = core::envelope::parse_statement(again, kPoints);
    if (!statement || !core::equal(statement->payload, input)) std::abort();
  }
  (void)core::retail::verify_points_answer(input, {}, "fuzz", key->public_key());
  (void)core::retail::verify_points_allowance(input, "fuzz", key->public_key());
  (void)core::envelope::Roster::read(input, "fuzz", key->public_key());
  return 0;
}
