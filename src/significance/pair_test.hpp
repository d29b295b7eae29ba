#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "cluster/comm.hpp"
#include "src/projection/edge.hpp"
#include "src/significance/histories.hpp"

namespace lockstep {

/// How often two accounts could have met in one channel.
struct Chances {
  std::uint64_t co_present = 0;  ///< K: shared objects where both acted in the same or adjacent intervals
  std::uint64_t expected = 0;    ///< μ in units of 2^−32: Σ over these objects of min(1, Σ q)
};

/// K and μ of two accounts from their visits in one channel's objects first … end − 1 (METHOD §3). Stops as
/// soon as μ is above `most_expected`: then both are lower bounds. Local.
Chances count_chances(std::span<const Visit> a, std::span<const Visit> b, const ChannelRule& channel,
                      const NullModel& model, std::uint64_t most_expected = UINT64_MAX);

/// A μ (units of 2^−32) above which S = `shared` cannot have p ≤ `p_value`, whatever K is: K ≥ S, and of all
/// binomials with mean μ that with K = S has the smallest tail, (μ/S)^S.
std::uint64_t most_expected(std::uint32_t shared, double p_value);

/// P(Binomial(K, μ/K) ≥ S) for S ≥ μ + 1, else 1: an upper bound of the probability that independent
/// timing gives S (Hoeffding 1956).
double pair_p_value(std::uint32_t shared, const Chances& chances);

/// −log10 p / 20 in units of 2^−20, at most 1 (METHOD §4): the weight of an edge, and the scale on which the
/// threshold is found.
std::uint32_t weight_of(double p_value);
inline constexpr std::uint32_t full_weight = std::uint32_t{1} << 20;

/// The test of a pair in one channel.
struct PairTest {
  std::uint32_t weight;  ///< of the pair: from its smallest p over the channels, times their number
  std::uint64_t co_present;
  std::uint64_t expected;  ///< units of 2^−32
  double p_value;          ///< of this channel alone
};

/// An edge with its test.
struct TestedEdge {
  Edge edge;
  PairTest test;
};

/// No threshold is ever above this p, so no pair above it is kept.
inline constexpr double largest_alpha = 0.01;
inline constexpr std::uint32_t least_weight = full_weight / 10;

/// What a rank fetches and tests at a time.
struct PairBatch {
  std::uint64_t pairs = 0;
  std::uint64_t visits = 0;  ///< of other ranks' accounts
};

struct PairTestOptions {
  /// Most visits of other ranks' accounts that a rank holds at a time, unless one pair has more; 0: four
  /// times as many as the ranks own at most.
  std::uint64_t visit_budget = 0;
  /// Told of every batch of this rank.
  std::function<void(const PairBatch&)> batch_done = {};
};

/// Tests all candidate pairs and keeps the rows of those whose pair's p (Bonferroni over the study's
/// channels) is at most largest_alpha. Histories of partners are fetched from their owners in batches of
/// bounded size. Candidates are by (source, target, channel); so is the result. Collective.
std::vector<TestedEdge> test_pairs(const Comm& comm, std::vector<Edge> candidates, const Histories& histories,
                                   std::span<const ChannelRule> channels, std::span<const NullModel> models,
                                   const PairTestOptions& options = {});

}  // namespace lockstep
