#include "src/networks/comparison.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "src/networks/evaluation.hpp"

namespace lockstep {

namespace {

std::map<std::uint32_t, std::uint64_t> sizes(std::span<const ComparedAccount> accounts,
                                             std::uint32_t ComparedAccount::*network) {
  std::map<std::uint32_t, std::uint64_t> members;
  for (const auto& account : accounts) {
    if (account.*network != 0) ++members[account.*network];
  }
  return members;
}

/// Every pair of networks with an account in both, by rank in A, then in B.
std::vector<NetworkMatch> overlaps(std::span<const ComparedAccount> accounts) {
  const auto sizes_a = sizes(accounts, &ComparedAccount::a);
  const auto sizes_b = sizes(accounts, &ComparedAccount::b);
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> shared;
  for (const auto& [a, b] : accounts) {
    if (a != 0 && b != 0) ++shared[{a, b}];
  }
  std::vector<NetworkMatch> pairs;
  for (const auto& [ranks, count] : shared) {
    const auto [a, b] = ranks;
    pairs.push_back({{a, sizes_a.at(a)}, {b, sizes_b.at(b)}, count});
  }
  return pairs;
}

/// Marks the best match of every network on one side; pairs come by rank, so the first of equals stays.
void mark_best(std::vector<NetworkMatch>& pairs, SizedNetwork NetworkMatch::*side, bool NetworkMatch::*best) {
  std::map<std::uint32_t, NetworkMatch*> best_of;
  for (auto& pair : pairs) {
    auto*& known = best_of[(pair.*side).rank];
    if (!known ||
        std::make_tuple(pair.jaccard(), pair.shared) > std::make_tuple(known->jaccard(), known->shared)) {
      known = &pair;
    }
  }
  for (const auto& [rank, pair] : best_of) pair->*best = true;
}

std::vector<SizedNetwork> without_match(std::span<const ComparedAccount> accounts,
                                        std::uint32_t ComparedAccount::*network,
                                        const std::vector<NetworkMatch>& matches,
                                        SizedNetwork NetworkMatch::*side) {
  auto left = sizes(accounts, network);
  for (const auto& match : matches) left.erase((match.*side).rank);
  std::vector<SizedNetwork> networks;
  for (const auto& [rank, size] : left) networks.push_back({rank, size});
  return networks;
}

/// `lone` numbers the networks of accounts in none: they follow on the ranks.
Agreement agreement(std::span<const ComparedAccount> accounts, bool with_lone) {
  std::uint32_t lone = 0;
  for (const auto& [a, b] : accounts) lone = std::max({lone, a, b});
  std::vector<std::uint32_t> labels_a;
  std::vector<std::uint32_t> labels_b;
  for (const auto& [a, b] : accounts) {
    if (!with_lone && (a == 0 || b == 0)) continue;
    labels_a.push_back(a != 0 ? a : ++lone);
    labels_b.push_back(b != 0 ? b : ++lone);
  }
  return {labels_a.size(), normalized_mutual_information(labels_a, labels_b),
          adjusted_rand_index(labels_a, labels_b)};
}

}  // namespace

double NetworkMatch::jaccard() const {
  return static_cast<double>(shared) / static_cast<double>(a.size + b.size - shared);
}

std::size_t NetworkComparison::persisting() const {
  return static_cast<std::size_t>(std::ranges::count_if(matches, &NetworkMatch::persists));
}

NetworkComparison compare_networks(std::span<const ComparedAccount> accounts, double min_jaccard) {
  NetworkComparison comparison;
  auto& matches = comparison.matches;
  matches = overlaps(accounts);
  std::erase_if(matches, [&](const NetworkMatch& pair) { return pair.jaccard() < min_jaccard; });
  mark_best(matches, &NetworkMatch::a, &NetworkMatch::best_of_a);
  mark_best(matches, &NetworkMatch::b, &NetworkMatch::best_of_b);
  std::erase_if(matches, [](const NetworkMatch& pair) { return !pair.best_of_a && !pair.best_of_b; });
  comparison.only_a = without_match(accounts, &ComparedAccount::a, matches, &NetworkMatch::a);
  comparison.only_b = without_match(accounts, &ComparedAccount::b, matches, &NetworkMatch::b);
  for (const auto& [a, b] : accounts) {
    comparison.lost += b == 0 ? 1 : 0;
    comparison.gained += a == 0 ? 1 : 0;
  }
  comparison.either = agreement(accounts, true);
  comparison.both = agreement(accounts, false);
  return comparison;
}

}  // namespace lockstep
