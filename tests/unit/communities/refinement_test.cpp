#include "src/communities/refinement.hpp"

#include <set>

#include <gtest/gtest.h>

#include "src/communities/coarsening.hpp"
#include "src/communities/components.hpp"
#include "src/communities/leiden.hpp"
#include "tests/unit/communities/graphs.hpp"

namespace lockstep::test {
namespace {

/// A graph, communities that are not always connected, and their refinement.
struct Refined {
  Refined(Problem given, std::uint64_t seed, std::uint32_t rounds)
      : problem(std::move(given)),
        graph(undistributed(problem.graph)),
        boundary(find_boundary(Comm::self(), graph)),
        communities(Comm::self(), graph, boundary, random_labels(seed, graph.own, 4)),
        parts(refine(Comm::self(), graph, boundary, problem.quality, SubRounds(graph, seed, 0, rounds),
                     communities)) {}
  Problem problem;
  Graph graph;
  Boundary boundary;
  Partition communities;
  Partition parts;
};

template <class Check>
void for_each_refined(Check check, std::uint32_t rounds = 4) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    WholeGraph whole = random_graph(seed, 60, 240, 3);
    for (std::uint32_t v = 0; v < whole.size(); ++v) {
      whole.mass[v] = 1 + v % 3;
      whole.inner[v] = 2 * (v % 2);
    }
    check(Refined(make_problem(Objective::cpm, 0.05, whole), seed, rounds));
    check(Refined(make_problem(Objective::modularity, 0.8, std::move(whole)), seed, rounds));
  }
}

TEST(Refine, PartsAreConnectedAndInsideOneCommunity) {
  std::uint32_t merged = 0;
  for_each_refined([&](const Refined& refined) {
    const Labels communities = refined.communities.own_labels();
    const Labels parts = refined.parts.own_labels();
    std::map<std::uint32_t, std::uint32_t> smallest;
    std::map<std::uint32_t, std::uint32_t> community;
    for (std::uint32_t v = 0; v < parts.size(); ++v) {
      smallest.try_emplace(parts[v], v);
      EXPECT_EQ(community.try_emplace(parts[v], communities[v]).first->second, communities[v]);
    }
    Labels named;
    for (const std::uint32_t part : parts) named.push_back(smallest[part]);
    EXPECT_EQ(named, components_of(refined.problem.graph, parts));
    EXPECT_GT(smallest.size(), std::set<std::uint32_t>(communities.begin(), communities.end()).size());
    merged += refined.graph.own - static_cast<std::uint32_t>(smallest.size());
  });
  EXPECT_GT(merged, 400U);  // of 2400 vertices
}

TEST(Refine, TotalsAreThoseOfTheParts) {
  for_each_refined([](const Refined& refined) {
    const Labels communities = refined.communities.own_labels();
    const Labels parts = refined.parts.own_labels();
    std::vector<Totals> expected(parts.size());
    for (std::uint32_t v = 0; v < parts.size(); ++v) {
      ++expected[parts[v]].members;
      expected[parts[v]].mass += refined.problem.graph.mass[v];
    }
    for (const auto& [a, b, weight] : refined.problem.graph.links) {
      if (communities[a] != communities[b] || parts[a] == parts[b]) continue;
      expected[parts[a]].cut += static_cast<std::int64_t>(weight);
      expected[parts[b]].cut += static_cast<std::int64_t>(weight);
    }
    for (std::uint32_t label = 0; label < parts.size(); ++label) {
      const Totals& totals = refined.parts.totals(label);
      EXPECT_EQ(totals.members, expected[label].members) << "label " << label;
      EXPECT_EQ(totals.mass, expected[label].mass) << "label " << label;
      EXPECT_EQ(totals.cut, expected[label].cut) << "label " << label;
    }
  });
}

TEST(Refine, OneByOneEveryMoveRaisesQuality) {
  for_each_refined(
      [](const Refined& refined) {
        const Labels alone = everyone_alone(refined.graph.own);
        EXPECT_GT(refined.problem.twice_quality(refined.parts.own_labels()),
                  refined.problem.twice_quality(alone));
      },
      60'000);  // so many sub-rounds that two of 60 vertices seldom share one
}

TEST(Coarsen, MassWeightsAndQualityAreConserved) {
  for_each_refined([](const Refined& refined) {
    const Comm comm = Comm::self();
    const WholeGraph& fine = refined.problem.graph;
    const Labels parts = refined.parts.own_labels();
    const Coarse coarse = coarsen(comm, refined.graph, refined.parts, refined.communities);

    // New ids follow the order of the parts' labels.
    const std::set<std::uint32_t> distinct(parts.begin(), parts.end());
    ASSERT_EQ(coarse.graph.size(), distinct.size());
    for (std::uint32_t v = 0; v < parts.size(); ++v) {
      EXPECT_EQ(coarse.vertex_of[v], std::distance(distinct.begin(), distinct.find(parts[v])));
    }
    std::vector<std::uint64_t> mass(distinct.size(), 0);
    std::vector<std::uint64_t> inner(distinct.size(), 0);
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> arcs;
    for (std::uint32_t v = 0; v < parts.size(); ++v) {
      mass[coarse.vertex_of[v]] += fine.mass[v];
      inner[coarse.vertex_of[v]] += fine.inner[v];
    }
    for (const auto& [a, b, weight] : fine.links) {
      const std::uint32_t from = coarse.vertex_of[a];
      const std::uint32_t to = coarse.vertex_of[b];
      if (from == to) inner[from] += 2 * weight;
      if (from != to) arcs[{from, to}] += weight;
      if (from != to) arcs[{to, from}] += weight;
    }
    EXPECT_EQ(coarse.graph.mass, mass);
    EXPECT_EQ(coarse.graph.inner, inner);
    decltype(arcs) found;
    for (std::uint32_t v = 0; v < coarse.graph.own; ++v) {
      for (std::uint64_t a = coarse.graph.first[v]; a < coarse.graph.first[v + 1]; ++a) {
        EXPECT_TRUE(found.try_emplace({v, coarse.graph.target[a]}, coarse.graph.weight[a]).second);
      }
    }
    EXPECT_EQ(found, arcs);

    const auto quality = [&](const Graph& graph, const Labels& labels) {
      return total_quality(comm, graph, refined.problem.quality, labels);
    };
    const Labels communities = refined.communities.own_labels();
    EXPECT_EQ(quality(refined.graph, communities), refined.problem.twice_quality(communities));
    EXPECT_EQ(quality(coarse.graph, coarse.labels), refined.problem.twice_quality(communities));
    EXPECT_EQ(quality(coarse.graph, everyone_alone(coarse.graph.own)), refined.problem.twice_quality(parts));
    for (std::uint32_t v = 0; v < parts.size(); ++v) {
      for (std::uint32_t u = 0; u < v; ++u) {
        EXPECT_EQ(coarse.labels[coarse.vertex_of[v]] == coarse.labels[coarse.vertex_of[u]],
                  communities[v] == communities[u]);
      }
    }
  });
}

TEST(SplitIntoComponents, IsWhatASearchFinds) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const WholeGraph whole = random_graph(seed, 200, 400, 1);
    const Graph graph = undistributed(whole);
    const Boundary boundary = find_boundary(Comm::self(), graph);
    const Labels labels = random_labels(seed, graph.own, 5);
    const Partition communities(Comm::self(), graph, boundary, labels);
    EXPECT_EQ(split_into_components(Comm::self(), graph, boundary, communities),
              components_of(whole, labels));
  }
}

}  // namespace
}  // namespace lockstep::test
