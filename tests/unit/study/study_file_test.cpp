#include "data/study/study_file.hpp"

#include <string>

#include <gtest/gtest.h>

#include "tests/unit/study/study_text.hpp"

namespace lockstep {
namespace {

using From = AttributeSource::From;

TEST(StudyFile, MinimalStudyHasTheDefaults) {
  const Study study = parse({});
  Study expected;
  expected.name = "x";
  expected.inputs.resize(1);
  expected.inputs[0].files = {"a.csv"};
  expected.inputs[0].account = "who";
  expected.inputs[0].time = "when";
  expected.channels.resize(1);
  expected.channels[0].name = "url";
  expected.channels[0].object = "link";
  EXPECT_EQ(study, expected);
  EXPECT_EQ(study.folder, "/there");
  EXPECT_EQ(parse_study(Lines{}.text(), "study.toml").folder, std::filesystem::current_path());
}

TEST(StudyFile, DefaultsAreTheDocumentedOnes) {
  EXPECT_EQ(effective_study(parse({})), R"([study]
name = "x"
time_unit = "s"
max_reject_fraction = 0.01

[[input]]
files = ["a.csv"]
format = "csv"
account = "who"
account_prefix = ""
time = "when"
time_format = "epoch"
missing = [""]

[[channel]]
name = "url"
object = "link"
elements = "each"
separator = ""
window = "60s"
min_shared = 3
resolution = "0s"
published = ""

[coordination]
rule = "significance"
fdr = 0.01
surrogates = 0
seed = 1

[communities]
objective = "cpm"
resolution = 0.02
min_size = 3
seed = 1

[output]
evidence_objects = 20
timeline_rows = 1000
)");
}

TEST(StudyFile, EveryKeyIsRead) {
  Lines lines;
  lines.study += "time_unit = 'ms'\nmax_reject_fraction = 0.5\n";
  lines.input =
      "files = ['b-*.gz', 'a']\nformat = 'jsonl'\naccount = '/user/id'\naccount_prefix = 'tw:'\n"
      "time = 'at'\ntime_format = '%d.%m.%Y'\nmissing = ['', 'NA']\nkind = 'type'\nplatform = '=twitter'\n"
      "language = 'lang'\nregion = '==x'\nname = 'screen'\nfollowers = '=12'\n";
  lines.channel +=
      "elements = 'sequence'\nseparator = ';'\nwindow = '1500ms'\nmin_shared = 7\nresolution = "
      "'2s'\npublished = 'made'\n";
  lines.rest =
      "[coordination]\nrule = 'count'\nfdr = 0.05\nsurrogates = 3\nseed = 4\n[communities]\nobjective = "
      "'modularity'\nresolution = 2\n"
      "min_size = 5\nseed = 9\n[output]\nevidence_objects = 4\ntimeline_rows = 6\n";
  Study expected;
  expected.name = "x";
  expected.time_unit = TimeUnit::millisecond;
  expected.max_reject_fraction = 0.5;
  expected.inputs = {{.files = {"a", "b-*.gz"},
                      .format = Format::jsonl,
                      .account = "/user/id",
                      .account_prefix = "tw:",
                      .time = "at",
                      .time_format = "%d.%m.%Y",
                      .missing = {"", "NA"},
                      .attributes = {AttributeSource{From::field, "type"},
                                     {From::constant, "twitter"},
                                     {From::field, "lang"},
                                     {From::constant, "=x"},
                                     {From::field, "screen"},
                                     {From::constant, "12"}}}};
  expected.channels = {{.name = "url",
                        .object = "link",
                        .elements = Elements::sequence,
                        .separator = ";",
                        .window_ms = 1500,
                        .min_shared = 7,
                        .resolution_ms = 2000,
                        .published = "made"}};
  expected.coordination = {.rule = Rule::count, .fdr = 0.05, .surrogates = 3, .seed = 4};
  expected.communities = {.objective = Objective::modularity, .resolution = 2, .min_size = 5, .seed = 9};
  expected.output = {.evidence_objects = 4, .timeline_rows = 6};
  EXPECT_EQ(parse(lines), expected);
}

TEST(StudyFile, FormatFollowsFromTheExtensions) {
  const auto format_of_files = [](const std::string& files) {
    Lines lines;
    lines.input = "files = " + files + "\naccount = 'a'\ntime = 't'\n";
    return parse(lines).inputs[0].format;
  };
  EXPECT_EQ(format_of_files("['x.csv', 'y-*.csv.gz', '/z/*.csv.zst']"), Format::csv);
  EXPECT_EQ(format_of_files("'x.y/z.tsv'"), Format::tsv);
  EXPECT_EQ(format_of_files("['x.jsonl.zst', 'y.ndjson']"), Format::jsonl);
  EXPECT_EQ(format_of_files("'x.csv'\nformat = 'tsv'"), Format::tsv);
}

TEST(StudyFile, WindowsMayBeWrittenInAnyUnit) {
  const auto window_of = [](const std::string& window) {
    Lines lines;
    lines.channel += "window = '" + window + "'\n";
    return parse(lines).channels[0].window_ms;
  };
  EXPECT_EQ(window_of("0s"), 0);
  EXPECT_EQ(window_of("2000ms"), 2'000);
  EXPECT_EQ(window_of("90s"), 90'000);
  EXPECT_EQ(window_of("2min"), 120'000);
  EXPECT_EQ(window_of("3h"), 10'800'000);
  EXPECT_EQ(window_of("365d"), 31'536'000'000);
}

TEST(StudyFile, TimesAreIso8601) {
  const auto from_of = [](const std::string& from, const std::string& unit = "s") {
    return parse({.study = "name = 'x'\ntime_unit = '" + unit + "'\nfrom = '" + from + "'\n"}).from_ms;
  };
  EXPECT_EQ(from_of("1970-01-02"), 86'400'000);
  EXPECT_EQ(from_of("2021-09-26T08:00:00Z"), 1'632'643'200'000);
  EXPECT_EQ(from_of("2021-09-26T10:00:00+02:00"), 1'632'643'200'000);
  EXPECT_EQ(from_of("2021-09-26 08:00:00.250", "ms"), 1'632'643'200'250);
  const Study study = parse({.study = "name = 'x'\nfrom = '2021-09-26'\nto = '2021-09-27'\n"});
  EXPECT_EQ(*study.to_ms - *study.from_ms, 86'400'000);
  const std::string text = effective_study(study);
  EXPECT_NE(text.find("from = \"2021-09-26T00:00:00Z\"\nto = \"2021-09-27T00:00:00Z\"\n"), text.npos) << text;
  EXPECT_EQ(parse_study(text, "again.toml"), study);
  EXPECT_FALSE(parse({}).from_ms);
}

TEST(StudyFile, LimitsThemselvesAreAccepted) {
  Lines low;
  low.study += "max_reject_fraction = 0\n";
  low.channel += "min_shared = 1\n";
  low.rest = "[communities]\nresolution = 5e-324\nmin_size = 2\nseed = 0\n[output]\nevidence_objects = 1\n";
  EXPECT_EQ(parse(low).max_reject_fraction, 0);
  EXPECT_EQ(parse(low).communities.resolution, 5e-324);
  EXPECT_EQ(parse(low).communities.seed, 0U);
  Lines high;
  high.study += "max_reject_fraction = 1\n";
  high.channel += "min_shared = 2147483648\n";
  high.rest =
      "[communities]\nresolution = 1e6\nmin_size = 4294967295\nseed = 9223372036854775807\n"
      "[output]\nevidence_objects = 100000\n";
  EXPECT_EQ(parse(high).channels[0].min_shared, 2147483648U);
  EXPECT_EQ(parse(high).communities.min_size, 4294967295U);
  EXPECT_EQ(parse(high).communities.seed, 9223372036854775807U);
  EXPECT_EQ(parse(high), parse_study(effective_study(parse(high)), "again.toml"));
}

}  // namespace
}  // namespace lockstep
