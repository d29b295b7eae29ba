// The organic part of the log, and what the rows depend on.

#include "data/generator/generator.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include <gtest/gtest.h>

#include "data/error.hpp"
#include "data/generator/world.hpp"
#include "tests/unit/generator/generated_log.hpp"

namespace {

using lockstep::GeneratorOptions;

/// How often each value of a column occurs, most frequent first.
std::vector<std::size_t> frequencies(const std::vector<LogRow>& rows, std::string LogRow::*column) {
  std::map<std::string, std::size_t> counts;
  for (const LogRow& row : rows) ++counts[row.*column];
  std::vector<std::size_t> sorted;
  for (const auto& [value, count] : counts) sorted.push_back(count);
  std::sort(sorted.rbegin(), sorted.rend());
  return sorted;
}

double share_of_first(const std::vector<std::size_t>& sorted, std::size_t first) {
  double head = 0;
  double all = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    all += static_cast<double>(sorted[i]);
    if (i < first) head += static_cast<double>(sorted[i]);
  }
  return head / all;
}

GeneratorOptions planted_options() {
  GeneratorOptions options;
  options.seed = 7;
  options.actions = 20'000;
  options.benign.fan_club_size = 20;
  options.benign.viral_burst_size = 100;
  return options;
}

TEST(Draws, AreThePublishedPhiloxFunction) {
  // philox4x64-10 with counter 0 and key 0, from the known answers of Random123.
  lockstep::generator::Draws draws(0, lockstep::generator::Stream::names, 0);
  EXPECT_EQ(draws.bits(), 0x16554d9eca36314cU);
  EXPECT_EQ(draws.bits(), 0xdb20fe9d672d0fdcU);
  EXPECT_EQ(draws.bits(), 0xd7e772cee186176bU);
  EXPECT_EQ(draws.bits(), 0x7e68b68aec7ba23bU);
}

