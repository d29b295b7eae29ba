#pragma once

#include <cstdint>
#include <vector>

#include "src/communities/graph.hpp"
#include "src/communities/partition.hpp"
#include "src/communities/quality.hpp"
#include "src/communities/sub_rounds.hpp"

namespace lockstep {

/// What lies inside communities.
struct Inside {
  std::vector<std::uint64_t> weights;  ///< by own vertex: to the rest of its community
  Scope scope;                         ///< for a search inside them
};

/// Local.
Inside inside_of(const Graph& graph, const Partition& communities);

/// Leiden's second phase: a finer partition whose parts are connected and lie inside one community each.
/// Every vertex starts alone. Sub-round by sub-round, a vertex that is still alone and well connected to its
/// community joins the well-connected part with the largest positive gain; the part must rest in this
/// sub-round (have several members, or one that decides in another), so parts grow by edges only and are
/// connected. `inside` is that of the communities. Collective.
Partition refine(const Comm& comm, const Graph& graph, const Quality& quality, const SubRounds& rounds,
                 const Partition& communities, Inside inside);

}  // namespace lockstep
