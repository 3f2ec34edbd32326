// PIN source: files, descriptors and the terminal, a byte at a time, so that the next line stays.
#include "till/pin_source.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Result;

class Descriptor {
 public:
  explicit Descriptor(int opened) : fd(opened) {}
  ~Descriptor() {
    if (fd > STDERR_FILENO) ::close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  const int fd;
};

// What is typed is not shown, and Ctrl-C is a wrong character: it must not leave the terminal so.
class Unseen {
 public:
  explicit Unseen(int terminal) : terminal_(terminal) {
    changed_ = ::tcgetattr(terminal, &before_) == 0;
    if (!changed_) return;
    ::termios unseen = before_;
    unseen.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    changed_ = ::tcsetattr(terminal, TCSAFLUSH, &unseen) == 0;
  }
  ~Unseen() {
    if (changed_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;

  bool works() const { return changed_; }

 private:
  int terminal_;
  ::termios before_{};
  bool changed_ = false;
};

// A line up to its end, one digit more than a PIN may have; wiped when it goes.
struct Line {
  std::array<char, Pin::kDigitsMax + 1> text{};
  std::size_t size = 0;

  Line() = default;
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line() { sodium_memzero(text.data(), text.size()); }
};

Result<Pin> read_line(int fd, const std::string& name) {
  Line line;
  char byte = 0;
  while (true) {
    const ssize_t got = ::read(fd, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Errc::kIo, name + ": " + std::strerror(errno));
    if (got == 0 || byte == '\n') break;
    if (line.size < line.text.size()) line.text[line.size++] = byte;
  }
  sodium_memzero(&byte, 1);
  auto pin = Pin::from({line.text.data(), line.size});
  if (!pin) return fail(pin.error().code, name + ": " + pin.error().what);
  return pin;
}

Result<Pin> ask(const std::string& prompt) {
  const Descriptor terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (terminal.fd < 0) {
    return fail(Errc::kUsage,
                prompt + ": there is no terminal to ask at; give a file, or - for stdin");
  }
  const Unseen unseen(terminal.fd);
  if (!unseen.works()) return fail(Errc::kIo, "the terminal would show what is typed");
  const std::string asked = prompt + ": ";
  if (::write(terminal.fd, asked.data(), asked.size()) < 0) {
    return fail(Errc::kIo, std::string("the terminal: ") + std::strerror(errno));
  }
  auto pin = read_line(terminal.fd, prompt);
  if (::write(terminal.fd, "\n", 1) < 0) {
    return fail(Errc::kIo, std::string("the terminal: ") + std::strerror(errno));
  }
  return pin;
}

}  // namespace

Result<Pin> read_pin(const std::filesystem::path& from, const std::string& prompt) {
  const bool from_stdin = from == "-";
  if (from.empty() || (from_stdin && ::isatty(STDIN_FILENO) == 1)) return ask(prompt);
  const std::string name = prompt + ", " + (from_stdin ? "stdin" : from.string());
  const Descriptor in(from_stdin ? STDIN_FILENO
                                 : ::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (in.fd < 0) {
    return fail(errno == ENOENT ? Errc::kNotFound : Errc::kIo, name + ": " + std::strerror(errno));
  }
  struct ::stat info {};
  if (::fstat(in.fd, &info) != 0) return fail(Errc::kIo, name + ": " + std::strerror(errno));
  if (!from_stdin && S_ISREG(info.st_mode) && (info.st_mode & 0077) != 0) {
    return fail(Errc::kState, name + ": others may read it; only its owner may (chmod 600)");
  }
  return read_line(in.fd, name);
}

}  // namespace till
