#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace lockstep {

/// Adds up the weights of one vertex's arcs by what they lead to. A small open hash table, so that a vertex
/// of ordinary degree stays in the first-level cache however large the graph is.
class NeighbourWeights {
 public:
  struct Entry {
    std::uint32_t place;
    std::uint32_t witness;  ///< a slot that was added for this place; *the* slot where only one was
    std::uint64_t weight;
  };

  /// Forgets everything; additions for at most `places` places follow.
  void clear(std::uint64_t places) {
    const std::uint64_t wanted = std::bit_ceil(2 * std::max<std::uint64_t>(places, 8));
    if (index_.size() < wanted) index_.resize(wanted);
    std::fill_n(index_.begin(), wanted, 0U);
    shift_ = 64 - std::countr_zero(wanted);
    mask_ = wanted - 1;
    entries_.clear();
  }
  void add(std::uint32_t place, std::uint64_t weight, std::uint32_t witness) {
    std::uint32_t& entry = index_[find(place)];
    if (entry == 0) {
      entries_.push_back({place, witness, weight});
      entry = static_cast<std::uint32_t>(entries_.size());
    } else {
      entries_[entry - 1].weight += weight;
    }
  }
  std::uint64_t weight(std::uint32_t place) const {
    const std::uint32_t entry = index_[find(place)];
    return entry == 0 ? 0 : entries_[entry - 1].weight;
  }
  /// In the order in which they were first added.
  std::span<const Entry> entries() const { return entries_; }
  /// Calls consider(entry) for those with the largest weight first, then for the others. soon(place) is
  /// called for the former before.
  template <class Soon, class Consider>
  void heaviest_first(Soon soon, Consider consider) const {
    std::uint64_t largest = 0;
    for (const Entry& entry : entries_) largest = std::max(largest, entry.weight);
    for (const Entry& entry : entries_) {
      if (entry.weight == largest) soon(entry.place);
    }
    for (const Entry& entry : entries_) {
      if (entry.weight == largest) consider(entry);
    }
    for (const Entry& entry : entries_) {
      if (entry.weight != largest) consider(entry);
    }
  }

 private:
  std::size_t find(std::uint32_t place) const {
    std::size_t at = (place * std::uint64_t{0x9E3779B97F4A7C15}) >> shift_;
    while (index_[at] != 0 && entries_[index_[at] - 1].place != place) at = (at + 1) & mask_;
    return at;
  }
  std::vector<std::uint32_t> index_;  ///< 1 + position in entries_; 0 where free
  std::vector<Entry> entries_;
  int shift_ = 60;
  std::size_t mask_ = 0;
};

}  // namespace lockstep
