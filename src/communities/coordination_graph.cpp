#include "src/communities/coordination_graph.hpp"

#include <algorithm>
#include <numeric>

#include "cluster/agree.hpp"
#include "cluster/exchange.hpp"

namespace lockstep {

namespace {

void sort_unique(std::vector<std::uint32_t>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

std::uint32_t position_in(const std::vector<std::uint32_t>& sorted, std::uint32_t value) {
  return static_cast<std::uint32_t>(std::lower_bound(sorted.begin(), sorted.end(), value) - sorted.begin());
}

}  // namespace

CoordinationGraph make_coordination_graph(const Comm& comm, Ranges accounts, std::vector<Edge> edges,
                                          std::vector<PairTest> tests) {
  CoordinationGraph graph{std::move(accounts), {}, {}, std::move(edges), std::move(tests)};
  const auto owner = [&](std::uint32_t account) { return graph.accounts.owner(account); };
  std::vector<std::uint32_t> targets;
  for (const Edge& edge : graph.edges) {
    if (graph.own.empty() || graph.own.back() != edge.source) graph.own.push_back(edge.source);
    targets.push_back(edge.target);
  }
  sort_unique(targets);
  const auto named = send_to(comm, targets, owner).rows;
  graph.own.insert(graph.own.end(), named.begin(), named.end());
  sort_unique(graph.own);

  graph.vertices.first = {0};
  for (const std::uint64_t count : comm.gather_all_values<std::uint64_t>(graph.own.size())) {
    graph.vertices.first.push_back(graph.vertices.first.back() + count);
  }
  const auto begin = static_cast<std::uint32_t>(graph.vertices.begin(comm.rank()));
  const auto vertices = ask(comm, targets, owner,
                            [&](std::uint32_t account) { return begin + position_in(graph.own, account); });
  for (Edge& edge : graph.edges) {
    edge.source = begin + position_in(graph.own, edge.source);
    edge.target = vertices[position_in(targets, edge.target)];
  }
  return graph;
}

namespace {

/// The graph of these edges; `weight(i)` is edge i's share of its pair's weight.
template <class Weight>
Graph weigh(const Comm& comm, const CoordinationGraph& coordination, Weight weight) {
  std::vector<Arc> arcs;
  arcs.reserve(2 * coordination.edges.size());
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < coordination.edges.size(); ++i) {
    const Edge& edge = coordination.edges[i];
    const std::uint64_t share = weight(i);
    if (share == 0) continue;
    arcs.push_back({edge.source, edge.target, share});
    arcs.push_back({edge.target, edge.source, share});
    // Below 2^33 each, of fewer than 2^30 edges: a rank's own sum cannot overflow; all ranks' may.
    total += 2 * share;
  }
  const auto totals = comm.gather_all_values(total);
  if (std::accumulate(totals.begin(), totals.end(), 0.0) >= 0x1p62) {
    throw AgreedError(ExitCode::bad_data, "the pairs' weights add up to more than 2^62: raise min_shared");
  }
  const std::size_t own = coordination.own.size();
  return make_graph(comm, coordination.vertices, std::move(arcs), Numbers(own, 1), Numbers(own, 0));
}

}  // namespace

Graph weigh_by_count(const Comm& comm, const CoordinationGraph& coordination) {
  return weigh(comm, coordination,
               [&](std::size_t i) { return std::uint64_t{coordination.edges[i].shared}; });
}

Graph weigh_by_significance(const Comm& comm, const CoordinationGraph& coordination) {
  const auto& edges = coordination.edges;
  // The weight is the pair's: it counts once, however many channels the pair has.
  return weigh(comm, coordination, [&](std::size_t i) {
    const bool counted =
        i > 0 && edges[i - 1].source == edges[i].source && edges[i - 1].target == edges[i].target;
    return std::uint64_t{counted ? 0 : coordination.tests[i].weight};
  });
}

Quality set_objective(const Comm& comm, Graph& graph, Objective objective, double resolution,
                      std::uint64_t weight_one) {
  if (objective == Objective::modularity) {
    graph.mass = {};
    for (std::uint32_t v = 0; v < graph.own; ++v) graph.mass.push_back(graph.degree(v));
  }
  std::uint64_t own_degree = 0;
  for (std::uint32_t v = 0; v < graph.own; ++v) own_degree += graph.degree(v);
  const std::uint64_t total_degree = comm.sum(own_degree);
  const std::uint64_t total_mass = comm.sum(graph.mass.sum());
  return attempt(comm, [&] {
    const Quality quality = objective == Objective::cpm ? Quality::cpm(resolution, weight_one)
                                                        : Quality::modularity(resolution, total_degree);
    quality.check_range(total_degree, total_mass);
    return quality;
  });
}

}  // namespace lockstep
