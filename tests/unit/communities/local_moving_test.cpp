#include "src/communities/local_moving.hpp"

#include <set>

#include <gtest/gtest.h>

#include "tests/unit/communities/graphs.hpp"

namespace lockstep::test {
namespace {

/// By trying every allowed community. Sets `forbidden` where a better one was not allowed.
std::uint32_t best_label(const Problem& problem, const Labels& labels, const SubRounds& rounds,
                         std::uint32_t vertex, bool& forbidden) {
  std::map<std::uint32_t, std::vector<std::uint32_t>> members;
  for (std::uint32_t v = 0; v < labels.size(); ++v) members[labels[v]].push_back(v);
  std::set<std::uint32_t> candidates;  // ascending, so that the smaller label wins ties
  if (!members.contains(vertex)) candidates.insert(vertex);
  for (const auto& [a, b, weight] : problem.graph.links) {
    if (a == vertex) candidates.insert(labels[b]);
    if (b == vertex) candidates.insert(labels[a]);
  }
  const bool alone = members[labels[vertex]].size() == 1;
  std::uint32_t best = labels[vertex];
  Wide best_quality = problem.twice_quality(labels);
  for (const std::uint32_t candidate : candidates) {
    Labels moved = labels;
    moved[vertex] = candidate;
    const Wide quality = problem.twice_quality(moved);
    if (quality <= best_quality) continue;
    if (alone && members[candidate].size() == 1 && rounds.of(members[candidate][0]) == rounds.of(vertex) &&
        candidate > labels[vertex]) {
      forbidden = true;
      continue;
    }
    best = candidate;
    best_quality = quality;
  }
  return best;
}

TEST(BestPlace, IsTheBestOfAllAllowedCommunities) {
  int stays = 0;
  int joins = 0;
  int leaves = 0;
  bool forbidden = false;
  NeighbourWeights weights;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    // Few different weights make many ties.
    WholeGraph whole = random_graph(seed, 30, 50, 1 + static_cast<std::uint32_t>(seed % 3));
    for (std::uint32_t v = 0; v < whole.size(); ++v) whole.mass[v] = 1 + v % 2;
    const Problem problem = seed % 2 == 0 ? make_problem(Objective::cpm, 0.25, std::move(whole))
                                          : make_problem(Objective::modularity, 1, std::move(whole));
    const Graph graph = undistributed(problem.graph);
    const Labels labels = random_labels(seed, graph.own, 6);
    const Partition partition(Comm::self(), graph, labels);
    const SubRounds rounds(graph, seed, 0, 4);
    for (std::uint32_t v = 0; v < graph.own; ++v) {
      const std::uint32_t expected = best_label(problem, labels, rounds, v, forbidden);
      ASSERT_EQ(partition.label(best_place(graph, partition, problem.quality, rounds, v, weights)), expected)
          << "seed " << seed << ", vertex " << v;
      ++(expected == labels[v] ? stays : expected == v ? leaves : joins);
    }
  }
  // Every rule was put to the test.
  EXPECT_GT(stays, 20);
  EXPECT_GT(joins, 20);
  EXPECT_GT(leaves, 20);
  EXPECT_TRUE(forbidden);
}

TEST(MoveLocally, OneByOneEveryMoveRaisesQuality) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Problem problem = make_problem(Objective::cpm, 0.3, planted_graph(seed, 6, 8, 5, 4, 3));
    const Graph graph = undistributed(problem.graph);
    const Labels alone = everyone_alone(graph.own);
    Partition partition(Comm::self(), graph, alone);
    const SubRounds rounds(graph, seed, 0, 64);  // no two of the 48 vertices share one
    Wide before = problem.twice_quality(alone);
    for (int iteration = 0; iteration < 3; ++iteration) {
      Moving moving;
      move_locally(Comm::self(), graph, problem.quality, rounds, {1, 0}, partition, moving);
      const Wide after = problem.twice_quality(partition.own_labels());
      EXPECT_TRUE(iteration == 0 ? after > before : after >= before) << "seed " << seed;
      before = after;
    }
  }
}

/// A level of modularity on a planted graph, at its start.
struct PlantedLevel {
  explicit PlantedLevel(std::uint64_t seed)
      : problem(make_problem(Objective::modularity, 1, planted_graph(seed, 60, 20, 5, 3, 2))),
        graph(undistributed(problem.graph)),
        rounds(graph, seed, 0, 8) {}
  Partition start() const { return {Comm::self(), graph, everyone_alone(graph.own)}; }
  Problem problem;
  Graph graph;
  SubRounds rounds;
};

TEST(MoveAll, DoesWhatLocalMovingDoesWithEveryVertexWoken) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const PlantedLevel level(seed);
    const auto& [problem, graph, rounds] = level;
    Partition together = level.start();
    Effort effort;
    std::vector<Labels> between;
    move_all(Comm::self(), graph, problem.quality, rounds, {3, 0}, together, effort,
             [&] { between.push_back(together.own_labels()); });
    Partition stepwise = level.start();
    Effort expected;
    for (std::uint32_t iteration = 0; iteration < 3; ++iteration) {
      Moving awake;  // all are active
      move_locally(Comm::self(), graph, problem.quality, rounds, {1, 0}, stepwise, awake);
      if (iteration < 2) {
        ASSERT_GT(between.size(), iteration);
        EXPECT_EQ(between[iteration], stepwise.own_labels());
      }
      expected.moves += awake.effort.moves;
    }
    EXPECT_EQ(together.own_labels(), stepwise.own_labels());
    EXPECT_EQ(effort.moves, expected.moves);
    EXPECT_EQ(effort.iterations, 3U);
    EXPECT_EQ(between.size(), 2U);
  }
}

TEST(MoveLocally, GoesOnBetweenIterations) {
  std::uint32_t stopped = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const PlantedLevel level(seed);
    const auto& [problem, graph, rounds] = level;
    Partition whole = level.start();
    Moving moving;
    std::vector<std::pair<Moving, Labels>> states;
    move_locally(Comm::self(), graph, problem.quality, rounds, {20, 1}, whole, moving,
                 [&] { states.emplace_back(moving, whole.own_labels()); });
    for (auto& [state, labels] : states) {
      Partition rest(Comm::self(), graph, labels);
      move_locally(Comm::self(), graph, problem.quality, rounds, {20, 1}, rest, state);
      EXPECT_EQ(rest.own_labels(), whole.own_labels());
      EXPECT_EQ(state.effort.moves, moving.effort.moves);
      ++stopped;
    }
  }
  EXPECT_GT(stopped, 10U);
}

TEST(Settle, LeavesAPartitionAloneInWhichManyWantToMove) {
  const Problem problem = make_problem(Objective::cpm, 0.3, planted_graph(1, 20, 12, 5, 4, 3));
  const Graph graph = undistributed(problem.graph);
  const Labels alone = everyone_alone(graph.own);
  Partition partition(Comm::self(), graph, alone);
  Effort effort;
  EXPECT_FALSE(settle(Comm::self(), graph, problem.quality, 10, partition, effort));
  EXPECT_EQ(partition.own_labels(), alone);
  EXPECT_TRUE(settle(Comm::self(), graph, problem.quality, graph.own, partition, effort));
  EXPECT_GT(problem.twice_quality(partition.own_labels()), problem.twice_quality(alone));
  EXPECT_GT(effort.moves, 100U);
}

}  // namespace
}  // namespace lockstep::test
