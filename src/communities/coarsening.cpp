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
  for (std::uint32_t v = 0; v < graph.own; ++v) count += parts.totals(v).members > 0 ? 1 : 0;
  numbering.vertices.first = {0};
  for (const std::uint32_t n : comm.gather_all_values(count)) {
    numbering.vertices.first.push_back(numbering.vertices.first.back() + n);
  }
  auto next = static_cast<std::uint32_t>(numbering.vertices.begin(comm.rank()));
  for (std::uint32_t v = 0; v < graph.own; ++v) {
    if (parts.totals(v).members > 0) numbering.by_place[v] = next++;
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

/// This rank's arcs and vertices by part: what lies inside a part becomes its inner weight.
void add_up_parts(const Graph& graph, const std::vector<std::uint32_t>& vertex_of,
                  const std::vector<std::uint32_t>& vertex_of_slot, std::vector<Arc>& arcs,
                  std::vector<Member>& members) {
  std::vector<std::uint32_t> order(graph.own);
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](auto v, auto u) { return std::tie(vertex_of[v], v) < std::tie(vertex_of[u], u); });
  // Coarse ids are global; scratch goes by the position among those met here.
  std::vector<std::uint32_t> met(vertex_of_slot);
  std::sort(met.begin(), met.end());
  met.erase(std::unique(met.begin(), met.end()), met.end());
  std::vector<std::uint32_t> position(vertex_of_slot.size());
  for (std::size_t slot = 0; slot < position.size(); ++slot) {
    position[slot] = static_cast<std::uint32_t>(
        std::lower_bound(met.begin(), met.end(), vertex_of_slot[slot]) - met.begin());
  }
  NeighbourWeights weights;
  for (std::size_t i = 0; i < order.size();) {
    const std::uint32_t part = vertex_of[order[i]];
    Member member{part, 0, 0};
    weights.clear();
    for (; i < order.size() && vertex_of[order[i]] == part; ++i) {
      const std::uint32_t v = order[i];
      member.mass += graph.mass[v];
      member.inner += graph.inner[v];
      for (std::uint64_t a = graph.first[v]; a < graph.first[v + 1]; ++a) {
        const std::uint32_t slot = graph.target[a];
        if (vertex_of_slot[slot] == part) {
          member.inner += graph.weight[a];
        } else {
          weights.add(position[slot], graph.weight[a], slot);
        }
      }
    }
    members.push_back(member);
    for (const std::uint32_t place : weights.touched())
      arcs.push_back({part, met[place], weights.weight(place)});
  }
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
  for (std::uint32_t slot = 0; slot < graph.slots(); ++slot) {
    vertex_of_slot.push_back(numbering.by_place[parts.place(slot)]);
  }
  Coarse coarse;
  coarse.vertex_of.assign(vertex_of_slot.begin(), vertex_of_slot.begin() + graph.own);
  coarse.labels = carry_over(comm, graph, communities, numbering.vertices, coarse.vertex_of);

  std::vector<Arc> arcs;
  std::vector<Member> members;
  add_up_parts(graph, coarse.vertex_of, vertex_of_slot, arcs, members);
  const auto begin = numbering.vertices.begin(comm.rank());
  std::vector<std::uint64_t> mass(numbering.vertices.size(comm.rank()), 0);
  std::vector<std::uint64_t> inner(mass.size(), 0);
  const auto received =
      send_to(comm, members, [&](const Member& member) { return numbering.vertices.owner(member.vertex); });
  for (const auto& member : received.rows) {
    mass[member.vertex - begin] += member.mass;
    inner[member.vertex - begin] += member.inner;
  }
  coarse.graph = make_graph(comm, numbering.vertices, std::move(arcs), std::move(mass), std::move(inner));
  return coarse;
}

}  // namespace lockstep
