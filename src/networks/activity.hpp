#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cluster/comm.hpp"
#include "src/networks/evidence.hpp"
#include "src/networks/scoring.hpp"
#include "src/projection/rows.hpp"

namespace lockstep {

/// An action of a member within Δ of another member's on the same object. 32 bytes.
struct CoAction {
  std::uint32_t network;
  std::uint32_t lag;  ///< ticks to the nearest such action
  Action action;
  std::uint64_t object_actions;  ///< all actions on the object, of anyone
};

/// What members do together, described and not ranked on (METHOD §5).
struct Activity {
  std::uint64_t actions = 0;       ///< of the members, on any object
  std::uint64_t co_actions = 0;    ///< of these, within Δ of another member's on the same object
  std::uint32_t lag_quartile = 0;  ///< lower quartile of the lags of co-actions, ticks
  std::uint32_t lag_median = 0;
  std::uint32_t lag_upper_quartile = 0;
  double effective_objects = 0;     ///< exp of the entropy of co-actions over objects
  double effective_accounts = 0;    ///< exp of the entropy of co-actions over members
  double captive_share = 0;         ///< co-actions ÷ all actions on the objects they are on
  std::uint32_t active_days = 0;    ///< distinct UTC days with a co-action
  std::uint32_t largest_burst = 0;  ///< most members on one object within Δ

  double participation() const {
    return actions > 0 ? static_cast<double>(co_actions) / static_cast<double>(actions) : 0;
  }
};

/// An action on an object that is evidence.
struct TimelineRow {
  std::uint32_t network;
  std::uint32_t place;  ///< 0, 1, …: by the evidence's place, then time, then account
  Action action;
  auto operator<=>(const TimelineRow&) const = default;
};

/// What is known of one network in one channel.
struct ChannelActivity {
  std::uint32_t network;
  std::uint32_t channel;
  Activity activity;
};

struct NetworkActivity {
  std::vector<Activity> networks;         ///< by rank − 1; the same on every rank
  std::vector<ChannelActivity> channels;  ///< by (network, channel), where there are actions; on every rank
  std::vector<Evidence> evidence;         ///< by (network, place) over all ranks in rank order
  std::vector<double> evidence_scores;    ///< Λ of each of these objects alone
  std::vector<TimelineRow> timeline;      ///< by (network, place) over all ranks in rank order
};

/// Describes the co-actions of one network, sorted by (object, time), of all channels or of one. Local.
Activity describe(std::span<const CoAction> co_actions, std::span<const ChannelRule> channels,
                  DayClock clock);

/// How much is listed for each network at most.
struct EvidenceBounds {
  std::uint32_t objects;
  std::uint32_t timeline_rows;
};

/// Activity, evidence and timeline of the ranked networks. `networks`: rank of each action's network; `rows`:
/// of the sweep, with ranks, on their keepers. Objects are listed by their own Λ, then accounts, then id; the
/// timeline has the first co-actions on each of them.
/// Collective.
NetworkActivity describe_networks(const Comm& comm, const SweptLog& swept,
                                  std::span<const std::uint32_t> networks, std::span<const SweepRow> rows,
                                  std::size_t count, std::span<const ChannelRule> channels,
                                  std::span<const NullModel> models, DayClock clock, EvidenceBounds bounds);

}  // namespace lockstep
