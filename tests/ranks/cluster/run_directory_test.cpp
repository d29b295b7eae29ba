#include "cluster/run_directory.hpp"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "cluster/ranges.hpp"
#include "data/file_digest.hpp"
#include "tests/ranks/agreed_error.hpp"
#include "tests/ranks/shared_folder.hpp"

namespace lockstep::test {

namespace {

class Runs : public ::testing::Test {
 protected:
  Runs() {
    shared_.write("input", "rows");
    identity_ = {"1.0", "[study]\nname = \"a\"\n[communities]\nresolution = 0.02\n", {input()}};
  }

  InputFile input() const {
    const auto time = std::filesystem::last_write_time(input_file()).time_since_epoch().count();
    return {input_file().string(), std::filesystem::file_size(input_file()), time, ""};
  }
  std::filesystem::path input_file() const { return shared_.path() / "input"; }
  std::filesystem::path folder() const { return shared_.path() / "run"; }
  std::unique_ptr<RunDirectory> open(const RunOptions& options = {}) const {
    return std::make_unique<RunDirectory>(world(), folder(), identity_, options);
  }
  /// An attempt that saves rows 0 … n − 1 as unit 7, and ends.
  void save_rows(std::uint64_t n) const {
    const auto run = open();
    const Ranges pieces = even_ranges(n, world().size());
    std::vector<std::uint64_t> own(pieces.size(world().rank()));
    std::iota(own.begin(), own.end(), pieces.begin(world().rank()));
    run->save("stage", {7}, [&](PieceWriter& piece) {
      piece.rows("rows", own);
      piece.stream("name", 0, [](std::ostream& out) { out << world().rank() << ' '; });
    });
    run->sync();
    run->end("stopped");
    world().barrier();
  }
  static std::vector<std::uint64_t> numbers(std::uint64_t n) {
    std::vector<std::uint64_t> all(n);
    std::iota(all.begin(), all.end(), std::uint64_t{0});
    return all;
  }
  /// A file of the saved state whose name holds `part`.
  std::filesystem::path file_with(const std::string& part) const {
    for (const auto& entry : std::filesystem::directory_iterator(folder() / "parts")) {
      if (entry.path().filename().string().find(part) != std::string::npos) return entry.path();
    }
    return {};
  }

