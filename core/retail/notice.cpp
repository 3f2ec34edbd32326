// Notice: its one encoding.
#include "core/retail/notice.h"

#include <utility>

#include "core/retail/fields.h"
#include "core/retail/limits.h"

namespace core::retail {
namespace {

using envelope::BlobName;

enum Label : std::uint64_t {
  kCatalogLabel = 1,
  kPricesLabel = 2,
  kOperatorsLabel = 3,
  kDispatchedLabel = 4,
  kSettingsLabel = 5,
  kFirmwareLabel = 6,
  kKeysLabel = 7,
};

constexpr std::size_t kFirmwareVersionBytesMax = 100;
constexpr std::size_t kTextBytesMax = 1000;
constexpr std::uint64_t kNumberMax{std::numeric_limits<std::int64_t>::max()};

Result<void> expect_parts(CborReader& r, std::size_t items, std::string_view what) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t found, r.array());
  if (found == items) return {};
  return r.refuse(at, std::string(what) + " has " + std::to_string(items) + " items");
}

Result<std::string> read_text(CborReader& r, std::size_t bytes_max) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::string_view text, r.text());
  if (text.size() > bytes_max) return r.refuse(at, "a text is too long");
  return std::string(text);
}

void write_blobs(CborWriter& w, const std::vector<BlobName>& blobs) {
  w.array(blobs.size());
  for (const BlobName& blob : blobs) {
    w.array(2);
    w.bytes(blob.hash.view());
    w.unsigned_integer(blob.size);
  }
}

Result<std::vector<BlobName>> read_blobs(CborReader& r) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t count, r.array());
  if (count == 0 || count > kPiecesMax) return r.refuse(at, "no pieces, or too many");
  std::vector<BlobName> out;
  for (std::size_t i = 0; i < count; ++i) {
    TRY(expect_parts(r, 2, "a piece"));
    BlobName blob;
    TRY(read_fixed(r, blob.hash));
    const std::size_t size_at = r.offset();
    TRY_ASSIGN(blob.size, r.unsigned_integer());
    if (blob.size == 0 || blob.size > envelope::kBlobSizeMax) {
      return r.refuse(size_at, "a piece has 1 to 524288 bytes");
    }
    out.push_back(blob);
  }
  return out;
}

void write_prices(CborWriter& w, const StorePrices& prices) {
  w.array(2);
  w.text(prices.currency.code());
  w.array(prices.prices.size());
  for (const auto& [id, price] : prices.prices) {
    w.array(price ? 2 : 1);
    w.unsigned_integer(id.value);
    if (price) w.integer(price->minor);
  }
}

Result<StorePrices> read_prices(CborReader& r) {
  TRY(expect_parts(r, 2, "prices"));
  StorePrices out;
  TRY_ASSIGN(out.currency, read_currency(r));
  TRY_ASSIGN(const std::size_t count, r.array());
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = r.offset();
    TRY_ASSIGN(const std::size_t items, r.array());
    if (items != 1 && items != 2) return r.refuse(at, "a price has 1 item, or 2");
    TRY_ASSIGN(const ProductId id, read_id<ProductId>(r));
    if (!out.prices.empty() && id <= out.prices.rbegin()->first) {
      return r.refuse(at, "products do not ascend");
    }
    std::optional<Money> price;
    if (items == 2) {
      TRY_ASSIGN(const std::int64_t minor, r.integer());
      if (minor < 0) return r.refuse(at, "a price is below zero");
      price = Money{minor, out.currency};
    }
    out.prices.emplace_hint(out.prices.end(), id, price);
  }
  return out;
}

void write_operator_notice(CborWriter& w, const OperatorNotice& who) {
  w.array(5);
  w.unsigned_integer(who.id.value);
  w.text(who.name);
  w.unsigned_integer(who.role);
  w.text(who.pin_hash);
  w.boolean(who.active);
}

Result<OperatorNotice> read_operator_notice(CborReader& r) {
  TRY(expect_parts(r, 5, "an operator"));
  OperatorNotice who;
  TRY_ASSIGN(who.id, read_id<OperatorId>(r));
  TRY_ASSIGN(who.name, read_text(r, kTextBytesMax));
  TRY_ASSIGN(const auto role, read_id<OperatorId>(r));  // of 32 bits, too
  who.role = role.value;
  TRY_ASSIGN(who.pin_hash, read_text(r, kTextBytesMax));
  TRY_ASSIGN(who.active, r.boolean());
  return who;
}

void write_dispatch(CborWriter& w, const DispatchNote& note) {
  w.array(3);
  w.unsigned_integer(note.number);
  w.integer(note.day.days);
  write_components(w, note.goods);
}

