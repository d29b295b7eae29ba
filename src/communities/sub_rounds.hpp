#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cluster/comm.hpp"
#include "data/digest.hpp"
#include "src/communities/graph.hpp"

namespace lockstep {

/// Deals the vertices to sub-rounds by a salted hash of their ids: within a sub-round all vertices decide on
/// the same state, so that the outcome depends on the graph alone (DESIGN §5).
class SubRounds {
 public:
  SubRounds(const Graph& graph, std::uint64_t seed, std::uint32_t level, std::uint32_t count)
      : count_(count) {
    rounds_.reserve(graph.slots());
    for (std::uint32_t slot = 0; slot < graph.slots(); ++slot) {
      rounds_.push_back(static_cast<std::uint16_t>(mix(graph.id(slot), seed, level, 0) % count));
    }
  }
  std::uint32_t count() const { return count_; }
  std::uint32_t of(std::uint32_t slot) const { return rounds_[slot]; }

  /// The own vertices that `wanted`, by sub-round, ascending.
  std::vector<std::vector<std::uint32_t>> deal(std::span<const std::uint8_t> wanted) const {
    std::vector<std::vector<std::uint32_t>> dealt(count_);
    for (std::uint32_t v = 0; v < wanted.size(); ++v) {
      if (wanted[v] != 0) dealt[rounds_[v]].push_back(v);
    }
    return dealt;
  }

 private:
  std::uint32_t count_;
  std::vector<std::uint16_t> rounds_;
};

/// Over all ranks: how many vertices each sub-round has. Collective.
inline std::vector<std::uint64_t> count_dealt(const Comm& comm,
                                              const std::vector<std::vector<std::uint32_t>>& dealt) {
  std::vector<std::uint64_t> counts;
  for (const auto& vertices : dealt) counts.push_back(vertices.size());
  comm.sum_each(counts);
  return counts;
}

}  // namespace lockstep
