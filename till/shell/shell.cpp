// Shell: lines in, texts out.
#include "till/shell/shell.h"

#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

#include "core/base/bytes.h"
#include "till/api/http_client.h"
#include "till/shell/console.h"

namespace till::shell {
namespace {

constexpr std::size_t kLineMax = 1000;

void show(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

// RFC 9562, section 5.4.
std::string random_uuid() {
  std::random_device random;
  core::Bytes bytes;
  for (int i = 0; i < 4; ++i) {
    const std::uint32_t bits = random();
    for (int shift = 0; shift < 32; shift += 8) {
      bytes.push_back(static_cast<std::uint8_t>(bits >> shift));
    }
  }
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string text = core::to_hex(bytes);
  for (const std::size_t at : {20u, 16u, 12u, 8u}) text.insert(at, 1, '-');
  return text;
}

// A terminal that does not show what is typed, as long as it is there.
class Unseen {
 public:
  explicit Unseen(bool wanted) {
    hidden_ = wanted && ::tcgetattr(STDIN_FILENO, &before_) == 0;
    if (!hidden_) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~Unseen() {
    if (hidden_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;

 private:
  termios before_{};
  bool hidden_ = false;
};

// As the C library chooses the locale of characters.
bool speaks_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string text = value;
    return text.find("UTF-8") != std::string::npos || text.find("utf8") != std::string::npos;
  }
  return false;
}

}  // namespace

core::Result<void> run_shell(const std::filesystem::path& socket) {
  api::HttpClient client(socket);
  ConsolePorts ports;
  ports.ask = [&client](const std::string& method, const std::string& target,
                        const std::string& body, const api::HttpClient::Fields& fields) {
    return client.ask(method, target, body, fields);
  };
  ports.new_id = random_uuid;
  Console console(std::move(ports), speaks_utf8());
  TRY_ASSIGN(const std::string greeting, console.greet());
  show(greeting);
  const bool prompts = ::isatty(STDIN_FILENO) == 1;
  std::string line;
  while (!console.ended()) {
    if (prompts) show("> ");
    {
      const Unseen unseen(prompts && console.asks_secret());
      if (!std::getline(std::cin, line)) break;
    }
    show(line.size() > kLineMax ? "? a line has at most 1000 bytes\n" : console.take(line));
  }
  return {};
}

}  // namespace till::shell
