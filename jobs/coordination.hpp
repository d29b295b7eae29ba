#pragma once

#include <string>
#include <vector>

#include "cluster/comm.hpp"
#include "cluster/run_directory.hpp"
#include "data/study/study.hpp"
#include "jobs/funnel.hpp"
#include "jobs/run_report.hpp"
#include "src/communities/coordination_graph.hpp"
#include "src/log/halo.hpp"
#include "src/log/ingest.hpp"
#include "src/projection/project.hpp"

namespace lockstep {

/// What the stages of a run share: what is asked, what is known, and how it goes.
struct RunContext {
  const Comm& comm;
  const Study& study;
  Catalogue catalogue;
  RunReport report;
  std::vector<FunnelRow> funnel;
  std::vector<Publication> publications;
  RunDirectory* directory = nullptr;  ///< where stages are saved; nothing for commands that are no run

  /// A place between two stages at which a run can stop. Throws AgreedError(stopped). Collective.
  void stop_if_asked() const;
  /// Adds a row per channel. Local.
  void add_to_funnel(std::vector<FunnelRow> rows, const std::string& stage, std::uint32_t replica);

  /// The time resolution of each channel: declared, or found from a sorted log. Notes where the log
  /// contradicts what is declared. Collective.
  std::vector<std::uint32_t> resolutions(const std::vector<Action>& log);

  DayClock day_clock() const { return {catalogue.epoch, ticks(study.time_unit, 86'400'000)}; }
};

/// A log from which everything is gone that no edge can come from.
struct PrunedLog {
  HaloLog log;
  std::uint64_t windowed_pairs = 0;
};

/// Sorts actions by (channel, object, time, account); `replica` as in FunnelRow. Collective.
std::vector<Action> sort_stage(RunContext& run, std::vector<Action> actions, std::uint32_t replica = 0);

/// A stage as it is told to the user: with the number of the surrogate, if it is one's.
std::string stage_name(const std::string& stage, std::uint32_t replica);

/// Prunes a sorted log and spreads it evenly; `replica` as in FunnelRow. Throws
/// AgreedError(stopped). Collective.
PrunedLog prune_stage(RunContext& run, HaloLog log, std::uint32_t replica);

/// Candidate pairs of a pruned log, as `options` say. Collective.
Projection project_stage(RunContext& run, const PrunedLog& pruned, std::uint32_t replica,
                         ProjectionOptions options);

/// Adds a funnel row per channel for the counts of a log; returns its windowed pairs. Local.
std::uint64_t add_counts(RunContext& run, const std::vector<LogCounts>& counts, const std::string& stage,
                         std::uint32_t replica);

/// Communities of a weighted graph as `communities` ask for; by own vertex the smallest vertex. Saved as
/// `stage`. Throws AgreedError(stopped). Collective.
std::vector<std::uint32_t> detect_stage(RunContext& run, const std::string& stage, Graph graph,
                                        std::uint64_t weight_one, const Communities& communities);

}  // namespace lockstep
