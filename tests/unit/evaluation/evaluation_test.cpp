#include "src/networks/evaluation.hpp"

#include <cmath>
#include <map>
#include <random>
#include <utility>

#include <gtest/gtest.h>

namespace lockstep::test {
namespace {

using Labels = std::vector<std::uint32_t>;

/// Two campaigns (0: six accounts, 1: three) and negatives, by network:
/// 1: three of 0, one of 1;  2: two of 0, three negatives;  3: one of 1;  4: two negatives;  5: no one;
/// in none: one of 0, one of 1, four negatives.
std::vector<JudgedAccount> example() {
  std::vector<JudgedAccount> accounts;
  const auto add = [&](int count, JudgedAccount account) {
    for (int i = 0; i < count; ++i) accounts.push_back(account);
  };
  add(3, {1, true, 0});
  add(1, {1, true, 1});
  add(3, {2, false, 0});
  add(2, {2, true, 0});
  add(1, {3, true, 1});
  add(2, {4, false, 0});
  add(1, {0, true, 0});
  add(1, {0, true, 1});
  add(4, {0, false, 0});
  return accounts;
}

std::vector<ScoredAccount> random_scored(std::uint64_t seed, int accounts) {
  std::mt19937_64 random(seed);
  std::vector<ScoredAccount> scored;
  for (int i = 0; i < accounts; ++i) {
    scored.push_back({static_cast<double>(random() % 6), random() % 3 == 0});
  }
  return scored;
}

Labels random_labels(std::uint64_t seed, std::size_t elements, std::uint32_t parts) {
  std::mt19937_64 random(seed);
  Labels labels(elements);
  // Far apart, so that no number is taken for a position.
  for (auto& label : labels) label = static_cast<std::uint32_t>(random() % parts) * 1'000'000'007U;
  return labels;
}

/// Share of the pairs of a positive and a negative in which the positive scores higher; ties are half won.
double brute_force_auc(const std::vector<ScoredAccount>& accounts) {
  double won = 0;
  double pairs = 0;
  for (const auto& a : accounts) {
    for (const auto& b : accounts) {
      if (!a.positive || b.positive) continue;
      pairs += 1;
      won += a.score > b.score ? 1.0 : a.score == b.score ? 0.5 : 0.0;
    }
  }
  return won / pairs;
}

/// Precision at the score of each positive, averaged over positives.
double brute_force_average_precision(const std::vector<ScoredAccount>& accounts) {
  double sum = 0;
  double positives = 0;
  for (const auto& at : accounts) {
    if (!at.positive) continue;
    double listed = 0;
    double right = 0;
    for (const auto& other : accounts) {
      if (other.score < at.score) continue;
      listed += 1;
      right += other.positive ? 1 : 0;
    }
    sum += right / listed;
    positives += 1;
  }
  return sum / positives;
}

/// From all pairs of elements: 2 (n11 n00 − n10 n01) / ((n11 + n10)(n10 + n00) + (n11 + n01)(n01 + n00)).
double brute_force_ari(const Labels& a, const Labels& b) {
  double pairs[2][2] = {{0, 0}, {0, 0}};
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) pairs[a[i] == a[j]][b[i] == b[j]] += 1;
  }
  const auto [n00, n01] = pairs[0];
  const auto [n10, n11] = pairs[1];
  return 2 * (n11 * n00 - n10 * n01) / ((n11 + n10) * (n10 + n00) + (n11 + n01) * (n01 + n00));
}

/// From the definition I = Σ p(x, y) log(p(x, y) / (p(x) p(y))), in bits.
double brute_force_nmi(const Labels& a, const Labels& b) {
  std::map<std::uint32_t, double> in_a;
  std::map<std::uint32_t, double> in_b;
  std::map<std::pair<std::uint32_t, std::uint32_t>, double> in_both;
  const double share = 1.0 / static_cast<double>(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    in_a[a[i]] += share;
    in_b[b[i]] += share;
    in_both[{a[i], b[i]}] += share;
  }
  double information = 0;
  for (const auto& [labels, p] : in_both) {
    information += p * std::log2(p / (in_a[labels.first] * in_b[labels.second]));
  }
  double entropies = 0;
  for (const auto& [label, p] : in_a) entropies -= p * std::log2(p);
  for (const auto& [label, p] : in_b) entropies -= p * std::log2(p);
  return information / (entropies / 2);
}

