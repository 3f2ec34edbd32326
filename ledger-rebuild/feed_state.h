// FeedState: what all that was said in a feed comes to.
// Must not know messages or tills. Rules: docs/formats/notice.md, "Content".
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "core/base/result.h"
#include "core/retail/notice.h"

namespace rebuild {

struct FeedState {
  std::optional<core::retail::Catalog> catalog{};
  std::optional<core::retail::StorePrices> prices{};
  std::map<core::OperatorId, core::retail::OperatorNotice> operators{};
  std::map<std::uint64_t, core::retail::DispatchNote> dispatched{};
  std::optional<core::retail::Settings> settings{};
  std::optional<core::retail::FirmwareNotice> firmware{};

  // Errors: those of core::retail::apply; kCurrency (prices); kExists (a dispatch note of this
  // number with other goods).
  core::Result<void> absorb(const core::retail::NoticeContent& content);
  // Dispatch notes of days before `notes_from` are left out.
  core::retail::NoticeContent whole(core::BusinessDay notes_from) const;
};

}  // namespace rebuild
