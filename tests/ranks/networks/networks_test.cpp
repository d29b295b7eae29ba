#include "src/networks/networks.hpp"

#include <map>
#include <random>
#include <string>

#include "data/wide.hpp"
#include "src/log/windows.hpp"
#include "src/networks/channel_members.hpp"
#include "tests/ranks/communities/edges.hpp"
#include "tests/ranks/world.hpp"

namespace lockstep::test {
namespace {

constexpr std::uint32_t account_count = 150;

/// What every rank knows of all accounts, by id.
struct Known {
  std::vector<std::string> names;
  std::map<Attribute, std::vector<std::string>> attributes;  ///< empty text: not known

  Known() {
    for (std::uint32_t i = 0; i < account_count; ++i) names.push_back("account " + std::to_string(i));
    std::sort(names.begin(), names.end(),
              [](const auto& a, const auto& b) { return digest_of(a) < digest_of(b); });
    for (std::uint32_t i = 0; i < account_count; ++i) {
      attributes[Attribute::kind].push_back(i % 3 == 0 ? "page" : "profile");
      attributes[Attribute::region].push_back(i % 4 == 0 ? "" : "region " + std::to_string(i % 5));
      attributes[Attribute::followers].push_back(i % 7 == 0 ? "" : std::to_string(std::uint64_t{i} << 40));
    }
  }
};

/// As ingest makes it; some names are met by two ranks. Collective.
Catalogue make_catalogue(const Comm& comm, const Known& known) {
  std::vector<Dictionary::Entry> entries;
  const auto ranks = static_cast<std::uint32_t>(comm.size());
  for (std::uint32_t i = 0; i < account_count; ++i) {
    const bool met = i % ranks == static_cast<std::uint32_t>(comm.rank());
    if (met || i % 10 == 0) entries.push_back({0, digest_of(known.names[i]), known.names[i]});
  }
  Catalogue catalogue;
  catalogue.accounts = Dictionary::build(comm, 1, entries).dictionary;
  for (const auto& [attribute, values] : known.attributes) {
    auto& column = catalogue.attributes.values[static_cast<std::size_t>(attribute)];
    column.assign(catalogue.accounts.local_size(), AccountAttributes::unknown);
    for (std::uint32_t id = 0; id < account_count; ++id) {
      if (catalogue.accounts.owner(id) != comm.rank() || values[id].empty()) continue;
      column[catalogue.accounts.place(id)] = static_cast<std::uint32_t>(catalogue.attributes.words.size());
      catalogue.attributes.words.add(values[id]);
    }
  }
  return catalogue;
}

/// Groups of 1 … 6 accounts that are connected, in up to three channels, with edges between groups.
struct Grouped {
  std::vector<std::uint32_t> group;  ///< by account
  std::vector<Edge> edges;
};

Grouped random_groups(std::uint64_t seed) {
  EdgeMaker maker(seed);
  Grouped grouped;
  grouped.group.resize(account_count);
  std::vector<std::uint32_t> order(account_count);
  for (std::uint32_t i = 0; i < account_count; ++i) {
    order[i] = i;
    std::swap(order[i], order[maker.below(i + 1)]);
  }
  std::uint32_t group = 0;
  for (std::uint32_t i = 0; i < account_count; ++group) {
    const std::uint32_t end = std::min(account_count, i + 1 + maker.below(6));
    for (const std::uint32_t begin = i; i < end; ++i) {
      grouped.group[order[i]] = group;
      if (i == begin) continue;
      maker.add(order[i], order[i - 1], maker.below(3));
      maker.add(order[i], order[begin + maker.below(i - begin)], maker.below(3));
    }
  }
  for (int i = 0; i < 25; ++i)
    maker.add(maker.below(account_count), maker.below(account_count), maker.below(3));
  grouped.edges = maker.edges();
  return grouped;
}

/// The groups' vertices, and their labels: the smallest vertex.
std::vector<std::uint32_t> smallest_vertices(const Grouped& grouped,
                                             const std::vector<std::uint32_t>& named) {
  std::map<std::uint32_t, std::uint32_t> smallest;
  std::vector<std::uint32_t> labels;
  for (std::uint32_t v = 0; v < named.size(); ++v) {
    labels.push_back(smallest.try_emplace(grouped.group[named[v]], v).first->second);
  }
  return labels;
}

/// Everything that is said of one network, by brute force.
struct Expected {
  std::uint32_t label = 0;
  std::vector<std::uint32_t> accounts;
  std::set<std::pair<std::uint32_t, std::uint32_t>> pairs;
  std::uint64_t shared = 0;
  std::uint32_t first_time = UINT32_MAX;
  std::uint32_t last_time = 0;
  std::uint64_t followers_sum = 0;
  std::uint64_t followers_max = 0;
  std::string smallest_name;
};

std::vector<Expected> expected_networks(const Known& known, const Grouped& grouped, std::uint32_t min_size,
                                        std::uint64_t& dropped) {
  const auto named = named_accounts(grouped.edges);
  const auto labels = smallest_vertices(grouped, named);
  std::map<std::uint32_t, Expected> by_group;
  for (std::uint32_t v = 0; v < named.size(); ++v) {
    Expected& network = by_group[grouped.group[named[v]]];
    network.label = labels[v];
    const std::string& name = known.names[named[v]];
    if (network.accounts.empty() || name < network.smallest_name) network.smallest_name = name;
    network.accounts.push_back(named[v]);
    const std::string& followers = known.attributes.at(Attribute::followers)[named[v]];
    if (followers.empty()) continue;
    network.followers_sum += std::stoull(followers);
    network.followers_max = std::max<std::uint64_t>(network.followers_max, std::stoull(followers));
  }
  for (const Edge& edge : grouped.edges) {
    if (grouped.group[edge.source] != grouped.group[edge.target]) continue;
    Expected& network = by_group[grouped.group[edge.source]];
    network.pairs.emplace(edge.source, edge.target);
    network.shared += edge.shared;
    network.first_time = std::min(network.first_time, edge.first_time);
    network.last_time = std::max(network.last_time, edge.last_time);
  }
  std::vector<Expected> listed;
  for (const auto& [group, network] : by_group) {
    if (network.accounts.size() >= min_size) listed.push_back(network);
  }
  dropped = by_group.size() - listed.size();
  std::sort(listed.begin(), listed.end(), [](const Expected& a, const Expected& b) {
    const std::uint64_t left = a.shared * b.accounts.size();
    const std::uint64_t right = b.shared * a.accounts.size();
    return left != right ? left > right : a.smallest_name < b.smallest_name;
  });
  return listed;
}

/// The program's answer, with every rank's part brought together.
struct Answer {
  Answer(const Comm& comm, const Known& known, const Grouped& grouped, const Ranges& accounts,
         std::uint32_t min_size) {
    auto graph = make_coordination_graph(comm, accounts, edges_of(grouped.edges, accounts, comm.rank()));
    const auto described = describe_vertices(comm, graph, make_catalogue(comm, known));
    const auto labels = smallest_vertices(grouped, named_accounts(grouped.edges));
    const auto begin = labels.begin() + static_cast<std::ptrdiff_t>(graph.vertices.begin(comm.rank()));
    const auto size = static_cast<std::ptrdiff_t>(graph.own.size());
    networks = rank_networks(comm, graph, {begin, begin + size}, described, min_size);
    networks.rank_of_vertex = comm.gather_all(networks.rank_of_vertex);
    networks.rank_of_edge = comm.gather_all(networks.rank_of_edge);
    networks.members = comm.gather_all(networks.members);
    if (!comm.is_root()) {
      EXPECT_TRUE(networks.composition.empty());
    }
  }
  Networks networks;
};

TEST(DescribeVertices, BringsNamesAndAttributesToTheVertices) {
  const Known known;
  const Catalogue catalogue = make_catalogue(world(), known);
  for (std::uint32_t seed = 0; seed < 3; ++seed) {
    const Ranges accounts = account_ranges(account_count, seed);
    const auto edges = edges_of(random_groups(seed).edges, accounts, world().rank());
    const CoordinationGraph graph = make_coordination_graph(world(), accounts, edges);
    const VertexAccounts described = describe_vertices(world(), graph, catalogue);
    ASSERT_EQ(described.names.size(), graph.own.size());
    ASSERT_EQ(described.digests.size(), graph.own.size());
    for (std::size_t v = 0; v < graph.own.size(); ++v) {
      EXPECT_EQ(described.names[v], known.names[graph.own[v]]);
      EXPECT_EQ(described.digests[v], digest_of(known.names[graph.own[v]]));
    }
    for (std::size_t a = 0; a < attribute_names.size(); ++a) {
      const auto values = known.attributes.find(static_cast<Attribute>(a));
      std::vector<std::string> expected;
      if (values != known.attributes.end()) {
        for (const std::uint32_t account : graph.own) expected.push_back(values->second[account]);
      }
      EXPECT_EQ(described.attributes[a], expected) << attribute_names[a];
    }
  }
}

class RankNetworks : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  static constexpr std::uint32_t min_size = 3;
  const Known known;
  const Grouped grouped = random_groups(GetParam());
  const std::vector<std::uint32_t> named = named_accounts(grouped.edges);
  std::uint64_t dropped = 0;
  const std::vector<Expected> expected = expected_networks(known, grouped, min_size, dropped);
  const Networks networks =
      Answer(world(), known, grouped, account_ranges(account_count, GetParam()), min_size).networks;

