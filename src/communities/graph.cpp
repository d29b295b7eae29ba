#include "src/communities/graph.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "cluster/exchange.hpp"
#include "src/communities/packed.hpp"

namespace lockstep {

namespace {

void sort_and_add_up(std::vector<Arc>& arcs) {
  const auto before = [](const Arc& a, const Arc& b) {
    return std::tie(a.source, a.target) < std::tie(b.source, b.target);
  };
  if (!std::is_sorted(arcs.begin(), arcs.end(), before)) std::sort(arcs.begin(), arcs.end(), before);
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

/// Sorted arcs to the owners of their sources, as differences.
std::vector<Arc> send_to_owners(const Comm& comm, const Ranges& vertices, std::vector<Arc> arcs) {
  std::vector<Packer> packers(static_cast<std::size_t>(comm.size()));
  std::vector<Arc> last(packers.size(), Arc{0, 0, 0});
  for (const Arc& arc : arcs) {
    const auto owner = static_cast<std::size_t>(vertices.owner(arc.source));
    packers[owner].put(arc.source - last[owner].source);
    packers[owner].put_signed(std::int64_t{arc.target} - last[owner].target);
    packers[owner].put(arc.weight);
    last[owner] = arc;
  }
  arcs = {};
  exchange_packed(comm, packers, [&](int, Unpacker bytes) {
    for (Arc arc{0, 0, 0}; !bytes.done(); arcs.push_back(arc)) {
      arc.source += static_cast<std::uint32_t>(bytes.get());
      arc.target += static_cast<std::uint32_t>(bytes.get_signed());
      arc.weight = bytes.get();
    }
  });
  return arcs;
}

/// The part of the graph of a rank that owns `range`; arcs sorted.
Graph local_graph(const Ranges& vertices, int rank, const std::vector<Arc>& arcs) {
  Graph graph;
  graph.vertices = vertices;
  graph.own_begin = static_cast<std::uint32_t>(vertices.begin(rank));
  graph.own = static_cast<std::uint32_t>(vertices.size(rank));
  const auto is_own = [&](std::uint32_t id) { return id - graph.own_begin < graph.own; };
  for (const Arc& arc : arcs) {
    if (!is_own(arc.target)) graph.ghosts.push_back(arc.target);
  }
  std::sort(graph.ghosts.begin(), graph.ghosts.end());
  graph.ghosts.erase(std::unique(graph.ghosts.begin(), graph.ghosts.end()), graph.ghosts.end());

  graph.first.assign(std::size_t{graph.own} + 1, 0);
  graph.target.reserve(arcs.size());
  graph.weight.reserve(arcs.size());
  for (const Arc& arc : arcs) {
    ++graph.first[arc.source - graph.own_begin + 1];
    if (is_own(arc.target)) {
      graph.target.push_back(arc.target - graph.own_begin);
    } else {
      const auto ghost = std::lower_bound(graph.ghosts.begin(), graph.ghosts.end(), arc.target);
      graph.target.push_back(graph.own + static_cast<std::uint32_t>(ghost - graph.ghosts.begin()));
    }
    graph.weight.push_back(arc.weight);
  }
  std::partial_sum(graph.first.begin(), graph.first.end(), graph.first.begin());
  return graph;
}

}  // namespace

Graph make_graph(const Comm& comm, const Ranges& vertices, std::vector<Arc> arcs,
                 std::vector<std::uint64_t> mass, std::vector<std::uint64_t> inner) {
  sort_and_add_up(arcs);
  if (comm.size() > 1) {
    arcs = send_to_owners(comm, vertices, std::move(arcs));
    sort_and_add_up(arcs);
  }
  Graph graph = local_graph(vertices, comm.rank(), arcs);
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

}  // namespace lockstep
