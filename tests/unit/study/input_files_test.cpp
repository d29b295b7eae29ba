#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "data/study/study_file.hpp"
#include "tests/unit/study/study_text.hpp"

namespace lockstep {
namespace {

namespace fs = std::filesystem;

/// A folder of its own for every test; removed with its files.
class StudyFolder : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "study-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder = fs::canonical(pattern);
    study.folder = folder;
  }
  void TearDown() override { fs::remove_all(folder); }

  void write(const fs::path& name, const std::string& text = "") const {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << text;
  }
  std::vector<fs::path> files(const std::vector<std::string>& globs) const {
    Input input;
    input.files = globs;
    return input_files(study, input);
  }
  std::vector<fs::path> paths(const std::vector<std::string>& names) const {
    std::vector<fs::path> result;
    for (const std::string& name : names) result.push_back(folder / name);
    return result;
  }

  fs::path folder;
  Study study;
};

TEST_F(StudyFolder, StudyIsReadFromAFile) {
  write("my.toml", Lines{}.text());
  EXPECT_EQ(read_study(folder / "my.toml"), parse({}));
  EXPECT_EQ(read_study(folder / "my.toml").folder, folder);
  write("bad.toml", "[study]\nnam = 1\n");
  const auto refused = [&](const fs::path& file) {
    return message_of(ExitCode::usage, [&] { read_study(file); });
  };
  EXPECT_EQ(refused(folder / "bad.toml"),
            (folder / "bad.toml").string() + ":2: [study] 'nam': unknown key; did you mean 'name'?");
  EXPECT_EQ(refused(folder / "none.toml"),
            (folder / "none.toml").string() + ": cannot read the study file: No such file or directory");
  EXPECT_EQ(refused(folder),
            folder.string() + ": cannot read the study file: it is a folder; give the TOML file in it");
}

TEST_F(StudyFolder, GlobsGiveSortedUniqueRegularFiles) {
  for (const char* name : {"p-2.csv", "p-10.csv", "p-1.csv", "q.csv", "sub/p-3.csv", ".p-0.csv"}) write(name);
  fs::create_directory(folder / "p-folder.csv");
  fs::create_symlink("nowhere", folder / "p-dangling.csv");
  EXPECT_EQ(files({"p-*.csv"}), paths({"p-1.csv", "p-10.csv", "p-2.csv"}));
  EXPECT_EQ(files({"q.csv", "p-?.csv", "./q.csv", "sub/../q.csv", (folder / "q.csv").string()}),
            paths({"p-1.csv", "p-2.csv", "q.csv"}));
  EXPECT_EQ(files({"*/p-[0-9].csv"}), paths({"sub/p-3.csv"}));
  EXPECT_EQ(files({(folder / "sub" / "*").string()}), paths({"sub/p-3.csv"}));
}

TEST_F(StudyFolder, LinksKeepTheirNameAndFoldersAreResolved) {
  write("store/0a1b", "data");
  fs::create_symlink("store/0a1b", folder / "posts.csv.gz");
  fs::create_directory_symlink("store", folder / "alias");
  EXPECT_EQ(files({"posts*"}), paths({"posts.csv.gz"}));
  EXPECT_EQ(files({"alias/*", "store/*"}), paths({"store/0a1b"}));
}

TEST_F(StudyFolder, TheFoldersNameIsNoGlob) {
  write("set [1]*\\/a.csv");
  write("set 1x/a.csv");
  study.folder = folder / "set [1]*\\";
  EXPECT_EQ(files({"*.csv"}), paths({"set [1]*\\/a.csv"}));
}

TEST_F(StudyFolder, AGlobWithoutFilesIsAnError) {
  write("a.csv");
  fs::create_directory(folder / "b.csv");
  for (const std::string none : {"x-*.csv", "b.csv", "no/such/*.csv", "a.csv/*"}) {
    const std::string message = message_of(ExitCode::usage, [&] { files({"a.csv", none}); });
    EXPECT_TRUE(
        message.starts_with("[[input]] 'files': \"" + none + "\" matches no file in " + folder.string()))
        << message;
    EXPECT_NE(message.find("expected the name of a file, or a glob"), std::string::npos) << message;
  }
  const std::string absolute = (folder / "x*").string();
  const std::string message = message_of(ExitCode::usage, [&] { files({absolute}); });
  EXPECT_TRUE(message.starts_with("[[input]] 'files': \"" + absolute + "\" matches no file;")) << message;
}

TEST_F(StudyFolder, WhatCannotBeLookedAtIsNotPassedOver) {
  write("a.csv");
  fs::create_symlink("loop.csv", folder / "loop.csv");
  const std::string file = message_of(ExitCode::io, [&] { files({"*.csv"}); });
  EXPECT_NE(file.find((folder / "loop.csv").string()), std::string::npos) << file;
  const std::string inside = message_of(ExitCode::io, [&] { files({"a.csv", "loop.csv/*"}); });
  EXPECT_NE(inside.find("loop.csv/*"), std::string::npos) << inside;
}

}  // namespace
}  // namespace lockstep
