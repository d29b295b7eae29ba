#include "src/networks/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lockstep {

namespace {

std::optional<double> ratio(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

struct Group {
  std::uint64_t accounts;
  std::uint64_t positives;
};

/// Accounts of equal score, by descending score.
std::vector<Group> groups_by_score(std::vector<ScoredAccount> accounts) {
  std::sort(accounts.begin(), accounts.end(),
            [](const ScoredAccount& a, const ScoredAccount& b) { return a.score > b.score; });
  std::vector<Group> groups;
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    if (i == 0 || accounts[i].score != accounts[i - 1].score) groups.push_back({0, 0});
    ++groups.back().accounts;
    groups.back().positives += accounts[i].positive ? 1 : 0;
  }
  return groups;
}

/// How often each value occurs; in the order of the values.
template <class Value>
std::vector<std::uint64_t> occurrences(std::vector<Value> values) {
  std::sort(values.begin(), values.end());
  std::vector<std::uint64_t> counts;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i == 0 || values[i] != values[i - 1]) counts.push_back(0);
    ++counts.back();
  }
  return counts;
}

/// Sizes of the parts of two partitions, and of the parts' intersections.
struct Overlap {
  std::vector<std::uint64_t> a;
  std::vector<std::uint64_t> b;
  std::vector<std::uint64_t> both;
};

Overlap overlap(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) {
  std::vector<std::uint64_t> both(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) both[i] = (std::uint64_t{a[i]} << 32) | b[i];
  return {occurrences(std::vector(a.begin(), a.end())), occurrences(std::vector(b.begin(), b.end())),
          occurrences(std::move(both))};
}

/// In nats.
double entropy(const std::vector<std::uint64_t>& sizes, std::size_t elements) {
  double sum = 0;
  for (const std::uint64_t size : sizes) {
    const double share = static_cast<double>(size) / static_cast<double>(elements);
    sum -= share * std::log(share);
  }
  return sum;
}

std::uint64_t pairs_within(const std::vector<std::uint64_t>& sizes) {
  std::uint64_t pairs = 0;
  for (const std::uint64_t size : sizes) pairs += size * (size - 1) / 2;
  return pairs;
}

}  // namespace

std::optional<double> AccountCounts::precision() const {
  return ratio(found_positives, found);
}
std::optional<double> AccountCounts::recall() const {
  return ratio(found_positives, positives);
}
std::optional<double> AccountCounts::f1() const {
  return ratio(2 * found_positives, found + positives);
}

AccountCounts count_accounts(std::span<const JudgedAccount> accounts) {
  AccountCounts counts;
  counts.accounts = accounts.size();
  for (const JudgedAccount& account : accounts) {
    const bool found = account.network != 0;
    counts.positives += account.positive ? 1 : 0;
    counts.found += found ? 1 : 0;
    counts.found_positives += found && account.positive ? 1 : 0;
  }
  return counts;
}

std::vector<ScoredAccount> score_accounts(std::span<const JudgedAccount> accounts,
                                          std::span<const double> scores) {
  std::vector<ScoredAccount> scored;
  scored.reserve(accounts.size());
  for (const JudgedAccount& account : accounts) {
    const double score =
        account.network == 0 ? -std::numeric_limits<double>::infinity() : scores[account.network - 1];
    scored.push_back({score, account.positive});
  }
  return scored;
}

std::optional<double> roc_auc(std::vector<ScoredAccount> accounts) {
  std::uint64_t positives_above = 0;
  std::uint64_t negatives_above = 0;
  std::uint64_t twice_won = 0;  // 2 (R − P(P + 1)/2), group by group and without an error of rounding
  for (const auto& [in_group, positives] : groups_by_score(std::move(accounts))) {
    const std::uint64_t negatives = in_group - positives;
    twice_won += negatives * (2 * positives_above + positives);
    positives_above += positives;
    negatives_above += negatives;
  }
  return ratio(twice_won, 2 * positives_above * negatives_above);
}

std::optional<double> average_precision(std::vector<ScoredAccount> accounts) {
  std::uint64_t seen = 0;
  std::uint64_t positives = 0;
  double sum = 0;
  for (const Group& group : groups_by_score(std::move(accounts))) {
    seen += group.accounts;
    positives += group.positives;
    sum += static_cast<double>(group.positives) * static_cast<double>(positives) / static_cast<double>(seen);
  }
  if (positives == 0) return std::nullopt;
  return sum / static_cast<double>(positives);
}

double NetworkVerdict::purity() const {
  return ratio(campaign_members, size).value_or(0);
}

