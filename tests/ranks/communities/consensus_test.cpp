#include "src/communities/consensus.hpp"

#include <map>
#include <random>

#include <gtest/gtest.h>

#include "tests/ranks/world.hpp"

namespace lockstep::test {

namespace {

using Labels = std::vector<std::uint32_t>;

/// Communities of random sizes, each named by its smallest vertex.
Labels random_partition(std::mt19937& engine, std::uint32_t vertices, std::uint32_t communities) {
  Labels labels(vertices);
  std::map<std::uint32_t, std::uint32_t> smallest;
  for (std::uint32_t v = 0; v < vertices; ++v) {
    labels[v] = smallest.try_emplace(static_cast<std::uint32_t>(engine() % communities), v).first->second;
  }
  return labels;
}

Labels own_part(const Labels& labels, const Ranges& vertices) {
  return {labels.begin() + static_cast<std::ptrdiff_t>(vertices.begin(world().rank())),
          labels.begin() + static_cast<std::ptrdiff_t>(vertices.end(world().rank()))};
}

/// Community: its counterpart's label, size, counterpart's size, members of both.
using Table = std::map<std::uint32_t, std::array<std::uint64_t, 4>>;

Table brute_force(const Labels& labels, const Labels& others) {
  Table table;
  for (const std::uint32_t community : labels) {
    auto& row = table[community];
    row = {};
    for (const std::uint32_t other : others) {
      std::uint64_t shared = 0;
      for (std::size_t v = 0; v < labels.size(); ++v)
        shared += labels[v] == community && others[v] == other ? 1 : 0;
      if (shared > row[3] || (shared == row[3] && other < row[0])) row[0] = other, row[3] = shared;
    }
    row[1] = static_cast<std::uint64_t>(std::count(labels.begin(), labels.end(), community));
    row[2] = static_cast<std::uint64_t>(std::count(others.begin(), others.end(), row[0]));
  }
  return table;
}

TEST(FindCounterparts, EqualsBruteForce) {
  std::mt19937 engine(4);
  for (int round = 0; round < 20; ++round) {
    const auto n = static_cast<std::uint32_t>(engine() % 60);
    const Labels labels = random_partition(engine, n, 1 + static_cast<std::uint32_t>(engine() % 9));
    const Labels others = random_partition(engine, n, 1 + static_cast<std::uint32_t>(engine() % 9));
    const Ranges vertices = even_ranges(n, world().size());
    const auto own = own_part(labels, vertices);
    const auto own_others = own_part(others, vertices);
    const auto found = find_counterparts(world(), vertices, own, own_others);
    Table table;
    for (const Counterpart& c : world().gather_all(found)) {
      table[c.community] = {c.found, c.size, c.other_size, c.shared};
    }
    const Table expected = brute_force(labels, others);
    EXPECT_EQ(table, expected);
    for (const Counterpart& c : found) EXPECT_EQ(vertices.owner(c.community), world().rank());

    const auto stays = who_stays(world(), vertices, own, own_others, found);
    ASSERT_EQ(stays.size(), own.size());
    for (std::size_t v = 0; v < own.size(); ++v) {
      EXPECT_EQ(stays[v] != 0, expected.at(own[v])[0] == own_others[v]);
    }
  }
}

TEST(Counterpart, JaccardIsSharedByEither) {
  EXPECT_DOUBLE_EQ((Counterpart{0, 0, 4, 6, 2}.jaccard()), 0.25);
  EXPECT_DOUBLE_EQ((Counterpart{0, 0, 4, 4, 4}.jaccard()), 1);
}

}  // namespace

}  // namespace lockstep::test
