#pragma once

#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "data/digest.hpp"
#include "src/communities/graph.hpp"

namespace lockstep {

/// Deals the vertices to sub-rounds by a salted hash of their ids: within a sub-round all vertices decide on
/// the same state, so that the outcome depends on the graph alone (DESIGN §5). They are dealt in blocks, as
/// many consecutive ids as there are sub-rounds, one to each: so all ranks have about as much to do in every
/// sub-round, and vertices that are close to each other in an ordered graph do not decide at once.
class SubRounds {
 public:
  /// `count`: a power of two below 2^16.
  SubRounds(const Graph& graph, std::uint64_t seed, std::uint32_t level, std::uint32_t count)
      : graph_(&graph), seed_(seed), level_(level), first_(std::size_t{count} + 1, 0), order_(graph.own) {
    rounds_.reserve(graph.own);
    for (std::uint32_t v = 0; v < graph.own; ++v) {
      const std::uint32_t round = draw(v);
      rounds_.push_back(static_cast<std::uint16_t>(round));
      ++first_[round + std::size_t{1}];
    }
    std::partial_sum(first_.begin(), first_.end(), first_.begin());
    auto next = first_;
    for (std::uint32_t v = 0; v < graph.own; ++v) order_[next[rounds_[v]]++] = v;
  }
  std::uint32_t count() const { return static_cast<std::uint32_t>(first_.size() - 1); }
  std::uint32_t of(std::uint32_t slot) const { return slot < graph_->own ? rounds_[slot] : draw(slot); }
  /// The own vertices of a sub-round, ascending.
  std::span<const std::uint32_t> members(std::uint32_t round) const {
    return std::span(order_).subspan(first_[round], first_[round + 1] - first_[round]);
  }

 private:
  std::uint32_t draw(std::uint32_t slot) const {
    // An odd number times the place in the block, and an offset, give each sub-round once.
    const std::uint32_t id = graph_->id(slot);
    const std::uint64_t salt = mix(id / count(), seed_, level_, 0);
    return static_cast<std::uint32_t>((salt | 1) * id + (salt >> 32)) % count();
  }

  const Graph* graph_;
  std::uint64_t seed_;
  std::uint32_t level_;
  std::vector<std::uint16_t> rounds_;  ///< by own vertex
  std::vector<std::uint32_t> first_;   ///< by sub-round: in order_
  std::vector<std::uint32_t> order_;   ///< own vertices by sub-round
};

}  // namespace lockstep
