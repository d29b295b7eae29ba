#include "jobs/pipeline.hpp"

#include <fmt/format.h>

#include "cluster/agree.hpp"
#include "cluster/progress.hpp"
#include "jobs/coordination.hpp"
#include "jobs/publish.hpp"
#include "jobs/significance.hpp"
#include "src/log/ingest.hpp"
#include "src/networks/evidence.hpp"

namespace lockstep {

namespace {

/// The count rule: every candidate pair is an edge.
Results find_by_count(RunContext& run, HaloLog log) {
  const auto pruned = prune_stage(run, std::move(log), 0);
  run.report.finish_stage("prune");
  auto projection = project_stage(run, pruned, 0);
  Results results;
  results.graph =
      make_coordination_graph(run.comm, std::move(projection.accounts), std::move(projection.edges));
  run.report.finish_stage("project");
  const auto labels = detect_stage(run, weigh_by_count(run.comm, results.graph), 1);
  run.report.finish_stage("detect");
  Progress progress(run.comm, "rank", "actions", 0);
  results.accounts = describe_vertices(run.comm, results.graph, run.catalogue);
  results.networks =
      rank_networks(run.comm, results.graph, labels, results.accounts, run.study.communities.min_size);
  results.evidence = collect_evidence(run.comm, pruned.log, run.catalogue.channels, results.graph,
                                      results.networks, run.study.output.evidence_objects);
  progress.finish(pruned.log.own().size());
  run.report.finish_stage("rank");
  return results;
}

Results find_by_significance(RunContext& run, HaloLog log) {
  std::vector<Action> own(log.own().begin(), log.own().end());
  log = {};
  auto found = find_significant_networks(run, std::move(own));
  Results results{std::move(found.graph),
                  std::move(found.accounts),
                  std::move(found.networks),
                  {},
                  std::move(found.significance)};
  results.evidence = std::move(results.significance->activity.evidence);
  return results;
}

}  // namespace

void run_study(const Comm& comm, const Study& study, const std::filesystem::path& folder) {
  attempt(comm, [&] {
    if (!comm.is_root()) return;
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw Error(ExitCode::io, fmt::format("{}: {}", folder.string(), error.message()));
    std::filesystem::remove(folder / "rejects.jsonl");
  });
  RunContext run{comm, study, {}, RunReport(comm), {}, {}};
  auto [actions, publications, catalogue, counts] = ingest(comm, study, folder / "rejects.jsonl");
  run.catalogue = std::move(catalogue);
  run.publications = std::move(publications);
  run.report.note(
      "input",
      fmt::format(
          "{} rows in {} files, {} rejected{}{}", counts.rows, counts.files, counts.rejected_rows,
          counts.rejected_rows > 0 ? " (see rejects.jsonl)" : "",
          study.from_ms || study.to_ms ? fmt::format(", {} outside from and to", counts.rows_outside) : ""));
  run.report.finish_stage("read");
  auto log = with_halo(comm, sort_stage(run, std::move(actions)), run.catalogue.channels);
  count_actions(run, log, "read", 0);
  run.report.finish_stage("sort");

  const bool by_count = study.coordination.rule == Rule::count;
  const Results results =
      by_count ? find_by_count(run, std::move(log)) : find_by_significance(run, std::move(log));
  run.report.note("networks", fmt::format("{} of {} accounts or more; {} smaller communities not listed",
                                          results.networks.ranked.size(), study.communities.min_size,
                                          results.networks.dropped));
  Progress progress(comm, "publish", "edges", 0);
  write_results(run, results, folder / "results.h5");
  progress.finish(results.graph.edges.size());
  run.report.finish_stage("publish");
  run.report.append_to(folder / "run.log.jsonl");
  print_findings(run, results);
  run.report.print();
}

}  // namespace lockstep
