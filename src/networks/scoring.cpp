#include "src/networks/scoring.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "cluster/exchange.hpp"

namespace lockstep {

namespace {

/// Counts of one class of one channel of one network.
struct ClassRow {
  std::uint32_t network;
  std::uint16_t channel;
  std::uint16_t interval_class;
  PairCounts counts;
};

void add_to(ClassCounts& sums, std::size_t channel, std::size_t interval_class, const PairCounts& counts) {
  sums[channel][interval_class] += counts;
}

}  // namespace

SweptLog prepare_sweep(const Comm& comm, std::vector<Action> log, const ObjectClocks& clocks,
                       std::span<const ChannelRule> channels, std::span<const NullModel> models) {
  SweptLog swept{with_halo(comm, std::move(log), interval_reach(channels, models, 1)), {}};
  swept.clocks = clocks.of(comm, swept.log.actions);
  return swept;
}

ClassCounts calibrate(const Comm& comm, const SweptLog& swept, std::span<const ChannelRule> channels,
                      std::span<const NullModel> models) {
  ClassCounts sums(channels.size());
  const std::vector<std::uint32_t> everyone(swept.log.actions.size(), 1);
  for (const SweepRow& row : sweep(swept.log, everyone, swept.clocks, channels, models)) {
    add_to(sums, row.channel, row.interval_class, row.counts);
  }
  std::vector<PairCounts> own;
  for (const auto& classes : sums) own.insert(own.end(), classes.begin(), classes.end());
  const auto all = comm.gather_all(own);
  sums.assign(channels.size(), {});
  for (std::size_t i = 0; i < all.size(); ++i) {
    add_to(sums, i / NullModel::classes % channels.size(), i % NullModel::classes, all[i]);
  }
  return sums;
}

std::vector<SweepRow> sweep_networks(const Comm& comm, const SweptLog& swept,
                                     std::span<const std::uint32_t> networks,
                                     std::span<const ChannelRule> channels,
                                     std::span<const NullModel> models) {
  auto rows =
      send_to(comm, sweep(swept.log, networks, swept.clocks, channels, models), [&](const SweepRow& row) {
        return keeper(comm, row.network);
      }).rows;
  const auto key = [](const SweepRow& row) { return std::tie(row.network, row.object, row.interval_class); };
  std::sort(rows.begin(), rows.end(), [&](const SweepRow& a, const SweepRow& b) { return key(a) < key(b); });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (kept > 0 && key(rows[kept - 1]) == key(rows[i])) {
      rows[kept - 1].counts += rows[i].counts;
    } else {
      rows[kept++] = rows[i];
    }
  }
  rows.resize(kept);
  return rows;
}

std::vector<ClassCounts> sum_by_network(const Comm& comm, std::span<const SweepRow> rows, std::size_t count,
                                        std::size_t channels) {
  std::vector<ClassRow> sums;
  ClassCounts of_network(channels);
  for (std::size_t i = 0; i < rows.size();) {
    const std::uint32_t network = rows[i].network;
    of_network.assign(channels, {});
    for (; i < rows.size() && rows[i].network == network; ++i) {
      add_to(of_network, rows[i].channel, rows[i].interval_class, rows[i].counts);
    }
    for (std::uint16_t c = 0; c < channels; ++c) {
      for (std::uint16_t k = 0; k < NullModel::classes; ++k) {
        if (of_network[c][k].co_present > 0) sums.push_back({network, c, k, of_network[c][k]});
      }
    }
  }
  std::vector<ClassCounts> counts(count, ClassCounts(channels));
  for (const ClassRow& row : comm.gather_all(sums)) {
    add_to(counts[row.network - 1], row.channel, row.interval_class, row.counts);
  }
  return counts;
}

std::vector<double> scores_of(std::span<const ClassCounts> counts, std::span<const NullModel> models) {
  std::vector<double> scores;
  for (const auto& of_network : counts) scores.push_back(judge(of_network, models).score());
  return scores;
}

std::vector<double> q_values(std::span<const double> scores, std::vector<double> decoys,
                             std::uint32_t replicas) {
  std::vector<double> sorted(scores.begin(), scores.end());
  std::sort(sorted.begin(), sorted.end());
  std::sort(decoys.begin(), decoys.end());
  const auto at_least = [](const std::vector<double>& values, double score) {
    return static_cast<double>(values.end() - std::lower_bound(values.begin(), values.end(), score));
  };
  std::vector<double> q_of_sorted;
  for (const double score : sorted) {
    if (score <= 0) {  // no evidence at all, however few surrogate networks there are
      q_of_sorted.push_back(1);
      continue;
    }
    const double false_ones = at_least(decoys, score) / replicas;
    const double share = false_ones / (false_ones + at_least(sorted, score));
    q_of_sorted.push_back(q_of_sorted.empty() ? share : std::min(share, q_of_sorted.back()));
  }
  std::vector<double> q;
  for (const double score : scores) {
    q.push_back(q_of_sorted[std::lower_bound(sorted.begin(), sorted.end(), score) - sorted.begin()]);
  }
  return q;
}

std::vector<std::size_t> order_by_score(const Networks& networks, std::span<const double> scores,
                                        std::span<const double> q_values) {
  constexpr double believed = 0.05;
  std::vector<std::size_t> order(networks.ranked.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) {
    const bool i_believed = q_values[i] <= believed;
    const bool j_believed = q_values[j] <= believed;
    if (i_believed != j_believed) return i_believed;
    if (scores[i] != scores[j]) return scores[i] > scores[j];
    return networks.names[i] < networks.names[j];
  });
  return order;
}

}  // namespace lockstep
