#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "cluster/comm.hpp"
#include "data/study/study.hpp"
#include "data/wide.hpp"
#include "src/communities/graph.hpp"
#include "src/communities/quality.hpp"

/// Graphs to be cut into communities, and what brute force knows of them.
namespace lockstep::test {

using Labels = std::vector<std::uint32_t>;
using Random = std::mt19937_64;

struct Link {
  std::uint32_t a;
  std::uint32_t b;
  std::uint64_t weight;
};

/// A graph that every rank knows. Links may repeat; none joins a vertex to itself.
struct WholeGraph {
  explicit WholeGraph(std::uint32_t vertices) : mass(vertices, 1), inner(vertices, 0) {}
  std::uint32_t size() const { return static_cast<std::uint32_t>(mass.size()); }
  std::vector<Link> links;
  std::vector<std::uint64_t> mass;
  std::vector<std::uint64_t> inner;
};

inline std::uint32_t below(Random& random, std::uint32_t end) {
  return static_cast<std::uint32_t>(random() % end);
}

/// Links between any two vertices, of weight 1 … most_weight.
inline WholeGraph random_graph(std::uint64_t seed, std::uint32_t vertices, std::uint32_t links,
                               std::uint32_t most_weight) {
  Random random(seed);
  WholeGraph graph(vertices);
  while (graph.links.size() < links) {
    const std::uint32_t a = below(random, vertices);
    const std::uint32_t b = below(random, vertices);
    if (a != b) graph.links.push_back({a, b, 1 + below(random, most_weight)});
  }
  return graph;
}

/// Groups of equal size, of vertices in no order. Of each vertex's links one in `mixing` goes anywhere.
inline WholeGraph planted_graph(std::uint64_t seed, std::uint32_t groups, std::uint32_t group_size,
                                std::uint32_t links_each, std::uint32_t mixing, std::uint32_t most_weight) {
  Random random(seed);
  WholeGraph graph(groups * group_size);
  std::vector<std::uint32_t> order(graph.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    order[i] = i;
    std::swap(order[i], order[below(random, i + 1)]);
  }
  for (std::uint32_t i = 0; i < graph.size(); ++i) {
    for (std::uint32_t n = 0; n < links_each; ++n) {
      const bool anywhere = below(random, mixing) == 0;
      const std::uint32_t j =
          anywhere ? below(random, graph.size()) : i / group_size * group_size + below(random, group_size);
      if (i != j) graph.links.push_back({order[i], order[j], 1 + below(random, most_weight)});
    }
  }
  return graph;
}

inline void add_clique(WholeGraph& graph, std::uint32_t begin, std::uint32_t size, std::uint64_t weight = 1) {
  for (std::uint32_t a = begin; a < begin + size; ++a) {
    for (std::uint32_t b = a + 1; b < begin + size; ++b) graph.links.push_back({a, b, weight});
  }
}

/// This rank's part of the graph; the links come from all ranks.
inline Graph distribute(const Comm& comm, const WholeGraph& whole, const Ranges& ranges) {
  std::vector<Arc> arcs;
  const auto ranks = static_cast<std::size_t>(comm.size());
  for (auto i = static_cast<std::size_t>(comm.rank()); i < whole.links.size(); i += ranks) {
    const auto& [a, b, weight] = whole.links[i];
    arcs.push_back({b, a, weight});
    arcs.push_back({a, b, weight});
  }
  const auto own = [&](const std::vector<std::uint64_t>& values) {
    return Numbers(std::vector(values.begin() + static_cast<std::ptrdiff_t>(ranges.begin(comm.rank())),
                               values.begin() + static_cast<std::ptrdiff_t>(ranges.end(comm.rank()))));
  };
  return make_graph(comm, ranges, std::move(arcs), own(whole.mass), own(whole.inner));
}

inline Graph undistributed(const WholeGraph& whole) {
  return distribute(Comm::self(), whole, Ranges{{0, whole.size()}});
}

/// A graph with a quality function whose parameters are known.
struct Problem {
  WholeGraph graph;
  Quality quality;
  std::uint64_t weight_factor;
  std::uint64_t penalty;

