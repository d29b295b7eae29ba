#include "cluster/stop_request.hpp"

#include <array>
#include <csignal>

namespace lockstep {

namespace {

constexpr std::array signals = {SIGUSR1, SIGTERM};
/// A signal handler can reach nothing but a variable of this kind.
volatile std::sig_atomic_t signalled = 0;

}  // namespace

StopRequest::StopRequest(double max_hours) : deadline_(std::chrono::steady_clock::time_point::max()) {
  using Clock = std::chrono::steady_clock;
  if (max_hours > 0) {
    deadline_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                   std::chrono::duration<double, std::ratio<3600>>(max_hours));
  }
}

void StopRequest::listen() {
  for (const int signal : signals) std::signal(signal, [](int) { signalled = 1; });
}

bool StopRequest::made() const {
  return signalled != 0 || std::chrono::steady_clock::now() >= deadline_;
}

}  // namespace lockstep
