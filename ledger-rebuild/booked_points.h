// BookedPoints: what the books say of a member's points and of a till's closings, at one moment.
// Must not know holds. Rules: docs/points.md, "The balance".
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "core/base/business_day.h"
#include "core/base/result.h"
#include "core/envelope/keys.h"
#include "core/retail/document.h"
#include "ledger-rebuild/books.h"

namespace rebuild {

// Of one moment, as short as the object lives: a replay's commit waits for it.
class BookedPoints {
 public:
  // Errors: those of Books::open; kBusy (a replay is writing).
  static core::Result<BookedPoints> open(const std::filesystem::path& books);

  // Earned less redeemed, by what is posted and not reversed. Errors: kOverflow, kDatabase.
  core::Result<std::int64_t> balance(const core::retail::MemberKey& member);

  // The number of the last message of a key's closing of a day whose parts are all posted; nullopt:
  // it is not there. Walks back from the key's last message to that day. Errors: kDatabase.
  core::Result<std::optional<std::int64_t>> closing(const core::envelope::Kid& kid,
                                                    core::BusinessDay day);
  // Whether what closing() returned once is so still. Errors: kDatabase.
  core::Result<bool> stands(std::int64_t closing, core::BusinessDay day);

 private:
  explicit BookedPoints(Books books) : books_(std::move(books)) {}

  core::Result<std::optional<std::int64_t>> closing_from(std::int64_t at, core::BusinessDay day);

  Books books_;
};

}  // namespace rebuild
