#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "cluster/ranges.hpp"
#include "tests/ranks/world.hpp"

namespace lockstep::test {

/// Borders of the ranks' pieces of n rows: random, often with empty pieces; seed 0 gives everything to the
/// last rank. The same on every rank.
inline std::vector<std::size_t> random_borders(std::size_t n, std::uint32_t seed) {
  std::mt19937 engine(seed);
  std::vector<std::size_t> borders(static_cast<std::size_t>(world().size()) + 1, 0);
  for (std::size_t r = 1; r + 1 < borders.size(); ++r) borders[r] = seed == 0 ? 0 : engine() % (n + 1);
  borders.back() = n;
  std::sort(borders.begin(), borders.end());
  return borders;
}

/// Even pieces of n rows, everything on the last rank, and pieces of which some are empty.
inline std::vector<Ranges> several_ranges(std::size_t n) {
  return {even_ranges(n, world().size()), Ranges{random_borders(n, 0)}, Ranges{random_borders(n, 1)}};
}

/// This rank's piece of `all`, which every rank has.
template <class T>
std::vector<T> own_piece(const std::vector<T>& all, std::uint32_t seed) {
  const auto borders = random_borders(all.size(), seed);
  const auto at = [&](int rank) {
    return all.begin() + static_cast<std::ptrdiff_t>(borders[static_cast<std::size_t>(rank)]);
  };
  return {at(world().rank()), at(world().rank() + 1)};
}

/// Messages of at most so many bytes while it lives: what is cut into pieces at scale is cut in tests, too.
class SmallMessages {
 public:
  explicit SmallMessages(std::size_t bytes) { world().set_message_limit(bytes); }
  ~SmallMessages() { world().set_message_limit(std::size_t{64} << 20); }
  SmallMessages(const SmallMessages&) = delete;
  SmallMessages& operator=(const SmallMessages&) = delete;
};

}  // namespace lockstep::test
