#include "src/communities/leiden.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <utility>

#include "cluster/exchange.hpp"
#include "src/communities/coarsening.hpp"
#include "src/communities/components.hpp"
#include "src/communities/local_moving.hpp"
#include "src/communities/naming.hpp"
#include "src/communities/refinement.hpp"

namespace lockstep {

namespace {

using Labels = std::vector<std::uint32_t>;

/// Exact sum of 128-bit values over the ranks.
Wide sum_wide(const Comm& comm, Wide value) {
  const auto values = comm.gather_all_values(value);
  return std::accumulate(values.begin(), values.end(), Wide{0});
}

/// Twice the quality; `between`: twice the weight between vertices of a community, on this rank; mass_of(v):
/// of the community that the own vertex v names.
template <class MassOf>
Wide sum_quality(const Comm& comm, const Graph& graph, const Quality& quality, std::uint64_t between,
                 MassOf mass_of) {
  Wide local = quality.community(graph.inner.sum() + between, 0);
  for (std::uint32_t v = 0; v < graph.own; ++v) local += quality.community(0, mass_of(v));
  return sum_wide(comm, local);
}

/// Twice the quality; `inside` is that of the partition.
Wide partition_quality(const Comm& comm, const Graph& graph, const Quality& quality,
                       const Partition& partition, const Inside& inside) {
  const std::uint64_t between =
      std::accumulate(inside.weights.begin(), inside.weights.end(), std::uint64_t{0});
  return sum_quality(comm, graph, quality, between, [&](std::uint32_t v) { return partition.mass(v); });
}

bool all_alone(const Comm& comm, const Graph& graph, const Partition& partition) {
  bool crowded = false;
  for (std::uint32_t v = 0; v < graph.own; ++v) crowded = crowded || partition.members(v) > 1;
  return !comm.any(crowded);
}

/// Twice the quality of a partition given by own labels.
Wide labels_quality(const Comm& comm, const Graph& graph, const Quality& quality, const Labels& own_labels) {
  if (are_own_ids(comm, graph, own_labels)) {
    return sum_quality(comm, graph, quality, 0, [&](std::uint32_t v) { return graph.mass[v]; });
  }
  const Partition partition(comm, graph, own_labels);
  return partition_quality(comm, graph, quality, partition, inside_of(graph, partition));
}

Effort effort_since(const Effort& before, Effort now) {
  now.iterations -= before.iterations;
  now.moves -= before.moves;
  now.sub_rounds -= before.sub_rounds;
  return now;
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

/// The part of a state that belongs to a level, for the ranks that own the level's vertices.
struct LevelState {
  std::uint32_t level = 0;
  std::uint32_t sub_rounds = 0;
  Labels start;
  Labels labels;
  Moving moving;
  std::optional<Wide> start_quality = std::nullopt;  ///< twice the quality of `start`, where it is known
};

LevelState level_of(const Comm& comm, const LeidenState& state, const Ranges& vertices) {
  return {state.level,
          state.sub_rounds,
          redistribute(comm, state.start, vertices),
          redistribute(comm, state.labels, vertices),
          {state.effort, redistribute(comm, state.active, vertices)}};
}

void put_level(const LevelState& level, Labels labels, LeidenState& state) {
  state.level = level.level;
  state.sub_rounds = level.sub_rounds;
  state.effort = level.moving.effort;
  state.start = level.start;
  state.labels = std::move(labels);
  state.active = level.moving.active;
}

/// One pass over the ordered graph: local moving, refinement and coarsening, level by level.
class Pass {
 public:
  /// `capture` completes a state of which the level is known; without it no state is offered.
  using Capture = std::function<LeidenState(LeidenState)>;
  Pass(const Quality& quality, const LeidenOptions& options, std::uint32_t pass, Capture capture)
      : quality_(quality),
        options_(options),
        capture_(std::move(capture)),
        pass_(pass),
        seed_(mix(options.seed, pass, 0, 0)) {}

  struct Outcome {
    Labels labels;     ///< by own vertex of the graph; arbitrary numbers
    Wide quality = 0;  ///< twice, before communities in pieces are split
  };

  /// Better labels for the own vertices of the ordered graph, going on from `state`.
  Outcome improve(const Comm& comm, const Graph& graph, const LeidenState& state) const {
    if (state.level == 0) return climb(comm, graph, level_of(comm, state, graph.vertices), {});
    Labels inside = redistribute(comm, state.inside, graph.vertices);
    const Graph coarse = contract(comm, graph, inside);
    return climb(comm, coarse, level_of(comm, state, coarse.vertices),
                 {{coarse.vertices, std::move(inside)}});
  }

  /// Local moving alone, in many sub-rounds, until hardly any vertex moves.
  Labels polish(const Comm& comm, const Graph& graph, const Labels& labels) const {
    constexpr std::uint32_t sub_rounds = 64;
    LevelState level{0, sub_rounds, labels, labels, {}};
    Inside inside;
    Outcome outcome;
    return move_up(comm, graph, {}, level, inside, outcome, graph.size() / 100'000).own_labels();
  }

 private:
  /// What leads back from a coarse graph to the one before.
  struct Fine {
    Ranges vertices;  ///< of the coarse graph
    Labels vertex_of;
  };

  /// Level by level, as long as there is something to coarsen. `path` leads back from `graph`.
  Outcome climb(const Comm& comm, const Graph& graph, LevelState level, std::vector<Fine> path) const {
    Outcome outcome;
    Graph coarse_graph;
    for (const Graph* current = &graph;; ++level.level) {
      if (comm.size() > 1 && comm.sum(current->target.size()) <= options_.gather_arcs) {
        outcome = climb_alone(comm, *current, level);
        break;
      }
      Coarse coarse;
      const bool ended = step(comm, *current, path, level, coarse, outcome);
      if (options_.arcs_seen) options_.arcs_seen(current->target.size());
      if (ended) break;
      path.push_back({coarse.graph.vertices, std::move(coarse.vertex_of)});
      level = {level.level, options_.coarse_rounds, coarse.labels, coarse.labels, {}, outcome.quality};
      coarse_graph = std::move(coarse.graph);
      current = &coarse_graph;
    }
    for (; !path.empty(); path.pop_back()) outcome.labels = lead_back(comm, path.back(), outcome.labels);
    return outcome;
  }

  /// What the coarse vertices have, for the finer ones in them.
  static Labels lead_back(const Comm& comm, const Fine& fine, const Labels& values) {
    return ask(
        comm, fine.vertex_of, [&](std::uint32_t vertex) { return fine.vertices.owner(vertex); },
        [&, begin = fine.vertices.begin(comm.rank())](std::uint32_t vertex) {
          return values[vertex - begin];
        });
  }

  /// Local moving. Vertices that decide at the same time can lower quality together; then the level is
  /// repeated with more sub-rounds, and in the end left as it was. `inside` becomes that of the answer.
  /// `rest_moves`: as for move_locally.
  Partition move_up(const Comm& comm, const Graph& graph, const std::vector<Fine>& path, LevelState& level,
                    Inside& inside, Outcome& outcome, std::uint64_t rest_moves) const {
    constexpr std::uint32_t most_rounds = 1024;
    for (;;) {
      const PhaseClock clock(comm, options_);
      const Effort before = level.moving.effort;
      Partition communities(comm, graph, level.labels);
      if (!level.start_quality) {
        const bool at_start = !comm.any(level.labels != level.start);
        level.start_quality =
            at_start ? partition_quality(comm, graph, quality_, communities, inside_of(graph, communities))
                     : labels_quality(comm, graph, quality_, level.start);
      }
      const SubRounds rounds(graph, seed_, level.level, level.sub_rounds);
      move_locally(comm, graph, quality_, rounds, {options_.most_iterations, rest_moves}, communities,
                   level.moving, [&] { offer_state(comm, path, level, communities); });
      inside = inside_of(graph, communities);
      outcome.quality = partition_quality(comm, graph, quality_, communities, inside);
      clock.finish("moving", pass_, level.level, graph, effort_since(before, level.moving.effort));
      if (outcome.quality >= *level.start_quality) return communities;
      level.labels = level.start;
      level.moving = {};
      if (level.sub_rounds >= most_rounds) {
        Partition as_it_was(comm, graph, level.start);
        inside = inside_of(graph, as_it_was);
        outcome.quality = *level.start_quality;
        return as_it_was;
      }
      level.sub_rounds *= 4;
    }
  }

  void offer_state(const Comm& comm, const std::vector<Fine>& path, const LevelState& level,
                   const Partition& communities) const {
    if (!options_.between || !capture_) return;
    options_.between([&] {
      LeidenState state;
      put_level(level, communities.own_labels(), state);
      state.pass = pass_;
      for (auto fine = path.rbegin(); fine != path.rend(); ++fine) {
        state.inside = fine == path.rbegin() ? fine->vertex_of : lead_back(comm, *fine, state.inside);
      }
      return capture_(std::move(state));
    });
  }

  /// One level. Returns true when there is nothing to coarsen; then the outcome's labels are the level's
  /// answer, otherwise `coarse` is the next level.
  bool step(const Comm& comm, const Graph& graph, const std::vector<Fine>& path, LevelState& level,
            Coarse& coarse, Outcome& outcome) const {
    Inside inside;
    const Partition communities = move_up(comm, graph, path, level, inside, outcome, moves_at_rest(graph));
    if (all_alone(comm, graph, communities)) {
      outcome.labels = communities.own_labels();
      return true;
    }
    const PhaseClock refinement(comm, options_);
    const SubRounds rounds(graph, mix(seed_, 1, 0, 0), level.level, level.sub_rounds);
    const Partition parts = refine(comm, graph, quality_, rounds, communities, std::move(inside));
    refinement.finish("refinement", pass_, level.level, graph);
    if (all_alone(comm, graph, parts)) {
      outcome.labels = split_into_components(comm, graph, communities);
      return true;
    }
    const PhaseClock coarsening(comm, options_);
    coarse = coarsen(comm, graph, parts, communities);
    coarsening.finish("coarsening", pass_, level.level, graph);
    return false;
  }

  /// Every rank does the same on the whole graph and keeps its own part of the answer.
  Outcome climb_alone(const Comm& comm, const Graph& graph, const LevelState& level) const {
    const LevelState whole{level.level,
                           level.sub_rounds,
                           comm.gather_all(level.start),
                           comm.gather_all(level.labels),
                           {level.moving.effort, comm.gather_all(level.moving.active)},
                           level.start_quality};
    const Pass alone(quality_, options_, pass_, {});
    auto outcome = alone.climb(Comm::self(), gather_graph(comm, graph), whole, {});
    const auto first = outcome.labels.begin() + graph.own_begin;
    outcome.labels = Labels(first, first + graph.own);
    return outcome;
  }

  const Quality& quality_;
  const LeidenOptions& options_;
  Capture capture_;
  std::uint32_t pass_;
  std::uint64_t seed_;
};

/// Moves single vertices until none wants to, and splits what is not connected; then names communities by
/// their smallest vertices. Does nothing and returns false where more than `most_moves` vertices want to
/// move: such a partition is worth another pass.
bool come_to_rest(const Comm& comm, const Graph& graph, const Quality& quality, const LeidenOptions& options,
                  std::uint32_t pass, std::uint64_t most_moves, Labels& labels) {
  for (bool by_largest = false;; most_moves = graph.size()) {
    const PhaseClock clock(comm, options);
    Partition communities(comm, graph, labels);
    Effort effort;
    const bool at_rest = settle(comm, graph, quality, most_moves, communities, effort);
    if (!at_rest) {
      clock.finish("settling", pass, 0, graph, effort);
      return false;
    }
    labels = split_into_components(comm, graph, communities);
    std::uint64_t pieces = 0;
    std::uint64_t whole = 0;
    for (std::uint32_t v = 0; v < graph.own; ++v) {
      pieces += labels[v] == graph.id(v) ? 1 : 0;
      whole += communities.members(v) > 0 ? 1 : 0;
    }
    const bool in_pieces = comm.sum(pieces) > comm.sum(whole);
    clock.finish("settling", pass, 0, graph, effort);
    if (!in_pieces && !effort.held) return true;
    // A vertex is held by a community that bears its name: another name sets it free.
    by_largest = !by_largest;
    if (by_largest) labels = name_by_first(comm, graph.own_begin, labels, std::greater<>());
  }
}

/// The first iterations, in which the graph is in no order; then the graph ordered by community. `state`
/// stands where these end, and has the order.
Graph put_in_order(const Comm& comm, Graph graph, const Quality& quality, const LeidenOptions& options,
                   LeidenState& state) {
  const PhaseClock moving_clock(comm, options);
  Partition communities(comm, graph, redistribute(comm, state.labels, graph.vertices));
  const Effort before = state.effort;
  const SubRounds rounds(graph, mix(options.seed, 0, 0, 0), 0, options.first_rounds);
  const auto offer = [&] {
    if (!options.between) return;
    options.between([&] {
      LeidenState now;
      now.effort = state.effort;
      now.labels = communities.own_labels();
      return now;
    });
  };
  move_all(comm, graph, quality, rounds, {options.iterations_before_order, moves_at_rest(graph)}, communities,
           state.effort, offer);
  moving_clock.finish("moving", 0, 0, graph, effort_since(before, state.effort));

  const PhaseClock order_clock(comm, options);
  Coarse ordered = order_by_community(comm, graph, communities);
  state.order = std::move(ordered.vertex_of);
  state.start = ordered.graph.own_ids();
  state.labels = std::move(ordered.labels);
  state.sub_rounds = options.first_rounds;
  order_clock.finish("ordering", 0, 0, graph);
  return std::move(ordered.graph);
}

}  // namespace

Wide total_quality(const Comm& comm, const Graph& graph, const Quality& quality, const Labels& own_labels) {
  return labels_quality(comm, graph, quality, own_labels);
}

std::vector<std::uint32_t> find_communities(const Comm& comm, Graph graph, const Quality& quality,
                                            const LeidenOptions& options) {
  const Ranges vertices = graph.vertices;
  const auto begin = static_cast<std::uint32_t>(vertices.begin(comm.rank()));
  LeidenState state = options.state.value_or(LeidenState{});
  if (!options.state) state.labels = graph.own_ids();
  if (comm.sum(state.order.size()) == 0) {
    graph = put_in_order(comm, std::move(graph), quality, options, state);
  } else {
    state.order = redistribute(comm, std::move(state.order), vertices);
    graph = contract(comm, graph, state.order);
  }
  const Labels order = std::move(state.order);
  Labels labels;
  for (bool at_rest = false; !at_rest;) {
    const Pass pass(quality, options, state.pass, [&](LeidenState level) {
      level.order = order;
      return level;
    });
    labels = name_by_first(comm, graph.own_begin, pass.improve(comm, graph, state).labels, std::less<>());
    const bool last = state.pass + 1 >= options.passes;
    if (last) labels = Pass(quality, options, state.pass, {}).polish(comm, graph, labels);
    at_rest = come_to_rest(comm, graph, quality, options, state.pass,
                           last ? graph.size() : graph.size() / 1000, labels);
    const std::uint32_t next = state.pass + 1;
    state = {};
    state.pass = next;
    state.sub_rounds = options.first_rounds;
    state.start = state.labels = labels;
  }
  const auto found = ask(
      comm, order, [&](std::uint32_t vertex) { return graph.vertices.owner(vertex); },
      [&](std::uint32_t vertex) { return labels[vertex - graph.own_begin]; });
  return name_by_first(comm, begin, found, std::less<>());
}

}  // namespace lockstep
