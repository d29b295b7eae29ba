#pragma once

#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "cluster/comm.hpp"
#include "cluster/ranges.hpp"
#include "data/prefetch.hpp"
#include "src/communities/numbers.hpp"
#include "src/communities/packed.hpp"
#include "src/communities/ranked_set.hpp"

namespace lockstep {

/// One direction of an edge of a weighted graph. 16 bytes.
struct Arc {
  std::uint32_t source;
  std::uint32_t target;
  std::uint64_t weight;
};

/// On which ranks own vertices are ghosts. 8 bytes per own vertex, 8 per mirror.
class Mirrors {
 public:
  struct Mirror {
    int rank;
    std::uint32_t slot;  ///< of the ghost on that rank
  };

  /// Nobody has any.
  Mirrors() = default;
  /// `first`: as in Graph, by own vertex.
  Mirrors(std::vector<std::uint64_t> first, std::vector<Mirror> mirrors)
      : first_(std::move(first)), mirrors_(std::move(mirrors)) {}

  /// Those of an own vertex; ranks ascend.
  std::span<const Mirror> of(std::uint32_t vertex) const {
    if (mirrors_.empty()) return {};
    return std::span(mirrors_).subspan(first_[vertex], first_[vertex + 1] - first_[vertex]);
  }
  /// Asks the processor to have where an own vertex's mirrors are, or these themselves, at hand soon.
  void prefetch_first(std::uint32_t vertex) const {
    if (!mirrors_.empty()) prefetch(&first_[vertex]);
  }
  void prefetch_those_of(std::uint32_t vertex) const {
    if (!mirrors_.empty()) prefetch(mirrors_.data() + first_[vertex]);
  }

 private:
  std::vector<std::uint64_t> first_;
  std::vector<Mirror> mirrors_;
};

/// A weighted undirected graph over all ranks: each owns a contiguous range of the vertices with their arcs;
/// every edge is two arcs. A rank addresses its own vertices and the ghosts (neighbours owned by other ranks)
/// by *slots*: own vertices first, then ghosts by id. 4 bytes and a weight's per arc; 8 and two masses' per
/// own vertex, and 8 more on several ranks; for each ghost 4 here besides its position, and 8 where it is
/// owned. A weight or mass takes one byte, two, four or eight (Numbers).
struct Graph {
  Ranges vertices;                    ///< who owns which vertex ids
  std::uint32_t own_begin = 0;        ///< id of slot 0
  std::uint32_t own = 0;              ///< own vertices
  std::vector<std::uint32_t> ghosts;  ///< ids of the ghosts, ascending
  RankedSet ghost_positions;          ///< in `ghosts`
  Ranges ghosts_of_rank;              ///< which positions in `ghosts` hold a rank's vertices
  std::vector<std::uint64_t> first;   ///< arcs of own vertex v: first[v] … first[v + 1] − 1
  std::vector<std::uint32_t> target;  ///< slot, by arc; never the source itself; ids of a row's ends ascend
  Numbers weight;                     ///< by arc
  Numbers mass;   ///< by own vertex: base vertices in it (CPM), weighted degree (modularity)
  Numbers inner;  ///< by own vertex: twice the weight inside it
  Mirrors mirrors;

