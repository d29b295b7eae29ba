#include "src/communities/ranked_set.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep {
namespace {

void expect_positions(std::uint64_t end, const std::set<std::uint32_t>& numbers,
                      const std::vector<std::uint32_t>& others) {
  RankedSet set(end);
  std::vector<std::uint32_t> shuffled(numbers.begin(), numbers.end());
  std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937_64(1));
  for (const std::uint32_t number : shuffled) {
    set.insert(number);
    set.insert(number);
  }
  EXPECT_EQ(set.number(), std::vector<std::uint32_t>(numbers.begin(), numbers.end()));
  std::uint32_t position = 0;
  for (const std::uint32_t number : numbers) EXPECT_EQ(set.find(number), position++) << number;
  for (const std::uint32_t number : others) {
    if (numbers.contains(number)) continue;
    EXPECT_EQ(set.find(number), RankedSet::absent) << number;
  }
}

TEST(RankedSet, PositionsAreThoseOfASortedSet) {
  std::mt19937_64 random(7);
  for (const std::uint64_t end : {1U, 64U, 65U, 256U, 257U, 5000U}) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{end} / 3, std::size_t{end}}) {
      std::set<std::uint32_t> numbers;
      while (numbers.size() < size) numbers.insert(static_cast<std::uint32_t>(random() % end));
      std::vector<std::uint32_t> all(end + 300);
      std::iota(all.begin(), all.end(), 0U);
      expect_positions(end, numbers, all);
    }
  }
}

TEST(RankedSet, HoldsTheGreatestNumbers) {
  expect_positions(std::uint64_t{UINT32_MAX}, {0, 255, 256, UINT32_MAX - 1}, {1, 254, 257, UINT32_MAX - 2});
}

TEST(RankedSet, IsEmptyAtFirst) {
  EXPECT_EQ(RankedSet().find(0), RankedSet::absent);
}

}  // namespace
}  // namespace lockstep
