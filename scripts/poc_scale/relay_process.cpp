// RelayProcess, over posix_spawn and a pipe on its standard output.
#include "scripts/poc_scale/relay_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <utility>
#include <vector>

#include "core/tlog/note.h"

extern char** environ;

namespace sweep {

using core::Errc;
using core::fail;
using core::Result;

namespace {

struct Started {
  pid_t pid;
  int output;  // its standard output
};

Result<Started> start_program(std::vector<std::string> words) {
  const std::string binary = words.front();
  if (::access(binary.c_str(), X_OK) != 0) {
    return fail(Errc::kNotFound, binary + " cannot be run; name it with --relay-binary");
  }
  std::array<int, 2> pipe{};
  CORE_CHECK(::pipe2(pipe.data(), O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = -1;
  const int spawned = ::posix_spawn(&pid, binary.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe[1]);
  if (spawned == 0) return Started{pid, pipe[0]};
  ::close(pipe[0]);
  return fail(Errc::kIo, binary + " could not be started");
}

}  // namespace

Result<core::envelope::PublicKey> make_log(const std::filesystem::path& binary,
                                           const std::filesystem::path& directory,
                                           const std::string& origin) {
  TRY_ASSIGN(const Started init,
             start_program({binary.string(), "init", directory.string(), "--origin", origin}));
  std::string text;
  std::array<char, 1024> buffer{};
  for (ssize_t got; (got = ::read(init.output, buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(init.output);
  int status = 0;
  ::waitpid(init.pid, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return fail(Errc::kIo, directory.string() + ": the relay could not make a log there");
  }
  if (text.ends_with('\n')) text.pop_back();
  TRY_ASSIGN(const auto verifier, core::tlog::NoteVerifier::parse(text));
  return verifier.key();
}

Result<RelayProcess> RelayProcess::start(const std::filesystem::path& binary,
                                         const std::filesystem::path& directory) {
  if (!std::filesystem::exists(directory / "checkpoint.key")) {
    TRY(make_log(binary, directory, "sweep.example/check"));
  }
  TRY_ASSIGN(const Started started,
             start_program({binary.string(), "serve", "--open", "--log-level", "error", "--data",
                            directory.string(), "--listen", "127.0.0.1:0"}));
  RelayProcess process(started.pid, started.output);
  TRY(process.wait_until_ready());
  return process;
}

Result<void> RelayProcess::wait_until_ready() {
  constexpr int kReady_ms = 20000;
  constexpr std::string_view kReady = "listening on ";
  std::string text;
  const Stopwatch watch;
  while (watch.seconds() * 1000 < kReady_ms) {
    pollfd waiting{output_, POLLIN, 0};
    if (::poll(&waiting, 1, 200) <= 0) continue;
    std::array<char, 4096> buffer{};
    const ssize_t got = ::read(output_, buffer.data(), buffer.size());
    if (got <= 0) return fail(Errc::kIo, "the relay ended before it was ready");
    text.append(buffer.data(), static_cast<std::size_t>(got));
    const std::size_t at = text.find(kReady);
    const std::size_t end = at == std::string::npos ? at : text.find('\n', at);
    if (end == std::string::npos) continue;
    const std::size_t start = at + kReady.size();
    TRY_ASSIGN(endpoint_, core::wire::parse_endpoint(text.substr(start, end - start)));
    return {};
  }
  return fail(Errc::kIo, "the relay was not ready within 20 s");
}

RelayProcess::RelayProcess(RelayProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      output_(std::exchange(other.output_, -1)),
      endpoint_(std::move(other.endpoint_)) {}

RelayProcess::~RelayProcess() {
  if (pid_ > 0) kill();
  if (output_ >= 0) ::close(output_);
}

int RelayProcess::reap() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return status;
}

void RelayProcess::kill() {
  ::kill(pid_, SIGKILL);
  reap();
}

Result<void> RelayProcess::stop() {
  ::kill(pid_, SIGTERM);
  const int status = reap();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(Errc::kIo, "the relay did not end with status 0");
}

}  // namespace sweep
