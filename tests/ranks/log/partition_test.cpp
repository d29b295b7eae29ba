#include "src/log/partition.hpp"

#include <gtest/gtest.h>

#include "tests/ranks/pieces.hpp"
#include "tests/unit/log/brute_force.hpp"

namespace lockstep::test {

namespace {

/// Logs from empty to crowded; the last of each seed is one object that spans all ranks.
std::vector<TestLog> many_logs(std::uint32_t min_shared) {
  std::vector<TestLog> logs;
  for (std::uint32_t seed = 0; seed < 8; ++seed) {
    for (const std::size_t actions : {0, 1, 3, 40, 250}) {
      logs.push_back(random_log(seed, {actions, 4 + 3 * seed, 80, 0, min_shared}));
    }
    auto one_object = logs.back();
    for (Action& action : one_object.actions) action.object = 18;
    std::sort(one_object.actions.begin(), one_object.actions.end());
    one_object.channels[3].window = seed * seed;
    logs.push_back(std::move(one_object));
  }
  return logs;
}

TEST(Halo, IsWhatTheBorderWindowsReach) {
  std::size_t reached = 0;
  for (const auto& [log, channels] : many_logs(2)) {
    for (std::uint32_t seed = 0; seed < 4; ++seed) {
      const auto borders = random_borders(log.size(), seed);
      const std::size_t begin = borders[static_cast<std::size_t>(world().rank())];
      const std::size_t end = borders[static_cast<std::size_t>(world().rank()) + 1];
      std::vector<Action> expected;
      std::size_t before = 0;
      for (std::size_t i = 0; i < log.size(); ++i) {
        const bool own = begin <= i && i < end;
        const bool halo = begin < end && ((i < begin && in_window(log[begin], log[i], channels)) ||
                                          (i >= end && in_window(log[end - 1], log[i], channels)));
        before += halo && i < begin ? 1 : 0;
        if (own || halo) expected.push_back(log[i]);
      }
      const HaloLog piece = with_halo(world(), own_piece(log, seed), channels);
      EXPECT_EQ(piece.actions, expected);
      EXPECT_EQ(piece.own_begin, before);
      EXPECT_EQ(piece.own_end, before + end - begin);
      reached += expected.size() - (end - begin);
    }
  }
  EXPECT_EQ(world().any(reached > 0), world().size() > 1);
}

TEST(Prune, EqualsTheFixpointOfItsDefinition) {
  std::size_t kept = 0;
  std::size_t dropped = 0;
  for (const std::uint32_t min_shared : {1U, 2U, 4U}) {
    for (const auto& [log, channels] : many_logs(min_shared)) {
      const auto expected = brute_force_prune(log, channels);
      for (std::uint32_t seed = 0; seed < 4; ++seed) {
        const auto pruned = prune(world(), with_halo(world(), own_piece(log, seed), channels), channels);
        EXPECT_EQ(world().gather_all(pruned), expected) << min_shared << ' ' << seed;
      }
      kept += expected.size();
      dropped += log.size() - expected.size();
    }
  }
  EXPECT_GT(kept, 1000U);
  EXPECT_GT(dropped, 1000U);
}

/// Each round of pruning takes the support of the next account: many rounds.
TEST(Prune, FollowsAChainToItsEnd) {
  constexpr std::uint32_t length = 30;
  std::vector<Action> log;
  for (std::uint32_t i = 0; i < length; ++i) {  // account i meets i + 1 on objects 2i and 2i + 1
    for (const std::uint64_t object : {2 * i, 2 * i + 1}) {
      log.push_back({object, 10, i});
      if (object != 2 * length - 1) log.push_back({object, 12, i + 1});
    }
  }
  // The last account has one object only with its neighbour; three are asked for.
  const std::vector<ChannelRule> channels = {{0, 2 * length, 5, 3}};
  std::sort(log.begin(), log.end());
  EXPECT_TRUE(brute_force_prune(log, channels).empty());
  const auto pruned = prune(world(), with_halo(world(), own_piece(log, 1), channels), channels);
  EXPECT_TRUE(pruned.empty());
}

TEST(Balance, EvenPiecesInTheSameOrder) {
  for (const auto& [log, channels] : many_logs(2)) {
    for (std::uint32_t seed = 0; seed < 3; ++seed) {
      const auto piece = balance(world(), own_piece(log, seed));
      EXPECT_EQ(world().gather_all(piece), log);
      const std::size_t least = log.size() / static_cast<std::size_t>(world().size());
      EXPECT_GE(piece.size(), least);
      EXPECT_LE(piece.size(), least + 1);
    }
  }
}

TEST(SortLog, ByObjectTimeAccount) {
  for (const auto& [log, channels] : many_logs(2)) {
    auto mixed = log;
    std::shuffle(mixed.begin(), mixed.end(), std::mt19937(3));
    EXPECT_EQ(world().gather_all(sort_log(world(), own_piece(mixed, 2))), log);
  }
}

TEST(CountLog, EqualsBruteForce) {
  for (const auto& [log, channels] : many_logs(2)) {
    std::vector<LogCounts> expected(channels.size());
    std::set<std::pair<std::uint32_t, std::uint64_t>> objects;
    for (std::size_t i = 0; i < log.size(); ++i) {
      const std::uint32_t channel = channel_of(log[i], channels);
      ++expected[channel].actions;
      expected[channel].objects += objects.insert({channel, log[i].object}).second ? 1 : 0;
      for (std::size_t j = i + 1; j < log.size(); ++j) {
        expected[channel].windowed_pairs += in_window(log[i], log[j], channels) ? 1 : 0;
      }
    }
    for (const auto& [who, met] : brute_force_support(log, channels)) ++expected[who.first].accounts;
    for (std::uint32_t seed = 0; seed < 4; ++seed) {
      const auto counts = count_log(world(), with_halo(world(), own_piece(log, seed), channels), channels);
      ASSERT_EQ(counts.size(), expected.size());
      for (std::size_t c = 0; c < counts.size(); ++c) {
        EXPECT_EQ(counts[c].actions, expected[c].actions);
        EXPECT_EQ(counts[c].accounts, expected[c].accounts);
        EXPECT_EQ(counts[c].objects, expected[c].objects);
        EXPECT_EQ(counts[c].windowed_pairs, expected[c].windowed_pairs);
      }
    }
  }
}

}  // namespace

}  // namespace lockstep::test
