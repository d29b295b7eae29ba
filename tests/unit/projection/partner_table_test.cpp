#include "src/projection/partner_table.hpp"

#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace lockstep::test {

namespace {

std::map<std::uint32_t, std::uint32_t> counts_of(const PartnerTable& table) {
  std::map<std::uint32_t, std::uint32_t> counts;
  table.for_each([&](const PartnerTable::Partner& partner) {
    EXPECT_TRUE(counts.emplace(partner.account, partner.objects).second);
  });
  return counts;
}

TEST(PartnerTable, CountsAVisitOnce) {
  PartnerTable table;
  EXPECT_TRUE(table.empty());
  for (const std::uint32_t visit : {1U, 1U, 2U, 2U, 3U}) table.count_or_add(5, visit);
  table.count_or_add(0, 3);
  for (const std::uint32_t visit : {3U, 4U, 4U}) table.count_if_seen(5, visit);
  table.count_if_seen(6, 4);
  EXPECT_EQ(counts_of(table), (std::map<std::uint32_t, std::uint32_t>{{0, 1}, {5, 4}}));
  EXPECT_EQ(table.seen(6), nullptr);
  ASSERT_NE(table.seen(5), nullptr);
  EXPECT_EQ(table.seen(5)->objects, 4U);
}

TEST(PartnerTable, GrowsAndIsClearedLikeAMap) {
  std::mt19937 engine(1);
  PartnerTable table;
  for (const std::uint32_t steps : {100U, 50'000U, 10U, 200'000U, 129U}) {
    std::map<std::uint32_t, std::uint32_t> expected;
    for (std::uint32_t visit = 1; visit <= 3; ++visit) {
      std::set<std::uint32_t> counted;
      for (std::uint32_t i = 0; i < steps; ++i) {
        // Runs of neighbours, the greatest account that there can be, and hashes close to each other.
        const std::uint32_t number = static_cast<std::uint32_t>(engine()) % steps;
        const std::uint32_t account = i % 3 == 0   ? UINT32_MAX - 1 - number
                                      : i % 3 == 1 ? number
                                                   : number << 12;
        const bool may_add = visit < 3;
        may_add ? table.count_or_add(account, visit) : table.count_if_seen(account, visit);
        if (!may_add && !expected.contains(account)) continue;
        if (counted.insert(account).second) ++expected[account];
      }
    }
    EXPECT_EQ(counts_of(table), expected);
    table.clear();
    EXPECT_TRUE(table.empty());
    EXPECT_EQ(table.seen(expected.begin()->first), nullptr);
  }
}

}  // namespace

}  // namespace lockstep::test
