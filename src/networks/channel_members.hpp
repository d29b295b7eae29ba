#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/networks/networks.hpp"

namespace lockstep {

/// A network's members and edges in one channel. 48 bytes.
struct ChannelMembers {
  std::uint32_t network;  ///< rank
  std::uint32_t channel;
  std::uint32_t members = 0;              ///< accounts with an action in the channel
  std::uint32_t first_time = UINT32_MAX;  ///< ticks since the epoch: first action that is part of an edge
  std::uint32_t last_time = 0;
  std::uint32_t unused = 0;
  std::uint64_t edges = 0;          ///< pairs of members with an edge in the channel
  std::uint64_t followers_sum = 0;  ///< of these members
  std::uint64_t followers_max = 0;

  /// Share of the pairs of these members that have an edge in the channel.
  double density() const {
    return members > 1 ? 2.0 * static_cast<double>(edges) / (members * (members - 1.0)) : 0;
  }
};

/// Members of a network that act in a channel and have the same value of an attribute.
struct ChannelComposition {
  std::uint32_t channel;
  Composition counted;
};

struct MembersByChannel {
  std::vector<ChannelMembers> channels;         ///< by (network, channel); the same on every rank
  std::vector<ChannelComposition> composition;  ///< by network, channel, then as Composition; root only
};

/// Who of the ranked networks acts in which channel. `log`: the whole log; `labels`: rank of each action's
/// network. Channels where a network has no action have no row. Collective.
MembersByChannel describe_members(const Comm& comm, std::span<const Action> log,
                                  std::span<const std::uint32_t> labels,
                                  std::span<const ChannelRule> channels, const CoordinationGraph& graph,
                                  const VertexAccounts& accounts, const Networks& networks);

}  // namespace lockstep
