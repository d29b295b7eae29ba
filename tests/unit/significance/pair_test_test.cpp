#include "src/significance/pair_test.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/unit/log/brute_force.hpp"
#include "tests/unit/significance/clocks.hpp"

namespace lockstep::test {

namespace {

constexpr double one = 4294967296.0;

std::uint64_t fixed(double expected) {
  return static_cast<std::uint64_t>(expected * one);
}

TEST(CountChances, EqualsAllPairsOfActions) {
  std::uint64_t met = 0;
  for (std::uint32_t seed = 0; seed < 15; ++seed) {
    const auto [log, channels] = random_log(seed, {300, 5, 100 + 60 * seed, 0, 1});
    const auto models = models_of(channels);
    std::map<std::uint32_t, std::vector<Visit>> histories;
    for (const Action& action : log) {
      std::uint32_t first = UINT32_MAX;
      for (const Action& other : log) {
        if (other.object == action.object) first = std::min(first, other.time);
      }
      const NullModel& model = models[channel_of(action, channels)];
      histories[action.account].push_back(
          {action.object, model.interval(action.time - first), action.account});
    }
    for (const auto& [a, visits_a] : histories) {
      for (const auto& [b, visits_b] : histories) {
        if (a == b) continue;
        for (std::size_t c = 0; c < channels.size(); ++c) {
          std::map<std::uint64_t, std::uint64_t> by_object;
          for (const Visit& x : visits_a) {
            for (const Visit& y : visits_b) {
              const bool in_channel = x.object == y.object && x.object >= channels[c].first_object &&
                                      x.object < channels[c].end_object;
              if (in_channel &&
                  (x.interval > y.interval ? x.interval - y.interval : y.interval - x.interval) < 2) {
                by_object[x.object] += models[c].fixed(x.interval, y.interval);
              }
            }
          }
          std::uint64_t expected = 0;
          std::uint64_t present = 0;
          for (const auto& [object, sum] : by_object) {
            expected += std::min(sum, std::uint64_t{1} << 32);
            present += sum > 0 ? 1 : 0;
          }
          const auto chances = count_chances(visits_a, visits_b, channels[c], models[c]);
          EXPECT_EQ(chances.co_present, present);
          EXPECT_EQ(chances.expected, expected);
          met += present;
          const auto stopped = count_chances(visits_a, visits_b, channels[c], models[c], expected / 2);
          EXPECT_GE(stopped.expected, expected / 2);
          EXPECT_LE(stopped.expected, expected);
          EXPECT_EQ(count_chances(visits_a, visits_b, channels[c], models[c], expected).expected, expected);
        }
      }
    }
  }
  EXPECT_GT(met, 2'000U);
}

/// Visits to one object in intervals first, first + step, …, so many in each; by interval, as histories are.
struct Habit {
  std::uint32_t first, step, intervals, in_each;
  std::vector<Visit> visits(std::uint32_t account) const {
    std::vector<Visit> all;
    for (std::uint32_t i = 0; i < intervals * in_each; ++i) {
      all.push_back({5, first + step * (i / in_each), account});
    }
    return all;
  }
};

TEST(CountChances, OfAccountsThatActVeryOftenOnAnObjectEqualsAllPairs) {
  const ChannelRule channel{0, 9, 60, 1};
  const NullModel model(60, 1);
  std::size_t below_one = 0;
  for (const auto& [x, y] : {std::pair<Habit, Habit>{{10, 1, 1, 300}, {11, 1, 1, 2}},  // only neighbours meet
                             {{10, 2, 40, 20}, {13, 4, 1, 19}},
                             {{10, 4, 40, 30}, {11, 4, 1, 25}},
                             {{0, 1, 6, 1}, {1, 3, 2, 1}},
                             {{0, 2, 300, 1}, {3, 400, 1, 1}},
                             {{0, 1, 9, 50}, {0, 1, 7, 80}},
                             {{3, 1, 1, 2'000}, {3, 1, 1, 500}},
                             {{0, 3, 9, 50}, {40, 1, 7, 80}}}) {
    const auto a = x.visits(1);
    const auto b = y.visits(2);
    std::uint64_t expected = 0;
    for (const Visit& of_a : a) {
      for (const Visit& of_b : b) expected += model.fixed(of_a.interval, of_b.interval);
    }
    below_one += expected > 0 && expected < fixed(1) ? 1 : 0;
    for (const auto& chances : {count_chances(a, b, channel, model), count_chances(b, a, channel, model)}) {
      EXPECT_EQ(chances.co_present, expected > 0 ? 1U : 0U);
      EXPECT_EQ(chances.expected, std::min(expected, fixed(1)));
    }
  }
  EXPECT_GE(below_one, 4U);
}

/// 10^12 pairs of actions are more than can be looked at, and their chances more than 64 bits hold.
TEST(CountChances, TakesAStepPerActionAndNotPerPair) {
  const ChannelRule channel{0, 9, 60, 1};
  const NullModel model(60, 1);
  const auto often = Habit{2, 1, 1, 1'000'000}.visits(1);
  const auto late = Habit{3, 1, 1, 1'000'000}.visits(2);
  const auto elsewhere = Habit{4, 2, 500'000, 2}.visits(3);
  for (int round = 0; round < 20; ++round) {
    EXPECT_EQ(count_chances(often, often, channel, model).expected, fixed(1));
    EXPECT_EQ(count_chances(often, late, channel, model).expected, fixed(1));
    EXPECT_EQ(count_chances(often, elsewhere, channel, model).co_present, 0U);
  }
}

TEST(PairPValue, IsTheBinomialTail) {
  for (std::uint64_t trials = 1; trials <= 60; trials += trials < 8 ? 1 : 13) {
    for (const double q : {1e-6, 0.003, 0.098, 0.363, 0.52, 0.9}) {
      const std::uint64_t expected = fixed(q * static_cast<double>(trials));
      const double mean = static_cast<double>(expected) / one;
      const long double p = mean / static_cast<double>(trials);
      for (std::uint32_t shared = 1; shared <= trials; ++shared) {
        long double tail = 0;
        long double ways = 1;
        for (std::uint64_t k = 0; k <= trials; ++k) {
          const auto successes = static_cast<long double>(k);
          const auto failures = static_cast<long double>(trials - k);
          if (k >= shared) tail += ways * std::pow(p, successes) * std::pow(1 - p, failures);
          ways *= failures / (successes + 1);
        }
        const double found = pair_p_value(shared, {trials, expected});
        if (shared < mean + 1) {
          EXPECT_EQ(found, 1);
        } else if (tail < 1e-290L) {
          EXPECT_LT(found, 1e-290);
        } else {
          EXPECT_NEAR(found / static_cast<double>(tail), 1, 1e-9) << trials << ' ' << q << ' ' << shared;
        }
      }
    }
  }
}

/// Independent meetings of unequal chances are never likelier to be so many than the p-value says.
TEST(PairPValue, BoundsUnequalChances) {
  std::mt19937 engine(4);
  for (int round = 0; round < 200; ++round) {
    const std::uint64_t trials = 3 + engine() % 20;
    std::vector<double> exactly = {1};  // P(so many meetings)
    std::uint64_t expected = 0;
    for (std::uint64_t k = 0; k < trials; ++k) {
      const double q = std::pow(static_cast<double>(engine()) / one, 1 + round % 4);
      expected += fixed(q);
      exactly.push_back(0);
      for (std::size_t s = exactly.size(); s-- > 0;) {
        exactly[s] = exactly[s] * (1 - q) + (s > 0 ? exactly[s - 1] * q : 0);
      }
    }
    double tail = 0;
    for (auto shared = static_cast<std::uint32_t>(trials); shared > 0; --shared) {
      tail += exactly[shared];
      EXPECT_GE(pair_p_value(shared, {trials, expected}), tail * (1 - 1e-6));
    }
  }
}

TEST(MostExpected, IsABoundForEveryNumberOfChances) {
  for (const std::uint32_t shared : {1U, 2U, 3U, 4U, 7U, 20U, 100U, 3'000U}) {
    for (const double p : {0.01, 0.0025, 1e-4, 1e-9}) {
      const std::uint64_t most = most_expected(shared, p);
      for (const double factor : {1.0, 1.0001, 1.01, 1.2, 2.0, 5.0}) {
        const auto expected = static_cast<std::uint64_t>(std::ceil(static_cast<double>(most) * factor)) + 1;
        for (const std::uint64_t more : {0U, 1U, 2U, 5U, 50U, 1'000U, 100'000U}) {
          const std::uint64_t present = shared + more;
          if (expected > present << 32) continue;
          EXPECT_GT(pair_p_value(shared, {present, expected}), p)
              << shared << ' ' << present << ' ' << factor;
        }
      }
      // No looser than it must be.
      const auto below = static_cast<std::uint64_t>(static_cast<double>(most) * (1 - 1e-6));
      if (shared > 1) {
        EXPECT_LE(pair_p_value(shared, {shared, below}), p) << shared << ' ' << p;
      }
    }
  }
}

TEST(WeightOf, RunsFromNothingToFull) {
  EXPECT_EQ(weight_of(2), 0U);
  EXPECT_EQ(weight_of(1), 0U);
  EXPECT_EQ(weight_of(1e-10), full_weight / 2);
  EXPECT_EQ(weight_of(largest_alpha), least_weight);
  EXPECT_LT(weight_of(largest_alpha * 1.0001), least_weight);
  EXPECT_EQ(weight_of(1e-20), full_weight);
  EXPECT_EQ(weight_of(1e-300), full_weight);
  EXPECT_EQ(weight_of(0), full_weight);
  EXPECT_LT(weight_of(1.001e-20), full_weight);
}

}  // namespace

// A declared resolution above the window says that neighbouring intervals never meet.
TEST(PairPValue, FewerChancesThanObjectsIsNoEvidence) {
  EXPECT_EQ(pair_p_value(3, {0, 0}), 1);
  EXPECT_EQ(pair_p_value(3, {2, std::uint64_t{1} << 30}), 1);
}

}  // namespace lockstep::test
