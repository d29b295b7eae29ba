#include "src/communities/local_moving.hpp"

#include <algorithm>
#include <utility>

#include <boost/sort/spreadsort/integer_sort.hpp>
#include <tsl/robin_map.h>

#include "cluster/exchange.hpp"
#include "src/communities/look_ahead.hpp"

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
  const auto wins = [&](std::uint32_t place, Wide gain) {
    return gain > best_gain || (gain == best_gain && best != home && partition.precedes(place, best));
  };
  const auto consider = [&](const NeighbourWeights::Entry& entry) {
    const auto& [place, witness, weight] = entry;
    // Most communities are out of the question whatever their mass, which lies anywhere in memory.
    if (place == home || quality.most_gain(weight) < best_gain) return;
    const Wide gain = quality.gain(weight, mass, partition.mass(place));
    if (!wins(place, gain)) return;
    if (alone && partition.precedes(home, place) && partition.members(place) == 1 &&
        rounds.of(witness) == rounds.of(vertex)) {
      return;
    }
    best_gain = gain;
    best = place;
  };
  weights.heaviest_first([&](std::uint32_t place) { partition.prefetch_mass(place); }, consider);
  // By itself again, under its own label.
  return !alone && partition.members(vertex) == 0 && wins(vertex, 0) ? vertex : best;
}

namespace {

class LocalMoving {
 public:
  /// `active`: by own vertex, whether it is to decide; empty where all are. Without it every vertex decides
  /// in every iteration.
  LocalMoving(const Comm& comm, const Graph& graph, const Quality& quality, const SubRounds& rounds,
              Partition& partition, std::vector<std::uint8_t>* active)
      : comm_(comm),
        graph_(graph),
        quality_(quality),
        rounds_(rounds),
        partition_(partition),
        active_(active) {
    if (active_ == nullptr) return;
    active_->resize(graph.own, 1);
    is_woken_.resize(graph.ghosts.size(), 0);
  }

  /// One iteration over the vertices that are to decide; returns how many moved, over all ranks. A vertex
  /// that is woken before its sub-round decides in this iteration, otherwise in the next.
  std::uint64_t iterate() {
    std::uint64_t moved = 0;
    for (std::uint32_t round = 0; round < rounds_.count(); ++round) {
      deciding_.clear();
      for (const std::uint32_t v : rounds_.members(round)) {
        if (is_to_decide(v)) deciding_.push_back(v);
      }
      if (!comm_.any(!deciding_.empty())) continue;
      decide(true);
      move();
      moved += moves_.size();
      ++sub_rounds_;
    }
    return comm_.sum(moved);
  }
  std::uint32_t sub_rounds() const { return sub_rounds_; }

  /// All active vertices decide. Returns how many want to move, over all ranks.
  std::uint64_t decide_apart() {
    deciding_.clear();
    for (std::uint32_t v = 0; v < graph_.own; ++v) {
      if (is_to_decide(v)) deciding_.push_back(v);
    }
    decide(false);
    return comm_.sum(moves_.size());
  }
  /// Of those that want to move, those go that no other one can disturb. Quality rises by the exact sum of
  /// their gains. Returns how many moved, over all ranks.
  std::uint64_t move_apart() {
    keep_undisturbed();
    for (const auto& [v, to] : moves_) wake_neighbours(v, to);
    move();
    return comm_.sum(moves_.size());
  }
  void wake_all() {
    std::fill(active_->begin(), active_->end(), std::uint8_t{1});
    held_ = false;
  }
  bool held() const { return comm_.any(held_); }

 private:
  /// Asked once: a vertex that decides is no longer active.
  bool is_to_decide(std::uint32_t v) {
    return active_ == nullptr || std::exchange((*active_)[v], std::uint8_t{0}) != 0;
  }

  /// Finds the `moves_` of the deciding vertices. `all_go`: nothing will keep them.
  void decide(bool all_go) {
    moves_.clear();
    visit_ahead(
        graph_, deciding_, [&](std::uint32_t slot) { partition_.prefetch_place(slot); },
        [&](std::uint32_t v) {
          partition_.prefetch_totals(partition_.place(v));
          graph_.mass.prefetch(v);
        },
        [&](std::uint32_t v) {
          const std::uint32_t to = best_place(graph_, partition_, quality_, rounds_, v, weights_);
          if (to != partition_.place(v)) {
            moves_.push_back({v, to});
            if (all_go) wake_neighbours(v, to);  // now, while they are at hand
          } else {
            held_ = held_ || is_held(v);
          }
        });
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
      (*active_)[moves_[i].slot] = undisturbed ? 0 : 1;
    }
    moves_ = std::move(kept);
  }