  SharedFolder shared_;
  RunIdentity identity_;
};

TEST_F(Runs, GoOnFromWhatWasSaved) {
  for (const std::uint64_t n : {0U, 3U, 1000U}) {
    save_rows(n);
    const auto run = open();
    EXPECT_FALSE(run->done());
    const auto pieces = run->pieces("stage");
    ASSERT_FALSE(pieces.empty());
    EXPECT_EQ(pieces.back().units, std::vector<std::uint32_t>{7});
    EXPECT_TRUE(run->pieces("other").empty());
    std::vector<std::uint64_t> rows;
    std::string names;
    EXPECT_TRUE(run->load(pieces.back(), [&](const PieceReader& saved) {
      rows = saved.rows<std::uint64_t>("rows");
      saved.for_all("name", [&](std::istream& in) { names += {std::istreambuf_iterator<char>(in), {}}; });
    }));
    EXPECT_EQ(world().gather_all(rows), numbers(n));
    std::string expected;
    for (int r = 0; r < world().size(); ++r) expected += std::to_string(r) + ' ';
    EXPECT_EQ(names, expected);
    run->end("stopped");
    world().barrier();
  }
}

/// A piece counts when its files are safe, and only then may go what it stands for.
TEST_F(Runs, KeepWhatWasThereUntilTheNewCounts) {
  const auto run = open();
  const auto listed = [&] {
    world().barrier();
    std::vector<std::uint32_t> units;
    for (const Piece& piece : newest_manifest(folder()).manifest.pieces) units.push_back(piece.units.at(0));
    world().barrier();
    return units;
  };
  const auto save = [&](std::uint32_t unit) {
    run->save("stage", {unit}, [&](PieceWriter& piece) { piece.rows("rows", numbers(unit)); });
  };
  using Units = std::vector<std::uint32_t>;
  run->save_alone("read", 1, 1, [](std::ostream& out) { out << "rows"; });
  world().barrier();
  save(1);
  run->forget_alone("read");
  EXPECT_EQ(listed(), Units{});
  EXPECT_EQ(run->saved_alone("read").size(), static_cast<std::size_t>(world().size()));
  run->sync();
  EXPECT_EQ(listed(), Units{1});
  EXPECT_TRUE(run->saved_alone("read").empty());

  save(2);
  run->keep_newest("stage", 1);
  save(3);
  EXPECT_EQ(listed(), (Units{1, 2})) << "whose files may not be safe yet";
  EXPECT_FALSE(file_with("p0.r0").empty());
  run->sync();
  EXPECT_EQ(listed(), (Units{2, 3}));
  world().barrier();
  EXPECT_TRUE(file_with("p0.r0").empty());

  save(4);
  agreed_error(ExitCode::stopped, [&] { run->stop(); });
  EXPECT_EQ(listed(), (Units{2, 3, 4}));
  save(5);
  while (listed().size() == 3) run->due();
  EXPECT_EQ(listed(), (Units{2, 3, 4, 5}));
}

TEST_F(Runs, GoOnAtAnotherRankCount) {
  save_rows(100);
  if (world().is_root()) {
    RunDirectory alone(Comm::self(), folder(), identity_, {});
    std::vector<std::uint64_t> rows;
    EXPECT_TRUE(alone.load(alone.pieces("stage").front(),
                           [&](const PieceReader& saved) { rows = saved.rows<std::uint64_t>("rows"); }));
    EXPECT_EQ(rows, numbers(100));
    alone.save("stage", {8}, [&](PieceWriter& piece) { piece.rows("rows", rows); });
    alone.sync();
    alone.end("stopped");
  }
  world().barrier();
  const auto run = open();
  std::vector<std::uint64_t> rows;
  EXPECT_TRUE(run->load(run->pieces("stage").back(),
                        [&](const PieceReader& saved) { rows = saved.rows<std::uint64_t>("rows"); }));
  EXPECT_EQ(world().gather_all(rows), numbers(100));
}

TEST_F(Runs, ForgetDamagedPieces) {
  for (const std::string damage : {"flip", "cut", "remove"}) {
    save_rows(50);
    const auto file = file_with("rows");
    if (world().is_root()) {
      std::string bytes = bytes_of(file);
      bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
      if (damage == "remove") {
        std::filesystem::remove(file);
      } else {
        std::ofstream(file, std::ios::binary)
            << (damage == "flip" ? bytes : bytes.substr(0, bytes.size() / 2));
      }
    }
    world().barrier();
    const auto run = open();
    const auto pieces = run->pieces("stage");
    std::size_t whole = 0;
    for (const Piece& piece : pieces) {
      whole += run->load(piece, [](const PieceReader& saved) { saved.rows<std::uint64_t>("rows"); }) ? 1 : 0;
    }
    EXPECT_LT(whole, pieces.size()) << damage;
    run->end("stopped");
    world().barrier();
    if (world().is_root()) std::filesystem::remove_all(folder());
    world().barrier();
  }
}

TEST_F(Runs, RefuseWhatHasChanged) {
  save_rows(3);
  const RunIdentity before = identity_;
  identity_.study = "[study]\nname = \"a\"\n[communities]\nresolution = 0.05\n";
  const auto message = agreed_error(ExitCode::usage, [&] { open(); });
  EXPECT_NE(message.find("[communities] was 'resolution = 0.02' and is 'resolution = 0.05'"), message.npos)
      << message;
  identity_ = before;
  identity_.version = "2.0";
  agreed_error(ExitCode::usage, [&] { open(); });
  identity_ = before;
  identity_.inputs.push_back({"/another", 1, 1, ""});
  agreed_error(ExitCode::usage, [&] { open(); });
  identity_ = before;
  identity_.inputs[0].bytes += 1;
  EXPECT_NE(agreed_error(ExitCode::usage, [&] { open(); }).find(input_file().string()), std::string::npos);
  identity_ = before;
  identity_.inputs[0].modified += 1;
  agreed_error(ExitCode::usage, [&] { open(); });
  identity_ = before;
  {
    const auto run = open();
    run->note_digests({digest_of_file(input_file().string())});
    run->save("stage", {8}, [](PieceWriter&) {});
    run->sync();
    run->end("stopped");
    world().barrier();
  }
  identity_.inputs[0].modified += 1;
  open()->end("stopped");  // touched, and its bytes are known to be the same
  world().barrier();
  RunOptions fresh;
  fresh.fresh = true;
  identity_.study = "other";
  EXPECT_TRUE(open(fresh)->pieces("stage").empty());
}

TEST_F(Runs, AreFencedAgainstOtherAttempts) {
  unsetenv("SLURM_JOB_ID");
  const auto first = open();
  agreed_error(ExitCode::io, [&] { open(); });
  EXPECT_EQ(first->due(), RunDirectory::Due::nothing);

  RunOptions take_over;
  take_over.take_over = true;
  const auto second = open(take_over);
  EXPECT_EQ(second->attempt(), first->attempt() + 1);
  agreed_error(ExitCode::io, [&] { first->due(); });
  agreed_error(ExitCode::io, [&] { first->save("stage", {1}, [](PieceWriter&) {}); });
  EXPECT_THROW(first->save_alone("read", 1, 3, [](std::ostream&) {}), Error);
  first->end("failed");
  second->save("stage", {2}, [](PieceWriter&) {});
  second->sync();
  second->end("stopped");
  world().barrier();
  const auto found = newest_manifest(folder()).manifest;
  EXPECT_EQ(found.attempts.back().outcome, "stopped");
  ASSERT_EQ(found.pieces.size(), 1U);
  EXPECT_EQ(found.pieces[0].units, std::vector<std::uint32_t>{2});
}

/// Whether an attempt of another host lives can be told by its heartbeat alone.
TEST_F(Runs, JudgeAnotherHostByItsHeartbeat) {
  unsetenv("SLURM_JOB_ID");
  open();
  world().barrier();
  const auto beat = [&](std::chrono::seconds age) {
    if (world().is_root()) {
      const auto newest = attempts_in(folder()).back();
      Manifest manifest = read_manifest(manifest_file(folder(), newest));
      manifest.attempts.back().host = "elsewhere its-boot";
      manifest.attempts.back().ended.clear();
      replace_file(manifest_file(folder(), newest), manifest_text(manifest));
      std::ofstream(heartbeat_file(folder())) << heartbeat_text({newest, "project", "steps", 1, 2, 3});
      std::filesystem::last_write_time(heartbeat_file(folder()),
                                       std::filesystem::file_time_type::clock::now() - age);
    }
    world().barrier();
  };
  beat(std::chrono::seconds(5));
  const auto message = agreed_error(ExitCode::io, [&] { open(); });
  EXPECT_NE(message.find("seems to be at work on elsewhere (a sign of life"), message.npos) << message;
  beat(std::chrono::seconds(55));
  agreed_error(ExitCode::io, [&] { open(); });
  // A clock that is ahead of this one's.
  beat(std::chrono::seconds(-3600));
  agreed_error(ExitCode::io, [&] { open(); });
  RunOptions take_over;
  take_over.take_over = true;
  EXPECT_EQ(open(take_over)->attempt(), 2U);
  world().barrier();
  beat(std::chrono::seconds(65));
  EXPECT_EQ(open()->attempt(), 3U);
  world().barrier();
  beat(std::chrono::seconds(5));
  if (world().is_root()) std::filesystem::remove(heartbeat_file(folder()));
  world().barrier();
  EXPECT_EQ(open()->attempt(), 4U) << "without a heartbeat";
}

TEST_F(Runs, ARequeuedJobTakesOver) {
  setenv("SLURM_JOB_ID", "12", 1);
  setenv("SLURM_RESTART_COUNT", "0", 1);
  const auto first = open();
  setenv("SLURM_RESTART_COUNT", "1", 1);
  const auto second = open();
  agreed_error(ExitCode::io, [&] { first->due(); });
  unsetenv("SLURM_JOB_ID");
  unsetenv("SLURM_RESTART_COUNT");
}

TEST_F(Runs, StopForASignalOnAnyRank) {
  StopRequest::listen();
  const auto run = open();
  EXPECT_EQ(run->due(), RunDirectory::Due::nothing);
  RunOptions often;
  often.checkpoint_minutes = 0;
  often.take_over = true;
  EXPECT_EQ(open(often)->due(), RunDirectory::Due::save);
  RunOptions limited;
  limited.max_hours = 1e-9;
  limited.take_over = true;
  EXPECT_EQ(open(limited)->due(), RunDirectory::Due::stop);
  RunOptions take_over;
  take_over.take_over = true;
  const auto last = open(take_over);
  world().barrier();
  if (world().rank() == world().size() - 1) raise(SIGUSR1);
  EXPECT_EQ(last->due(), RunDirectory::Due::stop);
  agreed_error(ExitCode::stopped, [&] { last->stop(); });
}

TEST_F(Runs, KeepWhatRanksSaveAlone) {
  {
    const auto run = open();
    run->save_alone("read", 1, 3, [](std::ostream& out) { out << "rank " << world().rank(); });
    run->end("stopped");
    world().barrier();
  }
  const auto run = open();
  const auto files = run->saved_alone("read");
  EXPECT_EQ(files.size(), static_cast<std::size_t>(world().size()));
  for (const auto& file : files) {
    std::string text;
    EXPECT_TRUE(run->load_alone(file, [&](std::istream& in) {
      text = {std::istreambuf_iterator<char>(in), {}};
    }));
    EXPECT_EQ(text.substr(0, 5), "rank ");
  }
  world().barrier();
  run->forget_alone("read");
  world().barrier();
  EXPECT_TRUE(run->saved_alone("read").empty());
}

TEST_F(Runs, ForgetWhatRanksSavedAloneOfOtherInputs) {
  {
    const auto run = open();
    run->save_alone("read", 1, 3, [](std::ostream& out) { out << "rows"; });
    run->end("stopped");
    world().barrier();
  }
  const std::string file = "run/parts/" + file_with(".alone").filename().string();
  const std::string bytes = bytes_of(shared_.path() / file);
  world().barrier();
  RunOptions fresh;
  fresh.fresh = true;
  identity_.inputs[0].bytes += 1;
  const auto run = open(fresh);
  EXPECT_TRUE(run->saved_alone("read").empty());
  shared_.write(file, bytes);  // a ghost's, which comes late
  for (const auto& name : run->saved_alone("read")) {
    EXPECT_FALSE(run->load_alone(name, [](std::istream&) { ADD_FAILURE() << "rows of another input"; }));
  }
}

TEST_F(Runs, RemoveWhatEarlierAttemptsLeftBehind) {
  save_rows(10);
  {
    const auto run = open();
    run->save_alone("read", 1, 3, [](std::ostream& out) { out << "rows"; });
    run->end("stopped");
    world().barrier();
  }
  const auto names = [&] {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder())) {
      found.insert(entry.path().filename().string());
    }
    return found;
  };
  const auto before = names();
  world().barrier();  // all have looked
  const std::set<std::string> old = {
      "results.1.h5",     "results.2.h5.writing", "manifest.1.writing",
      "manifest.1.ended", "manifest.new.7.a",     "manifest.new.7.a.writing",
      "heartbeat.probe",  "parts/s.a2.p9.r0",     "parts/s.a1.p9.r0.0.writing"};
  const std::set<std::string> others = {"results.h5", "results.9.h5", "results.2.csv", "parts/s.a9.p0.r0"};
  for (const auto& name : old) shared_.write("run/" + name, "old");
  for (const auto& name : others) shared_.write("run/" + name, "not ours");
  const auto exist = [&](const std::set<std::string>& files) {
    world().barrier();
    std::set<std::string> found;
    for (const auto& name : files) {
      if (std::filesystem::exists(folder() / name)) found.insert(name);
    }
    return found;
  };
  {
    const auto run = open();
    EXPECT_EQ(exist(old), std::set<std::string>{});
    EXPECT_EQ(exist(others), others);
    const auto now = names();
    EXPECT_TRUE(std::includes(now.begin(), now.end(), before.begin(), before.end()));
    run->end("stopped");
    world().barrier();
  }
  RunOptions fresh;
  fresh.fresh = true;
  const auto run = open(fresh);
  EXPECT_EQ(exist({"results.h5"}), std::set<std::string>{}) << "a fresh run that stops would look done";
  shared_.write("run/written", "results");
  run->finish(folder() / "written");
  EXPECT_EQ(exist(others), others) << "a later attempt may have begun";
  EXPECT_EQ(files_in(folder() / "parts"), std::vector<std::string>{"s.a9.p0.r0"});
}

