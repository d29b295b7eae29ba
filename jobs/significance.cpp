#include "jobs/significance.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "cluster/exchange.hpp"
#include "cluster/progress.hpp"
#include "data/release.hpp"
#include "jobs/pairs.hpp"
#include "src/significance/histories.hpp"
#include "src/significance/jitter.hpp"

namespace lockstep {

namespace {

using Tested = FoundPairs<TestedEdge>;

constexpr const char* decoys_stage = "decoys";

class SignificanceRun {
 public:
  SignificanceRun(RunContext& run, std::vector<Action> log)
      : run_(run),
        comm_(run.comm),
        channels_(run.catalogue.channels),
        resolutions_(run.resolutions(log)),
        models_(make_models()),
        clocks_(make_clocks(log)),
        swept_(prepare_sweep(run.comm, std::move(log), clocks_, channels_, models_)) {}

  RankedGraph find() {
    RankedGraph found;
    found.significance.models = models_;
    found.significance.calibration = calibrate(comm_, swept_, channels_, models_);
    run_.report.finish_stage("calibrate");
    run_.stop_if_asked();
    auto decoys = test_all();
    found.significance.threshold = threshold_;
    found.graph = make_graph(std::move(tested_), 0);
    auto listed = list(0, found.graph, swept_, found.accounts);
    add_to_funnel(count_communities(found.graph.vertices.total(), listed.networks), 0);
    found.significance.scores = scores_of(listed.counts, models_);
    found.significance.decoy_networks = score_decoys(std::move(decoys));
    std::vector<double> decoy_scores;
    for (const DecoyNetwork& decoy : found.significance.decoy_networks) decoy_scores.push_back(decoy.score);
    found.significance.q_values =
        q_values(found.significance.scores, std::move(decoy_scores), threshold_.replicas);
    found.consensus = find_consensus(
        run_, [&] { return weigh_by_significance(comm_, found.graph); }, full_weight, found.graph.vertices,
        listed.communities);
    rank(std::move(listed), found);
    return found;
  }

 private:
  /// Networks of a log in no order yet, with what the sweep says of them.
  struct Listed {
    std::vector<std::uint32_t> communities;  ///< labels by own vertex
    Networks networks;
    std::vector<std::uint32_t> labels;  ///< by action of the swept log: number of its network
    std::vector<SweepRow> rows;
    std::vector<ClassCounts> counts;
  };

  std::vector<NullModel> make_models() const {
    std::vector<NullModel> models;
    for (std::size_t c = 0; c < resolutions_.size(); ++c) {
      models.emplace_back(channels_[c].window, resolutions_[c]);
    }
    return models;
  }

  ObjectClocks make_clocks(const std::vector<Action>& log) {
    ObjectClocks clocks(comm_, log);
    clocks.set_births(comm_, run_.publications, channels_, resolutions_);
    release(run_.publications);
    return clocks;
  }

  std::vector<Action> surrogate_log(std::uint32_t replica) {
    return sort_stage(
        run_,
        jitter(swept_.log.own(), swept_.clocks, channels_, models_, run_.study.coordination.seed, replica),
        replica);
  }

  /// The tested pairs of a log (replica 0) or surrogate; `log` is sorted.
  template <class Log>
  Tested test(Log log, std::uint32_t replica) {
    std::optional<PrunedLog> pruned;
    return PairsStage<TestedEdge>(run_, replica)
        .find(
            [&]() -> const PrunedLog& {
              make_histories();
              run_.stop_if_asked();
              return pruned.emplace(prune_stage(run_, with_halo(comm_, log(), channels_), replica));
            },
            [&](std::vector<Edge> candidates) {
              return test_pairs(comm_, std::move(candidates), *histories_, channels_, models_);
            });
  }

  /// Only where pairs are still to be tested.
  void make_histories() {
    if (histories_) return;
    histories_.emplace(comm_, swept_.log.own(), swept_.clocks, channels_, models_,
                       run_.catalogue.accounts.size());
  }

