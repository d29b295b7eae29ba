#include "src/communities/coarsening.hpp"

#include <algorithm>
#include <numeric>

#include "cluster/exchange.hpp"
#include "src/communities/neighbour_weights.hpp"

namespace lockstep {

namespace {

constexpr std::uint32_t unnumbered = UINT32_MAX;

/// New ids by place: parts are numbered in the order of their labels, each by the owner of its label.
struct Numbering {
  Ranges vertices;
  std::vector<std::uint32_t> by_place;
};

Numbering number_parts(const Comm& comm, const Graph& graph, const Partition& parts) {
  Numbering numbering;
  numbering.by_place.assign(parts.places(), unnumbered);
  std::uint32_t count = 0;
  for (std::uint32_t v = 0; v < graph.own; ++v) count += parts.members(v) > 0 ? 1 : 0;
  numbering.vertices.first = {0};
  for (const std::uint32_t n : comm.gather_all_values(count)) {
    numbering.vertices.first.push_back(numbering.vertices.first.back() + n);
  }
  auto next = static_cast<std::uint32_t>(numbering.vertices.begin(comm.rank()));
  for (std::uint32_t v = 0; v < graph.own; ++v) {
    if (parts.members(v) > 0) numbering.by_place[v] = next++;
  }
  if (comm.size() == 1) return numbering;

  std::vector<std::uint32_t> foreign;
  for (std::uint32_t slot = 0; slot < graph.slots(); ++slot) {
    if (parts.place(slot) >= graph.own) foreign.push_back(parts.place(slot));
  }
  std::sort(foreign.begin(), foreign.end());
  foreign.erase(std::unique(foreign.begin(), foreign.end()), foreign.end());
  std::vector<std::uint32_t> labels;
  for (const std::uint32_t place : foreign) labels.push_back(parts.label(place));
  const auto ids = ask(
      comm, labels, [&](std::uint32_t label) { return graph.vertices.owner(label); },
      [&](std::uint32_t label) { return numbering.by_place[label - graph.own_begin]; });
  for (std::size_t i = 0; i < foreign.size(); ++i) numbering.by_place[foreign[i]] = ids[i];
  return numbering;
}

struct Member {
  std::uint32_t vertex;  ///< coarse
  std::uint64_t mass;
  std::uint64_t inner;
};

/// This rank's vertices by part, parts ascending: what lies inside a part becomes its inner weight, what
/// leads elsewhere goes to `take(member, row)`, where the row's places are coarse vertices, ascending.
template <class Take>
void add_up_parts(const Graph& graph, const std::vector<std::uint32_t>& vertex_of_slot, Take take) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> order;  // part and vertex
  order.reserve(graph.own);
  for (std::uint32_t v = 0; v < graph.own; ++v) order.emplace_back(vertex_of_slot[v], v);
  std::sort(order.begin(), order.end());
  NeighbourWeights weights;
  for (std::size_t begin = 0; begin < order.size();) {
    const std::uint32_t part = order[begin].first;
    std::size_t end = begin;
    std::uint64_t arcs = 0;
    for (; end < order.size() && order[end].first == part; ++end) {
      arcs += graph.first[order[end].second + 1] - graph.first[order[end].second];
    }
    Member member{part, 0, 0};
    weights.clear(arcs);
    for (; begin < end; ++begin) {
      const std::uint32_t v = order[begin].second;
      member.mass += graph.mass[v];
      member.inner += graph.inner[v];
      for (std::uint64_t a = graph.first[v]; a < graph.first[v + 1]; ++a) {
        const std::uint32_t slot = graph.target[a];
        if (vertex_of_slot[slot] == part) {
          member.inner += graph.weight[a];
        } else {
          weights.add(vertex_of_slot[slot], graph.weight[a], slot);
        }
      }
    }
    take(member, weights.sorted_by_place());
  }
}

/// On a single rank rows come complete and in order: they are the coarse graph.
Graph combine_alone(const Graph& graph, const Ranges& vertices,
                    const std::vector<std::uint32_t>& vertex_of_slot) {
  Graph coarse;
  coarse.vertices = vertices;
  coarse.own = static_cast<std::uint32_t>(vertices.total());
  coarse.first = {0};
  // Room for the worst case costs nothing until it is used, growing would cost copies.
  coarse.target.reserve(graph.target.size());
  coarse.weight.reserve(graph.target.size());
  add_up_parts(graph, vertex_of_slot, [&](const Member& member, auto row) {
    for (const auto& arc : row) {
      coarse.target.push_back(arc.place);
      coarse.weight.push_back(arc.weight);
    }
    coarse.first.push_back(coarse.target.size());
    coarse.mass.push_back(member.mass);
    coarse.inner.push_back(member.inner);
  });
  return coarse;
}

Graph combine(const Comm& comm, const Graph& graph, const Ranges& vertices,
              const std::vector<std::uint32_t>& vertex_of_slot) {
  if (comm.size() == 1) return combine_alone(graph, vertices, vertex_of_slot);
  std::vector<Arc> arcs;
  std::vector<Member> members;
  add_up_parts(graph, vertex_of_slot, [&](const Member& member, auto row) {
    members.push_back(member);
    for (const auto& arc : row) arcs.push_back({member.vertex, arc.place, arc.weight});
  });
  const auto begin = vertices.begin(comm.rank());
  std::vector<std::uint64_t> mass(vertices.size(comm.rank()), 0);
  std::vector<std::uint64_t> inner(mass.size(), 0);
  const auto received =
      send_to(comm, members, [&](const Member& member) { return vertices.owner(member.vertex); });
  for (const auto& member : received.rows) {
    mass[member.vertex - begin] += member.mass;
    inner[member.vertex - begin] += member.inner;
  }
  return make_graph(comm, vertices, std::move(arcs), std::move(mass), std::move(inner));
}

/// A community's name on the coarse graph: the smallest of its coarse vertices.
std::vector<std::uint32_t> carry_over(const Comm& comm, const Graph& graph, const Partition& communities,
                                      const Ranges& coarse, const std::vector<std::uint32_t>& vertex_of) {
  struct Named {
    std::uint32_t label;
    std::uint32_t vertex;
  };
  std::vector<Named> named;
  std::vector<std::uint32_t> labels;
  for (std::uint32_t v = 0; v < graph.own; ++v) {
    labels.push_back(communities.label(communities.place(v)));
    named.push_back({labels.back(), vertex_of[v]});
  }
  const auto owner = [&](std::uint32_t label) { return graph.vertices.owner(label); };
  std::vector<std::uint32_t> smallest(graph.own, unnumbered);
  for (const auto& [label, vertex] :
       send_to(comm, named, [&](const Named& n) { return owner(n.label); }).rows) {
    auto& known = smallest[label - graph.own_begin];
    known = std::min(known, vertex);
  }
  const auto names = ask(comm, labels, owner, [&](std::uint32_t l) { return smallest[l - graph.own_begin]; });

  for (std::uint32_t v = 0; v < graph.own; ++v) named[v] = {names[v], vertex_of[v]};
  const int rank = comm.rank();
  std::vector<std::uint32_t> coarse_labels(coarse.size(rank));
  for (const auto& [name, vertex] :
       send_to(comm, named, [&](const Named& n) { return coarse.owner(n.vertex); }).rows) {
    coarse_labels[vertex - coarse.begin(rank)] = name;
  }
  return coarse_labels;
}

}  // namespace

Coarse coarsen(const Comm& comm, const Graph& graph, const Partition& parts, const Partition& communities) {
  const auto numbering = number_parts(comm, graph, parts);
  std::vector<std::uint32_t> vertex_of_slot;
  vertex_of_slot.reserve(graph.slots());
  for (std::uint32_t slot = 0; slot < graph.slots(); ++slot) {
    vertex_of_slot.push_back(numbering.by_place[parts.place(slot)]);
  }
  Coarse coarse;
  coarse.vertex_of.assign(vertex_of_slot.begin(), vertex_of_slot.begin() + graph.own);
  coarse.labels = carry_over(comm, graph, communities, numbering.vertices, coarse.vertex_of);

  coarse.graph = combine(comm, graph, numbering.vertices, vertex_of_slot);
  return coarse;
}

}  // namespace lockstep
