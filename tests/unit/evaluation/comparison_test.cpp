#include "src/networks/comparison.hpp"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace lockstep::test {
namespace {

using Accounts = std::vector<ComparedAccount>;

/// `count` accounts in network `a` of A and `b` of B.
void add(Accounts& accounts, int count, std::uint32_t a, std::uint32_t b) {
  for (int i = 0; i < count; ++i) accounts.push_back({a, b});
}

/// A: 1 (12), 2 (6), 3 (3), 4 (5);  B: 1 (10), 2 (10), 3 (4), 4 (5).
/// A's 1 goes to B's 1 (8), splits off B's 3 (4); A's 2 goes to B's 2 (6), and A's 3 joins it (2); A's 4 is
/// gone, B's 4 is new.
Accounts found_twice() {
  Accounts accounts;
  add(accounts, 8, 1, 1);
  add(accounts, 4, 1, 3);
  add(accounts, 6, 2, 2);
  add(accounts, 2, 3, 2);
  add(accounts, 1, 3, 0);
  add(accounts, 5, 4, 0);
  add(accounts, 2, 0, 1);
  add(accounts, 2, 0, 2);
  add(accounts, 5, 0, 4);
  return accounts;
}

TEST(NetworkComparison, MatchesEachWithItsBest) {
  const auto comparison = compare_networks(found_twice(), 0.01);
  ASSERT_EQ(comparison.matches.size(), 4U);
  const auto expect = [&](std::size_t i, SizedNetwork a, SizedNetwork b, std::uint64_t shared, bool best_of_a,
                          bool best_of_b) {
    const NetworkMatch& match = comparison.matches[i];
    EXPECT_EQ(match.a, a);
    EXPECT_EQ(match.b, b);
    EXPECT_EQ(match.shared, shared);
    EXPECT_EQ(match.best_of_a, best_of_a) << i;
    EXPECT_EQ(match.best_of_b, best_of_b) << i;
  };
  expect(0, {1, 12}, {1, 10}, 8, true, true);
  expect(1, {1, 12}, {3, 4}, 4, false, true);
  expect(2, {2, 6}, {2, 10}, 6, true, true);
  expect(3, {3, 3}, {2, 10}, 2, true, false);
  EXPECT_DOUBLE_EQ(comparison.matches[0].jaccard(), 8.0 / 14);
  EXPECT_EQ(comparison.persisting(), 2U);
  EXPECT_EQ(comparison.only_a, (std::vector<SizedNetwork>{{4, 5}}));
  EXPECT_EQ(comparison.only_b, (std::vector<SizedNetwork>{{4, 5}}));
  EXPECT_EQ(comparison.lost, 6U);
  EXPECT_EQ(comparison.gained, 9U);
}

TEST(NetworkComparison, FaintOverlapIsNoMatch) {
  const auto comparison = compare_networks(found_twice(), 0.3);  // A's 3 and B's 2: 2 of 11
  EXPECT_EQ(comparison.matches.size(), 3U);
  EXPECT_EQ(comparison.only_a, (std::vector<SizedNetwork>{{3, 3}, {4, 5}}));
}

TEST(NetworkComparison, OfEqualsTheFirstCounts) {
  Accounts accounts;
  add(accounts, 3, 1, 2);
  add(accounts, 3, 1, 1);
  const auto comparison = compare_networks(accounts, 0.1);
  ASSERT_EQ(comparison.matches.size(), 2U);
  EXPECT_TRUE(comparison.matches[0].persists());
  EXPECT_FALSE(comparison.matches[1].best_of_a);
}

TEST(NetworkComparison, SameNetworksAgree) {
  Accounts accounts;
  add(accounts, 4, 1, 2);
  add(accounts, 7, 2, 1);
  auto comparison = compare_networks(accounts, 0.1);
  EXPECT_EQ(comparison.either.normalized_mutual_information, 1);
  EXPECT_EQ(comparison.either.adjusted_rand_index, 1);
  EXPECT_EQ(comparison.persisting(), 2U);
  // Accounts in one result only lower the agreement over either, not that over both.
  add(accounts, 4, 3, 0);
  comparison = compare_networks(accounts, 0.1);
  EXPECT_EQ(comparison.both.accounts, 11U);
  EXPECT_EQ(comparison.both.adjusted_rand_index, 1);
  EXPECT_EQ(comparison.either.accounts, 15U);
  EXPECT_LT(comparison.either.adjusted_rand_index.value(), 1);
  EXPECT_LT(comparison.either.normalized_mutual_information.value(), 1);
}

TEST(NetworkComparison, AccountsInNoNetworkAreNetworksOfTheirOwn) {
  Accounts accounts;
  add(accounts, 2, 1, 1);
  add(accounts, 2, 0, 1);
  // A has one pair together, B six, one of them in both, of six: (1 − 1) / (3.5 − 1) = 0.
  EXPECT_DOUBLE_EQ(compare_networks(accounts, 0.1).either.adjusted_rand_index.value(), 0);
}

TEST(NetworkComparison, TheOtherWayRoundIsTheMirrorImage) {
  std::mt19937 random(1);
  for (int log = 0; log < 50; ++log) {
    Accounts accounts;
    Accounts mirrored;
    for (int i = 0; i < 60; ++i) {
      const ComparedAccount account{static_cast<std::uint32_t>(random() % 6),
                                    static_cast<std::uint32_t>(random() % 5)};
      if (account.a == 0 && account.b == 0) continue;
      accounts.push_back(account);
      mirrored.push_back({account.b, account.a});
    }
    const auto there = compare_networks(accounts, 0.05);
    const auto back = compare_networks(mirrored, 0.05);
    EXPECT_EQ(there.matches.size(), back.matches.size());
    EXPECT_EQ(there.only_a, back.only_b);
    EXPECT_EQ(there.lost, back.gained);
    EXPECT_NEAR(*there.either.normalized_mutual_information, *back.either.normalized_mutual_information,
                1e-12);
    EXPECT_NEAR(*there.either.adjusted_rand_index, *back.either.adjusted_rand_index, 1e-12);
  }
}

TEST(NetworkComparison, NothingIsNothing) {
  const auto comparison = compare_networks({}, 0.1);
  EXPECT_TRUE(comparison.matches.empty());
  EXPECT_FALSE(comparison.either.adjusted_rand_index);
}

}  // namespace
}  // namespace lockstep::test
