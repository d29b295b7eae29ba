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
  Refined(Problem given, std::uint64_t salt, std::uint32_t rounds)
      : seed(salt),
        problem(std::move(given)),
        graph(undistributed(problem.graph)),
        communities(Comm::self(), graph, random_labels(seed, graph.own, 4)),
        parts(refine(Comm::self(), graph, problem.quality, SubRounds(graph, seed, 0, rounds), communities,
                     inside_of(graph, communities))) {}
  std::uint64_t seed;
  Problem problem;
  Graph graph;
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

/// METHOD's refinement by definition: one vertex at a time, in the order of the sub-rounds.
class OneByOne {
 public:
  explicit OneByOne(const Refined& refined)
      : problem_(refined.problem), communities_(refined.communities.own_labels()) {}

  Labels refine(const SubRounds& rounds) {
    Labels order = parts_ = everyone_alone(problem_.graph.size());
    std::sort(order.begin(), order.end(), [&](auto v, auto u) { return rounds.of(v) < rounds.of(u); });
    for (const std::uint32_t v : order) {
      const bool alone = parts_[v] == v && std::count(parts_.begin(), parts_.end(), v) == 1;
      if (alone && is_well_connected(v)) parts_[v] = best_part(v);
    }
    return parts_;
  }

 private:
  /// A part's weight to the rest of its community is at least what chance would give.
  bool is_well_connected(std::uint32_t part) const {
    const std::uint32_t community = communities_[part];
    const auto& [graph, quality, weight_factor, penalty] = problem_;
    Wide weight = 0;
    Wide mass = 0;
    Wide rest = 0;
    for (std::uint32_t v = 0; v < parts_.size(); ++v) {
      if (communities_[v] == community) (parts_[v] == part ? mass : rest) += graph.mass[v];
    }
    for (const auto& [a, b, w] : graph.links) {
      const bool crosses = (parts_[a] == part) != (parts_[b] == part);
      if (crosses && communities_[a] == community && communities_[b] == community) weight += w;
    }
    return weight * weight_factor >= mass * rest * penalty;
  }

  std::uint32_t best_part(std::uint32_t vertex) const {
    std::set<std::uint32_t> candidates;  // ascending, so that the smaller label wins ties
    for (const auto& [a, b, weight] : problem_.graph.links) {
      if ((a != vertex && b != vertex) || communities_[a] != communities_[b]) continue;
      candidates.insert(parts_[a == vertex ? b : a]);
    }
    std::uint32_t best = vertex;
    Wide best_quality = problem_.twice_quality(parts_);
    for (const std::uint32_t candidate : candidates) {
      Labels moved = parts_;
      moved[vertex] = candidate;
      const Wide quality = problem_.twice_quality(moved);
      if (quality <= best_quality || !is_well_connected(candidate)) continue;
      best = candidate;
      best_quality = quality;
    }
    return best;
  }

  const Problem& problem_;
  Labels communities_;
  Labels parts_;
};

TEST(Refine, FollowsItsDefinitionOneByOne) {
  constexpr std::uint32_t rounds_count = 64;  // no two of 60 vertices share one
  int checked = 0;
  for_each_refined(
      [&](const Refined& refined) {
        const SubRounds rounds(refined.graph, refined.seed, 0, rounds_count);
        std::set<std::uint32_t> distinct;
        for (std::uint32_t v = 0; v < refined.graph.own; ++v) distinct.insert(rounds.of(v));
        ASSERT_EQ(distinct.size(), refined.graph.own);
        EXPECT_EQ(refined.parts.own_labels(), OneByOne(refined).refine(rounds));
        ++checked;
      },
      rounds_count);
  EXPECT_GT(checked, 30);
}

