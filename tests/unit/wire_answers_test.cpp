// Answers and addresses on the wire; routes and metrics of the relay.
#include <doctest/doctest.h>

#include "core/wire/answers.h"
#include "core/wire/endpoint.h"
#include "relay/routes.h"

using core::Bytes;
using core::Errc;
using core::LogIndex;
using core::wire::decode_answers;
using core::wire::encode_answers;
using core::wire::parse_endpoint;
using core::wire::PostAnswer;
using core::wire::PostStatus;

TEST_CASE("answers come back as they were") {
  const std::vector<PostAnswer> answers = {{PostStatus::kAccepted, LogIndex{70000}, ""},
                                           {PostStatus::kDuplicate, LogIndex{0}, ""},
                                           {PostStatus::kRefused, LogIndex{}, "byte 3: no"}};
  const Bytes encoded = encode_answers(answers);
  CHECK(core::to_hex(encoded) ==
        "83"
        "a20000011a00011170"
        "a200010100"
        "a20002026a6279746520333a206e6f");
  CHECK(decode_answers(encoded).value() == answers);
  CHECK(decode_answers(encode_answers({})).value().empty());
}

TEST_CASE("an answer may have grown keys that this client does not know") {
  const Bytes encoded = core::from_hex("81a30000010503820102").value();
  const auto answers = decode_answers(encoded);
  REQUIRE(answers);
  CHECK(answers->front().index.value == 5);
}

TEST_CASE("answers that break the protocol are refused with the byte offset") {
  for (const char* hex : {"", "80 00", "81a10000", "81a20003010", "81a200020105", "81a10105",
                          "81a2000001", "a0", "81a2000001f5"}) {
    std::string digits(hex);
    std::erase(digits, ' ');
    if (digits.size() % 2 != 0) digits += "0";
    CAPTURE(digits);
    const auto answers = decode_answers(core::from_hex(digits).value());
    REQUIRE_FALSE(answers);
    CHECK(answers.error().code == Errc::kProtocol);
    CHECK(answers.error().what.find("byte ") != std::string::npos);
  }
}

TEST_CASE("endpoints are hosts with a port") {
  CHECK(parse_endpoint("127.0.0.1:8080").value().port == 8080);
  CHECK(parse_endpoint("http://relay.example:80/").value().host == "relay.example");
  CHECK(parse_endpoint("[::1]:9").value().host == "::1");
  for (const char* text : {"", "host", "host:", ":80", "host:65536", "host:x", "https://host:1",
                           "http://host/path:1"}) {
    CAPTURE(text);
    REQUIRE_FALSE(parse_endpoint(text));
    CHECK(parse_endpoint(text).error().code == Errc::kUsage);
  }
}

TEST_CASE("methods and paths lead where the protocol says") {
  const relay::Metrics metrics;
  CHECK(relay::route("POST", "/v1/messages", metrics).action == relay::Action::kPost);
  CHECK(relay::route("GET", "/v1/messages", metrics).response.status == 405);
  CHECK(relay::route("GET", "/v1/entries?from=12", metrics).from.value == 12);
  CHECK(relay::route("GET", "/v1/entries", metrics).action == relay::Action::kEntries);
  CHECK(relay::route("GET", "/v1/entries?from=-1", metrics).response.status == 400);
  CHECK(relay::route("GET", "/v1/entries?to=1", metrics).response.status == 400);
  CHECK(relay::route("POST", "/healthz", metrics).response.status == 405);
  CHECK(relay::route("GET", "/healthz", metrics).response.body.find("\"ok\"") != std::string::npos);
  CHECK(relay::route("GET", "/", metrics).response.status == 404);
}

TEST_CASE("metrics are Prometheus text: every sample has its type before it") {
  relay::Metrics metrics;
  metrics.accepted = 3;
  metrics.commit_microseconds = 1500000;
  const std::string text = relay::prometheus_text(metrics);
  CHECK(text.find("daybook_relay_messages_total{status=\"accepted\"} 3\n") != std::string::npos);
  CHECK(text.find("daybook_relay_commit_seconds_sum 1.500000\n") != std::string::npos);
  CHECK(text.find("# TYPE daybook_relay_log_entries gauge\n") != std::string::npos);
}
