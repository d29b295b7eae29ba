#pragma once

#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "cluster/comm.hpp"
#include "cluster/ranges.hpp"
#include "src/communities/arc_weights.hpp"
#include "src/communities/packed.hpp"
#include "src/communities/prefetch.hpp"

namespace lockstep {

/// One direction of an edge of a weighted graph. 16 bytes.
struct Arc {
  std::uint32_t source;
  std::uint32_t target;
  std::uint64_t weight;
};

/// A weighted undirected graph over all ranks: each owns a contiguous range of the vertices with their arcs;
/// every edge is two arcs. A rank addresses its own vertices and the ghosts (neighbours owned by other ranks)
/// by *slots*: own vertices first, then ghosts by id. 8 bytes per arc (12
/// where a weight does not fit into four), 24 per own vertex, and for each ghost 4 here and 8 where it is
/// owned.
struct Graph {
  /// What an own vertex is elsewhere.
  struct Mirror {
    int rank;
    std::uint32_t slot;  ///< of the ghost on that rank
  };

  Ranges vertices;                    ///< who owns which vertex ids
  std::uint32_t own_begin = 0;        ///< id of slot 0
  std::uint32_t own = 0;              ///< own vertices
  std::vector<std::uint32_t> ghosts;  ///< ids of the ghosts, ascending
  std::vector<std::uint64_t> first;   ///< arcs of own vertex v: first[v] … first[v + 1] − 1
  std::vector<std::uint32_t> target;  ///< slot, by arc; never the source itself
  ArcWeights weight;                  ///< by arc
  std::vector<std::uint64_t>
      mass;  ///< by own vertex: base vertices in it (CPM), weighted degree (modularity)
  std::vector<std::uint64_t> inner;         ///< by own vertex: twice the weight inside it
  std::vector<std::uint64_t> first_mirror;  ///< as first, for mirrors; empty on one rank, which has none
  std::vector<Mirror> mirrors;

  std::uint32_t slots() const { return own + static_cast<std::uint32_t>(ghosts.size()); }
  std::uint32_t id(std::uint32_t slot) const { return slot < own ? own_begin + slot : ghosts[slot - own]; }
  std::uint64_t size() const { return vertices.total(); }
  std::vector<std::uint32_t> own_ids() const {
    std::vector<std::uint32_t> ids(own);
    std::iota(ids.begin(), ids.end(), own_begin);
    return ids;
  }
  /// The ranks that have an own vertex as a ghost, ascending.
  std::span<const Mirror> mirrors_of(std::uint32_t vertex) const {
    if (mirrors.empty()) return {};
    return std::span(mirrors).subspan(first_mirror[vertex], first_mirror[vertex + 1] - first_mirror[vertex]);
  }
  /// Asks the processor to have these arcs at hand soon.
  void prefetch_arcs(std::uint64_t begin, std::uint64_t end) const {
    for (std::uint64_t a = begin; a < end; a += 16) {  // a cache line of targets
      prefetch(&target[a]);
      weight.prefetch(a);
    }
  }
  /// Weighted degree of an own vertex; what is inside counts twice.
  std::uint64_t degree(std::uint32_t vertex) const {
    std::uint64_t sum = inner[vertex];
    for (std::uint64_t a = first[vertex]; a < first[vertex + 1]; ++a) sum += weight[a];
    return sum;
  }
};

/// One end of an arc, as its source sees it.
struct Neighbour {
  std::uint32_t target;
  std::uint64_t weight;
};

/// Sorts by target. Local.
void sort_row(std::vector<Neighbour>& row);

/// A rank's part of a graph of which no vertex has a row yet, with room for so many arcs: what is not used
/// costs nothing, growing would cost copies. Local.
Graph begin_graph(const Ranges& vertices, int rank, std::size_t arcs);

/// The row of the next vertex; targets are ids until the graph has its ghosts. Local.
void add_row(Graph& graph, std::span<const Neighbour> row);

/// Makes a graph of rows that any rank may have. Rows travel packed to the owners of their sources; those of
/// one source add up.
class RowExchange {
 public:
  RowExchange(const Comm& comm, const Ranges& vertices);
  /// Sources ascend from call to call, targets within a row; both are vertex ids. Local.
  void send(std::uint32_t source, std::span<const Neighbour> row);
  /// The graph of all rows that were sent; masses and inner weights are missing. Collective.
  Graph receive();

 private:
  const Comm& comm_;
  const Ranges& vertices_;
  std::vector<Packer> packers_;             ///< by owner
  std::vector<std::uint32_t> last_source_;  ///< by owner
  std::vector<std::size_t> arcs_;           ///< by owner
};

/// The graph of these arcs, which may be on any rank in any order; equal arcs add up. Both directions of an
/// edge must be there. `mass` and `inner` are of the own vertices. Collective.
Graph make_graph(const Comm& comm, const Ranges& vertices, std::vector<Arc> arcs,
                 std::vector<std::uint64_t> mass, std::vector<std::uint64_t> inner);

/// The whole graph on every rank, for Comm::self(). Collective.
Graph gather_graph(const Comm& comm, const Graph& graph);

/// Which own vertices neighbour a ghost. 4 bytes per arc to a ghost (12 until it is made), 8 per ghost.
class GhostNeighbours {
 public:
  explicit GhostNeighbours(const Graph& graph);
  /// `ghost`: a slot.
  std::span<const std::uint32_t> of(std::uint32_t ghost) const {
    const std::uint64_t begin = first_[ghost - own_];
    return std::span(neighbours_).subspan(begin, first_[ghost - own_ + 1] - begin);
  }

 private:
  std::uint32_t own_;
  std::vector<std::uint64_t> first_;       ///< by ghost
  std::vector<std::uint32_t> neighbours_;  ///< own vertices
};

/// What is known of own vertices, by slot: also of the ghosts. Collective.
std::vector<std::uint32_t> values_of_slots(const Comm& comm, const Graph& graph,
                                           const std::vector<std::uint32_t>& own_values);

}  // namespace lockstep
