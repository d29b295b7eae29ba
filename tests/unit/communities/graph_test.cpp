#include "src/communities/graph.hpp"

#include <gtest/gtest.h>

#include "tests/unit/communities/graphs.hpp"

namespace lockstep::test {
namespace {

TEST(MakeGraph, EqualArcsAddUp) {
  WholeGraph whole(4);
  whole.links = {{0, 2, 5}, {2, 0, 7}, {3, 0, 1}, {0, 2, 100}};
  whole.inner = {0, 4, 0, 2};
  const Graph graph = undistributed(whole);
  EXPECT_EQ(graph.own, 4U);
  EXPECT_TRUE(graph.ghosts.empty());
  EXPECT_EQ(graph.first, (std::vector<std::uint64_t>{0, 2, 2, 3, 4}));
  EXPECT_EQ(graph.target, (std::vector<std::uint32_t>{2, 3, 0, 0}));
  EXPECT_EQ(graph.weight.values(), (std::vector<std::uint64_t>{112, 1, 112, 1}));
  EXPECT_EQ(graph.mass.values(), whole.mass);
  EXPECT_EQ(graph.inner.values(), whole.inner);
}

TEST(MakeGraph, NoVertices) {
  const Graph graph = undistributed(WholeGraph(0));
  EXPECT_EQ(graph.size(), 0U);
  EXPECT_EQ(graph.first, (std::vector<std::uint64_t>{0}));
}

}  // namespace
}  // namespace lockstep::test
