#include "src/projection/rows.hpp"

#include <gtest/gtest.h>

#include "tests/unit/projection/brute_force.hpp"

namespace lockstep::test {

namespace {

constexpr DayClock seven_tick_days{1'000'003, 7};

std::vector<Edge> rows_of(std::span<const Action> log, AccountRange accounts,
                          std::span<const ChannelRule> channels) {
  std::vector<Edge> edges;
  RowProjection rows(log, channels, seven_tick_days);
  rows.index(accounts);
  rows.project(accounts, edges);
  return edges;
}

TEST(RowProjection, ByHand) {
  const std::vector<ChannelRule> channels = {{0, 4, 10, 2}};
  const DayClock clock{86'400 * 3, 86'400};
  const std::vector<Action> log = {
      {0, 100, 7},     {0, 103, 2},     {0, 104, 7},      // lag 1 (103, 104)
      {1, 86'399, 2},  {1, 86'407, 7},  {1, 86'500, 2},   // lag 8, begins on day 3
      {2, 200'000, 7}, {2, 200'010, 2}, {2, 200'011, 5},  // lag 10: just inside; 5 is outside of 7
      {3, 200'000, 2}, {3, 200'011, 7}};                  // lag 11: outside
  std::vector<Edge> edges;
  RowProjection rows(log, channels, clock);
  rows.index({0, 8});
  rows.project({0, 8}, edges);
  EXPECT_EQ(fields(edges), (std::vector<EdgeFields>{{2, 7, 0, 3, 1, 8, 100, 200'010, 2}}));
}

TEST(RowProjection, EqualBruteForce) {
  for (const std::uint32_t min_shared : {1U, 2U, 3U, 5U}) {
    std::size_t found = 0;
    for (std::uint32_t seed = 0; seed < 40; ++seed) {
      const auto [log, channels] = random_log(seed, {60 + 10 * seed, 2 + seed % 7, 10 + seed, 0, min_shared});
      const auto expected = brute_force_edges(log, channels, seven_tick_days);
      EXPECT_EQ(fields(rows_of(log, {0, 12}, channels)), fields(expected)) << min_shared << ' ' << seed;
      found += expected.size();
    }
    EXPECT_GT(found, 100U) << min_shared;
  }
}

TEST(RowProjection, ChannelsHaveTheirOwnSupport) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    auto [log, channels] = random_log(seed, {300, 8, 60, 0, 1});
    for (std::uint32_t c = 0; c < channels.size(); ++c) channels[c].min_shared = 4 - c;
    const auto expected = brute_force_edges(log, channels, seven_tick_days);
    ASSERT_FALSE(expected.empty());
    EXPECT_EQ(fields(rows_of(log, {0, 8}, channels)), fields(expected));
  }
}

TEST(RowProjection, LastTimesAndWindowsOf31Bits) {
  for (std::uint32_t seed = 0; seed < 10; ++seed) {
    auto [log, channels] = random_log(seed, {100, 5, 60, INT32_MAX - 60U, 2});
    log.push_back({23, 0, 0});
    std::sort(log.begin(), log.end());
    channels[0].window = INT32_MAX;
    channels[3].window = INT32_MAX;
    EXPECT_EQ(fields(rows_of(log, {0, 5}, channels)),
              fields(brute_force_edges(log, channels, seven_tick_days)));
  }
}

TEST(RowProjection, RangesOfAccountsAppendTheirRows) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    const auto [log, channels] = random_log(seed, {300, 10, 80, 0, 2});
    std::vector<Edge> edges;
    const std::uint32_t middle = seed % 11;
    RowProjection rows(log, channels, seven_tick_days);
    for (const AccountRange range : {AccountRange{0, middle}, {middle, middle}, {middle, 10}, {10, 1000}}) {
      rows.index(range);
      rows.project(range, edges);
    }
    EXPECT_EQ(fields(edges), fields(rows_of(log, {0, 10}, channels))) << seed;
    edges.clear();
    rows.index({1, 9});
    for (const AccountRange range : {AccountRange{1, 4}, {4, 4}, {4, 9}}) rows.project(range, edges);
    EXPECT_EQ(fields(edges), fields(rows_of(log, {1, 9}, channels))) << seed << " of one index";
  }
}

TEST(RowProjection, NeedTheWindowsOfTheirAccountsOnly) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    const auto [log, channels] = random_log(seed, {200, 12, 80, 0, 2});
    const AccountRange range{seed % 10, seed % 10 + 2};
    std::vector<Action> needed;
    std::copy_if(log.begin(), log.end(), std::back_inserter(needed), [&](const Action& b) {
      return std::any_of(log.begin(), log.end(), [&, &channels = channels](const Action& a) {
        return a.account >= range.first && a.account < range.end && in_window(a, b, channels);
      });
    });
    EXPECT_LT(needed.size(), log.size());
    EXPECT_EQ(fields(rows_of(needed, range, channels)), fields(rows_of(log, range, channels)));
  }
}

TEST(RowProjection, ManyPartners) {
  constexpr std::uint32_t accounts = 700;
  std::vector<Action> log;
  for (std::uint64_t object = 0; object < 3; ++object) {
    for (std::uint32_t account = 0; account < accounts; ++account)
      log.push_back({object, account / 300, account});
  }
  const std::vector<ChannelRule> channels = {{0, 3, 1, 3}};
  std::vector<EdgeFields> expected;
  for (std::uint32_t b = 1; b < 600; ++b) expected.push_back({0, b, 0, 3, b / 300, b / 300, 0, b / 300, 1});
  EXPECT_EQ(fields(rows_of(log, {0, 1}, channels)), expected);
}

TEST(RowProjection, NothingFromNothing) {
  EXPECT_TRUE(rows_of({}, {0, 5}, random_log(0, {}).channels).empty());
  EXPECT_TRUE(rows_of(random_log(0, {}).actions, {3, 3}, random_log(0, {}).channels).empty());
}

}  // namespace

}  // namespace lockstep::test
