#include "src/networks/networks.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>

#include <tsl/robin_map.h>
#include <tsl/robin_set.h>

#include "cluster/sort.hpp"
#include "cluster/texts.hpp"
#include "data/wide.hpp"

namespace lockstep {

namespace {

/// Adds what one rank knows of a network to what another knows.
void merge(Network& into, const Network& from) {
  into.id += from.id;
  into.size += from.size;
  into.edges += from.edges;
  into.shared += from.shared;
  into.first_time = std::min(into.first_time, from.first_time);
  into.last_time = std::max(into.last_time, from.last_time);
  into.followers_sum += from.followers_sum;
  into.followers_max = std::max(into.followers_max, from.followers_max);
}

using NetworkTable = tsl::robin_map<std::uint32_t, Network>;

Network& entry(NetworkTable& table, std::uint32_t label) {
  return table.try_emplace(label, Network{label, 0, 0, 0, 0, UINT32_MAX, 0, 0, 0}).first.value();
}

/// Labels of the targets of own edges.
std::vector<std::uint32_t> target_labels(const Comm& comm, const CoordinationGraph& graph,
                                         const std::vector<std::uint32_t>& labels) {
  std::vector<std::uint32_t> targets;
  for (const Edge& edge : graph.edges) targets.push_back(edge.target);
  std::sort(targets.begin(), targets.end());
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  const auto found = ask(
      comm, targets, [&](std::uint32_t vertex) { return graph.vertices.owner(vertex); },
      [&](std::uint32_t vertex) { return labels[vertex - graph.vertices.begin(comm.rank())]; });
  std::vector<std::uint32_t> by_edge;
  for (const Edge& edge : graph.edges) {
    const auto place = std::lower_bound(targets.begin(), targets.end(), edge.target);
    by_edge.push_back(found[static_cast<std::size_t>(place - targets.begin())]);
  }
  return by_edge;
}

bool same_pair(const Edge& a, const Edge& b) {
  return a.source == b.source && a.target == b.target;
}

/// Every community with its sums, on the rank that owns its label.
std::vector<Network> sum_up(const Comm& comm, const CoordinationGraph& graph,
                            const std::vector<std::uint32_t>& labels,
                            const std::vector<std::uint32_t>& targets, const VertexAccounts& accounts) {
  const auto begin = graph.vertices.begin(comm.rank());
  NetworkTable table;
  for (std::size_t v = 0; v < labels.size(); ++v) {
    Network& network = entry(table, labels[v]);
    ++network.size;
    // A sum of digests does not depend on the order of members.
    network.id += mix(accounts.digests[v].high, accounts.digests[v].low, 0, 0);
    const std::uint64_t count = followers_of(accounts, v);
    network.followers_sum += count;
    network.followers_max = std::max(network.followers_max, count);
  }
  for (std::size_t e = 0; e < graph.edges.size(); ++e) {
    const Edge& edge = graph.edges[e];
    if (labels[edge.source - begin] != targets[e]) continue;
    Network& network = entry(table, targets[e]);
    network.edges += e == 0 || !same_pair(graph.edges[e - 1], edge) ? 1 : 0;
    network.shared += edge.shared;
    network.first_time = std::min(network.first_time, edge.first_time);
    network.last_time = std::max(network.last_time, edge.last_time);
  }
  std::vector<Network> partial;
  for (const auto& [label, network] : table) partial.push_back(network);
  table.clear();
  for (const Network& network :
       send_to(comm, partial, [&](const Network& n) { return graph.vertices.owner(n.label); }).rows) {
    merge(entry(table, network.label), network);
  }
  std::vector<Network> summed;
  for (const auto& [label, network] : table) summed.push_back(network);
  return summed;
}

/// The smallest account name of each network, on every rank, in the order of `networks`.
std::vector<std::string> smallest_names(const Comm& comm, const std::vector<Network>& networks,
                                        const std::vector<std::uint32_t>& labels,
                                        const VertexAccounts& accounts) {
  tsl::robin_map<std::uint32_t, std::uint32_t> smallest;  // label: own vertex
  for (std::uint32_t v = 0; v < labels.size(); ++v) {
    auto& best = smallest.try_emplace(labels[v], v).first.value();
    if (accounts.names[v] < accounts.names[best]) best = v;
  }
  tsl::robin_set<std::uint32_t> listed;
  for (const Network& network : networks) listed.insert(network.label);
  struct Named {
    std::uint32_t label;
    std::uint32_t length;
  };
  std::vector<Named> sent;
  std::string texts;
  for (const auto& [label, vertex] : smallest) {
    if (!listed.contains(label)) continue;
    const std::string& name = accounts.names[vertex];
    sent.push_back({label, static_cast<std::uint32_t>(name.size())});
    texts += name;
  }
  const auto all = comm.gather_all(sent);
  const auto all_texts = comm.gather_all(std::span<const char>(texts));
  const char* text = all_texts.data();
  tsl::robin_map<std::uint32_t, std::string> names;
  for (const auto& [label, length] : all) {
    const std::string_view name(text, length);
    const auto [best, is_new] = names.try_emplace(label, name);
    if (!is_new && name < best->second) best.value() = name;
    text += length;
  }
  std::vector<std::string> in_order;
  for (const Network& network : networks) in_order.push_back(names[network.label]);
  return in_order;
}

std::vector<Member> list_members(const Comm& comm, const CoordinationGraph& graph, const Networks& networks) {
  struct Share {
    std::uint32_t vertex;
    std::uint32_t degree;
    std::uint64_t strength;
  };
  std::vector<Share> shares;
  for (std::size_t e = 0; e < graph.edges.size(); ++e) {
    if (networks.rank_of_edge[e] < 0) continue;
    const Edge& edge = graph.edges[e];
    const std::uint32_t new_pair = e == 0 || !same_pair(graph.edges[e - 1], edge) ? 1 : 0;
    shares.push_back({edge.source, new_pair, edge.shared});
    shares.push_back({edge.target, new_pair, edge.shared});
  }
  const auto begin = graph.vertices.begin(comm.rank());
  std::vector<Member> own;
  for (std::uint32_t v = 0; v < networks.rank_of_vertex.size(); ++v) {
    own.push_back({networks.rank_of_vertex[v], static_cast<std::uint32_t>(begin) + v, 0, 0});
  }
  for (const Share& share :
       send_to(comm, shares, [&](const Share& s) { return graph.vertices.owner(s.vertex); }).rows) {
    own[share.vertex - begin].degree += share.degree;
    own[share.vertex - begin].strength += share.strength;
  }
  std::erase_if(own, [](const Member& member) { return member.network == 0; });
  return sample_sort(comm, std::move(own));
}

/// `targets`: rank of the network of each edge's target.
std::vector<Link> find_links(const Comm& comm, const CoordinationGraph& graph,
                             const std::vector<std::uint32_t>& rank_of_vertex,
                             const std::vector<std::uint32_t>& targets) {
  using Pair = std::pair<std::uint32_t, std::uint32_t>;
  std::map<Pair, Link> links;
  const auto add = [&](const Link& link) {
    auto& sum =
        links.try_emplace(Pair{link.network_a, link.network_b}, Link{link.network_a, link.network_b, 0, 0})
            .first->second;
    sum.edges += link.edges;
    sum.shared += link.shared;
  };
  const auto begin = graph.vertices.begin(comm.rank());
  for (std::size_t e = 0; e < graph.edges.size(); ++e) {
    const std::uint32_t source = rank_of_vertex[graph.edges[e].source - begin];
    if (source == 0 || targets[e] == 0 || source == targets[e]) continue;
    const std::uint64_t new_pair = e == 0 || !same_pair(graph.edges[e - 1], graph.edges[e]) ? 1 : 0;
    const auto [a, b] = std::minmax(source, targets[e]);
    add({a, b, new_pair, graph.edges[e].shared});
  }
  std::vector<Link> own;
  for (const auto& [pair, link] : links) own.push_back(link);
  links.clear();
  for (const Link& link : send_to(comm, own, [](const Link&) { return 0; }).rows) add(link);
  own.clear();
  for (const auto& [pair, link] : links) own.push_back(link);
  return own;
}

}  // namespace

std::uint64_t followers_of(const VertexAccounts& accounts, std::size_t own_vertex) {
  const auto& followers = accounts.attributes[static_cast<std::size_t>(Attribute::followers)];
  if (followers.empty()) return 0;
  const std::string& text = followers[own_vertex];
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::vector<Composition> compose(const Comm& comm, const VertexAccounts& accounts,
                                 std::span<const GroupMember> members) {
  using Key = std::tuple<std::uint32_t, std::uint8_t, std::string>;
  std::map<Key, std::uint64_t> counts;
  for (const Attribute attribute :
       {Attribute::kind, Attribute::platform, Attribute::language, Attribute::region}) {
    const auto& values = accounts.attributes[static_cast<std::size_t>(attribute)];
    if (values.empty()) continue;
    for (const auto& [v, group] : members) {
      if (!values[v].empty()) ++counts[{group, static_cast<std::uint8_t>(attribute), values[v]}];
    }
  }
  struct Count {
    std::uint64_t network, attribute, accounts;
  };
  std::vector<Count> rows;
  std::vector<std::string_view> texts;
  for (const auto& [key, count] : counts) {
    rows.push_back({std::get<0>(key), std::get<1>(key), count});
    texts.push_back(std::get<2>(key));
  }
  std::vector<std::size_t> to_root(static_cast<std::size_t>(comm.size()), 0);
  to_root[0] = rows.size();
  const auto received = comm.exchange(rows, to_root);
  const TextPool values = exchange_texts(comm, texts, to_root);
  std::map<Key, std::uint64_t> merged;
  for (std::size_t i = 0; i < received.rows.size(); ++i) {
    const auto& [network, attribute, count] = received.rows[i];
    merged[{static_cast<std::uint32_t>(network), static_cast<std::uint8_t>(attribute),
            std::string(values[i])}] += count;
  }
  std::vector<Composition> composition;
  for (const auto& [key, count] : merged) {
    composition.push_back(
        {std::get<0>(key), static_cast<Attribute>(std::get<1>(key)), std::get<2>(key), count});
  }
  std::stable_sort(composition.begin(), composition.end(), [](const Composition& a, const Composition& b) {
    return std::tie(a.network, a.attribute, b.accounts) < std::tie(b.network, b.attribute, a.accounts);
  });
  return composition;
}

VertexAccounts describe_vertices(const Comm& comm, const CoordinationGraph& graph,
                                 const Catalogue& catalogue) {
  const Dictionary& dictionary = catalogue.accounts;
  const std::vector<std::uint64_t> ids(graph.own.begin(), graph.own.end());
  const auto owner = [&](std::uint64_t id) { return dictionary.owner(id); };
  VertexAccounts accounts;
  accounts.names = dictionary.names(comm, ids);
  for (const auto& name : accounts.names) accounts.digests.push_back(digest_of(name));
  for (std::size_t a = 0; a < attribute_names.size(); ++a) {
    if (!comm.any(!catalogue.attributes.values[a].empty())) continue;
    accounts.attributes[a] = ask_texts(comm, ids, owner, [&](std::uint64_t id) {
      return catalogue.attributes.value(static_cast<Attribute>(a), dictionary.place(id));
    });
  }
  return accounts;
}

Networks list_networks(const Comm& comm, const CoordinationGraph& graph,
                       const std::vector<std::uint32_t>& labels, const VertexAccounts& accounts,
                       std::uint32_t min_size) {
  Networks networks;
  auto listed = sum_up(comm, graph, labels, target_labels(comm, graph, labels), accounts);
  const std::size_t communities = listed.size();
  std::erase_if(listed, [&](const Network& network) { return network.size < min_size; });
  networks.dropped = comm.sum(communities - listed.size());
  networks.ranked = comm.gather_all(listed);
  std::sort(networks.ranked.begin(), networks.ranked.end(),
            [](const Network& a, const Network& b) { return a.label < b.label; });
  networks.names = smallest_names(comm, networks.ranked, labels, accounts);
  for (const std::uint32_t label : labels) {
    const auto place =
        std::lower_bound(networks.ranked.begin(), networks.ranked.end(), label,
                         [](const Network& network, std::uint32_t l) { return network.label < l; });
    const bool is_listed = place != networks.ranked.end() && place->label == label;
    networks.rank_of_vertex.push_back(
        is_listed ? static_cast<std::uint32_t>(place - networks.ranked.begin()) + 1 : 0);
  }
  return networks;
}

std::vector<std::size_t> order_by_count(const Networks& networks) {
  std::vector<std::size_t> order(networks.ranked.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) {
    // S_i / n_i against S_j / n_j, exactly.
    const UnsignedWide left = UnsignedWide{networks.ranked[i].shared} * networks.ranked[j].size;
    const UnsignedWide right = UnsignedWide{networks.ranked[j].shared} * networks.ranked[i].size;
    return left != right ? left > right : networks.names[i] < networks.names[j];
  });
  return order;
}

void rank_in_order(const Comm& comm, const CoordinationGraph& graph, const VertexAccounts& accounts,
                   std::span<const std::size_t> order, Networks& networks) {
  const Networks listed = std::move(networks);
  networks = {};
  networks.dropped = listed.dropped;
  std::vector<std::uint32_t> rank_of(order.size() + 1, 0);  // by number in the list, from 1
  for (const std::size_t i : order) {
    networks.ranked.push_back(listed.ranked[i]);
    networks.names.push_back(listed.names[i]);
    rank_of[i + 1] = static_cast<std::uint32_t>(networks.ranked.size());
  }
  for (const std::uint32_t number : listed.rank_of_vertex) networks.rank_of_vertex.push_back(rank_of[number]);
  const auto begin = graph.vertices.begin(comm.rank());
  const auto targets = target_labels(comm, graph, networks.rank_of_vertex);
  for (std::size_t e = 0; e < graph.edges.size(); ++e) {
    const std::uint32_t rank = networks.rank_of_vertex[graph.edges[e].source - begin];
    networks.rank_of_edge.push_back(rank == 0 || rank != targets[e] ? -1 : static_cast<std::int32_t>(rank));
  }
  networks.links = find_links(comm, graph, networks.rank_of_vertex, targets);
  networks.members = list_members(comm, graph, networks);
  std::vector<GroupMember> listed_members;
  for (std::size_t v = 0; v < networks.rank_of_vertex.size(); ++v) {
    if (networks.rank_of_vertex[v] > 0) listed_members.push_back({v, networks.rank_of_vertex[v]});
  }
  networks.composition = compose(comm, accounts, listed_members);
}

Networks rank_networks(const Comm& comm, const CoordinationGraph& graph,
                       const std::vector<std::uint32_t>& labels, const VertexAccounts& accounts,
                       std::uint32_t min_size) {
  Networks networks = list_networks(comm, graph, labels, accounts, min_size);
  rank_in_order(comm, graph, accounts, order_by_count(networks), networks);
  return networks;
}

}  // namespace lockstep
