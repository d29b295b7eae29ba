#include "src/significance/threshold.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <boost/math/special_functions/beta.hpp>

namespace lockstep {

double Threshold::alpha() const {
  return weight > full_weight ? 0 : std::pow(10.0, -20.0 * static_cast<double>(weight) / full_weight);
}

std::vector<std::uint64_t> count_by_weight(const Comm& comm, const std::vector<TestedEdge>& edges) {
  std::vector<std::uint64_t> counts(std::size_t{full_weight} + 1, 0);
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const bool same_pair = i > 0 && edges[i - 1].edge.source == edges[i].edge.source &&
                           edges[i - 1].edge.target == edges[i].edge.target;
    if (!same_pair) ++counts[edges[i].test.weight];
  }
  comm.sum_each(counts);
  return counts;
}

std::uint32_t enough_replicas(const std::vector<std::uint64_t>& pairs, double fdr) {
  constexpr double enough = 100;
  constexpr double most = 10;
  const double allowed =
      fdr * static_cast<double>(std::accumulate(pairs.begin() + least_weight, pairs.end(), std::uint64_t{0}));
  return static_cast<std::uint32_t>(allowed * most > enough ? std::ceil(std::max(1.0, enough / allowed))
                                                            : most);
}

double probability_of_more(std::uint64_t most, std::uint64_t decoys, std::uint32_t replicas) {
  const double r = replicas;
  return boost::math::ibetac(static_cast<double>(decoys) + 1, static_cast<double>(most) + 1,
                             r / (r + excess));
}

Threshold find_threshold(const std::vector<std::uint64_t>& edges, const std::vector<std::uint64_t>& decoys,
                         std::uint32_t replicas, double fdr, double account_pairs) {
  const double family_wise = std::max(0.0, std::log10(account_pairs / exceedance)) / 20 * full_weight;
  Threshold best;
  best.replicas = replicas;
  std::uint64_t edges_so_far = 0;
  std::uint64_t decoys_so_far = 0;
  bool pure = false;
  for (std::uint32_t weight = full_weight; weight >= least_weight; --weight) {
    edges_so_far += edges[weight];
    decoys_so_far += decoys[weight];
    if (edges[weight] > 0 || decoys[weight] > 0) {
      const auto most = static_cast<std::uint64_t>(fdr * static_cast<double>(edges_so_far));
      pure = probability_of_more(most, decoys_so_far, replicas) <= exceedance;
    }
    if (edges_so_far > 0 && (pure || weight >= family_wise)) {
      best = {weight, edges_so_far, decoys_so_far, replicas};
    }
  }
  return best;
}

}  // namespace lockstep
