#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "data/study/study_file.hpp"
#include "tests/unit/study/study_text.hpp"

namespace lockstep {
namespace {

/// Expects that `text` is refused with a message that begins with `start` and contains `mend`.
void expect_refused(const std::string& text, const std::string& start, const std::string& mend) {
  const std::string message = message_of(ExitCode::usage, [&] { parse_study(text, "s.toml"); });
  EXPECT_TRUE(message.starts_with(start)) << message << "\nshould start with " << start << "\nin\n" << text;
  EXPECT_NE(message.find(mend), std::string::npos) << message << "\nlacks " << mend;
  EXPECT_EQ(message.find('\n'), std::string::npos) << "one line: " << message;
}

// The lines of a refused file: [study] 1, name 2, [[input]] 3, files 4, account 5, time 6, [[channel]] 7,
// name 8, object 9, what a test adds 10.

TEST(StudyFileErrors, UnknownKeysNameTheNearest) {
  const auto channel_with = [](const std::string& line) {
    Lines lines;
    lines.channel += line;
    return lines.text();
  };
  const std::string start = "s.toml:10: [[channel]] ";
  expect_refused(channel_with("windw = '1s'"), start + "'windw': unknown key", "did you mean 'window'?");
  expect_refused(channel_with("Object = '1s'"), start + "'Object': unknown key", "did you mean 'object'?");
  expect_refused(channel_with("min_share = 2"), start + "'min_share'", "did you mean 'min_shared'?");
  expect_refused(channel_with("speed = 2"), start + "'speed'",
                 "the keys are name, object, elements, separator, window, min_shared");
  // The first in the file, not in the alphabet; before a value that is wrong.
  expect_refused(channel_with("zz = 1\naa = 1\nwindow = 3"), start + "'zz'", "the keys are");
  // A misspelled required key is not reported as missing.
  Lines lines;
  lines.input = "files = 'a.csv'\nacount = 'who'\ntime = 'when'\n";
  expect_refused(lines.text(), "s.toml:5: [[input]] 'acount': unknown key", "did you mean 'account'?");
  for (const std::string table : {"coordination", "communities", "output", "study"}) {
    Lines other;
    (table == "study" ? other.study : other.rest = "[" + table + "]\n") += "qq = 1\n";
    expect_refused(other.text(),
                   table == "study" ? "s.toml:3: [study] 'qq'" : "s.toml:11: [" + table + "] 'qq'",
                   "the keys are ");
  }
}

TEST(StudyFileErrors, TablesAreChecked) {
  expect_refused(Lines{.rest = "[comunities]\n"}.text(), "s.toml:10: 'comunities': unknown table",
                 "did you mean 'communities'?");
  expect_refused(Lines{.rest = "[zzz]\n"}.text(), "s.toml:10: 'zzz': unknown table",
                 "the tables are study, input, channel, coordination, communities, output");
  expect_refused("# nothing\n", "s.toml:1: [study] 'name': missing", "a string that is not empty");
  expect_refused("\n[study]\nname = 'x'\n", "s.toml:1: [[input]]: missing",
                 "at least one table, headed [[input]]");
  expect_refused("input = []\n[study]\nname = 'x'\n", "s.toml:1: [[input]]: missing", "at least one");
  expect_refused("[study]\nname = 'x'\n[input]\n", "s.toml:3: 'input': found a table",
                 "headed [[input]], in double brackets");
  expect_refused("input = ['a']\n[study]\nname = 'x'\n", "s.toml:1: [[input]]: found the string \"a\"",
                 "expected a table");
  expect_refused("study = 'x'\n", "s.toml:1: 'study': found the string \"x\"", "one table, headed [study]");
  expect_refused("[[study]]\nname = 'x'\n", "s.toml:1: 'study': found the array", "headed [study]");
  const std::string no_channel = "[study]\nname='x'\n[[input]]\nfiles='a.csv'\naccount='a'\ntime='t'\n";
  expect_refused(no_channel, "s.toml:1: [[channel]]: missing", "at least one table, headed [[channel]]");
}

TEST(StudyFileErrors, MissingKeysNameTheTablesLine) {
  expect_refused(Lines{.study = "\n"}.text(), "s.toml:1: [study] 'name': missing; expected", "not empty");
  const std::string input = "s.toml:3: [[input]] ";
  expect_refused(Lines{.input = "account='a'\ntime='t'\n"}.text(), input + "'files': missing",
                 "posts-*.csv.gz");
  expect_refused(Lines{.input = "files='a.csv'\ntime='t'\n"}.text(), input + "'account': missing", "field");
  expect_refused(Lines{.input = "files='a.csv'\naccount='a'\n"}.text(), input + "'time': missing", "field");
  for (const std::string files : {"['a.csv', 'b.tsv']", "'posts'", "['a.csv', 'b.gz']", "'*.csv.xz'"}) {
    expect_refused(Lines{.input = "files = " + files + "\naccount='a'\ntime='t'\n"}.text(),
                   input + "'format': missing, and the file names do not tell", R"("csv", "tsv" or "jsonl")");
  }
  expect_refused(Lines{.channel = "object='a'\n"}.text(), "s.toml:7: [[channel]] 'name': missing", "co-url");
  // The second table of a kind has its own line.
  expect_refused(Lines{.rest = "[[channel]]\nname = 'b'\n"}.text(),
                 "s.toml:10: [[channel]] 'object': missing", "the name of a field");
}

struct BadValue {
  std::string table;  ///< "study", "input", "channel", or a table that is added
  std::string line;   ///< the key and its value
  std::string found;
  std::string mend;
};

TEST(StudyFileErrors, ImpossibleValuesSayWhatIsAccepted) {
  const std::string seconds = "in whole seconds, because [study] time_unit is \"s\"";
  const std::string attribute = "the name of a field, or \"=constant\"";
  const std::vector<BadValue> cases = {
      {"study", "time_unit = 'min'", R"(the string "min")", R"("s" or "ms")"},
      {"study", "time_unit = 1", "the integer 1", R"("s" or "ms")"},
      {"study", "max_reject_fraction = 1.5", "the number 1.5", "a number from 0 to 1"},
      {"study", "max_reject_fraction = -1", "the integer -1", "a number from 0 to 1"},
      {"study", "max_reject_fraction = nan", "the number nan", "a number from 0 to 1"},
      {"study", "max_reject_fraction = '0.1'", R"(the string "0.1")", "a number from 0 to 1"},
      {"input", "format = 'xml'", R"(the string "xml")", R"("csv", "tsv" or "jsonl")"},
      {"input", "account_prefix = 3", "the integer 3", "a string"},
      {"input", "time_format = 'unix'", R"(the string "unix")",
       R"("epoch", "epoch_ms", "iso8601" or a strptime)"},
      {"input", "time_format = 1999-01-02", "a date or time", "a strptime pattern"},
      {"input", "missing = 'NA'", R"(the string "NA")", R"(an array of strings, such as ["", "NA"])"},
      {"input", "missing = ['', 3]", R"(the array ["", 3])", "an array of strings"},
      {"input", "kind = ''", R"(the string "")", attribute},
      {"input", "platform = '='", R"(the string "=")", attribute},
      {"input", "language = true", "the boolean true", attribute},
      {"input", "region = {a = 1}", "a table", attribute},
      {"input", "name = ['a']", R"(the array ["a"])", attribute},
      {"input", "followers = '=many'", R"(the string "=many")", "\"=N\" with a whole number N"},
      {"input", "followers = '=-1'", R"(the string "=-1")", "\"=N\" with a whole number N"},
      {"input", "followers = '=1.5'", R"(the string "=1.5")", "\"=N\" with a whole number N"},
      {"input", "followers = '=9223372036854775808'", "the string", "\"=N\" with a whole number N"},
      {"channel", "elements = 'all'", R"(the string "all")", R"("each" or "sequence")"},
      {"channel", "separator = ', '", R"(the string ", ")", "one ASCII character"},
      {"channel", "separator = 'ü'", R"(the string "ü")", "one ASCII character"},
      {"channel", "window = 60", "the integer 60", seconds},
      {"channel", "window = '1500ms'", R"(the string "1500ms")", seconds},
      {"channel", "window = ''", R"(the string "")", seconds},
      {"channel", "window = 's'", R"(the string "s")", seconds},
      {"channel", "window = '60'", R"(the string "60")", R"(s, min, h or d, such as "60s")"},
      {"channel", "window = '60 s'", R"(the string "60 s")", R"(s, min, h or d, such as "60s")"},
      {"channel", "window = '-1s'", R"(the string "-1s")", R"(s, min, h or d, such as "60s")"},
      {"channel", "window = '1.5h'", R"(the string "1.5h")", R"(s, min, h or d, such as "60s")"},
      {"channel", "window = '366d'", R"(the string "366d")", "at most 365d"},
      {"channel", "window = '31536001s'", R"(the string "31536001s")", "at most 365d"},
      {"channel", "window = '99999999999999999999s'", R"(the string "9999999)", "at most 365d"},
      {"channel", "window = '9223372036854775807d'", R"(the string "9223372)", "at most 365d"},
      {"channel", "min_shared = 0", "the integer 0", "a whole number from 1 to 2147483648"},
      {"channel", "min_shared = 2147483649", "the integer 2147483649", "from 1 to 2147483648"},
      {"channel", "min_shared = 3.0", "the number 3.0", "a whole number from 1 to 2147483648"},
      {"coordination", "rule = 'counts'", R"(the string "counts")", "expected \"significance\" or \"count\""},
      {"communities", "objective = 'cmp'", R"(the string "cmp")", R"("cpm" or "modularity")"},
      {"communities", "resolution = 0", "the integer 0", "a number above 0, at most 1000000"},
      {"communities", "resolution = 1000000.5", "the number 1000000.5", "above 0, at most 1000000"},
      {"communities", "resolution = inf", "the number inf", "a number above 0, at most 1000000"},
      {"communities", "min_size = 1", "the integer 1", "a whole number from 2 to 4294967295"},
      {"communities", "min_size = 4294967296", "the integer 4294967296", "from 2 to 4294967295"},
      {"communities", "seed = -1", "the integer -1", "a whole number from 0 to 9223372036854775807"},
      {"output", "evidence_objects = 0", "the integer 0", "a whole number from 1 to 100000"},
      {"output", "evidence_objects = 100001", "the integer 100001", "from 1 to 100000"},
  };
  for (const BadValue& bad : cases) {
    Lines lines;
    std::string place;
    if (bad.table == "study") lines.study += bad.line + "\n", place = "3: [study]";
    if (bad.table == "input") lines.input += bad.line + "\n", place = "7: [[input]]";
    if (bad.table == "channel") lines.channel += bad.line + "\n", place = "10: [[channel]]";
    if (place.empty()) lines.rest = "[" + bad.table + "]\n" + bad.line, place = "11: [" + bad.table + "]";
    const std::string key = bad.line.substr(0, bad.line.find(' '));
    expect_refused(lines.text(), "s.toml:" + place + " '" + key + "': found " + bad.found, bad.mend);
  }
}

TEST(StudyFileErrors, RequiredKeysAreCheckedToo) {
  expect_refused(Lines{.study = "name = ''\n"}.text(), "s.toml:2: [study] 'name': found the string \"\"",
                 "a string that is not empty");
  for (const std::string files :
       {"[]", "''", "['a.csv', '']", "3", "['a.csv', ['b.csv']]", R"("a\u0000b.csv")"}) {
    expect_refused(Lines{.input = "files = " + files + "\naccount='a'\ntime='t'\n"}.text(),
                   "s.toml:4: [[input]] 'files': found ", "expected file names or globs");
  }
  expect_refused(Lines{.input = "files='a.csv'\naccount=''\ntime='t'\n"}.text(),
                 "s.toml:5: [[input]] 'account'", "the name of a field");
  expect_refused(Lines{.input = "files='a.csv'\naccount='a'\ntime=2\n"}.text(), "s.toml:6: [[input]] 'time'",
                 "the name of a field");
  for (const std::string name : {"''", "'co url'", "'a/b'", "'ä'", "7"}) {
    expect_refused(Lines{.channel = "name = " + name + "\nobject='o'\n"}.text(),
                   "s.toml:8: [[channel]] 'name': found ", "letters A-Z and a-z, digits, '_', '.' and '-'");
  }
  expect_refused(Lines{.channel = "name='a'\nobject=''\n"}.text(), "s.toml:9: [[channel]] 'object'", "field");
}

TEST(StudyFileErrors, LongValuesAreCutBetweenCharacters) {
  std::string value;
  for (int i = 0; i < 100; ++i) value += "ü";
  const std::string message =
      message_of(ExitCode::usage, [&] { parse({.study = "name = 'x'\ntime_unit = '" + value + "'\n"}); });
  EXPECT_NE(message.find("\"" + value.substr(0, 78) + "…; expected"), std::string::npos) << message;
}

TEST(StudyFileErrors, ChannelNamesAreUnique) {
  expect_refused(Lines{.rest = "[[channel]]\nobject = 'b'\nname = 'url'\n"}.text(),
                 "s.toml:12: [[channel]] 'name': found the string \"url\", which line 8 uses",
                 "a name of its own for every channel");
}

TEST(StudyFileErrors, ThereIsRoomFor65535Channels) {
  Lines lines;
  for (int i = 1; i < 65'535; ++i) {
    lines.rest += "[[channel]]\nname='c" + std::to_string(i) + "'\nobject='o'\n";
  }
  EXPECT_EQ(parse(lines).channels.size(), 65'535U);
  lines.rest += "[[channel]]\nname='c'\nobject='o'\n";
  expect_refused(lines.text(), "s.toml:" + std::to_string(7 + 3 * 65'535) + ": [[channel]]: too many",
                 "at most 65535");
}

TEST(StudyFileErrors, TimesAreChecked) {
  const auto study_with = [](const std::string& lines) {
    return Lines{.study = "name = 'x'\n" + lines + "\n"}.text();
  };
  expect_refused(study_with("from = 'yesterday'"), "s.toml:3: [study] 'from': found the string \"yesterday\"",
                 "such as \"2021-09-01\"");
  expect_refused(study_with("from = 5"), "s.toml:3: [study] 'from': found the integer 5", "ISO 8601");
  expect_refused(study_with("to = '2021-09-01T00:00:00.5Z'"), "s.toml:3: [study] 'to'", "in whole seconds");
  const std::string start = "s.toml:4: [study] 'to': found the string \"2021-09-01\", not after 'from'";
  expect_refused(study_with("from = '2021-09-01'\nto = '2021-09-01'"), start, "a later time");
  expect_refused(study_with("from = '2021-09-02'\nto = '2021-09-01'"), start, "a later time");
}

TEST(StudyFileErrors, SyntaxErrorsHaveALine) {
  expect_refused("[study]\nname = \n", "s.toml:2: column ", "not TOML: ");
  expect_refused("[study]\nname = 'a'\nname = 'b'\n", "s.toml:3: column ",
                 "cannot redefine existing string 'name'");
  expect_refused("[study]\n\nname = \"\xFF\"\n", "s.toml:3: column ", "not TOML: ");
}

}  // namespace
}  // namespace lockstep
