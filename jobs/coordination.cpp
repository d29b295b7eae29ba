#include "jobs/coordination.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cluster/exchange.hpp"
#include "cluster/progress.hpp"
#include "src/communities/leiden.hpp"
#include "src/log/partition.hpp"
#include "src/log/prune.hpp"
#include "src/significance/object_clocks.hpp"

namespace lockstep {

namespace {

std::string stage_name(const std::string& stage, std::uint32_t replica) {
  return replica == 0 ? stage : fmt::format("{} s{}", stage, replica);
}

}  // namespace

std::vector<std::uint32_t> RunContext::resolutions(const std::vector<Action>& log) const {
  auto resolutions = find_resolutions(comm, log, catalogue.channels);
  for (std::size_t c = 0; c < resolutions.size(); ++c) {
    const auto declared = ticks(study.time_unit, study.channels[c].resolution_ms);
    if (declared > 0) resolutions[c] = static_cast<std::uint32_t>(declared);
  }
  return resolutions;
}

std::vector<Action> sort_stage(RunContext& run, std::vector<Action> actions) {
  Progress progress(run.comm, "sort", "actions", actions.size());
  auto log = sort_log(run.comm, std::move(actions));
  progress.finish(log.size());
  return log;
}

std::uint64_t count_actions(RunContext& run, const HaloLog& log, const std::string& stage,
                            std::uint32_t replica) {
  const auto counts = count_log(run.comm, log, run.catalogue.channels);
  std::uint64_t windowed_pairs = 0;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    FunnelRow row{stage, run.study.channels[c].name, replica};
    row.actions = counts[c].actions;
    row.accounts = counts[c].accounts;
    row.objects = counts[c].objects;
    row.windowed_pairs = counts[c].windowed_pairs;
    run.funnel.push_back(row);
    windowed_pairs += counts[c].windowed_pairs;
  }
  return windowed_pairs;
}

PrunedLog prune_stage(RunContext& run, HaloLog log, std::uint32_t replica) {
  const auto& channels = run.catalogue.channels;
  Progress progress(run.comm, stage_name("prune", replica), "actions", 0);
  auto kept =
      prune(run.comm, std::move(log), channels, [&](std::uint64_t actions) { progress.advance(actions); });
  PrunedLog pruned{with_halo(run.comm, balance(run.comm, std::move(kept)), channels)};
  pruned.windowed_pairs = count_actions(run, pruned.log, "prune", replica);
  progress.finish();
  if (replica == 0) {
    const std::uint64_t actions = run.comm.sum(pruned.log.own().size());
    run.report.note_balance("actions kept", pruned.log.own().size());
    run.report.note("kept", fmt::format("{} actions, {} windowed pairs", actions, pruned.windowed_pairs));
  }
  return pruned;
}

Projection project_stage(RunContext& run, const PrunedLog& pruned, std::uint32_t replica) {
  auto projection =
      project(run.comm, pruned.log, run.catalogue.channels, run.catalogue.accounts.size(), run.day_clock());
  count_edges(run, projection.edges, projection.accounts, "project", replica);
  if (replica == 0) {
    run.report.note_balance("row steps", projection.row_steps);
    run.report.note_balance("segment actions sent", projection.segment_actions);
    run.report.note_balance("candidate edges", projection.edges.size());
    const auto milliseconds = run.comm.sum(static_cast<std::uint64_t>(projection.seconds * 1e3) + 1);
    const double rate = 1e3 * static_cast<double>(pruned.windowed_pairs) / static_cast<double>(milliseconds);
    run.report.note("projection", fmt::format("{} windowed pairs/s per core", format_amount(rate)));
  }
  return projection;
}

void count_edges(RunContext& run, const std::vector<Edge>& edges, const Ranges& accounts,
                 const std::string& stage, std::uint32_t replica) {
  const std::size_t channels = run.study.channels.size();
  std::vector<AccountInChannel> ends;
  std::vector<std::uint64_t> pairs(channels, 0);
  auto shared = pairs;
  auto most = pairs;
  auto active = pairs;
  for (const Edge& edge : edges) {
    ++pairs[edge.channel];
    shared[edge.channel] += edge.shared;
    most[edge.channel] = std::max<std::uint64_t>(most[edge.channel], edge.shared);
    ends.push_back({edge.channel, edge.source});
    ends.push_back({edge.channel, edge.target});
  }
  const auto distinct = [&] {
    std::sort(ends.begin(), ends.end());
    ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  };
  distinct();
  ends =
      send_to(run.comm, ends, [&](const AccountInChannel& end) { return accounts.owner(end.account); }).rows;
  distinct();
  for (const auto& end : ends) ++active[end.channel];
  for (auto* figure : {&pairs, &shared, &active}) run.comm.sum_each(*figure);
  for (std::size_t c = 0; c < channels; ++c) {
    FunnelRow row{stage, run.study.channels[c].name, replica};
    row.accounts = active[c];
    row.pairs = pairs[c];
    row.sum_shared = shared[c];
    row.max_shared = run.comm.max(most[c]);
    run.funnel.push_back(row);
  }
}

std::vector<std::uint32_t> detect_stage(RunContext& run, Graph graph, std::uint64_t weight_one) {
  const auto& communities = run.study.communities;
  const Quality quality =
      set_objective(run.comm, graph, communities.objective, communities.resolution, weight_one);
  LeidenOptions options;
  options.seed = communities.seed;
  Progress progress(run.comm, "detect", "arcs", 0);
  options.arcs_seen = [&](std::uint64_t arcs) { progress.advance(arcs); };
  auto labels = find_communities(run.comm, std::move(graph), quality, options);
  progress.finish();
  return labels;
}

}  // namespace lockstep
