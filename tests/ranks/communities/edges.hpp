#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <tuple>
#include <vector>

#include "cluster/ranges.hpp"
#include "src/projection/edge.hpp"
#include "tests/ranks/pieces.hpp"

namespace lockstep::test {

/// Whose account is where: pieces of which some are empty; seed 0 gives everything to the last rank.
inline Ranges account_ranges(std::uint64_t accounts, std::uint32_t seed) {
  return Ranges{random_borders(accounts, seed)};
}

/// Edges as the projection gives them: one per pair and channel, by source, target and channel.
class EdgeMaker {
 public:
  explicit EdgeMaker(std::uint64_t seed) : random_(seed) {}
  std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(random_() % end); }

  /// Nothing where the accounts are the same, or have an edge in this channel.
  void add(std::uint32_t account, std::uint32_t other, std::uint32_t channel) {
    const auto [source, target] = std::minmax(account, other);
    if (source == target || !seen_.emplace(source, target, channel).second) return;
    const std::uint32_t time = below(1000);
    edges_.push_back({source, target, channel, 1 + below(2), 0, 0, time, time + below(100), 1});
  }
  /// All of them.
  std::vector<Edge> edges() const {
    auto sorted = edges_;
    std::sort(sorted.begin(), sorted.end(), [](const Edge& a, const Edge& b) {
      return std::tie(a.source, a.target, a.channel) < std::tie(b.source, b.target, b.channel);
    });
    return sorted;
  }

 private:
  std::mt19937_64 random_;
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>> seen_;
  std::vector<Edge> edges_;
};

/// Those whose source belongs to `rank`.
inline std::vector<Edge> edges_of(const std::vector<Edge>& all, const Ranges& accounts, int rank) {
  std::vector<Edge> own;
  std::copy_if(all.begin(), all.end(), std::back_inserter(own),
               [&](const Edge& edge) { return accounts.owner(edge.source) == rank; });
  return own;
}

/// The accounts that edges name, ascending: account by vertex.
inline std::vector<std::uint32_t> named_accounts(const std::vector<Edge>& edges) {
  std::set<std::uint32_t> named;
  for (const Edge& edge : edges) named.insert({edge.source, edge.target});
  return {named.begin(), named.end()};
}

inline std::uint32_t vertex_of(const std::vector<std::uint32_t>& accounts, std::uint32_t account) {
  return static_cast<std::uint32_t>(std::lower_bound(accounts.begin(), accounts.end(), account) -
                                    accounts.begin());
}

}  // namespace lockstep::test
