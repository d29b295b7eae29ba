#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "jobs/coordination.hpp"
#include "src/communities/consensus.hpp"

namespace lockstep {

/// How the communities of a run fare with other seeds and resolutions (the study's `seeds` and
/// `resolutions`).
struct Consensus {
  std::uint32_t runs = 0;            ///< searches with other seeds
  std::vector<std::uint32_t> stays;  ///< by own vertex: in how many of them it stays with its community
  /// By resolution of the study: counterparts of own communities there.
  std::vector<std::vector<Counterpart>> at_resolution;
};

/// `weigh` makes the graph, once for every search; `labels` are the communities found, by own vertex. Each
/// search is saved. Throws AgreedError(stopped). Collective.
Consensus find_consensus(RunContext& run, const std::function<Graph()>& weigh, std::uint64_t weight_one,
                         const Ranges& vertices, const std::vector<std::uint32_t>& labels);

}  // namespace lockstep
