#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "cluster/comm.hpp"
#include "cluster/exchange.hpp"
#include "data/release.hpp"

namespace lockstep {

/// Merges runs that lie one after another in `rows`, each of them sorted by `less`; run r ends at ends[r].
/// Local.
template <class T, class Less = std::less<>>
void merge_runs(std::vector<T>& rows, std::vector<std::size_t> ends, Less less = {}) {
  while (ends.size() > 1) {
    std::vector<std::size_t> merged;
    std::size_t begin = 0;
    for (std::size_t r = 0; r < ends.size(); r += 2) {
      const std::size_t last = std::min(r + 1, ends.size() - 1);
      const auto at = [&](std::size_t i) { return rows.begin() + static_cast<std::ptrdiff_t>(i); };
      std::inplace_merge(at(begin), at(ends[r]), at(ends[last]), less);
      begin = ends[last];
      merged.push_back(begin);
    }
    ends = std::move(merged);
  }
}

/// Sorts a global array by `<`: afterwards every rank's rows are sorted and none is greater than a row of a
/// higher rank. Sample sort with regular samples: no rank gets more than about twice its share, unless rows
/// are equal. The order of the rows, not where the borders fall, is independent of the rank count.
/// Cost: n log n comparisons and one exchange of the rows; peak twice the rows. Collective.
template <Movable T>
std::vector<T> sample_sort(const Comm& comm, std::vector<T> rows) {
  std::sort(rows.begin(), rows.end());
  if (comm.size() == 1) return rows;
  const auto ranks = static_cast<std::size_t>(comm.size());
  // Each rank's samples stand for equally many of its rows; a rank with more rows gives more samples.
  const std::uint64_t total = comm.sum(rows.size());
  const std::size_t stride = std::max<std::size_t>(1, total / (ranks * ranks * 8));
  std::vector<T> samples;
  for (std::size_t i = stride / 2; i < rows.size(); i += stride) samples.push_back(rows[i]);
  samples = comm.gather_all(samples);
  std::sort(samples.begin(), samples.end());

  std::vector<std::size_t> counts;
  auto begin = rows.begin();
  for (std::size_t r = 0; r < ranks; ++r) {
    auto end = rows.end();
    if (r + 1 < ranks && !samples.empty()) {
      end = std::lower_bound(begin, rows.end(), samples[samples.size() * (r + 1) / ranks]);
    }
    counts.push_back(static_cast<std::size_t>(end - begin));
    begin = end;
  }
  auto received = comm.exchange(rows, counts);
  release(rows);
  std::vector<std::size_t> ends;
  for (const std::size_t count : received.counts) ends.push_back(count + (ends.empty() ? 0 : ends.back()));
  merge_runs(received.rows, std::move(ends));
  return std::move(received.rows);
}

}  // namespace lockstep
