// logfmt on standard error, a line a write.
// Must not know what the events mean.
#include "relay/log_lines.h"

#include <array>
#include <atomic>
#include <cstdio>
#include <ctime>

namespace relay {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"debug", "info", "warn", "error"};

std::atomic<Level>& lowest() {
  static std::atomic<Level> level{Level::kInfo};
  return level;
}

std::string now_text() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

// Values come from clients and files too: a line stays a line.
void append_quoted(std::string& out, std::string_view value) {
  out += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  out += '"';
}

}  // namespace

std::optional<Level> parse_level(std::string_view text) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == text) return static_cast<Level>(i);
  }
  return std::nullopt;
}

void set_log_level(Level level) {
  lowest() = level;
}

void log_event(Level level, std::string_view event,
               std::initializer_list<std::pair<std::string_view, std::string>> fields) {
  if (level < lowest()) return;
  std::string line = "time=" + now_text() + " level=";
  line.append(kNames[static_cast<std::size_t>(level)]).append(" event=").append(event);
  for (const auto& [name, value] : fields) {
    line.append(" ").append(name).append("=");
    append_quoted(line, value);
  }
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace relay
