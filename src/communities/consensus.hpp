#pragma once

#include <cstdint>
#include <vector>

#include "cluster/comm.hpp"
#include "cluster/ranges.hpp"

namespace lockstep {

/// What became of a community in another partition: of all communities there, the one that holds most of its
/// members (of equally good ones that with the smallest label).
struct Counterpart {
  std::uint32_t community;  ///< the label
  std::uint32_t found;      ///< the other community's label
  std::uint64_t size;       ///< members of the community
  std::uint64_t other_size;
  std::uint64_t shared;  ///< members of both

  /// Members of both ÷ members of either.
  double jaccard() const {
    return static_cast<double>(shared) / static_cast<double>(size + other_size - shared);
  }
};

/// The counterparts of own communities, that is, of those whose label is an own vertex, by label. Labels are
/// by own vertex and are vertices themselves. Collective.
std::vector<Counterpart> find_counterparts(const Comm& comm, const Ranges& vertices,
                                           const std::vector<std::uint32_t>& labels,
                                           const std::vector<std::uint32_t>& other_labels);

/// By own vertex: 1 where it is in its community's counterpart, else 0. Collective.
std::vector<std::uint8_t> who_stays(const Comm& comm, const Ranges& vertices,
                                    const std::vector<std::uint32_t>& labels,
                                    const std::vector<std::uint32_t>& other_labels,
                                    const std::vector<Counterpart>& counterparts);

}  // namespace lockstep
