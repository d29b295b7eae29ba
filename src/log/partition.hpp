#pragma once

#include <functional>
#include <vector>

#include "cluster/comm.hpp"
#include "src/log/action.hpp"
#include "src/log/halo.hpp"

namespace lockstep {

/// What a log holds of one channel, over all ranks.
struct LogCounts {
  std::uint64_t actions = 0;
  std::uint64_t accounts = 0;
  std::uint64_t objects = 0;
  std::uint64_t windowed_pairs = 0;  ///< pairs of actions on one object at most Δ apart
};

/// The whole log sorted by (channel, object, time, account), in rank order. Rows and order do not depend on
/// the rank count. Collective.
std::vector<Action> sort_log(const Comm& comm, std::vector<Action> actions);

/// Lossless pruning, iterated to its fixpoint (METHOD §2): drops actions with no other account within Δ on
/// their object, then actions of accounts with fewer than min_shared surviving objects in the channel, and
/// so on. No pair with S ≥ min_shared loses an object. Tells this rank's actions of
/// each iteration to `actions_seen`. Takes the sorted log with its halo and returns it
/// sorted. Collective.
std::vector<Action> prune(const Comm& comm, HaloLog halo, const std::vector<ChannelRule>& channels,
                          const std::function<void(std::uint64_t)>& actions_seen = {});

/// The same rows, equally many on every rank. Collective.
std::vector<Action> balance(const Comm& comm, std::vector<Action> log);

/// Counts of a sorted log by channel; pairs from its windows, before any pair exists. Collective.
std::vector<LogCounts> count_log(const Comm& comm, const HaloLog& log,
                                 const std::vector<ChannelRule>& channels);

}  // namespace lockstep
