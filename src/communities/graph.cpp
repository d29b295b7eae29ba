#include "src/communities/graph.hpp"

#include <algorithm>
#include <numeric>

#include <boost/sort/spreadsort/integer_sort.hpp>
#include <tsl/robin_map.h>

#include "cluster/exchange.hpp"
#include "src/communities/packed.hpp"

namespace lockstep {

namespace {

void sort_and_add_up(std::vector<Arc>& arcs) {
  const auto key = [](const Arc& arc) { return std::uint64_t{arc.source} << 32 | arc.target; };
  const auto before = [&](const Arc& a, const Arc& b) { return key(a) < key(b); };
  if (!std::is_sorted(arcs.begin(), arcs.end(), before)) {
    const auto shifted = [&](const Arc& arc, unsigned bits) { return key(arc) >> bits; };
    boost::sort::spreadsort::integer_sort(arcs.begin(), arcs.end(), shifted, before);
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < arcs.size(); ++i) {
    if (kept > 0 && arcs[kept - 1].source == arcs[i].source && arcs[kept - 1].target == arcs[i].target) {
      arcs[kept - 1].weight += arcs[i].weight;
    } else {
      arcs[kept++] = arcs[i];
    }
  }
  arcs.resize(kept);
}

/// Turns the targets' ids into slots.
void find_ghosts(Graph& graph) {
  const auto is_own = [&](std::uint32_t id) { return id - graph.own_begin < graph.own; };
  tsl::robin_map<std::uint32_t, std::uint32_t> slot_of;  // of ghosts
  for (const std::uint32_t id : graph.target) {
    if (!is_own(id)) slot_of.try_emplace(id, 0U);
  }
  graph.ghosts.reserve(slot_of.size());
  for (const auto& ghost : slot_of) graph.ghosts.push_back(ghost.first);
  boost::sort::spreadsort::integer_sort(graph.ghosts.begin(), graph.ghosts.end());
  for (std::uint32_t i = 0; i < graph.ghosts.size(); ++i) slot_of[graph.ghosts[i]] = graph.own + i;
  for (std::uint32_t& id : graph.target) id = is_own(id) ? id - graph.own_begin : slot_of[id];
}

/// Tells the owners of the ghosts who has them. Collective.
void find_mirrors(const Comm& comm, Graph& graph) {
  struct Seen {
    std::uint32_t id;
    std::uint32_t slot;
  };
  std::vector<Seen> ghosts;
  for (std::uint32_t slot = graph.own; slot < graph.slots(); ++slot) ghosts.push_back({graph.id(slot), slot});
  const auto seen = send_to(comm, ghosts, [&](const Seen& ghost) { return graph.vertices.owner(ghost.id); });
  graph.first_mirror.assign(std::size_t{graph.own} + 1, 0);
  for (const Seen& mirror : seen.rows) ++graph.first_mirror[mirror.id - graph.own_begin + 1];
  std::partial_sum(graph.first_mirror.begin(), graph.first_mirror.end(), graph.first_mirror.begin());
  graph.mirrors.resize(seen.rows.size());
  auto next = graph.first_mirror;
  std::size_t row = 0;
  for (int rank = 0; rank < comm.size(); ++rank) {
    for (std::size_t i = 0; i < seen.counts[static_cast<std::size_t>(rank)]; ++i, ++row) {
      graph.mirrors[next[seen.rows[row].id - graph.own_begin]++] = {rank, seen.rows[row].slot};
    }
  }
}

/// Rows that another rank has sent, one after the other.
struct RowStream {
  Unpacker bytes;
  std::uint32_t source = 0;  ///< of the row that comes next
  std::uint64_t arcs = 0;    ///< in it

