#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace lockstep {

/// Contiguous pieces of 0 … n − 1, one for each rank: piece r is first[r] … first[r + 1] − 1.
struct Ranges {
  std::vector<std::uint64_t> first;

  std::uint64_t begin(int rank) const { return first[static_cast<std::size_t>(rank)]; }
  std::uint64_t end(int rank) const { return first[static_cast<std::size_t>(rank) + 1]; }
  std::uint64_t size(int rank) const { return end(rank) - begin(rank); }
  bool has(int rank, std::uint64_t index) const { return begin(rank) <= index && index < end(rank); }
  std::uint64_t total() const { return first.back(); }
  /// The rank whose piece holds `index` (which must be below total()).
  int owner(std::uint64_t index) const {
    return static_cast<int>(std::upper_bound(first.begin(), first.end(), index) - first.begin()) - 1;
  }
};

/// n items in pieces whose sizes differ by at most one.
inline Ranges even_ranges(std::uint64_t n, int pieces) {
  Ranges ranges;
  const auto count = static_cast<std::uint64_t>(pieces);
  for (std::uint64_t r = 0; r <= count; ++r) {
    ranges.first.push_back(n / count * r + n % count * r / count);
  }
  return ranges;
}

}  // namespace lockstep
