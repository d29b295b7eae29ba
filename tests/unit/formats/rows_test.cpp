#include "data/formats/rows.hpp"

#include "tests/unit/formats/files.hpp"

namespace lockstep::test {

namespace {

using Rows = std::vector<std::string>;

class RowsTest : public FilesTest {
 protected:
  static std::unique_ptr<RowReader> open(const std::string& file, Format format,
                                         std::vector<WantedField> wanted, Rows missing = {""},
                                         const Rows& required = {}) {
    const auto splits = plan_splits(file, UINT64_MAX);
    EXPECT_EQ(splits.size(), 1U);
    return open_rows(splits[0], format, std::move(wanted), std::move(missing), required);
  }
  Rows read(const std::string& name, std::string_view text, Format format, std::vector<WantedField> wanted,
            Rows missing = {""}) const {
    return all_rows(*open(write(name, text), format, std::move(wanted), std::move(missing)));
  }
  Rows csv(std::string_view text, std::vector<WantedField> wanted, Rows missing = {""}) const {
    return read("rows.csv", text, Format::csv, std::move(wanted), std::move(missing));
  }
};

TEST_F(RowsTest, CsvFollowsRfc4180) {
  const auto rows =
      csv("\xEF\xBB\xBF"
          "a,b,c\r\n1,\"x, \"\"y\"\"\",3\r\n\n4,\"two\r\nlines\", six \r\n7,,9",
          {{"c", ""}, {"b", ""}, {"absent", ""}, {"c", ""}});
  EXPECT_EQ(rows, (Rows{"2: 3|x, \"y\"||3", "4:  six |two\r\nlines|| six ", "6: 9|||9"}));
}

TEST_F(RowsTest, CsvRejectsOnlyTheMalformedRow) {
  const auto rows = csv("a,b\n1\n2,3\n4,5,6\n7,\xFF\n\xFF,8\n9,\"\xC3\xA9\"\n", {{"b", ""}});
  EXPECT_EQ(rows, (Rows{"2! expected 2 columns, found 1", "3: 3", "4! expected 2 columns, found 3",
                        "5! not valid UTF-8 in 'b'", "6: 8", "7: \xC3\xA9"}));
}

TEST_F(RowsTest, CsvStrayQuotesLoseNoRows) {
  const auto rows = csv("a,b\nx,5\" disk\ny,ok\n\nz,6\" disk\nu,\"q\"\n", {{"a", ""}, {"b", ""}});
  EXPECT_EQ(rows, (Rows{"2: x|5\" disk", "3: y|ok", "5: z|6\" disk", "6: u|q"}));
  const auto broken = csv("a,b\nx,5\"\ny,\"open\nz,1\n", {{"a", ""}, {"b", ""}});
  EXPECT_EQ(broken, (Rows{"2: x|5\"", "3! a quote is not closed", "4: z|1"}));
  EXPECT_EQ(csv("a,b\nx,1\ry,\"2\n3\"\nz,4\n", {{"b", ""}}), (Rows{"2: 1", "2: 2\n3", "4: 4"}));
}

TEST_F(RowsTest, CsvUnterminatedQuoteIsAnError) {
  const auto file = write("rows.csv", "a,b\n1,2\n3,\"4\n5,6\n");
  const auto reader = open(file, Format::csv, {{"a", ""}});
  Row row;
  ASSERT_TRUE(reader->next(row));
  EXPECT_EQ(error_of(ExitCode::bad_data, [&] { reader->next(row); }),
            file + ": unterminated quote starting at line 3");
}

TEST_F(RowsTest, RowsOfAnyLengthUpTo16MiB) {
  const std::string text(std::size_t{15} << 20, 't');
  const auto rows = csv("a,b\n1,\"" + text + "\"\n2,x\n", {{"b", ""}});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0], "2: " + text);
  EXPECT_EQ(rows[1], "3: x");
  const auto file = write("long.tsv", "a\n1\n" + text + text + "\n2\n");
  const auto reader = open(file, Format::tsv, {{"a", ""}});
  EXPECT_EQ(error_of(ExitCode::bad_data, [&] { all_rows(*reader); }),
            file + ": row longer than 16 MiB at line 3");
}

TEST_F(RowsTest, SeparatorSplitsACellIntoTrimmedValues) {
  const auto rows = csv("tags,x\n a ; NA;;b,1\n;,2\nNA,3\n", {{"tags", ";"}, {"x", ""}}, {"", "NA"});
  EXPECT_EQ(rows, (Rows{"2: a,b|1", "3: |2", "4: |3"}));
}

TEST_F(RowsTest, MissingWordsAreNoValues) {
  const auto file = write("rows.csv", "a,b\nNA,\n,x\n");
  Row row;
  const auto without_na = open(file, Format::csv, {{"a", ""}, {"b", ""}}, {"NA"});
  ASSERT_TRUE(without_na->next(row));
  EXPECT_EQ(row.values(0).size(), 0U);
  EXPECT_EQ(row.values(1).size(), 1U);  // the empty cell is a value when "" is not a missing word
}

