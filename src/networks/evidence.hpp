#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "cluster/comm.hpp"
#include "src/communities/coordination_graph.hpp"
#include "src/log/halo.hpp"
#include "src/networks/networks.hpp"

namespace lockstep {

/// An object on which members of a network acted together: within Δ of another member.
struct Evidence {
  std::uint32_t network;  ///< rank
  std::uint32_t place;    ///< 0, 1, …: by accounts, then actions, descending, then object
  std::uint64_t object;
  std::uint64_t accounts;  ///< members with a co-action with another member
  std::uint64_t actions;   ///< their actions that are part of one
  std::uint32_t first_time;
  std::uint32_t last_time;
  auto operator<=>(const Evidence&) const = default;
};

/// An action of a member of a network.
struct MemberAction {
  std::uint32_t network;
  Action action;
  auto operator<=>(const MemberAction&) const = default;
};

/// The rank that gathers what is known of a network.
inline int keeper(const Comm& comm, std::uint32_t network) {
  return static_cast<int>(network % static_cast<std::uint32_t>(comm.size()));
}

/// The network of every action of a log: its account's, 0 for none. `network_of_vertex`: by own vertex.
/// Collective.
std::vector<std::uint32_t> label_actions(const Comm& comm, std::span<const Action> log,
                                         const CoordinationGraph& graph,
                                         std::span<const std::uint32_t> network_of_vertex);

/// Calls take(position, lag) for the own actions of a log that lie within Δ of an action on the same object
/// by another member of the same network; lag is that to the nearest one. `networks`: the network of each
/// action of the log, 0 for none. In the order of (object, network, time). Local.
void for_each_member_co_action(const HaloLog& log, std::span<const std::uint32_t> networks,
                               std::span<const ChannelRule> channels,
                               const std::function<void(std::size_t, std::uint32_t)>& take);

/// These actions. Local.
std::vector<MemberAction> find_member_co_actions(const HaloLog& log, std::span<const std::uint32_t> networks,
                                                 std::span<const ChannelRule> channels);

/// Evidence of sorted member actions: at most `objects` objects per network. Local.
std::vector<Evidence> sum_up_evidence(std::span<const MemberAction> actions, std::uint32_t objects);

/// The objects that show each network best, at most `objects` per network; by (network, place) over all ranks
/// in rank order. One sweep over the log; sends an action at most once. Collective.
std::vector<Evidence> collect_evidence(const Comm& comm, const HaloLog& log,
                                       const std::vector<ChannelRule>& channels,
                                       const CoordinationGraph& graph, const Networks& networks,
                                       std::uint32_t objects);

}  // namespace lockstep
