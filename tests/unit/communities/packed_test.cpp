#include "src/communities/packed.hpp"

#include <gtest/gtest.h>

#include "src/communities/arc_weights.hpp"
#include "src/communities/masses.hpp"
#include "src/communities/neighbour_weights.hpp"
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

TEST(ArcWeights, WidenWhenAWeightNeedsIt) {
  ArcWeights weights;
  const std::vector<std::uint64_t> values = {1, UINT32_MAX, std::uint64_t{UINT32_MAX} + 1, 2, UINT64_MAX};
  for (const std::uint64_t value : values) weights.push_back(value);
  EXPECT_EQ(weights.values(), values);
  EXPECT_EQ(weights.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(weights[i], values[i]);
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
