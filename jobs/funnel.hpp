#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "cluster/comm.hpp"
#include "cluster/ranges.hpp"
#include "src/log/prune.hpp"
#include "src/networks/networks.hpp"
#include "src/projection/edge.hpp"

namespace lockstep {

/// What is left of a channel after a stage, over all ranks.
struct FunnelRow {
  std::string stage;          ///< one of funnel_stages
  std::string channel;        ///< empty: all together (communities, networks)
  std::uint32_t replica = 0;  ///< 0: the log; 1, 2, …: its surrogates
  std::uint64_t actions = 0;
  std::uint64_t accounts = 0;
  std::uint64_t objects = 0;
  std::uint64_t windowed_pairs = 0;  ///< pairs of actions on one object at most Δ apart
  std::uint64_t pairs = 0;           ///< pairs of accounts with S ≥ min_shared; of edges: those kept
  std::uint64_t sum_shared = 0;      ///< ΣS
  std::uint64_t max_shared = 0;      ///< max S
  std::uint64_t communities = 0;     ///< of accounts; of networks: those that are listed
  std::uint64_t dropped = 0;         ///< of communities: those below min_size

  template <class Archive>
  void serialize(Archive& archive) {
    archive(stage, channel, replica, actions, accounts, objects, windowed_pairs, pairs, sum_shared,
            max_shared, communities, dropped);
  }
};

/// In the order of the way of the data. Only the significance rule has edges that are not candidates.
inline constexpr std::array<const char*, 6> funnel_stages = {"read",  "prune",       "project",
                                                             "edges", "communities", "networks"};

/// The log's rows first, then those of each surrogate; of each by stage. Local.
void put_in_order(std::vector<FunnelRow>& funnel);

/// What became of the accounts of a coordination graph.
struct CommunityCounts {
  std::uint64_t accounts = 0;  ///< with an edge
  std::uint64_t members = 0;   ///< accounts in networks
  std::uint64_t networks = 0;
  std::uint64_t dropped = 0;  ///< communities below min_size
};

/// `accounts`: all that have an edge. Local.
CommunityCounts count_communities(std::uint64_t accounts, const Networks& networks);

/// The rows of communities and of networks. Local.
std::vector<FunnelRow> community_rows(const CommunityCounts& counts, std::uint32_t replica);

/// Counts pairs for the funnel while the pairs themselves come and go. Figures are this rank's.
class EdgeCounts {
 public:
  explicit EdgeCounts(std::size_t channels) : channels_(channels) {}

  void add(std::span<const Edge> edges);
  void add(const EdgeCounts& other);

  /// A row per channel, over all ranks; `accounts` says who counts which account. Collective.
  std::vector<FunnelRow> rows(const Comm& comm, const Ranges& accounts) const;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(channels_, ends_);
  }

 private:
  struct OfChannel {
    std::uint64_t pairs = 0;
    std::uint64_t sum_shared = 0;
    std::uint64_t max_shared = 0;

    template <class Archive>
    void serialize(Archive& archive) {
      archive(pairs, sum_shared, max_shared);
    }
  };
  std::vector<OfChannel> channels_;
  std::vector<AccountInChannel> ends_;  ///< accounts that have a pair, ascending
};

template <class Archive>
void serialize(Archive& archive, AccountInChannel& end) {
  archive(end.channel, end.account);
}

}  // namespace lockstep
