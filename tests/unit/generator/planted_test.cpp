// What is planted into the log: campaigns, hard negatives, and the truth about them.

#include <algorithm>
#include <cstdlib>
#include <set>

#include <gtest/gtest.h>

#include "data/generator/world.hpp"
#include "tests/unit/generator/generated_log.hpp"

namespace {

using lockstep::CampaignOptions;
using lockstep::GeneratorOptions;

using Histories = std::map<std::string, std::map<std::string, std::vector<std::int64_t>>>;  // account, url

Histories histories(const std::vector<LogRow>& rows) {
  Histories all;
  for (const LogRow& row : rows) all[row.account][row.url].push_back(row.time);
  return all;
}

/// The rows on objects that are not in the organic log.
std::vector<LogRow> rows_on_own_objects(const GeneratorOptions& options) {
  std::set<std::string> organic_urls;
  for (const LogRow& row : generate(organic_options(options.actions))) organic_urls.insert(row.url);
  std::vector<LogRow> rows = generate(options);
  std::erase_if(rows, [&](const LogRow& row) { return organic_urls.contains(row.url); });
  return rows;
}

/// S of METHOD.md by brute force: distinct objects with a co-action within `window` seconds.
int shared_objects(const Histories& all, const std::string& a, const std::string& b, std::int64_t window) {
  int shared = 0;
  for (const auto& [url, times] : all.at(a)) {
    const auto other = all.at(b).find(url);
    if (other == all.at(b).end()) continue;
    shared += std::any_of(times.begin(), times.end(), [&](std::int64_t time) {
      return std::any_of(other->second.begin(), other->second.end(),
                         [&](std::int64_t partner) { return std::abs(time - partner) <= window; });
    });
  }
  return shared;
}

std::map<std::string, std::vector<std::string>> members_by_network(const GeneratorOptions& options) {
  std::map<std::string, std::vector<std::string>> networks;
  for (const TruthRow& row : generate_truth(options)) networks[row.network].push_back(row.account);
  return networks;
}

/// Mean of S over the pairs of a network.
double mean_shared(const Histories& all, const std::vector<std::string>& members, std::int64_t window) {
  int sum = 0;
  int pairs = 0;
  for (std::size_t a = 0; a < members.size(); ++a) {
    for (std::size_t b = a + 1; b < members.size(); ++b, ++pairs) {
      sum += shared_objects(all, members[a], members[b], window);
    }
  }
  return static_cast<double>(sum) / pairs;
}

GeneratorOptions campaign_options(const CampaignOptions& campaign) {
  GeneratorOptions options = organic_options(20'000);
  options.campaigns = {campaign};
  return options;
}

TEST(Campaigns, MembersActTogetherOnEveryObject) {
  const auto options = campaign_options({.count = 3,
                                         .accounts = 10,
                                         .shared_objects = 12,
                                         .jitter_seconds = 20,
                                         .participation = 1,
                                         .camouflage = 0});
  const auto rows = generate(options);
  EXPECT_EQ(rows.size(), 20'000U + 3 * 10 * 12);
  const Histories all = histories(rows);
  const auto networks = members_by_network(options);
  ASSERT_EQ(networks.size(), 3U);
  for (const auto& [network, members] : networks) {
    ASSERT_EQ(members.size(), 10U);
    for (std::size_t a = 0; a < 10; ++a) {
      for (std::size_t b = a + 1; b < 10; ++b) {
        EXPECT_EQ(shared_objects(all, members[a], members[b], 20), 12) << network;
      }
    }
    EXPECT_LT(mean_shared(all, members, 2), 6);  // the jitter is really there
  }
  EXPECT_EQ(shared_objects(all, networks.at("campaign-01")[0], networks.at("campaign-02")[0], 20), 0);
}

TEST(Campaigns, HalfOfTheObjectsAreBoostedOrganicOnes) {
  auto options = campaign_options(
      {.count = 1, .accounts = 5, .shared_objects = 40, .participation = 1, .camouflage = 0});
  std::set<std::string> organic_urls;
  for (const LogRow& row : generate(organic_options(20'000))) organic_urls.insert(row.url);
  const auto boosted = [&] {
    const Histories all = histories(generate(options));
    const auto& urls = all.at(members_by_network(options).at("campaign-01")[0]);
    EXPECT_EQ(urls.size(), 40U);
    return std::count_if(urls.begin(), urls.end(),
                         [&](const auto& url) { return organic_urls.contains(url.first); });
  };
  EXPECT_EQ(boosted(), 20);
  options.campaigns[0].boosted_share = 0;
  EXPECT_EQ(boosted(), 0);
  options.campaigns[0].boosted_share = 1;
  EXPECT_EQ(boosted(), 40);
}

TEST(Campaigns, ParticipationIsTheShareOfMembersOnEachObject) {
  const auto options = campaign_options({.count = 2,
                                         .accounts = 40,
                                         .shared_objects = 60,
                                         .jitter_seconds = 30,
                                         .participation = 0.5,
                                         .camouflage = 0});
  const auto rows = generate(options);
  // 4800 Bernoulli draws: standard deviation 35.
  EXPECT_NEAR(static_cast<double>(rows.size()) - 20'000, 2400, 140);
  const Histories all = histories(rows);
  for (const auto& [network, members] : members_by_network(options)) {
    EXPECT_NEAR(mean_shared(all, members, 30), 15, 1.5) << network;  // 60 · 0.5²
  }
}

TEST(Campaigns, CellsNeverMeet) {
  const auto options = campaign_options(
      {.count = 1, .accounts = 9, .shared_objects = 30, .participation = 1, .camouflage = 0, .cells = 3});
  const Histories all = histories(generate(options));
  const auto members = members_by_network(options).at("campaign-01");
  ASSERT_EQ(members.size(), 9U);
  for (std::size_t a = 0; a < 9; ++a) {
    for (std::size_t b = a + 1; b < 9; ++b) {
      EXPECT_EQ(shared_objects(all, members[a], members[b], 30), a % 3 == b % 3 ? 10 : 0) << a << ' ' << b;
    }
  }
}

TEST(Campaigns, ActAtPublicationOrHoursLater) {
  for (const bool on_publication : {true, false}) {
    const auto options = campaign_options({.count = 1,
                                           .accounts = 4,
                                           .shared_objects = 50,
                                           .jitter_seconds = 25,
                                           .participation = 1,
                                           .camouflage = 0,
                                           .boosted_share = 1,
                                           .on_publication = on_publication});
    const auto plan = lockstep::generator::make_plan(options);
    std::map<std::string, std::int64_t> published;
    for (std::uint64_t index = 0; index < plan.options.objects; ++index) {
      lockstep::generator::Object object;
      describe_object(plan, index, object);
      published[object.url] = object.published;
    }
    const Histories all = histories(generate(options));
    for (const auto& [url, times] : all.at(members_by_network(options).at("campaign-01")[0])) {
      const std::int64_t delay = times[0] - published.at(url);
      EXPECT_GE(delay, on_publication ? 0 : 7200);
      EXPECT_LE(delay, on_publication ? 25 : 36'000 + 25);
    }
  }
}

TEST(Campaigns, CamouflageIsPerCoordinatedAction) {
  CampaignOptions campaign{.count = 2, .accounts = 20, .shared_objects = 50, .participation = 1};
  campaign.camouflage = 3;
  const auto options = campaign_options(campaign);
  const auto rows = generate(options);
  EXPECT_EQ(rows.size(), 20'000U + 2000 * 4);
  campaign.camouflage = 0.25;
  EXPECT_NEAR(static_cast<double>(generate(campaign_options(campaign)).size()) - 22'000, 500, 80);

  // It is not coordinated: in 150 such actions each, two members hardly ever meet.
  const Histories all = histories(rows);
  for (const auto& [network, members] : members_by_network(options)) {
    EXPECT_LT(mean_shared(all, members, 30), 52) << network;
    EXPECT_GE(mean_shared(all, members, 30), 50) << network;
  }
}

TEST(Campaigns, AreMostlyOfOneRegionLanguageAndPlatform) {
  const auto options =
      campaign_options({.count = 4, .accounts = 200, .shared_objects = 1, .participation = 1});
  std::map<std::string, LogRow> about;
  for (const LogRow& row : generate(options)) about.emplace(row.account, row);
  std::set<std::string> regions;
  for (const auto& [network, members] : members_by_network(options)) {
    const LogRow* home = nullptr;
    std::map<std::string, int> by_region;
    std::map<std::string, int> by_platform;
    for (const std::string& member : members) {
      home = &about.at(member);
      EXPECT_EQ(home->language, about.at(members[0]).language);
      ++by_region[home->region];
      ++by_platform[home->platform];
    }
    const auto most = [](const auto& counts) {
      return *std::max_element(counts.begin(), counts.end(),
                               [](const auto& a, const auto& b) { return a.second < b.second; });
    };
    regions.insert(most(by_region).first);
    EXPECT_NEAR(most(by_region).second, 170, 20);
    EXPECT_GT(most(by_platform).second, 150);
    EXPECT_GT(by_platform.size(), 1U);
  }
  EXPECT_EQ(regions, (std::set<std::string>{"XB", "XC", "XD", "XE"}));
}

TEST(FanClubs, ReactWithinMinutesAndOverlapMuch) {
  GeneratorOptions options = organic_options(10'000);
  options.benign.fan_clubs = 2;
  options.benign.fan_club_size = 40;
  options.benign.fan_club_posts = 50;
  const Histories all = histories(rows_on_own_objects(options));
  const auto networks = members_by_network(options);
  ASSERT_EQ(networks.size(), 2U);
  for (const auto& [network, members] : networks) {
    EXPECT_NEAR(mean_shared(all, members, 720), 18, 1.5);  // 50 · 0.6²; all within four means
    // Two exponential delays of mean 180 s are within 60 s with probability 1 − exp(−1/3) = 0.283, a
    // little more as they are cut off.
    EXPECT_NEAR(mean_shared(all, members, 60), 5.2, 0.8);
  }
}

TEST(Syndications, PublishTheSameStoriesWithinTheHour) {
  GeneratorOptions options = organic_options(10'000);
  options.benign.syndications = 2;
  const auto rows = rows_on_own_objects(options);
  const Histories all = histories(rows);
  for (const auto& [network, members] : members_by_network(options)) {
    ASSERT_EQ(members.size(), 25U);
    EXPECT_NEAR(mean_shared(all, members, 3600), 51.2, 3);  // 80 · 0.8²
    EXPECT_LT(mean_shared(all, members, 60), 8);
    EXPECT_GT(mean_shared(all, members, 60), 2);
    for (const LogRow& row : rows) {
      if (row.account == members[0]) {
        EXPECT_EQ(row.kind, "page");
      }
    }
  }
}

TEST(ViralBursts, AreOrganicAccountsOnOneObjectWithinMinutes) {
  GeneratorOptions options = organic_options(20'000);
  options.benign.viral_bursts = 2;
  options.benign.viral_burst_size = 500;
  const auto rows = generate(options);
  EXPECT_EQ(rows.size(), 21'000U);
  std::map<std::string, std::vector<LogRow>> by_url;
  for (const LogRow& row : rows) by_url[row.url].push_back(row);
  std::set<std::string> organic;
  for (const LogRow& row : generate(organic_options(20'000))) {
    organic.insert(row.account);
    by_url.erase(row.url);
  }
  ASSERT_EQ(by_url.size(), 2U);  // the objects that only the bursts have
  for (const auto& [url, burst] : by_url) {
    std::set<std::string> accounts;
    std::set<std::int64_t> times;
    for (const LogRow& row : burst) {
      accounts.insert(row.account);
      times.insert(row.time);
    }
    EXPECT_EQ(accounts.size(), 500U);
    EXPECT_LE(*times.rbegin() - *times.begin(), 300);
    EXPECT_GT(times.size(), 200U);
    const auto seen = std::count_if(accounts.begin(), accounts.end(),
                                    [&](const std::string& account) { return organic.contains(account); });
    EXPECT_GT(seen, 400);  // most accounts of the log act at least once
  }
}

TEST(Truth, CoversEveryPlantedAccountOnce) {
  GeneratorOptions options = organic_options(20'000);
  options.campaigns = {{.count = 2, .accounts = 8, .shared_objects = 10, .participation = 1},
                       {.count = 1, .accounts = 6, .shared_objects = 20, .participation = 1, .cells = 2}};
  options.benign = {.fan_clubs = 2,
                    .fan_club_size = 12,
                    .syndications = 1,
                    .syndication_size = 5,
                    .viral_bursts = 2,
                    .viral_burst_size = 1500};  // of 2000 accounts: the bursts overlap
  std::map<std::string, int> labels;
  std::map<std::string, int> networks;
  std::set<std::string> named;
  for (const TruthRow& row : generate_truth(options)) {
    EXPECT_TRUE(named.insert(row.account).second) << row.account << " comes twice";
    ++labels[row.label];
    ++networks[row.network];
  }
  EXPECT_EQ(labels, (std::map<std::string, int>{
                        {"coordinated", 22}, {"fan_club", 24}, {"syndication", 5}, {"viral", 2000}}));
  EXPECT_EQ(networks, (std::map<std::string, int>{{"campaign-01", 8},
                                                  {"campaign-02", 8},
                                                  {"campaign-03", 6},
                                                  {"fan-club-01", 12},
                                                  {"fan-club-02", 12},
                                                  {"syndication-01", 5},
                                                  {"viral-01", 1500},
                                                  {"viral-02", 500}}));

  // The accounts of the rows that planting added are those that the truth names.
  auto planted = generate_lines(options);
  auto organic = generate_lines(organic_options(20'000));
  std::sort(planted.begin(), planted.end());
  std::sort(organic.begin(), organic.end());
  std::vector<std::string> added;
  std::set_difference(planted.begin(), planted.end(), organic.begin(), organic.end(),
                      std::back_inserter(added));
  std::set<std::string> acting;
  for (const std::string& line : added) acting.insert(line.substr(0, line.find(',')));
  EXPECT_EQ(acting, named);
}

}  // namespace