  std::uint32_t slots() const { return own + static_cast<std::uint32_t>(ghosts.size()); }
  std::uint32_t id(std::uint32_t slot) const { return slot < own ? own_begin + slot : ghosts[slot - own]; }
  static constexpr std::uint32_t no_slot = UINT32_MAX;
  /// Slot of a vertex; no_slot where the rank neither owns it nor has it as a ghost.
  std::uint32_t slot(std::uint32_t id) const {
    if (id - own_begin < own) return id - own_begin;
    const std::uint32_t ghost = ghost_positions.find(id);
    return ghost == RankedSet::absent ? no_slot : own + ghost;
  }
  /// The rank that owns a ghost; `ghost`: a slot.
  int ghost_owner(std::uint32_t ghost) const { return ghosts_of_rank.owner(ghost - own); }
  std::uint64_t size() const { return vertices.total(); }
  std::vector<std::uint32_t> own_ids() const {
    std::vector<std::uint32_t> ids(own);
    std::iota(ids.begin(), ids.end(), own_begin);
    return ids;
  }
  /// Asks the processor to have these arcs at hand soon.
  void prefetch_arcs(std::uint64_t begin, std::uint64_t end) const {
    for (std::uint64_t a = begin; a < end; a += 16) {  // a cache line of targets
      prefetch(&target[a]);
      weight.prefetch(a);
    }
  }
  /// Calls visit(arc) for the arcs of an own vertex that lead to ghosts: ends ascend by id, so these are the
  /// first and the last ones.
  template <class Visit>
  void for_each_arc_to_ghost(std::uint32_t vertex, Visit visit) const {
    std::uint64_t begin = first[vertex];
    std::uint64_t end = first[vertex + 1];
    for (; begin < end && target[begin] >= own; ++begin) visit(begin);
    for (; begin < end && target[end - 1] >= own; --end) visit(end - 1);
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

/// Makes a graph of rows of which any rank may have some: those of other ranks' vertices travel packed, own
/// ones go straight into the graph. Rows of one vertex add up.
class RowExchange {
 public:
  RowExchange(const Comm& comm, const Ranges& vertices);
  /// A row of another rank's vertex, targets being ids; it is sorted. Sources ascend from call to call for
  /// each rank. Local.
  void send(int rank, std::uint32_t source, std::vector<Neighbour>& row);
  /// After the last row was sent. `most_arcs`: of the own rows to come. Collective.
  void exchange(std::uint64_t most_arcs);
  /// A row of an own vertex; it is sorted. Sources ascend. Local.
  void keep(std::uint32_t source, std::vector<Neighbour>& row);
  /// After the last row was kept: the graph; masses and inner weights are missing. Collective.
  Graph finish();

 private:
  /// Rows that another rank has sent, one after the other.
  struct Stream {
    Unpacker bytes;
    std::uint32_t source = 0;  ///< of the row that comes next

    bool next();
  };

  auto later() const {
    return [this](std::size_t a, std::size_t b) { return streams_[a].source > streams_[b].source; };
  }
  void push(std::size_t stream);
  void add_next_row(std::vector<Neighbour>& row);
  void add_rows_before(std::uint64_t vertex);

  const Comm& comm_;
  Graph graph_;
  std::vector<Packer> packers_;  ///< by rank, as the next two
  std::vector<std::uint32_t> last_source_;
  std::vector<std::size_t> arcs_;
  Comm::Received<std::byte> received_;
  std::vector<Stream> streams_;
  std::vector<std::size_t> heap_;  ///< streams; those whose next rows come first are on top
  std::vector<Neighbour> row_;
  std::vector<std::size_t> run_ends_;  ///< where the parts of a row end, which come from several ranks
};

/// The graph of the rows that produce(begin, end, take) passes to take(vertex, row), for vertices from
/// `begin` to before `end`, ascending. Rows of a vertex may come from several ranks, and add up. It is asked
/// for other ranks' vertices first; there are at most `most_arcs` arcs in the rows of own ones. Masses and
/// inner weights are missing. Collective.
template <class Produce>
Graph graph_of_rows(const Comm& comm, const Ranges& vertices, std::uint64_t most_arcs, Produce produce) {
  RowExchange rows(comm, vertices);
  for (int rank = 0; rank < comm.size(); ++rank) {
    if (rank == comm.rank()) continue;
    produce(vertices.begin(rank), vertices.end(rank),
            [&](std::uint32_t source, std::vector<Neighbour>& row) { rows.send(rank, source, row); });
  }
  rows.exchange(most_arcs);
  produce(vertices.begin(comm.rank()), vertices.end(comm.rank()),
          [&](std::uint32_t source, std::vector<Neighbour>& row) { rows.keep(source, row); });
  return rows.finish();
}

/// The graph of these arcs, which may be on any rank in any order; equal arcs add up. Both directions of an
/// edge must be there. `mass` and `inner` are of the own vertices. Collective.
Graph make_graph(const Comm& comm, const Ranges& vertices, std::vector<Arc> arcs, Numbers mass,
                 Numbers inner);

/// The whole graph on every rank, for Comm::self(). Collective.
Graph gather_graph(const Comm& comm, const Graph& graph);

/// The masses of ghosts, in their order: of all, or of those whose owners have them among these mirrors.
/// Collective.
Numbers ghost_masses(const Comm& comm, const Graph& graph, const Mirrors& mirrors);

/// What is known of own vertices, by slot: also of the ghosts. Collective.
std::vector<std::uint32_t> values_of_slots(const Comm& comm, const Graph& graph,
                                           const std::vector<std::uint32_t>& own_values);

}  // namespace lockstep
