#pragma once

#include <vector>

#include "tests/ranks/pieces.hpp"
#include "tests/unit/networks/brute_force_sweep.hpp"

namespace lockstep::test {

/// Logs of many objects and of one that most actions are on, with long and with short intervals.
inline std::vector<LabelledLog> rank_logs() {
  std::vector<LabelledLog> logs;
  for (std::uint32_t seed = 0; seed < 6; ++seed) {
    logs.push_back(random_labelled_log(seed, {200 * seed, 3 + 6 * seed, 60 + 300 * (seed % 3), seed, 1}));
  }
  auto& viral = logs.emplace_back(random_labelled_log(9, {300, 14, 4'000, 0, 1}));
  for (Action& action : viral.log.actions) {
    if (action.account % 4 != 0) action.object = 5;
  }
  std::sort(viral.log.actions.begin(), viral.log.actions.end());
  return logs;
}

/// This rank's piece of a sorted log; equal actions are on one rank.
inline std::vector<Action> own_actions(const std::vector<Action>& all, std::uint32_t seed) {
  auto borders = random_borders(all.size(), seed);
  for (std::size_t& border : borders) {
    while (border > 0 && border < all.size() && all[border] == all[border - 1]) ++border;
  }
  const auto rank = static_cast<std::size_t>(world().rank());
  return {all.begin() + static_cast<std::ptrdiff_t>(borders[rank]),
          all.begin() + static_cast<std::ptrdiff_t>(borders[rank + 1])};
}

}  // namespace lockstep::test
