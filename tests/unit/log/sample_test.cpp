#include "src/log/sample.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "data/error.hpp"

namespace lockstep::test {
namespace {

constexpr std::int64_t window = 60;

/// Rows of a log: bursts of 5 actions on each of `objects` objects, and single actions at other times.
std::vector<SampledAction> make_log(std::uint32_t objects) {
  std::mt19937 random(7);
  std::vector<SampledAction> log;
  for (std::uint32_t object = 0; object < objects; ++object) {
    const auto begin = static_cast<std::int64_t>(random() % 1'000'000);
    for (int i = 0; i < 5; ++i)
      log.push_back({object, 0, 0, begin + static_cast<std::int64_t>(random() % 100)});
    for (int i = 0; i < 5; ++i)
      log.push_back({object, 0, 0, static_cast<std::int64_t>(random() % 1'000'000)});
  }
  return log;
}

void number_rows(std::vector<SampledAction>& log) {
  for (std::size_t i = 0; i < log.size(); ++i) log[i].row = i;
}

double true_pairs(const std::vector<SampledAction>& log) {
  std::map<std::uint32_t, std::vector<std::int64_t>> times;
  for (const auto& action : log) times[action.object].push_back(action.time);
  double pairs = 0;
  for (const auto& [object, of_object] : times) {
    for (std::size_t i = 0; i < of_object.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) pairs += std::abs(of_object[i] - of_object[j]) <= window ? 1 : 0;
    }
  }
  return pairs;
}

/// The estimate from `count` spans that are a tenth of the log.
double estimate_from_tenth(const std::vector<SampledAction>& log, std::size_t count) {
  std::vector<RowSpan> spans;
  std::vector<SampledAction> sample;
  const std::size_t stride = log.size() / count;
  const std::size_t rows = stride / 10;
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t first = k * stride + (stride - rows) / 2;
    spans.push_back({0, first, rows});
    const auto begin = log.begin() + static_cast<std::ptrdiff_t>(first);
    sample.insert(sample.end(), begin, begin + static_cast<std::ptrdiff_t>(rows));
  }
  const std::vector<double> file_rows = {static_cast<double>(log.size())};
  return estimate_windowed_pairs(sample, window, spans, file_rows);
}

TEST(WindowedPairs, AllRowsAreExact) {
  auto log = make_log(500);
  number_rows(log);
  const std::vector<RowSpan> one = {{0, 0, log.size()}};
  const std::vector<double> rows = {static_cast<double>(log.size())};
  EXPECT_NEAR(estimate_windowed_pairs(log, window, one, rows), true_pairs(log), 1e-6 * true_pairs(log));

  // The same rows in two files.
  const std::size_t half = log.size() / 2;
  auto divided = log;
  for (std::size_t i = half; i < log.size(); ++i) {
    divided[i].file = 1;
    divided[i].row = i - half;
  }
  const std::vector<RowSpan> two = {{0, 0, half}, {1, 0, log.size() - half}};
  const std::vector<double> rows_of_two = {static_cast<double>(half), static_cast<double>(log.size() - half)};
  EXPECT_NEAR(estimate_windowed_pairs(divided, window, two, rows_of_two), true_pairs(log),
              1e-6 * true_pairs(log));
}