Result<DispatchNote> read_dispatch(CborReader& r) {
  const std::size_t at = r.offset();
  TRY(expect_parts(r, 3, "a dispatch note"));
  DispatchNote note;
  TRY_ASSIGN(note.number, r.unsigned_integer());
  if (note.number == 0 || note.number > kNumberMax) {
    return r.refuse(at, "a dispatch note's number is 1 to 2^63-1");
  }
  TRY_ASSIGN(note.day, read_day(r));
  TRY_ASSIGN(note.goods, read_components(r));
  for (const auto& [id, quantity] : note.goods) {
    const auto figure = check_figure(quantity.thousandths, "dispatched " + named(id));
    if (!figure) return r.refuse(at, figure.error().what);
    if (quantity.thousandths <= 0)
      return r.refuse(at, "dispatched " + named(id) + ": not above zero");
  }
  return note;
}

void write_settings(CborWriter& w, const Settings& settings) {
  w.array(settings.key_days == 0 ? 5 : 6);
  w.integer(settings.earn_minor_per_point);
  w.integer(settings.value_minor_per_point);
  w.boolean(settings.tax_at_deposit);
  w.bytes(settings.member_key);
  w.integer(settings.delivery_cut_off_minutes);
  if (settings.key_days != 0) w.integer(settings.key_days);
}

Result<Settings> read_settings(CborReader& r) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t parts, r.array());
  if (parts != 5 && parts != 6) return r.refuse(at, "the settings have 5 or 6 parts");
  Settings out;
  TRY_ASSIGN(out.earn_minor_per_point, r.integer());
  TRY_ASSIGN(out.value_minor_per_point, r.integer());
  TRY_ASSIGN(out.tax_at_deposit, r.boolean());
  TRY_ASSIGN(const ByteView key, r.bytes());
  out.member_key = to_bytes(key);
  TRY_ASSIGN(out.delivery_cut_off_minutes, r.integer());
  if (parts == 6) {
    TRY_ASSIGN(out.key_days, r.integer());
    if (out.key_days == 0) return r.refuse(at, "a sixth part of 0 is left out");
  }
  const auto checked = check_settings(out);
  if (!checked) return r.refuse(at, checked.error().what);
  return out;
}

void write_firmware(CborWriter& w, const FirmwareNotice& firmware) {
  w.array(5);
  w.text(firmware.version);
  w.bytes(firmware.hash.view());
  w.unsigned_integer(firmware.size);
  w.bytes(firmware.secret.view());
  write_blobs(w, firmware.pieces);
}

Result<FirmwareNotice> read_firmware(CborReader& r) {
  TRY(expect_parts(r, 5, "a firmware"));
  FirmwareNotice out;
  TRY_ASSIGN(out.version, read_text(r, kFirmwareVersionBytesMax));
  TRY(read_fixed(r, out.hash));
  TRY_ASSIGN(out.size, r.unsigned_integer());
  TRY(read_fixed(r, out.secret));
  TRY_ASSIGN(out.pieces, read_blobs(r));
  return out;
}

void write_keys(CborWriter& w, const FeedKeys& keys) {
  w.array(3);
  w.unsigned_integer(keys.generation);
  w.bytes(keys.fleet.view());
  w.bytes(keys.store.view());
}

Result<FeedKeys> read_keys(CborReader& r) {
  TRY(expect_parts(r, 3, "keys"));
  FeedKeys keys;
  TRY_ASSIGN(keys.generation, r.unsigned_integer());
  TRY(read_fixed(r, keys.fleet));
  TRY(read_fixed(r, keys.store));
  return keys;
}

template <typename Row, typename Read>
Result<std::vector<Row>> read_list(CborReader& r, const Read& read) {
  std::vector<Row> out;
  TRY_ASSIGN(const std::size_t count, r.array());
  for (std::size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(Row row, read(r));
    out.push_back(std::move(row));
  }
  return out;
}

Result<void> read_section(CborReader& r, NoticeContent& out) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t label, r.unsigned_integer());
  switch (label) {
    case kCatalogLabel: {
      TRY_ASSIGN(out.catalog, read_catalog_change(r));
      return {};
    }
    case kPricesLabel: {
      TRY_ASSIGN(out.prices, read_prices(r));
      return {};
    }
    case kOperatorsLabel: {
      TRY_ASSIGN(out.operators, read_list<OperatorNotice>(r, read_operator_notice));
      return {};
    }
    case kDispatchedLabel: {
      TRY_ASSIGN(out.dispatched, read_list<DispatchNote>(r, read_dispatch));
      return {};
    }
    case kSettingsLabel: {
      TRY_ASSIGN(out.settings, read_settings(r));
      return {};
    }
    case kFirmwareLabel: {
      TRY_ASSIGN(out.firmware, read_firmware(r));
      return {};
    }
    case kKeysLabel: {
      TRY_ASSIGN(out.keys, read_keys(r));
      return {};
    }
    default:
      return r.refuse(at, "unknown section " + std::to_string(label));
  }
}

