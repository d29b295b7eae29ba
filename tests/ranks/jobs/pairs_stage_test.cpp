#include <map>

#include <gtest/gtest.h>

#include "jobs/pairs.hpp"
#include "tests/ranks/agreed_error.hpp"
#include "tests/ranks/pieces.hpp"
#include "tests/ranks/shared_folder.hpp"
#include "tests/unit/projection/brute_force.hpp"

namespace lockstep::test {

namespace {

constexpr std::uint64_t accounts = 40;
constexpr std::int64_t epoch = 1'000'003;
constexpr DayClock clock_of_days{epoch, 86'400};

class PairsStageTest : public ::testing::Test {
 protected:
  PairsStageTest()
      : log_(random_log(3, {900, accounts, 300, 0, 2})),
        expected_(brute_force_edges(log_.actions, log_.channels, clock_of_days)) {
    study_.channels.resize(log_.channels.size());
    for (std::size_t c = 0; c < log_.channels.size(); ++c) study_.channels[c].name = std::to_string(c);
  }

  /// One attempt on the ranks of `comm`; the pairs of all, unless it stopped. Collective in `comm`.
  std::optional<std::vector<Edge>> attempt_run(const Comm& comm, const RunOptions& options) {
    RunDirectory directory(comm, folder(), {"1.0", "[study]\n", {}}, options);
    RunContext run{comm, study_, {}, RunReport(comm), {}, {}, &directory};
    std::vector<std::string> names;
    for (std::uint64_t a = 0; a < accounts; ++a) names.push_back(std::to_string(a));
    std::vector<Dictionary::Entry> entries;
    for (const auto& name : names) entries.push_back({0, digest_of(name), name});
    run.catalogue.accounts = Dictionary::build(comm, 1, entries).dictionary;
    run.catalogue.channels = log_.channels;
    run.catalogue.epoch = epoch;
    const PrunedLog pruned{
        with_halo(comm, comm.size() > 1 ? own_piece(log_.actions, 5) : log_.actions, log_.channels), 0};
    try {
      const auto found = PairsStage<Edge>(run, 0).find([&]() -> const PrunedLog& { return pruned; },
                                                       [&](std::vector<Edge> edges) {
                                                         candidates_ += comm.sum(edges.size());
                                                         return edges;
                                                       });
      for (const Edge& edge : found.rows) EXPECT_EQ(found.accounts.owner(edge.source), comm.rank());
      check_funnel(run.funnel);
      directory.end("stopped");
      return comm.gather_all(found.rows);
    } catch (const AgreedError& error) {
      EXPECT_EQ(error.code(), ExitCode::stopped) << error.what();
      directory.end("stopped");
      return std::nullopt;
    }
  }
  /// An attempt on all ranks, or on the root alone while the others wait.
  std::optional<std::vector<Edge>> attempt_on(bool all_ranks, const RunOptions& options) {
    std::optional<std::vector<Edge>> found;
    if (all_ranks) {
      found = attempt_run(world(), options);
    } else if (world().is_root()) {
      found = attempt_run(Comm::self(), options);
    }
    world().barrier();
    if (!world().any(found.has_value())) return std::nullopt;
    return world().gather_all(world().is_root() ? *found : std::vector<Edge>());
  }

  void check_funnel(const std::vector<FunnelRow>& rows) const {
    ASSERT_EQ(rows.size(), log_.channels.size());
    for (std::uint32_t c = 0; c < rows.size(); ++c) {
      std::uint64_t sum = 0;
      for (const Edge& edge : expected_) sum += edge.channel == c ? edge.shared : 0;
      EXPECT_EQ(rows[c].sum_shared, sum);
    }
  }

  std::filesystem::path folder() const { return shared_.path() / "run"; }
  std::vector<Piece> pieces() const { return newest_manifest(folder()).manifest.pieces; }

  /// Flips a bit in a file of this section, of the first piece that has rows; the rows of that piece.
  std::uint64_t damage(const std::string& section) const {
    for (const Piece& piece : pieces()) {
      std::uint64_t rows = 0;
      std::filesystem::path file;
      for (const Part& part : piece.parts) {
        rows += part.rows;
        if (part.section == section) file = folder() / "parts" / part.file;
      }
      if (rows == 0 || file.empty()) continue;
      std::string bytes = bytes_of(file);
      world().barrier();
      bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
      if (world().is_root()) std::ofstream(file, std::ios::binary) << bytes;
      world().barrier();
      return rows;
    }
    ADD_FAILURE() << "no piece has rows";
    return 0;
  }

  SharedFolder shared_;
  TestLog log_;
  std::vector<Edge> expected_;
  Study study_;
  std::uint64_t candidates_ = 0;  ///< computed by this rank's attempts, over all of their ranks
};

RunOptions stop_at_once() {
  RunOptions options;
  options.checkpoint_minutes = 0;
  options.max_hours = 1e-9;
  return options;
}

TEST_F(PairsStageTest, SavesOftenWhereAsked) {
  RunOptions often;
  often.checkpoint_minutes = 0;
  EXPECT_EQ(fields(*attempt_on(true, often)), fields(expected_));
  EXPECT_GE(pieces().size(), std::min<std::size_t>(4, accounts / static_cast<std::size_t>(world().size())));
  std::map<std::uint32_t, int> saved;
  for (const Piece& piece : pieces()) {
    for (const std::uint32_t unit : piece.units) ++saved[unit];
  }
  EXPECT_GT(saved.size(), accounts / 2);
  for (const auto& [unit, times] : saved) EXPECT_EQ(times, 1) << unit;
}

TEST_F(PairsStageTest, GoesOnAtOtherRankCountsWithoutComputingAnythingTwice) {
  int stops = 0;
  std::optional<std::vector<Edge>> found;
  while (!(found = attempt_on(stops % 2 == 0, stop_at_once())) && stops < 100) ++stops;
  EXPECT_GT(stops, 5);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(fields(*found), fields(expected_));
  if (world().is_root()) {
    EXPECT_EQ(candidates_, expected_.size());
  }
  EXPECT_EQ(fields(*attempt_on(true, {})), fields(expected_)) << "all of it loaded";
}

TEST_F(PairsStageTest, ComputesTheUnitsOfADamagedPieceAgain) {
  std::uint64_t lost = 0;
  for (const std::string section : {"rows", "counts"}) {
    for (int stop = 0; stop < 3; ++stop) EXPECT_FALSE(attempt_on(stop % 2 == 0, stop_at_once()).has_value());
    lost += damage(section);
  }
  const auto found = attempt_on(true, {});
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(fields(*found), fields(expected_));
  if (world().is_root()) {
    EXPECT_EQ(candidates_, expected_.size() + lost);
  }
}

}  // namespace

}  // namespace lockstep::test