  /// Rank of the network of an account; 0 for none.
  std::uint32_t rank_of(std::uint32_t account) const {
    for (std::uint32_t i = 0; i < expected.size(); ++i) {
      if (grouped.group[expected[i].accounts[0]] == grouped.group[account]) return i + 1;
    }
    return 0;
  }
};

TEST_P(RankNetworks, ListsAndSumsUpTheNetworks) {
  EXPECT_EQ(networks.dropped, dropped);
  EXPECT_GT(dropped, 0U);
  ASSERT_EQ(networks.ranked.size(), expected.size());
  int ties = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const Network& network = networks.ranked[i];
    EXPECT_EQ(network.label, expected[i].label) << "rank " << i + 1;
    EXPECT_EQ(network.size, expected[i].accounts.size());
    EXPECT_EQ(network.edges, expected[i].pairs.size());
    EXPECT_EQ(network.shared, expected[i].shared);
    EXPECT_EQ(network.first_time, expected[i].first_time);
    EXPECT_EQ(network.last_time, expected[i].last_time);
    EXPECT_EQ(network.followers_sum, expected[i].followers_sum);
    EXPECT_EQ(network.followers_max, expected[i].followers_max);
    const double pairs = 0.5 * network.size * (network.size - 1);
    EXPECT_DOUBLE_EQ(network.density(), static_cast<double>(network.edges) / pairs);
    EXPECT_DOUBLE_EQ(network.score(), static_cast<double>(network.shared) / network.size);
    ties +=
        i > 0 && network.shared * networks.ranked[i - 1].size == networks.ranked[i - 1].shared * network.size;
  }
  EXPECT_GT(ties, 0);
}

