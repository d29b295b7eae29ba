#pragma once

#include <cstdint>
#include <memory>
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

/// Computes rows of the pair matrix of a sorted log, row by row: for one account the windows of its actions
/// are scanned and distinct objects are counted per partner in a small table. Prefix rule (METHOD §2): of an
/// account's m objects, by ascending window population, only the first m − min_shared + 1 can bring new
/// partners.
/// Cost: a step per windowed pair at most; memory 4 bytes per action of the log, 16 per action of the indexed
/// accounts, and the partners of one account. Local.
class RowProjection {
 public:
  /// `log` and `channels` are not copied. Throws Error(internal) when the log has 2^32 actions or more.
  RowProjection(std::span<const Action> log, std::span<const ChannelRule> channels, DayClock clock);
  RowProjection(RowProjection&&) noexcept;
  ~RowProjection();

  /// Finds the actions of these accounts, and forgets those of others: reads the whole log, so it is done for
  /// many accounts at once. The log must hold every action within Δ of theirs; it may hold more.
  void index(AccountRange accounts);
  /// Appends to `edges` all pairs (a, b) with a in `accounts`, a < b and S_ab ≥ min_shared, by
  /// (a, b, channel). The accounts must be indexed.
  void project(AccountRange accounts, std::vector<Edge>& edges);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace lockstep
