// Progress: a bar on a terminal, plain lines elsewhere.
#include "scripts/poc_scale/progress.h"

#include <unistd.h>

#include <cstdio>

namespace sweep {
namespace {
constexpr auto kRedraw = std::chrono::milliseconds(100);
constexpr std::uint64_t kBarWidth = 30;
}  // namespace

Progress::Progress(std::string label, std::uint64_t all, bool quiet)
    : label_(std::move(label)),
      all_(all == 0 ? 1 : all),
      quiet_(quiet),
      terminal_(::isatty(STDERR_FILENO) == 1),
      started_(std::chrono::steady_clock::now()),
      drawn_(started_) {}

Progress::~Progress() {
  if (!finished_) draw(all_, true);
}

void Progress::at(std::uint64_t done) {
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || finished_ || now - drawn_ < kRedraw) return;
  drawn_ = now;
  draw(done, false);
}

void Progress::draw(std::uint64_t done, bool last) {
  finished_ = last;
  if (quiet_) return;
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  if (!terminal_) {
    std::fprintf(stderr, "  %-44s %6.2f s\n", label_.c_str(), seconds);
    return;
  }
  const std::uint64_t filled = done >= all_ ? kBarWidth : done * kBarWidth / all_;
  std::string bar(filled, '#');
  bar.resize(kBarWidth, '.');
  std::fprintf(stderr, "\r  %-44s [%s] %6.2f s%s", label_.c_str(), bar.c_str(), seconds,
               last ? "\n" : "");
}

}  // namespace sweep
