#pragma once

#include <span>
#include <vector>

#include "src/significance/null_model.hpp"
#include "src/significance/object_clocks.hpp"

namespace lockstep::test {

/// The clocks of a whole sorted log, in the slowest form.
inline std::vector<ObjectClock> brute_force_clocks(std::span<const Action> log) {
  std::vector<ObjectClock> clocks;
  for (const Action& a : log) {
    if (!clocks.empty() && clocks.back().object == a.object) continue;
    clocks.push_back({a.object, 0, a.time});
    for (const Action& b : log) clocks.back().actions += a.object == b.object ? 1 : 0;
  }
  return clocks;
}

/// A null model for each channel, at resolutions 1, 2, 3, 1, …
inline std::vector<NullModel> models_of(std::span<const ChannelRule> channels) {
  std::vector<NullModel> models;
  for (std::uint32_t c = 0; c < channels.size(); ++c) models.emplace_back(channels[c].window, 1 + c % 3);
  return models;
}

}  // namespace lockstep::test
