#pragma once

#include <cstdint>
#include <vector>

#include "cluster/comm.hpp"
#include "src/communities/graph.hpp"
#include "src/communities/quality.hpp"
#include "src/projection/edge.hpp"
#include "src/significance/pair_test.hpp"

namespace lockstep {

/// The accounts that have a partner, with their edges. Vertices are numbered by account id.
struct CoordinationGraph {
  Ranges accounts;                 ///< who owns which account ids
  Ranges vertices;                 ///< who owns which vertices
  std::vector<std::uint32_t> own;  ///< account id by own vertex, ascending
  std::vector<Edge> edges;         ///< source and target are vertices; on the rank that owns the source
  std::vector<PairTest> tests;     ///< by edge; empty under the count rule
};

/// Numbers the accounts that edges name. `accounts`: edges lie where their source is owned. Collective.
CoordinationGraph make_coordination_graph(const Comm& comm, Ranges accounts, std::vector<Edge> edges,
                                          std::vector<PairTest> tests = {});

/// The weighted graph to be cut into communities: w_ab = S_ab, summed over the channels (count rule), mass 1
/// each. Throws AgreedError(bad_data) when weights could overflow. Collective.
Graph weigh_by_count(const Comm& comm, const CoordinationGraph& coordination);

/// The same under the significance rule: a pair's weight is −log10 p / 20, in units of 2^−20. Collective.
Graph weigh_by_significance(const Comm& comm, const CoordinationGraph& coordination);

/// Prepares a graph whose mass counts base vertices for `objective`, and gives the quality function; γ is
/// `resolution`. Throws AgreedError(bad_data) where sums could overflow. Collective.
Quality set_objective(const Comm& comm, Graph& graph, Objective objective, double resolution,
                      std::uint64_t weight_one);

}  // namespace lockstep
