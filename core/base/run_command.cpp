// run_command, over posix_spawn; input and output go through temporary files, so neither can block.
#include "core/base/run_command.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>

extern char** environ;

namespace core {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File temporary_file() {
  return {std::tmpfile(), &std::fclose};
}

std::string content_of(std::FILE* file) {
  std::string text;
  std::array<char, 65536> buffer{};
  std::rewind(file);
  for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), file)) > 0;) {
    text.append(buffer.data(), got);
  }
  return text;
}

std::string last_words(const std::string& text) {
  constexpr std::size_t kMax = 300;
  return text.size() <= kMax ? text : text.substr(text.size() - kMax);
}

}  // namespace

Result<std::string> run_command(const std::vector<std::string>& argv, std::string_view input) {
  const File in = temporary_file();
  const File out = temporary_file();
  const File err = temporary_file();
  if (!in || !out || !err) return fail(Errc::kIo, "no temporary file could be made");
  std::fwrite(input.data(), 1, input.size(), in.get());
  std::rewind(in.get());

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ::fileno(in.get()), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ::fileno(out.get()), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ::fileno(err.get()), STDERR_FILENO);
  std::vector<char*> words;
  words.reserve(argv.size() + 1);
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_t pid = -1;
  const int spawned = ::posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (spawned != 0) return fail(Errc::kNotFound, argv.front() + " cannot be started");
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return fail(Errc::kIo, argv.front() + " failed: " + last_words(content_of(err.get())));
  }
  return content_of(out.get());
}

}  // namespace core
