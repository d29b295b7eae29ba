#include "jobs/cost_model.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <queue>

#include <fmt/format.h>

namespace lockstep {

namespace {

/// The largest share of the bytes that any rank reads: pieces are dealt as the reader deals them, the largest
/// first, to the rank with the least.
double largest_share(std::vector<std::uint64_t> pieces, std::uint32_t ranks) {
  std::ranges::sort(pieces, std::greater<>());
  std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>> ranks_by_bytes;
  for (std::uint32_t rank = 0; rank < ranks; ++rank) ranks_by_bytes.push(0);
  std::uint64_t most = 0;
  for (const std::uint64_t bytes : pieces) {
    const std::uint64_t sum = ranks_by_bytes.top() + bytes;
    ranks_by_bytes.pop();
    ranks_by_bytes.push(sum);
    most = std::max(most, sum);
  }
  const std::uint64_t all = std::accumulate(pieces.begin(), pieces.end(), std::uint64_t{0});
  return all > 0 ? static_cast<double>(most) / static_cast<double>(all) : 1.0 / ranks;
}

}  // namespace

RunCost estimate_cost(const Workload& work, std::uint32_t ranks) {
  const bool by_count = work.rule == Rule::count;
  RunCost result;
  result.reading_share = largest_share(work.pieces, ranks);
  const auto stage = [&](const std::string& name, double core_seconds) {
    result.stages.push_back({name, core_seconds / ranks});
  };
  result.stages.push_back(
      {"read", work.read_seconds * result.reading_share + work.actions * cost::numbering / ranks});
  stage("sort, prune", work.actions * cost::sorting);
  if (by_count) {
    stage("project", work.windowed_pairs / cost::projected_pairs);
  } else {
    stage("project, test", work.windowed_pairs / cost::tested_pairs);
    const std::uint32_t needed = work.actions < cost::small_log_actions ? cost::surrogates_of_small_log
                                                                        : cost::surrogates_of_large_log;
    stage("surrogates",
          (work.surrogates > 0 ? work.surrogates : needed) * (work.windowed_pairs / cost::tested_pairs));
  }
  stage("communities, results",
        work.actions * (by_count ? cost::finding_by_count : cost::finding_by_significance));
  for (const auto& [name, seconds] : result.stages) result.seconds += seconds;

  const double reading = work.actions * cost::bytes_by_count * result.reading_share;
  const double later = work.actions * (by_count ? cost::bytes_by_count : cost::bytes_by_significance) / ranks;
  result.bytes_per_rank = cost::bytes_of_rank + std::max(reading, later);
  result.checkpoint_bytes =
      work.actions * cost::bytes_in_checkpoint + work.name_bytes + work.names * cost::bytes_of_name;
  return result;
}

Reservation reserve(const RunCost& cost, std::uint32_t nodes, std::uint32_t ranks_per_node) {
  constexpr double gib = 1024.0 * 1024 * 1024;
  constexpr std::uint64_t least_minutes = 10;
  constexpr std::uint64_t step_minutes = 5;
  Reservation job{nodes, ranks_per_node, 1, least_minutes};
  job.gib_per_node = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::ceil(cost.reserved_bytes_per_rank() * ranks_per_node / gib)));
  const auto minutes = static_cast<std::uint64_t>(std::ceil(cost.reserved_seconds() / 60));
  job.minutes = std::max(least_minutes, (minutes + step_minutes - 1) / step_minutes * step_minutes);
  return job;
}

std::uint32_t fitting_nodes(const Workload& work, std::uint32_t ranks_per_node, std::uint64_t gib_per_node,
                            std::uint32_t most_nodes) {
  const auto fits = [&](std::uint32_t nodes) {
    return reserve(estimate_cost(work, nodes * ranks_per_node), nodes, ranks_per_node).gib_per_node <=
           gib_per_node;
  };
  std::uint32_t enough = 1;
  while (!fits(enough)) {
    if (enough >= most_nodes) return 0;
    enough = std::min(2 * enough, most_nodes);
  }
  std::uint32_t too_few = enough / 2;
  while (too_few + 1 < enough) {
    const std::uint32_t middle = too_few + (enough - too_few) / 2;
    (fits(middle) ? enough : too_few) = middle;
  }
  return enough;
}

std::string sbatch_header(const Reservation& job) {
  constexpr std::uint64_t minutes_per_day = 1440;
  const std::uint64_t days = job.minutes / minutes_per_day;
  const std::string clock =
      fmt::format("{:02}:{:02}:00", job.minutes % minutes_per_day / 60, job.minutes % 60);
  return fmt::format(
      "#SBATCH --nodes={}\n#SBATCH --ntasks-per-node={}\n#SBATCH --mem={}G\n#SBATCH --time={}\n", job.nodes,
      job.ranks_per_node, job.gib_per_node, days > 0 ? fmt::format("{}-{}", days, clock) : clock);
}

}  // namespace lockstep
