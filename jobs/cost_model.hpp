#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/study/study.hpp"

namespace lockstep {

/// What runs were measured to cost: 10.06 M actions, 310.9 M windowed pairs, 2 ranks (docs/benchmarks.md,
/// "a whole run"). Times are those of one core.
namespace cost {
/// Numbering names and sending them to their owners, s per action read; reading the rows is measured on the
/// sample.
inline constexpr double numbering = 0.5e-6;
/// Sort and prune, s per action: 1.4 s.
inline constexpr double sorting = 0.28e-6;
/// Projection under the count rule, windowed pairs per s, before pruning: 5.2 s.
inline constexpr double projected_pairs = 30e6;
/// Calibration, projection and test of a log or a surrogate, windowed pairs per s, before pruning: 16.3 s.
inline constexpr double tested_pairs = 9.5e6;
/// Communities, ranking and results, s per action: 5.0 s under the count rule (significance: 1.0 s).
inline constexpr double finding_by_count = 1.0e-6;
inline constexpr double finding_by_significance = 0.2e-6;
/// Peak memory per action, bytes, names included: 550 MB and 697 MB per rank, less that of an idle rank. It
/// is reached while reading, and under the significance rule while testing.
inline constexpr double bytes_by_count = 98;
inline constexpr double bytes_by_significance = 127;
/// Memory of a rank without any action, bytes.
inline constexpr double bytes_of_rank = 60e6;
/// An action in a checkpoint, bytes.
inline constexpr double bytes_in_checkpoint = 16;
/// What a name takes in a checkpoint besides its characters, bytes.
inline constexpr double bytes_of_name = 24;

/// Surrogates where the study leaves their number to the log (0): small logs need up to ten.
inline constexpr double small_log_actions = 1e6;
inline constexpr std::uint32_t surrogates_of_small_log = 10;
inline constexpr std::uint32_t surrogates_of_large_log = 1;

/// Reserved memory over expected memory, and reserved time over expected time.
inline constexpr double memory_safety = 1.3;
inline constexpr double time_safety = 2;
}  // namespace cost

/// What a run has to do.
struct Workload {
  Rule rule = Rule::significance;
  std::uint32_t surrogates = 1;  ///< under the significance rule; 0: as many as the log needs
  double actions = 0;
  double names = 0;                   ///< distinct accounts and objects
  double name_bytes = 0;              ///< their characters
  double windowed_pairs = 0;          ///< of all channels, before pruning
  double read_seconds = 0;            ///< to read and parse all inputs on one core
  std::vector<std::uint64_t> pieces;  ///< bytes of what one rank reads at a time: splits and compressed files
};

struct StageTime {
  std::string stage;
  double seconds;
};

/// What a run will need on `ranks` ranks, one to a core.
struct RunCost {
  std::vector<StageTime> stages;
  double seconds = 0;           ///< expected, of all stages
  double bytes_per_rank = 0;    ///< expected peak of the rank with most to hold
  double reading_share = 0;     ///< of all bytes: what the rank with most to read has
  double checkpoint_bytes = 0;  ///< expected: the saved log, by far the largest part

  double reserved_bytes_per_rank() const { return bytes_per_rank * cost::memory_safety; }
  double reserved_seconds() const { return seconds * cost::time_safety; }
};

/// All stages but reading are taken to divide evenly; reading as whole pieces do, the largest first.
RunCost estimate_cost(const Workload& work, std::uint32_t ranks);

/// A job for a batch system.
struct Reservation {
  std::uint32_t nodes = 1;
  std::uint32_t ranks_per_node = 1;
  std::uint64_t gib_per_node = 1;
  std::uint64_t minutes = 1;
};

/// Memory in whole GiB per node; time in minutes, at least 10, rounded up to a multiple of 5.
Reservation reserve(const RunCost& cost, std::uint32_t nodes, std::uint32_t ranks_per_node);

/// The smallest number of nodes, up to `most_nodes`, on which the run fits; 0 where it fits on none of them.
std::uint32_t fitting_nodes(const Workload& work, std::uint32_t ranks_per_node, std::uint64_t gib_per_node,
                            std::uint32_t most_nodes = 4096);

/// The lines of a batch script that ask for it.
std::string sbatch_header(const Reservation& job);

}  // namespace lockstep
