#include "src/communities/leiden.hpp"

#include <set>

#include "src/communities/coarsening.hpp"
#include "src/communities/components.hpp"
#include "src/communities/refinement.hpp"
#include "tests/ranks/pieces.hpp"
#include "tests/ranks/world.hpp"
#include "tests/unit/communities/graphs.hpp"

namespace lockstep::test {
namespace {

WholeGraph varied_graph(std::uint64_t seed) {
  WholeGraph graph = random_graph(seed, 90, 300, 4);
  for (std::uint32_t v = 0; v < graph.size(); ++v) {
    graph.mass[v] = 1 + v % 3;
    graph.inner[v] = 2 * (v % 2);
  }
  return graph;
}

TEST(Graph, IsTheSameWhoeverOwnsItsVertices) {
  const WholeGraph whole = varied_graph(1);
  const Graph expected = undistributed(whole);
  for (const Ranges& ranges : several_ranges(whole.size())) {
    expect_equal(gather_graph(world(), distribute(world(), whole, ranges)), expected);
  }
}

TEST(Graph, KnowsWhoSeesAVertex) {
  const WholeGraph whole = random_graph(2, 60, 90, 1);
  for (const Ranges& ranges : several_ranges(whole.size())) {
    const Graph graph = distribute(world(), whole, ranges);
    // A vertex is a ghost of every other rank that owns a neighbour, in the order of the ids.
    std::vector<std::set<std::uint32_t>> ghosts(ranges.first.size() - 1);
    for (const auto& [a, b, weight] : whole.links) {
      if (ranges.owner(a) == ranges.owner(b)) continue;
      ghosts[static_cast<std::size_t>(ranges.owner(a))].insert(b);
      ghosts[static_cast<std::size_t>(ranges.owner(b))].insert(a);
    }
    std::map<std::uint32_t, std::map<int, std::uint32_t>> mirrors;  // by vertex and rank: slot
    for (int rank = 0; rank < world().size(); ++rank) {
      auto slot = static_cast<std::uint32_t>(ranges.size(rank));
      for (const std::uint32_t ghost : ghosts[static_cast<std::size_t>(rank)]) mirrors[ghost][rank] = slot++;
    }
    for (std::uint32_t v = 0; v < graph.own; ++v) {
      std::map<int, std::uint32_t> found;
      for (const auto& [rank, slot] : graph.mirrors.of(v)) found[rank] = slot;
      EXPECT_EQ(found, mirrors[graph.id(v)]);
      EXPECT_EQ(graph.mirrors.of(v).size(), found.size());
    }
    ASSERT_EQ(graph.ghosts.size(), ghosts[static_cast<std::size_t>(world().rank())].size());
    for (std::uint32_t g = 0; g < graph.ghosts.size(); ++g) {
      EXPECT_EQ(graph.slot(graph.ghosts[g]), graph.own + g);
    }
  }
}

/// One level of Leiden after local moving, with every rank's part brought together.
struct Level {
  Level(const Comm& comm, const Problem& problem, const Ranges& ranges, const Labels& labels) {
    const Graph graph = distribute(comm, problem.graph, ranges);
    const auto own_labels =
        std::vector(labels.begin() + graph.own_begin, labels.begin() + graph.own_begin + graph.own);
    Partition communities(comm, graph, own_labels);
    components = comm.gather_all(split_into_components(comm, graph, communities));
    const SubRounds rounds(graph, 1, 0, 4);
    const Partition refined =
        refine(comm, graph, problem.quality, rounds, communities, inside_of(graph, communities));
    parts = comm.gather_all(refined.own_labels());
    std::vector<std::int64_t> own_totals;
    for (std::uint32_t v = 0; v < graph.own; ++v) {
      const Totals& totals = refined.totals(v);
      own_totals.insert(own_totals.end(),
                        {static_cast<std::int64_t>(totals.mass), totals.cut, totals.members});
    }
    part_totals = comm.gather_all(own_totals);
    const Coarse coarse = coarsen(comm, graph, refined, communities);
    coarse_graph = gather_graph(comm, coarse.graph);
    vertex_of = comm.gather_all(coarse.vertex_of);
    coarse_labels = comm.gather_all(coarse.labels);
    coarse_quality = total_quality(comm, coarse.graph, problem.quality, coarse.labels);
    contracted = gather_graph(comm, contract(comm, graph, coarse.vertex_of));
    const Coarse ordered = order_by_community(comm, graph, communities);
    ordered_graph = gather_graph(comm, ordered.graph);
    order = comm.gather_all(ordered.vertex_of);
    ordered_labels = comm.gather_all(ordered.labels);
  }
  Labels components;
  Labels parts;
  std::vector<std::int64_t> part_totals;
  Graph coarse_graph;
  Labels vertex_of;
  Labels coarse_labels;
  Wide coarse_quality = 0;
  Graph contracted;
  Graph ordered_graph;
  Labels order;
  Labels ordered_labels;
};

TEST(Level, IsTheSameAtAnyRankCount) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const Problem problem = seed % 2 == 0 ? make_problem(Objective::cpm, 0.05, varied_graph(seed))
                                          : make_problem(Objective::modularity, 0.8, varied_graph(seed));
    const Labels labels = random_labels(seed, problem.graph.size(), 4);
    const Level expected(Comm::self(), problem, Ranges{{0, problem.graph.size()}}, labels);
    EXPECT_EQ(expected.components, components_of(problem.graph, labels));
    EXPECT_LT(expected.coarse_graph.size(), problem.graph.size());
    for (const Ranges& ranges : several_ranges(problem.graph.size())) {
      const Level level(world(), problem, ranges, labels);
      EXPECT_EQ(level.components, expected.components);
      EXPECT_EQ(level.parts, expected.parts);
      EXPECT_EQ(level.part_totals, expected.part_totals);
      expect_equal(level.coarse_graph, expected.coarse_graph);
      EXPECT_EQ(level.vertex_of, expected.vertex_of);
      EXPECT_EQ(level.coarse_labels, expected.coarse_labels);
      EXPECT_EQ(level.coarse_quality, problem.twice_quality(labels));
      expect_equal(level.contracted, expected.coarse_graph);
      expect_equal(level.ordered_graph, expected.ordered_graph);
      EXPECT_EQ(level.order, expected.order);
      EXPECT_EQ(level.ordered_labels, expected.ordered_labels);
    }
  }
}

