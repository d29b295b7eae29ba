#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cluster/comm.hpp"
#include "cluster/run_directory.hpp"

namespace lockstep {

/// How a run went: time per stage, memory and traffic per rank. Wall-clock facts, so they go to the terminal
/// and to run.log.jsonl, never into results.h5.
class RunReport {
 public:
  explicit RunReport(const Comm& comm) : comm_(comm) {}

  /// Ends a stage that began when the last one ended: notes its seconds and this rank's traffic in it.
  void finish_stage(const std::string& name);
  /// A figure of this rank that should be about the same on all.
  void note_balance(const std::string& name, std::uint64_t value);
  /// A fact about the whole run; the same on every rank.
  void note(const std::string& name, const std::string& value);

  /// What saving has cost this rank.
  void note_saving(SavingCost cost) { saving_ = cost; }

  /// Prints the report at the root. Collective.
  void print() const;
  /// Appends the report to `file` as one JSON line. Throws AgreedError(io). Collective.
  void append_to(const std::filesystem::path& file) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Stage {
    std::string name;
    double seconds;
    Traffic traffic;
    std::uint64_t peak_bytes;  ///< of this process so far
  };
  double seconds_since_start() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  struct Balance {
    std::string name;
    std::uint64_t value;
  };

  Comm comm_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point stage_start_ = start_;
  Traffic stage_traffic_;
  std::vector<Stage> stages_;
  std::vector<Balance> balances_;
  std::vector<std::pair<std::string, std::string>> notes_;
  SavingCost saving_;
};

}  // namespace lockstep
