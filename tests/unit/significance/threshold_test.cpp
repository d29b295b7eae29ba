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

/// The definition, tried at every p at which a count can change, and just beyond.
Threshold brute_force_threshold(const Weights& edges, const Weights& decoys, double replicas, double fdr) {
  Weights tried = {least_weight, full_weight};
  for (const Weights* weights : {&edges, &decoys}) {
    for (const std::uint32_t weight : *weights) tried.insert(tried.end(), {weight, weight + 1});
  }
  Threshold best;
  for (const std::uint32_t weight : tried) {
    const auto real = at_least(edges, weight);
    const auto false_ones = at_least(decoys, weight);
    const bool pure =
        real > 0 && static_cast<double>(false_ones) / replicas / static_cast<double>(real) <= fdr;
    if (pure && weight >= least_weight && weight < best.weight) best = {weight, real, false_ones};
  }
  return best;
}

TEST(FindThreshold, EqualsTheDefinition) {
  std::mt19937 engine(2);
  std::size_t none = 0;
  std::size_t inside = 0;
  for (int round = 0; round < 60; ++round) {
    const auto draw = [&](std::size_t n, std::uint32_t end) {
      Weights weights;
      for (std::size_t i = 0; i < n; ++i) weights.push_back(static_cast<std::uint32_t>(engine() % end));
      return weights;
    };
    const auto replicas = static_cast<std::uint32_t>(1 + engine() % 3);
    const double fdr = std::array{0.0, 0.01, 0.125, 0.5}[engine() % 4];
    const auto edges = draw(engine() % 300, full_weight + 1);
    const auto decoys = draw(engine() % 40, round % 2 == 0 ? full_weight / 3 : full_weight + 1);
    const auto expected = brute_force_threshold(edges, decoys, replicas, fdr);
    const auto found = find_threshold(by_weight(edges), by_weight(decoys), replicas, fdr);
    EXPECT_EQ(found.weight, expected.weight) << round;
    EXPECT_EQ(found.edges, expected.edges) << round;
    EXPECT_EQ(found.decoys, expected.decoys) << round;
    none += found.weight > full_weight ? 1 : 0;
    inside += found.weight > least_weight && found.weight < full_weight ? 1 : 0;
  }
  EXPECT_GT(none, 2U);
  EXPECT_GT(inside, 20U);
}

TEST(FindThreshold, KeepsTheLimitAndNothingBeyond) {
  const Weights edges(100, 500'000);
  EXPECT_EQ(find_threshold(by_weight(edges), by_weight({400'000}), 1, 0.01).weight, least_weight);
  EXPECT_EQ(find_threshold(by_weight(edges), by_weight({400'000, 300'000}), 1, 0.01).weight, 300'001U);
  EXPECT_EQ(find_threshold(by_weight(edges), by_weight({400'000, 300'000}), 2, 0.01).weight, least_weight);
  EXPECT_EQ(find_threshold(by_weight({least_weight - 1}), by_weight({}), 1, 0.01).edges, 0U);
}

TEST(Threshold, AlphaIsThePOfItsWeight) {
  EXPECT_EQ(Threshold{}.alpha(), 0);
  EXPECT_DOUBLE_EQ((Threshold{full_weight, 1, 0}.alpha()), 1e-20);
  for (const std::uint32_t weight : {least_weight, 300'000U, 700'001U}) {
    const double alpha = Threshold{weight, 1, 0}.alpha();
    EXPECT_NEAR(static_cast<double>(weight_of(alpha)), weight, 1);
    EXPECT_LT(weight_of(alpha * 1.0001), weight);
  }
}

}  // namespace

}  // namespace lockstep::test
