#include "src/log/prune.hpp"

#include <algorithm>

#include <tsl/robin_map.h>

namespace lockstep {

namespace {

/// Calls note(i, lag) for every action i that has an action of another account within Δ behind it, walking
/// forward from the first action (step 1) or back from the last (step −1); lag is that to the nearest one.
template <class Note>
void walk(std::span<const Action> log, std::span<const ChannelRule> channels, std::ptrdiff_t step,
          Note note) {
  if (log.empty()) return;
  // The nearest action of another account behind action i is the one before it, or that one's own nearest
  // where both are of the same account.
  std::size_t i = step > 0 ? 0 : log.size() - 1;
  std::size_t other = i;  // the nearest, or where there is none, the first of the object
  auto channel = step > 0 ? channels.begin() : channels.end() - 1;
  for (std::size_t n = 1; n < log.size(); ++n) {
    const std::size_t behind = i;
    i = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(i) + step);
    const Action& action = log[i];
    if (action.object != log[behind].object) {
      other = i;
      continue;
    }
    if (action.account != log[behind].account) other = behind;
    while (action.object >= channel->end_object) ++channel;
    while (action.object < channel->first_object) --channel;
    const std::uint32_t lag = step > 0 ? action.time - log[other].time : log[other].time - action.time;
    if (log[other].account != action.account && lag <= channel->window) note(i, lag);
  }
}

}  // namespace

std::vector<std::uint8_t> find_co_actions(std::span<const Action> log,
                                          std::span<const ChannelRule> channels) {
  std::vector<std::uint8_t> found(log.size(), 0);
  for (const std::ptrdiff_t step : {1, -1}) {
    walk(log, channels, step, [&](std::size_t i, std::uint32_t) { found[i] = 1; });
  }
  return found;
}

std::vector<std::uint32_t> nearest_lags(std::span<const Action> log, std::span<const ChannelRule> channels) {
  std::vector<std::uint32_t> lags(log.size(), no_lag);
  for (const std::ptrdiff_t step : {1, -1}) {
    walk(log, channels, step, [&](std::size_t i, std::uint32_t lag) { lags[i] = std::min(lags[i], lag); });
  }
  return lags;
}

std::vector<Support> count_support(std::span<const Action> log, std::span<const ChannelRule> channels) {
  struct Seen {
    std::uint64_t last_object;
    std::uint32_t objects;
  };
  std::vector<Support> supports;
  tsl::robin_map<std::uint32_t, Seen> seen;
  std::size_t i = 0;
  for (std::uint32_t c = 0; c < channels.size(); ++c) {
    seen.clear();
    for (; i < log.size() && log[i].object < channels[c].end_object; ++i) {
      const auto [place, is_new] = seen.try_emplace(log[i].account, Seen{log[i].object, 1});
      Seen& known = place.value();
      if (is_new || known.last_object == log[i].object) continue;
      known.last_object = log[i].object;
      ++known.objects;
    }
    for (const auto& [account, known] : seen) supports.push_back({{c, account}, known.objects});
  }
  return supports;
}

}  // namespace lockstep
