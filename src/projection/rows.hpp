#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "src/log/action.hpp"
#include "src/projection/edge.hpp"

namespace lockstep {

/// Accounts first … end − 1.
struct AccountRange {
  std::uint32_t first;
  std::uint32_t end;
};

/// Turns action times into days.
struct DayClock {
  std::int64_t epoch;  ///< ticks since 1970-01-01 UTC
  std::int64_t ticks_per_day;
  std::int64_t day(std::uint32_t time) const { return (epoch + time) / ticks_per_day; }
};

/// Appends to `edges` all pairs (a, b) with a in `accounts`, a < b and S_ab ≥ min_shared, by (a, b, channel).
///
/// `log` is sorted and holds every action within Δ of the actions of `accounts`; it may hold more. Row by
/// row: for one account the windows of its actions are scanned and distinct objects are counted per partner
/// in a small table. Prefix rule (METHOD §2): of an account's m objects, by ascending window population, only
/// the first m − min_shared + 1 can bring new partners.
/// Cost: a step per windowed pair at most; memory 16 bytes per action of `accounts`, 4 per action of `log`,
/// and the partners of one account. Local.
/// Throws Error(internal) when the log has 2^32 actions or more.
void project_rows(std::span<const Action> log, AccountRange accounts, std::span<const ChannelRule> channels,
                  DayClock clock, std::vector<Edge>& edges);

}  // namespace lockstep
