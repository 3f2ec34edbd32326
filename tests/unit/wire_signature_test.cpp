// Signed requests: the published example, every part covered, one form only, nonces once.
#include <doctest/doctest.h>

#include "core/base/base64.h"
#include "core/wire/http_signature.h"

using core::as_bytes;
using core::Errc;
using core::envelope::PrivateKey;
using core::wire::NonceCache;
using core::wire::parse_signature;
using core::wire::sign_request;
using core::wire::SignatureComponent;
using core::wire::SignatureFields;
using core::wire::SignedRequest;
using core::wire::verify_request;

namespace {

// RFC 9421 appendix B.1.4, "test-key-ed25519".
PrivateKey published_key() {
  const auto seed = core::from_base64("n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=");
  return PrivateKey::from_seed(seed.value()).value();
}

const SignedRequest kRequest = {"GET", "relay.example:8443", "/v1/entries?from=12&to=90"};

constexpr const char* kInput =
    R"(daybook=("@method" "@authority" "@path" "@query");created=1700000000;expires=1700000060)"
    R"(;nonce="n-1";keyid="office";alg="ed25519";tag="daybook-read")";

SignatureFields signed_fields() {
  return sign_request(kRequest, published_key(), "office", 1700000000, 1700000060, "n-1");
}

std::string replaced(std::string text, const std::string& part, const std::string& by) {
  const std::size_t at = text.find(part);
  REQUIRE(at != std::string::npos);
  return text.replace(at, part.size(), by);
}

bool verifies(const SignatureFields& fields, const SignedRequest& request) {
  const auto claimed = parse_signature(fields.input, fields.signature);
  REQUIRE(claimed);
  return verify_request(*claimed, request, published_key().public_key());
}

void refused(const std::string& input, const std::string& signature, const char* named) {
  CAPTURE(input);
  CAPTURE(signature);
  const auto claimed = parse_signature(input, signature);
  REQUIRE_FALSE(claimed);
  CHECK(claimed.error().code == Errc::kMalformed);
  CHECK(claimed.error().what.starts_with(named));
}

}  // namespace

TEST_CASE("the base and its signature are those of RFC 9421 appendix B.2.6") {
  const SignatureComponent components[] = {{"date", "Tue, 20 Apr 2021 02:07:55 GMT"},
                                           {"@method", "POST"},
                                           {"@path", "/foo"},
                                           {"@authority", "example.com"},
                                           {"content-type", "application/json"},
                                           {"content-length", "18"}};
  const std::string base = core::wire::signature_base(
      components,
      R"(("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473)"
      R"(;keyid="test-key-ed25519")");
  CHECK(core::to_base64(published_key().sign(as_bytes(base)).view()) ==
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==");
}

TEST_CASE("what is signed is the text that the RFC makes of the request, written by hand here") {
  const std::pair<const char*, const char*> targets[] = {
      {"/v1/entries?from=12&to=90", "\"@path\": /v1/entries\n\"@query\": ?from=12&to=90\n"},
      {"/v1/entries", "\"@path\": /v1/entries\n\"@query\": ?\n"},
      {"/v1/entries?", "\"@path\": /v1/entries\n\"@query\": ?\n"},
      {"/?a?b", "\"@path\": /\n\"@query\": ?a?b\n"}};
  for (const auto& [target, lines] : targets) {
    const auto& its_target = target;
    CAPTURE(its_target);
    const SignatureFields fields =
        sign_request({"GET", "relay.example:8443", target}, published_key(), "office", 1700000000,
                     1700000060, "n-1");
    CHECK(fields.input == kInput);
    const std::string base = std::string("\"@method\": GET\n\"@authority\": relay.example:8443\n") +
                             lines + "\"@signature-params\": " + (kInput + 8);
    CHECK(fields.signature ==
          "daybook=:" + core::to_base64(published_key().sign(as_bytes(base)).view()) + ":");
  }
}

TEST_CASE("a signed request verifies, and its fields come back") {
  const SignatureFields fields = signed_fields();
  const auto claimed = parse_signature(fields.input, fields.signature);
  REQUIRE(claimed);
  CHECK(claimed->keyid == "office");
  CHECK(claimed->nonce == "n-1");
  CHECK(claimed->created_s == 1700000000);
  CHECK(claimed->expires_s == 1700000060);
  CHECK(claimed->parameters == kInput + 8);
  CHECK(verify_request(*claimed, kRequest, published_key().public_key()));
  CHECK_FALSE(verify_request(*claimed, kRequest, PrivateKey::generate().public_key()));
}

