#include "src/communities/refinement.hpp"

#include <algorithm>
#include <ranges>
#include <span>
#include <utility>

#include "src/communities/look_ahead.hpp"
#include "src/communities/neighbour_weights.hpp"

namespace lockstep {

namespace {

/// Finds the ghosts that have a neighbour in their community here: nothing else matters for its parts.
class ScopeFinder {
 public:
  explicit ScopeFinder(const Graph& graph) : graph_(graph), on_rank_(graph.vertices.first.size(), 0) {
    if (graph.ghosts.empty()) return;
    ghosts_.resize(graph.ghosts.size(), 0);
    first_.reserve(std::size_t{graph.own} + 1);
  }
  /// An own vertex has this ghost as a neighbour in its community.
  void meet(std::uint32_t ghost) {
    ghosts_[ghost - graph_.own] = 1;
    on_rank_[static_cast<std::size_t>(graph_.ghost_owner(ghost))] = 1;
    any_ = true;
  }
  /// After all of an own vertex's were met; for each vertex in turn.
  void finish(std::uint32_t v) {
    if (ghosts_.empty()) return;
    if (std::exchange(any_, false)) {
      for (const auto& mirror : graph_.mirrors.of(v)) {
        if (std::exchange(on_rank_[static_cast<std::size_t>(mirror.rank)], 0) != 0)
          mirrors_.push_back(mirror);
      }
    }
    first_.push_back(mirrors_.size());
  }
  Scope scope() && { return {{std::move(first_), std::move(mirrors_)}, std::move(ghosts_)}; }

 private:
  const Graph& graph_;
  std::vector<std::uint8_t> ghosts_;
  std::vector<std::uint64_t> first_{0};
  std::vector<Mirrors::Mirror> mirrors_;
  bool any_ = false;                   ///< whether the vertex in turn has met any
  std::vector<std::uint8_t> on_rank_;  ///< by rank: whether it is a ghost in the scope there
};

class Refinement {
 public:
  Refinement(const Comm& comm, const Graph& graph, const Quality& quality, const SubRounds& rounds,
             const Partition& communities, Inside inside)
      : comm_(comm),
        graph_(graph),
        quality_(quality),
        rounds_(rounds),
        communities_(communities),
        cuts_(std::move(inside.weights)),
        parts_(comm, graph, cuts_, std::move(inside.scope)),
        moves_now_(graph.slots(), 0) {}

  Partition run() {
    for (std::uint32_t round = 0; round < rounds_.count(); ++round) sub_round(round);
    return std::move(parts_);
  }

 private:
  /// Leiden's condition for something of `mass` with weight `cut` to the rest of a community.
  bool well_connected(std::int64_t cut, std::uint64_t mass, std::uint64_t community_mass) const {
    return quality_.gain(static_cast<std::uint64_t>(cut), mass, community_mass - mass) >= 0;
  }

  bool may_move(std::uint32_t v) const {
    return parts_.place(v) == v && parts_.members(v) == 1 &&
           well_connected(static_cast<std::int64_t>(cuts_[v]), graph_.mass[v],
                          communities_.mass(communities_.place(v)));
  }

  void sub_round(std::uint32_t round) {
    std::vector<Partition::Move> moves;
    std::vector<std::uint64_t> weights_to;  // of each mover to its new part
    visit_ahead(
        graph_, rounds_.members(round),
        [&](std::uint32_t slot) {
          communities_.prefetch_place(slot);
          parts_.prefetch_place(slot);
        },
        [&](std::uint32_t v) {
          parts_.prefetch_totals(v);
          communities_.prefetch_mass(communities_.place(v));
          prefetch(&cuts_[v]);
          graph_.mass.prefetch(v);
        },
        [&](std::uint32_t v) {
          if (!may_move(v)) return;
          const std::uint32_t to = best_part(v);
          if (to == v) return;
          moves.push_back({v, to});
          weights_to.push_back(weights_.weight(to));
        });
    if (!comm_.any(!moves.empty())) return;
    const auto ghosts = parts_.tell(comm_, moves).ghosts;
    parts_.apply(moves);
    parts_.apply(ghosts);
    arriving_.resize(parts_.places(), 0);
    const auto mark = [&](std::uint8_t now, std::uint32_t one) {
      for (const auto& some :
           {std::span<const Partition::Move>(moves), std::span<const Partition::Move>(ghosts)}) {
        for (const auto& [slot, to] : some) {
          moves_now_[slot] = now;
          arriving_[to] += one;
        }
      }
    };
    mark(1, 1);
    const auto changes = deltas(moves, weights_to);
    mark(0, UINT32_MAX);
    parts_.add_up(comm_, changes);
  }

