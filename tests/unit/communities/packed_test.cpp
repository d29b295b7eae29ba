#include "src/communities/packed.hpp"

#include <numeric>

#include <gtest/gtest.h>

#include "src/communities/masses.hpp"
#include "src/communities/neighbour_weights.hpp"
#include "src/communities/numbers.hpp"
#include "tests/unit/communities/graphs.hpp"

namespace lockstep::test {
namespace {

TEST(Packed, NumbersComeBackAsTheyWere) {
  const std::vector<std::uint64_t> numbers = {0, 1, 127, 128, 16'383, 16'384, UINT32_MAX, UINT64_MAX};
  const std::vector<std::int64_t> signed_numbers = {0, -1, 1, -64, 64, INT64_MIN, INT64_MAX};
  Packer packer;
  for (const std::uint64_t number : numbers) packer.put(number);
  for (const std::int64_t number : signed_numbers) packer.put_signed(number);
  Unpacker bytes(packer.bytes());
  for (const std::uint64_t number : numbers) EXPECT_EQ(bytes.get(), number);
  for (const std::int64_t number : signed_numbers) EXPECT_EQ(bytes.get_signed(), number);
  EXPECT_TRUE(bytes.done());
}

TEST(Packed, SmallNumbersTakeAByte) {
  Packer packer;
  packer.put(127);
  packer.put_signed(-64);
  EXPECT_EQ(packer.bytes().size(), 2U);
}

TEST(Numbers, WidenWhenOneNeedsIt) {
  const std::uint64_t two = std::uint64_t{UINT8_MAX} + 1;
  const std::uint64_t four = std::uint64_t{UINT16_MAX} + 1;
  const std::uint64_t eight = std::uint64_t{UINT32_MAX} + 1;
  std::vector<std::vector<std::uint64_t>> rows = {{},
                                                  {0, UINT8_MAX, 7},
                                                  {1, two, 2},
                                                  {1, two, UINT16_MAX, 0},
                                                  {1, four, 2},
                                                  {1, two, 3, four},
                                                  {1, UINT32_MAX, eight, 2, UINT64_MAX},
                                                  {3, two, four, eight, 0}};
  for (const auto& row : rows) {
    const Numbers numbers(row);
    EXPECT_EQ(numbers.values(), row);
    EXPECT_EQ(numbers.size(), row.size());
    EXPECT_EQ(numbers.sum(), std::accumulate(row.begin(), row.end(), std::uint64_t{0}));
    for (std::size_t i = 0; i < row.size(); ++i) EXPECT_EQ(numbers[i], row[i]);
  }
}

TEST(Numbers, WidenWhenOneGrows) {
  Numbers numbers(3, 200);
  numbers.add(1, 55);
  EXPECT_EQ(numbers.values(), (std::vector<std::uint64_t>{200, 255, 200}));
  numbers.add(1, 1);
  EXPECT_EQ(numbers.values(), (std::vector<std::uint64_t>{200, 256, 200}));
  numbers.add(0, UINT16_MAX);
  EXPECT_EQ(numbers.values(), (std::vector<std::uint64_t>{std::uint64_t{UINT16_MAX} + 200, 256, 200}));
  numbers.add(2, UINT32_MAX);
  EXPECT_EQ(numbers.values(), (std::vector<std::uint64_t>{std::uint64_t{UINT16_MAX} + 200, 256,
                                                          std::uint64_t{UINT32_MAX} + 200}));
}

TEST(Masses, AreRightAgainWhenWhatTheyMissedIsAdded) {
  for (const std::uint64_t total : {std::uint64_t{UINT32_MAX}, std::uint64_t{UINT32_MAX} + 1, UINT64_MAX}) {
    Masses masses(total);
    masses.push_back(total);
    masses.push_back(5);
    masses.resize(3);
    masses.add(1, -7);
    masses.add(2, -1);
    masses.add(2, 1);
    masses.add(1, 10);
    EXPECT_EQ(masses[0], total);
    EXPECT_EQ(masses[1], 8U);
    EXPECT_EQ(masses[2], 0U);
    masses.set(1, total - 1);
    EXPECT_EQ(masses[1], total - 1);
  }
}

TEST(NeighbourWeights, AddUpLikeAMap) {
  Random random(1);
  NeighbourWeights weights;
  for (const std::uint32_t arcs : {0U, 1U, 5U, 1000U, 3U, 40'000U, 9U}) {
    weights.clear(arcs);
    std::map<std::uint32_t, std::uint64_t> expected;
    for (std::uint32_t i = 0; i < arcs; ++i) {
      const std::uint32_t place = below(random, 1 + arcs / 2) * 0x10'0001U;  // far apart, and repeated
      weights.add(place, i, i);
      expected[place] += i;
    }
    EXPECT_EQ(weights.entries().size(), expected.size());
    for (const auto& [place, weight] : expected) EXPECT_EQ(weights.weight(place), weight);
    EXPECT_EQ(weights.weight(7), expected.contains(7) ? expected[7] : 0U);
    std::map<std::uint32_t, std::uint64_t> considered;
    std::uint64_t largest = 0;
    std::size_t announced = 0;
    weights.heaviest_first(
        [&](std::uint32_t place) {
          largest = weights.weight(place);
          ++announced;
        },
        [&](const NeighbourWeights::Entry& entry) {
          EXPECT_EQ(entry.weight == largest, considered.size() < announced);
          EXPECT_LE(entry.weight, largest);
          EXPECT_TRUE(considered.emplace(entry.place, entry.weight).second);
        });
    EXPECT_EQ(considered, expected);
  }
}

}  // namespace
}  // namespace lockstep::test
