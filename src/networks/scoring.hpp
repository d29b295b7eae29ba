#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cluster/comm.hpp"
#include "src/communities/coordination_graph.hpp"
#include "src/networks/evidence.hpp"
#include "src/networks/networks.hpp"
#include "src/networks/synchrony.hpp"

namespace lockstep {

/// A log with all that the sweep wants beside it.
struct SweptLog {
  HaloLog log;  ///< the whole log, its halo reaching over whole intervals
  std::vector<ObjectClock> clocks;
};

/// Collective.
SweptLog prepare_sweep(const Comm& comm, std::vector<Action> log, const ObjectClocks& clocks,
                       std::span<const ChannelRule> channels, std::span<const NullModel> models);

/// Counts of all accounts together: how well the null model describes a log (calibration). The same on every
/// rank. Collective.
ClassCounts calibrate(const Comm& comm, const SweptLog& swept, std::span<const ChannelRule> channels,
                      std::span<const NullModel> models);

/// The sweep's rows of the listed networks, each on the rank number % size that keeps the network, by
/// (network, object, class). `networks`: number of each action's network in the list, from 1. Collective.
std::vector<SweepRow> sweep_networks(const Comm& comm, const SweptLog& swept,
                                     std::span<const std::uint32_t> networks,
                                     std::span<const ChannelRule> channels,
                                     std::span<const NullModel> models);

/// Counts of each of `count` networks, the same on every rank. Collective.
std::vector<ClassCounts> sum_by_network(const Comm& comm, std::span<const SweepRow> rows, std::size_t count,
                                        std::size_t channels);

/// Λ of each network. Local.
std::vector<double> scores_of(std::span<const ClassCounts> counts, std::span<const NullModel> models);

/// q of each network: of all networks with Λ at least as large, the share that are surrogates' (per replica);
/// or the share at a smaller Λ, where that is smaller, so that more evidence never has a larger q. 1 where Λ
/// is 0. Local.
std::vector<double> q_values(std::span<const double> scores, std::vector<double> decoys,
                             std::uint32_t replicas);

/// Places by Λ descending among networks with q ≤ 0.05, then the rest likewise; ties by name. Local.
std::vector<std::size_t> order_by_score(const Networks& networks, std::span<const double> scores,
                                        std::span<const double> q_values);

}  // namespace lockstep