TEST_CASE("every part is covered: with one changed, nothing verifies") {
  const SignatureFields fields = signed_fields();
  REQUIRE(verifies(fields, kRequest));
  for (const SignedRequest& other : {
           SignedRequest{"POST", "relay.example:8443", "/v1/entries?from=12&to=90"},
           SignedRequest{"get", "relay.example:8443", "/v1/entries?from=12&to=90"},
           SignedRequest{"GET", "relay.example", "/v1/entries?from=12&to=90"},
           SignedRequest{"GET", "other.example:8443", "/v1/entries?from=12&to=90"},
           SignedRequest{"GET", "relay.example:8443", "/v1/entrie?from=12&to=90"},
           SignedRequest{"GET", "relay.example:8443", "/?from=12&to=90"},
           SignedRequest{"GET", "relay.example:8443", "/v1/entries?from=13&to=90"},
           SignedRequest{"GET", "relay.example:8443", "/v1/entries?to=90&from=12"},
           SignedRequest{"GET", "relay.example:8443", "/v1/entries?"},
           SignedRequest{"GET", "relay.example:8443", "/v1/entries"},
       }) {
    CAPTURE(other.method);
    CAPTURE(other.authority);
    CAPTURE(other.target);
    CHECK_FALSE(verifies(fields, other));
  }
  for (const auto& [part, by] : std::initializer_list<std::pair<const char*, const char*>>{
           {"created=1700000000", "created=1700000001"},
           {"expires=1700000060", "expires=1700000061"},
           {"nonce=\"n-1\"", "nonce=\"n-2\""},
           {"keyid=\"office\"", "keyid=\"Office\""}}) {
    const auto& its_by = by;
    CAPTURE(its_by);
    CHECK_FALSE(verifies({replaced(fields.input, part, by), fields.signature}, kRequest));
  }
  std::string other_signature = signed_fields().signature;
  other_signature[20] = other_signature[20] == 'A' ? 'B' : 'A';
  CHECK_FALSE(verifies({fields.input, other_signature}, kRequest));
}

TEST_CASE("a request with parts that could pass for others does not verify, even if signed") {
  for (const SignedRequest& request : {
           SignedRequest{"GET\n\"@authority\": a", "relay.example", "/"},
           SignedRequest{"", "relay.example", "/"},
           SignedRequest{"GET", "", "/"},
           SignedRequest{"GET", "relay.example", ""},
           SignedRequest{"GET", "relay.example", "?from=1"},
           SignedRequest{"GET", "relay.example", "*"},
           SignedRequest{"GET", "relay.example", "http://relay.example/"},
           SignedRequest{"GET", "relay.example", "/a b"},
           SignedRequest{"GET", "relay.example", "/a\r"},
           SignedRequest{"GET", "relay.ex\xc3\xa4mple", "/"},
       }) {
    CAPTURE(request.target);
    const SignatureFields fields = sign_request(request, published_key(), "office", 1, 2, "n");
    CHECK_FALSE(verifies(fields, request));
  }
}

TEST_CASE("parameters and components in another form, order or number are refused") {
  const SignatureFields fields = signed_fields();
  for (const auto& [part, by] : std::initializer_list<std::pair<const char*, const char*>>{
           // components
           {"\"@method\" \"@authority\"", "\"@authority\" \"@method\""},
           {"\"@method\" ", ""},
           {" \"@query\"", ""},
           {"\"@query\")", "\"@query\" \"date\")"},
           {"\"@path\" ", "\"@path\" \"@path\" "},
           {"\"@path\" ", "\"@path\"  "},
           {"\"@path\" ", "\"@path\";req "},
           {"\"@path\" ", "\"@target-uri\" "},
           {"(\"@method\" \"@authority\" \"@path\" \"@query\")", "()"},
           // parameters
           {";created=1700000000", ""},
           {";expires=1700000060", ""},
           {";nonce=\"n-1\"", ""},
           {";keyid=\"office\"", ""},
           {";alg=\"ed25519\"", ""},
           {";tag=\"daybook-read\"", ""},
           {";created=1700000000;expires=1700000060", ";expires=1700000060;created=1700000000"},
           {";nonce=\"n-1\";keyid=\"office\"", ";keyid=\"office\";nonce=\"n-1\""},
           {";nonce=\"n-1\"", ";nonce=\"n-1\";nonce=\"n-1\""},
           {";created=1700000000", ";created=1700000000;created=1700000000"},
           {";keyid=\"office\"", ";keyid=\"office\";extra=1"},
           {";tag=\"daybook-read\"", ";tag=\"daybook-read\";tag=\"daybook-read\""},
           {";tag=\"daybook-read\"", ";tag=\"daybook-read\";x"},
           {";created", "; created"},
           // values
           {"alg=\"ed25519\"", "alg=\"hmac-sha256\""},
           {"alg=\"ed25519\"", "alg=ed25519"},
           {"tag=\"daybook-read\"", "tag=\"daybook-write\""},
           {"daybook=", "sig1="},
           {"daybook=", "Daybook="},
           {"daybook=", " daybook="},
           {"daybook=", "other=();created=1, daybook="},
           {"daybook=", "daybook=?0, daybook="},
           {"1700000000", "-1700000000"},
           {"1700000000", "+1700000000"},
           {"1700000000", "01700000000"},
           {"1700000000", "1700000000.0"},
           {"1700000000", ""},
           {"1700000000", "\"1700000000\""},
           {"1700000000", "1700000061"},  // after expires
           {"1700000060", "1000000000000000"},
           {"1700000060", "99999999999999999999999"},
           {"\"n-1\"", "\"\""},
           {"\"n-1\"", "\"n 1\""},
           {"\"n-1\"", "\"n\\\\1\""},
           {"\"n-1\"", "\"n\\\"1\""},
           {"\"n-1\"", "\"n\n1\""},
           {"\"n-1\"", "\"n-1"},
           {"\"n-1\"", "n-1"},
           {"\"office\"", "\"\xc3\xa4\""},
       }) {
    const auto& its_by = by;
    CAPTURE(its_by);
    refused(replaced(fields.input, part, by), fields.signature, "Signature-Input");
  }
  refused("", fields.signature, "Signature-Input");
  refused(fields.input + " ", fields.signature, "Signature-Input");
  refused(fields.input + ", " + fields.input, fields.signature, "Signature-Input");
  for (std::size_t size = 0; size < fields.input.size(); ++size) {
    refused(fields.input.substr(0, size), fields.signature, "Signature-Input");
  }
}

