#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "cluster/comm.hpp"

namespace lockstep {

/// What the root of this process is busy with.
struct Work {
  std::string stage;
  std::string unit;
  std::uint64_t done = 0;
  std::uint64_t total = 0;  ///< 0: not known
  double seconds = 0;       ///< since it began
};
/// May be called from any thread.
Work current_work();

/// Shows how far a stage is: a bar on a terminal, otherwise a line now and then, with rate and time left.
/// The root speaks for all: it shows its own share of the work, which is as large as any other rank's.
/// No member communicates. A stage that ends early leaves no closing line.
class Progress {
 public:
  /// `total`: this rank's work in `unit` (bytes, actions, blocks, …); 0 where it is not known.
  Progress(const Comm& comm, std::string stage, std::string unit, std::uint64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// So much is done in all. Cheap enough for an inner loop of thousands of calls a second.
  void at(std::uint64_t done);
  void advance(std::uint64_t amount) { at(done_ + amount); }
  /// The stage is over: shows its closing line.
  void finish();
  void finish(std::uint64_t done) {
    done_ = done;
    finish();
  }

 private:
  using Clock = std::chrono::steady_clock;
  void show(Clock::time_point now);

  bool speaks_;
  bool shown_ = false;  ///< a bar stands on the terminal's last line
  bool terminal_;
  std::string stage_;
  std::string unit_;
  std::uint64_t total_;
  std::uint64_t done_ = 0;
  Clock::time_point start_ = Clock::now();
  Clock::time_point next_show_;
};

/// "1h 02m 03s", "12.3 s"; `digits` behind the point, where there is one.
std::string format_duration(double seconds, int digits = 1);
/// "12.3 M", "1.2 k", "7".
std::string format_amount(double amount);

}  // namespace lockstep