TEST(Generator, ShardsAreTheSameInAnyOrder) {
  GeneratorOptions options = planted_options();
  options.shards = 5;
  const TemporaryFolder forward;
  const TemporaryFolder backward;
  for (std::uint32_t shard = 0; shard < 5; ++shard) write_shard(options, shard, forward.path);
  for (std::uint32_t shard = 5; shard-- > 0;) write_shard(options, shard, backward.path);
  for (std::uint32_t shard = 0; shard < 5; ++shard) {
    const std::string name = "actions-000" + std::to_string(shard) + ".csv";
    const std::string text = read_text(forward.path / name);
    EXPECT_EQ(text, read_text(backward.path / name));
    EXPECT_GT(text.size(), 100'000U);
  }
}

TEST(Generator, RowsDoNotDependOnTheNumberOfShards) {
  GeneratorOptions options = planted_options();
  auto one = generate_lines(options);
  options.shards = 7;
  auto seven = generate_lines(options);
  std::sort(one.begin(), one.end());
  std::sort(seven.begin(), seven.end());
  EXPECT_EQ(one, seven);
}

TEST(Generator, SeedChangesTheRows) {
  GeneratorOptions options = organic_options(1000);
  const auto first = generate_lines(options);
  options.seed = 43;
  EXPECT_NE(first, generate_lines(options));
}

TEST(Generator, PlantingAddsRowsAndChangesNone) {
  const GeneratorOptions planted = planted_options();
  GeneratorOptions organic = organic_options(planted.actions);
  organic.seed = planted.seed;
  auto all = generate_lines(planted);
  auto bare = generate_lines(organic);
  std::sort(all.begin(), all.end());
  std::sort(bare.begin(), bare.end());
  EXPECT_GT(all.size(), bare.size());
  EXPECT_TRUE(std::includes(all.begin(), all.end(), bare.begin(), bare.end()));
}

TEST(Generator, WritesExactlyTheOrganicRowsAndObjectsAskedFor) {
  for (const std::uint64_t actions : {1U, 777U, 4096U, 12'345U}) {
    for (const std::uint32_t shards : {1U, 3U}) {
      GeneratorOptions options = organic_options(actions);
      options.objects = std::min<std::uint64_t>(actions, 777);
      options.shards = shards;
      const auto rows = generate(options);
      EXPECT_EQ(rows.size(), actions);
      EXPECT_EQ(frequencies(rows, &LogRow::url).size(), options.objects);
    }
  }
}

TEST(Generator, AccountsStayWithinTheirNumber) {
  GeneratorOptions options = organic_options(20'000);
  options.accounts = 23;  // not a multiple of the number of audiences
  options.activity_exponent = 0;
  EXPECT_EQ(frequencies(generate(options), &LogRow::account).size(), 23U);
}

TEST(Generator, ObjectsAreHeavyTailed) {
  GeneratorOptions options = organic_options(100'000);
  const auto sizes = frequencies(generate(options), &LogRow::url);
  EXPECT_NEAR(static_cast<double>(sizes[0]), 1000, 20);  // 1 % of the actions
  EXPECT_GT(share_of_first(sizes, sizes.size() / 100), 0.2);
  EXPECT_LT(sizes[sizes.size() / 2], 6U);  // the mean is 10

  options.largest_object = 5000;
  EXPECT_NEAR(static_cast<double>(frequencies(generate(options), &LogRow::url)[0]), 5000, 50);
  options.largest_object = 0;
  options.popularity_exponent = 0;
  EXPECT_LE(frequencies(generate(options), &LogRow::url)[0], 11U);
}

TEST(Generator, AccountsAreHeavyTailed) {
  GeneratorOptions options = organic_options(100'000);
  const auto activity = frequencies(generate(options), &LogRow::account);
  EXPECT_GT(share_of_first(activity, activity.size() / 100), 0.15);
  EXPECT_LT(activity[0], 10'000U);
  options.activity_exponent = 0;
  const auto even = frequencies(generate(options), &LogRow::account);
  EXPECT_LT(share_of_first(even, even.size() / 100), 0.03);
}

TEST(Generator, AccountsSleepAtNight) {
  std::map<std::string, std::pair<int, int>> day_and_night;  // by region
  for (const LogRow& row : generate(organic_options(100'000))) {
    const auto audience =
        std::find_if(lockstep::generator::audiences.begin(), lockstep::generator::audiences.end(),
                     [&](const auto& candidate) { return candidate.region == row.region; });
    ASSERT_NE(audience, lockstep::generator::audiences.end()) << row.region;
    const auto hour = (row.time / 3600 + audience->utc_offset_hours + 24) % 24;
    auto& [day, night] = day_and_night[row.region];
    if (hour >= 18 && hour < 22) ++day;
    if (hour >= 1 && hour < 5) ++night;
  }
  EXPECT_EQ(day_and_night.size(), lockstep::generator::audiences.size());
  for (const auto& [region, counts] : day_and_night) EXPECT_GT(counts.first, 4 * counts.second) << region;
}

TEST(Generator, AttentionStartsAtPublicationAndDecaysSlowly) {
  const GeneratorOptions options = organic_options(50'000);
  const auto plan = lockstep::generator::make_plan(options);
  std::map<std::string, std::int64_t> published;
  for (std::uint64_t index = 0; index < plan.options.objects; ++index) {
    lockstep::generator::Object object;
    describe_object(plan, index, object);
    published[object.url] = object.published;
  }
  std::vector<std::int64_t> delays;
  for (const LogRow& row : generate(options)) {
    delays.push_back(row.time - published.at(row.url));
    ASSERT_GE(delays.back(), 0);
    ASSERT_LT(row.time, plan.end());
  }
  std::sort(delays.begin(), delays.end());
  const auto quantile = [&](double share) {
    return delays[static_cast<std::size_t>(share * static_cast<double>(delays.size()))];
  };
  EXPECT_GT(quantile(0.5), 2400);
  EXPECT_LT(quantile(0.5), 5400);
  EXPECT_GT(quantile(0.98), 86'400);
}

TEST(Generator, RowsOfAnAccountAgreeAboutIt) {
  std::map<std::string, std::string> known;
  std::set<std::string> languages;
  std::set<std::string> platforms;
  std::set<std::string> kinds;
  for (const LogRow& row : generate(planted_options())) {
    const std::string all =
        row.platform + ',' + row.language + ',' + row.kind + ',' + row.region + ',' + row.followers;
    EXPECT_EQ(known.emplace(row.account, all).first->second, all) << row.account;
    languages.insert(row.language);
    platforms.insert(row.platform);
    kinds.insert(row.kind);
  }
  EXPECT_EQ(languages.size(), 8U);
  EXPECT_EQ(platforms.size(), 4U);
  EXPECT_EQ(kinds, (std::set<std::string>{"group", "page", "profile"}));
}

TEST(Generator, ShardCountFollowsTheOptions) {
  EXPECT_EQ(shard_count(organic_options(1)), 1U);
  EXPECT_EQ(shard_count(organic_options(1'000'000)), 1U);
  EXPECT_EQ(shard_count(organic_options(1'000'001)), 2U);
  EXPECT_EQ(shard_count(organic_options(10'000'000'000)), 10'000U);
  GeneratorOptions options = organic_options(10);
  options.shards = 4;
  EXPECT_EQ(shard_count(options), 4U);
}

TEST(Generator, CanCutAnyShardOutOfAnEnormousLog) {
  GeneratorOptions options = organic_options(10'000'000'000);
  options.shards = 2'000'000;
  const TemporaryFolder folder;
  write_shard(options, 1'999'999, folder.path);
  const auto lines = read_lines(folder.path / "actions-1999999.csv",
                                "account,url,time,platform,language,kind,region,followers");
  // 10^10 = 2,441,406 blocks of 4096 and 1024 rows more: this shard gets one block.
  EXPECT_EQ(lines.size(), 4096U);
}

TEST(Generator, NamesTheImpossibleOption) {
  const std::map<std::string, std::function<void(GeneratorOptions&)>> spoilers = {
      {"actions", [](auto& all) { all.actions = 0; }},
      {"accounts", [](auto& all) { all.accounts = 9; }},
      {"objects", [](auto& all) { all.objects = all.actions + 1; }},
      {"largest_object", [](auto& all) { all.largest_object = all.actions + 1; }},
      {"days", [](auto& all) { all.days = 1; }},
      {"start", [](auto& all) { all.start = -1; }},
      {"popularity_exponent", [](auto& all) { all.popularity_exponent = -0.1; }},
      {"activity_exponent", [](auto& all) { all.activity_exponent = std::nan(""); }},
      {"attention_seconds", [](auto& all) { all.attention_seconds = 0; }},
      {"campaigns.accounts", [](auto& all) { all.campaigns[0].accounts = 1; }},
      {"campaigns.shared_objects", [](auto& all) { all.campaigns[0].shared_objects = 0; }},
      {"campaigns.jitter_seconds", [](auto& all) { all.campaigns[0].jitter_seconds = 43'201; }},
      {"campaigns.participation", [](auto& all) { all.campaigns[0].participation = 1.01; }},
      {"campaigns.camouflage", [](auto& all) { all.campaigns[0].camouflage = -1; }},
      {"campaigns.boosted_share", [](auto& all) { all.campaigns[0].boosted_share = 2; }},
      {"campaigns.cells", [](auto& all) { all.campaigns[0].cells = 16; }},  // of 30 accounts
      {"benign.fan_club_size", [](auto& all) { all.benign.fan_club_size = 1; }},
      {"benign.syndication_stories", [](auto& all) { all.benign.syndication_stories = 0; }},
      {"benign.viral_burst_size", [](auto& all) { all.benign.viral_burst_size = 2001; }},
  };
  EXPECT_NO_THROW(shard_count(planted_options()));
  for (const auto& [option, spoil] : spoilers) {
    GeneratorOptions options = planted_options();
    spoil(options);
    try {
      shard_count(options);
      ADD_FAILURE() << option << " was accepted";
    } catch (const lockstep::Error& error) {
      EXPECT_EQ(error.code(), lockstep::ExitCode::usage);
      EXPECT_NE(std::string(error.what()).find("generator: " + option + " is "), std::string::npos)
          << error.what();
    }
  }
}

TEST(Generator, GroupsThatAreSwitchedOffNeedNoSense) {
  GeneratorOptions options = organic_options(100);
  options.benign.fan_club_size = 0;
  options.campaigns.push_back({.count = 0, .accounts = 0});
  EXPECT_EQ(generate(options).size(), 100U);
}

}  // namespace
