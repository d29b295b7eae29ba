#include "src/communities/coordination_graph.hpp"

#include <map>
#include <numeric>

#include "tests/ranks/agreed_error.hpp"
#include "tests/ranks/communities/edges.hpp"
#include "tests/ranks/world.hpp"

namespace lockstep::test {
namespace {

constexpr std::uint32_t accounts = 120;

/// Three channels; many accounts have no partner.
std::vector<Edge> random_edges(std::uint64_t seed) {
  EdgeMaker maker(seed);
  for (int i = 0; i < 150; ++i)
    maker.add(3 * maker.below(accounts / 3), maker.below(accounts / 2), maker.below(3));
  return maker.edges();
}

CoordinationGraph coordinate(const std::vector<Edge>& edges, std::uint32_t seed) {
  const Ranges ranges = account_ranges(accounts, seed);
  return make_coordination_graph(world(), ranges, edges_of(edges, ranges, world().rank()));
}

TEST(CoordinationGraph, NumbersTheAccountsThatHavePartners) {
  for (std::uint32_t seed = 0; seed < 4; ++seed) {
    const auto edges = random_edges(seed);
    const auto named = named_accounts(edges);
    ASSERT_LT(named.size(), accounts);
    const CoordinationGraph graph = coordinate(edges, seed);
    EXPECT_EQ(world().gather_all(graph.own), named);
    EXPECT_EQ(graph.vertices.total(), named.size());
    EXPECT_EQ(graph.vertices.size(world().rank()), graph.own.size());
    for (const std::uint32_t account : graph.own) EXPECT_EQ(graph.accounts.owner(account), world().rank());

    const auto found = world().gather_all(graph.edges);
    ASSERT_EQ(found.size(), edges.size());
    for (std::size_t e = 0; e < edges.size(); ++e) {
      EXPECT_EQ(named[found[e].source], edges[e].source);
      EXPECT_EQ(named[found[e].target], edges[e].target);
      EXPECT_EQ(found[e].channel, edges[e].channel);
      EXPECT_EQ(found[e].shared, edges[e].shared);
    }
    for (const Edge& edge : graph.edges) EXPECT_EQ(graph.vertices.owner(edge.source), world().rank());
  }
}

TEST(WeighByCount, SumsSharedObjectsOverChannels) {
  for (std::uint32_t seed = 0; seed < 4; ++seed) {
    const auto edges = random_edges(seed);
    const auto named = named_accounts(edges);
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> weights;
    std::vector<std::uint64_t> degrees(named.size(), 0);
    for (const Edge& edge : edges) {
      const std::uint32_t source = vertex_of(named, edge.source);
      const std::uint32_t target = vertex_of(named, edge.target);
      weights[{source, target}] += edge.shared;
      weights[{target, source}] += edge.shared;
      degrees[source] += edge.shared;
      degrees[target] += edge.shared;
    }
    ASSERT_LT(weights.size(), 2 * edges.size());  // some pairs meet in several channels

    const CoordinationGraph coordination = coordinate(edges, seed);
    Graph graph = weigh_by_count(world(), coordination);
    const Graph whole = gather_graph(world(), graph);
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> found;
    for (std::uint32_t v = 0; v < whole.own; ++v) {
      for (std::uint64_t a = whole.first[v]; a < whole.first[v + 1]; ++a) {
        EXPECT_TRUE(found.try_emplace({v, whole.target[a]}, whole.weight[a]).second);
      }
    }
    EXPECT_EQ(found, weights);
    EXPECT_EQ(whole.inner.values(), std::vector<std::uint64_t>(named.size(), 0));
    EXPECT_EQ(whole.mass.values(), std::vector<std::uint64_t>(named.size(), 1));

    graph.inner = Numbers(graph.own, 6);
    for (auto& degree : degrees) degree += 6;
    const auto gain = [&](Objective objective, std::uint64_t weight_one) {
      return set_objective(world(), graph, objective, 0.4, weight_one).gain(7, 3, 5);
    };
    const Wide penalty = 419430 * 3 * 5;  // 0.4 · 2^20
    EXPECT_EQ(gain(Objective::cpm, 1), Wide{7} * (1 << 20) - penalty);
    EXPECT_EQ(gain(Objective::cpm, 1 << 20), 7 - penalty);
    EXPECT_EQ(world().gather_all(graph.mass.values()), std::vector<std::uint64_t>(named.size(), 1));
    const std::uint64_t total = std::accumulate(degrees.begin(), degrees.end(), std::uint64_t{0});
    EXPECT_EQ(gain(Objective::modularity, 1), Wide{7} * total * (1 << 20) - penalty);
    EXPECT_EQ(world().gather_all(graph.mass.values()), degrees);
  }
}

TEST(SetObjective, RefusesAResolutionThatModularityCannotHold) {
  // 2m = 2 · 1025 · (2^32 − 1) is above 2^43, however the edges lie: γ is held in units of 2^−19.
  std::vector<Edge> edges;
  for (std::uint32_t source = 0; edges.size() < 1025; ++source) {
    for (std::uint32_t target = source + 1; target < accounts && edges.size() < 1025; ++target) {
      edges.push_back({source, target, 0, UINT32_MAX, 0, 0, 0, 0, 1});
    }
  }
  const CoordinationGraph coordination = coordinate(edges, 1);
  Graph graph = weigh_by_count(world(), coordination);
  EXPECT_NO_THROW(set_objective(world(), graph, Objective::cpm, 5e-7, 1));
  EXPECT_NO_THROW(set_objective(world(), graph, Objective::modularity, 1, 1));
  agreed_error(ExitCode::bad_data, [&] { set_objective(world(), graph, Objective::modularity, 5e-7, 1); });
}

}  // namespace
}  // namespace lockstep::test
