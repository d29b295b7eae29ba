#include "jobs/cost_model.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::test {
namespace {

/// The measured run that the model's constants are from.
Workload measured_run(Rule rule) {
  Workload work;
  work.rule = rule;
  work.actions = 10'056'300;
  work.windowed_pairs = 310.9e6;
  work.read_seconds = 7;
  work.pieces = std::vector<std::uint64_t>(14, 64 << 20);
  return work;
}

double seconds_of(const RunCost& cost, const std::string& stage) {
  for (const auto& [name, seconds] : cost.stages) {
    if (name == stage) return seconds;
  }
  ADD_FAILURE() << "no stage " << stage;
  return 0;
}

TEST(CostModel, TellsWhatWasMeasured) {
  const auto by_count = estimate_cost(measured_run(Rule::count), 2);
  EXPECT_NEAR(seconds_of(by_count, "read"), 6.0, 0.3);
  EXPECT_NEAR(seconds_of(by_count, "sort, prune"), 1.4, 0.1);
  EXPECT_NEAR(seconds_of(by_count, "project"), 5.2, 0.2);
  EXPECT_NEAR(by_count.seconds, 17.6, 0.5);
  EXPECT_NEAR(by_count.bytes_per_rank, 550e6, 0.15 * 550e6);
  const auto by_significance = estimate_cost(measured_run(Rule::significance), 2);
  EXPECT_NEAR(seconds_of(by_significance, "project, test"), 16.3, 0.3);
  EXPECT_NEAR(by_significance.seconds, 39.1, 2.5);
  EXPECT_NEAR(by_significance.bytes_per_rank, 697e6, 0.15 * 697e6);
}

TEST(CostModel, EverySurrogateCostsTheSame) {
  auto work = measured_run(Rule::significance);
  const double one = estimate_cost(work, 2).seconds;
  work.surrogates = 2;
  const double two = estimate_cost(work, 2).seconds;
  work.surrogates = 3;
  EXPECT_NEAR(estimate_cost(work, 2).seconds - two, two - one, 1e-9);
  EXPECT_GT(two, one);
  work.surrogates = 0;
  EXPECT_DOUBLE_EQ(estimate_cost(work, 2).seconds, one);
}

TEST(CostModel, OneLargePieceIsReadByOneRank) {
  auto work = measured_run(Rule::count);
  work.pieces = {900, 50, 50};
  const auto cost = estimate_cost(work, 4);
  EXPECT_DOUBLE_EQ(cost.reading_share, 0.9);
  EXPECT_GT(seconds_of(cost, "read"), 0.9 * work.read_seconds);
  EXPECT_GT(cost.bytes_per_rank, 0.9 * work.actions * cost::bytes_by_count);
  work.pieces = {1, 1, 1, 1};
  EXPECT_DOUBLE_EQ(estimate_cost(work, 4).reading_share, 0.25);
}

TEST(Reservation, AsksForMemoryAndTimeWithSafety) {
  RunCost cost;
  cost.seconds = 3600;
  cost.bytes_per_rank = 1e9;
  const auto job = reserve(cost, 3, 8);
  EXPECT_EQ(job.minutes, 120U);
  EXPECT_EQ(job.gib_per_node, 10U);  // 8 · 1.3 · 10⁹ bytes
  EXPECT_EQ(sbatch_header(job),
            "#SBATCH --nodes=3\n#SBATCH --ntasks-per-node=8\n#SBATCH --mem=10G\n#SBATCH --time=02:00:00\n");
  cost.seconds = 100'000;
  EXPECT_NE(sbatch_header(reserve(cost, 1, 1)).find("--time=2-07:35:00"), std::string::npos);
  cost.seconds = 1;
  EXPECT_EQ(reserve(cost, 1, 1).minutes, 10U);
}

TEST(Reservation, TakesAsFewNodesAsFit) {
  auto work = measured_run(Rule::count);
  work.pieces.assign(1000, 1 << 20);
  const std::uint32_t nodes = fitting_nodes(work, 2, 1);
  EXPECT_EQ(nodes, 2U);  // 1.5 GiB with safety on one
  EXPECT_EQ(fitting_nodes(work, 2, 100), 1U);
  work.pieces = {1000};  // one compressed file: more nodes do not help
  EXPECT_EQ(fitting_nodes(work, 2, 1), 0U);
}

}  // namespace
}  // namespace lockstep::test
