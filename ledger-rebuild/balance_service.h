// BalanceService: a till's signed request in, head office's signed answer out.
// Must not know HTTP (balance_server.h). Rules and wire: docs/points.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/envelope/keys.h"
#include "core/envelope/roster.h"
#include "core/retail/points_exchange.h"
#include "ledger-rebuild/holds.h"

namespace rebuild {

struct BalanceOptions {
  std::filesystem::path head_office;  // with the key of every day
  std::filesystem::path books;
  std::filesystem::path holds;  // made when it is not there
  // Offline, for each till and business day; 0 in all: no allowance is given.
  std::int64_t member_points = 0;
  std::int64_t total_points = 0;
  std::int32_t days = 2;  // that an allowance counts beyond the day on which it was given
};

struct BalanceReply {
  int status = 200;  // as HTTP has it; docs/points.md, "The wire"
  core::Bytes body;  // 200: a signed answer; else text
};

// Thread: one at a time.
class BalanceService {
 public:
  // Errors: those of the head-office directory, of Holds::open and of Books::open; kNotFound (no
  // key of every day), kMalformed (the books are another log's).
  static core::Result<std::unique_ptr<BalanceService>> open(const BalanceOptions& options);

  BalanceReply answer(core::ByteView body);
  // The holds' file has failed in a way that only opening it again can clear.
  const std::optional<core::Error>& fatal() const { return fatal_; }

 private:
  // The roster's file, as it was when it was read.
  struct FileMark {
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t changed_ns = 0;
    bool operator==(const FileMark&) const = default;
  };

  BalanceService(const BalanceOptions& options, Holds holds)
      : options_(options), holds_(std::move(holds)) {}

  core::Result<FileMark> mark_of_roster() const;
  // Reads roster and key again if the roster's file is another one.
  core::Result<void> follow_head_office();
  // Whether the key is the one that its till has now. Errors: kBusy (the books cannot be read),
  // those of the database.
  core::Result<bool> is_of_present_till(const core::envelope::Enrolment& who) const;
  // Who asks. Errors: kUnknownKey, kBadSignature, with the words for the till; those of
  // is_of_present_till().
  core::Result<HoldOwner> owner_of(const core::envelope::Statement& statement) const;
  core::Result<core::retail::PointsAnswer> act(const HoldOwner& owner,
                                               const core::retail::PointsRequest& request);
  core::Result<BookedPoints> open_books() const;
  BalanceReply fail_with(const core::Error& error);

  BalanceOptions options_;
  Holds holds_;
  FileMark read_;
  std::optional<core::envelope::Roster> roster_;
  std::optional<core::envelope::PrivateKey> key_;
  std::optional<core::Error> fatal_;
};

}  // namespace rebuild
