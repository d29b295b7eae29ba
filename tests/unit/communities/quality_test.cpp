#include "src/communities/quality.hpp"

#include <gtest/gtest.h>

#include "data/error.hpp"
#include "tests/unit/communities/graphs.hpp"

namespace lockstep::test {
namespace {

/// The terms of METHOD §4 that `gain` wants to know, by brute force.
struct Joining {
  std::uint64_t weight = 0;
  std::uint64_t community_mass = 0;
};

Joining joining(const WholeGraph& graph, const Labels& labels, std::uint32_t vertex, std::uint32_t label) {
  Joining found;
  for (std::uint32_t v = 0; v < graph.size(); ++v) {
    if (v != vertex && labels[v] == label) found.community_mass += graph.mass[v];
  }
  for (const auto& [a, b, weight] : graph.links) {
    if ((a == vertex && labels[b] == label) || (b == vertex && labels[a] == label)) found.weight += weight;
  }
  return found;
}

void expect_gains_are_differences(const Problem& problem, std::uint64_t seed) {
  const std::uint32_t size = problem.graph.size();
  const Labels labels = random_labels(seed, size, 4);
  for (std::uint32_t v = 0; v < size; ++v) {
    const auto gain = [&](std::uint32_t label) {
      const auto [weight, community_mass] = joining(problem.graph, labels, v, label);
      return problem.quality.gain(weight, problem.graph.mass[v], community_mass);
    };
    for (std::uint32_t label = 0; label < size; ++label) {
      Labels moved = labels;
      moved[v] = label;
      ASSERT_EQ(2 * (gain(label) - gain(labels[v])),
                problem.twice_quality(moved) - problem.twice_quality(labels))
          << "vertex " << v << " from " << labels[v] << " to " << label;
    }
  }
}

TEST(Quality, GainIsTheDifferenceOfTotals) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    WholeGraph graph = random_graph(seed, 20, 60, 5);
    for (std::uint32_t v = 0; v < graph.size(); ++v) {
      graph.mass[v] = 1 + v % 4;
      graph.inner[v] = v % 3;
    }
    expect_gains_are_differences(make_problem(Objective::cpm, 0.37, graph), seed);
    expect_gains_are_differences(make_problem(Objective::modularity, 1.25, graph), seed);
  }
}

TEST(Quality, GainIsExactForTheLargestNumbers) {
  // 2^62 · 2^20 − 2^31 · 2^31 · 2^40: floating point would lose the last one.
  const Quality quality = Quality::cpm(0x1p20, 1);
  const std::uint64_t weight = std::uint64_t{1} << 62;
  const std::uint64_t mass = std::uint64_t{1} << 31;
  EXPECT_NO_THROW(quality.check_range(weight, 2 * mass));
  EXPECT_EQ(quality.gain(weight, mass, mass), (Wide{1} << 82) - (Wide{1} << 102));
  EXPECT_EQ(quality.gain(weight + 1, mass, mass) - quality.gain(weight, mass, mass), Wide{1} << 20);
}

TEST(Quality, WeightOneScalesTheWeights) {
  const std::uint64_t one = std::uint64_t{1} << 20;
  EXPECT_EQ(Quality::cpm(0.5, one).gain(3 * one, 2, 2), Quality::cpm(0.5, 1).gain(3, 2, 2));
}

TEST(Quality, RefusesWhatCouldOverflow) {
  const auto expect_refused = [](auto make) {
    try {
      make();
      ADD_FAILURE() << "accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::bad_data);
    }
  };
  const Quality unit = Quality::cpm(1, 1);  // 2^20 · mass² must stay below 2^126
  EXPECT_NO_THROW(unit.check_range(UINT64_MAX, (std::uint64_t{1} << 53) - 1));
  expect_refused([&] { unit.check_range(1, std::uint64_t{1} << 53); });
  expect_refused([&] { Quality::cpm(1e6, 1).check_range(1, std::uint64_t{1} << 44); });

  const std::uint64_t most = (std::uint64_t{1} << 53) - 1;
  EXPECT_NO_THROW(Quality::modularity(1, most).check_range(most, most));
  expect_refused([&] { Quality::modularity(1e6, most).check_range(most, most); });
  expect_refused([&] { Quality::modularity(1, most + 1); });
}

TEST(Quality, RefusesAResolutionThatWouldBecomeZero) {
  EXPECT_NO_THROW(Quality::cpm(0, 1));
  EXPECT_NO_THROW(Quality::cpm(1e-6, 1));
  EXPECT_THROW(Quality::cpm(1e-7, 1), Error);
  EXPECT_NO_THROW(Quality::modularity(1e-6, 1000));
  EXPECT_THROW(Quality::modularity(1e-6, std::uint64_t{1} << 50), Error);
}

TEST(Quality, ModularityOfLargeWeightsIsExactInCoarserUnits) {
  const std::uint64_t total = (std::uint64_t{1} << 53) - 1;  // 2^-10
  EXPECT_EQ(Quality::modularity(1, total).gain(total, total, total), Wide{0});
  EXPECT_EQ(Quality::modularity(1, total).gain(total, total, total - 1), Wide{1024} * total);
}

}  // namespace
}  // namespace lockstep::test
