// Printer: writing to a device, and what an error says about the bytes before it.
#include "till/printer.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace till {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::string errno_text(int error) {
  return std::error_code(error, std::generic_category()).message();
}

// A reader that went away is an error of write(), and not the end of this process.
class WithoutSigpipe {
 public:
  WithoutSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~WithoutSigpipe() {
    if (sigismember(&before_, SIGPIPE) == 1) return;
    const timespec now{0, 0};
    while (sigtimedwait(&pipe_, nullptr, &now) < 0 && errno == EINTR) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t before_{};
};

// Waits until the device takes bytes again. Returns 0, or an error.
int wait_for_room(int descriptor, milliseconds timeout) {
  const auto until = steady_clock::now() + timeout;
  while (true) {
    const auto left = std::chrono::duration_cast<milliseconds>(until - steady_clock::now());
    if (left.count() <= 0) return ETIMEDOUT;
    pollfd wanted{descriptor, POLLOUT, 0};
    const int ready = ::poll(&wanted, 1, static_cast<int>(left.count()));
    if (ready > 0) return 0;  // also for an error, which the next write() names
    if (ready < 0 && errno != EINTR) return errno;
  }
}

PrintOutcome write_job(int descriptor, core::ByteView job, milliseconds timeout,
                       const std::string& name) {
  const WithoutSigpipe guard;
  std::size_t taken = 0;
  while (taken < job.size()) {
    const ssize_t done = ::write(descriptor, job.data() + taken, job.size() - taken);
    if (done > 0) {
      taken += static_cast<std::size_t>(done);
      continue;
    }
    int error = done < 0 ? errno : EIO;
    if (error == EINTR) continue;
    if (error == EAGAIN || error == EWOULDBLOCK) error = wait_for_room(descriptor, timeout);
    if (error == 0) continue;
    // After an input/output error a device may have taken more than it says.
    const bool nothing = taken == 0 && error != EIO;
    return {nothing ? Printed::kNothing : Printed::kUnknown,
            name + ": " + errno_text(error) + " after " + std::to_string(taken) + " of " +
                std::to_string(job.size()) + " bytes"};
  }
  return {Printed::kAll, {}};
}

}  // namespace

PrintOutcome DevicePrinter::print(core::ByteView job) {
  // Without waiting: a FIFO that nobody reads, or a device without a cable, is an error at once.
  const int descriptor =
      ::open(path_.c_str(), O_WRONLY | O_APPEND | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) {
    const int error = errno;
    const std::string why = error == ENXIO ? "no device, or nobody reads it" : errno_text(error);
    return {Printed::kNothing, path_.string() + ": cannot be opened: " + why};
  }
  PrintOutcome outcome = write_job(descriptor, job, timeout_, path_.string());
  if (::close(descriptor) != 0 && outcome.printed == Printed::kAll) {
    return {Printed::kUnknown, path_.string() + ": closing it: " + errno_text(errno)};
  }
  return outcome;
}

PrintOutcome StreamPrinter::print(core::ByteView job) {
  return write_job(descriptor_, job, kPrinterTimeout, "descriptor " + std::to_string(descriptor_));
}

}  // namespace till
