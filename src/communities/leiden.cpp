#include "src/communities/leiden.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "cluster/exchange.hpp"
#include "src/communities/coarsening.hpp"
#include "src/communities/components.hpp"
#include "src/communities/local_moving.hpp"
#include "src/communities/refinement.hpp"

namespace lockstep {

namespace {

using Labels = std::vector<std::uint32_t>;

/// Exact sum of 128-bit values over the ranks.
Wide sum_wide(const Comm& comm, Wide value) {
  const auto values = comm.gather_all_values(value);
  return std::accumulate(values.begin(), values.end(), Wide{0});
}

Wide partition_quality(const Comm& comm, const Graph& graph, const Quality& quality,
                       const Partition& partition) {
  std::uint64_t degree_inside = 0;
  Wide local = 0;
  for (std::uint32_t v = 0; v < graph.own; ++v) {
    degree_inside += graph.inner[v];
    for (std::uint64_t a = graph.first[v]; a < graph.first[v + 1]; ++a) {
      if (partition.place(graph.target[a]) == partition.place(v)) degree_inside += graph.weight[a];
    }
    local += quality.community(0, partition.totals(v).mass);
  }
  return sum_wide(comm, local + quality.community(degree_inside, 0));
}

bool all_alone(const Comm& comm, const Graph& graph, const Partition& partition) {
  bool crowded = false;
  for (std::uint32_t v = 0; v < graph.own; ++v) crowded = crowded || partition.totals(v).members > 1;
  return !comm.any(crowded);
}

class Leiden {
 public:
  Leiden(const Quality& quality, const LeidenOptions& options, std::uint32_t pass)
      : quality_(quality), options_(options), seed_(mix(options.seed, pass, 0, 0)) {}

  /// Better labels for the own vertices of `graph`, which is given up once it is no longer needed.
  Labels improve(const Comm& comm, Graph graph, const Labels& labels, std::uint32_t level) const {
    if (comm.size() > 1 && comm.sum(graph.target.size()) <= options_.gather_arcs) {
      return improve_alone(comm, graph, labels, level);
    }
    const Boundary boundary = find_boundary(comm, graph);
    Coarse coarse;
    {
      std::uint32_t rounds_count = level == 0 ? options_.first_rounds : options_.coarse_rounds;
      Partition communities = move_up(comm, graph, boundary, labels, level, rounds_count);
      if (options_.arcs_seen) options_.arcs_seen(graph.target.size());
      if (all_alone(comm, graph, communities)) return communities.own_labels();
      const SubRounds rounds(graph, mix(seed_, 1, 0, 0), level, rounds_count);
      const Partition parts = refine(comm, graph, boundary, quality_, rounds, communities);
      if (all_alone(comm, graph, parts)) return split_into_components(comm, graph, boundary, communities);
      coarse = coarsen(comm, graph, parts, communities);
      graph = {};
    }
    const Ranges vertices = coarse.graph.vertices;
    const Labels coarse_labels = improve(comm, std::move(coarse.graph), coarse.labels, level + 1);
    return ask(
        comm, coarse.vertex_of, [&](std::uint32_t vertex) { return vertices.owner(vertex); },
        [&](std::uint32_t vertex) { return coarse_labels[vertex - vertices.begin(comm.rank())]; });
  }

 private:
  /// Every rank does the same on the whole graph and keeps its own part of the answer.
  Labels improve_alone(const Comm& comm, const Graph& graph, const Labels& labels,
                       std::uint32_t level) const {
    const auto whole = improve(Comm::self(), gather_graph(comm, graph), comm.gather_all(labels), level);
    return {whole.begin() + graph.own_begin, whole.begin() + graph.own_begin + graph.own};
  }

  /// Local moving. Vertices that decide at the same time can lower quality together; then the level is
  /// repeated with more sub-rounds, and in the end left as it was.
  Partition move_up(const Comm& comm, const Graph& graph, const Boundary& boundary, const Labels& labels,
                    std::uint32_t level, std::uint32_t& rounds_count) const {
    constexpr std::uint32_t most_rounds = 1024;
    for (;; rounds_count *= 4) {
      Partition communities(comm, graph, boundary, labels);
      const Wide before = partition_quality(comm, graph, quality_, communities);
      const SubRounds rounds(graph, seed_, level, rounds_count);
      move_locally(comm, graph, boundary, quality_, rounds, options_.most_iterations, communities);
      if (partition_quality(comm, graph, quality_, communities) >= before) return communities;
      if (rounds_count >= most_rounds) return {comm, graph, boundary, labels};
    }
  }

  const Quality& quality_;
  const LeidenOptions& options_;
  std::uint64_t seed_;
};

/// Names every community by its smallest vertex. Labels are arbitrary numbers below 2^32; `first` is the id
/// of the first own vertex.
Labels name_by_smallest(const Comm& comm, std::uint32_t first, const Labels& labels) {
  struct Member {
    std::uint32_t label;
    std::uint32_t vertex;
  };
  std::vector<Member> members;
  for (std::uint32_t v = 0; v < labels.size(); ++v) members.push_back({labels[v], first + v});
  const auto owner = [&](std::uint32_t label) {
    return static_cast<int>(label % static_cast<std::uint32_t>(comm.size()));
  };
  tsl::robin_map<std::uint32_t, std::uint32_t> smallest;
  for (const auto& [label, vertex] :
       send_to(comm, members, [&](const Member& m) { return owner(m.label); }).rows) {
    const auto place = smallest.try_emplace(label, vertex).first;
    place.value() = std::min(place->second, vertex);
  }
  return ask(comm, labels, owner, [&](std::uint32_t label) { return smallest[label]; });
}

}  // namespace

Wide total_quality(const Comm& comm, const Graph& graph, const Quality& quality, const Labels& own_labels) {
  const Boundary boundary = find_boundary(comm, graph);
  return partition_quality(comm, graph, quality, Partition(comm, graph, boundary, own_labels));
}

std::vector<std::uint32_t> find_communities(const Comm& comm, Graph graph, const Quality& quality,
                                            const LeidenOptions& options) {
  const std::uint32_t first = graph.own_begin;
  Labels labels(graph.own);
  std::iota(labels.begin(), labels.end(), first);
  for (std::uint32_t pass = 0; pass < options.passes; ++pass) {
    const Leiden leiden(quality, options, pass);
    const bool last = pass + 1 == options.passes;
    auto better =
        name_by_smallest(comm, first, leiden.improve(comm, last ? std::move(graph) : graph, labels, 0));
    const bool settled = !comm.any(better != labels);
    labels = std::move(better);
    if (settled) break;
  }
  return labels;
}

}  // namespace lockstep