  std::uint32_t best_part(std::uint32_t v) {
    const std::uint32_t community = communities_.place(v);
    const std::uint64_t end = graph_.first[v + 1];
    weights_.clear(end - graph_.first[v]);
    for (std::uint64_t a = graph_.first[v]; a < end; ++a) {
      const std::uint32_t slot = graph_.target[a];
      if (communities_.place(slot) == community) weights_.add(parts_.place(slot), graph_.weight[a], slot);
    }
    const std::uint64_t community_mass = communities_.mass(community);
    std::uint32_t best = v;
    Wide best_gain = 0;
    const auto consider = [&](const NeighbourWeights::Entry& entry) {
      const auto& [place, witness, weight] = entry;
      if (quality_.most_gain(weight) < best_gain) return;
      const Wide gain = quality_.gain(weight, graph_.mass[v], parts_.mass(place));
      const bool wins = gain > best_gain || (gain == best_gain && best != v && parts_.precedes(place, best));
      if (!wins || (parts_.members(place) == 1 && rounds_.of(witness) == rounds_.of(v)) ||
          !well_connected(parts_.cut(place), parts_.mass(place), community_mass)) {
        return;
      }
      best = place;
      best_gain = gain;
    };
    weights_.heaviest_first([&](std::uint32_t place) { parts_.prefetch_mass(place); }, consider);
    return best;
  }

  /// A part's cut grows by the newcomer's weight to the outside and shrinks by its weight to the inside;
  /// between two newcomers each of the two sees the weight once.
  std::vector<Partition::Delta> deltas(const std::vector<Partition::Move>& moves,
                                       const std::vector<std::uint64_t>& weights_to) const {
    std::vector<Partition::Delta> deltas;
    deltas.reserve(2 * moves.size());
    for (std::size_t i = 0; i < moves.size(); ++i) {
      const auto& [v, to] = moves[i];
      const auto mass = static_cast<std::int64_t>(graph_.mass[v]);
      auto cut = static_cast<std::int64_t>(cuts_[v]);
      deltas.push_back({v, -mass, -cut, -1});
      cut -= 2 * static_cast<std::int64_t>(weights_to[i]);
      if (arriving_[to] > 1) cut -= static_cast<std::int64_t>(weight_to_newcomers(v, to));
      deltas.push_back({to, mass, cut, 1});
    }
    return deltas;
  }

  std::uint64_t weight_to_newcomers(std::uint32_t v, std::uint32_t part) const {
    std::uint64_t weight = 0;
    for (std::uint64_t a = graph_.first[v]; a < graph_.first[v + 1]; ++a) {
      const std::uint32_t slot = graph_.target[a];
      if (moves_now_[slot] != 0 && parts_.place(slot) == part) weight += graph_.weight[a];
    }
    return weight;
  }

  const Comm& comm_;
  const Graph& graph_;
  const Quality& quality_;
  const SubRounds& rounds_;
  const Partition& communities_;
  std::vector<std::uint64_t> cuts_;  ///< by own vertex
  Partition parts_;
  std::vector<std::uint8_t> moves_now_;  ///< by slot: whether it moves in this sub-round
  std::vector<std::uint32_t>
      arriving_;  ///< by place: vertices that move there in this sub-round, as far as seen here
  NeighbourWeights weights_;
};

}  // namespace

Inside inside_of(const Graph& graph, const Partition& communities) {
  std::vector<std::uint64_t> weights(graph.own, 0);
  ScopeFinder scope(graph);
  visit_ahead(
      graph, std::views::iota(0U, graph.own), [&](std::uint32_t slot) { communities.prefetch_place(slot); },
      [&](std::uint32_t v) {
        const std::uint32_t home = communities.place(v);
        for (std::uint64_t a = graph.first[v]; a < graph.first[v + 1]; ++a) {
          const std::uint32_t slot = graph.target[a];
          if (communities.place(slot) != home) continue;
          weights[v] += graph.weight[a];
          if (slot >= graph.own) scope.meet(slot);
        }
        scope.finish(v);
      });
  return {std::move(weights), std::move(scope).scope()};
}

Partition refine(const Comm& comm, const Graph& graph, const Quality& quality, const SubRounds& rounds,
                 const Partition& communities, Inside inside) {
  return Refinement(comm, graph, quality, rounds, communities, std::move(inside)).run();
}

}  // namespace lockstep
