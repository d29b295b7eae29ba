#include "jobs/publish.hpp"

#include <algorithm>
#include <tuple>

#include "cluster/exchange.hpp"
#include "data/study/study_file.hpp"
#include "jobs/publish_significance.hpp"
#include "jobs/tables.hpp"
#include "jobs/version.hpp"

namespace lockstep {

namespace {

/// The tables that every run has.
class Tables : public TableWriter {
 public:
  Tables(const RunContext& run, const std::filesystem::path& file)
      : TableWriter(run, file), comm_(run.comm), study_(run.study), catalogue_(run.catalogue) {}

  void attributes() {
    attribute("schema_version", results_schema);
    attribute("program", std::string("lockstep ") + program_version);
    attribute("study", effective_study(study_));
    attribute("input_digest", catalogue_.input_digest);
  }

  void channels() {
    const auto rows = at_root(study_.channels);
    texts("channels/name", "the study's name for the channel", rows, [](auto& c) { return c.name; });
    texts("channels/object", "field of the inputs that names the object", rows,
          [](auto& c) { return c.object; });
    column<std::int64_t>("channels/window", "ms", "two actions at most this far apart are a co-action", rows,
                         [](auto& c) { return c.window_ms; });
    column<std::uint32_t>("channels/min_shared", number, "smallest number of shared objects of a pair", rows,
                          [](auto& c) { return c.min_shared; });
  }

  /// `tested`: the significance rule's columns come with its own tables.
  void networks(const Networks& networks, bool tested) {
    const auto rows = at_root(networks.ranked);
    std::uint32_t rank = 0;
    column<std::uint32_t>("networks/rank", number, "1 is the first to look at", rows,
                          [&](auto&) { return ++rank; });
    column<std::uint64_t>("networks/id", number,
                          "digest of the members' names: the same network has the same id", rows,
                          [](auto& n) { return n.id; });
    column<std::uint32_t>("networks/size", "accounts", "members", rows, [](auto& n) { return n.size; });
    column<std::uint64_t>("networks/edges", "pairs", "pairs of members with an edge in any channel", rows,
                          [](auto& n) { return n.edges; });
    column<std::uint64_t>("networks/shared", "objects", "S summed over the edges of all channels", rows,
                          [](auto& n) { return n.shared; });
    if (!tested) {
      column<double>("networks/score", "objects per account",
                     "summed S per member: what networks are ranked by", rows,
                     [](auto& n) { return n.score(); });
    }
    column<double>("networks/density", number, "edges divided by pairs of members", rows,
                   [](auto& n) { return n.density(); });
    column<std::int64_t>("networks/first_time", time_unit(), "first action that is part of an edge", rows,
                         [&](auto& n) { return time(n.first_time); });
    column<std::int64_t>("networks/last_time", time_unit(), "last action that is part of an edge", rows,
                         [&](auto& n) { return time(n.last_time); });
    column<std::uint64_t>("networks/followers_sum", "accounts",
                          "followers of the members, summed (0: not known)", rows,
                          [](auto& n) { return n.followers_sum; });
    column<std::uint64_t>("networks/followers_max", "accounts", "followers of the most followed member", rows,
                          [](auto& n) { return n.followers_max; });
    const auto& links = networks.links;
    column<std::uint32_t>("links/network_a", number, "rank of one network", links,
                          [](auto& l) { return l.network_a; });
    column<std::uint32_t>("links/network_b", number, "rank of the other", links,
                          [](auto& l) { return l.network_b; });
    column<std::uint64_t>("links/edges", "pairs", "pairs of accounts, one in each, with an edge", links,
                          [](auto& l) { return l.edges; });
    column<std::uint64_t>("links/evidence", "objects", "S summed over these edges", links,
                          [](auto& l) { return l.shared; });
    const auto& composition = networks.composition;
    column<std::uint32_t>("composition/network", number, "rank of the network", composition,
                          [](auto& c) { return c.network; });
    texts("composition/attribute", "kind, platform, language or region", composition,
          [](auto& c) { return std::string(attribute_names[static_cast<std::size_t>(c.attribute)]); });
    texts("composition/value", "the attribute's value", composition, [](auto& c) { return c.value; });
    column<std::uint64_t>("composition/accounts", "accounts", "members with this value", composition,
                          [](auto& c) { return c.accounts; });
  }

