#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace lockstep {

/// Interval jitter of one channel (METHOD §3): the age of an object is cut into intervals; under the null
/// hypothesis every action's time is uniform in its interval. All probabilities are exact sums over the slots
/// of the time resolution r.
class NullModel {
 public:
  static constexpr std::size_t classes = 4;
  /// Fixed point of probabilities that are added up: 2^−32.
  static constexpr int fraction_bits = 32;

  /// `window` Δ and `resolution` r in ticks, r ≥ 1. Interval widths are multiples of Δ, rounded up to whole
  /// slots, and at least of one slot.
  NullModel(std::uint32_t window, std::uint32_t resolution);

  std::uint32_t window() const { return window_; }
  std::uint32_t resolution() const { return resolution_; }
  /// The width that intervals are multiples of, in ticks.
  std::uint64_t base() const { return base_; }

  /// The interval of an age (ticks since t0): 0, 1, 2, …
  std::uint32_t interval(std::uint32_t age) const;
  /// Class of an interval: 0 and 1 are 5 bases wide, 2 is 10, all later ones are of class 3 and 20 wide.
  static std::size_t class_of(std::uint32_t interval) { return interval < classes ? interval : classes - 1; }
  /// First age of an interval.
  std::uint64_t begin(std::uint32_t interval) const;
  /// Width of a class's intervals, in slots of the resolution.
  std::uint64_t slots(std::size_t interval_class) const {
    return widths[interval_class] * (base_ / resolution_);
  }

  /// P(two independent draws in the same interval are at most Δ apart), by class:
  /// q = [n + 2 Σ_{d=1..w} (n − d)] / n² with w = ⌊Δ/r⌋.
  double same(std::size_t interval_class) const { return same_[interval_class]; }
  /// The same for draws in an interval of this class and in the next interval.
  double adjacent(std::size_t interval_class) const { return adjacent_[interval_class]; }
  /// P(one draw is at most Δ away from two others), all in the same interval: the exact form of
  /// 4x² − (10/3)x³.
  double triple(std::size_t interval_class) const { return triple_[interval_class]; }

  /// q of two actions in these intervals in fixed point; 0 where the intervals do not touch.
  std::uint64_t fixed(std::uint32_t interval, std::uint32_t other) const {
    if (interval == other) return same_fixed_[class_of(interval)];
    if (interval + 1 == other) return adjacent_fixed_[class_of(interval)];
    if (other + 1 == interval) return adjacent_fixed_[class_of(other)];
    return 0;
  }

 private:
  static constexpr std::array<std::uint64_t, classes> widths = {5, 5, 10, 20};

  std::uint32_t window_;
  std::uint32_t resolution_;
  std::uint64_t base_;
  std::array<double, classes> same_{};
  std::array<double, classes> adjacent_{};
  std::array<double, classes> triple_{};
  std::array<std::uint64_t, classes> same_fixed_{};
  std::array<std::uint64_t, classes> adjacent_fixed_{};
};

/// Exact discrete probabilities of uniform draws on slots 0 … n − 1, at most w slots apart.
double coincidence(std::uint64_t n, std::uint64_t w);
/// Draws on n slots and on the next n_next slots.
double adjacent_coincidence(std::uint64_t n, std::uint64_t n_next, std::uint64_t w);
/// One draw near two others, all on the same n slots.
double triple_coincidence(std::uint64_t n, std::uint64_t w);

}  // namespace lockstep
