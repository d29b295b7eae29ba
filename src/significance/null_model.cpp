#include "src/significance/null_model.hpp"

#include <algorithm>
#include <cmath>

namespace lockstep {

namespace {

// The sums are over slots; a longer interval (only with windows of days at a resolution of seconds) is taken
// in this many slots, so that making a model stays cheap: the relative error is below 1 in 50,000.
constexpr std::uint64_t most_slots = std::uint64_t{1} << 20;

std::uint64_t to_fixed(double probability) {
  return static_cast<std::uint64_t>(std::llround(std::ldexp(probability, NullModel::fraction_bits)));
}

}  // namespace

double coincidence(std::uint64_t n, std::uint64_t w) {
  // Σ_{d=1..m} (n − d) = m·n − m(m + 1)/2 with m = min(w, n − 1).
  const double slots = static_cast<double>(n);
  const double most = static_cast<double>(std::min(w, n - 1));
  return (slots + 2 * (most * slots - most * (most + 1) / 2)) / (slots * slots);
}

double adjacent_coincidence(std::uint64_t n, std::uint64_t n_next, std::uint64_t w) {
  std::uint64_t pairs = 0;
  for (std::uint64_t d = 1; d <= std::min(w, n + n_next - 1); ++d) {
    pairs += std::min({d, n, n_next, n + n_next - d});
  }
  return static_cast<double>(pairs) / (static_cast<double>(n) * static_cast<double>(n_next));
}

double triple_coincidence(std::uint64_t n, std::uint64_t w) {
  const double slots = static_cast<double>(n);
  double sum = 0;
  for (std::uint64_t x = 0; x < n; ++x) {
    const double near = static_cast<double>(std::min(x, w) + std::min(n - 1 - x, w) + 1) / slots;
    sum += near * near;
  }
  return sum / slots;
}

NullModel::NullModel(std::uint32_t window, std::uint32_t resolution)
    : window_(window),
      resolution_(resolution),
      base_(std::uint64_t{resolution} *
            std::max<std::uint64_t>(1, (std::uint64_t{window} + resolution - 1) / resolution)) {
  const std::uint64_t w = window / resolution;
  const std::uint64_t coarse = std::max<std::uint64_t>(1, slots(classes - 1) / most_slots);
  for (std::size_t c = 0; c < classes; ++c) {
    const std::uint64_t n = slots(c);
    const std::uint64_t n_next = slots(std::min(c + 1, classes - 1));
    same_[c] = coincidence(n, w);
    adjacent_[c] = adjacent_coincidence(n / coarse, n_next / coarse, w / coarse);
    triple_[c] = triple_coincidence(n / coarse, w / coarse);
    same_fixed_[c] = to_fixed(same_[c]);
    adjacent_fixed_[c] = to_fixed(adjacent_[c]);
  }
}

std::uint32_t NullModel::interval(std::uint32_t age) const {
  const std::uint64_t bases = age / base_;
  if (bases < 5) return 0;
  if (bases < 10) return 1;
  if (bases < 20) return 2;
  return static_cast<std::uint32_t>(3 + (bases - 20) / 20);
}

std::uint64_t NullModel::begin(std::uint32_t interval) const {
  constexpr std::array<std::uint64_t, classes> first = {0, 5, 10, 20};
  return base_ * (interval < classes ? first[interval] : 20 + std::uint64_t{20} * (interval - 3));
}

}  // namespace lockstep
