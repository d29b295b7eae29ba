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
