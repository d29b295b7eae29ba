#include "jobs/coordination.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "cluster/exchange.hpp"
#include "cluster/progress.hpp"
#include "src/communities/leiden.hpp"
#include "src/log/partition.hpp"
#include "src/log/prune.hpp"
#include "src/significance/object_clocks.hpp"

namespace lockstep {

std::string stage_name(const std::string& stage, std::uint32_t replica) {
  return replica == 0 ? stage : fmt::format("{} s{}", stage, replica);
}

std::vector<std::uint32_t> RunContext::resolutions(const std::vector<Action>& log) {
  auto resolutions = find_resolutions(comm, log, catalogue.channels);
  std::string contradictions;
  for (std::size_t c = 0; c < resolutions.size(); ++c) {
    const auto declared = static_cast<std::uint32_t>(ticks(study.time_unit, study.channels[c].resolution_ms));
    if (declared == 0) continue;
    if (resolutions[c] % declared != 0) {
      const char* unit = study.time_unit == TimeUnit::second ? "s" : "ms";
      contradictions +=
          fmt::format("; channel {} declares resolution {} {}, but its times are multiples of {} {}",
                      study.channels[c].name, declared, unit, resolutions[c], unit);
    }
    resolutions[c] = declared;
  }
  if (!contradictions.empty()) {
    report.note("warning", contradictions.substr(2) + "; that is right only if few rows are off");
  }
  return resolutions;
}

void RunContext::stop_if_asked() const {
  if (directory->due() == RunDirectory::Due::stop) directory->stop();
}

void RunContext::add_to_funnel(std::vector<FunnelRow> rows, const std::string& stage, std::uint32_t replica) {
  for (std::size_t c = 0; c < rows.size(); ++c) {
    rows[c].stage = stage;
    rows[c].channel = study.channels[c].name;
    rows[c].replica = replica;
    funnel.push_back(std::move(rows[c]));
  }
}

std::vector<Action> sort_stage(RunContext& run, std::vector<Action> actions, std::uint32_t replica) {
  Progress progress(run.comm, stage_name("sort", replica), "actions", actions.size());
  auto log = sort_log(run.comm, std::move(actions));
  progress.finish(log.size());
  return log;
}

std::uint64_t add_counts(RunContext& run, const std::vector<LogCounts>& counts, const std::string& stage,
                         std::uint32_t replica) {
  std::uint64_t windowed_pairs = 0;
  std::vector<FunnelRow> rows;
  for (const LogCounts& of_channel : counts) {
    auto& row = rows.emplace_back();
    row.actions = of_channel.actions;
    row.accounts = of_channel.accounts;
    row.objects = of_channel.objects;
    row.windowed_pairs = of_channel.windowed_pairs;
    windowed_pairs += of_channel.windowed_pairs;
  }
  run.add_to_funnel(std::move(rows), stage, replica);
  return windowed_pairs;
}

PrunedLog prune_stage(RunContext& run, HaloLog log, std::uint32_t replica) {
  run.stop_if_asked();
  const auto& channels = run.catalogue.channels;
  Progress progress(run.comm, stage_name("prune", replica), "actions", 0);
  auto kept =
      prune(run.comm, std::move(log), channels, [&](std::uint64_t actions) { progress.advance(actions); });
  PrunedLog pruned{with_halo(run.comm, balance(run.comm, std::move(kept)), channels)};
  pruned.windowed_pairs = add_counts(run, count_log(run.comm, pruned.log, channels), "prune", replica);
  progress.finish();
  if (replica == 0) {
    const std::uint64_t actions = run.comm.sum(pruned.log.own().size());
    run.report.note_balance("actions kept", pruned.log.own().size());
    run.report.note("kept", fmt::format("{} actions, {} windowed pairs", actions, pruned.windowed_pairs));
  }
  return pruned;
}

Projection project_stage(RunContext& run, const PrunedLog& pruned, std::uint32_t replica,
                         ProjectionOptions options) {
  options.stage = stage_name("project", replica);
  auto projection = project(run.comm, pruned.log, run.catalogue.channels, run.catalogue.accounts.size(),
                            run.day_clock(), options);
  if (replica == 0) {
    run.report.note_balance("row steps", projection.row_steps);
    run.report.note_balance("segment actions sent", projection.segment_actions);
    const auto milliseconds = run.comm.sum(static_cast<std::uint64_t>(projection.seconds * 1e3) + 1);
    const double rate =
        1e3 * static_cast<double>(run.comm.sum(projection.row_steps)) / 2 / static_cast<double>(milliseconds);
    run.report.note("projection", fmt::format("{} windowed pairs/s per core", format_amount(rate)));
  }
  return projection;
}

std::vector<std::uint32_t> detect_stage(RunContext& run, const std::string& stage, Graph graph,
                                        std::uint64_t weight_one, const Communities& communities) {
  const auto load_labels = [&](const Piece& piece) -> std::optional<std::vector<std::uint32_t>> {
    std::vector<std::uint32_t> labels;
    const bool whole = run.directory->load(
        piece, [&](const PieceReader& saved) { labels = saved.rows<std::uint32_t>("labels"); });
    if (!whole) return std::nullopt;
    return redistribute(run.comm, std::move(labels), graph.vertices);
  };
  for (const Piece& piece : run.directory->pieces(stage)) {
    if (auto labels = load_labels(piece)) return *std::move(labels);
  }
  const Quality quality =
      set_objective(run.comm, graph, communities.objective, communities.resolution, weight_one);
  LeidenOptions options;
  options.seed = communities.seed;
  Progress progress(run.comm, stage, "arcs", 0);
  options.arcs_seen = [&](std::uint64_t arcs) { progress.advance(arcs); };
  // Every saved state holds all there is: the newest that is whole counts, and the one before is kept.
  const std::string progress_stage = stage + "-progress";
  auto states = run.directory->pieces(progress_stage);
  std::uint32_t saved = states.empty() ? 0 : states.back().units.front() + 1;
  for (; !states.empty() && !options.state; states.pop_back()) {
    LeidenState state;
    const bool whole =
        run.directory->load(states.back(), [&](const PieceReader& piece) { state = read_state(piece); });
    if (whole) options.state = std::move(state);
  }
  options.between = [&](const std::function<LeidenState()>& state) {
    const auto due = run.directory->due();
    if (due != RunDirectory::Due::nothing) {
      const LeidenState now = state();
      run.directory->keep_newest(progress_stage, 1);
      run.directory->save(progress_stage, {saved++},
                          [&](PieceWriter& piece) { write_state(piece, now, run.comm.is_root()); });
    }
    if (due == RunDirectory::Due::stop) run.directory->stop();
  };
  auto labels = find_communities(run.comm, std::move(graph), quality, options);
  progress.finish();
  run.directory->keep_newest(progress_stage, 0);
  run.directory->save(
      stage, {0}, [&](PieceWriter& piece) { piece.rows("labels", labels); }, 1);
  run.stop_if_asked();
  return labels;
}

}  // namespace lockstep
