#pragma once

#include <span>
#include <vector>

#include "cluster/comm.hpp"
#include "src/log/action.hpp"

namespace lockstep {

/// A rank's piece of the sorted log with what its windows reach of the neighbours' pieces.
struct HaloLog {
  std::vector<Action> actions;  ///< sorted: halo before, own, halo after
  std::size_t own_begin = 0;
  std::size_t own_end = 0;

  std::span<const Action> own() const { return std::span(actions).subspan(own_begin, own_end - own_begin); }
};

/// Adds to each rank's piece of the globally sorted log the actions of other ranks on its first (last)
/// object that lie within Δ before its first (after its last) action. A window may reach over many ranks.
/// Collective.
HaloLog with_halo(const Comm& comm, std::vector<Action> own, std::span<const ChannelRule> channels);

}  // namespace lockstep
