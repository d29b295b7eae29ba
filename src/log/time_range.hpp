#pragma once

#include <cstdint>

#include "cluster/comm.hpp"
#include "data/study/study.hpp"

namespace lockstep {

/// Ticks since 1970 of the first and the last row; `first` > `last` where there is none.
struct TimeRange {
  std::int64_t first = INT64_MAX;
  std::int64_t last = INT64_MIN;
};

/// The times of all rows of the study's inputs that lie between its `from` and `to`; rows whose time cannot
/// be read are passed over. Reads the inputs once. Throws AgreedError: usage for globs and columns that name
/// nothing, io, bad_data where rows cannot be told apart. Collective.
TimeRange find_time_range(const Comm& comm, const Study& study);

}  // namespace lockstep