  /// Tests the log's pairs and every surrogate's, and finds the threshold; keeps what passes it.
  std::vector<Tested> test_all() {
    const auto own = swept_.log.own();
    tested_ = test([&] { return std::vector<Action>(own.begin(), own.end()); }, 0);
    run_.report.finish_stage("pairs");
    std::vector<Tested> decoys;
    const auto& [rule, fdr, surrogates, seed] = run_.study.coordination;
    const auto edge_weights = count_by_weight(comm_, tested_.rows);
    const std::uint32_t replicas = surrogates > 0 ? surrogates : enough_replicas(edge_weights, fdr);
    auto decoy_weights = count_by_weight(comm_, {});
    for (std::uint32_t replica = 1; replica <= replicas; ++replica) {
      decoys.push_back(test([&] { return surrogate_log(replica); }, replica));
      const auto weights = count_by_weight(comm_, decoys.back().rows);
      for (std::size_t w = 0; w < weights.size(); ++w) decoy_weights[w] += weights[w];
    }
    histories_.reset();
    const auto accounts = static_cast<double>(run_.catalogue.accounts.size());
    threshold_ = find_threshold(edge_weights, decoy_weights, replicas, fdr, accounts * (accounts - 1) / 2);
    const auto drop_weak = [&](Tested& tested) {
      std::erase_if(tested.rows,
                    [&](const TestedEdge& edge) { return edge.test.weight < threshold_.weight; });
    };
    drop_weak(tested_);
    for (auto& decoy : decoys) drop_weak(decoy);
    run_.report.finish_stage("surrogates");
    return decoys;
  }

  CoordinationGraph make_graph(Tested tested, std::uint32_t replica) {
    std::vector<Edge> edges;
    std::vector<PairTest> tests;
    for (const auto& [edge, pair_test] : tested.rows) {
      edges.push_back(edge);
      tests.push_back(pair_test);
    }
    release(tested.rows);
    EdgeCounts counts(channels_.size());
    counts.add(edges);
    run_.add_to_funnel(counts.rows(comm_, tested.accounts), "edges", replica);
    return make_coordination_graph(comm_, std::move(tested.accounts), std::move(edges), std::move(tests));
  }

  /// Of the log (replica 0) or a surrogate.
  Listed list(std::uint32_t replica, const CoordinationGraph& graph, const SweptLog& swept,
              VertexAccounts& accounts) {
    const std::string stage = replica == 0 ? "detect" : fmt::format("detect-{}", replica);
    Listed listed;
    listed.communities =
        detect_stage(run_, stage, weigh_by_significance(comm_, graph), full_weight, run_.study.communities);
    run_.stop_if_asked();
    Progress progress(comm_, stage_name("score", replica), "actions", 0);
    accounts = describe_vertices(comm_, graph, run_.catalogue);
    listed.networks =
        list_networks(comm_, graph, listed.communities, accounts, run_.study.communities.min_size);
    listed.labels = label_actions(comm_, swept.log.actions, graph, listed.networks.rank_of_vertex);
    listed.rows = sweep_networks(comm_, swept, listed.labels, channels_, models_);
    listed.counts = sum_by_network(comm_, listed.rows, listed.networks.ranked.size(), channels_.size());
    progress.finish(swept.log.own().size());
    return listed;
  }

  void add_to_funnel(const CommunityCounts& counts, std::uint32_t replica) {
    for (FunnelRow& row : community_rows(counts, replica)) run_.funnel.push_back(std::move(row));
  }

  /// The surrogates' networks.
  std::vector<DecoyNetwork> score_decoys(std::vector<Tested> decoys) {
    std::vector<DecoyNetwork> networks;
    for (std::uint32_t replica = 1; replica <= decoys.size(); ++replica) {
      const auto graph = make_graph(std::move(decoys[replica - 1]), replica);
      auto [counts, of_replica] = graph.vertices.total() > 0 ? score_decoys_of(graph, replica) : Decoys{};
      add_to_funnel(counts, replica);
      std::ranges::sort(of_replica, [](const DecoyNetwork& a, const DecoyNetwork& b) {
        return std::tie(b.score, b.size) < std::tie(a.score, a.size);
      });
      networks.insert(networks.end(), of_replica.begin(), of_replica.end());
    }
    run_.report.finish_stage("decoys");
    return networks;
  }

