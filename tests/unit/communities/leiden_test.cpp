#include "src/communities/leiden.hpp"

#include <set>

#include <gtest/gtest.h>

#include "cluster/agree.hpp"
#include "src/communities/coordination_graph.hpp"
#include "tests/unit/communities/graphs.hpp"

namespace lockstep::test {
namespace {

Labels solve(const Problem& problem, std::uint64_t seed = 1) {
  LeidenOptions options;
  options.seed = seed;
  return find_communities(Comm::self(), undistributed(problem.graph), problem.quality, options);
}

/// By vertex, the first of `size` vertices that form a group.
Labels groups_of(std::uint32_t size, std::uint32_t vertices) {
  Labels labels;
  for (std::uint32_t v = 0; v < vertices; ++v) labels.push_back(v - v % size);
  return labels;
}

/// The same answer for any order of the sub-rounds.
void expect_solution(const Problem& problem, const Labels& expected) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    ASSERT_EQ(solve(problem, seed), expected) << "seed " << seed;
}

WholeGraph ring_of_cliques(std::uint32_t cliques, std::uint32_t size) {
  WholeGraph graph(cliques * size);
  for (std::uint32_t c = 0; c < cliques; ++c) {
    add_clique(graph, c * size, size);
    graph.links.push_back({c * size, (c + 1) % cliques * size + 1, 1});
  }
  return graph;
}

/// Vertices that would do better in another community, or alone.
int improving_moves(const Problem& problem, const Labels& labels) {
  int found = 0;
  std::map<std::uint32_t, std::uint64_t> masses;
  std::vector<std::map<std::uint32_t, std::uint64_t>> weights(labels.size());
  for (std::uint32_t v = 0; v < labels.size(); ++v) masses[labels[v]] += problem.graph.mass[v];
  for (const auto& [a, b, weight] : problem.graph.links) {
    weights[a][labels[b]] += weight;
    weights[b][labels[a]] += weight;
  }
  for (std::uint32_t v = 0; v < labels.size(); ++v) {
    const std::uint64_t mass = problem.graph.mass[v];
    const Wide home = problem.quality.gain(weights[v][labels[v]], mass, masses[labels[v]] - mass);
    found += home < 0 || std::any_of(weights[v].begin(), weights[v].end(), [&](const auto& other) {
               const auto& [label, weight] = other;
               return label != labels[v] && problem.quality.gain(weight, mass, masses[label]) > home;
             });
  }
  return found;
}

class AnyGraph : public ::testing::TestWithParam<Objective> {};

TEST_P(AnyGraph, CommunitiesAreConnectedNamedBySmallestAndBetterThanNone) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const std::uint32_t most_weight = 1 + static_cast<std::uint32_t>(seed % 4);
    const Problem planted = make_problem(GetParam(), 0.3, planted_graph(seed, 20, 12, 4, 3, most_weight));
    const Problem random = make_problem(GetParam(), 0.8, random_graph(seed, 200, 500, most_weight));
    for (const Problem* problem : {&planted, &random}) {
      const Labels labels = solve(*problem, seed);
      EXPECT_EQ(labels, components_of(problem->graph, labels));
      EXPECT_GT(problem->twice_quality(labels),
                problem->twice_quality(everyone_alone(problem->graph.size())));
    }
  }
}

TEST_P(AnyGraph, CommunitiesAreConnectedAfterASinglePass) {
  // Small graphs often end while local moving has left a community in pieces.
  LeidenOptions options;
  options.passes = 1;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    options.seed = seed;
    const Problem problem = make_problem(GetParam(), 2, random_graph(seed, 12, 24, 3));
    const auto labels =
        find_communities(Comm::self(), undistributed(problem.graph), problem.quality, options);
    ASSERT_EQ(labels, components_of(problem.graph, labels)) << "seed " << seed;
  }
}

TEST_P(AnyGraph, NoSingleMoveImprovesTheResult) {
  LeidenOptions few_rounds;  // many vertices decide at once: hard to come to rest
  few_rounds.first_rounds = few_rounds.coarse_rounds = 2;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const std::uint32_t most_weight = 1 + static_cast<std::uint32_t>(seed % 3);
    WholeGraph with_loops = random_graph(seed, 150, 400, most_weight);
    for (std::uint32_t v = 0; v < 150; v += 7) with_loops.inner[v] = 2 * (1 + v % 5);
    for (const Problem& problem :
         {make_problem(GetParam(), 0.3, planted_graph(seed, 30, 15, 8, 6, most_weight)),
          make_problem(GetParam(), 0.6, with_loops)}) {
      for (const LeidenOptions& options : {LeidenOptions{}, few_rounds}) {
        const Labels labels =
            find_communities(Comm::self(), undistributed(problem.graph), problem.quality, options);
        EXPECT_EQ(improving_moves(problem, labels), 0);
        EXPECT_EQ(labels, components_of(problem.graph, labels));
      }
    }
  }
}

