// Answers and addresses on the wire; routes and metrics of the relay.
#include <doctest/doctest.h>

#include "core/wire/answers.h"
#include "core/wire/endpoint.h"
#include "relay/metrics.h"
#include "relay/routes.h"

using core::Bytes;
using core::Errc;
using core::LogIndex;
using core::wire::decode_answers;
using core::wire::encode_answers;
using core::wire::parse_endpoint;
using core::wire::PostAnswers;
using core::wire::PostStatus;

TEST_CASE("answers come back as they were") {
  const auto hash = core::envelope::Hash::from(Bytes(32, 0xab)).value();
  const PostAnswers answers{{{PostStatus::kAccepted, LogIndex{70000}, "", {hash}},
                             {PostStatus::kDuplicate, LogIndex{0}, "", {}},
                             {PostStatus::kRefused, LogIndex{}, "byte 3: no", {}}},
                            "note"};
  const Bytes encoded = encode_answers(answers);
  CHECK(core::to_hex(encoded) ==
        "a20083"
        "a30000011a00011170"
        "03815820" +
            hash.hex() +
            "a3000101000380"
            "a20002026a6279746520333a206e6f"
            "01646e6f7465");
  CHECK(decode_answers(encoded).value() == answers);
  CHECK(decode_answers(encode_answers({})).value().each.empty());
}

TEST_CASE("an answer may have grown keys that this client does not know") {
  const Bytes encoded = core::from_hex("a20081a300000105181982010209f5").value();
  const auto answers = decode_answers(encoded);
  REQUIRE(answers);
  CHECK(answers->each.front().index.value == 5);
}

TEST_CASE("answers that break the protocol are refused with the byte offset") {
  for (const std::string hex :
       {"", "a10080 00", "a10081a10000", "a10081a20003010", "a10081a200020105", "a10081a10105",
        "a10081a2000001", "80", "a10081a2000001f5", "a10164616161", "a0",
        "a10081a300000105038141aa", "a10081a3000001050300"}) {
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
  CHECK(parse_endpoint("https://relay.example:443/shops").value().tls);
  CHECK(parse_endpoint("https://relay.example:443/shops").value().prefix == "/shops");
  CHECK_FALSE(parse_endpoint("127.0.0.1:8080").value().tls);
  for (const char* text : {"", "host", "host:", ":80", "host:65536", "host:x", "ftp://host:1",
                           "http://host/path:1", "http://host:1/A", "http://host:1/a/b"}) {
    CAPTURE(text);
    REQUIRE_FALSE(parse_endpoint(text));
    CHECK(parse_endpoint(text).error().code == Errc::kUsage);
  }
}

TEST_CASE("methods and paths lead where the protocol says") {
  using relay::Action;
  CHECK(relay::route("POST", "/v1/messages").action == Action::kPost);
  CHECK(relay::route("GET", "/v1/messages").response.status == 405);
  CHECK(relay::route("GET", "/v1/entries?from=12").from.value == 12);
  CHECK(relay::route("GET", "/v1/entries").action == Action::kEntries);
  CHECK(relay::route("GET", "/v1/entries?from=-1").response.status == 400);
  CHECK(relay::route("GET", "/v1/entries?to=1").response.status == 400);
  CHECK(relay::route("POST", "/healthz").response.status == 405);
  CHECK(relay::route("GET", "/healthz").action == Action::kHealth);
  CHECK(relay::route("GET", "/metrics").action == Action::kMetrics);
  CHECK(relay::route("GET", "/").response.status == 404);
  CHECK(relay::route("GET", "/checkpoint").action == Action::kCheckpoint);
  CHECK(relay::route("GET", "/tile/0/x001/000.p/3").tile == core::tlog::Tile{0, 1000, 3});
  CHECK(relay::route("GET", "/tile/0/1").response.status == 404);
}

TEST_CASE("a prefix selects a tenant's log, and nothing else") {
  using relay::Action;
  const auto route = relay::route("GET", "/shops-2/tile/entries/000");
  CHECK(route.action == Action::kTile);
  CHECK(route.tenant == "shops-2");
  CHECK(relay::route("GET", "/shops/v1/entries?from=3").tenant == "shops");
  CHECK(relay::route("GET", "/checkpoint").tenant.empty());
  CHECK(relay::route("POST", "/shops/v1/messages").response.status == 404);
  CHECK(relay::route("GET", "/shops/healthz").response.status == 404);
  CHECK(relay::route("GET", "//checkpoint").response.status == 404);
  CHECK(relay::route("GET", "/a/b/checkpoint").response.status == 404);
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
