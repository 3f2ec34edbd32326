// Ask, over blocking sockets.
#include "scripts/bench/peers/ask.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>

namespace bench {
namespace {

using core::Errc;
using core::fail;
using core::Result;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

sockaddr* generic(sockaddr_in& address) {
  return reinterpret_cast<sockaddr*>(&address);
}

struct Closer {
  int fd;
  ~Closer() { ::close(fd); }
};

}  // namespace

Result<std::uint16_t> free_port() {
  const Closer socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (socket.fd < 0 || ::bind(socket.fd, generic(address), size) != 0 ||
      ::getsockname(socket.fd, generic(address), &size) != 0) {
    return fail(Errc::kIo, "no port is to be had");
  }
  return ntohs(address.sin_port);
}

Result<int> connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(Errc::kIo, "no descriptor for a socket; see ulimit -n");
  sockaddr_in address = loopback(port);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd, generic(address), sizeof address) != 0) {
    ::close(fd);
    return fail(Errc::kNetwork, "no connection to port " + std::to_string(port));
  }
  return fd;
}

Result<std::string> ask(std::uint16_t port, std::string_view text,
                        const std::function<bool(std::string_view)>& complete) {
  TRY_ASSIGN(const int fd, connect_to(port));
  const Closer closer{fd};
  const timeval patience{10, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::send(fd, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) {
    return fail(Errc::kNetwork, "a question could not be sent");
  }
  std::string answer;
  std::array<char, 16384> buffer{};
  while (!complete(answer)) {
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got <= 0) return fail(Errc::kNetwork, "no whole answer; so far: " + answer);
    answer.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return answer;
}

}  // namespace bench
