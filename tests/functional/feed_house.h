// FeedHouse: a head office with its two keys, tills in two stores, and their log's directory at the
// relay: what sends notices and reads them in tests.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/envelope/message.h"
#include "core/envelope/roster.h"
#include "tests/functional/relay_process.h"
#include "tests/support/enrol.h"
#include "tests/support/temp_dir.h"

namespace test {

// A notice that somebody was given.
struct Given {
  std::uint64_t index;
  core::Bytes message;
  bool operator==(const Given&) const = default;
};

inline core::TillRef till_ref(std::uint32_t store, std::uint32_t till) {
  return {core::StoreId{store}, core::TillId{till}};
}

class FeedHouse {
 public:
  using PrivateKey = core::envelope::PrivateKey;

  // Tills 1/1, 1/2 and 2/1 are enrolled. `seed`: of all keys.
  explicit FeedHouse(std::filesystem::path where, std::uint8_t seed = 1,
                     std::string name = "example.com/feeds")
      : directory(std::move(where)),
        origin(std::move(name)),
        root(key(seed)),
        office(key(seed + 1)) {
    make_log(directory, origin, {"--head-office", root.public_key().hex()});
    roster = core::envelope::Roster::read({}, origin, root.public_key()).value();
    enrol({}, office);
    std::uint8_t next = static_cast<std::uint8_t>(seed + 2);
    for (const core::TillRef till : {till_ref(1, 1), till_ref(1, 2), till_ref(2, 1)}) {
      tills.emplace(till, key(next++));
      enrol(till, tills.at(till));
    }
  }

  static PrivateKey key(int number) {
    return PrivateKey::from_seed(core::Bytes(32, static_cast<std::uint8_t>(number))).value();
  }

  // By the root, in the roster's file. Returns the entry.
  core::Bytes enrol(core::TillRef till, const PrivateKey& whose) {
    return append(roster.enrol(enrol_request(origin, till, whose), root).value());
  }
  // Nothing behind sequence `last` of its key is good.
  core::Bytes revoke(core::TillRef till, std::uint64_t last = 0) {
    std::optional<core::envelope::ChainPlace> place;
    if (last > 0) place = core::envelope::ChainPlace{core::Sequence{last}, {}};
    return append(roster.revoke(till, core::Epoch{1}, place, root).value());
  }

  // Of the key of every day, or another; the next in the sender's chain, and in its feed.
  core::Bytes notice(core::TillRef feed, bool whole = false, std::size_t payload_bytes = 40) {
    return notice_by(office, feed, whole, payload_bytes);
  }
  core::Bytes notice_by(const PrivateKey& sender, core::TillRef feed, bool whole = false,
                        std::size_t payload_bytes = 40) {
    core::envelope::Header header;
    header.content_type = core::envelope::ContentType::kNotice;
    header.kid = kid_of(sender);
    header.epoch =
        roster.find(header.kid) == nullptr ? core::Epoch{1} : roster.find(header.kid)->epoch;
    header.sequence = core::Sequence{++sequences[header.kid]};
    header.address = core::envelope::Address{feed, links[feed], whole};
    const core::Bytes payload(payload_bytes, static_cast<std::uint8_t>(header.sequence.value));
    core::Bytes message = core::envelope::sign_message(header, payload, sender).value();
    links[feed] = core::envelope::message_id(message);
    return message;
  }

  core::envelope::Kid kid_of(const PrivateKey& whose) const {
    return core::envelope::derive_kid(origin, whose.public_key());
  }
  std::unique_ptr<core::wire::RelayClient> client(const Relay& relay,
                                                  const PrivateKey& whose) const {
    auto client = std::make_unique<core::wire::RelayClient>(relay.endpoint);
    client->sign_reads({whose, kid_of(whose).hex()});
    return client;
  }

  // What a till is given behind `after`; an error's words where there are none.
  core::Result<std::vector<Given>> ask(const Relay& relay, core::TillRef till,
                                       std::optional<std::uint64_t> after = {}) const {
    return ask_as(relay, tills.at(till), after);
  }
  core::Result<std::vector<Given>> ask_as(const Relay& relay, const PrivateKey& whose,
                                          std::optional<std::uint64_t> after = {}) const {
    std::vector<Given> given;
    const auto asking = client(relay, whose);
    std::optional<core::LogIndex> from;
    if (after) from = core::LogIndex{*after};
    TRY(asking->notices(from, [&given](core::LogIndex index, core::Bytes message) {
      given.push_back({index.value, std::move(message)});
      return core::Result<void>();
    }));
    return given;
  }

  std::filesystem::path directory;
  std::string origin;
  PrivateKey root;
  PrivateKey office;
  std::map<core::TillRef, PrivateKey> tills;
  core::envelope::Roster roster;
  core::Bytes roster_file;
  std::map<core::envelope::Kid, std::uint64_t> sequences;
  std::map<core::TillRef, core::envelope::MessageId> links;

 private:
  core::Bytes append(const core::Bytes& entry) {
    core::append(roster_file, entry);
    write_file(directory / "roster.cbor", roster_file);
    return entry;
  }
};

}  // namespace test
