#include "cluster/progress.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>

#include <fmt/format.h>
#include <unistd.h>

namespace lockstep {

namespace {

constexpr auto terminal_interval = std::chrono::milliseconds(200);
constexpr auto line_interval = std::chrono::milliseconds(10'000);
constexpr int bar_width = 28;

/// The work that current_work() tells of; what changes all the time is atomic.
std::mutex work_mutex;
Work work_begun;
std::chrono::steady_clock::time_point work_start;
std::atomic<std::uint64_t> work_done = 0;

/// "12.3 MB", "12.3 M actions".
std::string with_unit(double amount, const std::string& unit) {
  return format_amount(amount) + (unit == "B" && amount >= 1e3 ? "" : " ") + unit;
}

std::chrono::milliseconds interval(bool terminal) {
  return terminal ? terminal_interval : line_interval;
}

}  // namespace

std::string format_duration(double seconds, int digits) {
  if (seconds < 60) return fmt::format("{:.{}f} s", seconds, digits);
  const auto whole = static_cast<std::uint64_t>(seconds);
  if (whole < 3600) return fmt::format("{}m {:02}s", whole / 60, whole % 60);
  return fmt::format("{}h {:02}m {:02}s", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string format_amount(double amount) {
  if (amount < 1e3) return fmt::format("{:.0f}", amount);
  if (amount < 1e6) return fmt::format("{:.1f} k", amount / 1e3);
  if (amount < 1e9) return fmt::format("{:.1f} M", amount / 1e6);
  return fmt::format("{:.1f} G", amount / 1e9);
}

Work current_work() {
  const std::scoped_lock lock(work_mutex);
  Work work = work_begun;
  work.done = work_done;
  if (!work.stage.empty()) {
    work.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - work_start).count();
  }
  return work;
}

Progress::Progress(const Comm& comm, std::string stage, std::string unit, std::uint64_t total)
    : speaks_(comm.is_root()),
      terminal_(isatty(STDERR_FILENO) != 0),
      stage_(std::move(stage)),
      unit_(std::move(unit)),
      total_(total),
      next_show_(start_ + interval(terminal_)) {
  if (!speaks_) return;
  const std::scoped_lock lock(work_mutex);
  work_begun = {stage_, unit_, 0, total_, 0};
  work_start = start_;
  work_done = 0;
}

void Progress::at(std::uint64_t done) {
  done_ = done;
  if (!speaks_) return;
  work_done = done;
  if (const auto now = Clock::now(); now >= next_show_) show(now);
}

void Progress::show(Clock::time_point now) {
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = static_cast<double>(done_) / seconds;
  std::string line = fmt::format("{:<10}", stage_);
  if (total_ > 0) {
    const double share = std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_));
    if (terminal_) {
      const int filled = static_cast<int>(share * bar_width);
      line += fmt::format(" [{:#<{}}{:.<{}}]", "", filled, "", bar_width - filled);
    }
    line += fmt::format(" {:5.1f} %", share * 100);
    if (rate > 0) {
      line += fmt::format("  {} left",
                          format_duration(static_cast<double>(total_ - std::min(done_, total_)) / rate));
    }
  }
  line += fmt::format("  {}  {}/s", with_unit(static_cast<double>(done_), unit_), with_unit(rate, unit_));
  fmt::print(stderr, "{}{}{}", terminal_ ? "\r" : "", line, terminal_ ? "\x1b[K" : "\n");
  std::fflush(stderr);
  next_show_ = now + interval(terminal_);
  shown_ = true;
}

Progress::~Progress() {
  // An error message must not begin behind a half-filled bar.
  if (shown_ && terminal_) fmt::print(stderr, "\n");
}

void Progress::finish() {
  if (!speaks_) return;
  shown_ = false;
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  const double rate = seconds > 0 ? static_cast<double>(done_) / seconds : 0;
  fmt::print(stderr, "{}{:<10} done in {}  {}  {}/s\n", terminal_ ? "\r\x1b[K" : "", stage_,
             format_duration(seconds), with_unit(static_cast<double>(done_), unit_), with_unit(rate, unit_));
  std::fflush(stderr);
}

}  // namespace lockstep
