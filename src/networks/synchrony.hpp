#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "cluster/comm.hpp"
#include "data/wide.hpp"
#include "src/log/halo.hpp"
#include "src/significance/null_model.hpp"
#include "src/significance/object_clocks.hpp"

namespace lockstep {

/// Pairs of actions of different members on one object in one interval, exactly counted (METHOD §5).
struct PairCounts {
  std::uint64_t co_acting = 0;   ///< S: pairs at most Δ apart
  std::uint64_t co_present = 0;  ///< K: all such pairs
  /// Σ over actions of d(d − 1), d = actions of other members beside it: 64 bits hold it up to 2.6 million
  /// actions in an interval.
  UnsignedWide triples = 0;

  PairCounts& operator+=(const PairCounts& other) {
    co_acting += other.co_acting;
    co_present += other.co_present;
    triples += other.triples;
    return *this;
  }
};

/// The counts of a network on one object, of one class of intervals. 64 bytes.
struct SweepRow {
  std::uint32_t network;
  std::uint16_t channel;
  std::uint16_t interval_class;
  std::uint64_t object;
  PairCounts counts;
};

/// One labelled sweep over a sorted log with halo: by (object, network, class), every interval counted on the
/// rank that owns its first action. The halo must hold the intervals of the first and last own action whole;
/// `networks`: the network of each action, 0 for none; `clocks`: of the log's objects. No pair is made.
/// Local.
std::vector<SweepRow> sweep(const HaloLog& log, std::span<const std::uint32_t> networks,
                            std::span<const ObjectClock> clocks, std::span<const ChannelRule> channels,
                            std::span<const NullModel> models);

/// Channels whose windows reach over every interval of their null model: for halos and pruning.
std::vector<ChannelRule> interval_reach(std::span<const ChannelRule> channels,
                                        std::span<const NullModel> models, std::uint64_t intervals);

/// What the counts of a network say against independent timing.
struct Synchrony {
  std::uint64_t co_acting = 0;   ///< S
  std::uint64_t co_present = 0;  ///< K
  double expected = 0;           ///< M
  double variance = 0;           ///< V

  /// Λ = [S ln(S/M) − (S − M)] / max(1, V/M) where S > M, else 0: nats of evidence, corrected for bursts.
  double score() const;
  double lift() const { return expected > 0 ? static_cast<double>(co_acting) / expected : 0; }
};

/// Counts by channel and class.
using ClassCounts = std::vector<std::array<PairCounts, NullModel::classes>>;

/// S, K, M and V of one channel's counts, or of all channels. Local.
Synchrony judge(std::span<const PairCounts, NullModel::classes> counts, const NullModel& model);
Synchrony judge(const ClassCounts& counts, std::span<const NullModel> models);

}  // namespace lockstep
