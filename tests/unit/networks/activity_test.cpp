#include "src/networks/activity.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/unit/log/brute_force.hpp"

namespace lockstep::test {

namespace {

constexpr DayClock clock_of_days{1'000'003, 7};

/// All accounts are members of network 3.
std::vector<CoAction> co_actions_of(const TestLog& log) {
  std::vector<CoAction> found;
  for (const Action& a : log.actions) {
    std::uint32_t nearest = UINT32_MAX;
    std::uint64_t on_object = 0;
    for (const Action& b : log.actions) {
      on_object += a.object == b.object ? 1 : 0;
      if (is_co_action(a, b, log.channels)) nearest = std::min(nearest, lag(a, b));
    }
    if (nearest != UINT32_MAX) found.push_back({3, nearest, a, on_object});
  }
  return found;
}

double effective_number(const std::map<std::uint64_t, double>& counts, double total) {
  double product = 1;
  for (const auto& [what, count] : counts) product *= std::pow(total / count, count / total);
  return product;
}

TEST(Describe, EqualsTheDefinitions) {
  std::size_t crowded = 0;
  for (std::uint32_t seed = 0; seed < 25; ++seed) {
    const auto log = random_log(seed, {60 + 10 * seed, 3 + seed % 7, 60 + 20 * seed, 0, 1});
    const auto co_actions = co_actions_of(log);
    ASSERT_FALSE(co_actions.empty());
    const auto n = static_cast<double>(co_actions.size());
    std::vector<std::uint32_t> lags;
    std::set<std::int64_t> days;
    std::map<std::uint64_t, double> objects;
    std::map<std::uint64_t, double> accounts;
    std::map<std::uint64_t, std::uint64_t> on_objects;
    std::size_t burst = 0;
    for (const CoAction& row : co_actions) {
      lags.push_back(row.lag);
      days.insert((clock_of_days.epoch + row.action.time) / clock_of_days.ticks_per_day);
      ++objects[row.action.object];
      ++accounts[row.action.account];
      on_objects[row.action.object] = row.object_actions;
      std::set<std::uint32_t> present;
      for (const CoAction& other : co_actions) {
        if (other.action.time >= row.action.time && in_window(row.action, other.action, log.channels)) {
          present.insert(other.action.account);
        }
      }
      burst = std::max(burst, present.size());
    }
    std::sort(lags.begin(), lags.end());
    double all_actions = 0;
    for (const auto& [object, count] : on_objects) all_actions += static_cast<double>(count);
    const Activity found = describe(co_actions, log.channels, clock_of_days);
    EXPECT_EQ(found.co_actions, co_actions.size());
    EXPECT_EQ(found.lag_quartile, lags[(lags.size() - 1) / 4]);
    EXPECT_EQ(found.lag_median, lags[(lags.size() - 1) / 2]);
    EXPECT_EQ(found.lag_upper_quartile, lags[3 * (lags.size() - 1) / 4]);
    EXPECT_EQ(found.active_days, days.size());
    EXPECT_EQ(found.largest_burst, burst) << seed;
    EXPECT_NEAR(found.effective_objects, effective_number(objects, n), 1e-9);
    EXPECT_NEAR(found.effective_accounts, effective_number(accounts, n), 1e-9);
    EXPECT_NEAR(found.captive_share, n / all_actions, 1e-12);
    crowded += burst > 2 ? 1 : 0;
  }
  EXPECT_GT(crowded, 10U);
}

TEST(Describe, EvenSharesCountFully) {
  const std::vector<ChannelRule> channels = {{0, 4, 5, 1}};
  std::vector<CoAction> rows;
  for (std::uint64_t object = 0; object < 4; ++object) {
    for (std::uint32_t account = 0; account < 3; ++account)
      rows.push_back({1, 2, {object, 2 * account, account}, 6});
  }
  const Activity found = describe(rows, channels, {0, 100});
  EXPECT_NEAR(found.effective_objects, 4, 1e-12);
  EXPECT_NEAR(found.effective_accounts, 3, 1e-12);
  EXPECT_EQ(found.captive_share, 0.5);
  EXPECT_EQ(found.active_days, 1U);
  EXPECT_EQ(found.largest_burst, 3U);
}

TEST(Activity, ParticipationIsAShareOfTheActions) {
  Activity activity = describe({}, {}, {0, 1});
  EXPECT_EQ(activity.co_actions, 0U);
  EXPECT_EQ(activity.participation(), 0);
  activity.actions = 8;
  activity.co_actions = 2;
  EXPECT_EQ(activity.participation(), 0.25);
}

}  // namespace

}  // namespace lockstep::test
