#include "jobs/pipeline.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cluster/agree.hpp"
#include "cluster/exchange.hpp"
#include "cluster/progress.hpp"
#include "jobs/publish.hpp"
#include "jobs/run_report.hpp"
#include "src/communities/leiden.hpp"
#include "src/log/ingest.hpp"
#include "src/log/partition.hpp"
#include "src/log/prune.hpp"
#include "src/projection/project.hpp"

namespace lockstep {

namespace {

/// One run: every stage takes what the one before gave and notes how it went.
class Pipeline {
 public:
  Pipeline(const Comm& comm, const Study& study, const std::filesystem::path& folder)
      : comm_(comm), study_(study), folder_(folder), report_(comm) {}

  void run() {
    auto [actions, catalogue, counts] = read();
    const HaloLog log = partition(std::move(actions), catalogue.channels);
    const CoordinationGraph graph = coordinate(log, catalogue);
    const auto labels = detect(graph);
    Results results = rank(log, catalogue, graph, labels);
    publish(catalogue, graph, std::move(results));
    report_.append_to(folder_ / "run.log.jsonl");
    report_.print();
  }

 private:
  Ingested read() {
    auto ingested = ingest(comm_, study_, folder_ / "rejects.jsonl");
    const auto& counts = ingested.counts;
    report_.note("input",
                 fmt::format("{} rows in {} files, {} rejected{}", counts.rows, counts.files,
                             counts.rejected_rows, counts.rejected_rows > 0 ? " (see rejects.jsonl)" : ""));
    report_.finish_stage("read");
    return ingested;
  }

  HaloLog partition(std::vector<Action> actions, const std::vector<ChannelRule>& channels) {
    const std::uint64_t read_actions = comm_.sum(actions.size());
    Progress sorting(comm_, "sort", "actions", actions.size());
    auto log = sort_log(comm_, std::move(actions));
    sorting.finish(log.size());
    report_.finish_stage("sort");
    Progress pruning(comm_, "prune", "actions", 0);
    auto halo = with_halo(comm_, std::move(log), channels);
    add_counts("read", count_log(comm_, halo, channels));
    log = prune(comm_, std::move(halo), channels,
                [&](std::uint64_t actions_seen) { pruning.advance(actions_seen); });
    halo = with_halo(comm_, balance(comm_, std::move(log)), channels);
    const auto counts = count_log(comm_, halo, channels);
    add_counts("prune", counts);
    for (const auto& channel : counts) windowed_pairs_ += channel.windowed_pairs;
    pruning.finish();
    report_.note_balance("actions kept", halo.own().size());
    report_.note("kept", fmt::format("{} of {} actions, {} windowed pairs", comm_.sum(halo.own().size()),
                                     read_actions, windowed_pairs_));
    report_.finish_stage("prune");
    return halo;
  }

  CoordinationGraph coordinate(const HaloLog& log, const Catalogue& catalogue) {
    const DayClock clock{catalogue.epoch, ticks(study_.time_unit, 86'400'000)};
    auto projection = project(comm_, log, catalogue.channels, catalogue.accounts.size(), clock);
    report_.note_balance("row steps", projection.row_steps);
    report_.note_balance("segment actions sent", projection.segment_actions);
    const auto milliseconds = comm_.sum(static_cast<std::uint64_t>(projection.seconds * 1e3) + 1);
    report_.note("projection", fmt::format("{} windowed pairs/s per core",
                                           format_amount(1e3 * static_cast<double>(windowed_pairs_) /
                                                         static_cast<double>(milliseconds))));
    auto graph = make_coordination_graph(comm_, std::move(projection.accounts), std::move(projection.edges));
    count_pairs(graph);
    report_.note_balance("edges", graph.edges.size());
    report_.finish_stage("project");
    return graph;
  }

  std::vector<std::uint32_t> detect(const CoordinationGraph& graph) {
    Graph weighted = weigh_by_count(comm_, graph);
    const auto& communities = study_.communities;
    const Quality quality = set_objective(comm_, weighted, communities.objective, communities.resolution, 1);
    LeidenOptions options;
    options.seed = communities.seed;
    Progress progress(comm_, "detect", "arcs", 0);
    options.arcs_seen = [&](std::uint64_t arcs) { progress.advance(arcs); };
    auto labels = find_communities(comm_, std::move(weighted), quality, options);
    progress.finish();
    report_.finish_stage("detect");
    return labels;
  }

  Results rank(const HaloLog& log, const Catalogue& catalogue, const CoordinationGraph& graph,
               const std::vector<std::uint32_t>& labels) {
    Progress progress(comm_, "rank", "actions", 0);
    Results results;
    results.accounts = describe_vertices(comm_, graph, catalogue);
    results.networks = rank_networks(comm_, graph, labels, results.accounts, study_.communities.min_size);
    results.evidence = collect_evidence(comm_, log, catalogue.channels, graph, results.networks,
                                        study_.output.evidence_objects);
    progress.finish(log.own().size());
    results.funnel = std::move(funnel_);
    report_.note("networks", fmt::format("{} of {} accounts or more; {} smaller communities not listed",
                                         results.networks.ranked.size(), study_.communities.min_size,
                                         results.networks.dropped));
    report_.finish_stage("rank");
    return results;
  }

  void publish(const Catalogue& catalogue, const CoordinationGraph& graph, Results results) {
    Progress progress(comm_, "publish", "edges", 0);
    write_results(comm_, study_, catalogue, graph, std::move(results), folder_ / "results.h5");
    progress.finish(graph.edges.size());
    report_.finish_stage("publish");
  }

  void add_counts(const std::string& stage, const std::vector<LogCounts>& counts) {
    for (std::size_t c = 0; c < counts.size(); ++c) {
      funnel_.push_back({stage, study_.channels[c].name, counts[c].actions, counts[c].accounts,
                         counts[c].objects, counts[c].windowed_pairs, 0, 0, 0});
    }
  }

  /// Pairs, ΣS and max S per channel, and the accounts that have an edge in it.
  void count_pairs(const CoordinationGraph& graph) {
    std::vector<AccountInChannel> ends;
    std::vector<std::uint64_t> pairs(study_.channels.size(), 0);
    auto shared = pairs;
    auto most = pairs;
    auto accounts = pairs;
    for (const Edge& edge : graph.edges) {
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
    ends = send_to(comm_, ends, [&](const AccountInChannel& end) {
             return graph.vertices.owner(end.account);
           }).rows;
    distinct();
    for (const auto& end : ends) ++accounts[end.channel];
    for (auto* figure : {&pairs, &shared, &accounts}) comm_.sum_each(*figure);
    for (std::size_t c = 0; c < pairs.size(); ++c) {
      funnel_.push_back({"project", study_.channels[c].name, 0, accounts[c], 0, 0, pairs[c], shared[c],
                         comm_.max(most[c])});
    }
  }

  const Comm& comm_;
  const Study& study_;
  const std::filesystem::path& folder_;
  RunReport report_;
  std::vector<FunnelRow> funnel_;
  std::uint64_t windowed_pairs_ = 0;
};

}  // namespace

void run_study(const Comm& comm, const Study& study, const std::filesystem::path& folder) {
  attempt(comm, [&] {
    if (!comm.is_root()) return;
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw Error(ExitCode::io, fmt::format("{}: {}", folder.string(), error.message()));
    std::filesystem::remove(folder / "rejects.jsonl");
  });
  Pipeline(comm, study, folder).run();
}

}  // namespace lockstep
