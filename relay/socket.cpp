// send(2) and recv(2), told apart by what the caller does next.
// Must not know requests.
#include "relay/socket.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace relay {
namespace {

Socket::Moved moved(ssize_t count) {
  if (count > 0) return {Socket::Outcome::kMoved, static_cast<std::size_t>(count)};
  const bool later = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  return {later ? Socket::Outcome::kWouldBlock : Socket::Outcome::kGone, 0};
}

}  // namespace

Socket::Moved Socket::receive(std::span<std::uint8_t> into) {
  ssize_t count = -1;
  do {
    count = ::recv(fd_, into.data(), into.size(), 0);
  } while (count < 0 && errno == EINTR);
  return moved(count);
}

Socket::Moved Socket::send(std::string_view bytes) {
  ssize_t count = -1;
  do {
    count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  return moved(count);
}

bool Socket::has_unread() const {
  int bytes = 0;
  return ::ioctl(fd_, FIONREAD, &bytes) == 0 && bytes > 0;
}

void Socket::end_sending() {
  ::shutdown(fd_, SHUT_WR);
}

void Socket::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

}  // namespace relay
