#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "cluster/comm.hpp"
#include "data/study/study.hpp"
#include "data/wide.hpp"
#include "src/communities/graph.hpp"
#include "src/communities/leiden_state.hpp"
#include "src/communities/local_moving.hpp"
#include "src/communities/quality.hpp"

namespace lockstep {

/// What one phase of the search did, on this rank.
struct Phase {
  const char* name;  ///< "moving", "ordering", "refinement", "coarsening", "settling"
  std::uint32_t pass;
  std::uint32_t level;
  std::uint64_t vertices;  ///< of the level's whole graph
  std::uint64_t arcs;      ///< on this rank
  Effort effort;
  double seconds;
  Traffic traffic;  ///< in this phase
};

/// How the search for communities proceeds. The result depends on the graph and on these, never on ranks.
struct LeidenOptions {
  std::uint64_t seed = 1;
  std::uint32_t passes = 3;          ///< at most so many whole Leiden iterations, each from the result before
  std::uint32_t first_rounds = 16;   ///< sub-rounds on the first level
  std::uint32_t coarse_rounds = 32;  ///< sub-rounds on later levels
  std::uint32_t most_iterations = 20;         ///< of local moving on one level
  std::uint32_t iterations_before_order = 2;  ///< of the first level: then the graph is ordered by community
  /// A graph with at most so many arcs is gathered and finished by every rank on its own, alike.
  std::uint64_t gather_arcs = std::uint64_t{1} << 20;
  /// Told this rank's arcs after each level, for progress.
  std::function<void(std::uint64_t)> arcs_seen;
  /// Told about each phase when it is over; must not communicate.
  std::function<void(const Phase&)> phase_done;
  /// Called between iterations of local moving, except on a gathered graph, with what makes the state at this
  /// point. On every rank; may communicate, and end the search by an exception.
  std::function<void(const std::function<LeidenState()>&)> between;
  /// To go on from, instead of the start.
  std::optional<LeidenState> state = std::nullopt;
};

/// Communities that maximise `quality` (METHOD §4) by the Leiden algorithm (Traag, Waltman, van Eck 2019) in
/// deterministic sub-rounds. Returns, by own vertex, the smallest vertex id in its community. Every community
/// is connected, and no vertex would do better in a neighbouring community or alone.
///
/// Vertices come in no order. After the first iterations the graph is ordered by the communities so far: each
/// community's vertices become neighbours in memory, and mostly of one rank. Collective.
std::vector<std::uint32_t> find_communities(const Comm& comm, Graph graph, const Quality& quality,
                                            const LeidenOptions& options);

/// Twice the quality of a partition given by own labels, exactly. Collective.
Wide total_quality(const Comm& comm, const Graph& graph, const Quality& quality,
                   const std::vector<std::uint32_t>& own_labels);

}  // namespace lockstep
