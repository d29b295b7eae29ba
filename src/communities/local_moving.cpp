#include "src/communities/local_moving.hpp"

#include <algorithm>

namespace lockstep {

std::uint32_t best_place(const Graph& graph, const Partition& partition, const Quality& quality,
                         const SubRounds& rounds, std::uint32_t vertex, NeighbourWeights& weights) {
  const std::uint64_t end = graph.first[vertex + 1];
  weights.clear(end - graph.first[vertex]);
  for (std::uint64_t a = graph.first[vertex]; a < end; ++a) {
    const std::uint32_t slot = graph.target[a];
    weights.add(partition.place(slot), graph.weight[a], slot);
  }
  const std::uint64_t mass = graph.mass[vertex];
  const std::uint32_t home = partition.place(vertex);
  const bool alone = partition.members(home) == 1;
  std::uint32_t best = home;
  Wide best_gain = quality.gain(weights.weight(home), mass, partition.mass(home) - mass);
  const auto consider = [&](std::uint32_t place, Wide gain) {
    if (gain > best_gain ||
        (gain == best_gain && best != home && partition.label(place) < partition.label(best))) {
      best_gain = gain;
      best = place;
    }
  };
  for (const auto& [place, witness, weight] : weights.entries()) {
    if (place == home) continue;
    if (alone && partition.members(place) == 1 && rounds.of(witness) == rounds.of(vertex) &&
        partition.label(place) > partition.label(home)) {
      continue;
    }
    consider(place, quality.gain(weight, mass, partition.mass(place)));
  }
  // By itself again, under its own label.
  if (!alone && partition.members(vertex) == 0) consider(vertex, 0);
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

  /// One iteration over the active vertices; returns how many moved, over all ranks. A vertex that is woken
  /// before its sub-round decides in this iteration, otherwise in the next.
  std::uint64_t iterate() {
    std::uint64_t moved = 0;
    for (std::uint32_t round = 0; round < rounds_.count(); ++round) {
      std::vector<std::uint32_t> vertices;
      for (const std::uint32_t v : rounds_.members(round)) {
        if (active_[v] == 0) continue;
        active_[v] = 0;
        vertices.push_back(v);
      }
      if (!comm_.any(!vertices.empty())) continue;
      moved += sub_round(vertices);
      ++sub_rounds_;
    }
    return comm_.sum(moved);
  }
  std::uint32_t sub_rounds() const { return sub_rounds_; }

 private:
  std::uint64_t sub_round(const std::vector<std::uint32_t>& vertices) {
    std::vector<Partition::Move> moves;
    std::vector<Partition::Delta> deltas;
    for (const std::uint32_t v : vertices) {
      const std::uint32_t from = partition_.place(v);
      const std::uint32_t to = best_place(graph_, partition_, quality_, rounds_, v, weights_);
      if (to == from) continue;
      const auto mass = static_cast<std::int64_t>(graph_.mass[v]);
      moves.push_back({v, to});
      deltas.push_back({from, -mass, 0, -1});
      deltas.push_back({to, mass, 0, 1});
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

  const Comm& comm_;
  const Graph& graph_;
  const Boundary& boundary_;
  const Quality& quality_;
  const SubRounds& rounds_;
  Partition& partition_;
  NeighbourWeights weights_;
  std::vector<std::uint8_t> active_;  ///< by own vertex
  std::uint32_t sub_rounds_ = 0;
};

}  // namespace

Effort move_locally(const Comm& comm, const Graph& graph, const Boundary& boundary, const Quality& quality,
                    const SubRounds& rounds, std::uint32_t most_iterations, Partition& partition) {
  LocalMoving moving(comm, graph, boundary, quality, rounds, partition);
  Effort effort;
  for (bool lively = true; lively && effort.iterations < most_iterations; ++effort.iterations) {
    const std::uint64_t moved = moving.iterate();
    effort.moves += moved;
    lively = moved * 1000 > graph.size();
  }
  effort.sub_rounds = moving.sub_rounds();
  return effort;
}

}  // namespace lockstep
