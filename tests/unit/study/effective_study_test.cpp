#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "data/study/study_file.hpp"
#include "tests/unit/study/study_text.hpp"

namespace lockstep {
namespace {

using From = AttributeSource::From;

/// A study that parse_study() can return, but for the order of inputs and files.
class RandomStudy {
 public:
  explicit RandomStudy(unsigned seed) : random_(seed) {}

  Study make() {
    Study study;
    study.name = word();
    study.time_unit = one_of(2) ? TimeUnit::second : TimeUnit::millisecond;
    study.max_reject_fraction = fraction();
    if (one_of(2)) study.from_ms = std::int64_t{one_of(2'000'000)} * 1000;
    if (one_of(2)) study.to_ms = std::int64_t{2'000'000 + one_of(2'000'000)} * 1000;
    study.inputs.resize(1 + one_of(4));
    for (Input& input : study.inputs) fill(input);
    study.channels.resize(1 + one_of(4));
    for (std::size_t i = 0; i < study.channels.size(); ++i) {
      const std::int64_t step = study.time_unit == TimeUnit::second ? 1000 : 1;
      study.channels[i] = {"a.B_-" + std::to_string(i),
                           word(),
                           one_of(2) ? Elements::each : Elements::sequence,
                           one_of(2) ? "" : std::string(1, static_cast<char>(one_of(128))),
                           static_cast<std::int64_t>(one_of(1'000'000)) * step,
                           1 + one_of(2'000'000'000),
                           static_cast<std::int64_t>(one_of(1'000)) * step,
                           one_of(2) ? "" : word()};
    }
    study.communities = {one_of(2) ? Objective::cpm : Objective::modularity, 1e-300 + 1e6 * fraction(),
                         2 + one_of(100), random_()};
    study.output.evidence_objects = 1 + one_of(100'000);
    return study;
  }

 private:
  std::uint32_t one_of(std::uint32_t count) { return static_cast<std::uint32_t>(random_() % count); }
  double fraction() { return std::uniform_real_distribution<double>(0, 1)(random_); }

  std::string word() {
    static const std::vector<std::string> pieces = {
        "a",           "7",    " ",  "\"", "\\", "'",       "\n",
        "\t",          "\r",   "\b", "\f", "[]", "\x01",    "\x7F",
        "ü",           "日本", "😀",  "#",  "=",  "\\u0041", std::string(1, '\0'),
        "\xE2\x80\xA8"};
    std::string text = "w";
    for (std::uint32_t i = one_of(8); i > 0; --i)
      text += pieces[one_of(static_cast<std::uint32_t>(pieces.size()))];
    return text;
  }

  void fill(Input& input) {
    input.files.clear();
    for (std::uint32_t i = 0; i <= one_of(3); ++i) {
      std::string file = word();
      std::erase(file, '\0');
      input.files.push_back(std::to_string(i) + file);
    }
    input.format = static_cast<Format>(one_of(3));
    input.account = word();
    input.account_prefix = one_of(2) ? "" : word();
    input.time = word();
    input.time_format = one_of(2) ? "iso8601" : word() + "%Y";
    input.missing.clear();
    for (std::uint32_t i = one_of(3); i > 0; --i) input.missing.push_back(word());
    for (AttributeSource& source : input.attributes) {
      source.from = static_cast<From>(one_of(3));
      if (source.from != From::nothing) source.text = word();
    }
    AttributeSource& followers = input.attributes[static_cast<std::size_t>(Attribute::followers)];
    if (followers.from == From::constant) followers.text = std::to_string(one_of(1000));
  }

  std::mt19937 random_;
};

TEST(EffectiveStudy, ParsesToAnEqualStudy) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    const Study study = RandomStudy(seed).make();
    const std::string text = effective_study(study);
    const Study again = parse_study(text, "again.toml");
    EXPECT_EQ(effective_study(again), text);
    Study unordered = again;
    unordered.inputs = study.inputs;
    EXPECT_EQ(unordered, study) << text;
    EXPECT_TRUE(std::is_permutation(again.inputs.begin(), again.inputs.end(), study.inputs.begin(),
                                    study.inputs.end()))
        << text;
    if (HasFailure()) break;
  }
}

TEST(EffectiveStudy, DoesNotShowTheOrderOfInputsAndFiles) {
  const std::string rest = "account = 'a'\ntime = 't'\n";
  const Lines one{.input =
                      "files = ['b.csv', 'a.csv', 'b.csv']\n" + rest + "[[input]]\nfiles = 'a.tsv'\n" + rest};
  const Lines other{.input = "files = 'a.tsv'\n" + rest + "[[input]]\nfiles = ['a.csv', 'b.csv']\n" + rest};
  EXPECT_EQ(parse(one), parse(other));
  EXPECT_EQ(effective_study(parse(one)), effective_study(parse(other)));
  EXPECT_EQ(parse(one).inputs[0].files, (std::vector<std::string>{"a.csv", "b.csv"}));

  Study built = parse(one);
  std::reverse(built.inputs.begin(), built.inputs.end());
  std::reverse(built.inputs[1].files.begin(), built.inputs[1].files.end());
  EXPECT_EQ(effective_study(built), effective_study(parse(one)));
}

TEST(EffectiveStudy, TellsStudiesApart) {
  const Study study = parse({});
  Study moved = study;
  moved.folder = "/elsewhere";
  EXPECT_EQ(moved, study);
  EXPECT_EQ(effective_study(moved), effective_study(study));
  Study other = study;
  other.communities.resolution = std::nextafter(study.communities.resolution, 1.0);
  EXPECT_NE(effective_study(other), effective_study(study));
  EXPECT_FALSE(other == study);
  // The order of channels is the user's: results name channels in it.
  const std::string second = "[[channel]]\nname = 'a'\nobject = 'o'\n";
  EXPECT_EQ(parse({.rest = second}).channels[1].name, "a");
}

}  // namespace
}  // namespace lockstep