  void move() {
    boost::sort::spreadsort::integer_sort(woken_ghosts_.begin(), woken_ghosts_.end());
    const auto news = partition_.tell(comm_, moves_, woken_ghosts_);
    for (const std::uint32_t slot : woken_ghosts_) is_woken_[slot - graph_.own] = 0;
    woken_ghosts_.clear();
    for (const std::uint32_t v : news.woken) (*active_)[v] = 1;
    partition_.move(comm_, moves_, news);
  }

  /// A neighbour of a vertex that moves to another community than its own may want to follow. Communities are
  /// those before the sub-round's moves, for own vertices as for ghosts.
  void wake_neighbours(std::uint32_t v, std::uint32_t to) {
    if (active_ == nullptr) return;
    for (std::uint64_t a = graph_.first[v]; a < graph_.first[v + 1]; ++a) {
      const std::uint32_t slot = graph_.target[a];
      if (partition_.place(slot) == to) continue;
      if (slot < graph_.own) {
        (*active_)[slot] = 1;
      } else if (std::exchange(is_woken_[slot - graph_.own], std::uint8_t{1}) == 0) {
        woken_ghosts_.push_back(slot);
      }
    }
  }

  const Comm& comm_;
  const Graph& graph_;
  const Quality& quality_;
  const SubRounds& rounds_;
  Partition& partition_;
  NeighbourWeights weights_;
  std::vector<std::uint8_t>* active_;
  bool held_ = false;
  // Of a sub-round; kept for their memory.
  std::vector<std::uint32_t> deciding_;
  std::vector<Partition::Move> moves_;
  std::vector<std::uint32_t> woken_ghosts_;  ///< slots
  std::vector<std::uint8_t> is_woken_;       ///< by ghost
  std::uint32_t sub_rounds_ = 0;
};

/// Iterates from where `effort` stands; as move_locally.
bool go_on(LocalMoving& level, const MovingEnd& end, Effort& effort, const std::function<void()>& between) {
  const std::uint32_t sub_rounds = effort.sub_rounds;
  while (true) {
    const std::uint64_t moved = level.iterate();
    ++effort.iterations;
    effort.moves += moved;
    effort.sub_rounds = sub_rounds + level.sub_rounds();
    if (moved <= end.rest_moves) return true;
    if (effort.iterations >= end.most_iterations) return false;
    if (between) between();
  }
}

}  // namespace

void move_all(const Comm& comm, const Graph& graph, const Quality& quality, const SubRounds& rounds,
              const MovingEnd& end, Partition& partition, Effort& effort,
              const std::function<void()>& between) {
  LocalMoving level(comm, graph, quality, rounds, partition, nullptr);
  go_on(level, end, effort, between);
}

bool move_locally(const Comm& comm, const Graph& graph, const Quality& quality, const SubRounds& rounds,
                  const MovingEnd& end, Partition& partition, Moving& moving,
                  const std::function<void()>& between) {
  LocalMoving level(comm, graph, quality, rounds, partition, &moving.active);
  return go_on(level, end, moving.effort, between);
}

bool settle(const Comm& comm, const Graph& graph, const Quality& quality, std::uint64_t most_wanting,
            Partition& partition, Effort& effort) {
  const SubRounds all_at_once(graph, 0, 0, 1);
  std::vector<std::uint8_t> active;
  LocalMoving moving(comm, graph, quality, all_at_once, partition, &active);
  // Moves change communities' masses, which may concern vertices that nobody woke: the last look is at all.
  for (bool at_rest = false; !at_rest; ++effort.iterations) {
    at_rest = true;
    moving.wake_all();
    while (const std::uint64_t wanting = moving.decide_apart()) {
      if (effort.sub_rounds == 0 && wanting > most_wanting) return false;
      effort.moves += moving.move_apart();
      ++effort.sub_rounds;
      at_rest = false;
    }
  }
  effort.held = moving.held();
  return true;
}

}  // namespace lockstep
