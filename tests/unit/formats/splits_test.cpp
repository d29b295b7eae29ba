#include <algorithm>
#include <random>

#include "data/formats/raw_rows.hpp"
#include "tests/unit/formats/files.hpp"

namespace lockstep::test {

namespace {

using Rows = std::vector<std::string>;

class SplitsTest : public FilesTest {};

std::string random_text(std::mt19937& random, const Rows& pieces, std::size_t most) {
  std::string text;
  for (std::size_t i = random() % (most + 1); i > 0; --i) text += pieces[random() % pieces.size()];
  return text;
}

/// A random file, and its rows in the form of `shown` as they were written.
struct Sample {
  std::string text;
  Rows rows;
};

Sample random_csv(std::mt19937& random) {
  const Rows pieces = {"\"\"", "\n", "\r\n", ",", "x", "\xC3\xA9", " ", "\""};
  const std::string end = random() % 2 == 0 ? "\n" : "\r\n";
  Sample sample;
  if (random() % 3 == 0) sample.text += "\xEF\xBB\xBF";
  if (random() % 3 == 0) sample.text += end;
  sample.text += "\"first\"\"\n\",second" + end;
  const std::size_t count = random() % 12;
  for (std::size_t i = 0; i < count; ++i) {
    if (random() % 5 == 0) sample.text += end;
    const auto line = std::count(sample.text.begin(), sample.text.end(), '\n') + 1;
    std::string cells[2];
    std::string shown_cells[2];
    for (int column : {0, 1}) {
      std::string cell = random_text(random, pieces, 5);
      shown_cells[column] = cell;
      const bool quoted = cell.find_first_of("\",\r\n") != std::string::npos || random() % 4 == 0;
      for (const char c : cell) cells[column] += c == '"' ? std::string("\"\"") : std::string(1, c);
      if (quoted) cells[column] = '"' + cells[column] + '"';
    }
    sample.text += cells[0] + ',' + cells[1] + (i + 1 == count && random() % 2 == 0 ? "" : end);
    sample.rows.push_back(std::to_string(line) + ": " + shown_cells[0] + "|" + shown_cells[1]);
  }
  return sample;
}

/// The splits between sorted cuts, with what their surveys tell summed up.
std::vector<Split> splits_at(const std::string& file, const std::vector<std::uint64_t>& cuts, Format format) {
  std::vector<Split> splits;
  std::uint64_t line = 1;
  std::uint64_t quotes = 0;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    splits.push_back(Split{file, cuts[i], cuts[i + 1], line, quotes % 2 != 0});
    const auto counts = survey(splits.back(), format);
    line += counts.lines;
    quotes += counts.quotes;
  }
  return splits;
}

Rows rows_of(const std::vector<Split>& splits, Format format, const std::vector<WantedField>& wanted) {
  Rows rows;
  std::uint64_t bytes = 0;
  for (const auto& split : splits) {
    const auto reader = open_rows(split, format, wanted, {}, {});
    const auto part = all_rows(*reader);
    rows.insert(rows.end(), part.begin(), part.end());
    bytes += reader->bytes_read();
  }
  EXPECT_EQ(bytes, splits.back().end);
  return rows;
}

std::vector<std::uint64_t> random_cuts(std::mt19937& random, std::uint64_t size) {
  std::vector<std::uint64_t> cuts = {0, size};
  for (std::size_t i = random() % 6; i > 0; --i) cuts.push_back(random() % (size + 1));
  std::sort(cuts.begin(), cuts.end());
  return cuts;
}

TEST_F(SplitsTest, CsvRowsAreTheSameAtEveryCut) {
  std::mt19937 random(1);
  const std::vector<WantedField> wanted = {{"first\"\n", ""}, {"second", ""}};
  for (int round = 0; round < 30; ++round) {
    const auto sample = random_csv(random);
    const auto file = write("rows.csv", sample.text);
    const std::uint64_t size = sample.text.size();
    for (std::uint64_t cut = 0; cut <= size; ++cut) {
      ASSERT_EQ(rows_of(splits_at(file, {0, cut, size}, Format::csv), Format::csv, wanted), sample.rows)
          << "cut at " << cut << " of\n"
          << sample.text;
    }
    for (int repeat = 0; repeat < 10; ++repeat) {
      const auto cuts = random_cuts(random, size);
      ASSERT_EQ(rows_of(splits_at(file, cuts, Format::csv), Format::csv, wanted), sample.rows) << sample.text;
    }
    const auto planned = plan_splits(file, 1 + random() % 5);
    std::vector<std::uint64_t> cuts = {0};
    for (const auto& split : planned) cuts.push_back(split.end);
    ASSERT_EQ(rows_of(splits_at(file, cuts, Format::csv), Format::csv, wanted), sample.rows) << sample.text;
  }
}

TEST_F(SplitsTest, MalformedFilesGiveTheSameRowsAtEveryCut) {
  std::mt19937 random(2);
  const Rows pieces = {"\"", "\"\"", "\n", "\r\n", ",", "x", "\r", "\xFF", "\t", "{\"a\":1}"};
  std::size_t compared = 0;
  for (int round = 0; round < 50; ++round) {
    const auto text = "a,b\n" + random_text(random, pieces, 30);
    const std::uint64_t size = text.size();
    for (const auto format : {Format::csv, Format::tsv, Format::jsonl}) {
      const bool endless = format == Format::csv && std::count(text.begin(), text.end(), '"') % 2 != 0;
      if (endless) continue;
      const auto file = write("rows", text);
      const std::vector<WantedField> wanted = {{"a", ""}, {"b", ""}};
      const auto whole = rows_of(splits_at(file, {0, size}, format), format, wanted);
      for (std::uint64_t cut = 1; cut < size; ++cut) {
        ASSERT_EQ(rows_of(splits_at(file, {0, cut, size}, format), format, wanted), whole)
            << "cut at " << cut << " of\n"
            << text;
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 2000U);
}

TEST_F(SplitsTest, RawRowsDoNotDependOnTheChunkSize) {
  std::mt19937 random(3);
  for (int round = 0; round < 100; ++round) {
    const auto sample = random_csv(random);
    const auto file = write("rows.csv", sample.text);
    const std::uint64_t begin = random() % sample.text.size();
    const bool quoted =
        std::count(sample.text.begin(), sample.text.begin() + std::ptrdiff_t(begin), '"') % 2 != 0;
    const Split split{file, begin, sample.text.size(), 1, quoted};
    std::vector<Rows> results;
    for (const std::size_t chunk : {1U, 2U, 7U, 1U << 20}) {
      RawRows reader(split, Format::csv, chunk);
      results.emplace_back();
      RawRow row;
      while (reader.next(row)) {
        EXPECT_EQ(row.lines, std::uint64_t(std::count(row.text.begin(), row.text.end(), '\n')));
        results.back().push_back(std::to_string(row.line) + ' ' + std::to_string(row.begin) + ' ' +
                                 std::string(row.text));
      }
    }
    for (const auto& result : results) ASSERT_EQ(result, results.back()) << sample.text;
  }
}

TEST_F(SplitsTest, PlanCutsAtMultiplesOnly) {
  const auto file = write("rows.tsv", std::string(25, 'x'));
  const auto splits = plan_splits(file, 10);
  ASSERT_EQ(splits.size(), 3U);
  EXPECT_EQ(splits[1].begin, 10U);
  EXPECT_EQ(splits[1].end, 20U);
  EXPECT_EQ(splits[2].end, 25U);
  EXPECT_EQ(plan_splits(file, 25).size(), 1U);
  const auto empty = plan_splits(write("empty.jsonl", ""), 10);
  ASSERT_EQ(empty.size(), 1U);
  EXPECT_EQ(all_rows(*open_rows(empty[0], Format::jsonl, {{"a", ""}}, {}, {})), Rows{});
  const auto packed = plan_splits(write("rows.tsv.gz", gzipped("a\n1\n2\n3\n4\n")), 2);
  ASSERT_EQ(packed.size(), 1U);
  EXPECT_EQ(packed[0].end, std::filesystem::file_size(packed[0].path));
}

TEST_F(SplitsTest, SurveyCountsLinesAndQuotes) {
  const auto file = write("rows.csv", "a\n\"b\"\n\"c");
  const auto csv = survey(Split{file, 1, 8, 1, false}, Format::csv);
  EXPECT_EQ(csv.lines, 2U);
  EXPECT_EQ(csv.quotes, 3U);
  EXPECT_EQ(survey(Split{file, 0, 8, 1, false}, Format::tsv).quotes, 0U);
}

}  // namespace

}  // namespace lockstep::test
