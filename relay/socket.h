// Socket: a connected TCP socket that never waits.
// Must not know requests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace relay {

// Owns its descriptor. Thread: one at a time.
class Socket {
 public:
  enum class Outcome {
    kMoved,       // `bytes` bytes, at least one
    kWouldBlock,  // nothing can be moved now
    kGone,        // the peer has ended its side, or the connection is broken
  };
  struct Moved {
    Outcome outcome;
    std::size_t bytes;
  };

  // `fd` is non-blocking.
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Socket& operator=(Socket&&) = delete;
  ~Socket() { close(); }

  int fd() const { return fd_; }
  Moved receive(std::span<std::uint8_t> into);
  // `bytes` is not empty.
  Moved send(std::string_view bytes);
  // Bytes have come that were not received.
  bool has_unread() const;
  // The peer sees the end of what was sent; receiving goes on.
  void end_sending();
  void close();

 private:
  int fd_;
};

}  // namespace relay
