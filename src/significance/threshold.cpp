#include "src/significance/threshold.hpp"

#include <cmath>

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

Threshold find_threshold(const std::vector<std::uint64_t>& edges, const std::vector<std::uint64_t>& decoys,
                         std::uint32_t replicas, double fdr) {
  Threshold best;
  std::uint64_t edges_so_far = 0;
  std::uint64_t decoys_so_far = 0;
  for (std::uint32_t weight = full_weight; weight >= least_weight; --weight) {
    edges_so_far += edges[weight];
    decoys_so_far += decoys[weight];
    const bool pure = static_cast<double>(decoys_so_far) <=
                      fdr * static_cast<double>(replicas) * static_cast<double>(edges_so_far);
    if (edges_so_far > 0 && pure) best = {weight, edges_so_far, decoys_so_far};
  }
  return best;
}

}  // namespace lockstep
