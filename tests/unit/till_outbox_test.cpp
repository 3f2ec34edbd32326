// Outbox: the messages of a till, their chain, and that nothing is dropped.
#include "till/outbox.h"

#include <doctest/doctest.h>

#include "tests/unit/till_samples.h"

using namespace till_test;
using core::Errc;
using core::LogIndex;
using core::Sequence;
using till::Till;

namespace {

// Many stocked products, so that a summary does not fit one message.
core::retail::Catalog wide_catalog(std::uint64_t count) {
  std::vector<core::retail::Product> products;
  for (std::uint64_t i = 1; i <= count; ++i) {
    products.push_back({core::ProductId{1'000'000 + i}, "p", usd(100), core::TaxCode{1},
                        core::retail::ProductKind::kStocked});
  }
  return core::retail::Catalog::build(kUsd, {{core::TaxCode{1}, 0}}, products, {}).value();
}

}  // namespace

TEST_CASE("a message is in the outbox if and only if its day was opened or closed") {
  Shop shop;
  CHECK(shop.messages().empty());
  shop.refuses(Errc::kState, [](Till& t) { return t.close_day(); });
  CHECK(shop.messages().empty());
  shop.open_day(1);
  REQUIRE(shop.messages().size() == 1);
  CHECK(std::get<core::retail::Opening>(shop.summary_of(shop.messages()[0])).received ==
        parts_for(4));
  shop.ring(sets(1));
  CHECK(shop.messages().size() == 1);
  const core::retail::Closing closing = shop.close_day();
  REQUIRE(shop.messages().size() == 2);
  CHECK(std::get<core::retail::Closing>(shop.summary_of(shop.messages()[1])) == closing);
}

TEST_CASE("messages form a chain from the roster entry, signed by the till's key") {
  Shop shop;
  for (int d = 1; d <= 3; ++d) {
    shop.open_day(d);
    shop.ring(sets(d));
    shop.close_day();
  }
  const core::envelope::PublicKey key = shop.open().public_key();
  const core::envelope::Kid kid = core::envelope::derive_kid(kOrigin, key);
  core::envelope::MessageId prev = shop.office().roster().find(kid)->entry;
  std::uint64_t sequence = 0;
  for (const till::OutboxEntry& entry : shop.messages()) {
    const auto message = core::envelope::parse_message(entry.message).value();
    CHECK(message.header.sequence == Sequence{++sequence});
    CHECK(message.header.epoch == core::Epoch{1});
    CHECK(message.header.kid == kid);
    CHECK(message.header.prev == prev);
    CHECK(verify_message(message, key));
    prev = core::envelope::message_id(entry.message);
  }
  CHECK(sequence == 6);
}

TEST_CASE("a long summary travels as parts, one sequence each, that add up") {
  constexpr std::uint64_t kProducts = 20000;
  Shop shop(wide_catalog(kProducts));
  core::retail::Components received;
  for (std::uint64_t i = 1; i <= kProducts; ++i) {
    received[core::ProductId{1'000'000 + i}] = units(static_cast<std::int64_t>(i));
  }
  shop.step([&](Till& t) { return t.open_day(day(1), received); });
  till::Basket basket;
  for (const auto& [id, quantity] : received) basket.lines.push_back({id, quantity, usd(0)});
  shop.ring(basket);
  const core::retail::Closing closing = shop.close_day();
  shop.check();
  const auto messages = shop.messages();
  CHECK(messages.size() >= 4);
  core::retail::Components opened;
  core::retail::Components consumed;
  for (const till::OutboxEntry& entry : messages) {
    CHECK(entry.message.size() <= core::envelope::kMessageSizeMax);
    const core::retail::Summary summary = shop.summary_of(entry);
    if (const auto* opening = std::get_if<core::retail::Opening>(&summary)) {
      opened.insert(opening->received.begin(), opening->received.end());
    } else {
      const auto& part = std::get<core::retail::Closing>(summary);
      consumed.insert(part.consumed.begin(), part.consumed.end());
    }
  }
  CHECK(opened == received);
  CHECK(consumed == closing.consumed);
  CHECK(consumed == received);
}

TEST_CASE("pending messages come oldest first, in bounded batches") {
  Shop shop;
  for (int d = 1; d <= 3; ++d) {
    shop.open_day(d);
    shop.close_day();
  }
  Till till = shop.open();
  till::Outbox outbox = till.outbox();
  CHECK(outbox.pending(Sequence{0}, 100, 1 << 20)->size() == 6);
  CHECK(outbox.pending(Sequence{0}, 2, 1 << 20)->back().sequence == Sequence{2});
  CHECK(outbox.pending(Sequence{4}, 2, 1 << 20)->front().sequence == Sequence{5});
  CHECK(outbox.pending(Sequence{0}, 100, 1)->size() == 1);
  CHECK(outbox.pending(Sequence{0}, 100, 500)->size() < 6);
}

