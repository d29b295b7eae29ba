#include "src/log/prune.hpp"

#include <tsl/robin_map.h>

namespace lockstep {

std::vector<std::uint8_t> find_co_actions(std::span<const Action> log,
                                          std::span<const ChannelRule> channels) {
  std::vector<std::uint8_t> found(log.size(), 0);
  // Of the actions of other accounts the nearest one decides. Walking forward, the nearest earlier one of
  // action i is i − 1, or that of i − 1 where both are of the same account; walking back likewise.
  const auto walk = [&](std::size_t begin, std::ptrdiff_t step) {
    std::size_t other = begin;  // nearest action of another account behind us, or the object's first
    auto channel = step > 0 ? channels.begin() : channels.end() - 1;
    for (std::size_t n = 1, i = begin; n < log.size(); ++n) {
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
      if (log[other].account != action.account && lag <= channel->window) found[i] = 1;
    }
  };
  if (log.empty()) return found;
  walk(0, 1);
  walk(log.size() - 1, -1);
  return found;
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
