#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "src/log/action.hpp"

namespace lockstep {

/// The channel of an object, as its place in `channels`. Local.
inline std::uint32_t channel_of(std::span<const ChannelRule> channels, std::uint64_t object) {
  const auto rule = std::find_if(channels.begin(), channels.end(),
                                 [&](const ChannelRule& channel) { return object < channel.end_object; });
  return static_cast<std::uint32_t>(rule - channels.begin());
}

/// Calls visit(i, low, high) for every action i of a sorted log: actions low … high − 1 are those on the
/// same object with |t − t_i| ≤ Δ, i itself included (METHOD §2). Two moving pointers: O(n). Local.
template <class Visit>
void for_each_window(std::span<const Action> log, std::span<const ChannelRule> channels, Visit visit) {
  std::size_t low = 0;
  std::size_t high = 0;
  auto channel = channels.begin();
  for (std::size_t i = 0; i < log.size(); ++i) {
    const auto& [object, time, account] = log[i];
    while (object >= channel->end_object) ++channel;
    const std::uint64_t window = channel->window;
    while (log[low].object != object || log[low].time + window < time) ++low;
    high = std::max(high, i + 1);
    while (high < log.size() && log[high].object == object && log[high].time <= time + window) ++high;
    visit(i, low, high);
  }
}

}  // namespace lockstep
