#pragma once

#include <cstdint>
#include <vector>

#include "cluster/comm.hpp"
#include "src/significance/pair_test.hpp"

namespace lockstep {

/// The edge threshold and what it was found from.
struct Threshold {
  std::uint32_t weight = full_weight + 1;  ///< pairs of at least this weight are edges; the default: none is
  std::uint64_t edges = 0;                 ///< pairs kept
  std::uint64_t decoys = 0;                ///< surrogate pairs that would be kept, over all replicas
  double alpha() const;                    ///< the largest p that is kept; 0: none
};

/// Pairs by weight, over all ranks. Collective.
std::vector<std::uint64_t> count_by_weight(const Comm& comm, const std::vector<TestedEdge>& edges);

/// The largest p ≤ 0.01 for which (decoys ≤ p)/R ÷ (edges ≤ p) ≤ fdr (METHOD §3), on the scale of weights.
/// Both counts are by weight, 0 … full_weight. Local.
Threshold find_threshold(const std::vector<std::uint64_t>& edges, const std::vector<std::uint64_t>& decoys,
                         std::uint32_t replicas, double fdr);

}  // namespace lockstep
