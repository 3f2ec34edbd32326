// Child, over fork and exec; process trees from /proc.
#include "scripts/bench/peers/child.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "scripts/poc_scale/measure.h"

namespace bench {
namespace {

using core::Errc;
using core::fail;
using core::Result;

volatile sig_atomic_t interrupt_seen = 0;

std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool confine(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(core), &set);
  return ::sched_setaffinity(0, sizeof set, &set) == 0;
}

bool become(const passwd& user) {
  return ::initgroups(user.pw_name, user.pw_gid) == 0 && ::setgid(user.pw_gid) == 0 &&
         ::setuid(user.pw_uid) == 0;
}

// Its resident pages, each divided by the number of its users.
std::uint64_t proportional_bytes(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/smaps_rollup");
  std::uint64_t kibibytes = 0;
  for (std::string word; in >> word;) {
    if (word == "Pss:" && in >> kibibytes) break;
  }
  return kibibytes * 1024;
}

// Between fork and exec. A group of its own: the terminal's Ctrl-C is for the benchmark, which
// stops its children in order. They end with it even if it is killed.
[[noreturn]] void run_child(const ChildOptions& options, char** argv, const passwd* user, int log) {
  ::setpgid(0, 0);
  ::dup2(::open("/dev/null", O_RDONLY), 0);
  ::dup2(log, 1);
  ::dup2(log, 2);
  if (options.core && !confine(*options.core)) ::_exit(126);
  if (user != nullptr && !become(*user)) ::_exit(126);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::execvp(argv[0], argv);
  ::dprintf(2, "%s cannot be run\n", argv[0]);
  ::_exit(127);
}

}  // namespace

void watch_interrupts() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupt_seen = 1; };
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

bool interrupted() {
  return interrupt_seen != 0;
}

Result<std::unique_ptr<Child>> Child::start(ChildOptions options) {
  const passwd* user = nullptr;
  if (!options.user.empty() && ::geteuid() == 0) {
    user = ::getpwnam(options.user.c_str());
    if (user == nullptr) return fail(Errc::kNotFound, "there is no user " + options.user);
  }
  const int log = ::open(options.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0) return fail(Errc::kIo, options.log.string() + " cannot be written");
  std::vector<char*> argv;
  for (std::string& word : options.argv) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) run_child(options, argv.data(), user, log);
  ::close(log);
  if (pid < 0) return fail(Errc::kIo, "no process can be started");
  return std::unique_ptr<Child>(new Child(pid, std::move(options)));
}

Child::~Child() {
  if (!running()) return;
  ::kill(pid_, options_.stop_signal);
  if (wait_ms(5000)) return;
  for (const pid_t pid : process_tree(pid_)) ::kill(pid, SIGKILL);
  ::waitpid(pid_, &status_, 0);
}

bool Child::running() {
  if (!reaped_ && ::waitpid(pid_, &status_, WNOHANG) == pid_) reaped_ = true;
  return !reaped_;
}

bool Child::wait_ms(int milliseconds) {
  for (; running() && milliseconds > 0; milliseconds -= 5) ::usleep(5000);
  return reaped_;
}

Result<int> Child::stop() {
  if (running()) ::kill(pid_, options_.stop_signal);
  if (!wait_ms(20000)) return fail(Errc::kIo, options_.argv[0] + " does not end when asked to");
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
}

Result<int> Child::wait() {
  while (!wait_ms(100)) {
    if (interrupted()) return fail(Errc::kState, "interrupted");
  }
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
}

std::string Child::last_words() const {
  constexpr std::size_t kEnd = 400;
  std::string text = said();
  if (text.size() > kEnd) text.erase(0, text.size() - kEnd);
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text.empty() ? "it said nothing" : "it said: " + text;
}

std::string Child::said() const {
  return content(options_.log);
}

std::vector<pid_t> process_tree(pid_t root) {
  std::vector<pid_t> tree = {root};
  for (std::size_t i = 0; i < tree.size(); ++i) {
    const std::filesystem::path tasks = "/proc/" + std::to_string(tree[i]) + "/task";
    std::error_code gone;
    for (const auto& task : std::filesystem::directory_iterator(tasks, gone)) {
      std::ifstream children(task.path() / "children");
      for (pid_t child = 0; children >> child;) tree.push_back(child);
    }
  }
  return tree;
}

TreeUse tree_use(pid_t root) {
  TreeUse use;
  for (const pid_t pid : process_tree(root)) {
    use.peak_bytes += sweep::process_use(pid).peak_bytes;
    use.held_bytes += proportional_bytes(pid);
    // The process's own clock: /proc counts in ticks of 10 ms, too coarse for a hundred processes.
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) continue;
    use.cpu_seconds += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  }
  return use;
}

Result<void> pin_to(int core) {
  if (confine(core)) return {};
  return fail(Errc::kUsage, "there is no processor " + std::to_string(core) + " to pin to");
}

}  // namespace bench
