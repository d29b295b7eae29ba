#include "jobs/funnel.hpp"

#include <algorithm>

#include "cluster/exchange.hpp"

namespace lockstep {

namespace {

void make_distinct(std::vector<AccountInChannel>& ends) {
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
}

}  // namespace

void put_in_order(std::vector<FunnelRow>& funnel) {
  const auto place = [](const FunnelRow& row) {
    return std::pair(row.replica, std::ranges::find(funnel_stages, row.stage));
  };
  std::ranges::stable_sort(funnel, {}, place);
}

CommunityCounts count_communities(std::uint64_t accounts, const Networks& networks) {
  CommunityCounts counts{accounts, 0, networks.ranked.size(), networks.dropped};
  for (const Network& network : networks.ranked) counts.members += network.size;
  return counts;
}

std::vector<FunnelRow> community_rows(const CommunityCounts& counts, std::uint32_t replica) {
  FunnelRow communities;
  communities.stage = "communities";
  communities.replica = replica;
  communities.accounts = counts.accounts;
  communities.communities = counts.networks + counts.dropped;
  communities.dropped = counts.dropped;
  FunnelRow networks;
  networks.stage = "networks";
  networks.replica = replica;
  networks.accounts = counts.members;
  networks.communities = counts.networks;
  return {communities, networks};
}

void EdgeCounts::add(std::span<const Edge> edges) {
  for (const Edge& edge : edges) {
    auto& channel = channels_[edge.channel];
    ++channel.pairs;
    channel.sum_shared += edge.shared;
    channel.max_shared = std::max<std::uint64_t>(channel.max_shared, edge.shared);
    ends_.push_back({edge.channel, edge.source});
    ends_.push_back({edge.channel, edge.target});
  }
  make_distinct(ends_);
}

void EdgeCounts::add(const EdgeCounts& other) {
  for (std::size_t c = 0; c < channels_.size(); ++c) {
    channels_[c].pairs += other.channels_[c].pairs;
    channels_[c].sum_shared += other.channels_[c].sum_shared;
    channels_[c].max_shared = std::max(channels_[c].max_shared, other.channels_[c].max_shared);
  }
  ends_.insert(ends_.end(), other.ends_.begin(), other.ends_.end());
  make_distinct(ends_);
}

std::vector<FunnelRow> EdgeCounts::rows(const Comm& comm, const Ranges& accounts) const {
  auto ends =
      send_to(comm, ends_, [&](const AccountInChannel& end) { return accounts.owner(end.account); }).rows;
  make_distinct(ends);
  std::vector<std::uint64_t> active(channels_.size(), 0);
  for (const auto& end : ends) ++active[end.channel];
  std::vector<FunnelRow> rows;
  for (std::size_t c = 0; c < channels_.size(); ++c) {
    auto& row = rows.emplace_back();
    row.accounts = comm.sum(active[c]);
    row.pairs = comm.sum(channels_[c].pairs);
    row.sum_shared = comm.sum(channels_[c].sum_shared);
    row.max_shared = comm.max(channels_[c].max_shared);
  }
  return rows;
}

}  // namespace lockstep
