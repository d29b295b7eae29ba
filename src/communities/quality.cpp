#include "src/communities/quality.hpp"

#include <algorithm>
#include <cmath>

#include "data/error.hpp"

namespace lockstep {

namespace {

std::uint64_t fixed_point(double resolution) {
  return static_cast<std::uint64_t>(std::llround(std::ldexp(resolution, Quality::fraction_bits)));
}

}  // namespace

Quality Quality::cpm(double resolution, std::uint64_t weight_one) {
  return {(std::uint64_t{1} << fraction_bits) / weight_one, fixed_point(resolution)};
}

Quality Quality::modularity(double resolution, std::uint64_t total_degree) {
  if (total_degree >> (63 - fraction_bits) != 0) {
    throw Error(ExitCode::bad_data,
                "the graph's weights add up to more than modularity can be computed with "
                "exactly (2^43): use objective = \"cpm\", or raise min_shared");
  }
  return {std::max<std::uint64_t>(total_degree, 1) << fraction_bits, fixed_point(resolution)};
}

void Quality::check_range(std::uint64_t total_degree, std::uint64_t total_mass) const {
  const double bound = std::ldexp(1.0, 126);
  const auto real = [](std::uint64_t x) { return static_cast<double>(x); };
  if (real(total_degree) * real(weight_factor_) < bound &&
      real(total_mass) * real(total_mass) * real(penalty_) < bound) {
    return;
  }
  throw Error(ExitCode::bad_data,
              "the graph's weights add up to more than its quality can be computed with "
              "exactly: lower the resolution, raise min_shared, or split the study");
}

}  // namespace lockstep
