#pragma once

#include <cstdint>
#include <vector>

namespace lockstep {

/// Adds up one vertex's weights by place; cleared in the time it takes to visit what was touched.
class NeighbourWeights {
 public:
  void add(std::uint32_t place, std::uint64_t weight, std::uint32_t witness) {
    if (place >= weights_.size()) {
      weights_.resize(place + std::size_t{1}, 0);
      witnesses_.resize(place + std::size_t{1}, 0);
    }
    if (weights_[place] == 0) touched_.push_back(place);
    weights_[place] += weight;
    witnesses_[place] = witness;
  }
  std::uint64_t weight(std::uint32_t place) const { return place < weights_.size() ? weights_[place] : 0; }
  /// A slot that was added for this place; *the* slot where the place is that of a single vertex.
  std::uint32_t witness(std::uint32_t place) const { return witnesses_[place]; }
  const std::vector<std::uint32_t>& touched() const { return touched_; }
  void clear() {
    for (const std::uint32_t place : touched_) weights_[place] = 0;
    touched_.clear();
  }

 private:
  std::vector<std::uint64_t> weights_;
  std::vector<std::uint32_t> witnesses_;
  std::vector<std::uint32_t> touched_;
};

}  // namespace lockstep
