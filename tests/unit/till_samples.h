// A shop to test with: GardenWorld's catalog, a head office that enrols, a till on a fresh journal.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/envelope/message.h"
#include "core/retail/catalog_file.h"
#include "tests/support/memory_log.h"
#include "tests/support/temp_dir.h"
#include "till/till.h"

namespace till_test {

inline const core::Currency kUsd = core::Currency::parse("USD").value();
inline const core::TillRef kRef{core::StoreId{4}, core::TillId{1}};
inline const std::string kOrigin = "shop.example/log";
inline const core::ProductId kChair{133};
inline const core::ProductId kTable{134};
inline const core::ProductId kScreen{135};
inline const core::ProductId kSet{145};

inline core::Money usd(std::int64_t minor) {
  return {minor, kUsd};
}
inline core::Quantity units(std::int64_t count) {
  return {count * core::Quantity::kUnit};
}
inline core::BusinessDay day(std::int32_t number) {
  return core::BusinessDay{20000 + number};
}

inline core::retail::Catalog garden() {
  return core::retail::read_catalog_file(std::string(DAYBOOK_SOURCE_DIR) +
                                         "/seeds/gardenworld.json")
      .value();
}

inline core::retail::Components parts_for(std::int64_t sets) {
  return {{kChair, units(4 * sets)}, {kTable, units(sets)}, {kScreen, units(sets)}};
}

inline till::Basket basket_of(core::ProductId product, core::Quantity quantity) {
  return {{{product, quantity, usd(0)}}, {}};
}
inline till::Basket sets(std::int64_t count) {
  return basket_of(kSet, units(count));
}

// Names the log's key, and one to seal to.
class HeadOffice {
 public:
  HeadOffice() {
    take(roster_.name_log_key(test::memory_log_key().public_key(), key_));
    take(roster_.name_sealing_key(sealing_key_.public_key(), key_));
  }
  core::envelope::Roster& roster() { return roster_; }
  core::envelope::PublicKey public_key() const { return key_.public_key(); }
  const core::envelope::SealingPrivateKey& sealing_key() const { return sealing_key_; }
  core::Bytes enrol(const core::envelope::EnrolRequest& request) {
    return take(roster_.enrol(request, key_));
  }
  // The roster as the file that tills get.
  const core::Bytes& roster_file() const { return roster_file_; }
  // Reads what the till said.
  core::retail::Summary summary_of(const till::OutboxEntry& entry) const {
    const auto message = core::envelope::parse_message(entry.message).value();
    CHECK(message.header.content_type == core::envelope::ContentType::kSealedSummary);
    const auto payload = core::envelope::open_sealed(sealing_key_of(message),
                                                     message.protected_header, message.payload);
    return core::retail::decode_summary(payload.value()).value();
  }
  // The message that says something else in the same place, as the till itself would make it.
  core::Bytes instead_of(const till::OutboxEntry& entry, const core::retail::Summary& summary,
                         const core::envelope::PrivateKey& till) const {
    const auto message = core::envelope::parse_message(entry.message).value();
    const core::Bytes sealed = core::envelope::seal(
        sealing_key_of(message), message.protected_header, core::retail::encode_summary(summary));
    return core::envelope::sign_message(message.header, sealed, till).value();
  }

 private:
  core::envelope::SealingKey sealing_key_of(const core::envelope::Message& message) const {
    const auto* enrolment = roster_.find(message.header.kid);
    REQUIRE(enrolment != nullptr);
    return core::envelope::SealingKey::agree_as_head_office(
               sealing_key_, roster_.sealing_context(*enrolment).value())
        .value();
  }
  core::Bytes take(const core::Result<core::Bytes>& entry) {
    REQUIRE(entry);
    core::append(roster_file_, *entry);
    return *entry;
  }

  core::Bytes roster_file_;
  core::envelope::PrivateKey key_ = core::envelope::PrivateKey::generate();
  core::envelope::SealingPrivateKey sealing_key_ = core::envelope::SealingPrivateKey::generate();
  core::envelope::Roster roster_ =
      core::envelope::Roster::read({}, kOrigin, key_.public_key()).value();
};

inline till::TillSetup setup_with(core::retail::Catalog catalog) {
  return {kRef, kUsd, kOrigin, std::move(catalog), core::envelope::PrivateKey::generate(), {}};
}

// A till that joined; every step() reopens its journal, so that nothing lives in memory only.
class Shop {
 public:
  // `prepare` gets the journal's path before it is made.
  explicit Shop(core::retail::Catalog catalog = garden(), bool join = true,
                till::Durability durability = till::Durability::kSimulated,
                const std::function<void(const std::filesystem::path&)>& prepare = {})
      : durability_(durability) {
    if (prepare) prepare(journal());
    auto till = till::Till::create(journal(), setup_with(std::move(catalog)), durability_);
    REQUIRE(till);
    office_.enrol(till->enrol_request());
    if (join) REQUIRE(till->join(office_.roster()));
  }

  std::filesystem::path journal() const { return dir_ / "till.db"; }
  HeadOffice& office() { return office_; }
  const test::TempDir& dir() const { return dir_; }
  core::retail::Summary summary_of(const till::OutboxEntry& entry) const {
    return office_.summary_of(entry);
  }

  till::Till open() {
    auto till = till::Till::open(journal(), durability_);
    REQUIRE_MESSAGE(till, (till ? "" : describe(till.error())));
    return std::move(till).value();
  }

  // Runs one operation between an opening and a closing of the journal; it must succeed. Returns
  // what it gave, if anything.
  template <typename Operation>
  auto step(const Operation& operation) {
    till::Till till = open();
    auto result = operation(till);
    REQUIRE_MESSAGE(result, (result ? "" : describe(result.error())));
    if constexpr (!std::is_void_v<typename decltype(result)::value_type>) {
      return std::move(result).value();
    }
  }

  // The operation must fail with `code` and leave the journal's file as it was, to the last byte.
  template <typename Operation>
  void refuses(core::Errc code, const Operation& operation) {
    const core::Bytes before = test::read_file(journal());
    {
      till::Till till = open();
      const auto result = operation(till);
      REQUIRE_FALSE(result);
      CHECK_MESSAGE(result.error().code == code, describe(result.error()));
      CHECK(till.check());
    }
    CHECK(test::read_file(journal()) == before);
  }

  void open_day(std::int32_t number) {
    step([&](till::Till& t) { return t.open_day(day(number), parts_for(4)); });
  }
  till::Rung ring(const till::Basket& basket) {
    return step([&](till::Till& t) { return t.ring(basket, 1); });
  }
  core::retail::Closing close_day() {
    return step([](till::Till& t) { return t.close_day(); });
  }
  void check() {
    step([](till::Till& t) { return t.check(); });
  }
  std::vector<till::OutboxEntry> messages() {
    return step([](till::Till& t) { return t.outbox().all(core::Sequence{0}, 1000); });
  }

 private:
  till::Durability durability_;
  test::TempDir dir_;
  HeadOffice office_;
};

}  // namespace till_test
