#pragma once

#include <cstdint>

namespace lockstep::generator {

/// Weights (rank + shift)^-exponent over the ranks 0 … count − 1 (Zipf-Mandelbrot), in closed form:
/// nothing is stored per rank.
class PowerLaw {
 public:
  PowerLaw(std::uint64_t count, double exponent, double shift);

  /// The law whose first rank has about `first_share` of the weight, as near as the exponent allows.
  static PowerLaw with_first_share(std::uint64_t count, double exponent, double first_share);

  /// Share of the weight of ranks below `rank`: 0 at 0, exactly 1 at `count`, never falling by more than
  /// a rounding error.
  double cumulative(std::uint64_t rank) const;

  /// The rank at which `cumulative` passes `share` (in [0, 1)): turns a uniform draw into a rank.
  std::uint64_t quantile(double share) const;

 private:
  double integral(double x) const;

  std::uint64_t count_;
  double exponent_;
  double shift_;
  bool logarithmic_;  ///< exponent 1
  double low_;
  double range_;
};

}  // namespace lockstep::generator
