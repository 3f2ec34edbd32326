// NoticeOptions: for whom, from when, and what was signed.
#include "ledger-rebuild/notice_options.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "core/base/clock.h"
#include "ledger-rebuild/command_support.h"

namespace rebuild {

using core::BusinessDay;
using core::Result;
using core::retail::NoticeContent;

BusinessDay today() {
  constexpr std::int64_t kDay_ms = std::int64_t{24} * 60 * 60 * 1000;
  return BusinessDay{static_cast<std::int32_t>(core::SystemClock().now_ms() / kDay_ms)};
}

Result<BusinessDay> from_of(const NoticeArguments& to) {
  TRY_ASSIGN(const auto day, parse_day(to.from, "--from"));
  return day.value_or(today());
}

void add_notice_options(CLI::App* command, NoticeArguments& to) {
  command->add_option("--head-office", to.directory, "Head-office directory")->required();
  command->add_option("--store", to.store, "Only the tills of this store; default: all tills");
  command->add_option("--from", to.from, "Business day from which it holds; default: today");
}

void say(const Told& told) {
  std::printf("signed %zu notices", told.notices);
  if (told.keys > 0) std::printf(", and keys for %zu tills", told.keys);
  if (told.pieces > 0) std::printf("; %zu pieces beside them", told.pieces);
  std::printf("; daybook-rebuild send sends them\n");
}

Result<int> tell_and_say(const NoticeArguments& to, Notices& notices,
                         const NoticeContent& content) {
  TRY_ASSIGN(const BusinessDay from, from_of(to));
  TRY_ASSIGN(const Told told, notices.tell(feed_of(to), from, content));
  say(told);
  return 0;
}

}  // namespace rebuild
