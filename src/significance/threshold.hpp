#pragma once

#include <cstdint>
#include <vector>

#include "cluster/comm.hpp"
#include "src/significance/pair_test.hpp"

namespace lockstep {

/// The edge threshold and what it was found from.
struct Threshold {
  std::uint32_t weight = full_weight + 1;  ///< pairs of at least this weight are edges; the default: none is
  std::uint64_t edges = 0;                 ///< pairs kept
  std::uint64_t decoys = 0;                ///< surrogate pairs that would be kept, over all replicas
  std::uint32_t replicas = 0;              ///< R: surrogates it was found from
  double alpha() const;                    ///< the largest p that is kept; 0: none
};

/// Pairs by weight, over all ranks. Collective.
std::vector<std::uint64_t> count_by_weight(const Comm& comm, const std::vector<TestedEdge>& edges);

/// How many surrogates a log needs for a threshold that is not made stricter by their own small number: one
/// where fdr of its pairs, given by weight, is 100 or more, and up to ten where it is less. Local.
std::uint32_t enough_replicas(const std::vector<std::uint64_t>& pairs, double fdr);

/// What a threshold may let through: more false edges than `fdr` of all, or, where the log's own pairs are
/// too few to say so, any false edge at all, with at most this probability.
inline constexpr double exceedance = 0.01;

/// Independent accounts are a little closer in time than jitter says: up to 1.8 times as many of their pairs
/// had a very small p as pairs of surrogates had, on generated logs (docs/benchmarks.md). So many are
/// reckoned with.
inline constexpr double excess = 2;

/// P(more than `most` false edges) after `replicas` surrogates had `decoys` in all: counts of Poisson rates,
/// that of the false edges `excess` times that of a surrogate, of which nothing else is known (a negative
/// binomial).
double probability_of_more(std::uint64_t most, std::uint64_t decoys, std::uint32_t replicas);

/// The largest p ≤ 0.01, on the scale of weights, for which one of these holds (METHOD §3, made safe for
/// small counts: docs/decisions/0005-a-threshold-with-confidence.md):
/// - P(false edges > fdr × edges) ≤ exceedance, going by the surrogates;
/// - p × `account_pairs` ≤ exceedance: no false edge among all pairs of accounts, going by the null model
/// alone. Both counts are by weight, 0 … full_weight. Local.
Threshold find_threshold(const std::vector<std::uint64_t>& edges, const std::vector<std::uint64_t>& decoys,
                         std::uint32_t replicas, double fdr, double account_pairs);

}  // namespace lockstep
