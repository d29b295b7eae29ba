#include "src/projection/blocks.hpp"

#include <algorithm>
#include <numeric>
#include <random>

#include <gtest/gtest.h>

#include "tests/unit/log/brute_force.hpp"

namespace lockstep::test {

namespace {

using Work = std::vector<std::uint64_t>;

/// Work of ranges that hold an account: even, of one account only, from tiny to huge, none.
std::vector<Work> some_work(std::uint64_t accounts) {
  std::vector<Work> works(4, Work(AccountBlocks::ranges, 0));
  std::mt19937_64 engine(accounts);
  for (std::uint64_t a = 0; a < std::min<std::uint64_t>(accounts, 100'000); ++a) {
    const auto account = static_cast<std::uint32_t>(accounts <= 100'000 ? a : engine() % accounts);
    const std::size_t range = AccountBlocks::range_of(account, accounts);
    works[0][range] += 1;
    works[1][range] = a == accounts / 2 ? 1'000'000 : 0;
    works[2][range] = engine() >> (20 + engine() % 44);
  }
  return works;
}

std::uint64_t total_of(const Work& work) {
  return std::accumulate(work.begin(), work.end(), std::uint64_t{0});
}

class AccountBlocksTest : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(AccountBlocksTest, CoverEveryAccountOnce) {
  const std::uint64_t accounts = GetParam();
  for (const Work& work : some_work(accounts)) {
    const AccountBlocks blocks(accounts, work);
    ASSERT_LE(blocks.size(), AccountBlocks::parts(total_of(work)));
    ASSERT_EQ(blocks.first_account(0), 0U);
    ASSERT_EQ(blocks.first_account(blocks.size()), accounts);
    std::size_t misplaced = 0;
    std::size_t range = AccountBlocks::ranges;
    Work sums(blocks.size(), 0);
    for (std::uint32_t a = 0; a < accounts; ++a) {
      const std::size_t block = blocks.block_of(a);
      misplaced += blocks.first_account(block) <= a && a < blocks.first_account(block + 1) ? 0 : 1;
      if (AccountBlocks::range_of(a, accounts) == range) continue;
      range = AccountBlocks::range_of(a, accounts);
      sums[block] += work[range];
    }
    EXPECT_EQ(misplaced, 0U);
    for (std::size_t b = 0; b < blocks.size(); ++b) ASSERT_EQ(blocks.work(b), sums[b]) << b;
  }
}

TEST_P(AccountBlocksTest, HaveAboutEqualWork) {
  for (const Work& work : some_work(GetParam())) {
    const AccountBlocks blocks(GetParam(), work);
    const std::uint64_t most = total_of(work) / AccountBlocks::parts(total_of(work)) + 2 +
                               *std::max_element(work.begin(), work.end());
    for (std::size_t b = 0; b < blocks.size(); ++b) ASSERT_LE(blocks.work(b), most) << b;
  }
}

TEST_P(AccountBlocksTest, AreDealtInOrderAboutEqualWorkEach) {
  for (const Work& work : some_work(GetParam())) {
    const AccountBlocks blocks(GetParam(), work);
    std::uint64_t largest = 0;
    for (std::size_t b = 0; b < blocks.size(); ++b) largest = std::max(largest, blocks.work(b));
    for (const int ranks : {1, 2, 3, 7, 64, 3000}) {
      const auto first = deal_blocks(blocks, ranks);
      ASSERT_EQ(first.size(), static_cast<std::size_t>(ranks) + 1);
      EXPECT_EQ(first.front(), 0U);
      EXPECT_EQ(first.back(), blocks.size());
      for (std::size_t r = 0; r + 1 < first.size(); ++r) {
        ASSERT_LE(first[r], first[r + 1]);
        std::uint64_t share = 0;
        for (std::size_t b = first[r]; b < first[r + 1]; ++b) share += blocks.work(b);
        ASSERT_LE(share, total_of(work) / static_cast<std::uint64_t>(ranks) + largest + 2);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Accounts, AccountBlocksTest,
                         ::testing::Values(1, 2, 3, 1023, 1024, 1025, 65'535, 65'536, 65'537, 10'000'000));

TEST(AccountBlocks, OfNoAccounts) {
  const AccountBlocks blocks(0, Work(AccountBlocks::ranges, 0));
  EXPECT_EQ(blocks.first_account(blocks.size()), 0U);
  EXPECT_EQ(deal_blocks(blocks, 3).back(), blocks.size());
}

TEST(AccountBlocks, LastIdOf32Bits) {
  const AccountBlocks blocks(UINT32_MAX, Work(AccountBlocks::ranges, 5));
  EXPECT_EQ(blocks.size(), AccountBlocks::fewest_parts);
  EXPECT_EQ(blocks.block_of(UINT32_MAX - 1), blocks.size() - 1);
  EXPECT_EQ(blocks.first_account(blocks.size()), UINT32_MAX);
}

TEST(AccountBlocks, AreMoreWhereThereIsMuchWork) {
  for (const std::size_t parts :
       {AccountBlocks::fewest_parts, std::size_t{5'000}, AccountBlocks::most_parts}) {
    const std::uint64_t each = parts * AccountBlocks::steps_per_part / AccountBlocks::ranges + 1;
    EXPECT_EQ(AccountBlocks(10'000'000, Work(AccountBlocks::ranges, each)).size(), parts);
  }
  EXPECT_EQ(AccountBlocks(10'000'000, Work(AccountBlocks::ranges, std::uint64_t{1} << 40)).size(),
            AccountBlocks::most_parts);
}

TEST(WeighRows, AddsThePopulationOfOwnWindows) {
  constexpr std::uint64_t accounts = 90'000;
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    auto [log, channels] = random_log(seed, {200, 30, 40, 0, 2});
    for (Action& action : log) action.account *= 3000;
    const HaloLog halo{log, seed, log.size() - 2 * seed};
    Work expected(AccountBlocks::ranges, 0);
    for (const Action& a : halo.own()) {
      for (const Action& b : log) {
        expected[AccountBlocks::range_of(a.account, accounts)] += in_window(a, b, channels) ? 1 : 0;
      }
    }
    EXPECT_EQ(weigh_rows(halo, channels, accounts), expected);
  }
}

}  // namespace

}  // namespace lockstep::test
