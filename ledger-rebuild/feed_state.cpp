// FeedState: each notice put on what was said before it.
#include "ledger-rebuild/feed_state.h"

#include <utility>

namespace rebuild {

using core::Errc;
using core::fail;
using core::Result;
using core::retail::NoticeContent;

Result<void> FeedState::absorb(const NoticeContent& content) {
  if (content.catalog) {
    TRY_ASSIGN(catalog, core::retail::apply(catalog ? &*catalog : nullptr, *content.catalog));
  }
  if (content.prices) {
    if (!prices) prices = core::retail::StorePrices{content.prices->currency};
    if (prices->currency != content.prices->currency) {
      return fail(Errc::kCurrency,
                  "the store's prices are in " + std::string(prices->currency.code()));
    }
    for (const auto& [id, price] : content.prices->prices) {
      if (price) {
        prices->prices.insert_or_assign(id, price);
      } else {
        prices->prices.erase(id);
      }
    }
  }
  for (const auto& who : content.operators) operators.insert_or_assign(who.id, who);
  for (const auto& note : content.dispatched) {
    const auto [it, is_new] = dispatched.emplace(note.number, note);
    if (is_new || it->second == note) continue;
    return fail(Errc::kExists, "dispatch note " + std::to_string(note.number) +
                                   " was sent before, with other goods");
  }
  if (content.settings) settings = content.settings;
  if (content.firmware) firmware = content.firmware;
  return {};
}

NoticeContent FeedState::whole(core::BusinessDay notes_from) const {
  NoticeContent out;
  if (catalog) out.catalog = core::retail::change_between(nullptr, *catalog);
  out.prices = prices;
  for (const auto& [id, who] : operators) out.operators.push_back(who);
  for (const auto& [number, note] : dispatched) {
    if (note.day >= notes_from) out.dispatched.push_back(note);
  }
  out.settings = settings;
  out.firmware = firmware;
  return out;
}

}  // namespace rebuild
