#include "src/communities/quality.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "data/error.hpp"

namespace lockstep {

namespace {

/// γ in units of 2^−bits.
std::uint64_t fixed_point(double resolution, int bits) {
  const auto fixed = static_cast<std::uint64_t>(std::llround(std::ldexp(resolution, bits)));
  if (fixed > 0 || resolution == 0) return fixed;
  throw Error(ExitCode::bad_data,
              fmt::format("resolution {} is too small: on this graph the smallest one that is not 0 is {}",
                          resolution, std::ldexp(1.0, -bits)));
}

}  // namespace

Quality Quality::cpm(double resolution, std::uint64_t weight_one) {
  return {(std::uint64_t{1} << fraction_bits) / weight_one, fixed_point(resolution, fraction_bits)};
}

Quality Quality::modularity(double resolution, std::uint64_t total_degree) {
  const int bits = std::min(fraction_bits, 63 - static_cast<int>(std::bit_width(total_degree)));
  if (bits < least_fraction_bits) {
    throw Error(
        ExitCode::bad_data,
        fmt::format("the graph's weights, counted from both ends, add up to {} units; modularity can be "
                    "computed exactly below 2^53 = {}: use cpm, or scale the weights down",
                    total_degree, std::uint64_t{1} << 53));
  }
  return {std::max<std::uint64_t>(total_degree, 1) << bits, fixed_point(resolution, bits)};
}

void Quality::check_range(std::uint64_t total_degree, std::uint64_t total_mass) const {
  const double bound = std::ldexp(1.0, 126);
  const auto real = [](std::uint64_t x) { return static_cast<double>(x); };
  if (real(total_degree) * real(weight_factor_) < bound &&
      real(total_mass) * real(total_mass) * real(penalty_) < bound) {
    return;
  }
  throw Error(
      ExitCode::bad_data,
      fmt::format(
          "total weight {} and mass {}, each at its price, make terms of 2^126 or more, which cannot be "
          "computed exactly: lower the resolution, raise min_shared, or scale the weights down",
          total_degree, total_mass));
}

}  // namespace lockstep
