// Log lines: what an operator reads of a running relay, one event a line on standard error:
//   time=2026-11-21T16:40:02Z level=warn event=torn-tail tenant=shops detail="..."
// Must not know what the events mean. Never a payload or a key.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace relay {

enum class Level { kDebug, kInfo, kWarn, kError };

// "debug", "info", "warn", "error".
std::optional<Level> parse_level(std::string_view text);
// Events below it are not written. Thread: any, of both.
void set_log_level(Level level);
void log_event(Level level, std::string_view event,
               std::initializer_list<std::pair<std::string_view, std::string>> fields = {});

}  // namespace relay
