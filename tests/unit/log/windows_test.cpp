#include "src/log/windows.hpp"

#include <gtest/gtest.h>

#include "src/log/prune.hpp"
#include "tests/unit/log/brute_force.hpp"

namespace lockstep::test {

namespace {

/// Logs from empty to crowded, from all at once to spread out, up to the last time that 31 bits hold.
std::vector<TestLog> many_logs() {
  std::vector<TestLog> logs;
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    for (const std::size_t actions : {0, 1, 2, 30, 200}) {
      for (const std::uint32_t times : {1U, 4U, 60U}) {
        logs.push_back(random_log(seed, {actions, 1 + seed % 7, times, seed % 2 * (INT32_MAX - 60U), 2}));
      }
    }
    for (auto& channel : logs.back().channels) channel.window = seed % 3 == 0 ? INT32_MAX : channel.window;
  }
  return logs;
}

TEST(Windows, HoldWhatIsWithinDelta) {
  for (const auto& [log, channels] : many_logs()) {
    std::size_t next = 0;
    for_each_window(log, channels,
                    [&, &log = log, &channels = channels](std::size_t i, std::size_t low, std::size_t high) {
                      ASSERT_EQ(i, next++);
                      for (std::size_t j = 0; j < log.size(); ++j) {
                        ASSERT_EQ(low <= j && j < high, in_window(log[i], log[j], channels)) << i << ' ' << j;
                      }
                    });
    EXPECT_EQ(next, log.size());
  }
}

TEST(Windows, LimitIsInclusive) {
  const std::vector<ChannelRule> channels = {{0, 1, 60, 1}};
  const std::vector<Action> log = {{0, 100, 1}, {0, 160, 2}, {0, 221, 3}};
  EXPECT_EQ(find_co_actions(log, channels), (std::vector<std::uint8_t>{1, 1, 0}));
}

TEST(CoActions, OfAnotherAccountOnly) {
  const std::vector<ChannelRule> channels = {{0, 2, 5, 1}};
  const std::vector<Action> log = {{0, 0, 1}, {0, 4, 1}, {0, 4, 1}, {0, 8, 1}, {0, 13, 2}, {1, 8, 3}};
  EXPECT_EQ(find_co_actions(log, channels), (std::vector<std::uint8_t>{0, 0, 0, 1, 1, 0}));
}

TEST(CoActions, EqualBruteForce) {
  for (const auto& [log, channels] : many_logs()) {
    EXPECT_EQ(find_co_actions(log, channels), brute_force_co_actions(log, channels));
  }
}

TEST(NearestLags, EqualBruteForce) {
  for (const auto& [log, channels] : many_logs()) {
    const auto found = nearest_lags(log, channels);
    ASSERT_EQ(found.size(), log.size());
    for (std::size_t i = 0; i < log.size(); ++i) {
      std::uint32_t nearest = no_lag;
      for (const Action& other : log) {
        if (is_co_action(log[i], other, channels)) nearest = std::min(nearest, lag(log[i], other));
      }
      ASSERT_EQ(found[i], nearest) << i;
    }
  }
}

TEST(Support, EqualsBruteForce) {
  for (const auto& [log, channels] : many_logs()) {
    const auto expected = brute_force_support(log, channels);
    const auto counted = count_support(log, channels);
    EXPECT_EQ(counted.size(), expected.size());
    for (const auto& [who, objects] : counted) {
      const auto found = expected.find({who.channel, who.account});
      ASSERT_NE(found, expected.end());
      EXPECT_EQ(objects, found->second.size());
    }
  }
}

}  // namespace

}  // namespace lockstep::test