TEST(WindowedPairs, ATenthTellsInAnyOrderOfRows) {
  auto log = make_log(20'000);
  const double truth = true_pairs(log);
  const auto expect_near_truth = [&](const std::string& order) {
    number_rows(log);
    const double estimate = estimate_from_tenth(log, 20);
    EXPECT_GT(estimate, truth / 1.5) << order;
    EXPECT_LT(estimate, truth * 1.5) << order;
  };
  expect_near_truth("by object");
  std::ranges::sort(log, {}, &SampledAction::time);
  expect_near_truth("by time");
  std::shuffle(log.begin(), log.end(), std::mt19937(3));
  expect_near_truth("none");
}

TEST(WindowedPairs, NothingIsNothing) {
  EXPECT_EQ(estimate_windowed_pairs({}, window, {}, {}), 0);
}

TEST(DistinctNames, AreExtrapolated) {
  std::mt19937 random(5);
  constexpr std::uint32_t names = 1000;
  std::map<std::uint32_t, std::uint32_t> counts;
  for (int i = 0; i < 700; ++i) ++counts[static_cast<std::uint32_t>(random() % names)];
  std::vector<std::uint32_t> occurrences;
  for (const auto& [name, count] : counts) occurrences.push_back(count);
  EXPECT_EQ(estimate_distinct(occurrences, 1), static_cast<double>(occurrences.size()));
  const double twice = names * (1 - std::exp(-1400.0 / names));
  EXPECT_NEAR(estimate_distinct(occurrences, 2), twice, 0.1 * twice);
  EXPECT_NEAR(estimate_distinct(occurrences, 100), names, 0.15 * names);
  EXPECT_EQ(estimate_distinct({}, 10), 0);
}

class Sample : public ::testing::Test {
 protected:
  Sample() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sample-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    study_.folder = folder_;
    study_.channels.resize(1);
    study_.channels[0].name = "url";
    study_.channels[0].object = "url";
    Input input;
    input.files = {"*.csv"};
    input.account = "who";
    input.time = "when";
    study_.inputs = {input};
  }
  ~Sample() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, int rows, const std::string& text) const {
    std::ofstream out(folder_ / name);
    out << "who,when,text,url\n";
    for (int i = 0; i < rows; ++i)
      out << "a" << i % 50 << "," << 1'600'000'000 + i << "," << text << ",x" << i / 2 << "\n";
  }

  std::filesystem::path folder_;
  Study study_;
};

TEST_F(Sample, AllOfASmallLog) {
  write("1.csv", 100, "t");
  write("2.csv", 60, "\"a\nb\"");
  const auto sample = read_sample(study_, 1 << 20);
  EXPECT_TRUE(sample.is_complete());
  EXPECT_EQ(sample.rows(), 160);
  EXPECT_EQ(sample.scale(), 1);
  EXPECT_EQ(sample.log.accounts.size(), 50U);
  ASSERT_EQ(sample.spans.size(), 2U);
  EXPECT_EQ(sample.spans[1].rows, 60U);
  EXPECT_EQ(sample.actions[0].size(), 160U);
  EXPECT_EQ(sample.actions[0][159].row, 59U);
}

TEST_F(Sample, PiecesOfAPlainLog) {
  // Quoted line breaks, so that many pieces begin in the middle of a row's quotes.
  write("1.csv", 20'000, "\"line\nline, \"\"line\"\"\nline\nline\"");
  write("2.csv", 10'000, "t");
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) bytes += entry.file_size();
  const auto sample = read_sample(study_, bytes / 5);
  EXPECT_FALSE(sample.is_complete());
  EXPECT_NEAR(static_cast<double>(sample.bytes_read()), static_cast<double>(bytes) / 5,
              0.1 * static_cast<double>(bytes) / 5);
  EXPECT_EQ(sample.spans.size(), 128U);
  EXPECT_NEAR(sample.rows(), 30'000, 600);
  EXPECT_LT(sample.log.rejected_rows(), sample.log.rows / 50);
  for (std::size_t i = 0; i < sample.actions[0].size(); ++i) {  // rows are where they were guessed to be
    const auto& action = sample.actions[0][i];
    EXPECT_NEAR(static_cast<double>(action.row), static_cast<double>(action.time - 1'600'000'000), 1000) << i;
    if (HasFailure()) break;
  }
}

TEST_F(Sample, ALogWithoutRowsIsAnError) {
  write("1.csv", 0, "");
  EXPECT_THROW(read_sample(study_, 1000), Error);
}

}  // namespace
}  // namespace lockstep::test