TEST(CountAccounts, OfTheExample) {
  const AccountCounts counts = count_accounts(example());
  EXPECT_EQ(counts.accounts, 18U);
  EXPECT_EQ(counts.positives, 9U);
  EXPECT_EQ(counts.found, 12U);
  EXPECT_EQ(counts.found_positives, 7U);
  EXPECT_DOUBLE_EQ(counts.precision().value(), 7.0 / 12);
  EXPECT_DOUBLE_EQ(counts.recall().value(), 7.0 / 9);
  EXPECT_DOUBLE_EQ(counts.f1().value(), 2 * (7.0 / 12) * (7.0 / 9) / (7.0 / 12 + 7.0 / 9));
}

TEST(CountAccounts, LeavesUndefinedWhatHasNoDenominator) {
  const AccountCounts nothing_found = count_accounts(std::vector<JudgedAccount>{{0, true, 0}});
  EXPECT_FALSE(nothing_found.precision());
  EXPECT_EQ(nothing_found.recall(), 0.0);
  EXPECT_EQ(nothing_found.f1(), 0.0);
  const AccountCounts nothing_to_find = count_accounts(std::vector<JudgedAccount>{{1, false, 0}});
  EXPECT_EQ(nothing_to_find.precision(), 0.0);
  EXPECT_FALSE(nothing_to_find.recall());
  EXPECT_FALSE(count_accounts({}).f1());
}

TEST(ScoreAccounts, PutsThoseInNoNetworkLast) {
  const std::vector<JudgedAccount> accounts{{2, true, 0}, {0, false, 0}, {1, false, 0}};
  const auto scored = score_accounts(accounts, std::vector<double>{0.0, -3.5});
  ASSERT_EQ(scored.size(), 3U);
  EXPECT_EQ(scored[0].score, -3.5);
  EXPECT_TRUE(scored[0].positive);
  EXPECT_LT(scored[1].score, -1e300);
  EXPECT_EQ(scored[2].score, 0.0);
  EXPECT_FALSE(scored[2].positive);
}

TEST(RocAuc, ByHand) {
  EXPECT_EQ(roc_auc({{3, true}, {2, false}, {1, true}}), 0.5);
  EXPECT_EQ(roc_auc({{3, true}, {2, true}, {1, false}}), 1.0);
  EXPECT_EQ(roc_auc({{1, true}, {2, false}}), 0.0);
  // Won: 1 of 1 above, 1/2 in the tie. (1 + 1 + 1/2 + 1) / 4
  EXPECT_EQ(roc_auc({{3, true}, {2, true}, {2, false}, {1, false}}), 3.5 / 4);
}

TEST(RocAuc, IsTheShareOfPairsWon) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto accounts = random_scored(seed, 60);
    EXPECT_NEAR(roc_auc(accounts).value(), brute_force_auc(accounts), 1e-12) << "seed " << seed;
  }
}

TEST(RocAuc, NeedsBothKinds) {
  EXPECT_FALSE(roc_auc({{1, true}, {2, true}}));
  EXPECT_FALSE(roc_auc({{1, false}}));
  EXPECT_FALSE(roc_auc({}));
}

TEST(AveragePrecision, ByHand) {
  EXPECT_DOUBLE_EQ(average_precision({{3, true}, {2, false}, {1, true}}).value(), (1.0 + 2.0 / 3) / 2);
  // One group: neither order of the two may count.
  EXPECT_EQ(average_precision({{1, true}, {1, false}}), 0.5);
  EXPECT_EQ(average_precision({{1, false}, {1, true}}), 0.5);
  EXPECT_FALSE(average_precision({{1, false}}));
}

TEST(AveragePrecision, IsTheMeanPrecisionAtPositives) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto accounts = random_scored(seed, 60);
    EXPECT_NEAR(average_precision(accounts).value(), brute_force_average_precision(accounts), 1e-12)
        << "seed " << seed;
  }
}

TEST(JudgeNetworks, OfTheExample) {
  const auto networks = judge_networks(example(), 5);
  ASSERT_EQ(networks.size(), 5U);
  const std::uint64_t expected[5][4] = {{4, 4, 0, 3}, {5, 2, 0, 2}, {1, 1, 1, 1}, {2, 0, 0, 0}, {0, 0, 0, 0}};
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(networks[i].size, expected[i][0]) << "network " << i + 1;
    EXPECT_EQ(networks[i].positives, expected[i][1]) << "network " << i + 1;
    EXPECT_EQ(networks[i].campaign, expected[i][2]) << "network " << i + 1;
    EXPECT_EQ(networks[i].campaign_members, expected[i][3]) << "network " << i + 1;
  }
  EXPECT_DOUBLE_EQ(networks[0].purity(), 0.75);
  EXPECT_DOUBLE_EQ(networks[1].purity(), 0.4);
  EXPECT_EQ(networks[4].purity(), 0.0);
}