  /// What one surrogate's graph came to.
  struct Decoys {
    CommunityCounts counts;
    std::vector<DecoyNetwork> networks;
  };

  Decoys score_decoys_of(const CoordinationGraph& graph, std::uint32_t replica) {
    Decoys decoys;
    std::vector<CommunityCounts> counts;
    for (const Piece& piece : run_.directory->pieces(decoys_stage)) {
      if (piece.units != std::vector{replica}) continue;
      if (run_.directory->load(piece, [&](const PieceReader& saved) {
            decoys.networks = saved.rows<DecoyNetwork>("networks");
            counts = saved.rows<CommunityCounts>("counts");
          })) {
        return {comm_.gather_all(counts).front(), comm_.gather_all(decoys.networks)};
      }
    }
    VertexAccounts accounts;
    const auto swept = prepare_sweep(comm_, surrogate_log(replica), clocks_, channels_, models_);
    const auto listed = list(replica, graph, swept, accounts);
    decoys = {count_communities(graph.vertices.total(), listed.networks), {}};
    const auto scores = scores_of(listed.counts, models_);
    for (std::size_t n = 0; n < scores.size(); ++n) {
      decoys.networks.push_back({replica, listed.networks.ranked[n].size, scores[n]});
    }
    run_.directory->save(decoys_stage, {replica}, [&](PieceWriter& piece) {
      if (!comm_.is_root()) return;
      piece.rows("networks", decoys.networks);
      piece.rows("counts", std::vector{decoys.counts});
    });
    run_.stop_if_asked();
    return decoys;
  }

  void rank(Listed listed, RankedGraph& found) {
    run_.stop_if_asked();
    auto& significance = found.significance;
    const auto order = order_by_score(listed.networks, significance.scores, significance.q_values);
    rank_in_order(comm_, found.graph, found.accounts, order, listed.networks);
    found.networks = std::move(listed.networks);
    // From numbers in the list to ranks.
    std::vector<std::uint32_t> rank_of(order.size() + 1, 0);
    const auto scores = std::move(significance.scores);
    const auto q = std::move(significance.q_values);
    significance.scores.clear();
    significance.q_values.clear();
    for (std::uint32_t r = 0; r < order.size(); ++r) {
      rank_of[order[r] + 1] = r + 1;
      significance.scores.push_back(scores[order[r]]);
      significance.q_values.push_back(q[order[r]]);
      significance.counts.push_back(std::move(listed.counts[order[r]]));
    }
    for (auto& label : listed.labels) label = rank_of[label];
    for (auto& row : listed.rows) row.network = rank_of[row.network];
    auto rows =
        send_to(comm_, listed.rows, [&](const SweepRow& row) { return keeper(comm_, row.network); }).rows;
    std::sort(rows.begin(), rows.end(), [](const SweepRow& a, const SweepRow& b) {
      return std::tie(a.network, a.object, a.interval_class) <
             std::tie(b.network, b.object, b.interval_class);
    });
    significance.activity = describe_networks(
        comm_, swept_, listed.labels, rows, order.size(), channels_, models_, run_.day_clock(),
        {run_.study.output.evidence_objects, run_.study.output.timeline_rows});
    const auto own_labels = std::span(listed.labels).subspan(swept_.log.own_begin, swept_.log.own().size());
    significance.members = describe_members(comm_, swept_.log.own(), own_labels, channels_, found.graph,
                                            found.accounts, found.networks);
    run_.report.finish_stage("rank");
  }

  RunContext& run_;
  const Comm& comm_;
  const std::vector<ChannelRule>& channels_;
  std::vector<std::uint32_t> resolutions_;
  std::vector<NullModel> models_;
  ObjectClocks clocks_;
  SweptLog swept_;
  std::optional<Histories> histories_;
  Tested tested_;
  Threshold threshold_;
};

}  // namespace

RankedGraph find_significant_networks(RunContext& run, std::vector<Action> log) {
  return SignificanceRun(run, std::move(log)).find();
}

}  // namespace lockstep
