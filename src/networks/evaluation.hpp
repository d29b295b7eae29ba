#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace lockstep {

// How well ranked networks agree with what is known of their accounts. All functions are local. A metric
// that its formula leaves undefined, such as a precision of nothing, is std::nullopt.

/// An account that is judged: one with a known truth, or one in a listed network.
struct JudgedAccount {
  std::uint32_t network = 0;   ///< rank of its listed network; 0: not found, in no listed network
  bool positive = false;       ///< takes part in a campaign; accounts of unknown truth count as negative
  std::uint32_t campaign = 0;  ///< number of its campaign (0, 1, …); of positive accounts only
};

/// Accounts by what was found. TP = found_positives.
struct AccountCounts {
  std::uint64_t accounts = 0;
  std::uint64_t positives = 0;
  std::uint64_t found = 0;
  std::uint64_t found_positives = 0;

  std::optional<double> precision() const;  ///< TP / found
  std::optional<double> recall() const;     ///< TP / positives
  std::optional<double> f1() const;         ///< 2 TP / (found + positives): harmonic mean of the two
};

AccountCounts count_accounts(std::span<const JudgedAccount> accounts);

/// An account in the order of suspicion, highest score first.
struct ScoredAccount {
  double score;
  bool positive;
};

/// Every account with its network's score, `scores[rank − 1]`; −∞, the lowest, for those in no network.
std::vector<ScoredAccount> score_accounts(std::span<const JudgedAccount> accounts,
                                          std::span<const double> scores);

/// (R − P(P + 1)/2) / (P N) with P positives, N negatives and R the sum of the positives' midranks by
/// ascending score: the probability that a positive scores above a negative, a tie counting one half.
/// Undefined without positives or without negatives.
std::optional<double> roc_auc(std::vector<ScoredAccount> accounts);

/// Σ over groups g of equal score, descending, of (recall_g − recall_{g−1}) · precision_g, both of all
/// accounts down to and including g. Undefined without positives.
std::optional<double> average_precision(std::vector<ScoredAccount> accounts);

/// What a network's members are.
struct NetworkVerdict {
  std::uint64_t size = 0;       ///< n: members judged
  std::uint64_t positives = 0;  ///< of any campaign
  std::uint32_t campaign =
      0;  ///< the one with most members; of equals the lowest number; 0 without positives
  std::uint64_t campaign_members = 0;

  /// p = campaign_members / n; 0 where n is.
  double purity() const;
  /// Whether more than half of the members are positive.
  bool mostly_positive() const { return 2 * positives > size; }
};

/// Verdicts of the networks of rank 1 … `networks`, in this order.
std::vector<NetworkVerdict> judge_networks(std::span<const JudgedAccount> accounts, std::uint32_t networks);

/// Σ n p² / Σ n p over networks. Undefined without a positive member.
std::optional<double> weighted_precision(std::span<const NetworkVerdict> networks);

/// The share of the first `k` networks (of all, if there are fewer) that are mostly positive. Networks
/// without a judged member are passed over: they hold no place. Undefined without networks.
std::optional<double> precision_at(std::span<const NetworkVerdict> networks, std::size_t k);

/// 2 I(a; b) / (H(a) + H(b)): mutual information of two partitions of the same elements over the arithmetic
/// mean of their entropies. 1 when both have one part only; undefined without elements.
std::optional<double> normalized_mutual_information(std::span<const std::uint32_t> a,
                                                    std::span<const std::uint32_t> b);

/// (I − E) / ((A + B)/2 − E): A and B pairs of elements together in a and in b, I in both, E = A B / C(n, 2).
/// 1 where the denominator is 0 (both have one part only, or no pair together); undefined without elements.
std::optional<double> adjusted_rand_index(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b);

/// Where a campaign's accounts are.
struct CampaignVerdict {
  struct Holding {
    std::uint32_t network;  ///< rank
    std::uint64_t members;  ///< accounts of the campaign in it
    friend bool operator==(const Holding&, const Holding&) = default;
  };
  std::uint64_t members = 0;
  std::uint64_t found = 0;
  std::vector<Holding> networks;  ///< all that hold a member: most members first, ties by rank

  double recall() const;  ///< found / members; 0 where members is
};

/// Verdicts of campaigns 0 … `campaigns` − 1, in this order.
std::vector<CampaignVerdict> judge_campaigns(std::span<const JudgedAccount> accounts,
                                             std::uint32_t campaigns);

/// All metrics of a list of networks.
struct Evaluation {
  AccountCounts accounts;
  std::optional<double> roc_auc;            ///< of all judged accounts
  std::optional<double> average_precision;  ///< of all judged accounts
  std::vector<NetworkVerdict> networks;     ///< by rank
  std::optional<double> weighted_precision;
  std::optional<double> normalized_mutual_information;  ///< networks and campaigns of the found positives
  std::optional<double> adjusted_rand_index;            ///< likewise
  std::vector<CampaignVerdict> campaigns;               ///< by number
};

/// `scores[rank − 1]`: of each network.
Evaluation evaluate(std::span<const JudgedAccount> accounts, std::span<const double> scores,
                    std::uint32_t campaigns);

}  // namespace lockstep