TEST_P(RankNetworks, IdsAreTheSameAtAnyRankCount) {
  const Networks alone = Answer(Comm::self(), known, grouped, Ranges{{0, account_count}}, min_size).networks;
  std::set<std::uint64_t> ids;
  ASSERT_EQ(networks.ranked.size(), alone.ranked.size());
  for (std::size_t i = 0; i < alone.ranked.size(); ++i) {
    EXPECT_EQ(networks.ranked[i].id, alone.ranked[i].id);
    EXPECT_TRUE(ids.insert(alone.ranked[i].id).second);
  }
}

TEST_P(RankNetworks, TellsEveryVertexAndEdgeItsRank) {
  ASSERT_EQ(networks.rank_of_vertex.size(), named.size());
  for (std::size_t v = 0; v < named.size(); ++v) EXPECT_EQ(networks.rank_of_vertex[v], rank_of(named[v]));
  ASSERT_EQ(networks.rank_of_edge.size(), grouped.edges.size());
  for (std::size_t e = 0; e < grouped.edges.size(); ++e) {
    const auto [source, target] = std::pair(grouped.edges[e].source, grouped.edges[e].target);
    const bool inside = grouped.group[source] == grouped.group[target] && rank_of(source) != 0;
    EXPECT_EQ(networks.rank_of_edge[e], inside ? static_cast<std::int32_t>(rank_of(source)) : -1);
  }
}

TEST_P(RankNetworks, CountsEveryMembersPartners) {
  std::vector<Member> members;
  for (std::uint32_t i = 0; i < expected.size(); ++i) {
    for (const std::uint32_t account : expected[i].accounts) {
      Member member{i + 1, vertex_of(named, account), 0, 0};
      for (const auto& [source, target] : expected[i].pairs)
        member.degree += source == account || target == account;
      for (const Edge& edge : grouped.edges) {
        if (grouped.group[edge.source] != grouped.group[edge.target]) continue;
        if (edge.source == account || edge.target == account) member.strength += edge.shared;
      }
      members.push_back(member);
    }
  }
  std::sort(members.begin(), members.end());
  EXPECT_TRUE(networks.members == members);
}

