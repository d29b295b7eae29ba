#pragma once

#include <functional>
#include <vector>

#include "cluster/comm.hpp"
#include "cluster/ranges.hpp"
#include "src/log/halo.hpp"
#include "src/projection/edge.hpp"
#include "src/projection/rows.hpp"

namespace lockstep {

/// The candidate pairs, and how the work was shared.
struct Projection {
  std::vector<Edge> edges;            ///< by (source, target, channel), over all ranks in rank order
  Ranges accounts;                    ///< edges lie on the rank that owns their source
  std::uint64_t row_steps = 0;        ///< windowed pairs this rank's rows visit, both directions
  std::uint64_t segment_actions = 0;  ///< actions of window segments sent by this rank
  double seconds = 0;                 ///< this rank's time in the row kernel
};

/// What came of some blocks of accounts, the units of this work: their borders depend on the log alone.
struct ProjectedBlocks {
  std::vector<Edge> edges;            ///< this rank's, by (source, target, channel)
  std::vector<std::uint32_t> blocks;  ///< of all ranks
  std::size_t all_blocks = 0;         ///< that the accounts are cut into
};

/// How much of the log a rank holds beside its own piece while it computes rows, and what it need not
/// compute.
struct ProjectionOptions {
  /// Actions of window segments that a rank receives at a time; 0: four times its own piece of the log. At
  /// least one block of accounts is always taken. The result does not depend on it.
  std::uint64_t segment_budget = 0;
  /// By block: not to be computed, as its pairs are known. May be shorter.
  std::vector<bool> done = {};
  /// Given what came of a stretch of the work, on all ranks at once, about every `stretch_seconds`; `edges`
  /// of the result stays empty then. May be collective.
  std::function<void(ProjectedBlocks)> take = {};
  double stretch_seconds = 5;
  std::string stage = "project";  ///< as it is told to the user
};

/// All pairs with S ≥ min_shared (METHOD §2) of a sorted, pruned log. Accounts are cut into blocks of about
/// equal numbers of windowed pairs, which are known beforehand; blocks are dealt to ranks in order. Holders
/// of objects send each rank the union of the windows of its accounts, so an action travels at most once to
/// a rank and round. Collective.
Projection project(const Comm& comm, const HaloLog& log, const std::vector<ChannelRule>& channels,
                   std::uint64_t accounts, DayClock clock, const ProjectionOptions& options = {});

}  // namespace lockstep
