#include "src/log/ingest.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include <gtest/gtest.h>

#include "tests/ranks/agreed_error.hpp"
#include "tests/ranks/shared_folder.hpp"

namespace lockstep::test {

namespace {

/// An action by its names: channel, account, object, seconds since 1970.
using Named = std::tuple<std::uint32_t, std::string, std::string, std::int64_t>;

Input csv_input(std::vector<std::string> files) {
  Input input;
  input.files = std::move(files);
  input.account = "who";
  input.time = "when";
  return input;
}

class Ingest : public ::testing::Test {
 protected:
  Ingest() {
    study_.name = "test";
    study_.folder = folder_.path();
    study_.channels = {{"co-url", "url", Elements::each, "", 60'000, 3}};
  }

  Ingested read(const Comm& comm, std::uint64_t split_bytes = default_split_bytes) const {
    return ingest(comm, study_, rejects_file(comm), split_bytes);
  }
  Ingested read(std::uint64_t split_bytes = default_split_bytes) const { return read(world(), split_bytes); }

  /// Each rank that reads alone has a file of its own.
  std::filesystem::path rejects_file(const Comm& comm) const {
    return folder_.path() / (comm.size() == world().size()
                                 ? "rejects.jsonl"
                                 : "alone-" + std::to_string(world().rank()) + ".jsonl");
  }
  std::string rejects() const { return bytes_of(rejects_file(world())); }
  std::string path(const std::string& name) const {
    return (std::filesystem::canonical(folder_.path()) / name).string();
  }

  SharedFolder folder_;
  Study study_;
};

/// The actions of all ranks by name, sorted.
std::vector<Named> named_actions(const Comm& comm, const Ingested& ingested) {
  const auto& catalogue = ingested.catalogue;
  const auto actions = comm.gather_all(ingested.actions);
  std::vector<std::uint64_t> accounts;
  std::vector<std::uint64_t> objects;
  for (const Action& action : actions) {
    accounts.push_back(action.account);
    objects.push_back(action.object);
  }
  const auto account_names = catalogue.accounts.names(comm, accounts);
  const auto object_names = catalogue.objects.names(comm, objects);
  std::vector<Named> named;
  for (std::size_t i = 0; i < actions.size(); ++i) {
    named.emplace_back(catalogue.objects.group_of(objects[i]), account_names[i], object_names[i],
                       catalogue.epoch + actions[i].time);
  }
  std::sort(named.begin(), named.end());
  return named;
}

std::vector<Action> sorted_actions(const Comm& comm, const Ingested& ingested) {
  auto actions = comm.gather_all(ingested.actions);
  std::sort(actions.begin(), actions.end());
  return actions;
}

/// What the ranks together know of an account's attribute.
std::string attribute_of(const Ingested& ingested, const std::string& account, Attribute attribute) {
  const auto& catalogue = ingested.catalogue;
  std::string known;
  for (std::uint64_t id = 0; id < catalogue.accounts.size(); ++id) {
    if (catalogue.accounts.owner(id) != world().rank() || catalogue.accounts.name(id) != account) continue;
    known = catalogue.attributes.value(attribute, catalogue.accounts.place(id));
  }
  const auto all = world().gather_all(std::span<const char>(known));
  return {all.begin(), all.end()};
}

/// Rows with texts that hold quotes, commas and newlines, in two files; some rows lack their url.
struct QuotedRows {
  std::string first = "when,text,who,url\n";
  std::string second = "url,who,when\r\n";
  std::vector<Named> expected;
  std::int64_t first_time = INT64_MAX;

  QuotedRows() {
    for (std::int64_t i = 0; i < 150; ++i) {
      const std::string who = "acc " + std::to_string(i * i % 17);
      const std::string url = i % 6 == 0 ? "" : "http://x/" + std::to_string(i % 23) + ",\"q\"\nend";
      std::string quoted = "\"";
      for (const char c : url) quoted += c == '"' ? "\"\"" : std::string(1, c);
      quoted += '"';
      const std::int64_t time = 1'600'000'000 + i * 7 % 90;
      const std::string when = std::to_string(time);
      if (i % 2 == 0) {
        first += when + ",\"a \"\"text\"\"\nof lines, " +
                 std::string(static_cast<std::size_t>(i % 31), '\n') + "\"," + who + "," +
                 (url.empty() ? "" : quoted) + "\n";
      } else {
        second += quoted + "," + who + "," + when + "\r\n";
      }
      if (url.empty()) continue;
      expected.emplace_back(0, who, url, time);
      first_time = std::min(first_time, time);
    }
    std::sort(expected.begin(), expected.end());
  }
};

TEST_F(Ingest, SplitsDoNotShow) {
  const QuotedRows rows;
  folder_.write("1.csv", rows.first);
  folder_.write("2.csv", rows.second);
  study_.inputs = {csv_input({"?.csv"})};
  const auto alone = read(Comm::self());
  for (const std::uint64_t split_bytes : {std::uint64_t{13}, std::uint64_t{100}, default_split_bytes}) {
    const auto ingested = read(split_bytes);
    EXPECT_EQ(named_actions(world(), ingested), rows.expected) << split_bytes;
    EXPECT_EQ(sorted_actions(world(), ingested), sorted_actions(Comm::self(), alone)) << split_bytes;
    EXPECT_EQ(ingested.catalogue.input_digest, alone.catalogue.input_digest);
    EXPECT_EQ(ingested.catalogue.epoch, rows.first_time);
    EXPECT_EQ(ingested.counts.files, 2U);
    EXPECT_EQ(ingested.counts.rows, 150U);
    EXPECT_EQ(ingested.counts.rejected_rows, 0U);
    EXPECT_FALSE(std::filesystem::exists(rejects_file(world())));
    const auto& rule = ingested.catalogue.channels.at(0);
    EXPECT_EQ(rule.first_object, 0U);
    EXPECT_EQ(rule.end_object, ingested.catalogue.objects.size());
    EXPECT_EQ(rule.window, 60U);
    EXPECT_EQ(rule.min_shared, 3U);
  }
}

TEST_F(Ingest, RowsInOtherFilesAreTheSameLog) {
  const std::string header = "who,when,url\n";
  folder_.write("1.csv", header + "a,1600000000,x\nb,1600000001,x\nc,1600000002,y\n");
  folder_.write("2.csv", header + "c,1600000002,y\n");
  folder_.write("3.csv", header + "b,1600000001,x\na,1600000000,x\n");
  study_.inputs = {csv_input({"1.csv"})};
  const auto one = read();
  study_.inputs = {csv_input({"2.csv"}), csv_input({"3.csv"})};
  const auto two = read();
  EXPECT_EQ(sorted_actions(world(), one), sorted_actions(world(), two));
  EXPECT_EQ(one.catalogue.input_digest, two.catalogue.input_digest);
  study_.inputs.pop_back();
  EXPECT_NE(read().catalogue.input_digest, one.catalogue.input_digest);
}

TEST_F(Ingest, RejectsNameTheirLines) {
  folder_.write("1.csv",
                "who,when,url\n"           // line 1
                "a,1600000000,x\n"         // 2
                "b,\"soon\n\",x\n"         // 3 and 4: no time
                ",1600000000,\"x\n\n\"\n"  // 5, 6, 7: nobody
                "a,1600000000\n"           // 8: two columns
                "b,-5,x\n"                 // 9: too early
                "b,1600000001,x\n"         // 10
                "c,later,x\n");            // 11: no time
  study_.inputs = {csv_input({"1.csv"})};
  study_.max_reject_fraction = 0.8;
  const auto line = [&](int number, const std::string& reason, const std::string& value) {
    return "{\"file\":\"" + path("1.csv") + "\",\"line\":" + std::to_string(number) + ",\"reason\":\"" +
           reason + "\",\"value\":\"" + value + "\"}\n";
  };
  const auto total = [&](int rows, const std::string& reason) {
    return "{\"file\":\"" + path("1.csv") + "\",\"reason\":\"" + reason +
           "\",\"rejected_rows\":" + std::to_string(rows) + "}\n";
  };
  const std::string no_time = "'when' is not a time in the format epoch";
  const std::string expected =
      line(3, no_time, "soon\\u000a") + line(11, no_time, "later") + total(2, no_time) +
      line(9, "'when' is not after 1970-01-01", "-5") + total(1, "'when' is not after 1970-01-01") +
      line(8, "expected 3 columns, found 2", "") + total(1, "expected 3 columns, found 2") +
      line(5, "no value in 'who'", "") + total(1, "no value in 'who'");
  for (const std::uint64_t split_bytes : {std::uint64_t{4}, std::uint64_t{30}, default_split_bytes}) {
    const auto ingested = read(split_bytes);
    EXPECT_EQ(named_actions(world(), ingested),
              (std::vector<Named>{{0, "a", "x", 1'600'000'000}, {0, "b", "x", 1'600'000'001}}));
    EXPECT_EQ(ingested.counts.rows, 7U);
    EXPECT_EQ(ingested.counts.rejected_rows, 5U);
    EXPECT_EQ(rejects(), expected) << split_bytes;
    world().barrier();
  }
}

TEST_F(Ingest, TheFirstTenRejectsOfEachReasonAreKept) {
  std::string text;
  for (int i = 1; i <= 400; ++i) {
    text += i % 4 == 0
                ? "{\"who\": \"a\", \"when\": " + std::to_string(1'600'000'000 + i) + ", \"url\": \"x\"}\n"
                : "{\"who\": \"b\", \"when\": \"bad " + std::to_string(i) + "\", \"url\": \"x\"}\n";
    if (i % 10 == 0) text += "\n";
  }
  folder_.write("1.jsonl", text);
  study_.inputs = {csv_input({"1.jsonl"})};
  study_.inputs[0].format = Format::jsonl;
  study_.max_reject_fraction = 1;
  read(Comm::self());
  const std::string expected = bytes_of(rejects_file(Comm::self()));
  EXPECT_EQ(std::count(expected.begin(), expected.end(), '\n'), 11);
  EXPECT_NE(expected.find("\"line\":14,"), std::string::npos) << expected;  // row 13, after a blank line
  EXPECT_NE(expected.find("\"rejected_rows\":300"), std::string::npos) << expected;
  for (const std::uint64_t split_bytes : {std::uint64_t{100}, std::uint64_t{1500}, default_split_bytes}) {
    EXPECT_EQ(read(split_bytes).counts.rejected_rows, 300U);
    EXPECT_EQ(rejects(), expected) << split_bytes;
    world().barrier();
  }
}

TEST_F(Ingest, TooManyRejectsStopTheRun) {
  folder_.write("1.csv", "who,when,url\na,1600000000,x\nb,never,x\nb,1600000001,x\nb,1600000002,x\n");
  study_.inputs = {csv_input({"1.csv"})};
  study_.max_reject_fraction = 0.25;
  EXPECT_EQ(read(20).counts.rejected_rows, 1U);
  study_.max_reject_fraction = 0.24;
  const auto message = agreed_error(ExitCode::bad_data, [&] { read(20); });
  for (const std::string part : {"1 of 4 rows", "1.csv", "line 3", "'when' is not a time", "rejects.jsonl"}) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
  EXPECT_NE(rejects().find("never"), std::string::npos);
}

TEST_F(Ingest, TheLatestValueOfAnAttributeCounts) {
  folder_.write("1.csv",
                "who,when,url,lang,fans\n"
                "a,1600000005,x,de,100\na,1600000001,y,fr,7\nb,1600000003,x,it,\n"
                "c,1600000002,x,,5\nd,1600000002,x,,\n");
  folder_.write("2.csv",
                "who,when,url,lang,fans\n"
                "b,1600000003,x,nl,2\na,1600000004,x,en,\nb,1600000009,x,,1\nc,1600000001,z,pt,9\n");
  auto input = csv_input({"*.csv"});
  const auto set = [&](Attribute attribute, AttributeSource source) {
    input.attributes[static_cast<std::size_t>(attribute)] = std::move(source);
  };
  set(Attribute::language, {AttributeSource::From::field, "lang"});
  set(Attribute::followers, {AttributeSource::From::field, "fans"});
  set(Attribute::platform, {AttributeSource::From::constant, "forum"});
  study_.inputs = {input};
  for (const std::uint64_t split_bytes : {std::uint64_t{20}, default_split_bytes}) {
    const auto ingested = read(split_bytes);
    const auto of = [&](const std::string& account, Attribute attribute) {
      return attribute_of(ingested, account, attribute);
    };
    EXPECT_EQ(of("a", Attribute::language), "de");
    EXPECT_EQ(of("a", Attribute::followers), "100");
    EXPECT_EQ(of("b", Attribute::language), "nl");  // as late as "it", and greater
    EXPECT_EQ(of("b", Attribute::followers), "1");
    EXPECT_EQ(of("c", Attribute::language), "pt");  // the later row says nothing
    EXPECT_EQ(of("c", Attribute::followers), "5");
    EXPECT_EQ(of("d", Attribute::language), "");
    EXPECT_EQ(of("d", Attribute::platform), "forum");
    EXPECT_EQ(of("d", Attribute::region), "");
  }
}

TEST_F(Ingest, PrefixesKeepPlatformsApart) {
  folder_.write("1.csv", "who,when,url\n7,1600000000,x\n");
  folder_.write("2.csv", "who,when,url\n7,1600000001,x\n");
  study_.inputs = {csv_input({"1.csv"}), csv_input({"2.csv"})};
  EXPECT_EQ(read().catalogue.accounts.size(), 1U);
  study_.inputs[1].account_prefix = "fb:";
  EXPECT_EQ(named_actions(world(), read()),
            (std::vector<Named>{{0, "7", "x", 1'600'000'000}, {0, "fb:7", "x", 1'600'000'001}}));
}

TEST_F(Ingest, PublicationTimesGoWithTheirObjects) {
  folder_.write("1.csv",
                "who,when,url,made\na,1600000000,x,1599999000\nb,1600000007,y,\nc,1600000009,x,1599998000\n");
  folder_.write("2.csv", "who,when,url,made\nd,1600000011,z,1600000010\ne,1600000012,y,soon\n");
  study_.channels[0].published = "made";
  study_.max_reject_fraction = 1;
  study_.inputs = {csv_input({"1.csv", "2.csv"})};
  const auto ingested = read(20);
  EXPECT_EQ(ingested.counts.rejected_rows, 1U);  // "soon" is no time
  EXPECT_EQ(ingested.catalogue.epoch, 1'599'998'000);
  std::vector<std::uint64_t> objects;
  std::map<std::string, std::int64_t> earliest;
  const auto publications = world().gather_all(ingested.publications);
  for (const auto& publication : publications) objects.push_back(publication.object);
  const auto names = ingested.catalogue.objects.names(world(), objects);
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto& time = earliest.try_emplace(names[i], INT64_MAX).first->second;
    time = std::min(time, ingested.catalogue.epoch + publications[i].time);
  }
  EXPECT_EQ(earliest, (std::map<std::string, std::int64_t>{{"x", 1'599'998'000}, {"z", 1'600'000'010}}));
}

TEST_F(Ingest, RowsOutsideFromAndToAreAsIfTheyWereNotThere) {
  const std::string header = "who,when,url,lang,fans,made\n";
  const std::string inside =
      "a,1600000010,x,de,1,1599999000\nb,1600000019,y,fr,2,\nc,1600000011,,it,3,\nd,never,x,,,\n";
  folder_.write("inside.csv", header + inside);
  folder_.write("all.csv", header + "a,1600000009,x,nl,9,1599998000\nz,1600000020,x,,,\n" + inside +
                               "a,1600000099,w,en,8,\nz,1600000001,w,,,\nb,1600000098,y,,many,\n");
  auto input = csv_input({"inside.csv"});
  input.attributes[static_cast<std::size_t>(Attribute::language)] = {AttributeSource::From::field, "lang"};
  input.attributes[static_cast<std::size_t>(Attribute::followers)] = {AttributeSource::From::field, "fans"};
  study_.channels[0].published = "made";
  study_.max_reject_fraction = 1;
  study_.inputs = {input};
  const auto expected = read();
  study_.inputs[0].files = {"all.csv"};
  study_.from_ms = 1'600'000'010'000;
  study_.to_ms = 1'600'000'020'000;
  for (const std::uint64_t split_bytes : {std::uint64_t{20}, default_split_bytes}) {
    const auto sliced = read(split_bytes);
    EXPECT_EQ(named_actions(world(), sliced), named_actions(world(), expected));
    EXPECT_EQ(sliced.catalogue.input_digest, expected.catalogue.input_digest);
    EXPECT_EQ(sliced.catalogue.epoch, expected.catalogue.epoch);
    EXPECT_EQ(sliced.catalogue.accounts.size(), 3U);
    EXPECT_EQ(attribute_of(sliced, "a", Attribute::language), "de");
    EXPECT_EQ(world().gather_all(sliced.publications).size(), 1U);
    EXPECT_EQ(sliced.counts.rows, 9U);
    EXPECT_EQ(sliced.counts.rows_outside, 5U);
    EXPECT_EQ(sliced.counts.rejected_rows, 1U);
  }
  study_.from_ms = 1'600'000'012'000;
  study_.to_ms = 1'600'000'013'000;
  const auto message = agreed_error(ExitCode::bad_data, [&] { read(); });
  EXPECT_NE(message.find("between [study] 'from' and 'to'"), std::string::npos) << message;
}

TEST_F(Ingest, DamagedFilesOfAnEarlierAttemptAreReadAgain) {
  std::string text = "who,when,url\n";
  for (int i = 0; i < 100; ++i) {
    text += "a" + std::to_string(i % 7) + "," + std::to_string(1'600'000'000 + i) + ",x" +
            std::to_string(i % 5) + "\n";
  }
  folder_.write("1.csv", text);
  study_.inputs = {csv_input({"1.csv"})};
  const auto expected = read();
  const auto read_in_run = [&](double checkpoint_minutes) {
    RunOptions options;
    options.checkpoint_minutes = checkpoint_minutes;
    RunDirectory run(world(), folder_.path() / "run", {"1.0", "study", {}}, options);
    auto ingested = ingest(world(), study_, rejects_file(world()), 100, &run);
    run.end("stopped");
    world().barrier();
    return ingested;
  };
  read_in_run(0);  // a file for every split
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path() / "run" / "parts")) {
    files.push_back(entry.path());
  }
  ASSERT_GT(files.size(), 10U);
  std::sort(files.begin(), files.end());
  const std::map<std::string, std::function<void(std::string&)>> damages = {
      {"cut by a byte", [](std::string& bytes) { bytes.pop_back(); }},
      {"a bit of the end mark", [](std::string& bytes) { bytes[bytes.size() - 5] ^= 4; }},
      {"a bit of the middle", [](std::string& bytes) { bytes[bytes.size() / 2] ^= 1; }},
      {"a byte more", [](std::string& bytes) { bytes += '0'; }},
      {"empty", [](std::string& bytes) { bytes.clear(); }},
      {"gone", nullptr}};
  for (const auto& file : {files.front(), files[files.size() / 2], files.back()}) {
    const std::string whole = bytes_of(file);
    world().barrier();
    for (const auto& [damage, apply] : damages) {
      std::string bytes = whole;
      if (apply) apply(bytes);
      const std::string name = "run/parts/" + file.filename().string();
      folder_.write(name, bytes);
      if (!apply && world().is_root()) std::filesystem::remove(file);
      const auto again = read_in_run(60);
      EXPECT_EQ(named_actions(world(), again), named_actions(world(), expected)) << damage << " in " << name;
      EXPECT_EQ(again.counts.rows, expected.counts.rows) << damage << " in " << name;
      EXPECT_EQ(again.catalogue.input_digest, expected.catalogue.input_digest);
      folder_.write(name, whole);
    }
  }
}

TEST_F(Ingest, ChannelsHaveTheirOwnObjects) {
  folder_.write("1.csv", "who,when,url,tags\na,1600000000,x,x|y|x\nb,1600000007,,y\n");
  study_.channels.push_back({"co-tag", "tags", Elements::each, "|", 10'000, 2});
  study_.channels.push_back({"co-tags", "tags", Elements::sequence, "|", 0, 1});
  study_.inputs = {csv_input({"1.csv"})};
  const auto ingested = read(9);
  EXPECT_EQ(named_actions(world(), ingested), (std::vector<Named>{{0, "a", "x", 1'600'000'000},
                                                                  {1, "a", "x", 1'600'000'000},
                                                                  {1, "a", "x", 1'600'000'000},
                                                                  {1, "a", "y", 1'600'000'000},
                                                                  {1, "b", "y", 1'600'000'007},
                                                                  {2, "a", "x\x1fy\x1fx", 1'600'000'000},
                                                                  {2, "b", "y", 1'600'000'007}}));
  std::vector<std::uint64_t> borders;
  for (const auto& rule : ingested.catalogue.channels) {
    borders.push_back(rule.first_object);
    borders.push_back(rule.end_object);
  }
  EXPECT_EQ(borders, (std::vector<std::uint64_t>{0, 1, 1, 3, 3, 5}));
  EXPECT_EQ(ingested.catalogue.channels[1].window, 10U);
}

TEST_F(Ingest, SaysWhatCannotBeUsed) {
  folder_.write("1.csv", "who,when,url\na,1600000000,x\nb,1600000001,\n");
  const auto message = [&](ExitCode code) { return agreed_error(code, [&] { read(10); }); };
  study_.inputs = {csv_input({"none-*.csv"})};
  EXPECT_NE(message(ExitCode::usage).find("none-*.csv"), std::string::npos);

  study_.inputs = {csv_input({"1.csv"})};
  study_.inputs[0].account = "whom";
  EXPECT_NE(message(ExitCode::usage).find("whom"), std::string::npos);

  study_.inputs = {csv_input({"1.csv"})};
  study_.channels[0].object = "link";
  const auto no_objects = message(ExitCode::bad_data);
  EXPECT_NE(no_objects.find("co-url"), std::string::npos) << no_objects;
  EXPECT_NE(no_objects.find("link"), std::string::npos) << no_objects;

  study_.channels[0].object = "url";
  folder_.write("2.csv", "who,when,url\na,100,x\n");
  study_.inputs = {csv_input({"1.csv", "2.csv"})};
  EXPECT_EQ(read().counts.rows, 3U);
  study_.time_unit = TimeUnit::millisecond;
  EXPECT_NE(message(ExitCode::bad_data).find("31 bits"), std::string::npos);
}

}  // namespace

}  // namespace lockstep::test
