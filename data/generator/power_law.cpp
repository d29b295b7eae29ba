#include "data/generator/power_law.hpp"

#include <algorithm>
#include <cmath>

namespace lockstep::generator {

PowerLaw::PowerLaw(std::uint64_t count, double exponent, double shift)
    : count_(count),
      exponent_(exponent),
      shift_(shift),
      logarithmic_(std::abs(1 - exponent) <
                   1e-6),  // nearer to 1 the quotient of differences loses its digits
      low_(integral(shift)),
      range_(integral(static_cast<double>(count) + shift) - low_) {}

PowerLaw PowerLaw::with_first_share(std::uint64_t count, double exponent, double first_share) {
  double low = std::log(1e-6);  // the first rank's share falls while the shift grows
  double high = std::log(1e3 * static_cast<double>(count));
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    const bool too_large = PowerLaw(count, exponent, std::exp(middle)).cumulative(1) > first_share;
    (too_large ? low : high) = middle;
  }
  return {count, exponent, std::exp(high)};
}

double PowerLaw::integral(double x) const {
  return logarithmic_ ? std::log(x) : std::pow(x, 1 - exponent_);
}

double PowerLaw::cumulative(std::uint64_t rank) const {
  return (integral(static_cast<double>(rank) + shift_) - low_) / range_;
}

std::uint64_t PowerLaw::quantile(double share) const {
  const double value = low_ + share * range_;
  const double x = (logarithmic_ ? std::exp(value) : std::pow(value, 1 / (1 - exponent_))) - shift_;
  return std::min(static_cast<std::uint64_t>(std::max(x, 0.0)), count_ - 1);
}

}  // namespace lockstep::generator