TEST(SplitIntoComponents, FollowsAPathThatCrossesRanksAtEveryStep) {
  constexpr std::uint32_t length = 60;
  WholeGraph whole(length);
  const auto at = [](std::uint32_t step) { return step * 23 % length; };
  for (std::uint32_t step = 0; step + 1 < length; ++step) {
    if (step != 40) whole.links.push_back({at(step), at(step + 1), 1});
  }
  for (const Ranges& ranges : several_ranges(length)) {
    const Graph graph = distribute(world(), whole, ranges);
    const Partition together(world(), graph, Labels(graph.own, 7));
    EXPECT_EQ(world().gather_all(split_into_components(world(), graph, together)),
              components_of(whole, Labels(length, 7)));
  }
}

TEST(TotalQuality, IsTheSameAtAnyRankCount) {
  const WholeGraph whole = varied_graph(3);
  for (const Problem& problem :
       {make_problem(Objective::cpm, 0.37, whole), make_problem(Objective::modularity, 1.25, whole)}) {
    const Labels labels = random_labels(3, whole.size(), 5);
    for (const Ranges& ranges : several_ranges(whole.size())) {
      const Graph graph = distribute(world(), problem.graph, ranges);
      const Labels own(labels.begin() + graph.own_begin, labels.begin() + graph.own_begin + graph.own);
      EXPECT_EQ(total_quality(world(), graph, problem.quality, own), problem.twice_quality(labels));
    }
  }
}

