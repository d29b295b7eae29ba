#include <set>

#include <gtest/gtest.h>

#include "src/significance/jitter.hpp"
#include "src/significance/pair_test.hpp"
#include "src/significance/threshold.hpp"
#include "tests/ranks/significance/swept_logs.hpp"
#include "tests/unit/projection/brute_force.hpp"
#include "tests/unit/significance/clocks.hpp"

namespace lockstep::test {

namespace {

constexpr std::uint64_t accounts = 40;

/// Some accounts act with account 0 … 3 on many objects at once, so that there is what passes the test.
LabelledLog coordinated_log(std::uint32_t seed) {
  auto labelled = random_labelled_log(seed, {500, 30, 3'000, 0, 1});
  auto& actions = labelled.log.actions;
  std::mt19937 engine(seed);
  for (std::uint64_t object = 0; object < 24; ++object) {
    const auto time = static_cast<std::uint32_t>(2'000 + engine() % 500);
    for (std::uint32_t account = 30; account < 36; ++account) {
      if (engine() % 4 != 0) actions.push_back({object, time, account});
    }
  }
  std::sort(actions.begin(), actions.end());
  return labelled;
}

Histories histories_of(const Comm& comm, const LabelledLog& labelled, const std::vector<Action>& own) {
  const ObjectClocks clocks(comm, own);
  return {comm, own, clocks.of(comm, own), labelled.log.channels, labelled.models, accounts};
}

std::vector<Edge> edges_of(const LabelledLog& labelled) {
  return brute_force_edges(labelled.log.actions, labelled.log.channels, {0, 1'000});
}

using TestFields =
    std::tuple<std::vector<EdgeFields>, std::vector<std::array<std::uint64_t, 3>>, std::vector<double>>;

TestFields fields_of(std::span<const TestedEdge> tested) {
  TestFields fields_of_all;
  auto& [edges, numbers, p_values] = fields_of_all;
  for (const auto& [edge, test] : tested) {
    edges.push_back(std::bit_cast<EdgeFields>(edge));
    numbers.push_back({test.weight, test.co_present, test.expected});
    p_values.push_back(test.p_value);
  }
  return fields_of_all;
}

TEST(Histories, HoldEveryActionOfAnAccountInOrder) {
  for (std::uint32_t seed = 0; seed < 6; ++seed) {
    const auto labelled = coordinated_log(seed);
    const auto histories = histories_of(world(), labelled, own_piece(labelled.log.actions, seed));
    const auto clocks = brute_force_clocks(labelled.log.actions);
    std::uint64_t owned = 0;
    for (std::uint32_t account = 0; account < accounts; ++account) {
      if (histories.owner(account) != world().rank()) continue;
      ++owned;
      std::vector<Visit> expected;
      for (const Action& action : labelled.log.actions) {
        if (action.account != account) continue;
        const auto clock = std::find_if(clocks.begin(), clocks.end(),
                                        [&](const ObjectClock& c) { return c.object == action.object; });
        const NullModel& model = labelled.models[channel_of(action, labelled.log.channels)];
        expected.push_back({action.object, model.interval(action.time - clock->born), account});
      }
      std::sort(expected.begin(), expected.end());
      const auto found = histories.of(account);
      EXPECT_TRUE(std::equal(found.begin(), found.end(), expected.begin(), expected.end())) << account;
    }
    EXPECT_EQ(world().sum(owned), accounts);
  }
}

/// Every pair of edges, tested the slow way: no stopping early, no batches.
std::vector<TestedEdge> test_slowly(const LabelledLog& labelled, const std::vector<Edge>& candidates) {
  const auto& [log, channels] = labelled.log;
  const auto histories = histories_of(Comm::self(), labelled, log);
  std::map<std::pair<std::uint32_t, std::uint32_t>, double> least;
  std::vector<TestedEdge> tested;
  for (const Edge& edge : candidates) {
    const auto chances = count_chances(histories.of(edge.source), histories.of(edge.target),
                                       channels[edge.channel], labelled.models[edge.channel]);
    const double p = pair_p_value(edge.shared, chances);
    auto& pair = least.try_emplace({edge.source, edge.target}, 1).first->second;
    pair = std::min(pair, p);
    tested.push_back({edge, {0, chances.co_present, chances.expected, p}});
  }
  std::erase_if(tested, [&](TestedEdge& t) {
    t.test.weight = weight_of(std::min(1.0, least[{t.edge.source, t.edge.target}] * 4));
    return t.test.weight < least_weight;
  });
  return tested;
}

std::uint64_t pairs_of(const std::vector<Edge>& edges) {
  std::set<std::pair<std::uint32_t, std::uint32_t>> pairs;
  for (const Edge& edge : edges) pairs.emplace(edge.source, edge.target);
  return pairs.size();
}

/// Whether an account of the edges acts and is owned by another rank.
bool asks_others(const std::vector<Edge>& edges, const Histories& histories) {
  return std::any_of(edges.begin(), edges.end(), [&](const Edge& edge) {
    return histories.owner(edge.source) != world().rank() || histories.owner(edge.target) != world().rank();
  });
}

TEST(TestPairs, IsTheSameForAnyBudgetAndNumberOfRanks) {
  std::size_t kept = 0;
  std::size_t dropped = 0;
  std::size_t in_two_channels = 0;
  std::size_t batches = 0;  // of several pairs, within a bound that cuts
  for (std::uint32_t seed = 0; seed < 6; ++seed) {
    const auto labelled = coordinated_log(seed);
    const auto& [log, channels] = labelled.log;
    const auto histories = histories_of(world(), labelled, own_piece(log, seed));
    const auto all = edges_of(labelled);
    const auto expected = test_slowly(labelled, all);
    kept += expected.size();
    dropped += all.size() - expected.size();
    for (std::size_t i = 1; i < expected.size(); ++i) {
      in_two_channels += std::tie(expected[i].edge.source, expected[i].edge.target) ==
                                 std::tie(expected[i - 1].edge.source, expected[i - 1].edge.target)
                             ? 1
                             : 0;
    }
    // Edges lie on ranks by source, unevenly; seed 0: all on the last rank.
    std::vector<Edge> own;
    const auto last = static_cast<std::uint32_t>(world().size() - 1);
    for (const Edge& edge : all) {
      const std::uint32_t rank = seed == 0 ? last : std::min(edge.source / (3 + seed), last);
      if (rank == static_cast<std::uint32_t>(world().rank())) own.push_back(edge);
    }
    for (const std::uint64_t budget : {0U, seed == 1 ? 1U : 60U, 150U}) {
      std::uint64_t pairs = 0;
      std::uint64_t visits = 0;
      const auto tested =
          test_pairs(world(), own, histories, channels, labelled.models,
                     {budget, [&](const PairBatch& batch) {
                        EXPECT_TRUE(budget == 0 || batch.visits <= budget || batch.pairs == 1);
                        pairs += batch.pairs;
                        visits += batch.visits;
                        batches += batch.pairs > 1 && budget == 150 ? 1 : 0;
                      }});
      EXPECT_EQ(pairs, pairs_of(own));
      EXPECT_EQ(visits > 0, asks_others(own, histories));
      EXPECT_EQ(fields_of(world().gather_all(tested)), fields_of(expected)) << seed << " budget " << budget;
      const auto counts = count_by_weight(world(), tested);
      EXPECT_EQ(counts, count_by_weight(Comm::self(), expected));
    }
  }
  EXPECT_GT(kept, 50U);
  EXPECT_GT(dropped, 100U);
  EXPECT_GT(in_two_channels, 10U);
  EXPECT_TRUE(world().size() == 1 || world().sum(batches) > 10);
}

TEST(CountByWeight, CountsAPairOnce) {
  const Edge edge{static_cast<std::uint32_t>(world().rank()), 90, 0, 3, 0, 0, 0, 0, 1};
  Edge other_channel = edge;
  other_channel.channel = 1;
  Edge other_pair = edge;
  other_pair.target = 91;
  const auto counts = count_by_weight(
      world(),
      {{edge, {200'000, 3, 1, 0.5}}, {other_channel, {200'000, 3, 1, 0.5}}, {other_pair, {7, 3, 1, 0.5}}});
  EXPECT_EQ(counts.size(), std::size_t{full_weight} + 1);
  EXPECT_EQ(counts[200'000], static_cast<std::uint64_t>(world().size()));
  EXPECT_EQ(counts[7], static_cast<std::uint64_t>(world().size()));
  EXPECT_EQ(std::count(counts.begin(), counts.end(), 0U), std::ptrdiff_t{full_weight} - 1);
}

TEST(JitterOnRanks, IsTheSameForAnySplit) {
  for (const auto& labelled : rank_logs()) {
    const auto& [log, channels] = labelled.log;
    const auto expected = jitter(log, brute_force_clocks(log), channels, labelled.models, 8, 1);
    for (std::uint32_t seed = 0; seed < 4; ++seed) {
      const auto own = own_actions(log, seed);
      const ObjectClocks clocks(world(), own);
      const auto drawn = jitter(own, clocks.of(world(), own), channels, labelled.models, 8, 1);
      EXPECT_TRUE(world().gather_all(drawn) == expected) << seed;
    }
  }
}

}  // namespace

}  // namespace lockstep::test
