// Statement: a COSE_Sign1 whose header names alg, content type and kid.
#include "core/envelope/statement.h"

#include "core/envelope/cbor.h"
#include "core/envelope/cose.h"
#include "core/envelope/message.h"

namespace core::envelope {
namespace {

Result<Kid> read_header(ByteView bytes, StatementType type) {
  CborReader r(bytes);
  TRY_ASSIGN(const std::size_t pairs, r.map());
  if (pairs != 3) return r.refuse(0, "the protected header has 3 parameters");
  TRY(expect_eddsa(r));
  TRY(expect_label(r, kLabelContentType));
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t found, r.unsigned_integer());
  if (found != static_cast<std::uint64_t>(type)) {
    return r.refuse(at, "content type " + std::to_string(found) + " where " +
                            std::to_string(static_cast<std::uint64_t>(type)) + " is expected");
  }
  TRY(expect_label(r, kLabelKid));
  Kid kid;
  TRY(read_fixed(r, kid));
  TRY(r.finish());
  return kid;
}

}  // namespace

Bytes sign_statement(StatementType type, const Kid& kid, ByteView payload, const PrivateKey& key) {
  CborWriter w;
  w.map(3);
  w.integer(kLabelAlgorithm);
  w.integer(kAlgorithmEdDsa);
  w.integer(kLabelContentType);
  w.unsigned_integer(static_cast<std::uint64_t>(type));
  w.integer(kLabelKid);
  w.bytes(kid.view());
  return write_sign1(w.view(), payload, key.sign(signature_input(w.view(), {}, payload)));
}

Result<Statement> parse_statement(ByteView bytes, StatementType type) {
  CoseSign1 parts;
  TRY(read_sign1(bytes, parts));
  const auto kid = read_header(parts.protected_header, type);
  if (!kid) {
    return fail(Errc::kMalformed, "byte " + std::to_string(parts.header_offset) +
                                      ": protected header, " + kid.error().what);
  }
  return Statement{*kid, parts.protected_header, parts.payload, parts.signature};
}

bool verify_statement(const Statement& statement, const PublicKey& key) {
  return verify(key, signature_input(statement.protected_header, {}, statement.payload),
                statement.signature);
}

}  // namespace core::envelope
