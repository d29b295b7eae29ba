#pragma once

#include <string>
#include <vector>

#include "cluster/comm.hpp"
#include "data/formats/rows.hpp"
#include "data/study/study.hpp"

namespace lockstep {

/// A split with the input it belongs to and the rank that reads it.
struct PlannedSplit {
  Split split;
  std::uint32_t input = 0;
  int rank = 0;
  bool lines_known = false;  ///< split.first_line counts from the file's start
};

/// All splits of all inputs, by input, file and position: the same list on every rank. Files are dealt to
/// ranks by size. Csv splits know whether they begin inside quotes. Throws AgreedError(usage, io).
/// Collective.
std::vector<PlannedSplit> plan_reading(const Comm& comm, const Study& study, std::uint64_t split_bytes);

/// Deals the splits that are not `done` (by split) to ranks, by size. Local; the same on every rank.
void deal_splits(std::vector<PlannedSplit>& splits, const std::vector<bool>& done, int ranks);

/// Finds the first line of the splits that `wanted` (by split) asks for and that do not know it yet, by
/// counting lines in the splits before them. Throws AgreedError(io). Collective.
void find_lines(const Comm& comm, const Study& study, std::vector<PlannedSplit>& splits,
                const std::vector<bool>& wanted);

}  // namespace lockstep