TEST_P(RankNetworks, CountsMembersByAttribute) {
  if (!world().is_root()) return;
  std::vector<std::tuple<std::uint32_t, Attribute, std::int64_t, std::string>> rows;  // most accounts first
  for (std::uint32_t i = 0; i < expected.size(); ++i) {
    for (const Attribute attribute : {Attribute::kind, Attribute::region}) {
      std::map<std::string, std::int64_t> counts;
      for (const std::uint32_t account : expected[i].accounts) {
        ++counts[known.attributes.at(attribute)[account]];
      }
      counts.erase("");
      for (const auto& [value, count] : counts) rows.emplace_back(i + 1, attribute, -count, value);
    }
  }
  std::sort(rows.begin(), rows.end());
  decltype(rows) found;
  for (const auto& [network, attribute, value, accounts] : networks.composition) {
    found.emplace_back(network, attribute, -static_cast<std::int64_t>(accounts), value);
  }
  EXPECT_EQ(found, rows);
}

TEST_P(RankNetworks, CountsLinksBetweenNetworks) {
  if (!world().is_root()) return;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::set<std::pair<std::uint32_t, std::uint32_t>>> pairs;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> shared;
  for (const Edge& edge : grouped.edges) {
    const std::pair<std::uint32_t, std::uint32_t> link =
        std::minmax(rank_of(edge.source), rank_of(edge.target));
    if (link.first == 0 || link.first == link.second) continue;
    pairs[link].emplace(edge.source, edge.target);
    shared[link] += edge.shared;
  }
  ASSERT_EQ(networks.links.size(), pairs.size());
  EXPECT_GT(pairs.size(), 0U);
  auto link = networks.links.begin();
  for (const auto& [between, accounts] : pairs) {
    EXPECT_EQ(std::pair(link->network_a, link->network_b), between);
    EXPECT_EQ(link->edges, accounts.size());
    EXPECT_EQ(link->shared, shared[between]);
    ++link;
  }
}