  void members(const std::vector<Member>& members) {
    column<std::uint32_t>("members/network", number, "rank of the network", members,
                          [](auto& m) { return m.network; });
    column<std::uint32_t>("members/account", "row of accounts", "the member", members,
                          [](auto& m) { return m.vertex; });
    column<std::uint32_t>("members/degree", "accounts", "members it has an edge with", members,
                          [](auto& m) { return m.degree; });
    column<std::uint64_t>("members/strength", "objects", "S summed over its edges inside the network",
                          members, [](auto& m) { return m.strength; });
  }

  /// Only what the study asked for.
  void consensus(const Consensus& consensus, const CoordinationGraph& graph, const Networks& networks) {
    if (consensus.runs > 0) stability(consensus, graph.vertices, networks);
    if (!consensus.at_resolution.empty()) resolutions(consensus, graph.vertices, networks);
  }

  void edges(const CoordinationGraph& graph, const Networks& networks, bool tested) {
    const auto& edges = graph.edges;
    column<std::uint32_t>("edges/source", "row of accounts", "one account of the pair", edges,
                          [](auto& e) { return e.source; });
    column<std::uint32_t>("edges/target", "row of accounts", "the other account", edges,
                          [](auto& e) { return e.target; });
    column<std::uint32_t>("edges/channel", "row of channels", "where they coordinate", edges,
                          [](auto& e) { return e.channel; });
    column<std::uint32_t>("edges/shared", "objects", "S: distinct objects with a co-action of the two", edges,
                          [](auto& e) { return e.shared; });
    if (!tested) {
      column<double>("edges/weight", number, "weight in the search for communities (count rule: S)", edges,
                     [](auto& e) { return static_cast<double>(e.shared); });
    }
    column<std::uint32_t>("edges/lag_min", lag_unit(),
                          "smallest lag; of each shared object the smallest counts", edges,
                          [](auto& e) { return e.lag_min; });
    column<std::uint32_t>("edges/lag_median", lag_unit(), "lower median of the lags of the S shared objects",
                          edges, [](auto& e) { return e.lag_median; });
    column<std::int64_t>("edges/first_time", time_unit(), "first action that is part of a co-action", edges,
                         [&](auto& e) { return time(e.first_time); });
    column<std::int64_t>("edges/last_time", time_unit(), "last action that is part of a co-action", edges,
                         [&](auto& e) { return time(e.last_time); });
    column<std::uint32_t>("edges/days", "days", "distinct UTC days of the closest co-actions", edges,
                          [](auto& e) { return e.days; });
    column<std::int32_t>("edges/network", number, "rank of the network that holds both accounts, or -1",
                         networks.rank_of_edge, [](auto rank) { return rank; });
  }

  void accounts(const VertexAccounts& accounts, const Networks& networks) {
    texts("accounts/name", "the account as the input names it", accounts.names,
          [](auto& name) { return name; });
    for (std::size_t a = 0; a < attribute_names.size(); ++a) {
      if (static_cast<Attribute>(a) == Attribute::followers) continue;
      auto values = accounts.attributes[a];
      values.resize(accounts.names.size());
      const bool is_name = static_cast<Attribute>(a) == Attribute::name;
      texts("accounts/" + std::string(is_name ? "display_name" : attribute_names[a]), "latest known value",
            values, [](auto& value) { return value; });
    }
    auto followers = accounts.attributes[static_cast<std::size_t>(Attribute::followers)];
    followers.resize(accounts.names.size());
    column<std::int64_t>("accounts/followers", "accounts", "latest known value; -1: not known", followers,
                         [](auto& text) { return text.empty() ? -1 : std::stoll(text); });
    column<std::int32_t>("accounts/network", number, "rank of its network, or -1", networks.rank_of_vertex,
                         [](auto rank) { return rank == 0 ? -1 : static_cast<std::int32_t>(rank); });
  }

