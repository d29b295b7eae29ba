#include "src/communities/leiden.hpp"

#include <algorithm>
#include <chrono>
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
  for (std::uint32_t v = 0; v < graph.own; ++v) crowded = crowded || partition.members(v) > 1;
  return !comm.any(crowded);
}

/// Tells `options.phase_done` about a phase that begins now and ends with finish().
class PhaseClock {
 public:
  PhaseClock(const Comm& comm, const LeidenOptions& options) : comm_(comm), options_(options) {}
  void finish(const char* name, std::uint32_t pass, std::uint32_t level, const Graph& graph,
              const Effort& effort = {}) const {
    if (!options_.phase_done) return;
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start_;
    const Traffic now = comm_.traffic();
    options_.phase_done({name,
                         pass,
                         level,
                         graph.size(),
                         graph.target.size(),
                         effort,
                         time.count(),
                         {now.bytes_sent - before_.bytes_sent, now.bytes_received - before_.bytes_received,
                          now.messages_sent - before_.messages_sent}});
  }

 private:
  const Comm& comm_;
  const LeidenOptions& options_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  Traffic before_ = comm_.traffic();
};

/// One pass: local moving, refinement and coarsening, level by level.
class Pass {
 public:
  Pass(const Quality& quality, const LeidenOptions& options, std::uint32_t pass)
      : quality_(quality), options_(options), pass_(pass), seed_(mix(options.seed, pass, 0, 0)) {}

  /// Better labels for the own vertices of `graph`. A pass after the first that finds hardly anything to move
  /// on the first level goes no further: `settled` tells.
  Labels improve(const Comm& comm, const Graph& graph, Labels labels, bool& settled,
                 std::uint32_t level = 0) const {
    std::vector<Fine> path;
    Graph coarse_graph;
    for (const Graph* current = &graph;; ++level) {
      if (comm.size() > 1 && comm.sum(current->target.size()) <= options_.gather_arcs) {
        labels = improve_alone(comm, *current, labels, settled, level);
        break;
      }
      Coarse coarse;
      const bool ended = step(comm, *current, level, labels, coarse, settled);
      if (options_.arcs_seen) options_.arcs_seen(current->target.size());
      if (ended) break;
      path.push_back({coarse.graph.vertices, std::move(coarse.vertex_of)});
      labels = std::move(coarse.labels);
      coarse_graph = std::move(coarse.graph);
      current = &coarse_graph;
    }
    for (; !path.empty(); path.pop_back()) {
      const auto& [vertices, vertex_of] = path.back();
      labels = ask(
          comm, vertex_of, [&vertices = vertices](std::uint32_t vertex) { return vertices.owner(vertex); },
          [&, begin = vertices.begin(comm.rank())](std::uint32_t vertex) { return labels[vertex - begin]; });
    }
    return labels;
  }

  /// Local moving. Vertices that decide at the same time can lower quality together; then the level is
  /// repeated with more sub-rounds, and in the end left as it was. `rounds_count` becomes the number used.
  Partition move_up(const Comm& comm, const Graph& graph, const Boundary& boundary, const Labels& labels,
                    std::uint32_t level, std::uint32_t& rounds_count, bool& settled) const {
    constexpr std::uint32_t most_rounds = 1024;
    const PhaseClock clock(comm, options_);
    for (;; rounds_count *= 4) {
      Partition communities(comm, graph, boundary, labels);
      const Wide before = partition_quality(comm, graph, quality_, communities);
      const SubRounds rounds(graph, seed_, level, rounds_count);
      const Effort effort =
          move_locally(comm, graph, boundary, quality_, rounds, options_.most_iterations, communities);
      const bool better = partition_quality(comm, graph, quality_, communities) >= before;
      clock.finish("moving", pass_, level, graph, effort);
      settled = pass_ > 0 && level == 0 && is_at_rest(effort.moves, graph);
      if (better) return communities;
      if (rounds_count >= most_rounds) return {comm, graph, boundary, labels};
    }
  }

 private:
  /// What leads back from a coarse graph to the one before.
  struct Fine {
    Ranges vertices;  ///< of the coarse graph
    Labels vertex_of;
  };

