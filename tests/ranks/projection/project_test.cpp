#include "src/projection/project.hpp"

#include <gtest/gtest.h>

#include "tests/ranks/pieces.hpp"
#include "tests/unit/projection/brute_force.hpp"

namespace lockstep::test {

namespace {

constexpr DayClock clock_of_days{1'000'003, 7};

HaloLog halo_piece(const TestLog& log, std::uint32_t seed) {
  return with_halo(world(), own_piece(log.actions, seed), log.channels);
}

/// Projects the log, of which each rank has a piece, and checks all that can be told of the result.
void check_projection(const TestLog& log, std::uint64_t accounts, std::uint32_t seed, std::uint64_t budget,
                      std::span<const Edge> expected) {
  const HaloLog piece = halo_piece(log, seed);
  const auto result = project(world(), piece, log.channels, accounts, clock_of_days, {budget});
  EXPECT_EQ(fields(world().gather_all(result.edges)), fields(expected)) << seed << " budget " << budget;
  EXPECT_EQ(result.accounts.first.size(), static_cast<std::size_t>(world().size()) + 1);
  EXPECT_EQ(result.accounts.begin(0), 0U);
  EXPECT_EQ(result.accounts.total(), accounts);
  for (const Edge& edge : result.edges) EXPECT_EQ(result.accounts.owner(edge.source), world().rank());

  std::uint64_t steps = 0;
  for (const Action& a : piece.own()) {
    for (const Action& b : log.actions) steps += in_window(a, b, log.channels) ? 1 : 0;
  }
  EXPECT_EQ(world().sum(result.row_steps), world().sum(steps));
}

TEST(Project, EqualsBruteForceInAnyNumberOfRounds) {
  std::size_t found = 0;
  for (std::uint32_t seed = 0; seed < 12; ++seed) {
    const std::uint32_t accounts = 3 + 2 * seed;
    const TestLog log = random_log(seed, {50 + 30 * seed, accounts, 40, 0, 1 + seed % 3});
    const auto expected = brute_force_edges(log.actions, log.channels, clock_of_days);
    found += expected.size();
    for (const std::uint64_t budget : {0, 1, 20, 100'000}) {
      check_projection(log, accounts, seed, budget, expected);
    }
  }
  EXPECT_GT(found, 500U);
}

/// More accounts than there are blocks, few of which act.
TEST(Project, ManyAccounts) {
  for (std::uint32_t seed = 1; seed < 4; ++seed) {
    TestLog log = random_log(seed, {900, 90, 60, 0, 2});
    for (Action& action : log.actions) action.account *= 1'000;
    const auto expected = brute_force_edges(log.actions, log.channels, clock_of_days);
    EXPECT_GT(expected.size(), 100U);
    for (const std::uint64_t budget : {0, 10}) check_projection(log, 90'000, seed, budget, expected);
  }
}

/// An account's actions are sent to its rank at most once a round, and never to the rank that has them.
TEST(Project, SendsAnActionOncePerRank) {
  const TestLog log = random_log(5, {500, 40, 50, 0, 2});
  const HaloLog piece = halo_piece(log, 7);
  const auto result = project(world(), piece, log.channels, 40, clock_of_days, {UINT64_MAX});
  EXPECT_LE(result.segment_actions, piece.own().size() * static_cast<std::size_t>(world().size() - 1));
}

TEST(Project, LogsWithoutPairs) {
  const TestLog nothing{{}, random_log(0, {}).channels};
  check_projection(nothing, 0, 1, 0, {});
  check_projection(nothing, 5, 1, 1, {});
  check_projection(random_log(1, {40, 1, 40, 0, 1}), 1, 1, 1, {});
}

}  // namespace

}  // namespace lockstep::test