TEST(Coarsen, MassWeightsAndQualityAreConserved) {
  for_each_refined([](const Refined& refined) {
    const Comm comm = Comm::self();
    const WholeGraph& fine = refined.problem.graph;
    const Labels parts = refined.parts.own_labels();
    const Labels communities = refined.communities.own_labels();
    const Coarse coarse = coarsen(comm, refined.graph, refined.parts, refined.communities);

    // New ids follow the order of the communities' labels, then of the parts'.
    std::set<std::pair<std::uint32_t, std::uint32_t>> distinct;
    for (std::uint32_t v = 0; v < parts.size(); ++v) distinct.emplace(communities[v], parts[v]);
    ASSERT_EQ(coarse.graph.size(), distinct.size());
    for (std::uint32_t v = 0; v < parts.size(); ++v) {
      EXPECT_EQ(coarse.vertex_of[v],
                std::distance(distinct.begin(), distinct.find({communities[v], parts[v]})));
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
    EXPECT_EQ(coarse.graph.mass.values(), mass);
    EXPECT_EQ(coarse.graph.inner.values(), inner);
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
    EXPECT_EQ(quality(refined.graph, communities), refined.problem.twice_quality(communities));
    EXPECT_EQ(quality(coarse.graph, coarse.labels), refined.problem.twice_quality(communities));
    EXPECT_EQ(quality(coarse.graph, everyone_alone(coarse.graph.own)), refined.problem.twice_quality(parts));
    // A community is named by the smallest of its coarse vertices.
    std::map<std::uint32_t, std::uint32_t> names;
    for (std::uint32_t v = 0; v < parts.size(); ++v) {
      auto& name = names.try_emplace(communities[v], coarse.vertex_of[v]).first->second;
      name = std::min(name, coarse.vertex_of[v]);
    }
    for (std::uint32_t v = 0; v < parts.size(); ++v) {
      EXPECT_EQ(coarse.labels[coarse.vertex_of[v]], names[communities[v]]);
    }
  });
}

TEST(Contract, MakesTheCoarseGraphOnceMore) {
  for_each_refined([](const Refined& refined) {
    const Coarse coarse = coarsen(Comm::self(), refined.graph, refined.parts, refined.communities);
    expect_equal(contract(Comm::self(), refined.graph, coarse.vertex_of), coarse.graph);
  });
}

TEST(OrderByCommunity, RenamesVerticesCommunityByCommunity) {
  for_each_refined([](const Refined& refined) {
    const Labels communities = refined.communities.own_labels();
    const Coarse ordered = order_by_community(Comm::self(), refined.graph, refined.communities);
    std::set<std::pair<std::uint32_t, std::uint32_t>> order;
    for (std::uint32_t v = 0; v < communities.size(); ++v) order.emplace(communities[v], v);
    std::map<std::uint32_t, std::uint32_t> first;  // new id in each community
    std::uint32_t next = 0;
    for (const auto& [community, v] : order) {
      EXPECT_EQ(ordered.vertex_of[v], next);
      EXPECT_EQ(ordered.labels[next], first.try_emplace(community, next).first->second);
      ++next;
    }
    WholeGraph renamed(refined.problem.graph.size());
    for (const auto& [a, b, weight] : refined.problem.graph.links) {
      renamed.links.push_back({ordered.vertex_of[a], ordered.vertex_of[b], weight});
    }
    for (std::uint32_t v = 0; v < communities.size(); ++v) {
      renamed.mass[ordered.vertex_of[v]] = refined.problem.graph.mass[v];
      renamed.inner[ordered.vertex_of[v]] = refined.problem.graph.inner[v];
    }
    expect_equal(ordered.graph, undistributed(renamed));
  });
}

TEST(SplitIntoComponents, IsWhatASearchFinds) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const WholeGraph whole = random_graph(seed, 200, 400, 1);
    const Graph graph = undistributed(whole);
    const Labels labels = random_labels(seed, graph.own, 5);
    const Partition communities(Comm::self(), graph, labels);
    EXPECT_EQ(split_into_components(Comm::self(), graph, communities), components_of(whole, labels));
  }
}

}  // namespace
}  // namespace lockstep::test
