// One ascending list a feed, which begins with its last whole notice if it has one.
// Must not know files, sockets or payloads.
#include "relay/feeds.h"

#include <algorithm>
#include <set>

namespace relay {
namespace {

bool is_before(const FeedNotice& notice, core::LogIndex index) {
  return notice.index < index;
}

}  // namespace

void Feeds::add(core::TillRef feed, const FeedNotice& notice) {
  const std::lock_guard lock(mutex_);
  add(feeds_, feed, notice);
}

void Feeds::add(ByFeed& feeds, core::TillRef feed, const FeedNotice& notice) {
  std::vector<FeedNotice>& list = feeds[feed];
  const bool has_whole = !list.empty() && list.front().whole;
  if (has_whole && notice.index < list.front().index) return;
  const auto at = std::lower_bound(list.begin(), list.end(), notice.index, is_before);
  if (at != list.end() && at->index == notice.index) return;
  const auto placed = list.insert(at, notice);
  if (notice.whole) list.erase(list.begin(), placed);
}

std::vector<FeedNotice> Feeds::of(core::TillRef till, core::LogIndex from, core::LogIndex end,
                                  std::size_t max, const Allowed& allowed) const {
  const std::set<core::TillRef> feeds = {{}, {till.store, core::TillId{0}}, till};
  std::vector<FeedNotice> notices;
  {
    const std::lock_guard lock(mutex_);
    for (const core::TillRef feed : feeds) {
      const auto found = feeds_.find(feed);
      if (found == feeds_.end()) continue;
      const std::vector<FeedNotice>& list = found->second;
      auto at = std::lower_bound(list.begin(), list.end(), from, is_before);
      for (std::size_t n = 0; n < max && at != list.end() && at->index < end; ++at) {
        if (!allowed(*at)) continue;
        notices.push_back(*at);
        ++n;
      }
    }
  }
  std::sort(notices.begin(), notices.end(),
            [](const FeedNotice& a, const FeedNotice& b) { return a.index < b.index; });
  if (notices.size() > max) notices.resize(max);
  return notices;
}

bool Feeds::holds(const Allowed& allowed) const {
  const std::lock_guard lock(mutex_);
  return std::all_of(feeds_.begin(), feeds_.end(), [&](const auto& feed) {
    const FeedNotice& first = feed.second.front();
    return !first.whole || allowed(first);
  });
}

void Feeds::replace_below(core::LogIndex end, ByFeed fresh, const Allowed& allowed) {
  const std::lock_guard lock(mutex_);
  for (const auto& [feed, list] : feeds_) {
    for (const FeedNotice& notice : list) {
      if (notice.index >= end && allowed(notice)) add(fresh, feed, notice);
    }
  }
  feeds_ = std::move(fresh);
}

Feeds::ByFeed Feeds::all() const {
  const std::lock_guard lock(mutex_);
  return feeds_;
}

}  // namespace relay