TEST_P(AnyGraph, GoesOnBetweenAnyTwoIterations) {
  std::set<std::pair<std::uint32_t, std::uint32_t>> resumed;  // passes and levels
  std::size_t before_order = 0;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const Problem problem = make_problem(GetParam(), 0.4, planted_graph(seed, 100, 12, 3, 2, 2));
    LeidenOptions options;
    options.coarse_rounds = 4;  // more iterations
    std::vector<LeidenState> states;
    options.between = [&](const auto& state) { states.push_back(state()); };
    const auto find = [&] {
      return find_communities(Comm::self(), undistributed(problem.graph), problem.quality, options);
    };
    const Labels labels = find();
    options.between = {};
    for (const LeidenState& state : states) {
      options.state = state;
      ASSERT_EQ(find(), labels) << "seed " << seed << ", pass " << state.pass << ", level " << state.level;
      resumed.emplace(state.pass, state.level);
      before_order += state.order.empty() ? 1 : 0;
    }
  }
  EXPECT_GT(before_order, 4U);
  EXPECT_TRUE(resumed.contains({0, 0}));
  EXPECT_TRUE(resumed.contains({0, 1}));
  EXPECT_TRUE(resumed.contains({1, 0}));
}

TEST_P(AnyGraph, EndsWhereItIsToldTo) {
  const Problem problem = make_problem(GetParam(), 0.4, planted_graph(3, 20, 12, 4, 3, 2));
  LeidenOptions options;
  options.between = [](const auto&) { throw Error(ExitCode::stopped, "stop"); };
  EXPECT_THROW(find_communities(Comm::self(), undistributed(problem.graph), problem.quality, options), Error);
}

TEST_P(AnyGraph, OrderOfArcsDoesNotMatter) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    Problem problem = make_problem(GetParam(), 0.5, planted_graph(seed, 20, 12, 4, 3, 2));
    const Labels labels = solve(problem);
    std::reverse(problem.graph.links.begin(), problem.graph.links.end());
    EXPECT_EQ(solve(problem), labels);
  }
}

TEST_P(AnyGraph, FindsPlantedGroups) {
  // Clear enough that the planted groups are the best answer.
  const Problem problem =
      make_problem(GetParam(), GetParam() == Objective::cpm ? 0.3 : 1, planted_graph(7, 15, 12, 10, 10, 1));
  const Labels labels = solve(problem);
  EXPECT_EQ(std::set<std::uint32_t>(labels.begin(), labels.end()).size(), 15U);
}

TEST_P(AnyGraph, WithoutEdgesEveryoneIsAlone) {
  for (const std::uint32_t vertices : {0U, 1U, 5U}) {
    expect_solution(make_problem(GetParam(), 1, WholeGraph(vertices)), everyone_alone(vertices));
  }
}

TEST_P(AnyGraph, IsolatedVerticesStayAlone) {
  WholeGraph graph(9);
  add_clique(graph, 2, 5);
  expect_solution(make_problem(GetParam(), 0.5, graph), {0, 1, 2, 2, 2, 2, 2, 7, 8});
}

TEST_P(AnyGraph, SeparatesCliquesThatAnEdgeJoins) {
  for (const std::uint64_t weight : {std::uint64_t{1}, std::uint64_t{1000}}) {
    WholeGraph graph(12);
    add_clique(graph, 0, 6, weight);
    add_clique(graph, 6, 6, weight);
    graph.links.push_back({5, 6, weight});
    const double resolution = GetParam() == Objective::cpm ? 0.5 * static_cast<double>(weight) : 1;
    expect_solution(make_problem(GetParam(), resolution, graph), groups_of(6, 12));
  }
}

TEST_P(AnyGraph, SeparatesARingOfCliques) {
  expect_solution(make_problem(GetParam(), GetParam() == Objective::cpm ? 0.5 : 1, ring_of_cliques(10, 5)),
                  groups_of(5, 50));
}

TEST_P(AnyGraph, AVertexBetweenTwoEqualCliquesIsInOneOfThem) {
  WholeGraph graph(9);
  add_clique(graph, 0, 5);
  add_clique(graph, 4, 5);
  const Problem problem = make_problem(GetParam(), GetParam() == Objective::cpm ? 0.4 : 1, graph);
  const Labels left{0, 0, 0, 0, 0, 5, 5, 5, 5};
  const Labels right{0, 0, 0, 0, 4, 4, 4, 4, 4};
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Labels labels = solve(problem, seed);
    EXPECT_TRUE(labels == left || labels == right) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Leiden, AnyGraph, ::testing::Values(Objective::cpm, Objective::modularity),
                         [](const auto& objective) {
                           return objective.param == Objective::cpm ? "Cpm" : "Modularity";
                         });

TEST(Cpm, HasNoResolutionLimit) {
  // Modularity would rather merge neighbours in so long a ring.
  const Problem cpm = make_problem(Objective::cpm, 0.5, ring_of_cliques(60, 4));
  expect_solution(cpm, groups_of(4, 240));
  const Problem modularity = make_problem(Objective::modularity, 1, ring_of_cliques(60, 4));
  EXPECT_GT(modularity.twice_quality(solve(modularity)), modularity.twice_quality(groups_of(4, 240)));
}

