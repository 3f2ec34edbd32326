// Process, over fork, exec and poll.
#include "tests/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace test {
namespace {

bool drain(int& fd, std::string& into) {
  std::array<char, 65536> buffer{};
  const ssize_t got = ::read(fd, buffer.data(), buffer.size());
  if (got > 0) {
    into.append(buffer.data(), static_cast<std::size_t>(got));
    return true;
  }
  if (got == 0) {
    ::close(fd);
    fd = -1;
  }
  return false;
}

int exit_status_of(int raw) {
  return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
}

}  // namespace

Outcome run(const std::vector<std::string>& argv) {
  return Process(argv).wait();
}

Process::Process(const std::vector<std::string>& argv) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  CORE_CHECK(::pipe2(out.data(), O_CLOEXEC) == 0);
  CORE_CHECK(::pipe2(err.data(), O_CLOEXEC) == 0);
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_ = ::fork();
  CORE_CHECK(pid_ >= 0);
  if (pid_ == 0) {
    ::dup2(out[1], 1);
    ::dup2(err[1], 2);
    const int null = ::open("/dev/null", O_RDONLY);
    ::dup2(null, 0);
    ::execvp(words[0], words.data());
    ::_exit(127);
  }
  ::close(out[1]);
  ::close(err[1]);
  out_fd_ = out[0];
  err_fd_ = err[0];
}

Process::~Process() {
  if (!reaped_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &raw_status_, 0);
  }
  if (out_fd_ >= 0) ::close(out_fd_);
  if (err_fd_ >= 0) ::close(err_fd_);
}

void Process::pump(std::chrono::milliseconds at_most) {
  std::array<pollfd, 2> fds = {pollfd{out_fd_, POLLIN, 0}, pollfd{err_fd_, POLLIN, 0}};
  if (::poll(fds.data(), fds.size(), static_cast<int>(at_most.count())) <= 0) return;
  if (out_fd_ >= 0 && fds[0].revents != 0) drain(out_fd_, out_);
  if (err_fd_ >= 0 && fds[1].revents != 0) drain(err_fd_, err_);
}

std::string Process::wait_for_line(const std::string& text, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (true) {
    for (std::size_t end = out_.find('\n', searched_); end != std::string::npos;
         end = out_.find('\n', searched_)) {
      const std::string line = out_.substr(searched_, end - searched_);
      searched_ = end + 1;
      if (line.find(text) != std::string::npos) return line;
    }
    if (out_fd_ < 0 || std::chrono::steady_clock::now() > deadline) return {};
    pump(std::chrono::milliseconds(50));
  }
}

void Process::signal(int number) {
  if (!reaped_) ::kill(pid_, number);
}

bool Process::running() {
  if (!reaped_ && ::waitpid(pid_, &raw_status_, WNOHANG) == pid_) reaped_ = true;
  return !reaped_;
}

Outcome Process::wait() {
  while (out_fd_ >= 0 || err_fd_ >= 0) pump(std::chrono::milliseconds(200));
  if (!reaped_) {
    CORE_CHECK(::waitpid(pid_, &raw_status_, 0) == pid_);
    reaped_ = true;
  }
  return Outcome{exit_status_of(raw_status_), out_, err_};
}

}  // namespace test
