#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "src/communities/graph.hpp"
#include "src/communities/neighbour_weights.hpp"
#include "src/communities/partition.hpp"
#include "src/communities/quality.hpp"
#include "src/communities/sub_rounds.hpp"

namespace lockstep {

/// Where `vertex` does best: the place of the neighbouring community (or of its own label, where that
/// community is empty) with the largest gain, ties to the smaller label; its present place where nothing is
/// better. Of two vertices that are alone and decide in the same sub-round, only the one with the greater
/// label may join the other, or the two could change places for ever. The kernel of local moving; `weights`
/// is scratch. Local.
std::uint32_t best_place(const Graph& graph, const Partition& partition, const Quality& quality,
                         const SubRounds& rounds, std::uint32_t vertex, NeighbourWeights& weights);

/// What local moving has done; the same on all ranks.
struct Effort {
  std::uint32_t iterations = 0;
  std::uint32_t sub_rounds = 0;  ///< in which anybody was active
  std::uint64_t moves = 0;
  bool held = false;  ///< a vertex would rather be alone, but others use its label
};

/// So few moves in an iteration that another one is not worth its time: one vertex in 1,000.
inline std::uint64_t moves_at_rest(const Graph& graph) {
  return graph.size() / 1000;
}

/// When local moving ends.
struct MovingEnd {
  std::uint32_t most_iterations;  ///< counted from the level's start
  std::uint64_t rest_moves;       ///< at rest after an iteration with at most so many moves
};

/// Where local moving on a level stands between two iterations.
struct Moving {
  Effort effort;
  std::vector<std::uint8_t>
      active;  ///< by own vertex: whether it is to decide; empty at the start, when all are
};

/// The first iterations of local moving on a graph where nearly all vertices move: every vertex decides in
/// each of them, so that nobody need be told whom a move concerns. Goes on from `effort`, and ends and calls
/// `between` as move_locally. Collective.
void move_all(const Comm& comm, const Graph& graph, const Quality& quality, const SubRounds& rounds,
              const MovingEnd& end, Partition& partition, Effort& effort,
              const std::function<void()>& between);

/// Leiden's first phase: vertices move to the neighbouring community that raises quality most, sub-round by
/// sub-round; after that only neighbours of moved vertices are looked at again. Goes on from `moving`, which
/// after the end is where it stands; `between` is called when another iteration is to follow. Returns whether
/// the level is at rest. Collective.
bool move_locally(const Comm& comm, const Graph& graph, const Quality& quality, const SubRounds& rounds,
                  const MovingEnd& end, Partition& partition, Moving& moving,
                  const std::function<void()>& between = {});

/// Moves vertices until none would do better in a neighbouring community or alone. Only moves that cannot
/// disturb each other happen at once, so every one of them raises quality and the end is certain; meant for a
/// partition in which few vertices want to move. Where at the first look more than `most_wanting` do, it
/// returns false and leaves everything as it is. Collective.
bool settle(const Comm& comm, const Graph& graph, const Quality& quality, std::uint64_t most_wanting,
            Partition& partition, Effort& effort);

}  // namespace lockstep
