#include "src/networks/evidence.hpp"

#include <gtest/gtest.h>

#include "tests/unit/networks/member_log.hpp"

namespace lockstep::test {
namespace {

std::vector<std::uint32_t> networks_of(const MemberLog& log) {
  std::vector<std::uint32_t> networks;
  for (const Action& action : log.actions) networks.push_back(log.network_of[action.account]);
  return networks;
}

TEST(FindMemberCoActions, AreThoseWithAnotherMemberInTheWindow) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const MemberLog log = random_member_log(seed, 250);
    const auto expected = member_co_actions(log);
    ASSERT_GT(expected.size(), 5U);
    ASSERT_LT(expected.size(), 240U);
    auto found = find_member_co_actions({log.actions, 0, log.actions.size()}, networks_of(log), log.channels);
    std::sort(found.begin(), found.end());
    EXPECT_TRUE(found == expected) << "seed " << seed;
  }
}

TEST(FindMemberCoActions, HaloActionsCountAsPartnersOnly) {
  const MemberLog log = random_member_log(3, 250);
  for (std::size_t begin = 0; begin < 250; begin += 50) {
    std::vector<MemberAction> expected;
    for (std::size_t i = begin; i < begin + 50; ++i) {
      const Action& action = log.actions[i];
      if (is_member_co_action(log, action)) expected.push_back({log.network_of[action.account], action});
    }
    std::sort(expected.begin(), expected.end());
    auto found = find_member_co_actions({log.actions, begin, begin + 50}, networks_of(log), log.channels);
    std::sort(found.begin(), found.end());
    EXPECT_TRUE(found == expected) << "from " << begin;
  }
}

TEST(FindMemberCoActions, OfAnEmptyLog) {
  EXPECT_TRUE(find_member_co_actions({}, {}, random_member_log(1, 1).channels).empty());
}

TEST(FindMemberCoActions, TheWindowIsInclusiveAndNeedsAnotherAccount) {
  const std::vector<ChannelRule> channels{{0, 3, 10, 1}};
  const std::vector<Action> actions{{0, 100, 1}, {0, 110, 2}, {0, 121, 1}, {1, 5, 1},
                                    {1, 6, 1},   {2, 5, 1},   {2, 6, 3}};
  const std::vector<std::uint32_t> networks{1, 1, 1, 1, 1, 1, 2};
  const auto found = find_member_co_actions({actions, 0, actions.size()}, networks, channels);
  EXPECT_TRUE(found == (std::vector<MemberAction>{{1, actions[0]}, {1, actions[1]}}));
}

TEST(SumUpEvidence, ListsTheBestObjectsOfEachNetwork) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const MemberLog log = random_member_log(seed, 250);
    const auto actions = member_co_actions(log);
    for (const std::uint32_t objects : {0U, 1U, 3U, 1000U}) {
      EXPECT_EQ(numbers(sum_up_evidence(actions, objects)), numbers(brute_force_evidence(log, objects)))
          << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace lockstep::test
