#include "data/study/sweep.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "data/study/study_settings.hpp"
#include "tests/unit/study/study_text.hpp"

namespace lockstep {
namespace {

/// A study of the channels "url" and "co.tag", in a folder that is there.
Study two_channels() {
  Lines lines;
  lines.rest = "[[channel]]\nname = 'co.tag'\nobject = 'tag'\n";
  return parse_study(lines.text(), "/study.toml");
}

std::string refused(const std::string& key, const std::string& value) {
  Study study = two_channels();
  return message_of(ExitCode::usage, [&] { set_value(study, key, value); });
}

TEST(StudySettings, EveryValueHasADottedName) {
  const auto settings = study_settings(two_channels());
  std::set<std::string> keys;
  for (const auto& [key, value] : settings) EXPECT_TRUE(keys.insert(key).second) << key;
  EXPECT_EQ(settings.front(), (Setting{"study.name", "\"x\""}));
  for (const char* key : {"input.1.files", "channel.url.window", "channel.co.tag.min_shared",
                          "coordination.fdr", "communities.resolution", "output.timeline_rows"}) {
    EXPECT_TRUE(keys.contains(key)) << key;
  }
  EXPECT_FALSE(keys.contains("study.from"));
}

TEST(StudySettings, AnyValueMayBeSetByItsName) {
  Study study = two_channels();
  using Places = std::vector<std::string>;
  EXPECT_EQ(set_value(study, "communities.resolution", "0.5"), Places{"communities.resolution"});
  EXPECT_EQ(set_value(study, "channel.co.tag.window", "2min"), Places{"channel.co.tag.window"});
  EXPECT_EQ(set_value(study, "channel.*.min_shared", "7"),
            (Places{"channel.url.min_shared", "channel.co.tag.min_shared"}));
  set_value(study, "coordination.rule", "\"count\"");
  set_value(study, "study.name", "12");
  set_value(study, "study.from", "2021-09-26");
  EXPECT_EQ(study.communities.resolution, 0.5);
  EXPECT_EQ(study.channels[0].window_ms, 60'000);
  EXPECT_EQ(study.channels[1].window_ms, 120'000);
  EXPECT_EQ(study.channels[0].min_shared, 7U);
  EXPECT_EQ(study.channels[1].min_shared, 7U);
  EXPECT_EQ(study.coordination.rule, Rule::count);
  EXPECT_EQ(study.name, "12");  // a string, though it reads as a number
  EXPECT_EQ(study.from_ms, 1'632'614'400'000);
}

TEST(StudySettings, WrongNamesAndValuesSayWhatIsRight) {
  EXPECT_NE(refused("resolution", "1").find("TABLE.KEY"), std::string::npos);
  EXPECT_NE(refused("comunities.resolution", "1").find("study, channel.url, channel.co.tag, coordination"),
            std::string::npos);
  EXPECT_NE(refused("channel.tag.window", "1s").find("channel.*"), std::string::npos);
  EXPECT_NE(refused("input.1.files", "a.csv").find("unknown table 'input.1'"), std::string::npos);
  EXPECT_NE(refused("communities.gamma", "1").find("objective, resolution, min_size, seed"),
            std::string::npos);
  EXPECT_NE(refused("communities.resolution", "much").find("found much; expected a number above 0"),
            std::string::npos);
  EXPECT_NE(refused("channel.*.window", "1500ms").find("whole seconds"), std::string::npos);
  EXPECT_NE(refused("communities.seed", "1\nother = 2").find("expected a whole number"), std::string::npos);
}

TEST(StudySettings, DifferencesNameBothValues) {
  const Study a = two_channels();
  Study b = a;
  EXPECT_EQ(different_settings(a, b), std::vector<SettingDifference>{});
  b.channels[1].window_ms = 5000;
  b.channels[0].name = "link";
  b.channels[0].separator = ";";
  const auto differences = different_settings(a, b);
  const auto has = [&](const SettingDifference& one) {
    return std::ranges::find(differences, one) != differences.end();
  };
  EXPECT_TRUE(has({"channel.co.tag.window", "\"60s\"", "\"5s\""}));
  EXPECT_TRUE(has({"channel.url.separator", "\"\"", ""}));
  EXPECT_TRUE(has({"channel.link.separator", "", "\";\""}));
}

TEST(Sweep, KeysAndValuesAreTold) {
  const auto swept = parse_swept_key("channel.url.separator=\",\",\";\",|");
  EXPECT_EQ(swept.key, "channel.url.separator");
  EXPECT_EQ(swept.values, (std::vector<std::string>{"\",\"", "\";\"", "|"}));
  for (const char* text : {"resolution", "=1", "a.b=", "a.b=1,,2", "a.b=1\t2"}) {
    message_of(ExitCode::usage, [&] { parse_swept_key(text); });
  }
}

TEST(Sweep, IsEveryCombination) {
  const std::vector<SweptKey> keys = {{"communities.resolution", {"0.1", "0.2"}},
                                      {"channel.*.window", {"10s", "1min", "1h"}}};
  const auto slices = cut_into_slices({0, 150'000}, 100'000);
  const auto studies = sweep(two_channels(), keys, slices);
  ASSERT_EQ(studies.size(), 12U);
  for (std::size_t i = 0; i < studies.size(); ++i) {
    const Study study = parse_study(studies[i].text, "/elsewhere/study.toml");
    EXPECT_EQ(study.communities.resolution, i < 6 ? 0.1 : 0.2);
    EXPECT_EQ(study.channels[1].window_ms, (std::vector{10'000, 60'000, 3'600'000}[i / 2 % 3]));
    EXPECT_EQ(study.from_ms, i % 2 == 0 ? 0 : 100'000);
    EXPECT_EQ(study.to_ms, i % 2 == 0 ? 100'000 : 150'000);
    EXPECT_EQ(study.inputs[0].files, std::vector<std::string>{"//a.csv"});
  }
  const std::string table = sweep_table(keys, studies);
  EXPECT_TRUE(
      table.starts_with("index\tfolder\tcommunities.resolution\tchannel.*.window\tfrom\tto\n"
                        "0\t000\t0.1\t10s\t1970-01-01T00:00:00Z\t1970-01-01T00:01:40Z\n"
                        "1\t001\t0.1\t10s\t1970-01-01T00:01:40Z\t1970-01-01T00:02:30Z\n"
                        "2\t002\t0.1\t1min\t"))
      << table;
  EXPECT_EQ(sweep_folder(7, 1001), "0007");
}

TEST(Sweep, WhatCannotBeSweptIsRefused) {
  const auto refused_sweep = [](const std::vector<SweptKey>& keys,
                                const std::vector<TimeSlice>& slices = {}) {
    return message_of(ExitCode::usage, [&] { sweep(two_channels(), keys, slices); });
  };
  EXPECT_NE(refused_sweep({{"channel.*.window", {"1s"}}, {"channel.url.window", {"2s"}}})
                .find("channel.*.window and channel.url.window both set channel.url.window"),
            std::string::npos);
  EXPECT_NE(refused_sweep({{"channel.*.window", {"60s", "1min"}}}).find("are the same study"),
            std::string::npos);
  EXPECT_NE(refused_sweep({{"study.from", {"2021-01-01"}}}, {{0, 1000}}).find("give one of the two"),
            std::string::npos);
  // Right by itself, wrong in the whole.
  EXPECT_NE(refused_sweep({{"channel.url.name", {"co.tag"}}}).find("000/study.toml:"), std::string::npos);
  const std::vector<std::string> many(101, "1");
  EXPECT_NE(refused_sweep({{"communities.seed", many}, {"coordination.seed", many}}).find("more than 10000"),
            std::string::npos);
}

TEST(Sweep, SlicesCoverTheRange) {
  EXPECT_EQ(cut_into_slices({100, 250}, 100), (std::vector<TimeSlice>{{100, 200}, {200, 250}}));
  EXPECT_EQ(cut_into_slices({100, 200}, 100), (std::vector<TimeSlice>{{100, 200}}));
  message_of(ExitCode::usage, [] { cut_into_slices({0, 1'000'000}, 1); });
  EXPECT_EQ(parse_slice_length("30d", TimeUnit::second), 2'592'000'000);
  for (const char* text : {"0s", "30", "1month", "1ms"}) {
    message_of(ExitCode::usage, [&] { parse_slice_length(text, TimeUnit::second); });
  }
  constexpr std::int64_t day = 86'400'000;
  EXPECT_EQ(first_slice_begin(10 * day + 5'000'000, 30 * day), 10 * day);
  EXPECT_EQ(first_slice_begin(10 * day + 5'000'000, 3'600'000), 10 * day + 3'600'000);
}

}  // namespace
}  // namespace lockstep
