#include "src/networks/synchrony.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace lockstep {

namespace {

struct Moment {
  std::uint32_t network;
  std::uint32_t time;
  std::uint32_t account;
};

/// Pairs of sorted times at most `window` apart.
template <class Times>
std::uint64_t count_near(const Times& times, std::uint32_t window) {
  std::uint64_t pairs = 0;
  std::size_t low = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    while (times[i].time - times[low].time > window) ++low;
    pairs += i - low;
  }
  return pairs;
}

/// One network's actions on one object in one interval, by time. Reorders them.
PairCounts count_pairs(std::span<Moment> moments, std::uint32_t window) {
  const std::uint64_t n = moments.size();
  PairCounts counts{count_near(moments, window), n * (n - 1) / 2, 0};
  std::sort(moments.begin(), moments.end(), [](const Moment& a, const Moment& b) {
    return std::tie(a.account, a.time) < std::tie(b.account, b.time);
  });
  // What an account does with itself is no co-action.
  for (std::size_t i = 0; i < n;) {
    std::size_t end = i;
    while (end < n && moments[end].account == moments[i].account) ++end;
    const std::uint64_t own = end - i;
    counts.co_acting -= count_near(moments.subspan(i, own), window);
    counts.co_present -= own * (own - 1) / 2;
    if (n > own) counts.triples += UnsignedWide{own} * (n - own) * (n - own - 1);
    i = end;
  }
  return counts;
}

class Sweep {
 public:
  Sweep(const HaloLog& log, std::span<const std::uint32_t> networks) : log_(log), networks_(networks) {}

  void take_object(const ObjectClock& clock, std::size_t begin, std::size_t end, std::uint16_t channel,
                   const NullModel& model) {
    const std::size_t first_row = rows_.size();
    while (begin < end) {
      const std::uint32_t interval = model.interval(log_.actions[begin].time - clock.born);
      std::size_t interval_end = begin;
      while (interval_end < end && model.interval(log_.actions[interval_end].time - clock.born) == interval) {
        ++interval_end;
      }
      if (begin >= log_.own_begin && begin < log_.own_end) {
        const auto interval_class = static_cast<std::uint16_t>(NullModel::class_of(interval));
        take_interval(begin, interval_end, {0, channel, interval_class, clock.object, {}}, model.window());
      }
      begin = interval_end;
    }
    merge_from(first_row);
  }

  std::vector<SweepRow> rows() && { return std::move(rows_); }

 private:
  void take_interval(std::size_t begin, std::size_t end, SweepRow row, std::uint32_t window) {
    moments_.clear();
    for (std::size_t i = begin; i < end; ++i) {
      if (networks_[i] != 0)
        moments_.push_back({networks_[i], log_.actions[i].time, log_.actions[i].account});
    }
    const auto by_network = [](const Moment& a, const Moment& b) { return a.network < b.network; };
    if (!std::is_sorted(moments_.begin(), moments_.end(), by_network)) {
      std::stable_sort(moments_.begin(), moments_.end(), by_network);
    }
    for (std::size_t i = 0; i < moments_.size();) {
      std::size_t stop = i;
      while (stop < moments_.size() && moments_[stop].network == moments_[i].network) ++stop;
      row.network = moments_[i].network;
      row.counts = count_pairs(std::span(moments_).subspan(i, stop - i), window);
      if (row.counts.co_present > 0) rows_.push_back(row);
      i = stop;
    }
  }

  /// One row for each network and class of the object just swept.
  void merge_from(std::size_t first) {
    const auto key = [](const SweepRow& row) { return std::tie(row.network, row.interval_class); };
    const auto begin = rows_.begin() + static_cast<std::ptrdiff_t>(first);
    std::sort(begin, rows_.end(), [&](const SweepRow& a, const SweepRow& b) { return key(a) < key(b); });
    std::size_t kept = first;
    for (std::size_t i = first; i < rows_.size(); ++i) {
      if (kept > first && key(rows_[kept - 1]) == key(rows_[i])) {
        rows_[kept - 1].counts += rows_[i].counts;
      } else {
        rows_[kept++] = rows_[i];
      }
    }
    rows_.resize(kept);
  }

  const HaloLog& log_;
  std::span<const std::uint32_t> networks_;
  std::vector<Moment> moments_;
  std::vector<SweepRow> rows_;
};

void add(Synchrony& sum, const PairCounts& counts, const NullModel& model, std::size_t interval_class) {
  const double q = model.same(interval_class);
  const auto pairs = static_cast<double>(counts.co_present);
  sum.co_acting += counts.co_acting;
  sum.co_present += counts.co_present;
  sum.expected += pairs * q;
  sum.variance +=
      pairs * q * (1 - q) + static_cast<double>(counts.triples) * (model.triple(interval_class) - q * q);
}

}  // namespace

std::vector<SweepRow> sweep(const HaloLog& log, std::span<const std::uint32_t> networks,
                            std::span<const ObjectClock> clocks, std::span<const ChannelRule> channels,
                            std::span<const NullModel> models) {
  Sweep sweeping(log, networks);
  std::uint16_t c = 0;
  for_each_object(log.actions, clocks, [&](const ObjectClock& clock, std::size_t begin, std::size_t end) {
    while (clock.object >= channels[c].end_object) ++c;
    sweeping.take_object(clock, begin, end, c, models[c]);
  });
  return std::move(sweeping).rows();
}

std::vector<ChannelRule> interval_reach(std::span<const ChannelRule> channels,
                                        std::span<const NullModel> models, std::uint64_t intervals) {
  std::vector<ChannelRule> reach(channels.begin(), channels.end());
  for (std::size_t c = 0; c < reach.size(); ++c) {
    const std::uint64_t width = models[c].slots(NullModel::classes - 1) * models[c].resolution();
    reach[c].window = static_cast<std::uint32_t>(std::min<std::uint64_t>(intervals * width, UINT32_MAX));
  }
  return reach;
}

double Synchrony::score() const {
  const auto observed = static_cast<double>(co_acting);
  if (observed <= expected || expected <= 0) return 0;
  const double burstiness = std::max(1.0, variance / expected);
  return (observed * std::log(observed / expected) - (observed - expected)) / burstiness;
}

Synchrony judge(std::span<const PairCounts, NullModel::classes> counts, const NullModel& model) {
  Synchrony sum;
  for (std::size_t k = 0; k < NullModel::classes; ++k) add(sum, counts[k], model, k);
  return sum;
}

Synchrony judge(const ClassCounts& counts, std::span<const NullModel> models) {
  Synchrony sum;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    for (std::size_t k = 0; k < NullModel::classes; ++k) add(sum, counts[c][k], models[c], k);
  }
  return sum;
}

}  // namespace lockstep
