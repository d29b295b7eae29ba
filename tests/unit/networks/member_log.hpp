#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "src/networks/evidence.hpp"

namespace lockstep::test {

/// A small log of accounts of which some are members of networks 1 … 4; the others have network 0.
struct MemberLog {
  std::vector<Action> actions;  ///< sorted
  std::vector<ChannelRule> channels;
  std::vector<std::uint32_t> network_of;  ///< by account

  std::uint32_t window(std::uint64_t object) const {
    return std::find_if(channels.begin(), channels.end(),
                        [&](const ChannelRule& rule) { return object < rule.end_object; })
        ->window;
  }
};

/// Four channels with windows of their own; the second has no object. Some actions are there twice.
inline MemberLog random_member_log(std::uint64_t seed, std::size_t actions) {
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t end) { return static_cast<std::uint32_t>(random() % end); };
  MemberLog log;
  log.channels = {{0, 6, 2, 1}, {6, 6, 9, 1}, {6, 11, 0, 1}, {11, 20, 5, 1}};
  for (int account = 0; account < 16; ++account) log.network_of.push_back(below(5));
  while (log.actions.size() < actions) {
    const bool again = !log.actions.empty() && below(10) == 0;
    log.actions.push_back(again ? log.actions[below(log.actions.size())]
                                : Action{below(20), below(60), below(16)});
  }
  std::sort(log.actions.begin(), log.actions.end());
  return log;
}

/// Whether the action has a co-action (METHOD §1) by another member of its network.
inline bool is_member_co_action(const MemberLog& log, const Action& action) {
  const std::uint32_t network = log.network_of[action.account];
  return network != 0 && std::any_of(log.actions.begin(), log.actions.end(), [&](const Action& other) {
           const auto lag = std::abs(std::int64_t{other.time} - std::int64_t{action.time});
           return other.object == action.object && other.account != action.account &&
                  log.network_of[other.account] == network && lag <= log.window(action.object);
         });
}

/// Sorted.
inline std::vector<MemberAction> member_co_actions(const MemberLog& log) {
  std::vector<MemberAction> found;
  for (const Action& action : log.actions) {
    if (is_member_co_action(log, action)) found.push_back({log.network_of[action.account], action});
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// At most `objects` per network: those with most accounts, then most actions, then the smallest object.
inline std::vector<Evidence> brute_force_evidence(const MemberLog& log, std::uint32_t objects) {
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::vector<Action>> by_object;
  for (const auto& [network, action] : member_co_actions(log))
    by_object[{network, action.object}].push_back(action);
  std::vector<Evidence> evidence;
  for (std::uint32_t network = 1; network <= 4; ++network) {
    std::vector<Evidence> rows;
    for (const auto& [key, actions] : by_object) {
      if (key.first != network) continue;
      std::set<std::uint32_t> accounts;
      std::set<std::uint32_t> times;
      for (const Action& action : actions) {
        accounts.insert(action.account);
        times.insert(action.time);
      }
      rows.push_back(
          {network, 0, key.second, accounts.size(), actions.size(), *times.begin(), *times.rbegin()});
    }
    std::stable_sort(rows.begin(), rows.end(), [](const Evidence& a, const Evidence& b) {
      return a.accounts != b.accounts ? a.accounts > b.accounts : a.actions > b.actions;
    });
    for (std::uint32_t place = 0; place < rows.size() && place < objects; ++place) {
      rows[place].place = place;
      evidence.push_back(rows[place]);
    }
  }
  return evidence;
}

/// Without a printer of their own, rows that differ would be shown as bytes.
inline std::vector<std::vector<std::uint64_t>> numbers(const std::vector<Evidence>& rows) {
  std::vector<std::vector<std::uint64_t>> all;
  for (const Evidence& row : rows) {
    all.push_back(
        {row.network, row.place, row.object, row.accounts, row.actions, row.first_time, row.last_time});
  }
  return all;
}

}  // namespace lockstep::test
