// NoticeOptions: what the commands that tell tills something share.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/business_day.h"
#include "core/base/result.h"
#include "ledger-rebuild/notices.h"

namespace CLI {
class App;
}

namespace rebuild {

struct NoticeArguments {
  std::string directory;
  std::uint32_t store = 0;  // 0: all tills
  std::string from;         // empty: today
};

void add_notice_options(CLI::App* command, NoticeArguments& to);

inline core::TillRef feed_of(const NoticeArguments& to) {
  return {core::StoreId{to.store}, core::TillId{0}};
}
// By the system's clock, in UTC.
core::BusinessDay today();
// Errors: kUsage.
core::Result<core::BusinessDay> from_of(const NoticeArguments& to);

// Signs, and says what was signed; returns the exit status. Errors: those of Notices::tell.
core::Result<int> tell_and_say(const NoticeArguments& to, Notices& notices,
                               const core::retail::NoticeContent& content);
void say(const Told& told);

}  // namespace rebuild
