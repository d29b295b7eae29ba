#include "src/significance/null_model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "src/significance/jitter.hpp"

namespace lockstep::test {

namespace {

/// Slots x and y at most w apart.
bool near(std::uint64_t x, std::uint64_t y, std::uint64_t w) {
  return x > y ? x - y <= w : y - x <= w;
}

double brute_force_coincidence(std::uint64_t n, std::uint64_t first, std::uint64_t end, std::uint64_t w) {
  std::uint64_t pairs = 0;
  for (std::uint64_t x = 0; x < n; ++x) {
    for (std::uint64_t y = first; y < end; ++y) pairs += near(x, y, w) ? 1 : 0;
  }
  return static_cast<double>(pairs) / (static_cast<double>(n) * static_cast<double>(end - first));
}

double brute_force_triple(std::uint64_t n, std::uint64_t w) {
  std::uint64_t triples = 0;
  for (std::uint64_t x = 0; x < n; ++x) {
    for (std::uint64_t y = 0; y < n; ++y) {
      for (std::uint64_t z = 0; z < n; ++z) triples += near(x, y, w) && near(x, z, w) ? 1 : 0;
    }
  }
  return static_cast<double>(triples) / std::pow(static_cast<double>(n), 3);
}

TEST(Coincidence, EqualsEnumerationOfAllSlots) {
  for (std::uint64_t n = 1; n <= 21; ++n) {
    for (std::uint64_t w = 0; w <= n + 3; ++w) {
      EXPECT_NEAR(coincidence(n, w), brute_force_coincidence(n, 0, n, w), 1e-14) << n << ' ' << w;
      EXPECT_NEAR(triple_coincidence(n, w), brute_force_triple(n, w), 1e-14) << n << ' ' << w;
    }
    for (std::uint64_t next = 1; next <= 21; next += 4) {
      for (std::uint64_t w = 0; w <= n + next + 1; ++w) {
        EXPECT_NEAR(adjacent_coincidence(n, next, w), brute_force_coincidence(n, n, n + next, w), 1e-14)
            << n << ' ' << next << ' ' << w;
      }
    }
  }
}

TEST(Coincidence, OfManySlotsIsTheContinuousLimit) {
  constexpr std::uint64_t n = 1'000'000;
  for (const double x : {0.01, 0.05, 0.1, 0.2, 0.35, 0.5}) {
    const auto w = static_cast<std::uint64_t>(std::llround(x * n));
    EXPECT_NEAR(coincidence(n, w), 2 * x - x * x, 3e-6);
    EXPECT_NEAR(adjacent_coincidence(n, n, w), x * x / 2, 3e-6);
    EXPECT_NEAR(adjacent_coincidence(n, 2 * n, w), x * x / 4, 3e-6);
    EXPECT_NEAR(triple_coincidence(n, w), 4 * x * x - 10.0 / 3 * x * x * x, 6e-6);
  }
}

TEST(NullModel, HasTheFiguresOfTheMethod) {
  const NullModel seconds(60, 1);
  const NullModel minutes(60, 60);
  const std::array by_second = {0.363, 0.363, 0.192, 0.098};
  const std::array by_minute = {0.52, 0.52, 0.28, 0.145};
  for (std::size_t k = 0; k < NullModel::classes; ++k) {
    EXPECT_NEAR(seconds.same(k), by_second[k], 5.1e-4);
    EXPECT_NEAR(minutes.same(k), by_minute[k], 1e-12);
  }
}

TEST(NullModel, IntervalsTileTheAges) {
  for (const std::uint32_t window : {0U, 1U, 7U, 59U, 60U, 61U, 86'400U}) {
    for (const std::uint32_t resolution : {1U, 3U, 60U, 100U}) {
      const NullModel model(window, resolution);
      EXPECT_EQ(model.base() % resolution, 0U);
      EXPECT_GE(model.base(), std::max(window, resolution));
      EXPECT_LT(model.base(), std::uint64_t{window} + resolution + (window == 0 ? 1 : 0));
      EXPECT_EQ(model.begin(0), 0U);
      for (std::uint32_t i = 0; i < 200; ++i) {
        const std::uint64_t first = model.begin(i);
        const std::uint64_t last = model.begin(i + 1) - 1;
        const std::uint64_t bases = i < 2 ? 5 : i == 2 ? 10 : 20;
        ASSERT_EQ(last + 1 - first, bases * model.base());
        ASSERT_EQ(last + 1 - first, model.slots(NullModel::class_of(i)) * resolution);
        for (const std::uint64_t age : {first, first + model.base(), last}) {
          ASSERT_EQ(model.interval(static_cast<std::uint32_t>(age)), i) << window << ' ' << resolution;
        }
      }
    }
  }
  EXPECT_EQ(NullModel(0, 1).interval(UINT32_MAX), 3 + (UINT32_MAX - 20) / 20);
  EXPECT_EQ(NullModel(INT32_MAX, 1).interval(INT32_MAX), 0U);
}

TEST(NullModel, FixedPointIsZeroWhereIntervalsDoNotTouch) {
  const NullModel model(17, 2);
  for (std::uint32_t i = 0; i < 9; ++i) {
    for (std::uint32_t j = 0; j < 9; ++j) {
      const std::uint32_t lower = std::min(i, j);
      const std::size_t k = NullModel::class_of(lower);
      const double q = i == j ? model.same(k) : std::max(i, j) - lower == 1 ? model.adjacent(k) : 0;
      EXPECT_NEAR(std::ldexp(static_cast<double>(model.fixed(i, j)), -NullModel::fraction_bits), q, 1e-9);
    }
  }
  // 9 slots to a base, 8 of them within Δ.
  EXPECT_DOUBLE_EQ(model.adjacent(0), brute_force_coincidence(45, 45, 90, 8));
  EXPECT_DOUBLE_EQ(model.adjacent(1), brute_force_coincidence(45, 45, 135, 8));
  EXPECT_DOUBLE_EQ(model.adjacent(2), brute_force_coincidence(90, 90, 270, 8));
  EXPECT_DOUBLE_EQ(model.adjacent(3), brute_force_coincidence(180, 180, 360, 8));
}

/// Long windows at a fine resolution are taken in fewer slots.
TEST(NullModel, LongIntervalsStayNearTheContinuousLimit) {
  for (const std::uint32_t window : {86'400U, 104'859U, 3 * 86'400U - 1, 100'000'000U}) {
    const NullModel model(window, 1);
    for (std::size_t k = 0; k < NullModel::classes; ++k) {
      const double x = window / static_cast<double>(model.slots(k));
      const double shrink = k == 0 || k == 3 ? 1 : 0.5;  // the next interval is twice as wide
      EXPECT_NEAR(model.same(k) / (2 * x - x * x), 1, 3e-5);
      EXPECT_NEAR(model.adjacent(k) / (shrink * x * x / 2), 1, 3e-5) << window << ' ' << k;
      EXPECT_NEAR(model.triple(k) / (4 * x * x - 10.0 / 3 * x * x * x), 1, 3e-5) << window << ' ' << k;
    }
  }
}

/// Redraws three actions on each of many objects, two in one interval and one in the next.
TEST(NullModel, DescribesWhatJitterDoes) {
  constexpr std::uint32_t objects = 40'000;
  constexpr std::uint32_t born = 1'000;
  const std::vector<ChannelRule> channels = {{0, objects, 25, 1}};
  for (const std::uint32_t resolution : {1U, 5U, 10U}) {
    const NullModel model(25, resolution);
    for (std::uint32_t interval = 0; interval < 5; ++interval) {
      const auto at = [&](std::uint32_t i) { return born + static_cast<std::uint32_t>(model.begin(i)); };
      std::vector<Action> log;
      std::vector<ObjectClock> clocks;
      for (std::uint64_t object = 0; object < objects; ++object) {
        clocks.push_back({object, 4, born});
        for (std::uint32_t account = 0; account < 3; ++account)
          log.push_back({object, at(interval), account});
        log.push_back({object, at(interval + 1), 0});
      }
      const auto drawn = jitter(log, clocks, channels, std::span(&model, 1), 11, interval);
      double same = 0;
      double triple = 0;
      double adjacent = 0;
      for (std::size_t i = 0; i < drawn.size(); i += 4) {
        const auto meet = [&](std::size_t a, std::size_t b) {
          return near(drawn[i + a].time, drawn[i + b].time, 25);
        };
        same += meet(0, 1) ? 1 : 0;
        triple += meet(0, 1) && meet(0, 2) ? 1 : 0;
        adjacent += meet(1, 3) ? 1 : 0;
      }
      const auto check = [&](double count, double p) {
        EXPECT_NEAR(count / objects, p, 4.5 * std::sqrt(p * (1 - p) / objects))
            << resolution << ' ' << interval;
      };
      const std::size_t k = NullModel::class_of(interval);
      check(same, model.same(k));
      check(triple, model.triple(k));
      check(adjacent, model.adjacent(k));
    }
  }
}

}  // namespace

TEST(NullModel, LongIntervalsInCoarseSlotsAreNearlyExact) {
  for (const std::uint32_t window : {104'858U, 104'859U, 157'287U, 314'571U, 604'799U}) {
    const NullModel model(window, 1);
    for (std::size_t k = 0; k < NullModel::classes; ++k) {
      const auto n = model.slots(k);
      const auto next = model.slots(std::min(k + 1, NullModel::classes - 1));
      EXPECT_NEAR(model.adjacent(k) / adjacent_coincidence(n, next, window), 1, 2e-5) << window << ' ' << k;
      EXPECT_NEAR(model.triple(k) / triple_coincidence(n, window), 1, 2e-5) << window << ' ' << k;
    }
  }
}

}  // namespace lockstep::test