/// Members, edges, times, followers and attributes of each network in each channel, over a log of its own.
TEST_P(RankNetworks, DescribesMembersByChannel) {
  const std::vector<ChannelRule> channels{{0, 5, 10, 1}, {5, 9, 10, 1}, {9, 20, 10, 1}};
  std::mt19937 engine(GetParam());
  std::vector<Action> log;
  for (int i = 0; i < 250; ++i) {  // some members do not act at all in a channel
    log.push_back({engine() % 20, static_cast<std::uint32_t>(engine() % 90),
                   static_cast<std::uint32_t>(engine() % account_count)});
  }
  std::sort(log.begin(), log.end());
  const Ranges accounts = account_ranges(account_count, GetParam());
  auto graph = make_coordination_graph(world(), accounts, edges_of(grouped.edges, accounts, world().rank()));
  const auto described = describe_vertices(world(), graph, make_catalogue(world(), known));
  const auto labels = smallest_vertices(grouped, named);
  const auto begin = labels.begin() + static_cast<std::ptrdiff_t>(graph.vertices.begin(world().rank()));
  const auto ranked = rank_networks(
      world(), graph, {begin, begin + static_cast<std::ptrdiff_t>(graph.own.size())}, described, min_size);
  const auto own = own_piece(log, GetParam());
  std::vector<std::uint32_t> ranks;
  for (const Action& action : own) {
    const bool named_here = std::binary_search(named.begin(), named.end(), action.account);
    ranks.push_back(named_here ? rank_of(action.account) : 0);
  }
  const auto found = describe_members(world(), own, ranks, channels, graph, described, ranked);

  std::vector<std::vector<std::uint64_t>> rows;
  std::vector<std::tuple<std::uint32_t, std::uint32_t, Attribute, std::int64_t, std::string>> composition;
  for (std::uint32_t i = 0; i < expected.size(); ++i) {
    for (std::uint32_t c = 0; c < channels.size(); ++c) {
      std::set<std::uint32_t> active;
      for (const Action& action : log) {
        const bool is_member = std::ranges::count(expected[i].accounts, action.account) > 0;
        if (is_member && channel_of(channels, action.object) == c) active.insert(action.account);
      }
      std::vector<std::uint64_t> row{i + 1, c, active.size(), UINT32_MAX, 0, 0, 0, 0};
      for (const std::uint32_t account : active) {
        const std::string& text = known.attributes.at(Attribute::followers)[account];
        const std::uint64_t followers = text.empty() ? 0 : std::stoull(text);
        row[6] += followers;
        row[7] = std::max(row[7], followers);
      }
      for (const Edge& edge : grouped.edges) {
        if (edge.channel != c || rank_of(edge.source) != i + 1 || rank_of(edge.target) != i + 1) continue;
        row[3] = std::min<std::uint64_t>(row[3], edge.first_time);
        row[4] = std::max<std::uint64_t>(row[4], edge.last_time);
        ++row[5];
      }
      if (row[2] > 0 || row[5] > 0) rows.push_back(row);
      for (const Attribute attribute : {Attribute::kind, Attribute::region}) {
        std::map<std::string, std::int64_t> counts;
        for (const std::uint32_t account : active) ++counts[known.attributes.at(attribute)[account]];
        counts.erase("");
        for (const auto& [value, count] : counts)
          composition.emplace_back(i + 1, c, attribute, -count, value);
      }
    }
  }
  std::vector<std::vector<std::uint64_t>> found_rows;
  for (const ChannelMembers& m : found.channels) {
    found_rows.push_back({m.network, m.channel, m.members, m.first_time, m.last_time, m.edges,
                          m.followers_sum, m.followers_max});
    const double pairs = 0.5 * m.members * (m.members - 1.0);
    EXPECT_DOUBLE_EQ(m.density(), m.members > 1 ? static_cast<double>(m.edges) / pairs : 0);
  }
  EXPECT_EQ(found_rows, rows);
  std::sort(composition.begin(), composition.end());
  decltype(composition) found_composition;
  for (const auto& [channel, counted] : found.composition) {
    found_composition.emplace_back(counted.network, channel, counted.attribute,
                                   -static_cast<std::int64_t>(counted.accounts), counted.value);
  }
  EXPECT_EQ(found_composition, world().is_root() ? composition : decltype(composition)());
}

INSTANTIATE_TEST_SUITE_P(Networks, RankNetworks, ::testing::Range(0U, 5U));

/// Three networks of two accounts that tie, in the order in which their names put them. `names`: by vertex;
/// vertices v and v + 3 make a network.
void expect_order(const std::vector<std::string>& names, const std::vector<std::uint32_t>& labels_in_order) {
  std::vector<Edge> edges;
  for (std::uint32_t v = 0; v < 3; ++v) edges.push_back({v, v + 3, 0, 5, 0, 0, 0, 0, 1});
  std::set<std::vector<std::uint32_t>> found;
  for (std::uint32_t seed = 0; seed < 10; ++seed) {
    const Ranges accounts = account_ranges(6, seed);
    const auto graph = make_coordination_graph(world(), accounts, edges_of(edges, accounts, world().rank()));
    VertexAccounts described;
    std::vector<std::uint32_t> labels;
    for (const std::uint32_t vertex : graph.own) {
      described.names.push_back(names[vertex]);
      described.digests.push_back(digest_of(names[vertex]));
      labels.push_back(vertex % 3);
    }
    std::vector<std::uint32_t> order;
    for (const Network& network : rank_networks(world(), graph, labels, described, 2).ranked) {
      order.push_back(network.label);
    }
    found.insert(order);
  }
  EXPECT_EQ(found, (std::set<std::vector<std::uint32_t>>{labels_in_order}));
}

TEST(RankNetworksTies, GoBySmallestName) {
  expect_order({"m", "a", "zz", "b", "z", "aa"}, {1, 2, 0});
}

TEST(RankNetworksTies, TakeAnEmptyNameForTheSmallest) {
  // An account's name may be empty where the study's `missing` does not list "".
  expect_order({"", "a", "c", "z", "y", "x"}, {0, 1, 2});
}

TEST(RankNetworksTies, TakeNamesWithAnyCharacter) {
  // JSON strings may hold U+0000.
  using namespace std::string_literals;
  expect_order({"z", "a\0b"s, "a\0a"s, "c", "y", "x"}, {2, 1, 0});
}

}  // namespace
}  // namespace lockstep::test
