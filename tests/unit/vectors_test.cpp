// Published test vectors, when they lie beside the project: ../shared/data/vectors.
// RFC 8949 Appendix A for CBOR, cose-wg examples for COSE_Sign1.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/envelope/cbor.h"
#include "core/envelope/message.h"

using namespace core;
using namespace core::envelope;

namespace {

const std::filesystem::path kVectors =
    std::filesystem::path(DAYBOOK_SOURCE_DIR).parent_path() / "shared/data/vectors";

bool absent(const char* file) {
  if (std::filesystem::exists(kVectors / file)) return false;
  MESSAGE("skipped: ", file, " is not beside the project");
  return true;
}

nlohmann::json load(const char* file) {
  std::ifstream in(kVectors / file);
  return nlohmann::json::parse(in);
}

// Writes what the reader reads: equal bytes show that both agree.
Result<void> transcode(CborReader& r, CborWriter& w);

Result<void> transcode_items(CborReader& r, CborWriter& w, std::uint64_t items) {
  for (std::uint64_t i = 0; i < items; ++i) TRY(transcode(r, w));
  return {};
}

Result<void> transcode(CborReader& r, CborWriter& w) {
  TRY_ASSIGN(const CborItem item, r.next());
  switch (item.type) {
    case CborType::kUnsigned:
      w.unsigned_integer(item.argument);
      return {};
    case CborType::kNegative:
      if (item.argument >> 63 != 0) {
        w.encoded(*from_hex("3b" + to_hex(Bytes{static_cast<std::uint8_t>(item.argument >> 56),
                                                static_cast<std::uint8_t>(item.argument >> 48),
                                                static_cast<std::uint8_t>(item.argument >> 40),
                                                static_cast<std::uint8_t>(item.argument >> 32),
                                                static_cast<std::uint8_t>(item.argument >> 24),
                                                static_cast<std::uint8_t>(item.argument >> 16),
                                                static_cast<std::uint8_t>(item.argument >> 8),
                                                static_cast<std::uint8_t>(item.argument)})));
      } else {
        w.integer(-1 - static_cast<std::int64_t>(item.argument));
      }
      return {};
    case CborType::kBytes:
      w.bytes(item.string);
      return {};
    case CborType::kText:
      w.text(as_text(item.string));
      return {};
    case CborType::kArray:
      w.array(item.argument);
      return transcode_items(r, w, item.argument);
    case CborType::kMap:
      w.map(item.argument);
      return transcode_items(r, w, item.argument * 2);
    case CborType::kTag:
      w.tag(item.argument);
      return transcode(r, w);
    case CborType::kBoolean:
      w.boolean(item.argument == 1);
      return {};
    case CborType::kNull:
      w.encoded(Bytes{0xf6});
      return {};
  }
  return {};
}

// Whether an Appendix A item lies in our profile: no floats, no indefinite lengths, no simple
// values but false, true and null.
bool in_profile(const nlohmann::json& vector) {
  const std::string hex = vector["hex"];
  if (!vector["roundtrip"].get<bool>()) return false;
  const std::string_view head = std::string_view(hex).substr(hex.starts_with("c1fb") ? 2 : 0, 2);
  if (head == "f9" || head == "fa" || head == "fb") return false;  // floats
  const std::string text = vector.value("diagnostic", "");
  return text.find("simple") == std::string::npos && text != "undefined";
}

}  // namespace

TEST_CASE(
    "RFC 8949 Appendix A: what our profile holds reads and writes back, the rest is refused") {
  if (absent("cbor-appendix-a.json")) return;
  int read = 0;
  int refused = 0;
  for (const auto& vector : load("cbor-appendix-a.json")) {
    const std::string hex = vector["hex"];
    CAPTURE(hex);
    const Bytes input = *from_hex(hex);
    CborReader r(input);
    CborWriter w;
    const auto done = transcode(r, w);
    const bool whole = done.has_value() && r.finish().has_value();
    if (in_profile(vector)) {
      CHECK(whole);
      CHECK(w.view() == input);
      ++read;
    } else {
      CHECK_FALSE(whole);
      ++refused;
    }
  }
  MESSAGE(read, " vectors read and written back, ", refused, " refused");
  CHECK(read >= 40);
  CHECK(refused >= 25);
}

TEST_CASE("COSE_Sign1 examples: our signature input is theirs, and theirs is no message of ours") {
  struct Example {
    const char* file;
    const char* protected_header;
    const char* external;
  };
  // An empty protected header map is signed as an empty string (RFC 9052 section 4.4).
  const Example examples[] = {
      {"cose-sign-pass-01.json", "", ""},
      {"cose-sign-pass-02.json", "a10126", "11aa22bb33cc44dd55006699"},
      {"cose-sign-pass-03.json", "a10126", ""},
      {"cose-eddsa-sig-01.json", "a201270300", ""},
  };
  for (const Example& example : examples) {
    CAPTURE(example.file);
    if (absent(example.file)) return;
    const auto vector = load(example.file);
    const std::string content = vector["input"]["plaintext"];
    const Bytes input = signature_input(*from_hex(example.protected_header),
                                        *from_hex(example.external), as_bytes(content));
    CHECK(input == *from_hex(vector["intermediates"]["ToBeSign_hex"].get<std::string>()));
    const Bytes message = *from_hex(vector["output"]["cbor"].get<std::string>());
    CHECK(cbor_diagnostic(message).has_value());
    CHECK_FALSE(parse_message(message).has_value());
  }
}

TEST_CASE("the EdDSA example verifies with the published key, and an altered one does not") {
  if (absent("cose-eddsa-sig-01.json")) return;
  const auto vector = load("cose-eddsa-sig-01.json");
  const auto& jwk = vector["input"]["sign0"]["key"];
  const PublicKey key = *PublicKey::from(*from_hex(jwk["x_hex"].get<std::string>()));
  const PrivateKey private_key = *PrivateKey::from_seed(*from_hex(jwk["d_hex"].get<std::string>()));
  CHECK(private_key.public_key() == key);
  const Bytes signed_bytes = *from_hex(vector["intermediates"]["ToBeSign_hex"].get<std::string>());
  const Bytes message = *from_hex(vector["output"]["cbor"].get<std::string>());
  Signature signature = *Signature::from(ByteView(message).last(64));
  CHECK(private_key.sign(signed_bytes) == signature);
  CHECK(verify(key, signed_bytes, signature));
  signature.bytes[5] ^= 1;
  CHECK_FALSE(verify(key, signed_bytes, signature));
}