  void evidence(const std::vector<Evidence>& evidence) {
    std::vector<std::uint64_t> objects;
    for (const auto& row : evidence) objects.push_back(row.object);
    objects = comm_.gather_all(objects);
    std::sort(objects.begin(), objects.end());
    objects.erase(std::unique(objects.begin(), objects.end()), objects.end());
    column<std::uint32_t>("evidence/network", number, "rank of the network", evidence,
                          [](auto& e) { return e.network; });
    column<std::uint64_t>("evidence/object", "row of objects", "what its members acted on together", evidence,
                          [&](auto& e) {
                            const auto place = std::lower_bound(objects.begin(), objects.end(), e.object);
                            return static_cast<std::uint64_t>(place - objects.begin());
                          });
    column<std::uint32_t>("evidence/channel", "row of channels", "the object's channel", evidence,
                          [&](auto& e) { return catalogue_.objects.group_of(e.object); });
    column<std::uint64_t>("evidence/accounts", "accounts", "members with a co-action with another member",
                          evidence, [](auto& e) { return e.accounts; });
    column<std::uint64_t>("evidence/actions", "actions", "their actions that are part of one", evidence,
                          [](auto& e) { return e.actions; });
    column<std::int64_t>("evidence/first_time", time_unit(), "first of these actions", evidence,
                         [&](auto& e) { return time(e.first_time); });
    column<std::int64_t>("evidence/last_time", time_unit(), "last of these actions", evidence,
                         [&](auto& e) { return time(e.last_time); });

    const Ranges pieces = even_ranges(objects.size(), comm_.size());
    const std::vector<std::uint64_t> own(
        objects.begin() + static_cast<std::ptrdiff_t>(pieces.begin(comm_.rank())),
        objects.begin() + static_cast<std::ptrdiff_t>(pieces.end(comm_.rank())));
    column<std::uint32_t>("objects/channel", "row of channels", "the object's channel", own,
                          [&](auto id) { return catalogue_.objects.group_of(id); });
    texts("objects/name", "the object as the input names it", catalogue_.objects.names(comm_, own),
          [](auto& name) { return name; });
  }

  void funnel(const std::vector<FunnelRow>& funnel, bool has_surrogates) {
    const auto rows = at_root(funnel);
    texts("funnel/stage", "what is counted: read, prune, project, edges, communities or networks", rows,
          [](auto& f) { return f.stage; });
    texts("funnel/channel", "name of the channel; empty: all together", rows,
          [](auto& f) { return f.channel; });
    if (has_surrogates) {
      column<std::uint32_t>("funnel/replica", number, "0: the log; 1, 2, ...: its surrogates", rows,
                            [](auto& f) { return f.replica; });
    }
    const auto count = [&](const char* name, const char* unit, const char* description,
                           std::uint64_t FunnelRow::*member) {
      column<std::uint64_t>(std::string("funnel/") + name, unit, description, rows,
                            [&](auto& f) { return f.*member; });
    };
    count("actions", "actions", "read: actions of the input; prune: those that an edge can come from",
          &FunnelRow::actions);
    count("accounts", "accounts",
          "read, prune: with an action; project: with a candidate pair; edges, communities: with an edge; "
          "networks: members",
          &FunnelRow::accounts);
    count("objects", "objects", "read, prune: with an action", &FunnelRow::objects);
    count("windowed_pairs", "pairs", "read, prune: pairs of actions on an object at most the window apart",
          &FunnelRow::windowed_pairs);
    count("pairs", "pairs",
          "pairs of accounts: project: candidates, with S at least min_shared; edges: those with p up to "
          "edge_threshold",
          &FunnelRow::pairs);
    count("sum_shared", "objects", "project, edges: S summed over these pairs", &FunnelRow::sum_shared);
    count("max_shared", "objects", "project, edges: largest S", &FunnelRow::max_shared);
    count("communities", "communities", "communities: of any size; networks: of at least min_size accounts",
          &FunnelRow::communities);
    count("dropped", "communities", "communities: those smaller than min_size", &FunnelRow::dropped);
  }

