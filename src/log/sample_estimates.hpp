#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lockstep {

/// Consecutive rows of one file.
struct RowSpan {
  std::uint32_t file = 0;
  std::uint64_t first = 0;  ///< number of the first row in its file
  std::uint64_t rows = 0;
};

/// An action with the row that told of it.
struct SampledAction {
  std::uint32_t object = 0;
  std::uint32_t file = 0;
  std::uint64_t row = 0;  ///< in its file
  std::int64_t time = 0;
};

/// Estimates the number of pairs of actions on one object at most `window` apart in a whole log, from some
/// spans of its rows. A log in order of time has nearly all such pairs in neighbouring rows, one in no order
/// has them at any distance; so their density is taken by distance: for every class of distances between two
/// rows of a file (1, 2–3, 4–7, …), and for rows of different files, pairs found in the sample over pairs of
/// rows in the sample, times the pairs of rows in the whole log. Between the distances that the sample has,
/// the density falls on as it did before. Good where the sample is like the rest; exact where the spans are
/// all rows. `file_rows`: rows of every file, sampled or not. Local.
double estimate_windowed_pairs(std::vector<SampledAction> actions, std::int64_t window,
                               std::span<const RowSpan> spans, std::span<const double> file_rows);

/// Estimates the number of distinct names in a log `scale` times as long as the sample, from how often each
/// name occurs in the sample (Chao's extrapolation: names seen once and twice tell how many were not seen).
/// Too low where a name's occurrences lie close together in the files. Local.
double estimate_distinct(std::span<const std::uint32_t> occurrences, double scale);

}  // namespace lockstep