  /// By the definition: Σ over communities of [weight_factor · 2 w(C) − penalty · T_C²].
  Wide twice_quality(const Labels& labels) const {
    Wide sum = 0;
    std::map<std::uint32_t, std::uint64_t> masses;
    for (std::uint32_t v = 0; v < graph.size(); ++v) {
      masses[labels[v]] += graph.mass[v];
      sum += Wide{weight_factor} * graph.inner[v];
    }
    for (const auto& [a, b, weight] : graph.links) {
      if (labels[a] == labels[b]) sum += Wide{2} * weight_factor * weight;
    }
    for (const auto& [label, mass] : masses) sum -= Wide{penalty} * mass * mass;
    return sum;
  }
};

/// With the masses that the objective wants.
inline Problem make_problem(Objective objective, double resolution, WholeGraph graph) {
  auto penalty = static_cast<std::uint64_t>(std::llround(resolution * 0x1p20));
  if (objective == Objective::cpm) return {std::move(graph), Quality::cpm(resolution, 1), 1U << 20, penalty};
  std::uint64_t total = 0;
  graph.mass = graph.inner;
  for (const auto& [a, b, weight] : graph.links) {
    graph.mass[a] += weight;
    graph.mass[b] += weight;
  }
  for (const std::uint64_t degree : graph.mass) total += degree;
  const Quality quality = Quality::modularity(resolution, total);
  std::uint64_t factor = total << 20;
  if (total >> 43 != 0) {  // coarser units, as far as 63 bits reach
    const int bits = 63 - static_cast<int>(std::bit_width(total));
    factor = total << bits;
    penalty = static_cast<std::uint64_t>(std::llround(std::ldexp(resolution, bits)));
  }
  return {std::move(graph), quality, factor, penalty};
}

inline Labels everyone_alone(std::uint32_t vertices) {
  Labels labels;
  for (std::uint32_t v = 0; v < vertices; ++v) labels.push_back(v);
  return labels;
}

/// Some vertices alone under their own label, the others under about `communities` labels.
inline Labels random_labels(std::uint64_t seed, std::uint32_t vertices, std::uint32_t communities) {
  Random random(seed);
  Labels names;
  for (std::uint32_t c = 0; c < communities; ++c) names.push_back(below(random, vertices));
  Labels labels;
  for (std::uint32_t v = 0; v < vertices; ++v) {
    labels.push_back(below(random, 3) == 0 ? v : names[below(random, communities)]);
  }
  return labels;
}

/// By vertex: the smallest vertex of the connected component, in its community, that it is in.
inline Labels components_of(const WholeGraph& graph, const Labels& labels) {
  std::vector<std::vector<std::uint32_t>> neighbours(graph.size());
  for (const auto& [a, b, weight] : graph.links) {
    if (labels[a] != labels[b]) continue;
    neighbours[a].push_back(b);
    neighbours[b].push_back(a);
  }
  constexpr std::uint32_t unseen = UINT32_MAX;
  Labels components(graph.size(), unseen);
  for (std::uint32_t start = 0; start < graph.size(); ++start) {
    if (components[start] != unseen) continue;
    std::vector<std::uint32_t> open{start};
    components[start] = start;
    while (!open.empty()) {
      const std::uint32_t v = open.back();
      open.pop_back();
      for (const std::uint32_t u : neighbours[v]) {
        if (components[u] != unseen) continue;
        components[u] = start;
        open.push_back(u);
      }
    }
  }
  return components;
}

inline void expect_equal(const Graph& graph, const Graph& expected) {
  EXPECT_EQ(graph.first, expected.first);
  EXPECT_EQ(graph.target, expected.target);
  EXPECT_EQ(graph.weight.values(), expected.weight.values());
  EXPECT_EQ(graph.mass.values(), expected.mass.values());
  EXPECT_EQ(graph.inner.values(), expected.inner.values());
}

}  // namespace lockstep::test
