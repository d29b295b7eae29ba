#include "src/log/sample_estimates.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <tuple>

namespace lockstep {

namespace {

/// Class 0 is a row with itself, class k distances of 2^(k−1) … 2^k − 1 rows, the last one other files.
constexpr std::size_t other_files = 65;
using ByClass = std::array<double, other_files + 1>;

std::size_t class_of(const SampledAction& a, const SampledAction& b) {
  if (a.file != b.file) return other_files;
  return static_cast<std::size_t>(std::bit_width(a.row > b.row ? a.row - b.row : b.row - a.row));
}

double half_square(double x) {
  return x > 0 ? x * x / 2 : 0;
}

/// Pairs of rows, one of each of two spans with `gap` rows between them, less than `distance` apart.
double row_pairs(double rows_a, double rows_b, double gap, double distance) {
  const double reach = distance - gap;
  return half_square(reach) - half_square(reach - rows_a) - half_square(reach - rows_b) +
         half_square(reach - rows_a - rows_b);
}

/// Pairs of rows of one span less than `distance` apart.
double row_pairs(double rows, double distance) {
  const double reach = std::min(distance, rows);
  return rows * reach - reach * reach / 2;
}

/// Adds to each class of distances what `less_than` (a distance) gains over it; it gains nothing up to `gap`
/// and from `longest` on.
template <class LessThan>
void add_classes(ByClass& pairs, double gap, double longest, LessThan less_than) {
  double before = 0;
  for (std::size_t k = 1; k < other_files; ++k) {
    const double distance = std::ldexp(1.0, static_cast<int>(k));
    if (distance <= gap) continue;
    const double now = less_than(distance);
    pairs[k] += now - before;
    before = now;
    if (distance >= longest) return;
  }
}

/// Pairs of rows of different files, from the rows of each.
double pairs_across(const std::map<std::uint32_t, double>& rows) {
  double sum = 0;
  double squares = 0;
  for (const auto& [file, count] : rows) {
    sum += count;
    squares += count * count;
  }
  return (sum * sum - squares) / 2;
}

/// Pairs of rows by class: of the sampled spans.
ByClass sampled_pairs(std::span<const RowSpan> spans) {
  ByClass pairs{};
  std::map<std::uint32_t, double> rows;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const auto rows_i = static_cast<double>(spans[i].rows);
    rows[spans[i].file] += rows_i;
    pairs[0] += rows_i;
    add_classes(pairs, 0, rows_i, [&](double distance) { return row_pairs(rows_i, distance); });
    for (std::size_t j = 0; j < i; ++j) {
      if (spans[j].file != spans[i].file) continue;
      const auto& [before, after] =
          spans[j].first < spans[i].first ? std::tie(spans[j], spans[i]) : std::tie(spans[i], spans[j]);
      // Where rows were guessed to begin, spans may seem to overlap a little.
      const double gap =
          std::max(0.0, static_cast<double>(after.first) - static_cast<double>(before.first + before.rows));
      const auto rows_j = static_cast<double>(spans[j].rows);
      add_classes(pairs, gap, gap + rows_i + rows_j,
                  [&](double distance) { return row_pairs(rows_i, rows_j, gap, distance); });
    }
  }
  pairs[other_files] = pairs_across(rows);
  return pairs;
}

/// Pairs of rows by class: of whole files.
ByClass all_pairs(std::span<const double> file_rows) {
  ByClass pairs{};
  std::map<std::uint32_t, double> rows;
  for (std::size_t file = 0; file < file_rows.size(); ++file) {
    rows[static_cast<std::uint32_t>(file)] = file_rows[file];
    pairs[0] += file_rows[file];
    add_classes(pairs, 0, file_rows[file],
                [&](double distance) { return row_pairs(file_rows[file], distance); });
  }
  pairs[other_files] = pairs_across(rows);
  return pairs;
}

/// Windowed pairs of the sample by class. Of very many only some are looked at, evenly chosen.
ByClass count_pairs(std::vector<SampledAction> actions, std::int64_t window) {
  constexpr std::uint64_t most_looked_at = 50'000'000;
  std::sort(actions.begin(), actions.end(), [](const SampledAction& a, const SampledAction& b) {
    return std::tie(a.object, a.time, a.file, a.row) < std::tie(b.object, b.time, b.file, b.row);
  });
  const auto for_each_low = [&](auto visit) {  // the first action in the window of each
    for (std::size_t i = 0, low = 0; i < actions.size(); ++i) {
      while (actions[low].object != actions[i].object || actions[i].time - actions[low].time > window) ++low;
      visit(i, low);
    }
  };
  std::uint64_t total = 0;
  for_each_low([&](std::size_t i, std::size_t low) { total += i - low; });
  const std::uint64_t step = total / most_looked_at + 1;
  ByClass counts{};
  for_each_low([&](std::size_t i, std::size_t low) {
    for (std::size_t j = low + i % step; j < i; j += step) {
      counts[class_of(actions[i], actions[j])] += static_cast<double>(step);
    }
  });
  return counts;
}

/// Densities of classes that the sample tells nothing of. They fall with distance as those before them do,
/// and not below the next that is known.
void fill_gaps(ByClass& density, const std::array<bool, other_files + 1>& is_known) {
  for (std::size_t k = 1; k <= other_files; ++k) {
    if (is_known[k]) continue;
    const double fall = k >= 4 && density[k - 3] > 0 ? std::sqrt(density[k - 1] / density[k - 3]) : 1;
    density[k] = density[k - 1] * std::min(fall, 1.0);
    const auto* next = std::find(is_known.begin() + static_cast<std::ptrdiff_t>(k), is_known.end() - 1, true);
    if (next != is_known.end() - 1) {
      density[k] = std::max(density[k], density[static_cast<std::size_t>(next - is_known.begin())]);
    }
  }
}

}  // namespace

double estimate_windowed_pairs(std::vector<SampledAction> actions, std::int64_t window,
                               std::span<const RowSpan> spans, std::span<const double> file_rows) {
  constexpr double enough_row_pairs = 1000;  // fewer tell nothing
  const ByClass counts = count_pairs(std::move(actions), window);
  const ByClass sampled = sampled_pairs(spans);
  const ByClass all = all_pairs(file_rows);
  ByClass density{};
  std::array<bool, other_files + 1> is_known{};
  for (std::size_t k = 0; k <= other_files; ++k) {
    is_known[k] = sampled[k] > 0 && sampled[k] >= std::min(enough_row_pairs, all[k] / 2);
    if (is_known[k]) density[k] = counts[k] / sampled[k];
  }
  fill_gaps(density, is_known);
  double pairs = 0;
  for (std::size_t k = 0; k <= other_files; ++k) pairs += density[k] * all[k];
  return pairs;
}

double estimate_distinct(std::span<const std::uint32_t> occurrences, double scale) {
  double once = 0;
  double twice = 0;
  double total = 0;
  for (const std::uint32_t count : occurrences) {
    once += count == 1 ? 1 : 0;
    twice += count == 2 ? 1 : 0;
    total += count;
  }
  const auto seen = static_cast<double>(occurrences.size());
  if (once == 0 || scale <= 1) return seen;
  const double unseen = once * once / (2 * std::max(twice, 1.0));
  const double expected =
      seen + unseen * (1 - std::exp(-total * (scale - 1) * once / (total * unseen + once)));
  return std::min(expected, seen * scale);
}

}  // namespace lockstep
