#include "src/communities/components.hpp"

#include <algorithm>
#include <numeric>
#include <ranges>
#include <utility>

#include "src/communities/look_ahead.hpp"
#include "src/communities/packed.hpp"

namespace lockstep {

namespace {

/// Slots that this rank's arcs join, each set with the smallest vertex id known in it.
class JoinedSlots {
 public:
  explicit JoinedSlots(const Graph& graph) : parent_(graph.slots()) {
    std::iota(parent_.begin(), parent_.end(), 0U);
    smallest_.reserve(parent_.size());
    for (std::uint32_t slot = 0; slot < graph.slots(); ++slot) smallest_.push_back(graph.id(slot));
  }
  void join(std::uint32_t a, std::uint32_t b) {
    a = root(a);
    b = root(b);
    parent_[std::max(a, b)] = std::min(a, b);
    lower(a, smallest_[b]);
    lower(b, smallest_[a]);
  }
  std::uint32_t smallest(std::uint32_t slot) { return smallest_[root(slot)]; }
  /// Returns whether this is news.
  bool learn(std::uint32_t slot, std::uint32_t id) { return lower(root(slot), id); }

 private:
  std::uint32_t root(std::uint32_t slot) {
    for (; parent_[slot] != slot; slot = parent_[slot]) parent_[slot] = parent_[parent_[slot]];
    return slot;
  }
  bool lower(std::uint32_t root, std::uint32_t id) {
    const bool news = id < smallest_[root];
    smallest_[root] = std::min(smallest_[root], id);
    return news;
  }
  std::vector<std::uint32_t> parent_;
  std::vector<std::uint32_t> smallest_;  ///< by root
};

}  // namespace

std::vector<std::uint32_t> split_into_components(const Comm& comm, const Graph& graph,
                                                 const Partition& communities) {
  JoinedSlots joined(graph);
  struct Border {
    std::uint32_t vertex;  ///< own, with a neighbour in its community on another rank
    std::uint32_t told;    ///< what its mirrors believe
  };
  std::vector<Border> borders;
  visit_ahead(
      graph, std::views::iota(0U, graph.own), [&](std::uint32_t slot) { communities.prefetch_place(slot); },
      [&](std::uint32_t v) {
        bool at_border = false;
        for (std::uint64_t a = graph.first[v]; a < graph.first[v + 1]; ++a) {
          const std::uint32_t slot = graph.target[a];
          const bool seen_from_there = slot > v && slot < graph.own;
          if (seen_from_there || communities.place(slot) != communities.place(v)) continue;
          joined.join(v, slot);
          at_border = at_border || slot >= graph.own;
        }
        if (at_border) borders.push_back({v, graph.id(v)});
      });
  for (bool news = comm.size() > 1; news;) {
    std::vector<Packer> packers(static_cast<std::size_t>(comm.size()));
    for (auto& [v, told] : borders) {
      const std::uint32_t smallest = joined.smallest(v);
      if (smallest == std::exchange(told, smallest)) continue;
      for (const auto& [rank, slot] : graph.mirrors.of(v)) {
        packers[static_cast<std::size_t>(rank)].put(slot);
        packers[static_cast<std::size_t>(rank)].put(smallest);
      }
    }
    news = false;
    exchange_packed(comm, packers, [&](int, Unpacker bytes) {
      while (!bytes.done()) {
        const auto slot = static_cast<std::uint32_t>(bytes.get());
        news = joined.learn(slot, static_cast<std::uint32_t>(bytes.get())) || news;
      }
    });
    news = comm.any(news);
  }
  std::vector<std::uint32_t> smallest;
  smallest.reserve(graph.own);
  for (std::uint32_t v = 0; v < graph.own; ++v) smallest.push_back(joined.smallest(v));
  return smallest;
}

}  // namespace lockstep