TEST_CASE("a signature in another form is refused") {
  const SignatureFields fields = signed_fields();
  const std::string& good = fields.signature;
  for (const std::string& other :
       {std::string(), replaced(good, "daybook", "sig1"), good + ", " + good, good + ";a=1",
        good + " ", replaced(good, "==:", ":"), replaced(good, "==:", "A=:"),
        replaced(good, "==:", "AA:"), replaced(good, ":", ""), std::string("daybook=::"),
        replaced(good, "daybook=:", "daybook=: "), std::string("daybook=:AAAA:"),
        good.substr(0, good.size() - 1)}) {
    refused(fields.input, other, "Signature");
  }
  // The last digit before the padding has four bits that no byte uses.
  std::string bits = good;
  ++bits[bits.size() - 4];
  refused(fields.input, bits, "Signature");
}

TEST_CASE("fields over their limits are refused, and those at them are not") {
  const std::string longest(64, 'k');
  const SignatureFields fields =
      sign_request(kRequest, published_key(), longest, 0, core::wire::kSignatureTimeMax, longest);
  CHECK(verifies(fields, kRequest));
  for (const char* name : {"nonce", "keyid"}) {
    const std::string part = std::string(name) + "=\"";
    refused(replaced(fields.input, part, part + "k"), fields.signature, "Signature-Input, ");
  }
  refused(fields.input, std::string(1025, 'a'), "Signature: 1025 characters");
  refused(std::string(1025, 'a'), fields.signature, "Signature-Input: 1025 characters");
}

TEST_CASE("a nonce is used once until it expires") {
  NonceCache cache(10);
  CHECK(cache.first_use("office n-1", 60, 0));
  CHECK_FALSE(cache.first_use("office n-1", 60, 0));
  CHECK_FALSE(cache.first_use("office n-1", 90, 30));
  CHECK(cache.first_use("other n-1", 60, 30));
  CHECK_FALSE(cache.first_use("office n-1", 90, 60));  // a signature is good in its last second
  CHECK(cache.first_use("office n-1", 90, 61));
  CHECK_FALSE(cache.first_use("office n-1", 90, 61));
  CHECK_FALSE(cache.first_use("office n-2", 60, 61));  // expired already
}

TEST_CASE("a clock that is set back opens no second use") {
  NonceCache cache(10);
  CHECK(cache.first_use("office n-1", 60, 0));
  CHECK(cache.first_use("office n-2", 200, 100));
  CHECK(cache.size() == 1);
  CHECK_FALSE(cache.first_use("office n-1", 60, 10));
  CHECK_FALSE(cache.first_use("office n-2", 200, 10));
}

TEST_CASE("the cache is bounded: full of unexpired nonces it takes no more, later it does") {
  NonceCache cache(100);
  for (int i = 0; i < 100; ++i) {
    CHECK(cache.first_use("office " + std::to_string(i), 1000 + i, 0));
  }
  CHECK_FALSE(cache.first_use("office new", 2000, 0));
  CHECK_FALSE(cache.first_use("office new", 2000, 1000));
  CHECK(cache.size() == 100);
  CHECK(cache.first_use("office new", 2000, 1001));  // number 0 is gone
  CHECK_FALSE(cache.first_use("office newer", 2000, 1001));
  CHECK(cache.first_use("office newer", 2000, 1050));
  CHECK(cache.size() == 52);
  for (int i = 50; i < 100; ++i) {
    CHECK_FALSE(cache.first_use("office " + std::to_string(i), 3000, 1050));
  }
  CHECK_FALSE(NonceCache(0).first_use("a", 1, 0));
}
