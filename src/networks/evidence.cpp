#include "src/networks/evidence.hpp"

#include <algorithm>

#include <tsl/robin_map.h>
#include <tsl/robin_set.h>

#include "cluster/exchange.hpp"
#include "cluster/sort.hpp"
#include "src/log/prune.hpp"

namespace lockstep {

std::vector<std::uint32_t> label_actions(const Comm& comm, std::span<const Action> log,
                                         const CoordinationGraph& graph,
                                         std::span<const std::uint32_t> network_of_vertex) {
  tsl::robin_set<std::uint32_t> met;
  for (const Action& action : log) met.insert(action.account);
  const std::vector<std::uint32_t> accounts(met.begin(), met.end());
  const auto found = ask(
      comm, accounts, [&](std::uint32_t account) { return graph.accounts.owner(account); },
      [&](std::uint32_t account) {
        const auto place = std::lower_bound(graph.own.begin(), graph.own.end(), account);
        if (place == graph.own.end() || *place != account) return 0U;
        return network_of_vertex[static_cast<std::size_t>(place - graph.own.begin())];
      });
  tsl::robin_map<std::uint32_t, std::uint32_t> networks;
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    if (found[i] != 0) networks[accounts[i]] = found[i];
  }
  std::vector<std::uint32_t> labels;
  labels.reserve(log.size());
  for (const Action& action : log) {
    const auto place = networks.find(action.account);
    labels.push_back(place == networks.end() ? 0 : place->second);
  }
  return labels;
}

void for_each_member_co_action(const HaloLog& log, std::span<const std::uint32_t> networks,
                               std::span<const ChannelRule> channels,
                               const std::function<void(std::size_t, std::uint32_t)>& take) {
  // Each object is taken apart by network; the pieces are objects of a smaller log, with the same question:
  // who acts within Δ of another account?
  struct Labelled {
    std::uint64_t object;
    std::uint32_t network;
    std::uint32_t position;
    auto operator<=>(const Labelled&) const = default;
  };
  std::vector<Labelled> labelled;
  for (std::uint32_t i = 0; i < log.actions.size(); ++i) {
    if (networks[i] != 0) labelled.push_back({log.actions[i].object, networks[i], i});
  }
  std::sort(labelled.begin(), labelled.end());  // by position last: times stay in order

  std::vector<ChannelRule> piece_channels;
  std::vector<Action> pieces;
  std::uint64_t piece = 0;
  std::size_t i = 0;
  for (const ChannelRule& channel : channels) {
    const std::uint64_t first = piece;
    for (; i < labelled.size() && labelled[i].object < channel.end_object; ++i) {
      const bool is_new = pieces.empty() || labelled[i - 1].object != labelled[i].object ||
                          labelled[i - 1].network != labelled[i].network;
      piece += is_new ? 1 : 0;
      const Action& action = log.actions[labelled[i].position];
      pieces.push_back({piece - 1, action.time, action.account});
    }
    piece_channels.push_back({first, piece, channel.window, channel.min_shared});
  }
  const auto lags = nearest_lags(pieces, piece_channels);
  for (std::size_t p = 0; p < pieces.size(); ++p) {
    const std::uint32_t position = labelled[p].position;
    if (lags[p] != no_lag && position >= log.own_begin && position < log.own_end) take(position, lags[p]);
  }
}

std::vector<MemberAction> find_member_co_actions(const HaloLog& log, std::span<const std::uint32_t> networks,
                                                 std::span<const ChannelRule> channels) {
  std::vector<MemberAction> found;
  for_each_member_co_action(log, networks, channels, [&](std::size_t position, std::uint32_t) {
    found.push_back({networks[position], log.actions[position]});
  });
  return found;
}

std::vector<Evidence> sum_up_evidence(std::span<const MemberAction> actions, std::uint32_t objects) {
  std::vector<Evidence> evidence;
  std::vector<Evidence> of_network;
  for (std::size_t i = 0; i < actions.size();) {
    const std::uint32_t network = actions[i].network;
    of_network.clear();
    while (i < actions.size() && actions[i].network == network) {
      const std::uint64_t object = actions[i].action.object;
      Evidence row{network, 0, object, 0, 0, UINT32_MAX, 0};
      std::vector<std::uint32_t> accounts;
      for (; i < actions.size() && actions[i].network == network && actions[i].action.object == object; ++i) {
        ++row.actions;
        row.first_time = std::min(row.first_time, actions[i].action.time);
        row.last_time = std::max(row.last_time, actions[i].action.time);
        accounts.push_back(actions[i].action.account);
      }
      std::sort(accounts.begin(), accounts.end());
      row.accounts =
          static_cast<std::uint64_t>(std::unique(accounts.begin(), accounts.end()) - accounts.begin());
      of_network.push_back(row);
    }
    std::sort(of_network.begin(), of_network.end(), [](const Evidence& a, const Evidence& b) {
      return std::tie(b.accounts, b.actions, a.object) < std::tie(a.accounts, a.actions, b.object);
    });
    of_network.resize(std::min<std::size_t>(of_network.size(), objects));
    for (std::uint32_t place = 0; place < of_network.size(); ++place) {
      of_network[place].place = place;
      evidence.push_back(of_network[place]);
    }
  }
  return evidence;
}

std::vector<Evidence> collect_evidence(const Comm& comm, const HaloLog& log,
                                       const std::vector<ChannelRule>& channels,
                                       const CoordinationGraph& graph, const Networks& networks,
                                       std::uint32_t objects) {
  const auto labels = label_actions(comm, log.actions, graph, networks.rank_of_vertex);
  auto actions = find_member_co_actions(log, labels, channels);
  actions =
      send_to(comm, actions, [&](const MemberAction& action) { return keeper(comm, action.network); }).rows;
  std::sort(actions.begin(), actions.end());
  return sample_sort(comm, sum_up_evidence(actions, objects));
}

}  // namespace lockstep
