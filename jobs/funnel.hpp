#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lockstep {

/// What is left of a channel after a stage, over all ranks.
struct FunnelRow {
  std::string stage;  ///< read, prune, project; edges (significance rule)
  std::string channel;
  std::uint32_t replica = 0;  ///< 0: the log; 1, 2, …: its surrogates
  std::uint64_t actions = 0;
  std::uint64_t accounts = 0;
  std::uint64_t objects = 0;
  std::uint64_t windowed_pairs = 0;  ///< pairs of actions on one object at most Δ apart
  std::uint64_t pairs = 0;           ///< pairs of accounts with S ≥ min_shared; of edges: those kept
  std::uint64_t sum_shared = 0;      ///< ΣS
  std::uint64_t max_shared = 0;      ///< max S
};

}  // namespace lockstep