std::vector<NetworkVerdict> judge_networks(std::span<const JudgedAccount> accounts, std::uint32_t networks) {
  std::vector<NetworkVerdict> verdicts(networks);
  std::vector<std::uint64_t> members;  // (network, campaign) of each found positive
  for (const JudgedAccount& account : accounts) {
    if (account.network == 0) continue;
    NetworkVerdict& verdict = verdicts[account.network - 1];
    ++verdict.size;
    if (!account.positive) continue;
    ++verdict.positives;
    members.push_back((std::uint64_t{account.network} << 32) | account.campaign);
  }
  std::sort(members.begin(), members.end());
  for (std::size_t i = 0, end = 0; i < members.size(); i = end) {
    while (end < members.size() && members[end] == members[i]) ++end;
    NetworkVerdict& verdict = verdicts[(members[i] >> 32) - 1];
    if (end - i <= verdict.campaign_members) continue;
    verdict.campaign = static_cast<std::uint32_t>(members[i]);
    verdict.campaign_members = end - i;
  }
  return verdicts;
}

std::optional<double> weighted_precision(std::span<const NetworkVerdict> networks) {
  double weighted = 0;
  std::uint64_t weights = 0;  // n p is a number of members
  for (const NetworkVerdict& network : networks) {
    weighted += static_cast<double>(network.campaign_members) * network.purity();
    weights += network.campaign_members;
  }
  if (weights == 0) return std::nullopt;
  return weighted / static_cast<double>(weights);
}

std::optional<double> precision_at(std::span<const NetworkVerdict> networks, std::size_t k) {
  std::uint64_t judged = 0;
  std::uint64_t positive = 0;
  for (const NetworkVerdict& network : networks) {
    if (judged == k) break;
    if (network.size == 0) continue;
    ++judged;
    positive += network.mostly_positive() ? 1 : 0;
  }
  return ratio(positive, judged);
}

std::optional<double> normalized_mutual_information(std::span<const std::uint32_t> a,
                                                    std::span<const std::uint32_t> b) {
  if (a.empty()) return std::nullopt;
  const Overlap sizes = overlap(a, b);
  if (sizes.both.size() == 1) return 1;
  const double entropies = entropy(sizes.a, a.size()) + entropy(sizes.b, a.size());
  const double information = entropies - entropy(sizes.both, a.size());
  // Rounding must not leave the range.
  return std::clamp(2 * information / entropies, 0.0, 1.0);
}

std::optional<double> adjusted_rand_index(std::span<const std::uint32_t> a,
                                          std::span<const std::uint32_t> b) {
  if (a.empty()) return std::nullopt;
  const Overlap sizes = overlap(a, b);
  const std::uint64_t all = a.size() * (a.size() - 1) / 2;
  const std::uint64_t in_a = pairs_within(sizes.a);
  const std::uint64_t in_b = pairs_within(sizes.b);
  if (in_a == in_b && (in_a == 0 || in_a == all)) return 1;
  const double expected = static_cast<double>(in_a) * static_cast<double>(in_b) / static_cast<double>(all);
  const double most = (static_cast<double>(in_a) + static_cast<double>(in_b)) / 2;
  return (static_cast<double>(pairs_within(sizes.both)) - expected) / (most - expected);
}

double CampaignVerdict::recall() const {
  return ratio(found, members).value_or(0);
}

std::vector<CampaignVerdict> judge_campaigns(std::span<const JudgedAccount> accounts,
                                             std::uint32_t campaigns) {
  std::vector<CampaignVerdict> verdicts(campaigns);
  std::vector<std::uint64_t> members;  // (campaign, network) of each found positive
  for (const JudgedAccount& account : accounts) {
    if (!account.positive) continue;
    CampaignVerdict& verdict = verdicts[account.campaign];
    ++verdict.members;
    if (account.network == 0) continue;
    ++verdict.found;
    members.push_back((std::uint64_t{account.campaign} << 32) | account.network);
  }
  std::sort(members.begin(), members.end());
  for (std::size_t i = 0, end = 0; i < members.size(); i = end) {
    while (end < members.size() && members[end] == members[i]) ++end;
    verdicts[members[i] >> 32].networks.push_back({static_cast<std::uint32_t>(members[i]), end - i});
  }
  for (CampaignVerdict& verdict : verdicts) {
    std::stable_sort(verdict.networks.begin(), verdict.networks.end(),
                     [](const auto& a, const auto& b) { return a.members > b.members; });
  }
  return verdicts;
}

Evaluation evaluate(std::span<const JudgedAccount> accounts, std::span<const double> scores,
                    std::uint32_t campaigns) {
  std::vector<std::uint32_t> found_in;
  std::vector<std::uint32_t> belongs_to;
  for (const JudgedAccount& account : accounts) {
    if (account.network == 0 || !account.positive) continue;
    found_in.push_back(account.network);
    belongs_to.push_back(account.campaign);
  }
  const auto scored = score_accounts(accounts, scores);
  auto networks = judge_networks(accounts, static_cast<std::uint32_t>(scores.size()));
  const auto weighted = weighted_precision(networks);
  return {count_accounts(accounts),
          roc_auc(scored),
          average_precision(scored),
          std::move(networks),
          weighted,
          normalized_mutual_information(found_in, belongs_to),
          adjusted_rand_index(found_in, belongs_to),
          judge_campaigns(accounts, campaigns)};
}

}  // namespace lockstep