TEST(JudgeNetworks, OfEqualCampaignsTakesTheLowest) {
  const std::vector<JudgedAccount> accounts{{1, true, 2}, {1, true, 1}, {1, true, 2}, {1, true, 1}};
  EXPECT_EQ(judge_networks(accounts, 1)[0].campaign, 1U);
}

TEST(WeightedPrecision, ByHand) {
  // Σ n p² = 4 · 0.75² + 5 · 0.4² + 1 = 4.05; Σ n p = 3 + 2 + 1 = 6
  EXPECT_DOUBLE_EQ(weighted_precision(judge_networks(example(), 5)).value(), 4.05 / 6);
  EXPECT_FALSE(weighted_precision(judge_networks(std::vector<JudgedAccount>{{1, false, 0}}, 1)));
}

TEST(PrecisionAt, CountsNetworksMostlyOfPositives) {
  // Networks 1 and 3 are; 2 (2 of 5) and 4 are not; 5 has nobody and holds no place.
  const auto networks = judge_networks(example(), 5);
  EXPECT_EQ(precision_at(networks, 1), 1.0);
  EXPECT_EQ(precision_at(networks, 2), 0.5);
  EXPECT_DOUBLE_EQ(precision_at(networks, 3).value(), 2.0 / 3);
  EXPECT_EQ(precision_at(networks, 4), 0.5);
  EXPECT_EQ(precision_at(networks, 20), 0.5);
  EXPECT_FALSE(precision_at({}, 5));
}

TEST(PrecisionAt, PassesOverNetworksWithoutAMember) {
  const std::vector<NetworkVerdict> networks{{0, 0, 0, 0}, {2, 1, 0, 1}, {3, 2, 0, 1}};
  EXPECT_EQ(precision_at(networks, 1), 0.0);  // one of two is no majority
  EXPECT_EQ(precision_at(networks, 2), 0.5);  // two of three are, of whatever campaigns
}

TEST(NormalizedMutualInformation, ByHand) {
  EXPECT_NEAR(normalized_mutual_information(Labels{5, 5, 7, 7}, Labels{1, 1, 0, 0}).value(), 1, 1e-12);
  EXPECT_NEAR(normalized_mutual_information(Labels{0, 0, 1, 1}, Labels{0, 1, 0, 1}).value(), 0, 1e-12);
  // H(a) = 1 bit, H(b) = 2 bits, I = 1 bit
  EXPECT_NEAR(normalized_mutual_information(Labels{0, 0, 1, 1}, Labels{0, 1, 2, 3}).value(), 2.0 / 3, 1e-12);
  EXPECT_EQ(normalized_mutual_information(Labels{3, 3}, Labels{4, 4}), 1.0);
  EXPECT_EQ(normalized_mutual_information(Labels{3, 3}, Labels{4, 5}), 0.0);
  EXPECT_FALSE(normalized_mutual_information({}, {}));
}

TEST(NormalizedMutualInformation, FollowsTheDefinition) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Labels a = random_labels(seed, 40, static_cast<std::uint32_t>(2 + seed % 5));
    Labels b = random_labels(seed + 1000, 40, 4);
    for (std::size_t i = 0; i < 20; ++i) b[i] = a[i];
    const double expected = brute_force_nmi(a, b);
    ASSERT_GT(expected, 0.05);
    EXPECT_NEAR(normalized_mutual_information(a, b).value(), expected, 1e-12) << "seed " << seed;
  }
}

TEST(AdjustedRandIndex, ByHand) {
  EXPECT_EQ(adjusted_rand_index(Labels{5, 5, 7, 7}, Labels{1, 1, 0, 0}), 1.0);
  // Pairs together: 2 in a, 2 in b, 0 in both, of 6: (0 − 2/3) / (2 − 2/3)
  EXPECT_NEAR(adjusted_rand_index(Labels{0, 0, 1, 1}, Labels{0, 1, 0, 1}).value(), -0.5, 1e-12);
  // 2 in a, 1 in b, 1 in both: (1 − 1/3) / (3/2 − 1/3)
  EXPECT_NEAR(adjusted_rand_index(Labels{0, 0, 1, 1}, Labels{0, 0, 1, 2}).value(), 4.0 / 7, 1e-12);
}

