#include "tests/unit/significance/clocks.hpp"

#include <gtest/gtest.h>

#include "src/significance/object_clocks.hpp"
#include "tests/ranks/significance/swept_logs.hpp"

namespace lockstep::test {

namespace {

using ClockFields = std::array<std::uint64_t, 3>;

std::vector<ClockFields> fields_of(std::span<const ObjectClock> clocks) {
  std::vector<ClockFields> fields;
  for (const ObjectClock& clock : clocks) fields.push_back({clock.object, clock.actions, clock.born});
  return fields;
}

/// The whole log's clocks of the objects of a part of it.
std::vector<ClockFields> expected_of(std::span<const Action> part, std::span<const Action> log) {
  auto clocks = brute_force_clocks(log);
  std::erase_if(clocks, [&](const ObjectClock& clock) {
    return std::none_of(part.begin(), part.end(), [&](const Action& a) { return a.object == clock.object; });
  });
  return fields_of(clocks);
}

TEST(ObjectClocks, AreOfTheWholeLogHoweverItIsSplit) {
  for (const auto& labelled : rank_logs()) {
    const auto& log = labelled.log.actions;
    for (std::uint32_t seed = 0; seed < 10; ++seed) {
      const ObjectClocks clocks(world(), own_piece(log, seed));
      const auto own = own_piece(log, seed);
      EXPECT_EQ(fields_of(clocks.of(world(), own)), expected_of(own, log)) << seed;
      // Another part than the rank's own, as after sorting a surrogate.
      const auto other = own_piece(log, seed + 1);
      EXPECT_EQ(fields_of(clocks.of(world(), other)), expected_of(other, log)) << seed;
      EXPECT_EQ(fields_of(clocks.of(world(), log)), expected_of(log, log)) << seed;
    }
  }
}

TEST(ObjectClocks, OfAnObjectOnAllRanks) {
  std::vector<Action> log = {{3, 7, 1}};
  for (std::uint32_t i = 0; i < 50; ++i) log.push_back({8, 20 + i, i});
  for (const std::uint64_t object : {9U, 12U}) log.push_back({object, 99, 2});
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    const auto own = own_piece(log, seed);
    const ObjectClocks clocks(world(), own);
    EXPECT_EQ(fields_of(clocks.of(world(), log)),
              (std::vector<ClockFields>{{3, 1, 7}, {8, 50, 20}, {9, 1, 99}, {12, 1, 99}}));
  }
}

TEST(ObjectClocks, PublishedObjectsAreBornThenOnTheGridOfTheirFirstAction) {
  const std::vector<ChannelRule> channels = {{0, 10, 60, 1}, {10, 20, 60, 1}};
  const std::vector<std::uint32_t> resolutions = {1, 60};
  // Object 3: no publication; 5: several, the earliest counts; 8: later than the first action; 12: off the
  // grid.
  const std::vector<Action> log = {{3, 700, 1}, {5, 900, 1}, {5, 901, 2}, {8, 300, 4}, {12, 1000, 3}};
  const std::vector<Publication> publications = {{5, 850}, {12, 805}, {5, 830}, {8, 310}, {5, 899}};
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    ObjectClocks clocks(world(), own_piece(log, seed));
    std::vector<Publication> own;
    for (std::size_t i = 0; i < publications.size(); ++i) {
      if ((i + seed) % static_cast<std::size_t>(world().size()) == static_cast<std::size_t>(world().rank())) {
        own.push_back(publications[i]);
      }
    }
    clocks.set_births(world(), own, channels, resolutions);
    EXPECT_EQ(fields_of(clocks.of(world(), log)),
              (std::vector<ClockFields>{{3, 1, 700}, {5, 2, 830}, {8, 1, 300}, {12, 1, 820}}));
  }
}

TEST(ObjectClocks, OfAnEmptyLog) {
  const ObjectClocks clocks(world(), {});
  EXPECT_TRUE(clocks.of(world(), {}).empty());
}

TEST(FindResolutions, IsTheStepOfEachChannel) {
  for (std::uint32_t seed = 0; seed < 8; ++seed) {
    auto [log, channels] = random_log(seed, {200, 9, 60, 0, 1});
    const std::array<std::uint32_t, 4> steps = {6, 10, 1, 35};
    for (Action& action : log) {
      const std::uint32_t channel = channel_of(action, channels);
      action.time = 3 + channel + steps[channel] * action.time;
    }
    std::sort(log.begin(), log.end());
    EXPECT_EQ(find_resolutions(world(), own_piece(log, seed), channels),
              (std::vector<std::uint32_t>{6, 10, 1, 35}));
    // Times that are all equal, and none at all.
    for (Action& action : log) action.time = 77;
    EXPECT_EQ(find_resolutions(world(), own_piece(log, seed), channels), (std::vector<std::uint32_t>(4, 1)));
    EXPECT_EQ(find_resolutions(world(), {}, channels), (std::vector<std::uint32_t>(4, 1)));
  }
}

/// What one rank sees is a multiple; only the offset between ranks shows the step.
TEST(FindResolutions, SeesOffsetsBetweenRanks) {
  const std::vector<ChannelRule> channels = {{0, 1, 60, 1}};
  const auto rank = static_cast<std::uint32_t>(world().rank());
  const std::vector<Action> own = {{0, 60 * rank, 1}, {0, 60 * rank + 600, 1}};
  const std::uint32_t step = world().size() == 1 ? 600 : 60;
  EXPECT_EQ(find_resolutions(world(), own, channels), std::vector<std::uint32_t>{step});
}

}  // namespace

}  // namespace lockstep::test
