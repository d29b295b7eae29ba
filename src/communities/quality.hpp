#pragma once

#include <cstdint>

#include "data/study/study.hpp"
#include "data/wide.hpp"

namespace lockstep {

/// A quality function in exact integers, up to one positive factor for all partitions of a graph:
/// Σ over communities C of [weight_factor · w(C) − penalty · T_C² / 2] with w(C) the weight inside and T_C
/// the summed mass. CPM (METHOD §4): mass counts base vertices. Modularity: mass is weighted degree,
/// weight_factor holds 2m.
class Quality {
 public:
  /// γ is held in units of 2^−20; for modularity in coarser ones, down to 2^−10, where weights are large.
  static constexpr int fraction_bits = 20;
  static constexpr int least_fraction_bits = 10;

  /// `weight_one`: the integer weight that means 1.0; a power of two up to 2^20. Throws Error(bad_data) where
  /// γ is so small that it would become 0.
  static Quality cpm(double resolution, std::uint64_t weight_one);
  /// `total_degree`: 2m, the sum of all arcs' weights (and of twice the self-loops). Throws as cpm, and
  /// where 2m is 2^53 or more.
  static Quality modularity(double resolution, std::uint64_t total_degree);

  /// Throws Error(bad_data) when sums over a graph with this total weight and mass could overflow.
  void check_range(std::uint64_t total_degree, std::uint64_t total_mass) const;

  /// The change of quality when something of `mass` joins a community of `community_mass` to which it
  /// has `weight`.
  Wide gain(std::uint64_t weight, std::uint64_t mass, std::uint64_t community_mass) const {
    return Wide{weight} * weight_factor_ - Wide{mass} * community_mass * penalty_;
  }
  /// What `gain` is at most, whatever the masses.
  Wide most_gain(std::uint64_t weight) const { return Wide{weight} * weight_factor_; }
  /// Twice a community's quality; `degree_inside` counts each inner edge twice.
  Wide community(std::uint64_t degree_inside, std::uint64_t mass) const {
    return gain(degree_inside, mass, mass);
  }

 private:
  Quality(std::uint64_t weight_factor, std::uint64_t penalty)
      : weight_factor_(weight_factor), penalty_(penalty) {}
  std::uint64_t weight_factor_;
  std::uint64_t penalty_;
};

}  // namespace lockstep