 private:
  void stability(const Consensus& consensus, const Ranges& vertices, const Networks& networks) {
    const double runs = consensus.runs;
    std::vector<std::uint32_t> of_members;
    for (const Member& member : networks.members) of_members.push_back(member.vertex);
    const auto stays = ask(
        comm_, of_members, [&](std::uint32_t vertex) { return vertices.owner(vertex); },
        [&](std::uint32_t vertex) { return consensus.stays[vertex - vertices.begin(comm_.rank())]; });
    column<double>("members/stability", number,
                   "share of the searches with other seeds in which it stays with its network", stays,
                   [&](std::uint32_t count) { return count / runs; });
    std::vector<std::uint64_t> sums(networks.ranked.size(), 0);
    for (std::size_t v = 0; v < consensus.stays.size(); ++v) {
      if (networks.rank_of_vertex[v] > 0) sums[networks.rank_of_vertex[v] - 1] += consensus.stays[v];
    }
    comm_.sum_each(sums);
    std::size_t n = 0;
    column<double>(
        "networks/stability", number, "mean of its members' stability", at_root(sums),
        [&](std::uint64_t sum) { return static_cast<double>(sum) / runs / networks.ranked[n++].size; });
  }

  void resolutions(const Consensus& consensus, const Ranges& vertices, const Networks& networks) {
    struct Row {
      std::uint32_t network;
      std::uint32_t resolution;
      Counterpart counterpart;
    };
    std::vector<Row> rows;
    for (std::uint32_t r = 0; r < consensus.at_resolution.size(); ++r) {
      for (const Counterpart& counterpart : consensus.at_resolution[r]) {
        const std::uint32_t network =
            networks.rank_of_vertex[counterpart.community - vertices.begin(comm_.rank())];
        if (network > 0) rows.push_back({network, r, counterpart});
      }
    }
    rows = at_root(comm_.gather_all(rows));
    std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
      return std::tie(a.network, a.resolution) < std::tie(b.network, b.resolution);
    });
    constexpr double persistent = 0.5;
    column<std::uint32_t>("resolutions/network", number, "rank of the network", rows,
                          [](auto& row) { return row.network; });
    column<double>("resolutions/resolution", number, "resolution of another search", rows,
                   [&](auto& row) { return study_.communities.resolutions[row.resolution]; });
    column<std::uint64_t>("resolutions/size", "accounts",
                          "members of the community there that holds most of the network", rows,
                          [](auto& row) { return row.counterpart.other_size; });
    column<std::uint64_t>("resolutions/shared", "accounts", "members of both", rows,
                          [](auto& row) { return row.counterpart.shared; });
    column<double>("resolutions/jaccard", number, "members of both divided by members of either", rows,
                   [](auto& row) { return row.counterpart.jaccard(); });
    column<std::uint16_t>(
        "resolutions/persists", number, "1 where jaccard is 0.5 or more", rows,
        [&](auto& row) { return static_cast<std::uint16_t>(row.counterpart.jaccard() >= persistent); });
  }

  const Comm& comm_;
  const Study& study_;
  const Catalogue& catalogue_;
};

}  // namespace

void write_results(const RunContext& run, const Results& results, const std::filesystem::path& file) {
  Tables tables(run, file);
  tables.attributes();
  tables.channels();
  tables.networks(results.networks, results.significance.has_value());
  tables.members(results.networks.members);
  tables.consensus(results.consensus, results.graph, results.networks);
  tables.edges(results.graph, results.networks, results.significance.has_value());
  tables.accounts(results.accounts, results.networks);
  tables.evidence(results.evidence);
  tables.funnel(run.funnel, results.significance.has_value());
  if (results.significance) write_significance(tables, run, results.graph, *results.significance);
  tables.close();
}

}  // namespace lockstep
