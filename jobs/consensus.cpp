#include "jobs/consensus.hpp"

#include <fmt/format.h>

namespace lockstep {

Consensus find_consensus(RunContext& run, const std::function<Graph()>& weigh, std::uint64_t weight_one,
                         const Ranges& vertices, const std::vector<std::uint32_t>& labels) {
  Consensus consensus;
  const Communities& asked = run.study.communities;
  consensus.runs = asked.seeds - 1;
  if (consensus.runs > 0) consensus.stays.assign(labels.size(), 0);
  for (std::uint32_t s = 1; s <= consensus.runs; ++s) {
    Communities other = asked;
    other.seed = asked.seed + s;
    const auto found = detect_stage(run, fmt::format("detect-seed-{}", s), weigh(), weight_one, other);
    const auto counterparts = find_counterparts(run.comm, vertices, labels, found);
    const auto stays = who_stays(run.comm, vertices, labels, found, counterparts);
    for (std::size_t v = 0; v < stays.size(); ++v) consensus.stays[v] += stays[v];
  }
  for (std::size_t r = 0; r < asked.resolutions.size(); ++r) {
    Communities other = asked;
    other.resolution = asked.resolutions[r];
    const auto found = detect_stage(run, fmt::format("detect-resolution-{}", r), weigh(), weight_one, other);
    consensus.at_resolution.push_back(find_counterparts(run.comm, vertices, labels, found));
  }
  if (consensus.runs > 0 || !asked.resolutions.empty()) run.report.finish_stage("consensus");
  return consensus;
}

}  // namespace lockstep
