#include "src/significance/jitter.hpp"

#include <gtest/gtest.h>

#include "tests/unit/log/brute_force.hpp"
#include "tests/unit/significance/clocks.hpp"

namespace lockstep::test {

namespace {

TestLog wide_log(std::uint32_t seed) {
  return random_log(seed, {400, 6, 1'000, 500, 1});
}

std::uint32_t born(std::span<const ObjectClock> clocks, std::uint64_t object) {
  return std::find_if(clocks.begin(), clocks.end(),
                      [&](const ObjectClock& clock) { return clock.object == object; })
      ->born;
}

TEST(Jitter, LeavesActionsInTheirIntervalsOnTheGrid) {
  for (std::uint32_t seed = 0; seed < 10; ++seed) {
    const auto [log, channels] = wide_log(seed);
    const auto clocks = brute_force_clocks(log);
    const auto models = models_of(channels);
    const auto drawn = jitter(log, clocks, channels, models, seed, 1);
    ASSERT_EQ(drawn.size(), log.size());
    std::size_t moved = 0;
    for (std::size_t i = 0; i < log.size(); ++i) {
      const NullModel& model = models[channel_of(log[i], channels)];
      const std::uint32_t t0 = born(clocks, log[i].object);
      EXPECT_EQ(drawn[i].object, log[i].object);
      EXPECT_EQ(drawn[i].account, log[i].account);
      ASSERT_GE(drawn[i].time, t0);
      EXPECT_EQ(model.interval(drawn[i].time - t0), model.interval(log[i].time - t0));
      EXPECT_EQ((drawn[i].time - t0) % model.resolution(), 0U);
      moved += drawn[i].time != log[i].time ? 1 : 0;
    }
    EXPECT_GT(moved, log.size() * 3 / 4);
  }
}

TEST(Jitter, IsTheSameForALogInPieces) {
  for (std::uint32_t seed = 0; seed < 10; ++seed) {
    const auto [log, channels] = wide_log(seed);
    const auto clocks = brute_force_clocks(log);
    const auto models = models_of(channels);
    std::vector<Action> pieces;
    for (std::size_t begin = 0, end = 0; begin < log.size(); begin = end) {
      // Equal actions stay together, objects need not.
      end = std::min(log.size(), begin + 1 + seed * 7);
      while (end < log.size() && log[end] == log[end - 1]) ++end;
      const std::span piece(log.begin() + static_cast<std::ptrdiff_t>(begin), end - begin);
      auto of_piece = clocks;
      std::erase_if(of_piece, [&](const ObjectClock& clock) {
        return clock.object < piece.front().object || clock.object > piece.back().object;
      });
      const auto drawn = jitter(piece, of_piece, channels, models, 5, 2);
      pieces.insert(pieces.end(), drawn.begin(), drawn.end());
    }
    EXPECT_EQ(pieces, jitter(log, clocks, channels, models, 5, 2)) << seed;
  }
}

/// What is keyed by seed, replica, account, object, time and ordinal must differ where one of them does.
TEST(Jitter, DrawsDifferentlyForEveryKey) {
  constexpr std::uint32_t objects = 2'000;
  const std::vector<ChannelRule> channels = {{0, objects, 200, 1}};
  const NullModel model(200, 1);  // 1,000 slots
  std::vector<Action> log;
  std::vector<ObjectClock> clocks;
  for (std::uint64_t object = 0; object < objects; ++object) {
    clocks.push_back({object, 4, 0});
    log.insert(log.end(), {{object, 0, 1}, {object, 0, 1}, {object, 0, 2}, {object, 7, 1}});
  }
  const auto draw = [&](std::uint64_t seed, std::uint32_t replica) {
    return jitter(log, clocks, channels, std::span(&model, 1), seed, replica);
  };
  const auto once = draw(1, 1);
  EXPECT_EQ(once, draw(1, 1));
  const auto few = [&](const std::vector<Action>& other, std::size_t step, std::size_t from,
                       const char* what) {
    std::size_t equal = 0;
    std::size_t all = 0;
    for (std::size_t i = 0; i + from < once.size(); i += step, ++all) {
      equal += once[i].time == other[i + from].time ? 1 : 0;
    }
    EXPECT_LT(equal, 5 + all / 200) << what;
  };
  few(draw(1, 2), 1, 0, "replica");
  few(draw(2, 1), 1, 0, "seed");
  few(once, 4, 1, "ordinal");
  few(once, 4, 2, "account");
  few(once, 4, 3, "time");
  few(once, 4, 4, "object");
}

TEST(Jitter, IsUniformOverTheSlots) {
  const std::vector<ChannelRule> channels = {{0, 1, 10, 1}};
  const NullModel model(10, 2);
  const std::vector<ObjectClock> clocks = {{0, 0, 300}};
  for (const std::uint32_t interval : {0U, 1U, 2U, 3U, 7U}) {
    const auto slots = model.slots(NullModel::class_of(interval));
    const auto begin = 300 + static_cast<std::uint32_t>(model.begin(interval));
    std::vector<Action> log;
    for (std::uint32_t account = 0; account < 40'000; ++account) {
      log.push_back({0, begin + account % 50, account});
    }
    std::vector<double> counts(slots, 0);
    for (const Action& action : jitter(log, clocks, channels, std::span(&model, 1), 3, 1)) {
      ++counts.at((action.time - begin) / 2);
    }
    const double expected = static_cast<double>(log.size()) / static_cast<double>(slots);
    double chi_square = 0;
    for (const double count : counts) chi_square += (count - expected) * (count - expected) / expected;
    const auto freedom = static_cast<double>(slots - 1);
    EXPECT_LT(chi_square, freedom + 4.5 * std::sqrt(2 * freedom)) << interval;
    EXPECT_GT(chi_square, freedom - 4.5 * std::sqrt(2 * freedom)) << interval;
  }
}

}  // namespace

// A window of 7 days in milliseconds: the interval reaches over the last time that 32 bits hold.
TEST(Jitter, LongWindowsStayInTheirInterval) {
  const std::vector<ChannelRule> channels = {{0, 1, 604'800'000, 1}};
  const NullModel model(channels[0].window, 1000);
  std::vector<Action> log;
  for (std::uint32_t a = 0; a < 100; ++a) log.push_back({0, 2'000'000'000, a});
  const std::vector<ObjectClock> clocks = {{0, 100, 2'000'000'000}};
  for (const auto& action : jitter(log, clocks, channels, std::span(&model, 1), 1, 1)) {
    ASSERT_GE(action.time, 2'000'000'000U);
  }
}

}  // namespace lockstep::test
