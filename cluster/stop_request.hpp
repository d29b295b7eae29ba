#pragma once

#include <chrono>

namespace lockstep {

/// Asks for a clean stop: SIGUSR1, SIGTERM, or a time limit. Each rank knows of its own signals; ranks agree
/// on stopping where they next meet.
class StopRequest {
 public:
  /// `max_hours` 0: no time limit.
  explicit StopRequest(double max_hours);

  /// From now on the signals ask for a stop instead of ending the process. A signal may come while MPI is
  /// still starting, so a program that heeds stop requests calls this first of all.
  static void listen();

  /// Whether this rank was asked to stop. Local.
  bool made() const;

 private:
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace lockstep
