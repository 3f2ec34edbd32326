// Feeds: which of head office's notices a till is to be given: of each feed those since the last
// one that says all. Where they stand, not what they say. Must not know files, sockets or payloads.
// Rules: docs/formats/relay-http.md, "Notices".
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "core/base/ids.h"
#include "core/envelope/keys.h"

namespace relay {

// A notice's place in the log and in its sender's chain.
struct FeedNotice {
  core::LogIndex index;
  core::envelope::Kid sender;
  core::Sequence sequence;
  bool whole = false;  // none before it is needed in its feed
  bool operator==(const FeedNotice&) const = default;
};

// Thread: any.
class Feeds {
 public:
  // By feed, ascending by index; nothing is empty.
  using ByFeed = std::map<core::TillRef, std::vector<FeedNotice>>;
  using Allowed = std::function<bool(const FeedNotice&)>;

  Feeds() = default;
  explicit Feeds(ByFeed feeds) : feeds_(std::move(feeds)) {}

  // Takes one up. The result does not depend on the order, and adding one again changes nothing.
  void add(core::TillRef feed, const FeedNotice& notice);
  // Those of the till's three feeds (every till's, its store's, its own) that are allowed, with an
  // index of at least `from` and below `end`, ascending by index; at most `max`, the lowest.
  std::vector<FeedNotice> of(core::TillRef till, core::LogIndex from, core::LogIndex end,
                             std::size_t max, const Allowed& allowed) const;
  // Whether what cut off the others of its feed may do so, in every feed. If not, what was cut off
  // is needed again: read the log.
  bool holds(const Allowed& allowed) const;
  // Takes what is in `fresh`, and of its own what stands at `end` or behind it and is allowed.
  void replace_below(core::LogIndex end, ByFeed fresh, const Allowed& allowed);

  ByFeed all() const;

 private:
  static void add(ByFeed& feeds, core::TillRef feed, const FeedNotice& notice);

  mutable std::mutex mutex_;
  ByFeed feeds_;  // guarded by mutex_
};

}  // namespace relay