  /// False at the end.
  bool next() {
    if (bytes.done()) return false;
    source += static_cast<std::uint32_t>(bytes.get());
    arcs = bytes.get();
    return true;
  }
  void read_row(std::vector<Neighbour>& row) {
    Unpacker next = bytes;  // by itself it stays in registers
    for (Neighbour end{0, 0}; arcs > 0; --arcs) {
      end.target += static_cast<std::uint32_t>(next.get());
      end.weight = next.get();
      row.push_back(end);
    }
    bytes = next;
  }
};

/// Sorts by target; equal targets add up.
void merge_row(std::vector<Neighbour>& row) {
  sort_row(row);
  std::size_t kept = 0;
  for (const Neighbour& end : row) {
    if (kept > 0 && row[kept - 1].target == end.target) {
      row[kept - 1].weight += end.weight;
    } else {
      row[kept++] = end;
    }
  }
  row.resize(kept);
}

/// Calls take(source, row) for the rows of sorted arcs.
template <class Take>
void for_each_row(const std::vector<Arc>& arcs, Take take) {
  std::vector<Neighbour> row;
  for (std::size_t i = 0; i < arcs.size();) {
    row.clear();
    const std::uint32_t source = arcs[i].source;
    for (; i < arcs.size() && arcs[i].source == source; ++i) row.push_back({arcs[i].target, arcs[i].weight});
    take(source, std::span<const Neighbour>(row));
  }
}

}  // namespace

void sort_row(std::vector<Neighbour>& row) {
  boost::sort::spreadsort::integer_sort(
      row.begin(), row.end(), [](const Neighbour& end, unsigned bits) { return end.target >> bits; },
      [](const Neighbour& a, const Neighbour& b) { return a.target < b.target; });
}

Graph begin_graph(const Ranges& vertices, int rank, std::size_t arcs) {
  Graph graph;
  graph.vertices = vertices;
  graph.own_begin = static_cast<std::uint32_t>(vertices.begin(rank));
  graph.own = static_cast<std::uint32_t>(vertices.size(rank));
  graph.first.reserve(std::size_t{graph.own} + 1);
  graph.first.push_back(0);
  graph.target.reserve(arcs);
  graph.weight.reserve(arcs);
  return graph;
}

void add_row(Graph& graph, std::span<const Neighbour> row) {
  for (const auto& [target, weight] : row) {
    graph.target.push_back(target);
    graph.weight.push_back(weight);
  }
  graph.first.push_back(graph.target.size());
}

RowExchange::RowExchange(const Comm& comm, const Ranges& vertices)
    : comm_(comm),
      vertices_(vertices),
      packers_(static_cast<std::size_t>(comm.size())),
      last_source_(packers_.size(), 0),
      arcs_(packers_.size(), 0) {}

void RowExchange::send(std::uint32_t source, std::span<const Neighbour> row) {
  if (row.empty()) return;
  const auto owner = static_cast<std::size_t>(vertices_.owner(source));
  Packer& packer = packers_[owner];
  packer.put(source - last_source_[owner]);
  packer.put(row.size());
  std::uint32_t last = 0;
  for (const auto& [target, weight] : row) {
    packer.put(target - last);
    packer.put(weight);
    last = target;
  }
  last_source_[owner] = source;
  arcs_[owner] += row.size();
}

Graph RowExchange::receive() {
  const std::vector<std::size_t> one_each(packers_.size(), 1);
  const auto arcs = comm_.exchange(arcs_, one_each).rows;
  Graph graph =
      begin_graph(vertices_, comm_.rank(), std::accumulate(arcs.begin(), arcs.end(), std::size_t{0}));
  std::vector<RowStream> streams;
  // The streams whose next rows come first are on top.
  const auto later = [&](std::size_t a, std::size_t b) { return streams[a].source > streams[b].source; };
  std::vector<std::size_t> heap;
  const auto push = [&](std::size_t stream) {
    if (!streams[stream].next()) return;
    heap.push_back(stream);
    std::push_heap(heap.begin(), heap.end(), later);
  };
  const auto received = exchange_bytes(comm_, packers_);
  for_each_sender(received, [&](int, Unpacker bytes) { streams.push_back({bytes}); });
  for (std::size_t stream = 0; stream < streams.size(); ++stream) push(stream);
  std::vector<Neighbour> row;
  for (std::uint32_t v = 0; v < graph.own; ++v) {
    row.clear();
    std::size_t senders = 0;
    for (; !heap.empty() && streams[heap.front()].source == graph.id(v); ++senders) {
      std::pop_heap(heap.begin(), heap.end(), later);
      const std::size_t stream = heap.back();
      heap.pop_back();
      streams[stream].read_row(row);
      push(stream);
    }
    if (senders > 1) merge_row(row);
    add_row(graph, row);
  }
  find_ghosts(graph);
  if (comm_.size() > 1) find_mirrors(comm_, graph);
  return graph;
}

Graph make_graph(const Comm& comm, const Ranges& vertices, std::vector<Arc> arcs,
                 std::vector<std::uint64_t> mass, std::vector<std::uint64_t> inner) {
  sort_and_add_up(arcs);
  Graph graph;
  if (comm.size() > 1) {
    RowExchange rows(comm, vertices);
    for_each_row(arcs, [&](std::uint32_t source, std::span<const Neighbour> row) { rows.send(source, row); });
    arcs = {};
    graph = rows.receive();
  } else {
    graph = begin_graph(vertices, 0, arcs.size());
    for_each_row(arcs, [&](std::uint32_t source, std::span<const Neighbour> row) {
      graph.first.resize(std::size_t{source} + 1, graph.target.size());  // vertices without arcs before it
      add_row(graph, row);
    });
    graph.first.resize(std::size_t{graph.own} + 1, graph.target.size());
  }
  graph.mass = std::move(mass);
  graph.inner = std::move(inner);
  return graph;
}

Graph gather_graph(const Comm& comm, const Graph& graph) {
  Packer packer;
  for (std::uint32_t v = 0; v < graph.own; ++v) {
    packer.put(graph.first[v + 1] - graph.first[v]);
    std::uint32_t last = 0;
    for (std::uint64_t a = graph.first[v]; a < graph.first[v + 1]; ++a) {
      const std::uint32_t target = graph.id(graph.target[a]);
      packer.put_signed(std::int64_t{target} - last);
      packer.put(graph.weight[a]);
      last = target;
    }
  }
  const auto rows = comm.gather_all(packer.bytes());
  Unpacker bytes(rows);
  Graph whole;
  whole.vertices = Ranges{{0, graph.size()}};
  whole.own = static_cast<std::uint32_t>(graph.size());
  whole.first = {0};
  for (std::uint32_t v = 0; v < whole.own; ++v) {
    std::uint32_t target = 0;
    for (std::uint64_t arcs = bytes.get(); arcs > 0; --arcs) {
      target += static_cast<std::uint32_t>(bytes.get_signed());
      whole.target.push_back(target);
      whole.weight.push_back(bytes.get());
    }
    whole.first.push_back(whole.target.size());
  }
  whole.mass = comm.gather_all(graph.mass);
  whole.inner = comm.gather_all(graph.inner);
  return whole;
}

GhostNeighbours::GhostNeighbours(const Graph& graph) : own_(graph.own), first_(graph.ghosts.size() + 1, 0) {
  if (graph.ghosts.empty()) return;
  struct Pair {
    std::uint32_t ghost;
    std::uint32_t neighbour;
  };
  std::vector<Pair> pairs;  // few where most arcs stay on their rank
  for (std::uint32_t v = 0; v < graph.own; ++v) {
    for (std::uint64_t a = graph.first[v]; a < graph.first[v + 1]; ++a) {
      if (graph.target[a] >= own_) pairs.push_back({graph.target[a] - own_, v});
    }
  }
  for (const Pair& pair : pairs) ++first_[pair.ghost + std::size_t{1}];
  std::partial_sum(first_.begin(), first_.end(), first_.begin());
  neighbours_.resize(pairs.size());
  auto next = first_;
  for (const auto& [ghost, neighbour] : pairs) neighbours_[next[ghost]++] = neighbour;
}

std::vector<std::uint32_t> values_of_slots(const Comm& comm, const Graph& graph,
                                           const std::vector<std::uint32_t>& own_values) {
  std::vector<std::uint32_t> values = own_values;
  values.resize(graph.slots(), 0);
  if (comm.size() == 1) return values;
  std::vector<Packer> packers(static_cast<std::size_t>(comm.size()));
  for (std::uint32_t v = 0; v < graph.own; ++v) {
    for (const auto& mirror : graph.mirrors_of(v))
      packers[static_cast<std::size_t>(mirror.rank)].put(own_values[v]);
  }
  // Ghosts are in the order of their ids, and so are those of one owner.
  std::uint32_t slot = graph.own;
  exchange_packed(comm, packers, [&](int, Unpacker bytes) {
    while (!bytes.done()) values[slot++] = static_cast<std::uint32_t>(bytes.get());
  });
  return values;
}

}  // namespace lockstep
