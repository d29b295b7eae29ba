#include "src/communities/sub_rounds.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/communities/graphs.hpp"

namespace lockstep::test {

namespace {

constexpr std::uint32_t count = 16;

/// The sub-rounds of 40 blocks of vertices, block after block.
std::vector<std::uint32_t> rounds_of(std::uint64_t seed, std::uint32_t level) {
  const Graph graph = undistributed(random_graph(1, 40 * count, 1, 1));
  const SubRounds rounds(graph, seed, level, count);
  std::vector<std::uint32_t> dealt;
  for (std::uint32_t v = 0; v < graph.own; ++v) dealt.push_back(rounds.of(v));
  return dealt;
}

TEST(SubRounds, EveryBlockHasAVertexInEach) {
  const auto dealt = rounds_of(7, 0);
  std::set<std::vector<std::uint32_t>> orders;
  for (auto block = dealt.begin(); block != dealt.end(); block += count) {
    EXPECT_EQ(std::set<std::uint32_t>(block, block + count).size(), count);
    EXPECT_LT(*std::max_element(block, block + count), count);
    orders.emplace(block, block + count);
  }
  EXPECT_GT(orders.size(), 30);  // of 128 that are possible
}

TEST(SubRounds, AreDealtAnewForEverySeedAndLevel) {
  EXPECT_EQ(rounds_of(7, 0), rounds_of(7, 0));
  EXPECT_NE(rounds_of(7, 0), rounds_of(8, 0));
  EXPECT_NE(rounds_of(7, 0), rounds_of(7, 1));
}

TEST(SubRounds, HaveTheirMembersAscending) {
  const Graph graph = undistributed(random_graph(1, 1000, 1, 1));
  const SubRounds rounds(graph, 3, 0, count);
  std::size_t members = 0;
  for (std::uint32_t round = 0; round < count; ++round) {
    EXPECT_TRUE(std::ranges::is_sorted(rounds.members(round)));
    for (const std::uint32_t v : rounds.members(round)) EXPECT_EQ(rounds.of(v), round);
    members += rounds.members(round).size();
  }
  EXPECT_EQ(members, graph.own);
}

}  // namespace

}  // namespace lockstep::test
