#include "cluster/sort.hpp"

#include <gtest/gtest.h>

#include "tests/ranks/pieces.hpp"

namespace lockstep::test {

namespace {

using Rows = std::vector<std::uint64_t>;

/// Sorts `all`, of which each rank holds a piece; returns the most rows that a rank has afterwards.
std::size_t check_sort(Rows all, std::uint32_t seed) {
  const Rows sorted = sample_sort(world(), own_piece(all, seed));
  std::sort(all.begin(), all.end());
  EXPECT_EQ(world().gather_all(sorted), all);
  return world().max(std::uint64_t{sorted.size()});
}

Rows random_rows(std::size_t n, std::uint64_t different) {
  std::mt19937_64 engine(n);
  Rows rows(n);
  for (auto& row : rows) row = engine() % different;
  return rows;
}

TEST(SampleSort, AnyRowsOnAnyRanks) {
  for (const std::size_t n : {0, 1, 2, 10, 1000}) {
    for (const std::uint64_t different : {std::uint64_t{1}, std::uint64_t{3}, UINT64_MAX}) {
      for (std::uint32_t seed = 0; seed < 4; ++seed) check_sort(random_rows(n, different), seed);
    }
  }
}

TEST(SampleSort, NoRankGetsMuchMoreThanItsShare) {
  constexpr std::size_t n = 20'000;
  Rows random = random_rows(n, UINT64_MAX);
  Rows sorted = random;
  std::sort(sorted.begin(), sorted.end());
  Rows falling(sorted.rbegin(), sorted.rend());
  for (const Rows& rows : {random, sorted, falling}) {
    for (std::uint32_t seed = 0; seed < 3; ++seed) {
      EXPECT_LE(check_sort(rows, seed), 2 * n / static_cast<std::size_t>(world().size()));
    }
  }
}

TEST(MergeRuns, OfAnyNumber) {
  for (std::size_t runs = 0; runs < 9; ++runs) {
    Rows rows;
    std::vector<std::size_t> ends;
    for (std::size_t r = 0; r < runs; ++r) {
      Rows run = random_rows(r * r % 5, 10);
      std::sort(run.begin(), run.end());
      rows.insert(rows.end(), run.begin(), run.end());
      ends.push_back(rows.size());
    }
    Rows expected = rows;
    std::sort(expected.begin(), expected.end());
    merge_runs(rows, ends);
    EXPECT_EQ(rows, expected) << runs;
  }
}

}  // namespace

}  // namespace lockstep::test
