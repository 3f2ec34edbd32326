// The real relay, and raw sockets to speak to it.
#include "tests/functional/relay_process.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>

namespace test {
namespace {

bool holds_tenants(const std::filesystem::path& directory) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    if (std::filesystem::exists(entry.path() / "checkpoint.key")) return true;
  }
  return false;
}

std::vector<std::string> command(const std::string& directory,
                                 const std::vector<std::string>& options,
                                 const std::vector<std::string>& before) {
  const bool several = holds_tenants(directory);
  if (!several && !std::filesystem::exists(directory + "/checkpoint.key")) make_log(directory);
  std::vector<std::string> words = before;
  words.insert(words.end(),
               {relay_binary(), "serve", "--data", directory, "--listen", "127.0.0.1:0"});
  // A log without head office's key can only be served open.
  if (!several && !std::filesystem::exists(directory + "/head-office.pub")) {
    words.emplace_back("--open");
  }
  words.insert(words.end(), options.begin(), options.end());
  return words;
}

}  // namespace

std::string relay_binary() {
  return std::string(DAYBOOK_BIN_DIR) + "/daybook-relay";
}

std::string make_log(const std::string& directory, const std::string& origin,
                     const std::vector<std::string>& options) {
  std::vector<std::string> words = {relay_binary(), "init", directory, "--origin", origin};
  words.insert(words.end(), options.begin(), options.end());
  const Outcome made = run(words);
  CORE_CHECK(made.status == 0);
  return made.out.substr(0, made.out.find('\n'));
}

Relay::Relay(const std::string& directory, const std::vector<std::string>& options,
             const std::vector<std::string>& before)
    : process(command(directory, options, before)) {
  const std::string line = process.wait_for_line("listening on ");
  if (line.empty()) return;
  endpoint = core::wire::parse_endpoint(line.substr(line.rfind(' ') + 1)).value();
}

Outcome Relay::stop() {
  process.signal(SIGTERM);
  return process.wait();
}

Socket::Socket(const core::wire::Endpoint& endpoint) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(endpoint.port);
  CORE_CHECK(::inet_pton(AF_INET, endpoint.host.c_str(), &address.sin_addr) == 1);
  CORE_CHECK(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
}

Socket::~Socket() {
  ::close(fd_);
}

void Socket::end_sending() {
  ::shutdown(fd_, SHUT_WR);
}

bool Socket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Socket::read_some(std::chrono::milliseconds timeout) {
  pollfd waiting{fd_, POLLIN, 0};
  if (::poll(&waiting, 1, static_cast<int>(timeout.count())) <= 0) return false;
  std::array<char, 65536> buffer{};
  const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (got <= 0) {
    closed_ = true;
    return false;
  }
  received_.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

std::string Socket::read_until(std::string_view text, std::chrono::milliseconds timeout) {
  while (received_.find(text) == std::string::npos && read_some(timeout)) {
  }
  return received_;
}

std::optional<std::string> Socket::read_to_end(std::chrono::milliseconds timeout) {
  while (read_some(timeout)) {
  }
  if (!closed_) return std::nullopt;
  return received_;
}

std::string http(const core::wire::Endpoint& endpoint, std::string_view method,
                 std::string_view path, std::string_view body) {
  Socket socket(endpoint);
  std::string request(method);
  request.append(" ").append(path).append(" HTTP/1.1\r\nHost: test\r\nConnection: close\r\n");
  if (!body.empty()) {
    request.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  }
  request.append("\r\n").append(body);
  socket.send(request);
  return socket.read_to_end().value_or("");
}

}  // namespace test
