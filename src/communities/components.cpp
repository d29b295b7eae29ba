#include "src/communities/components.hpp"

#include <algorithm>

#include "cluster/exchange.hpp"

namespace lockstep {

std::vector<std::uint32_t> split_into_components(const Comm& comm, const Graph& graph,
                                                 const Boundary& boundary, const Partition& communities) {
  std::vector<std::uint32_t> smallest;  // by slot
  for (std::uint32_t slot = 0; slot < graph.slots(); ++slot) smallest.push_back(graph.id(slot));
  struct Update {
    int rank;
    std::uint32_t slot;
    std::uint32_t label;
  };
  for (bool changed_anywhere = true; changed_anywhere;) {
    // Within a rank labels run to their end before others are told.
    std::vector<std::uint8_t> changed(graph.own, 0);
    for (bool again = true; again;) {
      again = false;
      for (std::uint32_t v = 0; v < graph.own; ++v) {
        std::uint32_t best = smallest[v];
        for (std::uint64_t a = graph.first[v]; a < graph.first[v + 1]; ++a) {
          const std::uint32_t slot = graph.target[a];
          if (communities.place(slot) == communities.place(v)) best = std::min(best, smallest[slot]);
        }
        if (best == smallest[v]) continue;
        smallest[v] = best;
        changed[v] = 1;
        again = true;
      }
    }
    std::vector<Update> updates;
    for (std::uint32_t v = 0; v < graph.own; ++v) {
      if (changed[v] == 0) continue;
      for (const auto& [rank, slot] : boundary.mirrors_of(v)) updates.push_back({rank, slot, smallest[v]});
    }
    const auto received = send_to(comm, updates, [](const Update& update) { return update.rank; });
    for (const auto& update : received.rows) smallest[update.slot] = update.label;
    changed_anywhere = comm.any(!received.rows.empty());
  }
  smallest.resize(graph.own);
  return smallest;
}

}  // namespace lockstep
