#include "src/networks/evidence.hpp"

#include "tests/ranks/pieces.hpp"
#include "tests/ranks/world.hpp"
#include "tests/unit/networks/member_log.hpp"

namespace lockstep::test {
namespace {

/// Of the accounts, those below `vertices` have a partner; edges play no part here.
CoordinationGraph accounts_only(std::uint64_t accounts, std::uint32_t seed) {
  CoordinationGraph graph;
  graph.accounts = Ranges{random_borders(accounts, seed)};
  return graph;
}

std::vector<Evidence> collect(const MemberLog& log, std::uint32_t seed, std::uint32_t objects) {
  CoordinationGraph graph = accounts_only(log.network_of.size(), seed + 1);
  Networks networks;
  for (auto account = graph.accounts.begin(world().rank()); account < graph.accounts.end(world().rank());
       ++account) {
    // Most accounts in no network have no partner, hence no vertex.
    if (log.network_of[account] == 0 && account % 4 != 0) continue;
    graph.own.push_back(static_cast<std::uint32_t>(account));
    networks.rank_of_vertex.push_back(log.network_of[account]);
  }
  const HaloLog own = with_halo(world(), own_piece(log.actions, seed), log.channels);
  return world().gather_all(collect_evidence(world(), own, log.channels, graph, networks, objects));
}

TEST(CollectEvidence, IsTheSameHoweverTheLogIsCut) {
  for (std::uint32_t seed = 0; seed < 10; ++seed) {
    const MemberLog log = random_member_log(seed, 250);
    for (const std::uint32_t objects : {0U, 2U, 1000U}) {
      const auto expected = brute_force_evidence(log, objects);
      EXPECT_EQ(expected.empty(), objects == 0);
      EXPECT_EQ(numbers(collect(log, seed, objects)), numbers(expected)) << "seed " << seed;
    }
  }
}

TEST(CollectEvidence, OfAnEmptyLog) {
  MemberLog log = random_member_log(1, 10);
  log.actions.clear();
  EXPECT_TRUE(collect(log, 1, 10).empty());
}

TEST(CollectEvidence, OfAnObjectThatReachesOverAllRanks) {
  MemberLog log = random_member_log(2, 250);
  for (Action& action : log.actions) action.object = 15;
  std::sort(log.actions.begin(), log.actions.end());
  EXPECT_EQ(numbers(collect(log, 2, 10)), numbers(brute_force_evidence(log, 10)));
}

}  // namespace
}  // namespace lockstep::test
