#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <tsl/robin_map.h>

#include "cluster/comm.hpp"
#include "src/communities/graph.hpp"

namespace lockstep {

/// What is known of a community as a whole.
struct Totals {
  std::uint64_t mass = 0;
  std::int64_t cut = 0;  ///< refinement: weight from here to the rest of the enclosing community
  std::int64_t members = 0;
};

/// Which community every vertex is in. A community's label is the id of a vertex, whose owner keeps the
/// community's totals. A rank addresses the labels it has met by *places*: the place of label id(s) is slot
/// s, further labels follow; so a scan over arcs needs no look-up by label.
class Partition {
 public:
  /// Own vertices with these labels. Collective.
  Partition(const Comm& comm, const Graph& graph, const Boundary& boundary,
            const std::vector<std::uint32_t>& own_labels, const std::vector<std::uint64_t>& cuts = {});

  /// Place of a slot's community.
  std::uint32_t place(std::uint32_t slot) const { return place_of_slot_[slot]; }
  std::uint32_t label(std::uint32_t place) const {
    return place < graph_->slots() ? graph_->id(place) : further_labels_[place - graph_->slots()];
  }
  std::size_t places() const { return totals_.size(); }
  /// Exact for labels of own vertices; for others as of the last refresh.
  const Totals& totals(std::uint32_t place) const { return totals_[place]; }
  std::vector<std::uint32_t> own_labels() const;

  /// Asks the owners for the totals of these places' communities. Collective.
  void refresh(const Comm& comm, std::span<const std::uint32_t> places);

  struct Move {
    std::uint32_t vertex;  ///< own
    std::uint32_t to;      ///< place
  };
  /// Moves vertices and tells the ranks that have them as ghosts; totals stay. Returns the ghosts' slots that
  /// changed here. Collective.
  std::vector<std::uint32_t> relabel(const Comm& comm, std::span<const Move> moves);

  struct Delta {
    std::uint32_t label;
    std::int64_t mass;
    std::int64_t cut;
    std::int64_t members;
  };
  /// Adds to totals, wherever their owners are. Collective.
  void add_up(const Comm& comm, std::vector<Delta> deltas);

 private:
  std::uint32_t place_of_label(std::uint32_t label);

  const Graph* graph_;
  const Boundary* boundary_;
  std::vector<std::uint32_t> place_of_slot_;
  std::vector<Totals> totals_;  ///< by place
  std::vector<std::uint32_t> further_labels_;
  tsl::robin_map<std::uint32_t, std::uint32_t> foreign_places_;  ///< of labels that are not own vertices
};

}  // namespace lockstep