std::size_t sections_of(const NoticeContent& c) {
  return (c.catalog ? 1U : 0U) + (c.prices ? 1U : 0U) + (c.operators.empty() ? 0U : 1U) +
         (c.dispatched.empty() ? 0U : 1U) + (c.settings ? 1U : 0U) + (c.firmware ? 1U : 0U) +
         (c.keys ? 1U : 0U);
}

}  // namespace

Result<NoticeContent> then(NoticeContent first, const NoticeContent& second) {
  const bool agree =
      (!first.catalog || !second.catalog || first.catalog->currency == second.catalog->currency) &&
      (!first.prices || !second.prices || first.prices->currency == second.prices->currency);
  if (!agree) return fail(Errc::kCurrency, "notices of one feed in two currencies");
  if (second.catalog) {
    first.catalog = first.catalog ? then(*first.catalog, *second.catalog) : *second.catalog;
  }
  if (second.prices) {
    if (!first.prices) first.prices = StorePrices{second.prices->currency};
    for (const auto& [id, price] : second.prices->prices) {
      first.prices->prices.insert_or_assign(id, price);
    }
  }
  const auto append = [](auto& rows, const auto& more) {
    rows.insert(rows.end(), more.begin(), more.end());
  };
  append(first.operators, second.operators);
  append(first.dispatched, second.dispatched);
  if (second.settings) first.settings = second.settings;
  if (second.firmware) first.firmware = second.firmware;
  if (second.keys) first.keys = second.keys;
  return first;
}

Bytes encode_notice_content(const NoticeContent& c) {
  CborWriter w;
  w.map(sections_of(c));
  if (c.catalog) {
    w.unsigned_integer(kCatalogLabel);
    write_catalog_change(w, *c.catalog);
  }
  if (c.prices) {
    w.unsigned_integer(kPricesLabel);
    write_prices(w, *c.prices);
  }
  if (!c.operators.empty()) {
    w.unsigned_integer(kOperatorsLabel);
    w.array(c.operators.size());
    for (const OperatorNotice& who : c.operators) write_operator_notice(w, who);
  }
  if (!c.dispatched.empty()) {
    w.unsigned_integer(kDispatchedLabel);
    w.array(c.dispatched.size());
    for (const DispatchNote& note : c.dispatched) write_dispatch(w, note);
  }
  if (c.settings) {
    w.unsigned_integer(kSettingsLabel);
    write_settings(w, *c.settings);
  }
  if (c.firmware) {
    w.unsigned_integer(kFirmwareLabel);
    write_firmware(w, *c.firmware);
  }
  if (c.keys) {
    w.unsigned_integer(kKeysLabel);
    write_keys(w, *c.keys);
  }
  return std::move(w).take();
}

Result<NoticeContent> decode_notice_content(ByteView bytes) {
  CborReader r(bytes);
  NoticeContent out;
  TRY_ASSIGN(const std::size_t sections, r.map());
  for (std::size_t i = 0; i < sections; ++i) TRY(read_section(r, out));
  TRY(r.finish());
  if (equal(encode_notice_content(out), bytes)) return out;
  return fail(Errc::kMalformed, "byte 0: a notice with an empty section, or one in another form");
}

Bytes encode_notice_body(const NoticeBody& body) {
  CborWriter w;
  w.array(2);
  w.integer(body.from.days);
  if (const auto* inside = std::get_if<Bytes>(&body.content)) {
    w.bytes(*inside);
  } else {
    write_blobs(w, std::get<std::vector<BlobName>>(body.content));
  }
  return std::move(w).take();
}

Result<NoticeBody> decode_notice_body(ByteView bytes) {
  CborReader r(bytes);
  TRY(expect_parts(r, 2, "a notice"));
  NoticeBody body;
  TRY_ASSIGN(body.from, read_day(r));
  if (r.is_at_array()) {
    TRY_ASSIGN(body.content, read_blobs(r));
  } else {
    TRY_ASSIGN(const ByteView inside, r.bytes());
    body.content = to_bytes(inside);
  }
  TRY(r.finish());
  return body;
}

}  // namespace core::retail
