#pragma once

#include <chrono>

namespace lockstep {

/// Asks for a clean stop: SIGUSR1, SIGTERM, or a time limit. Each rank knows of its own signals; ranks agree
/// on stopping where they next meet.
class StopRequest {
 public:
  /// Begins to listen to the signals. At most one at a time. `max_hours` 0: no time limit.
  explicit StopRequest(double max_hours);
  ~StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;

  /// Whether this rank was asked to stop. Local.
  bool made() const;

 private:
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace lockstep
