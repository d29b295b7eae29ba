#include "jobs/publish_significance.hpp"

#include <cmath>

#include <fmt/format.h>

#include "jobs/funnel_table.hpp"

namespace lockstep {

namespace {

double from_fixed(std::uint64_t value) {
  return std::ldexp(static_cast<double>(value), -NullModel::fraction_bits);
}

void write_tests(TableWriter& tables, const std::vector<PairTest>& tests) {
  tables.column<std::uint64_t>("edges/co_present", "objects",
                               "K: shared objects where both acted in the same or adjacent intervals", tests,
                               [](auto& t) { return t.co_present; });
  tables.column<double>("edges/expected", "objects", "mu: S expected under interval jitter", tests,
                        [](auto& t) { return from_fixed(t.expected); });
  tables.column<double>("edges/p_value", number,
                        "bound of P(S at least this large) under jitter, this channel", tests,
                        [](auto& t) { return t.p_value; });
  tables.column<double>("edges/weight", number,
                        "min(1, -log10 p / 20), p of the pair over all channels: weight in the search for "
                        "communities",
                        tests, [](auto& t) { return static_cast<double>(t.weight) / full_weight; });
}

/// S, K, M, V and what follows from them, as columns of `group`.
void write_synchrony(TableWriter& tables, const std::string& group, const std::vector<Synchrony>& rows) {
  tables.column<double>(group + "score", "nats", "evidence of the timing against independent action (Lambda)",
                        rows, [](auto& s) { return s.score(); });
  tables.column<std::uint64_t>(group + "observed", "pairs", "S: co-acting pairs of members' actions", rows,
                               [](auto& s) { return s.co_acting; });
  tables.column<std::uint64_t>(group + "co_present", "pairs", "K: pairs of members' actions in one interval",
                               rows, [](auto& s) { return s.co_present; });
  tables.column<double>(group + "expected", "pairs", "M: S expected under interval jitter", rows,
                        [](auto& s) { return s.expected; });
  tables.column<double>(group + "variance", "pairs^2", "V: variance of S under interval jitter", rows,
                        [](auto& s) { return s.variance; });
  tables.column<double>(group + "lift", number, "S / M", rows, [](auto& s) { return s.lift(); });
}

void write_activity(TableWriter& tables, const std::string& group, const std::vector<Activity>& rows) {
  tables.column<std::uint64_t>(group + "actions", "actions", "actions of the members on any object", rows,
                               [](auto& a) { return a.actions; });
  tables.column<std::uint64_t>(group + "co_actions", "actions",
                               "of these, within the window of another member's on the same object", rows,
                               [](auto& a) { return a.co_actions; });
  tables.column<double>(group + "participation", number, "co_actions / actions", rows,
                        [](auto& a) { return a.participation(); });
  tables.column<std::uint32_t>(group + "lag_quartile", tables.lag_unit(),
                               "lower quartile of co-actions' lags", rows,
                               [](auto& a) { return a.lag_quartile; });
  tables.column<std::uint32_t>(group + "lag_median", tables.lag_unit(), "median of co-actions' lags", rows,
                               [](auto& a) { return a.lag_median; });
  tables.column<std::uint32_t>(group + "lag_upper_quartile", tables.lag_unit(),
                               "upper quartile of co-actions' lags", rows,
                               [](auto& a) { return a.lag_upper_quartile; });
  tables.column<double>(group + "effective_objects", "objects",
                        "exp of the entropy of co-actions over objects", rows,
                        [](auto& a) { return a.effective_objects; });
  tables.column<double>(group + "effective_accounts", "accounts",
                        "exp of the entropy of co-actions over members", rows,
                        [](auto& a) { return a.effective_accounts; });
  tables.column<double>(group + "captive_share", number,
                        "co-actions / all actions on the objects they are on", rows,
                        [](auto& a) { return a.captive_share; });
  tables.column<std::uint32_t>(group + "active_days", "days", "distinct UTC days with a co-action", rows,
                               [](auto& a) { return a.active_days; });
  tables.column<std::uint32_t>(group + "largest_burst", "accounts",
                               "most members on one object within the window", rows,
                               [](auto& a) { return a.largest_burst; });
}

/// Who is active in a channel: its rows are those of the networks' activity by channel.
void write_members(TableWriter& tables, const MembersByChannel& members) {
  const auto rows = tables.at_root(members.channels);
  const auto count = [&](const char* name, const char* unit, const char* description,
                         auto ChannelMembers::*of) {
    tables.column<std::uint64_t>(std::string("network_channels/") + name, unit, description, rows,
                                 [&](auto& m) { return m.*of; });
  };
  count("members", "accounts", "members with an action in the channel", &ChannelMembers::members);
  count("edges", "pairs", "pairs of members with an edge in the channel", &ChannelMembers::edges);
  tables.column<double>("network_channels/density", number, "edges divided by pairs of these members", rows,
                        [](auto& m) { return m.density(); });
  const auto time_or_none = [&](const ChannelMembers& m, std::uint32_t time) {
    return m.edges > 0 ? tables.time(time) : -1;
  };
  tables.column<std::int64_t>("network_channels/first_time", tables.time_unit(),
                              "first action that is part of an edge in the channel; -1: no edge", rows,
                              [&](auto& m) { return time_or_none(m, m.first_time); });
  tables.column<std::int64_t>("network_channels/last_time", tables.time_unit(),
                              "last action that is part of an edge in the channel; -1: no edge", rows,
                              [&](auto& m) { return time_or_none(m, m.last_time); });
  count("followers_sum", "accounts", "followers of these members, summed (0: not known)",
        &ChannelMembers::followers_sum);
  count("followers_max", "accounts", "followers of the most followed of these members",
        &ChannelMembers::followers_max);

  const auto& composition = members.composition;
  tables.column<std::uint32_t>("channel_composition/network", number, "rank of the network", composition,
                               [](auto& c) { return c.counted.network; });
  tables.column<std::uint32_t>("channel_composition/channel", "row of channels", "the channel", composition,
                               [](auto& c) { return c.channel; });
  tables.texts(
      "channel_composition/attribute", "kind, platform, language or region", composition,
      [](auto& c) { return std::string(attribute_names[static_cast<std::size_t>(c.counted.attribute)]); });
  tables.texts("channel_composition/value", "the attribute's value", composition,
               [](auto& c) { return c.counted.value; });
  tables.column<std::uint64_t>("channel_composition/accounts", "accounts",
                               "members with this value and an action in the channel", composition,
                               [](auto& c) { return c.counted.accounts; });
}

void write_networks(TableWriter& tables, const Significance& significance) {
  std::vector<Synchrony> whole;
  for (const auto& counts : significance.counts) whole.push_back(judge(counts, significance.models));
  write_synchrony(tables, "networks/", tables.at_root(whole));
  tables.column<double>(
      "networks/q_value", number,
      "of all networks that score at least this high, the share that are surrogates'; 1 where "
      "score is 0",
      tables.at_root(significance.q_values), [](double q) { return q; });
  write_activity(tables, "networks/", tables.at_root(significance.activity.networks));

  std::vector<Synchrony> synchrony;
  std::vector<Activity> activity;
  const auto rows = tables.at_root(significance.activity.channels);
  for (const auto& [network, channel, of_channel] : rows) {
    synchrony.push_back(judge(significance.counts[network - 1][channel], significance.models[channel]));
    activity.push_back(of_channel);
  }
  tables.column<std::uint32_t>("network_channels/network", number, "rank of the network", rows,
                               [](auto& r) { return r.network; });
  tables.column<std::uint32_t>("network_channels/channel", "row of channels", "the channel", rows,
                               [](auto& r) { return r.channel; });
  write_synchrony(tables, "network_channels/", synchrony);
  write_activity(tables, "network_channels/", activity);
  write_members(tables, significance.members);
}

void write_decoys(TableWriter& tables, const std::vector<DecoyNetwork>& decoys) {
  const auto rows = tables.at_root(decoys);
  tables.column<std::uint32_t>("decoy_networks/replica", number, "the surrogate: 1, 2, ...", rows,
                               [](auto& d) { return d.replica; });
  tables.column<double>("decoy_networks/score", "nats", "Lambda of a network of the surrogate", rows,
                        [](auto& d) { return d.score; });
  tables.column<std::uint32_t>("decoy_networks/size", "accounts", "its members", rows,
                               [](auto& d) { return d.size; });
}

void write_evidence(TableWriter& tables, const RunContext& run, const NetworkActivity& activity) {
  tables.column<double>("evidence/score", "nats", "Lambda of this object alone", activity.evidence_scores,
                        [](double score) { return score; });
  const auto& rows = activity.timeline;
  tables.column<std::uint32_t>("timeline/network", number, "rank of the network", rows,
                               [](auto& r) { return r.network; });
  tables.column<std::int64_t>("timeline/time", tables.time_unit(), "when", rows,
                              [&](auto& r) { return tables.time(r.action.time); });
  tables.column<std::uint32_t>("timeline/channel", "row of channels", "the object's channel", rows,
                               [&](auto& r) { return run.catalogue.objects.group_of(r.action.object); });
  std::vector<std::uint64_t> accounts;
  std::vector<std::uint64_t> objects;
  for (const auto& row : rows) {
    accounts.push_back(row.action.account);
    objects.push_back(row.action.object);
  }
  tables.texts("timeline/account", "who", run.catalogue.accounts.names(run.comm, accounts),
               [](auto& name) { return name; });
  tables.texts("timeline/object", "on what", run.catalogue.objects.names(run.comm, objects),
               [](auto& name) { return name; });
}

void write_calibration(TableWriter& tables, const RunContext& run, const Significance& significance) {
  struct Row {
    std::size_t channel;
    std::size_t interval_class;
  };
  std::vector<Row> rows;
  for (std::size_t c = 0; c < significance.models.size(); ++c) {
    for (std::size_t k = 0; k < NullModel::classes; ++k) rows.push_back({c, k});
  }
  rows = tables.at_root(rows);
  const auto counts = [&](const Row& row) -> const PairCounts& {
    return significance.calibration[row.channel][row.interval_class];
  };
  tables.texts("calibration/channel", "name of the channel", rows,
               [&](auto& r) { return run.study.channels[r.channel].name; });
  tables.column<std::uint32_t>("calibration/class", number, "class of the interval of the object's age", rows,
                               [](auto& r) { return static_cast<std::uint32_t>(r.interval_class); });
  tables.column<std::uint32_t>("calibration/resolution", tables.lag_unit(),
                               "time resolution of the null model", rows,
                               [&](auto& r) { return significance.models[r.channel].resolution(); });
  tables.column<std::uint64_t>("calibration/pairs", "pairs", "pairs of actions in one interval", rows,
                               [&](auto& r) { return counts(r).co_present; });
  tables.column<double>("calibration/observed", number, "share of them within the window", rows,
                        [&](auto& r) {
                          const auto& [acting, present, triples] = counts(r);
                          return present > 0 ? static_cast<double>(acting) / static_cast<double>(present) : 0;
                        });
  tables.column<double>("calibration/expected", number, "the same under interval jitter (q)", rows,
                        [&](auto& r) { return significance.models[r.channel].same(r.interval_class); });
}

void print_significance(const RunContext& run, const Significance& significance) {
  fmt::print(stderr, "\n{:<20} {:>10} {:>6} {:>15} {:>10} {:>10}\n", "calibration", "resolution", "class",
             "pairs", "observed", "expected");
  for (std::size_t c = 0; c < significance.models.size(); ++c) {
    const auto& model = significance.models[c];
    for (std::size_t k = 0; k < NullModel::classes; ++k) {
      const auto& [acting, present, triples] = significance.calibration[c][k];
      fmt::print(stderr, "{:<20} {:>10} {:>6} {:>15} {:>10.4f} {:>10.4f}\n", run.study.channels[c].name,
                 model.resolution(), k, present,
                 present > 0 ? static_cast<double>(acting) / static_cast<double>(present) : 0.0,
                 model.same(k));
    }
  }
  const auto& threshold = significance.threshold;
  fmt::print(stderr, "\nedges: p <= {:.3g} keeps {} pairs, and {} of {} surrogate{}; {} surrogate networks\n",
             threshold.alpha(), threshold.edges, threshold.decoys, threshold.replicas,
             threshold.replicas == 1 ? "" : "s", significance.decoy_networks.size());
}

}  // namespace

void write_significance(TableWriter& tables, const RunContext& run, const CoordinationGraph& graph,
                        const Significance& significance) {
  write_tests(tables, graph.tests);
  write_networks(tables, significance);
  write_decoys(tables, significance.decoy_networks);
  write_evidence(tables, run, significance.activity);
  write_calibration(tables, run, significance);
  tables.attribute("edge_threshold", fmt::format("{:.6e}", significance.threshold.alpha()));
  tables.attribute("surrogates", fmt::format("{}", significance.threshold.replicas));
}

void print_findings(const RunContext& run, const Results& results) {
  if (!run.comm.is_root()) return;
  const std::uint32_t replicas = results.significance ? results.significance->threshold.replicas : 0;
  fmt::print(stderr, "\n{}", funnel_table(run.funnel, replicas));
  if (results.significance) print_significance(run, *results.significance);
}

}  // namespace lockstep