TEST_F(RowsTest, TsvHasNoQuoting) {
  const auto rows =
      read("rows.tsv", "a\tb\r\n\"1\t2\"\r\n\n3\t\n4\n5\t\xFF\n", Format::tsv, {{"b", ""}, {"a", ""}});
  EXPECT_EQ(rows,
            (Rows{"2: 2\"|\"1", "4: |3", "5! expected 2 columns, found 1", "6! not valid UTF-8 in 'b'"}));
}

TEST_F(RowsTest, HeaderErrors) {
  const auto file = write("rows.csv", "\n\na,b,a\n1,2,3\n");
  EXPECT_EQ(read_header(file, Format::csv), (Rows{"a", "b", "a"}));
  EXPECT_EQ(all_rows(*open(file, Format::csv, {{"b", ""}})), (Rows{"4: 2"}));
  EXPECT_EQ(error_of(ExitCode::bad_data,
                     [&] {
                       open(file, Format::csv, {{"a", ""}});
                     }),
            file + ": the header names column 'a' twice");
  EXPECT_EQ(error_of(ExitCode::usage,
                     [&] {
                       open(file, Format::csv, {{"b", ""}}, {""}, {"b", "z"});
                     }),
            file + ": no column 'z'; the columns are: a, b, a");
  const auto empty = write("empty.csv", "");
  EXPECT_EQ(error_of(ExitCode::bad_data, [&] { read_header(empty, Format::csv); }),
            empty + ": the file is empty, it has no header");
}

TEST_F(RowsTest, FilesThatCannotBeRead) {
  EXPECT_EQ(error_of(ExitCode::io, [&] { plan_splits(path("none.csv"), 10); }),
            path("none.csv") + ": No such file or directory");
  EXPECT_EQ(error_of(ExitCode::io, [&] { plan_splits(path("."), 10); }), path(".") + ": not a regular file");
  EXPECT_EQ(error_of(ExitCode::io, [&] { read_header(path("none.gz"), Format::csv); }),
            path("none.gz") + ": No such file or directory");
}

TEST_F(RowsTest, CompressedFilesOfSeveralMembers) {
  for (const std::string name : {"rows.csv.gz", "rows.csv.zst"}) {
    const auto pack = name.ends_with("gz") ? gzipped : zstd_packed;
    const auto file = write(name, pack("a,b\n1,\"x\n") + pack("y\"\n2,") + pack("") + pack("z\n"));
    const auto reader = open(file, Format::csv, {{"b", ""}});
    EXPECT_EQ(all_rows(*reader), (Rows{"2: x\ny", "4: z"})) << name;
    EXPECT_EQ(reader->bytes_read(), std::filesystem::file_size(file)) << name;
    const auto counts = survey(plan_splits(file, 3).at(0), Format::csv);
    EXPECT_EQ(counts.lines + counts.quotes, 0U);
  }
}

TEST_F(RowsTest, LargeCompressedFilesStream) {
  std::string text = "a,b\n";
  std::string expected;
  for (int i = 0; i < 300'000; ++i) text += std::to_string(i) + ",\"" + std::to_string(i * 7) + "\"\n";
  for (const std::string name : {"rows.csv.gz", "rows.csv.zst"}) {
    const auto file = write(name, name.ends_with("gz") ? gzipped(text) : zstd_packed(text));
    const auto rows = all_rows(*open(file, Format::csv, {{"a", ""}, {"b", ""}}));
    ASSERT_EQ(rows.size(), 300'000U) << name;
    EXPECT_EQ(rows.front(), "2: 0|0");
    EXPECT_EQ(rows.back(), "300001: 299999|2099993");
  }
}

TEST_F(RowsTest, DamagedCompressedFiles) {
  for (const std::string name : {"rows.csv.gz", "rows.csv.zst"}) {
    const auto pack = name.ends_with("gz") ? gzipped : zstd_packed;
    const std::string whole = pack("a,b\n1,2\n3,4\n");
    const auto second = pack("5,6\n");
    const auto read_all = [&] { all_rows(*open(path(name), Format::csv, {{"b", ""}})); };
    write(name, whole + second.substr(0, second.size() - 3));
    EXPECT_EQ(error_of(ExitCode::io, read_all)
                  .find(path(name) + ": compressed data ends early; the file is truncated "
                                     "(line "),
              0U);
    write(name, "");
    EXPECT_NE(error_of(ExitCode::io, read_all).find("truncated"), std::string::npos);
    write(name, "a,b\n1,2\n");
    EXPECT_NE(error_of(ExitCode::io, read_all).find(name.ends_with("gz") ? "not a gzip file" : "damaged"),
              std::string::npos);
    std::string flipped = whole;
    flipped[whole.size() - 6] = static_cast<char>(~flipped[whole.size() - 6]);
    write(name, flipped);
    EXPECT_NE(error_of(ExitCode::io, read_all).find(path(name)), std::string::npos);
  }
}

}  // namespace

}  // namespace lockstep::test
