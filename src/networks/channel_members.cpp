#include "src/networks/channel_members.hpp"

#include <algorithm>
#include <tuple>

#include <tsl/robin_set.h>

#include "cluster/exchange.hpp"
#include "src/log/prune.hpp"
#include "src/networks/evidence.hpp"

namespace lockstep {

namespace {

auto key(const ChannelMembers& row) {
  return std::tie(row.network, row.channel);
}

void merge(ChannelMembers& into, const ChannelMembers& from) {
  into.members += from.members;
  into.first_time = std::min(into.first_time, from.first_time);
  into.last_time = std::max(into.last_time, from.last_time);
  into.edges += from.edges;
  into.followers_sum += from.followers_sum;
  into.followers_max = std::max(into.followers_max, from.followers_max);
}

/// One row for each network and channel, in their order.
std::vector<ChannelMembers> merged(std::vector<ChannelMembers> rows) {
  std::sort(rows.begin(), rows.end(), [](auto& a, auto& b) { return key(a) < key(b); });
  std::vector<ChannelMembers> sums;
  for (const ChannelMembers& row : rows) {
    if (!sums.empty() && key(sums.back()) == key(row)) {
      merge(sums.back(), row);
    } else {
      sums.push_back(row);
    }
  }
  return sums;
}

/// Which members act in which channel, each on the rank that owns the account.
std::vector<AccountInChannel> active_members(const Comm& comm, std::span<const Action> log,
                                             std::span<const std::uint32_t> labels,
                                             std::span<const ChannelRule> channels,
                                             const CoordinationGraph& graph) {
  tsl::robin_set<std::uint64_t> met;  // channel and account: a member acts in a channel over and over
  std::uint64_t c = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    while (log[i].object >= channels[c].end_object) ++c;
    if (labels[i] != 0) met.insert(c << 32 | log[i].account);
  }
  std::vector<AccountInChannel> found;
  for (const std::uint64_t packed : met) {
    found.push_back({static_cast<std::uint32_t>(packed >> 32), static_cast<std::uint32_t>(packed)});
  }
  auto active = send_to(comm, found, [&](const AccountInChannel& one) {
                  return graph.accounts.owner(one.account);
                }).rows;
  std::sort(active.begin(), active.end());
  active.erase(std::unique(active.begin(), active.end()), active.end());
  return active;
}

}  // namespace

MembersByChannel describe_members(const Comm& comm, std::span<const Action> log,
                                  std::span<const std::uint32_t> labels,
                                  std::span<const ChannelRule> channels, const CoordinationGraph& graph,
                                  const VertexAccounts& accounts, const Networks& networks) {
  std::vector<ChannelMembers> rows;
  std::vector<GroupMember> groups;  // a group is a network in a channel
  const auto count = static_cast<std::uint32_t>(channels.size());
  for (const auto& [channel, account] : active_members(comm, log, labels, channels, graph)) {
    const auto own = std::lower_bound(graph.own.begin(), graph.own.end(), account);
    const auto v = static_cast<std::size_t>(own - graph.own.begin());
    const std::uint32_t network = networks.rank_of_vertex[v];
    ChannelMembers row{network, channel};
    row.members = 1;
    row.followers_sum = row.followers_max = followers_of(accounts, v);
    rows.push_back(row);
    groups.push_back({v, network * count + channel});
  }
  for (std::size_t e = 0; e < graph.edges.size(); ++e) {
    if (networks.rank_of_edge[e] < 0) continue;
    const Edge& edge = graph.edges[e];
    ChannelMembers row{static_cast<std::uint32_t>(networks.rank_of_edge[e]), edge.channel};
    row.edges = 1;
    row.first_time = edge.first_time;
    row.last_time = edge.last_time;
    rows.push_back(row);
  }
  const auto kept = send_to(comm, merged(std::move(rows)), [&](const ChannelMembers& row) {
                      return keeper(comm, row.network);
                    }).rows;
  MembersByChannel members;
  members.channels = merged(comm.gather_all(merged(kept)));
  for (Composition& counted : compose(comm, accounts, groups)) {
    const std::uint32_t channel = counted.network % count;
    counted.network /= count;
    members.composition.push_back({channel, std::move(counted)});
  }
  return members;
}

}  // namespace lockstep