TEST_F(Runs, RememberWhyOneRankEndedThem) {
  {
    const auto run = open();
    if (world().rank() == world().size() - 1) run->end_alone("rank 2: out of memory");
    world().barrier();
  }
  EXPECT_EQ(newest_manifest(folder()).manifest.attempts.back().outcome, "rank 2: out of memory");
  world().barrier();
  const auto run = open();
  run->save("stage", {1}, [](PieceWriter&) {});
  run->sync();
  world().barrier();
  const auto attempts = newest_manifest(folder()).manifest.attempts;
  ASSERT_EQ(attempts.size(), 2U);
  EXPECT_EQ(attempts[0].outcome, "rank 2: out of memory");
  EXPECT_NE(attempts[0].ended, "");
  EXPECT_EQ(attempts[1].outcome, "");
}

TEST_F(Runs, AreDone) {
  {
    const auto run = open();
    run->save("stage", {1}, [](PieceWriter&) {});
    shared_.write("run/written", "results");
    run->finish(folder() / "written");
    world().barrier();
    EXPECT_EQ(bytes_of(folder() / "results.h5"), "results");
    EXPECT_FALSE(std::filesystem::exists(folder() / "parts"));
    EXPECT_FALSE(std::filesystem::exists(folder() / "heartbeat"));
  }
  world().barrier();
  EXPECT_TRUE(open()->done());
  world().barrier();
  if (world().is_root()) std::filesystem::remove(folder() / "results.h5");
  world().barrier();
  EXPECT_FALSE(open()->done()) << "the result is gone";
}

}  // namespace

}  // namespace lockstep::test
