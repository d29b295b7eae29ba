#include "src/significance/threshold.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace lockstep::test {

namespace {

using Weights = std::vector<std::uint32_t>;

std::vector<std::uint64_t> by_weight(const Weights& weights) {
  std::vector<std::uint64_t> counts(std::size_t{full_weight} + 1, 0);
  for (const std::uint32_t weight : weights) ++counts[weight];
  return counts;
}

std::uint64_t at_least(const Weights& weights, std::uint32_t least) {
  return static_cast<std::uint64_t>(
      std::count_if(weights.begin(), weights.end(), [&](std::uint32_t weight) { return weight >= least; }));
}

/// P(more than `most` false edges), added up term by term from P(none).
double brute_force_more(double most, std::uint64_t decoys, double replicas) {
  const double share = replicas / (replicas + 2);
  double term = std::pow(share, static_cast<double>(decoys) + 1);
  double up_to_most = 0;
  for (double k = 0; k <= most; ++k) {
    up_to_most += term;
    term *= (static_cast<double>(decoys) + k + 1) / (k + 1) * (1 - share);
  }
  return 1 - up_to_most;
}

/// The definition, tried at every p at which a count can change, and just beyond.
Threshold brute_force_threshold(const Weights& edges, const Weights& decoys, double replicas, double fdr,
                                std::uint32_t family_wise) {
  Weights tried = {least_weight, full_weight, family_wise};
  for (const Weights* weights : {&edges, &decoys}) {
    for (const std::uint32_t weight : *weights) tried.insert(tried.end(), {weight, weight + 1});
  }
  Threshold best;
  for (const std::uint32_t weight : tried) {
    const auto real = at_least(edges, weight);
    const auto false_ones = at_least(decoys, weight);
    const double most = std::floor(fdr * static_cast<double>(real));
    const bool pure = brute_force_more(most, false_ones, replicas) <= 0.01;
    if (real == 0 || weight < least_weight || weight > full_weight) continue;
    if ((pure || weight >= family_wise) && weight < best.weight) best = {weight, real, false_ones, 0};
  }
  return best;
}

TEST(EnoughReplicas, AreFewerForMorePairs) {
  const auto replicas = [](std::size_t pairs, double fdr) {
    return enough_replicas(by_weight(Weights(pairs, least_weight)), fdr);
  };
  EXPECT_EQ(replicas(0, 0.01), 10U);
  EXPECT_EQ(replicas(400, 0.01), 10U);
  EXPECT_EQ(replicas(2'000, 0.01), 5U);
  EXPECT_EQ(replicas(5'000, 0.01), 2U);
  EXPECT_EQ(replicas(1'000'000, 0.01), 1U);
  EXPECT_EQ(replicas(5'000, 0), 10U);
  EXPECT_EQ(enough_replicas(by_weight(Weights(5'000, least_weight - 1)), 0.01), 10U);
}

TEST(ProbabilityOfMore, IsANegativeBinomial) {
  // Nothing known but two clean surrogates: a coin is thrown before every further false edge.
  EXPECT_DOUBLE_EQ(probability_of_more(0, 0, 2), 0.5);
  EXPECT_DOUBLE_EQ(probability_of_more(5, 0, 2), 1.0 / 64);
  EXPECT_DOUBLE_EQ(probability_of_more(1, 0, 10), 1.0 / 36);
  for (const std::uint64_t decoys : {0, 1, 7, 60}) {
    for (const std::uint32_t replicas : {1, 3, 10}) {
      for (const std::uint64_t most : {0, 2, 9, 100}) {
        EXPECT_NEAR(probability_of_more(most, decoys, replicas),
                    brute_force_more(static_cast<double>(most), decoys, replicas), 1e-12);
      }
    }
  }
}

TEST(ProbabilityOfMore, HoldsInSimulation) {
  std::mt19937_64 engine(5);
  // Whatever the rate: where the surrogates allow `most`, more are rarely seen. The rate itself is drawn, as
  // the formula supposes.
  const std::uint32_t replicas = 2;
  std::vector<std::array<int, 2>> seen(30);  // by decoys: how often, and how often above the limit
  for (int i = 0; i < 400'000; ++i) {
    const double rate = std::uniform_real_distribution<double>(0, 40)(engine);
    const auto decoys = std::poisson_distribution<std::uint64_t>(rate * replicas)(engine);
    const auto false_ones = std::poisson_distribution<std::uint64_t>(2 * rate)(engine);
    if (decoys >= seen.size()) continue;
    std::uint64_t most = 0;
    while (probability_of_more(most, decoys, replicas) > 0.1) ++most;
    ++seen[decoys][0];
    if (false_ones > most) ++seen[decoys][1];
  }
  for (const auto& [all, above] : seen) EXPECT_LT(above, 0.1 * all + 4 * std::sqrt(0.1 * all));
}

TEST(FindThreshold, EqualsTheDefinition) {
  std::mt19937 engine(2);
  std::size_t none = 0;
  std::size_t inside = 0;
  std::size_t family = 0;
  for (int round = 0; round < 80; ++round) {
    // The least of `draws`: the more draws, the lighter.
    const auto draw = [&](std::size_t n, int draws) {
      Weights weights(n, full_weight);
      for (auto& weight : weights) {
        for (int i = 0; i < draws; ++i)
          weight = std::min(weight, static_cast<std::uint32_t>(engine() % (full_weight + 1)));
      }
      return weights;
    };
    const auto replicas = static_cast<std::uint32_t>(1 + engine() % 12);
    const double fdr = std::array{0.0, 0.01, 0.125, 0.5}[engine() % 4];
    const auto edges = draw(engine() % 1000, 1);
    const auto decoys = draw(engine() % 400, round % 8);
    const double pairs = std::pow(10.0, static_cast<double>(engine() % 20));
    const auto family_wise =
        static_cast<std::uint32_t>(std::ceil((std::log10(pairs) + 2) / 20 * full_weight));
    const auto expected = brute_force_threshold(edges, decoys, replicas, fdr, family_wise);
    const auto found = find_threshold(by_weight(edges), by_weight(decoys), replicas, fdr, pairs);
    EXPECT_NEAR(found.weight, expected.weight, found.weight == family_wise ? 1 : 0) << round;
    EXPECT_EQ(found.edges, expected.edges) << round;
    EXPECT_EQ(found.decoys, expected.decoys) << round;
    none += found.weight > full_weight ? 1 : 0;
    inside += found.weight > least_weight && found.weight < family_wise ? 1 : 0;
    family += found.weight == family_wise ? 1 : 0;
  }
  EXPECT_GT(none, 2U);
  EXPECT_GT(inside, 5U);
  EXPECT_GT(family, 5U);
}

TEST(FindThreshold, FewEdgesNeedMoreSurrogatesOrTheNullModel) {
  constexpr double many = 1e300;  // pairs: the null model alone lets nothing through
  const auto edges = by_weight(Weights(200, 500'000));
  EXPECT_EQ(find_threshold(edges, by_weight({}), 1, 0.01, many).edges, 0U);
  EXPECT_EQ(find_threshold(edges, by_weight({}), 10, 0.01, many).weight, least_weight);
  EXPECT_EQ(find_threshold(edges, by_weight({400'000}), 10, 0.01, many).weight, 400'001U);
  EXPECT_EQ(find_threshold(by_weight(Weights(1200, 500'000)), by_weight({}), 1, 0.01, many).edges, 1200U);
  // 10^6 pairs at p = 10^−8.
  const Threshold found = find_threshold(by_weight({500'000, 400'000}), by_weight({}), 1, 0.01, 1e6);
  EXPECT_EQ(found.edges, 1U);
  EXPECT_NEAR(found.alpha(), 1e-8, 1e-12);
  EXPECT_EQ(find_threshold(by_weight({least_weight - 1}), by_weight({}), 1, 0.01, 1).edges, 0U);
}

TEST(Threshold, AlphaIsThePOfItsWeight) {
  EXPECT_EQ(Threshold{}.alpha(), 0);
  EXPECT_DOUBLE_EQ((Threshold{full_weight, 1, 0, 1}.alpha()), 1e-20);
  for (const std::uint32_t weight : {least_weight, 300'000U, 700'001U}) {
    const double alpha = Threshold{weight, 1, 0, 1}.alpha();
    EXPECT_NEAR(static_cast<double>(weight_of(alpha)), weight, 1);
    EXPECT_LT(weight_of(alpha * 1.0001), weight);
  }
}

}  // namespace

}  // namespace lockstep::test
