#pragma once

#include <cstdint>
#include <vector>

#include "cluster/run_directory.hpp"
#include "src/communities/local_moving.hpp"

namespace lockstep {

/// Where the search stands between two iterations of local moving: all that is needed to go on, at any number
/// of ranks. Each array is in the order of its vertices, over the ranks; who holds what does not matter.
struct LeidenState {
  std::uint32_t pass = 0;
  std::uint32_t level = 0;
  std::uint32_t sub_rounds = 0;       ///< of the level's iterations
  Effort effort;                      ///< of local moving on this level so far
  std::vector<std::uint32_t> order;   ///< by vertex: its id in the ordered graph; empty before there is one
  std::vector<std::uint32_t> inside;  ///< by vertex of that: the level's vertex it is in; empty on level 0
  std::vector<std::uint32_t> start;   ///< by vertex of the level: its label when the level began
  std::vector<std::uint32_t> labels;  ///< … and now
  std::vector<std::uint8_t> active;   ///< … and whether it is to decide; empty when all are
};

/// Writes this rank's part of a state into a piece of a stage. Local; throws Error(io).
void write_state(PieceWriter& piece, const LeidenState& state, bool is_root);

/// A state that write_state() wrote, dealt anew to these ranks. Local; throws Error(io).
LeidenState read_state(const PieceReader& piece);

}  // namespace lockstep