namespace {

// The relay's log, with every message of the shop in it, the other way round.
test::MemoryLog relay_log(Shop& shop) {
  test::MemoryLog log{std::string(kOrigin)};
  auto messages = shop.messages();
  for (auto it = messages.rbegin(); it != messages.rend(); ++it) log.take(it->message);
  return log;
}

}  // namespace

TEST_CASE(
    "only what the relay proves to hold leaves the pending ones; a refusal keeps its reason") {
  Shop shop;
  shop.open_day(1);
  shop.close_day();
  const test::MemoryLog log = relay_log(shop);  // closing at 0, opening at 1
  {
    Till till = shop.open();
    REQUIRE(till.outbox().mark_refused(Sequence{1}, "too early"));
    REQUIRE(till.outbox().acknowledge({{Sequence{2}, log.receipt(0)}}));
    CHECK(till.outbox().acknowledge({{Sequence{2}, log.receipt(0)}}));
    CHECK(till.check());
  }
  shop.refuses(Errc::kProtocol, [&](Till& t) {
    return t.outbox().acknowledge({{Sequence{2}, log.receipt(1)}});
  });
  shop.refuses(Errc::kState, [](Till& t) { return t.outbox().mark_refused(Sequence{2}, "x"); });
  shop.refuses(Errc::kNotFound, [&](Till& t) {
    return t.outbox().acknowledge({{Sequence{3}, log.receipt(1)}});
  });
  shop.refuses(Errc::kNotFound, [&](Till& t) {
    return t.outbox().acknowledge({{Sequence{1}, log.receipt(1)}, {Sequence{3}, log.receipt(1)}});
  });
  Till till = shop.open();
  const till::OutboxCounts counts = till.outbox().counts().value();
  CHECK(counts.pending == 1);
  CHECK(counts.refused == 1);
  CHECK(counts.acknowledged == 1);
  CHECK(till.outbox().pending(Sequence{0}, 10, 1000)->front().refusal == "too early");
  REQUIRE(till.outbox().acknowledge({{Sequence{1}, log.receipt(1)}}));
  CHECK(till.outbox().counts()->refused == 0);
  CHECK(till.outbox().all(Sequence{0}, 1)->front().receipt == log.receipt(1));
}

TEST_CASE("a receipt that proves nothing clears nothing") {
  Shop shop;
  shop.open_day(1);
  shop.close_day();
  const test::MemoryLog log = relay_log(shop);
  const core::tlog::Receipt good = log.receipt(0);
  const auto refused = [&](Errc code, const core::tlog::Receipt& receipt) {
    shop.refuses(code, [&](Till& t) { return t.outbox().acknowledge({{Sequence{2}, receipt}}); });
  };
  refused(Errc::kBadSignature, {core::LogIndex{1}, good.checkpoint, good.proof});
  refused(Errc::kBadSignature, log.receipt(1));  // another message's
  refused(Errc::kBadSignature, {good.index, good.checkpoint, {}});
  refused(Errc::kMalformed, {good.index, "", good.proof});
  core::tlog::Receipt forged = good;
  char& letter = forged.checkpoint[forged.checkpoint.size() - 20];
  letter = letter == 'A' ? 'B' : 'A';  // still Base64
  refused(Errc::kBadSignature, forged);
  const auto stranger = core::envelope::PrivateKey::generate();
  const auto root = core::tlog::open_checkpoint(
      good.checkpoint, core::tlog::NoteVerifier(kOrigin, test::memory_log_key().public_key()));
  refused(Errc::kUnknownKey,
          {good.index, core::tlog::sign_checkpoint(*root, stranger), good.proof});
}

TEST_CASE(
    "the next message says what the till was last shown of the log; two logs are told apart") {
  Shop shop;
  shop.open_day(1);
  shop.close_day();
  const test::MemoryLog log = relay_log(shop);
  shop.step([&](Till& t) { return t.outbox().acknowledge({{Sequence{1}, log.receipt(1)}}); });
  test::MemoryLog other{std::string(kOrigin)};  // the same message in another log of two entries
  other.take(core::Bytes{1});
  other.take(shop.messages()[1].message);
  shop.refuses(Errc::kProtocol, [&](Till& t) {
    return t.outbox().acknowledge({{Sequence{2}, other.receipt(1)}});
  });
  shop.open_day(2);
  const auto message = core::envelope::parse_message(shop.messages()[2].message).value();
  REQUIRE(message.header.tree_head);
  CHECK(message.header.tree_head->size == 2);
  CHECK_FALSE(core::envelope::parse_message(shop.messages()[1].message)->header.tree_head);
}
