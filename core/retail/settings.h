// Settings: what a retailer decides once for its tills, beside the catalog.
// Must not know where they are kept. File: docs/formats/catalog.md, "Settings".
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/money.h"
#include "core/base/result.h"
#include "core/retail/document.h"

namespace core::retail {

struct Settings {
  // A member earns one point for each so many minor units of a sale; 0: no points.
  std::int64_t earn_minor_per_point = 0;
  // What a point is worth when it pays; 0: points cannot pay.
  std::int64_t value_minor_per_point = 0;
  // Tax is due when a deposit is paid; otherwise when the goods are handed over.
  bool tax_at_deposit = false;
  // Of the retailer, the same in all its shops: what members' keys are made with. Empty, or 32
  // bytes.
  Bytes member_key;
  // How long a day's opening waits for the delivery, at most. Shape: 0..1440.
  std::int64_t delivery_cut_off_minutes = 240;
  // A till asks for another key at the first opening so many days after its key's first one; 0:
  // never by itself. Shape: 0..36500.
  std::int64_t key_days = 0;
  bool operator==(const Settings&) const = default;
};

// Errors: kMalformed (a figure below zero or above limits.h, a member key of another length, a
// cut-off beyond a day, a key's days beyond a century).
Result<void> check_settings(const Settings& settings);

// From a file of 64 hexadecimal digits. Errors: kMalformed, kNotFound, kIo, naming the file.
Result<Bytes> read_member_key(const std::filesystem::path& file);

// Points for a sale of so much; none for what is not above zero. Errors: kOverflow.
Result<std::int64_t> points_earned(const Settings& settings, Money net);

// Errors: kState (points cannot pay), kMalformed (not above zero), kOverflow.
Result<Money> worth_of_points(const Settings& settings, std::int64_t points, Currency currency);

// HMAC-SHA-256 of the phone number's digits under the member key, cut to 16 bytes: a shop keeps
// neither name nor number. Errors: kState (no member key), kMalformed (fewer than 6 digits or more
// than 15, or another character than digits, spaces, + - ( ) and .).
Result<MemberKey> member_of(const Settings& settings, std::string_view phone);

}  // namespace core::retail
