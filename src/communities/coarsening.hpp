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

/// Leiden's third phase: every part becomes a vertex. New ids follow the order of the communities' labels,
/// then of the parts': so vertices of a community are neighbours in memory and mostly on one rank, whoever
/// owned the finer ones. Ranks get about as many arcs each. The communities carry over as the partition to
/// start from, named by their first vertices. Collective.
Coarse coarsen(const Comm& comm, const Graph& graph, const Partition& parts, const Partition& communities);

/// The same graph with its vertices in another order: by their communities' labels, then by id. `vertex_of`
/// has the new ids. Collective.
Coarse order_by_community(const Comm& comm, const Graph& graph, const Partition& communities);

/// A graph of which is known what its vertices are: coarse vertex `vertex_of[v]` holds the own vertex v;
/// every number from 0 to the largest occurs. What `coarsen` makes, once more. Collective.
Graph contract(const Comm& comm, const Graph& graph, const std::vector<std::uint32_t>& vertex_of);

}  // namespace lockstep
