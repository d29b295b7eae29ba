#pragma once

#include <string>
#include <vector>

#include "cluster/comm.hpp"
#include "src/communities/graph.hpp"
#include "src/log/dictionary.hpp"

namespace lockstep {

/// A graph read from a list of edges.
struct NamedGraph {
  Graph graph;                   ///< vertex ids are ids of `names`; mass 1 each
  Dictionary names;              ///< vertices on the ranks that own their names
  std::uint64_t weight_one = 1;  ///< the integer weight that means 1.0
  std::uint64_t rows = 0;
};

/// Reads edges, one a row: `u<TAB>v` or `u<TAB>v<TAB>weight`; plain, .gz or .zst. A third field that is not a
/// number counts as no weight. Rows with the same two ends add up, whatever their direction. Weights are kept
/// in units of 2^−20, or as they are where all are whole.
/// Throws AgreedError: io; bad_data with file and line for a row without two ends or a negative weight, and
/// where the weights add up to 2^62 or more. Collective.
NamedGraph read_edge_list(const Comm& comm, const std::string& file);

}  // namespace lockstep
