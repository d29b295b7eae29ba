#pragma once

#include <vector>

#include "src/communities/graph.hpp"
#include "src/communities/partition.hpp"

namespace lockstep {

/// Splits every community into its connected components: by own vertex, the smallest vertex id in its
/// component. Takes as many exchanges as a path inside a community crosses between ranks. Collective.
std::vector<std::uint32_t> split_into_components(const Comm& comm, const Graph& graph,
                                                 const Partition& communities);

}  // namespace lockstep
