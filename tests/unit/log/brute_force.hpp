#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "src/log/action.hpp"

// Small random logs, and the definitions of METHOD §1–2 in their slowest form.

namespace lockstep::test {

struct TestLog {
  std::vector<Action> actions;  ///< sorted
  std::vector<ChannelRule> channels;
};

struct LogShape {
  std::size_t actions = 150;
  std::uint32_t accounts = 6;
  std::uint32_t times = 60;
  std::uint32_t first_time = 0;
  std::uint32_t min_shared = 2;
};

/// Four channels with windows of their own; the third has no object. Objects are unequally popular, and
/// some actions are there twice.
inline TestLog random_log(std::uint32_t seed, const LogShape& shape) {
  std::mt19937 engine(seed);
  const auto below = [&](std::uint32_t end) { return static_cast<std::uint32_t>(engine() % end); };
  constexpr std::uint32_t objects = 24;
  TestLog log;
  log.channels = {{0, 9, 3, shape.min_shared},
                  {9, 16, 0, shape.min_shared},
                  {16, 16, 7, shape.min_shared},
                  {16, objects, 12, shape.min_shared}};
  while (log.actions.size() < shape.actions) {
    if (!log.actions.empty() && below(8) == 0) {
      log.actions.push_back(log.actions[below(static_cast<std::uint32_t>(log.actions.size()))]);
    } else {
      const std::uint32_t popular = below(3) == 0 ? 8 + below(2) * 12 : below(objects);
      log.actions.push_back({popular, shape.first_time + below(shape.times), below(shape.accounts)});
    }
  }
  std::sort(log.actions.begin(), log.actions.end());
  return log;
}

inline std::uint32_t channel_of(const Action& action, std::span<const ChannelRule> channels) {
  std::uint32_t channel = 0;
  while (action.object < channels[channel].first_object || action.object >= channels[channel].end_object) {
    ++channel;
  }
  return channel;
}

inline std::uint32_t lag(const Action& a, const Action& b) {
  return a.time > b.time ? a.time - b.time : b.time - a.time;
}

/// Whether b lies in a's window.
inline bool in_window(const Action& a, const Action& b, std::span<const ChannelRule> channels) {
  return a.object == b.object && lag(a, b) <= channels[channel_of(a, channels)].window;
}

inline bool is_co_action(const Action& a, const Action& b, std::span<const ChannelRule> channels) {
  return a.account != b.account && in_window(a, b, channels);
}

inline std::vector<std::uint8_t> brute_force_co_actions(std::span<const Action> log,
                                                        std::span<const ChannelRule> channels) {
  std::vector<std::uint8_t> found;
  for (const Action& a : log) {
    bool co_acts = false;
    for (const Action& b : log) co_acts = co_acts || is_co_action(a, b, channels);
    found.push_back(co_acts ? 1 : 0);
  }
  return found;
}

/// Distinct objects by (channel, account).
inline std::map<std::pair<std::uint32_t, std::uint32_t>, std::set<std::uint64_t>> brute_force_support(
    std::span<const Action> log, std::span<const ChannelRule> channels) {
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::set<std::uint64_t>> objects;
  for (const Action& a : log) objects[{channel_of(a, channels), a.account}].insert(a.object);
  return objects;
}

inline std::vector<Action> brute_force_prune(std::vector<Action> log, std::span<const ChannelRule> channels) {
  for (std::size_t before = log.size() + 1; log.size() < before;) {
    before = log.size();
    std::vector<Action> kept;
    const auto co_acts = brute_force_co_actions(log, channels);
    for (std::size_t i = 0; i < log.size(); ++i) {
      if (co_acts[i] != 0) kept.push_back(log[i]);
    }
    auto support = brute_force_support(kept, channels);
    std::erase_if(kept, [&](const Action& a) {
      const std::uint32_t channel = channel_of(a, channels);
      return support[{channel, a.account}].size() < channels[channel].min_shared;
    });
    log = std::move(kept);
  }
  return log;
}

}  // namespace lockstep::test