TEST(AdjustedRandIndex, OfTrivialPartitions) {
  EXPECT_EQ(adjusted_rand_index(Labels{1, 1, 1}, Labels{2, 2, 2}), 1.0);
  EXPECT_EQ(adjusted_rand_index(Labels{1, 2, 3}, Labels{3, 1, 2}), 1.0);
  EXPECT_EQ(adjusted_rand_index(Labels{1, 1, 1}, Labels{1, 2, 3}), 0.0);
  EXPECT_EQ(adjusted_rand_index(Labels{1}, Labels{2}), 1.0);
  EXPECT_FALSE(adjusted_rand_index({}, {}));
}

TEST(AdjustedRandIndex, FollowsFromAllPairs) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Labels a = random_labels(seed, 40, static_cast<std::uint32_t>(2 + seed % 5));
    Labels b = random_labels(seed + 1000, 40, 4);
    for (std::size_t i = 0; i < seed % 40; ++i) b[i] = a[i];
    EXPECT_NEAR(adjusted_rand_index(a, b).value(), brute_force_ari(a, b), 1e-12) << "seed " << seed;
  }
}

TEST(JudgeCampaigns, OfTheExample) {
  using Holding = CampaignVerdict::Holding;
  const auto campaigns = judge_campaigns(example(), 3);
  ASSERT_EQ(campaigns.size(), 3U);
  EXPECT_EQ(campaigns[0].members, 6U);
  EXPECT_EQ(campaigns[0].found, 5U);
  EXPECT_DOUBLE_EQ(campaigns[0].recall(), 5.0 / 6);
  EXPECT_EQ(campaigns[0].networks, (std::vector<Holding>{{1, 3}, {2, 2}}));
  EXPECT_EQ(campaigns[1].members, 3U);
  EXPECT_EQ(campaigns[1].networks, (std::vector<Holding>{{1, 1}, {3, 1}}));
  EXPECT_EQ(campaigns[2].members, 0U);
  EXPECT_EQ(campaigns[2].recall(), 0.0);
}

TEST(JudgeCampaigns, ListsTheNetworkWithMostMembersFirst) {
  const std::vector<JudgedAccount> accounts{{1, true, 0}, {9, true, 0}, {9, true, 0}, {4, true, 0}};
  const auto networks = judge_campaigns(accounts, 1)[0].networks;
  EXPECT_EQ(networks, (std::vector<CampaignVerdict::Holding>{{9, 2}, {1, 1}, {4, 1}}));
}

TEST(Evaluate, IsMadeOfItsParts) {
  const auto accounts = example();
  const std::vector<double> scores{9, 7, 8, 7, 1};  // networks 2 and 4 tie
  const Evaluation evaluation = evaluate(accounts, scores, 2);
  EXPECT_EQ(evaluation.accounts.found_positives, 7U);
  // Positives and negatives by score: 9: 4, 0; 8: 1, 0; 7: 2, 5; none: 2, 4.
  EXPECT_DOUBLE_EQ(evaluation.roc_auc.value(), (5.0 * 9 + 2 * (2.5 + 4) + 2 * 2) / (9 * 9));
  EXPECT_DOUBLE_EQ(evaluation.average_precision.value(), (4 + 1 + 2 * 7.0 / 12 + 2 * 9.0 / 18) / 9);
  EXPECT_EQ(evaluation.networks.size(), 5U);
  EXPECT_DOUBLE_EQ(evaluation.weighted_precision.value(), 4.05 / 6);
  // Of the found positives alone.
  const Labels found_in{1, 1, 1, 1, 2, 2, 3};
  const Labels belongs_to{0, 0, 0, 1, 0, 0, 1};
  EXPECT_NEAR(evaluation.normalized_mutual_information.value(), brute_force_nmi(found_in, belongs_to), 1e-12);
  EXPECT_NEAR(evaluation.adjusted_rand_index.value(), brute_force_ari(found_in, belongs_to), 1e-12);
  EXPECT_EQ(evaluation.campaigns.size(), 2U);
}

}  // namespace
}  // namespace lockstep::test
