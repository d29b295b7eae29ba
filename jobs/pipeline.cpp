#include "jobs/pipeline.hpp"

#include <cerrno>
#include <cstring>
#include <new>

#include <fmt/format.h>
#include <sys/stat.h>

#include "cluster/agree.hpp"
#include "cluster/progress.hpp"
#include "data/study/study_file.hpp"
#include "jobs/consensus.hpp"
#include "jobs/coordination.hpp"
#include "jobs/pairs.hpp"
#include "jobs/publish.hpp"
#include "jobs/significance.hpp"
#include "jobs/version.hpp"
#include "src/log/ingest.hpp"
#include "src/networks/evidence.hpp"

namespace lockstep {

namespace {

/// The count rule: every candidate pair is an edge.
Results find_by_count(RunContext& run, HaloLog log) {
  const auto pruned = prune_stage(run, std::move(log), 0);
  run.report.finish_stage("prune");
  // Evidence needs the pruned log, whether pairs are known already or not.
  auto pairs = PairsStage<Edge>(run, 0).find([&]() -> const PrunedLog& { return pruned; },
                                             [](std::vector<Edge> edges) { return edges; });
  Results results;
  results.graph = make_coordination_graph(run.comm, std::move(pairs.accounts), std::move(pairs.rows));
  run.report.finish_stage("project");
  const auto weigh = [&] { return weigh_by_count(run.comm, results.graph); };
  const auto labels = detect_stage(run, "detect", weigh(), 1, run.study.communities);
  results.consensus = find_consensus(run, weigh, 1, results.graph.vertices, labels);
  run.report.finish_stage("detect");
  Progress progress(run.comm, "rank", "actions", 0);
  results.accounts = describe_vertices(run.comm, results.graph, run.catalogue);
  results.networks =
      rank_networks(run.comm, results.graph, labels, results.accounts, run.study.communities.min_size);
  results.evidence = collect_evidence(run.comm, pruned.log, run.catalogue.channels, results.graph,
                                      results.networks, run.study.output.evidence_objects);
  const auto counts = count_communities(results.graph.vertices.total(), results.networks);
  for (FunnelRow& row : community_rows(counts, 0)) run.funnel.push_back(std::move(row));
  progress.finish(pruned.log.own().size());
  run.report.finish_stage("rank");
  return results;
}

Results find_by_significance(RunContext& run, HaloLog log) {
  std::vector<Action> own(log.own().begin(), log.own().end());
  log = {};
  auto found = find_significant_networks(run, std::move(own));
  Results results{std::move(found.graph),        std::move(found.accounts),
                  std::move(found.networks),     {},
                  std::move(found.significance), {}};
  results.evidence = std::move(results.significance->activity.evidence);
  results.consensus = std::move(found.consensus);
  return results;
}

/// The sorted log: from an earlier attempt, or read and sorted now. `run` learns what else is known of it.
HaloLog read_and_sort(RunContext& run) {
  HaloLog log;
  auto loaded = load_log(run.comm, *run.directory, run.study);
  if (!loaded) {
    attempt_at_root(run.comm, [&] { std::filesystem::remove(run.directory->folder() / "rejects.jsonl"); });
    loaded = ingest(run.comm, run.study, run.directory->folder() / "rejects.jsonl", default_split_bytes,
                    run.directory);
    run.report.finish_stage("read");
    log = with_halo(run.comm, sort_stage(run, std::move(loaded->actions)), loaded->catalogue.channels);
    run.report.finish_stage("sort");
    loaded->channels = count_log(run.comm, log, loaded->catalogue.channels);
    run.report.finish_stage("count");
    save_log(run.comm, *run.directory, *loaded, log);
    run.report.finish_stage("save");
    run.stop_if_asked();
  } else {
    log = with_halo(run.comm, std::move(loaded->actions), loaded->catalogue.channels);
    run.report.finish_stage("load");
  }
  const auto& counts = loaded->counts;
  const bool is_limited = run.study.from_ms || run.study.to_ms;
  run.report.note(
      "input", fmt::format("{} rows in {} files, {} rejected{}{}", counts.rows, counts.files,
                           counts.rejected_rows, counts.rejected_rows > 0 ? " (see rejects.jsonl)" : "",
                           is_limited ? fmt::format(", {} outside from and to", counts.rows_outside) : ""));
  run.catalogue = std::move(loaded->catalogue);
  add_counts(run, loaded->channels, "read", 0);
  run.publications = std::move(loaded->publications);
  return log;
}

void analyse(RunContext& run, bool only_read) {
  const Comm& comm = run.comm;
  auto& directory = *run.directory;
  auto log = read_and_sort(run);
  if (only_read) {
    directory.sync();
    return;
  }
  run.stop_if_asked();
  const bool by_count = run.study.coordination.rule == Rule::count;
  const Results results =
      by_count ? find_by_count(run, std::move(log)) : find_by_significance(run, std::move(log));
  put_in_order(run.funnel);
  run.report.note("networks", fmt::format("{} of {} accounts or more; {} smaller communities not listed",
                                          results.networks.ranked.size(), run.study.communities.min_size,
                                          results.networks.dropped));
  Progress progress(comm, "publish", "edges", 0);
  const auto written = result_file(directory.folder(), directory.attempt());
  write_results(run, results, written);
  directory.finish(written);
  progress.finish(results.graph.edges.size());
  run.report.finish_stage("publish");
  run.report.note_saving(directory.saving_cost());
  run.report.append_to(directory.folder() / "run.log.jsonl");
  print_findings(run, results);
  run.report.print();
}

/// The input files as they are now, by input and name.
std::vector<InputFile> list_inputs(const Study& study) {
  std::vector<InputFile> inputs;
  for (const Input& input : study.inputs) {
    for (const auto& file : input_files(study, input)) {
      struct stat status {};
      if (::stat(file.c_str(), &status) != 0) {
        throw Error(ExitCode::io, fmt::format("{}: {}", file.string(), std::strerror(errno)));
      }
      inputs.push_back({file.string(), static_cast<std::uint64_t>(status.st_size),
                        std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec, ""});
    }
  }
  return inputs;
}

}  // namespace

void run_study(const Comm& comm, const Study& study, const std::filesystem::path& folder,
               const RunOptions& options, bool only_read) {
  RunIdentity identity{program_version, effective_study(study), {}};
  attempt_at_root(comm, [&] { identity.inputs = list_inputs(study); });
  RunDirectory directory(comm, folder, std::move(identity), options);
  if (directory.done()) {
    if (comm.is_root()) {
      fmt::print(stderr, "lockstep: done already: {}; --fresh starts anew\n",
                 (folder / "results.h5").string());
    }
    return;
  }
  RunContext run{comm, study, {}, RunReport(comm), {}, {}, &directory};
  try {
    analyse(run, only_read);
    if (only_read) directory.end("read");
  } catch (const AgreedError& error) {
    directory.end(error.code() == ExitCode::stopped ? "stopped" : error.what());
    throw;
  } catch (const std::bad_alloc&) {
    // This rank alone, which ends the others: main does.
    directory.end_alone(fmt::format("rank {}: out of memory", comm.rank()));
    throw;
  } catch (const std::exception& error) {
    directory.end_alone(fmt::format("rank {}: {}", comm.rank(), error.what()));
    throw;
  }
}

}  // namespace lockstep
