#include <random>

#include "tests/unit/formats/files.hpp"

namespace lockstep::test {

namespace {

using Rows = std::vector<std::string>;

class JsonRowsTest : public FilesTest {
 protected:
  Rows json(std::string_view text, std::vector<WantedField> wanted, Rows missing = {""}) const {
    const auto split = plan_splits(write("rows.jsonl", text), UINT64_MAX).at(0);
    return all_rows(*open_rows(split, Format::jsonl, std::move(wanted), std::move(missing), {}));
  }
};

TEST_F(JsonRowsTest, ValuesInTheirTextualForm) {
  const auto rows = json(
      "\xEF\xBB\xBF"
      "{\"s\": \"a\\\"\\u00e9\\n\", \"i\": 12345678901234567890123, \"f\" : 1.50e3 , \"t\": true, \"n\": "
      "null}\r\n"
      " \n{\"i\": -7, \"t\": false, \"other\": {\"s\": [1, {\"s\": 2}]}}",
      {{"s", ""}, {"i", ""}, {"f", ""}, {"t", ""}, {"n", ""}});
  EXPECT_EQ(rows, (Rows{"1: a\"\xC3\xA9\n|12345678901234567890123|1.50e3|true|", "3: |-7||false|"}));
}

TEST_F(JsonRowsTest, PointersReachInside) {
  const std::vector<WantedField> wanted = {{"/user/id", ""}, {"/entities/hashtags/*/text", ""},
                                           {"/m/1", ""},     {"m", ""},
                                           {"a/b", ""},      {"/a~1b", ""}};
  const auto rows = json(R"({"m": [1, "two", {"x": 0}, [8], null, 3], )"
                         R"("entities": {"hashtags": [{"text": "p"}, {}, 5, {"text": "q"}]},)"
                         R"( "user": {"name": "n", "id": 42}, "a/b": "k"})"
                         "\n"
                         R"({"user": "no object", "entities": [], "m": "single"})",
                         wanted);
  EXPECT_EQ(rows, (Rows{"1: 42|p,q|two|1,two,3|k|k", "2: |||single||"}));
}

TEST_F(JsonRowsTest, RejectsOnlyTheMalformedLine) {
  const Rows lines = {R"({"a": 1)",
                      R"({"a": "x)",
                      "[1]",
                      "17",
                      "nonsense",
                      R"({"a": 1} {"a": 2})",
                      R"({"a": 1,)",
                      "{\"a\": \"\xFF\"}",
                      R"({"a": {"b": 1}})",
                      R"({"a": 01})",
                      R"({"a": [1}})",
                      R"({"b": [{"c": 1}, "a": 2})",
                      R"({"a": nul})",
                      R"({"a" 1})"};
  std::string text;
  for (const auto& line : lines) text += line + "\n{\"a\": \"good\"}\n";
  const auto rows = json(text, {{"a", ""}});
  ASSERT_EQ(rows.size(), 2 * lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_TRUE(rows[2 * i].starts_with(std::to_string(2 * i + 1) + "! "))
        << lines[i] << " gave " << rows[2 * i];
    EXPECT_EQ(rows[2 * i + 1], std::to_string(2 * i + 2) + ": good") << "after " << lines[i];
  }
  EXPECT_EQ(rows[4], "5! not a JSON object");
  EXPECT_EQ(rows[16], "17! 'a' is an object, not a value");
}

TEST_F(JsonRowsTest, MissingWordsAreNoValues) {
  EXPECT_EQ(json(R"({"a": -1, "b": ["NA", ""]})", {{"a", ""}, {"b", ""}}, {"-1", "NA"}), (Rows{"1: |"}));
  EXPECT_EQ(json(R"({"a": -1})", {{"a", ""}}, {"1"}), (Rows{"1: -1"}));
}

TEST_F(JsonRowsTest, AnyDamageStaysInItsLine) {
  const std::string whole =
      R"({"a": ["x\u00e9", {"b": [1, 2.5e3, null]}], "c": {"d": "\\", "e": true}, "f": -12})";
  const std::string_view signs = "{}[]\",:\\ 0-.eutn\xC3\t";
  std::mt19937 random(1);
  std::string text;
  constexpr std::size_t count = 3000;
  for (std::size_t i = 0; i < count; ++i) {
    std::string line = whole;
    for (std::size_t change = 1 + random() % 3; change > 0; --change) {
      const std::size_t at = random() % line.size();
      if (random() % 3 == 0)
        line.resize(at + 1);
      else if (random() % 2 == 0)
        line[at] = signs[random() % signs.size()];
      else
        line.insert(at, 1, signs[random() % signs.size()]);
    }
    text += line + "\n{\"f\": \"good\"}\n";
  }
  const auto rows = json(text, {{"/a/*/b", ""}, {"a", ""}, {"/c/d", ""}, {"/c/e", ""}, {"f", ""}});
  std::size_t good = 0;
  for (const auto& row : rows) good += row.ends_with(": ||||good") ? 1 : 0;
  EXPECT_EQ(good, count);
}

}  // namespace

}  // namespace lockstep::test