TEST(Cpm, JoinsWhatIsConnectedAtResolutionZero) {
  WholeGraph graph(300);  // a path, a star, and a vertex that neither touches
  for (std::uint32_t v = 0; v < 149; ++v) graph.links.push_back({v, v + 1, 1});
  for (std::uint32_t v = 151; v < 299; ++v) graph.links.push_back({150, v, 1});
  const Problem problem = make_problem(Objective::cpm, 0, std::move(graph));
  expect_solution(problem, components_of(problem.graph, Labels(300, 0)));
}

TEST(Cpm, APathFallsIntoPairs) {
  // A third vertex would cost 1.8 and bring 1; two neighbours that are alone would gain 0.1 by joining.
  WholeGraph graph(100);
  for (std::uint32_t v = 0; v < 99; ++v) graph.links.push_back({v, v + 1, 1});
  const Problem problem = make_problem(Objective::cpm, 0.9, std::move(graph));
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Labels labels = solve(problem, seed);
    std::map<std::uint32_t, int> sizes;
    for (const std::uint32_t label : labels) ++sizes[label];
    for (const auto& [label, size] : sizes) EXPECT_LE(size, 2) << "seed " << seed << ", from " << label;
    for (std::uint32_t v = 0; v < 99; ++v) {
      EXPECT_FALSE(sizes[labels[v]] == 1 && sizes[labels[v + 1]] == 1) << "seed " << seed << ", vertex " << v;
    }
  }
}

TEST(Cpm, AStarKeepsAsManyLeavesAsPay) {
  // The n-th member brings 1 and costs 0.3 (n − 1).
  WholeGraph graph(30);
  for (std::uint32_t v = 0; v < 29; ++v) graph.links.push_back({v, 29, 1});
  const Problem problem = make_problem(Objective::cpm, 0.3, std::move(graph));
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Labels labels = solve(problem, seed);
    EXPECT_EQ(std::count(labels.begin(), labels.end(), labels[29]), 4) << "seed " << seed;
    EXPECT_EQ(std::set<std::uint32_t>(labels.begin(), labels.end()).size(), 27U) << "seed " << seed;
  }
}

TEST(Cpm, JoinsASmallCliqueWhateverItsSubRounds) {
  for (const std::uint32_t size : {2U, 3U}) {
    WholeGraph graph(size);
    add_clique(graph, 0, size);
    const Problem problem = make_problem(Objective::cpm, 0.5, std::move(graph));
    int apart = 0;
    for (std::uint64_t seed = 1; seed <= 2000; ++seed)
      apart += solve(problem, seed) == Labels(size, 0) ? 0 : 1;
    EXPECT_EQ(apart, 0) << "of 2000 seeds, for cliques of " << size;
  }
}

TEST(Cpm, CountsWithHugeWeightsExactly) {
  // Cliques of 10 with edges of 2^54 and a bridge of 3 · 2^40; at γ = 2^19 the bridge costs 100 · 2^19 = 52 ·
  // 2^20.
  WholeGraph graph(20);
  const std::uint64_t weight = std::uint64_t{1} << 54;
  add_clique(graph, 0, 10, weight);
  add_clique(graph, 10, 10, weight);
  const auto with_bridge = [&](std::uint64_t bridge) {
    WholeGraph bridged = graph;
    bridged.links.push_back({3, 14, bridge});
    return make_problem(Objective::cpm, 0x1p19, std::move(bridged));
  };
  const std::uint64_t price = 100U << 19;
  expect_solution(with_bridge(price), groups_of(10, 20));
  expect_solution(with_bridge(price + 1), Labels(20, 0));
  const Problem problem = with_bridge(price + 1);
  EXPECT_EQ(total_quality(Comm::self(), undistributed(problem.graph), problem.quality, Labels(20, 0)),
            problem.twice_quality(Labels(20, 0)));
}

TEST(Modularity, CountsWithHugeWeightsExactlyOrRefuses) {
  WholeGraph graph(12);
  const std::uint64_t weight = std::uint64_t{1} << 47;  // 2m = 62 · 2^47, just below 2^53
  add_clique(graph, 0, 6, weight);
  add_clique(graph, 6, 6, weight);
  graph.links.push_back({5, 6, weight});
  const Problem problem = make_problem(Objective::modularity, 1, graph);
  expect_solution(problem, groups_of(6, 12));
  EXPECT_EQ(total_quality(Comm::self(), undistributed(problem.graph), problem.quality, groups_of(6, 12)),
            problem.twice_quality(groups_of(6, 12)));

  graph.links.push_back({4, 7, weight});  // 2m = 2^53
  EXPECT_THROW(make_problem(Objective::modularity, 1, graph), Error);
  Graph heavy = undistributed(graph);
  EXPECT_NO_THROW(set_objective(Comm::self(), heavy, Objective::cpm, 1, 1));
  EXPECT_THROW(set_objective(Comm::self(), heavy, Objective::modularity, 1, 1), AgreedError);
}

}  // namespace
}  // namespace lockstep::test
