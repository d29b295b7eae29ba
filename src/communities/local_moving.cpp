#include "src/communities/local_moving.hpp"

#include <algorithm>

#include <tsl/robin_map.h>

#include "cluster/exchange.hpp"

namespace lockstep {

std::uint32_t best_place(const Graph& graph, const Partition& partition, const Quality& quality,
                         const SubRounds& rounds, std::uint32_t vertex, NeighbourWeights& weights) {
  const std::uint64_t end = graph.first[vertex + 1];
  weights.clear(end - graph.first[vertex]);
  for (std::uint64_t a = graph.first[vertex]; a < end; ++a) {
    const std::uint32_t slot = graph.target[a];
    const std::uint32_t place = partition.place(slot);
    partition.prefetch_mass(place);
    weights.add(place, graph.weight[a], slot);
  }
  const std::uint64_t mass = graph.mass[vertex];
  const std::uint32_t home = partition.place(vertex);
  const bool alone = partition.members(home) == 1;
  std::uint32_t best = home;
  Wide best_gain = quality.gain(weights.weight(home), mass, partition.mass(home) - mass);
  const auto wins = [&](std::uint32_t place, Wide gain) {
    return gain > best_gain ||
           (gain == best_gain && best != home && partition.label(place) < partition.label(best));
  };
  for (const auto& [place, witness, weight] : weights.entries()) {
    const Wide gain = quality.gain(weight, mass, partition.mass(place));
    if (place == home || !wins(place, gain)) continue;
    if (alone && partition.members(place) == 1 && rounds.of(witness) == rounds.of(vertex) &&
        partition.label(place) > partition.label(home)) {
      continue;
    }
    best_gain = gain;
    best = place;
  }
  // By itself again, under its own label.
  return !alone && partition.members(vertex) == 0 && wins(vertex, 0) ? vertex : best;
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
      deciding_.clear();
      for (const std::uint32_t v : rounds_.members(round)) {
        if (active_[v] == 0) continue;
        active_[v] = 0;
        deciding_.push_back(v);
      }
      if (!comm_.any(!deciding_.empty())) continue;
      moved += sub_round();
      ++sub_rounds_;
    }
    return comm_.sum(moved);
  }
  std::uint32_t sub_rounds() const { return sub_rounds_; }

  /// All active vertices decide; of those that want to move, those go that no other one can disturb. Quality
  /// rises by the exact sum of their gains. Returns how many moved, over all ranks.
  std::uint64_t iterate_apart() {
    deciding_.clear();
    for (std::uint32_t v = 0; v < graph_.own; ++v) {
      if (active_[v] != 0) deciding_.push_back(v);
      active_[v] = 0;
    }
    decide();
    keep_undisturbed();
    move();
    ++sub_rounds_;
    return comm_.sum(moves_.size());
  }
  void wake_all() {
    std::fill(active_.begin(), active_.end(), std::uint8_t{1});
    held_ = false;
  }
  bool held() const { return comm_.any(held_); }

 private:
  std::uint64_t sub_round() {
    decide();
    move();
    return moves_.size();
  }

  void decide() {
    moves_.clear();
    for (std::size_t i = 0; i < deciding_.size(); ++i) {
      if (i + 1 < deciding_.size()) prefetch(deciding_[i + 1]);
      const std::uint32_t v = deciding_[i];
      const std::uint32_t from = partition_.place(v);
      const std::uint32_t to = best_place(graph_, partition_, quality_, rounds_, v, weights_);
      if (to == from) {
        held_ = held_ || is_held(v);
        continue;
      }
      moves_.push_back({v, to});
    }
  }

  /// Whether a vertex that has just decided to stay would gain by being alone under a free label.
  bool is_held(std::uint32_t v) const {
    if (partition_.members(v) == 0) return false;
    const std::uint32_t home = partition_.place(v);
    const std::uint64_t mass = graph_.mass[v];
    return quality_.gain(weights_.weight(home), mass, partition_.mass(home) - mass) < 0;
  }

  /// Of the moves that touch a community only the one of the smallest vertex stays; the others remain active.
  void keep_undisturbed() {
    struct Claim {
      std::uint32_t label;
      std::uint32_t vertex;
    };
    std::vector<Claim> claims;
    for (const auto& [v, to] : moves_) {
      claims.push_back({partition_.label(partition_.place(v)), graph_.id(v)});
      claims.push_back({partition_.label(to), graph_.id(v)});
    }
    const auto grouped = group_by_rank(comm_, std::span<const Claim>(claims), [&](const Claim& claim) {
      return graph_.vertices.owner(claim.label);
    });
    const auto received = comm_.exchange(grouped.rows, grouped.counts);
    tsl::robin_map<std::uint32_t, std::uint32_t> smallest;  // by label
    for (const auto& [label, vertex] : received.rows) {
      const auto known = smallest.try_emplace(label, vertex).first;
      known.value() = std::min(known->second, vertex);
    }
    std::vector<std::uint8_t> replies;
    for (const auto& [label, vertex] : received.rows) replies.push_back(smallest[label] == vertex ? 1 : 0);
    const auto granted = comm_.exchange(replies, received.counts).rows;
    std::vector<Partition::Move> kept;
    for (std::size_t i = 0; i < moves_.size(); ++i) {
      const bool undisturbed = granted[grouped.position[2 * i]] + granted[grouped.position[2 * i + 1]] == 2;
      if (undisturbed) kept.push_back(moves_[i]);
      active_[moves_[i].vertex] = undisturbed ? 0 : 1;
    }
    moves_ = std::move(kept);
  }

  void move() {
    deltas_.clear();
    for (const auto& [v, to] : moves_) {
      const auto mass = static_cast<std::int64_t>(graph_.mass[v]);
      deltas_.push_back({partition_.place(v), -mass, 0, -1});
      deltas_.push_back({to, mass, 0, 1});
    }
    const auto changed_ghosts = partition_.relabel(comm_, moves_);
    partition_.add_up(comm_, deltas_);
    for (const auto& [v, to] : moves_) {
      for (std::uint64_t a = graph_.first[v]; a < graph_.first[v + 1]; ++a) wake(graph_.target[a], to);
    }
    for (const std::uint32_t ghost : changed_ghosts) {
      for (const std::uint32_t v : boundary_.neighbours_of(ghost - graph_.own))
        wake(v, partition_.place(ghost));
    }
  }

  void prefetch(std::uint32_t v) const {
    for (std::uint64_t a = graph_.first[v]; a < graph_.first[v + 1]; ++a) {
      partition_.prefetch_place(graph_.target[a]);
    }
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
  bool held_ = false;
  // Of a sub-round; kept for their memory.
  std::vector<std::uint32_t> deciding_;
  std::vector<Partition::Move> moves_;
  std::vector<Partition::Delta> deltas_;
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
    lively = !is_at_rest(moved, graph);
  }
  effort.sub_rounds = moving.sub_rounds();
  return effort;
}

Effort settle(const Comm& comm, const Graph& graph, const Boundary& boundary, const Quality& quality,
              Partition& partition) {
  const SubRounds all_at_once(graph, 0, 0, 1);
  LocalMoving moving(comm, graph, boundary, quality, all_at_once, partition);
  Effort effort;
  // Moves change communities' masses, which may concern vertices that nobody woke: the last look is at all.
  for (bool at_rest = false; !at_rest; ++effort.iterations) {
    at_rest = true;
    moving.wake_all();
    while (const std::uint64_t moved = moving.iterate_apart()) {
      effort.moves += moved;
      at_rest = false;
    }
  }
  effort.sub_rounds = moving.sub_rounds();
  effort.held = moving.held();
  return effort;
}

}  // namespace lockstep