void expect_same_communities(const Problem& problem, const std::vector<std::uint64_t>& gather_arcs) {
  LeidenOptions options;
  options.seed = 5;
  const Labels expected =
      find_communities(Comm::self(), undistributed(problem.graph), problem.quality, options);
  EXPECT_EQ(expected, components_of(problem.graph, expected));
  EXPECT_NE(expected, everyone_alone(problem.graph.size()));
  for (const Ranges& ranges : several_ranges(problem.graph.size())) {
    for (const std::uint64_t arcs : gather_arcs) {
      options.gather_arcs = arcs;
      const auto labels =
          find_communities(world(), distribute(world(), problem.graph, ranges), problem.quality, options);
      EXPECT_EQ(world().gather_all(labels), expected) << "gathered at " << arcs << " arcs";
    }
  }
}

constexpr std::uint64_t never = 0;
const std::uint64_t at_once = LeidenOptions{}.gather_arcs;

TEST(FindCommunities, AreTheSameAtAnyRankCount) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const WholeGraph planted = planted_graph(seed, 30, 12, 4, 3, 3);
    expect_same_communities(make_problem(Objective::cpm, 0.3, planted), {never, 1500, at_once});
    expect_same_communities(make_problem(Objective::modularity, 1, planted), {never, 1500, at_once});
    expect_same_communities(make_problem(Objective::cpm, 0.1, random_graph(seed, 300, 900, 1)), {never});
  }
}

/// A state as it comes back from a checkpoint: whole arrays, dealt to the ranks anyhow.
LeidenState dealt(const LeidenState& whole, const Comm& from) {
  LeidenState state = whole;
  const auto deal = [&](auto& values) {
    const auto all = from.gather_all(values);
    const Ranges pieces = even_ranges(all.size(), world().size());
    values.assign(all.begin() + static_cast<std::ptrdiff_t>(pieces.begin(world().rank())),
                  all.begin() + static_cast<std::ptrdiff_t>(pieces.end(world().rank())));
  };
  deal(state.order);
  deal(state.inside);
  deal(state.start);
  deal(state.labels);
  deal(state.active);
  return state;
}

TEST(FindCommunities, GoOnFromAnyStateAtAnotherRankCount) {
  std::set<std::pair<std::uint32_t, std::uint32_t>> resumed;  // passes and levels
  for (const Objective objective : {Objective::cpm, Objective::modularity}) {
    const Problem problem = make_problem(objective, 0.4, planted_graph(4, 100, 12, 3, 2, 2));
    LeidenOptions options;
    options.coarse_rounds = 4;
    options.gather_arcs = never;
    const auto on_ranks = [&] {
      return world().gather_all(find_communities(
          world(), distribute(world(), problem.graph, even_ranges(problem.graph.size(), world().size())),
          problem.quality, options));
    };
    const auto alone = [&] {
      return find_communities(Comm::self(), undistributed(problem.graph), problem.quality, options);
    };
    std::vector<LeidenState> states;
    options.between = [&](const auto& state) { states.push_back(dealt(state(), world())); };
    const Labels expected = on_ranks();
    const std::size_t from_ranks = states.size();
    options.between = [&](const auto& state) { states.push_back(dealt(state(), Comm::self())); };
    EXPECT_EQ(alone(), expected);
    EXPECT_EQ(states.size(), 2 * from_ranks);
    options.between = {};
    for (const LeidenState& state : states) {
      options.state = state;
      options.gather_arcs = resumed.size() % 2 == 0 ? never : 1500;
      EXPECT_EQ(on_ranks(), expected) << "pass " << state.pass << ", level " << state.level;
      resumed.emplace(state.pass, state.level);
    }
  }
  EXPECT_TRUE(resumed.contains({0, 0}));
  EXPECT_TRUE(resumed.contains({0, 1}));
}

TEST(FindCommunities, TakeFewerVerticesThanRanks) {
  WholeGraph pair(2);
  pair.links = {{0, 1, 1}};
  expect_same_communities(make_problem(Objective::cpm, 0.5, pair), {never, at_once});
  const Problem nobody = make_problem(Objective::cpm, 0.5, WholeGraph(0));
  LeidenOptions options;
  options.gather_arcs = 0;
  const Graph graph = distribute(world(), nobody.graph, even_ranges(0, world().size()));
  EXPECT_TRUE(find_communities(world(), graph, nobody.quality, options).empty());
}

}  // namespace
}  // namespace lockstep::test
