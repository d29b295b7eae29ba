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

/// The part of the graph of a rank that owns `range`; arcs sorted.
Graph local_graph(const Ranges& vertices, int rank, const std::vector<Arc>& arcs) {
  Graph graph;
  graph.vertices = vertices;
  graph.own_begin = static_cast<std::uint32_t>(vertices.begin(rank));
  graph.own = static_cast<std::uint32_t>(vertices.size(rank));
  const auto is_own = [&](std::uint32_t id) { return id - graph.own_begin < graph.own; };
  tsl::robin_map<std::uint32_t, std::uint32_t> slot_of;  // of ghosts
  for (const Arc& arc : arcs) {
    if (!is_own(arc.target)) slot_of.try_emplace(arc.target, 0U);
  }
  for (const auto& ghost : slot_of) graph.ghosts.push_back(ghost.first);
  std::sort(graph.ghosts.begin(), graph.ghosts.end());
  for (std::uint32_t i = 0; i < graph.ghosts.size(); ++i) slot_of[graph.ghosts[i]] = graph.own + i;

  graph.first.assign(std::size_t{graph.own} + 1, 0);
  graph.target.reserve(arcs.size());
  graph.weight.reserve(arcs.size());
  for (const Arc& arc : arcs) {
    ++graph.first[arc.source - graph.own_begin + 1];
    graph.target.push_back(is_own(arc.target) ? arc.target - graph.own_begin : slot_of[arc.target]);
    graph.weight.push_back(arc.weight);
  }
  std::partial_sum(graph.first.begin(), graph.first.end(), graph.first.begin());
  return graph;
}

}  // namespace

ArcSender::ArcSender(const Comm& comm, const Ranges& vertices)
    : comm_(comm),
      vertices_(vertices),
      packers_(static_cast<std::size_t>(comm.size())),
      last_(packers_.size(), Arc{0, 0, 0}) {}

void ArcSender::send(const Arc& arc) {
  const auto owner = static_cast<std::size_t>(vertices_.owner(arc.source));
  packers_[owner].put(arc.source - last_[owner].source);
  packers_[owner].put_signed(std::int64_t{arc.target} - last_[owner].target);
  packers_[owner].put(arc.weight);
  last_[owner] = arc;
}

std::vector<Arc> ArcSender::receive() {
  std::vector<Arc> arcs;
  exchange_packed(comm_, packers_, [&](int, Unpacker bytes) {
    for (Arc arc{0, 0, 0}; !bytes.done(); arcs.push_back(arc)) {
      arc.source += static_cast<std::uint32_t>(bytes.get());
      arc.target += static_cast<std::uint32_t>(bytes.get_signed());
      arc.weight = bytes.get();
    }
  });
  return arcs;
}

Graph own_graph(const Ranges& vertices, int rank, std::vector<Arc> arcs) {
  sort_and_add_up(arcs);
  return local_graph(vertices, rank, arcs);
}

Graph make_graph(const Comm& comm, const Ranges& vertices, std::vector<Arc> arcs,
                 std::vector<std::uint64_t> mass, std::vector<std::uint64_t> inner) {
  if (comm.size() > 1) {
    sort_and_add_up(arcs);
    ArcSender sender(comm, vertices);
    for (const Arc& arc : arcs) sender.send(arc);
    arcs = {};
    arcs = sender.receive();
  }
  Graph graph = own_graph(vertices, comm.rank(), std::move(arcs));
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

Boundary find_boundary(const Comm& comm, const Graph& graph) {
  struct Seen {
    std::uint32_t id;
    std::uint32_t slot;
  };
  std::vector<Seen> ghosts;
  for (std::uint32_t slot = graph.own; slot < graph.slots(); ++slot) ghosts.push_back({graph.id(slot), slot});
  const auto seen = send_to(comm, ghosts, [&](const Seen& ghost) { return graph.vertices.owner(ghost.id); });

  Boundary boundary;
  boundary.first_mirror.assign(std::size_t{graph.own} + 1, 0);
  for (const Seen& mirror : seen.rows) ++boundary.first_mirror[mirror.id - graph.own_begin + 1];
  std::partial_sum(boundary.first_mirror.begin(), boundary.first_mirror.end(), boundary.first_mirror.begin());
  boundary.mirrors.resize(seen.rows.size());
  auto next = boundary.first_mirror;
  std::size_t row = 0;
  for (int rank = 0; rank < comm.size(); ++rank) {
    for (std::size_t i = 0; i < seen.counts[static_cast<std::size_t>(rank)]; ++i, ++row) {
      boundary.mirrors[next[seen.rows[row].id - graph.own_begin]++] = {rank, seen.rows[row].slot};
    }
  }

  boundary.first_neighbour.assign(graph.ghosts.size() + 1, 0);
  for (const std::uint32_t slot : graph.target) {
    if (slot >= graph.own) ++boundary.first_neighbour[slot - graph.own + 1];
  }
  std::partial_sum(boundary.first_neighbour.begin(), boundary.first_neighbour.end(),
                   boundary.first_neighbour.begin());
  boundary.neighbours.resize(boundary.first_neighbour.back());
  next = boundary.first_neighbour;
  for (std::uint32_t v = 0; v < graph.own; ++v) {
    for (std::uint64_t a = graph.first[v]; a < graph.first[v + 1]; ++a) {
      if (graph.target[a] >= graph.own) boundary.neighbours[next[graph.target[a] - graph.own]++] = v;
    }
  }
  return boundary;
}

std::vector<std::uint32_t> values_of_slots(const Comm& comm, const Graph& graph, const Boundary& boundary,
                                           const std::vector<std::uint32_t>& own_values) {
  std::vector<std::uint32_t> values = own_values;
  values.resize(graph.slots(), 0);
  if (comm.size() == 1) return values;
  std::vector<Packer> packers(static_cast<std::size_t>(comm.size()));
  for (std::uint32_t v = 0; v < graph.own; ++v) {
    for (const auto& mirror : boundary.mirrors_of(v))
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
