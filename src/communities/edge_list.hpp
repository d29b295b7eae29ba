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
/// number counts as no weight. Rows with the same two ends add up, whatever their direction: so a directed
/// graph becomes A + Aᵀ. A weight of 0 makes vertices, but no edge. Weights are kept in units of 2^−20, or as
/// they are where all are whole.
/// A name that ends in .mtx, .mtx.gz or .mtx.zst means Matrix Market: coordinate; pattern, real or integer;
/// general (directed) or symmetric (each entry is an edge). Its vertices are 1 … n, with or without entries.
/// Throws AgreedError: io; bad_data with file and line for what cannot be read, and where the weights add up
/// to 2^62 or more; internal where there are 2^32 vertices or more. Collective.
NamedGraph read_edge_list(const Comm& comm, const std::string& file);

}  // namespace lockstep