  /// One level. Returns true when there is nothing to coarsen; then `labels` are the level's answer,
  /// otherwise `coarse` is the next level.
  bool step(const Comm& comm, const Graph& graph, std::uint32_t level, Labels& labels, Coarse& coarse,
            bool& settled) const {
    const Boundary boundary = find_boundary(comm, graph);
    std::uint32_t rounds_count = level == 0 ? options_.first_rounds : options_.coarse_rounds;
    const Partition communities = move_up(comm, graph, boundary, labels, level, rounds_count, settled);
    if (settled || all_alone(comm, graph, communities)) {
      labels = communities.own_labels();
      return true;
    }
    const PhaseClock refinement(comm, options_);
    const SubRounds rounds(graph, mix(seed_, 1, 0, 0), level, rounds_count);
    const Partition parts = refine(comm, graph, boundary, quality_, rounds, communities);
    refinement.finish("refinement", pass_, level, graph);
    if (all_alone(comm, graph, parts)) {
      labels = split_into_components(comm, graph, boundary, communities);
      return true;
    }
    const PhaseClock coarsening(comm, options_);
    coarse = coarsen(comm, graph, parts, communities);
    coarsening.finish("coarsening", pass_, level, graph);
    return false;
  }

  /// Every rank does the same on the whole graph and keeps its own part of the answer.
  Labels improve_alone(const Comm& comm, const Graph& graph, const Labels& labels, bool& settled,
                       std::uint32_t level) const {
    const auto whole =
        improve(Comm::self(), gather_graph(comm, graph), comm.gather_all(labels), settled, level);
    return {whole.begin() + graph.own_begin, whole.begin() + graph.own_begin + graph.own};
  }

  const Quality& quality_;
  const LeidenOptions& options_;
  std::uint32_t pass_;
  std::uint64_t seed_;
};

/// Names every community by the first of its vertices in the order `before`. Labels are arbitrary numbers
/// below 2^32; `first` is the id of the first own vertex.
template <class Before>
Labels name_by_first(const Comm& comm, std::uint32_t first, const Labels& labels, Before before) {
  struct Member {
    std::uint32_t label;
    std::uint32_t vertex;
  };
  std::vector<Member> members;
  for (std::uint32_t v = 0; v < labels.size(); ++v) members.push_back({labels[v], first + v});
  const auto owner = [&](std::uint32_t label) {
    return static_cast<int>(label % static_cast<std::uint32_t>(comm.size()));
  };
  tsl::robin_map<std::uint32_t, std::uint32_t> named;
  for (const auto& [label, vertex] :
       send_to(comm, members, [&](const Member& m) { return owner(m.label); }).rows) {
    const auto place = named.try_emplace(label, vertex).first;
    if (before(vertex, place->second)) place.value() = vertex;
  }
  return ask(comm, labels, owner, [&](std::uint32_t label) { return named[label]; });
}

/// Until no single vertex wants to move and every community is connected. Names communities by their smallest
/// vertices.
Labels come_to_rest(const Comm& comm, const Graph& graph, const Quality& quality,
                    const LeidenOptions& options, Labels labels) {
  const Boundary boundary = find_boundary(comm, graph);
  for (bool by_largest = false;;) {
    const PhaseClock clock(comm, options);
    Partition communities(comm, graph, boundary, labels);
    const Effort effort = settle(comm, graph, boundary, quality, communities);
    labels = split_into_components(comm, graph, boundary, communities);
    std::uint64_t pieces = 0;
    std::uint64_t whole = 0;
    for (std::uint32_t v = 0; v < graph.own; ++v) {
      pieces += labels[v] == graph.id(v) ? 1 : 0;
      whole += communities.members(v) > 0 ? 1 : 0;
    }
    const bool in_pieces = comm.sum(pieces) > comm.sum(whole);
    clock.finish("settling", options.passes, 0, graph, effort);
    if (!in_pieces && !effort.held) return labels;
    // A vertex is held by a community that bears its name: another name sets it free.
    by_largest = !by_largest;
    if (by_largest) labels = name_by_first(comm, graph.own_begin, labels, std::greater<>());
  }
}

}  // namespace

Wide total_quality(const Comm& comm, const Graph& graph, const Quality& quality, const Labels& own_labels) {
  const Boundary boundary = find_boundary(comm, graph);
  return partition_quality(comm, graph, quality, Partition(comm, graph, boundary, own_labels));
}

std::vector<std::uint32_t> find_communities(const Comm& comm, const Graph& graph, const Quality& quality,
                                            const LeidenOptions& options) {
  Labels labels = options.labels;
  if (options.passes_done == 0) {
    labels.resize(graph.own);
    std::iota(labels.begin(), labels.end(), graph.own_begin);
  }
  bool settled = false;
  for (std::uint32_t pass = options.passes_done; pass < options.passes && !settled; ++pass) {
    labels = name_by_first(comm, graph.own_begin,
                           Pass(quality, options, pass).improve(comm, graph, labels, settled), std::less<>());
    // Once it is settled there is no next pass to go on with.
    if (options.pass_done && !settled) options.pass_done(pass + 1, labels);
  }
  return come_to_rest(comm, graph, quality, options, std::move(labels));
}

}  // namespace lockstep
