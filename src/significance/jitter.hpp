#pragma once

#include <span>
#include <vector>

#include "src/log/action.hpp"
#include "src/significance/null_model.hpp"
#include "src/significance/object_clocks.hpp"

namespace lockstep {

/// A surrogate of a sorted log: every action's time is drawn anew, uniformly over the slots of its interval
/// (METHOD §3). Draws are counter-based, keyed by (seed, replica, object, account, time, ordinal), where the
/// ordinal tells equal actions apart: the same on any rank, as long as equal actions are on one rank.
/// `clocks` are those of the log's objects. Not sorted. Local.
std::vector<Action> jitter(std::span<const Action> log, std::span<const ObjectClock> clocks,
                           std::span<const ChannelRule> channels, std::span<const NullModel> models,
                           std::uint64_t seed, std::uint32_t replica);

}  // namespace lockstep
