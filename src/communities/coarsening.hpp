#pragma once

#include <vector>

#include "src/communities/graph.hpp"
#include "src/communities/partition.hpp"

namespace lockstep {

/// A graph whose vertices are the parts of a finer one.
struct Coarse {
  Graph graph;
  std::vector<std::uint32_t> vertex_of;  ///< by own vertex of the finer graph: its coarse vertex
  std::vector<std::uint32_t> labels;     ///< by own coarse vertex: its community, named by a coarse vertex
};

/// Leiden's third phase: every part becomes a vertex; new ids follow the order of the parts' labels. The
/// communities carry over as the partition to start from. Collective.
Coarse coarsen(const Comm& comm, const Graph& graph, const Partition& parts, const Partition& communities);

}  // namespace lockstep
