#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <ostream>
#include <tuple>
#include <utility>
#include <vector>

#include "src/projection/rows.hpp"
#include "tests/unit/log/brute_force.hpp"

namespace lockstep::test {

/// Source, target, channel, shared, lag_min, lag_median, first_time, last_time, days.
using EdgeFields = std::array<std::uint32_t, 9>;

inline std::vector<EdgeFields> fields(std::span<const Edge> edges) {
  std::vector<EdgeFields> rows;
  for (const Edge& edge : edges) rows.push_back(std::bit_cast<EdgeFields>(edge));
  return rows;
}

/// All pairs of the log, from the definition of S (METHOD §1) and of the fields of Edge.
inline std::vector<Edge> brute_force_edges(std::span<const Action> log, std::span<const ChannelRule> channels,
                                           DayClock clock) {
  struct Pair {
    /// By object: the smallest lag and the earliest time at which it is met.
    std::map<std::uint64_t, std::pair<std::uint32_t, std::uint32_t>> closest;
    std::uint32_t first_time = UINT32_MAX;
    std::uint32_t last_time = 0;
  };
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, Pair> pairs;
  for (const Action& a : log) {
    for (const Action& b : log) {
      if (a.account >= b.account || !is_co_action(a, b, channels)) continue;
      auto& pair = pairs[{a.account, b.account, channel_of(a, channels)}];
      const std::pair closeness(lag(a, b), std::min(a.time, b.time));
      const auto [place, is_new] = pair.closest.try_emplace(a.object, closeness);
      if (!is_new) place->second = std::min(place->second, closeness);
      pair.first_time = std::min({pair.first_time, a.time, b.time});
      pair.last_time = std::max({pair.last_time, a.time, b.time});
    }
  }
  std::vector<Edge> edges;
  for (const auto& [who, pair] : pairs) {
    const auto& [source, target, channel] = who;
    if (pair.closest.size() < channels[channel].min_shared) continue;
    std::vector<std::uint32_t> lags;
    std::set<std::int64_t> days;
    for (const auto& [object, closeness] : pair.closest) {
      lags.push_back(closeness.first);
      days.insert((clock.epoch + closeness.second) / clock.ticks_per_day);
    }
    std::sort(lags.begin(), lags.end());
    edges.push_back({source, target, channel, static_cast<std::uint32_t>(lags.size()), lags.front(),
                     lags[(lags.size() - 1) / 2], pair.first_time, pair.last_time,
                     static_cast<std::uint32_t>(days.size())});
  }
  return edges;
}

}  // namespace lockstep::test
