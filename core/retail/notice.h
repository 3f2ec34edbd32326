// Notice: what head office tells its tills: catalog, prices, operators, deliveries, settings,
// firmware, and the keys to read all that with.
// Must not know messages, feeds or journals. Format: docs/formats/notice.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/business_day.h"
#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/result.h"
#include "core/envelope/feed_key.h"
#include "core/retail/catalog_change.h"
#include "core/retail/settings.h"

namespace core::retail {

// What a store's products cost there; none: what they cost everywhere.
struct StorePrices {
  Currency currency;
  std::map<ProductId, std::optional<Money>> prices{};
  bool operator==(const StorePrices&) const = default;
};

// Somebody who works at a store's tills, as head office has them. Texts and roles:
// docs/operators.md.
struct OperatorNotice {
  OperatorId id;
  std::string name;
  std::uint32_t role = 0;
  std::string pin_hash;
  bool active = true;
  bool operator==(const OperatorNotice&) const = default;
};

// What is on its way to a store.
struct DispatchNote {
  std::uint64_t number = 0;  // from 1, head office's own
  BusinessDay day;           // on which it is expected
  Components goods;          // above zero
  bool operator==(const DispatchNote&) const = default;
};

struct FirmwareNotice {
  std::string version;
  envelope::Hash hash;  // SHA-256 of the whole
  std::uint64_t size = 0;
  envelope::FeedSecret secret;  // of the key that its pieces are sealed with, and nothing else
  std::vector<envelope::BlobName> pieces;
  bool operator==(const FirmwareNotice&) const = default;
};

// What a till reads the notices to all tills, and to those of its store, with.
struct FeedKeys {
  std::uint64_t generation = 0;
  envelope::FeedSecret fleet;
  envelope::FeedSecret store;
  bool operator==(const FeedKeys&) const = default;
};

// What is empty is left out.
struct NoticeContent {
  std::optional<CatalogChange> catalog{};
  std::optional<StorePrices> prices{};
  std::vector<OperatorNotice> operators{};
  std::vector<DispatchNote> dispatched{};
  std::optional<Settings> settings{};
  std::optional<FirmwareNotice> firmware{};
  std::optional<FeedKeys> keys{};
  bool operator==(const NoticeContent&) const = default;
};

// Both, one after the other, as one; of the second what both say. Errors: kCurrency (two
// currencies).
Result<NoticeContent> then(NoticeContent first, const NoticeContent& second);

// Deterministic CBOR.
Bytes encode_notice_content(const NoticeContent& content);
// Accepts exactly what encode_notice_content() writes. Errors: kMalformed with the byte offset.
Result<NoticeContent> decode_notice_content(ByteView bytes);

// What is sealed in the message: the first business day on which it holds, and the content, or
// where that is.
struct NoticeBody {
  BusinessDay from;
  std::variant<Bytes, std::vector<envelope::BlobName>> content;
  bool operator==(const NoticeBody&) const = default;
};
inline constexpr std::size_t kPiecesMax = 1024;  // of 512 KiB each

Bytes encode_notice_body(const NoticeBody& body);
// Errors: kMalformed with the byte offset.
Result<NoticeBody> decode_notice_body(ByteView bytes);

}  // namespace core::retail
