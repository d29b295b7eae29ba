#include "cluster/manifest.hpp"

#include <unistd.h>

#include "data/file_digest.hpp"
#include "tests/unit/cluster/files.hpp"

namespace lockstep::test {

namespace {

Manifest some_manifest(std::uint32_t attempt) {
  Manifest manifest;
  manifest.version = "1.2";
  manifest.study = "[study]\nname = \"a \\\"b\\\" ü\"\n";
  manifest.inputs = {{"/logs/a.csv", 12, -5, "00ff"}};
  manifest.attempts = {this_process(attempt, 3)};
  manifest.pieces = {{"pairs-0", {1, 5, 9}, 12, {{"rows", "pairs-0.a1.p0.r0.0.rows", 77}}}};
  return manifest;
}

class ManifestFile : public Folder {};

TEST_F(ManifestFile, HoldsWhatWasWritten) {
  const auto file = manifest_file(folder_, 4);
  const Manifest manifest = some_manifest(4);
  write(file, manifest_text(manifest));
  const Manifest found = read_manifest(file);
  EXPECT_EQ(manifest_text(found), manifest_text(manifest));
  EXPECT_EQ(found.study, manifest.study);
  EXPECT_EQ(found.pieces[0].units, manifest.pieces[0].units);
  EXPECT_EQ(found.pieces[0].parts[0].rows, 77U);
  EXPECT_EQ(found.inputs[0].modified, -5);
}

TEST_F(ManifestFile, NoticesEveryFlippedByteAndTornEnd) {
  const auto file = manifest_file(folder_, 1);
  const std::string whole = manifest_text(some_manifest(1));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    write(file, damaged);
    expect_io_error(file, [&] { read_manifest(file); });
    write(file, whole.substr(0, i));
    expect_io_error(file, [&] { read_manifest(file); });
  }
}

TEST_F(ManifestFile, AFolderThatCannotBeReadIsNamed) {
  write(folder_ / "file", "no folder");
  expect_io_error(folder_ / "file", [&] { attempts_in(folder_ / "file"); });
  EXPECT_TRUE(attempts_in(folder_ / "none").empty());
}

TEST_F(ManifestFile, TheNewestWholeOneCounts) {
  EXPECT_TRUE(newest_manifest(folder_).manifest.attempts.empty());
  for (const std::uint32_t attempt : {2U, 9U, 10U}) {
    write(manifest_file(folder_, attempt), manifest_text(some_manifest(attempt)));
  }
  for (const char* strange :
       {"manifest.", "manifest.x", "manifest.new.7.vm", "manifest.3x", "manifests.11"}) {
    write(folder_ / strange, "strange");
  }
  EXPECT_EQ(attempts_in(folder_), (std::vector<std::uint32_t>{2, 9, 10}));
  EXPECT_EQ(newest_manifest(folder_).manifest.attempts[0].number, 10U);
  write(folder_ / "manifest.10.previous", manifest_text(some_manifest(100)));
  write(folder_ / "manifest.10", "torn");
  const auto previous = newest_manifest(folder_);
  EXPECT_EQ(previous.manifest.attempts[0].number, 100U);
  EXPECT_EQ(previous.damaged.size(), 1U);
  write(folder_ / "manifest.10.previous", "torn");
  EXPECT_EQ(newest_manifest(folder_).manifest.attempts[0].number, 9U);
}

TEST(IsAlive, KnowsThisProcessAndNoOther) {
  Attempt attempt = this_process(1, 1);
  EXPECT_EQ(is_alive(attempt), std::optional(true));
  ++attempt.process_start;
  EXPECT_EQ(is_alive(attempt), std::optional(false)) << "a later process of the same number";
  attempt.host = "elsewhere";
  EXPECT_EQ(is_alive(attempt), std::nullopt);
}

class FileDigest : public Folder {};

TEST_F(FileDigest, OfPiecesAddsUpToThatOfTheWhole) {
  const auto file = (folder_ / "log").string();
  write(file, "some rows");
  // Two pieces and a bit, mostly a hole.
  std::filesystem::resize_file(file, 2 * digested_bytes + 5);
  const std::uint64_t whole = digest_of_file(file);
  EXPECT_EQ(digest_of_file(file, 0, digested_bytes) +
                digest_of_file(file, digested_bytes, 2 * digested_bytes) +
                digest_of_file(file, 2 * digested_bytes, 2 * digested_bytes + 5),
            whole);
  write(file, "some rowz");
  std::filesystem::resize_file(file, 2 * digested_bytes + 5);
  EXPECT_NE(digest_of_file(file), whole);
  write(file, "");
  EXPECT_EQ(digest_of_file(file), 0U);
  EXPECT_THROW(digest_of_file((folder_ / "none").string()), Error);
}

}  // namespace

}  // namespace lockstep::test
