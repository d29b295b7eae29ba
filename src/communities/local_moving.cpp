#include "src/communities/local_moving.hpp"

#include <algorithm>

namespace lockstep {

std::uint32_t best_place(const Graph& graph, const Partition& partition, const Quality& quality,
                         const SubRounds& rounds, std::uint32_t vertex, NeighbourWeights& weights) {
  weights.clear();
  for (std::uint64_t a = graph.first[vertex]; a < graph.first[vertex + 1]; ++a) {
    const std::uint32_t slot = graph.target[a];
    weights.add(partition.place(slot), graph.weight[a], slot);
  }
  const std::uint64_t mass = graph.mass[vertex];
  const std::uint32_t home = partition.place(vertex);
  const bool alone = partition.totals(home).members == 1;
  std::uint32_t best = home;
  Wide best_gain = quality.gain(weights.weight(home), mass, partition.totals(home).mass - mass);
  const auto consider = [&](std::uint32_t place, Wide gain) {
    if (gain > best_gain ||
        (gain == best_gain && best != home && partition.label(place) < partition.label(best))) {
      best_gain = gain;
      best = place;
    }
  };
  for (const std::uint32_t place : weights.touched()) {
    if (place == home) continue;
    const Totals& totals = partition.totals(place);
    if (alone && totals.members == 1 && rounds.of(weights.witness(place)) == rounds.of(vertex) &&
        partition.label(place) > partition.label(home)) {
      continue;
    }
    consider(place, quality.gain(weights.weight(place), mass, totals.mass));
  }
  // By itself again, under its own label.
  if (!alone && partition.totals(vertex).members == 0) consider(vertex, 0);
  return best;
}

namespace {

class LocalMoving {
 public:
  LocalMoving(const Comm& comm, const Graph& graph, const Boundary& boundary, const Quality& quality,
              const SubRounds& rounds, Partition& partition)
      : comm_(comm),
        graph_(graph),
        boundary_(boundary),
        quality_(quality),
        rounds_(rounds),
        partition_(partition),
        active_(graph.own, 1) {}

  /// One iteration over the active vertices; returns how many moved, over all ranks.
  std::uint64_t iterate() {
    const auto dealt = rounds_.deal(active_);
    const auto counts = count_dealt(comm_, dealt);
    std::fill(active_.begin(), active_.end(), std::uint8_t{0});
    std::uint64_t moved = 0;
    for (std::uint32_t round = 0; round < rounds_.count(); ++round) {
      if (counts[round] > 0) moved += sub_round(dealt[round]);
    }
    return comm_.sum(moved);
  }

 private:
  std::uint64_t sub_round(const std::vector<std::uint32_t>& vertices) {
    partition_.refresh(comm_, places_seen(vertices));
    std::vector<Partition::Move> moves;
    std::vector<Partition::Delta> deltas;
    for (const std::uint32_t v : vertices) {
      const std::uint32_t from = partition_.place(v);
      const std::uint32_t to = best_place(graph_, partition_, quality_, rounds_, v, weights_);
      if (to == from) continue;
      const auto mass = static_cast<std::int64_t>(graph_.mass[v]);
      moves.push_back({v, to});
      deltas.push_back({partition_.label(from), -mass, 0, -1});
      deltas.push_back({partition_.label(to), mass, 0, 1});
    }
    const auto changed_ghosts = partition_.relabel(comm_, moves);
    partition_.add_up(comm_, std::move(deltas));
    for (const auto& [v, to] : moves) {
      for (std::uint64_t a = graph_.first[v]; a < graph_.first[v + 1]; ++a) wake(graph_.target[a], to);
    }
    for (const std::uint32_t ghost : changed_ghosts) {
      for (const std::uint32_t v : boundary_.neighbours_of(ghost - graph_.own))
        wake(v, partition_.place(ghost));
    }
    return moves.size();
  }

  /// A neighbour of a vertex that has moved to another community than its own may want to follow.
  void wake(std::uint32_t slot, std::uint32_t moved_to) {
    if (slot < graph_.own && partition_.place(slot) != moved_to) active_[slot] = 1;
  }

  std::vector<std::uint32_t> places_seen(const std::vector<std::uint32_t>& vertices) {
    std::vector<std::uint32_t> places;
    if (comm_.size() == 1) return places;
    for (const std::uint32_t v : vertices) {
      places.push_back(partition_.place(v));
      for (std::uint64_t a = graph_.first[v]; a < graph_.first[v + 1]; ++a) {
        places.push_back(partition_.place(graph_.target[a]));
      }
    }
    std::sort(places.begin(), places.end());
    places.erase(std::unique(places.begin(), places.end()), places.end());
    return places;
  }

  const Comm& comm_;
  const Graph& graph_;
  const Boundary& boundary_;
  const Quality& quality_;
  const SubRounds& rounds_;
  Partition& partition_;
  NeighbourWeights weights_;
  std::vector<std::uint8_t> active_;  ///< by own vertex
};

}  // namespace

void move_locally(const Comm& comm, const Graph& graph, const Boundary& boundary, const Quality& quality,
                  const SubRounds& rounds, std::uint32_t most_iterations, Partition& partition) {
  LocalMoving moving(comm, graph, boundary, quality, rounds, partition);
  for (std::uint32_t i = 0; i < most_iterations; ++i) {
    if (moving.iterate() * 1000 <= graph.size()) return;
  }
}

}  // namespace lockstep
