#include "src/networks/networks.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>

#include <tsl/robin_map.h>

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

std::uint64_t parse_count(const std::string& text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
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
  const auto& followers = accounts.attributes[static_cast<std::size_t>(Attribute::followers)];
  NetworkTable table;
  for (std::size_t v = 0; v < labels.size(); ++v) {
    Network& network = entry(table, labels[v]);
    ++network.size;
    // A sum of digests does not depend on the order of members.
    network.id += mix(accounts.digests[v].high, accounts.digests[v].low, 0, 0);
    if (followers.empty()) continue;
    const std::uint64_t count = parse_count(followers[v]);
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
  tsl::robin_map<std::uint32_t, std::string> names;
  for (const Network& network : networks) names[network.label];
  std::vector<std::uint32_t> sent;
  std::string texts;
  for (const auto& [label, vertex] : smallest) {
    if (!names.contains(label)) continue;
    sent.push_back(label);
    texts += accounts.names[vertex] + '\0';
  }
  const auto all_labels = comm.gather_all(sent);
  const auto all_texts = comm.gather_all(std::span<const char>(texts));
  const char* text = all_texts.data();
  for (const std::uint32_t label : all_labels) {
    const std::string_view name(text);
    auto& best = names[label];
    if (best.empty() || name < best) best = name;
    text += name.size() + 1;
  }
  std::vector<std::string> in_order;
  for (const Network& network : networks) in_order.push_back(names[network.label]);
  return in_order;
}

/// By summed S per member, compared exactly, then by name.
std::vector<Network> in_rank_order(const std::vector<Network>& networks,
                                   const std::vector<std::string>& names) {
  std::vector<std::size_t> order(networks.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) {
    const UnsignedWide left = UnsignedWide{networks[i].shared} * networks[j].size;
    const UnsignedWide right = UnsignedWide{networks[j].shared} * networks[i].size;
    return left != right ? left > right : names[i] < names[j];
  });
  std::vector<Network> ranked;
  for (const std::size_t i : order) ranked.push_back(networks[i]);
  return ranked;
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

std::vector<Composition> compose(const Comm& comm, const VertexAccounts& accounts,
                                 const std::vector<std::uint32_t>& rank_of_vertex) {
  using Key = std::tuple<std::uint32_t, std::uint8_t, std::string>;
  std::map<Key, std::uint64_t> counts;
  for (const Attribute attribute :
       {Attribute::kind, Attribute::platform, Attribute::language, Attribute::region}) {
    const auto& values = accounts.attributes[static_cast<std::size_t>(attribute)];
    for (std::size_t v = 0; v < values.size(); ++v) {
      if (rank_of_vertex[v] == 0 || values[v].empty()) continue;
      ++counts[{rank_of_vertex[v], static_cast<std::uint8_t>(attribute), values[v]}];
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

}  // namespace

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

Networks rank_networks(const Comm& comm, const CoordinationGraph& graph,
                       const std::vector<std::uint32_t>& labels, const VertexAccounts& accounts,
                       std::uint32_t min_size) {
  Networks networks;
  const auto targets = target_labels(comm, graph, labels);
  auto listed = sum_up(comm, graph, labels, targets, accounts);
  const std::size_t communities = listed.size();
  std::erase_if(listed, [&](const Network& network) { return network.size < min_size; });
  networks.dropped = comm.sum(communities - listed.size());
  listed = comm.gather_all(listed);
  networks.ranked = in_rank_order(listed, smallest_names(comm, listed, labels, accounts));

  tsl::robin_map<std::uint32_t, std::uint32_t> rank_of_label;
  for (std::uint32_t i = 0; i < networks.ranked.size(); ++i) rank_of_label[networks.ranked[i].label] = i + 1;
  const auto rank_of = [&](std::uint32_t label) {
    const auto place = rank_of_label.find(label);
    return place == rank_of_label.end() ? 0 : place->second;
  };
  for (const std::uint32_t label : labels) networks.rank_of_vertex.push_back(rank_of(label));
  const auto begin = graph.vertices.begin(comm.rank());
  for (std::size_t e = 0; e < graph.edges.size(); ++e) {
    const std::uint32_t rank = labels[graph.edges[e].source - begin] == targets[e] ? rank_of(targets[e]) : 0;
    networks.rank_of_edge.push_back(rank == 0 ? -1 : static_cast<std::int32_t>(rank));
  }
  networks.members = list_members(comm, graph, networks);
  networks.composition = compose(comm, accounts, networks.rank_of_vertex);
  return networks;
}

}  // namespace lockstep
