#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/log/action.hpp"

namespace lockstep {

/// By action of a sorted log: 1 where another account acts on the same object within Δ, else 0. Local.
std::vector<std::uint8_t> find_co_actions(std::span<const Action> log, std::span<const ChannelRule> channels);

/// By action of a sorted log: the lag to the nearest action of another account on the same object, or
/// `no_lag` where none is within Δ. Local.
std::vector<std::uint32_t> nearest_lags(std::span<const Action> log, std::span<const ChannelRule> channels);
inline constexpr std::uint32_t no_lag = UINT32_MAX;

/// An account in one channel.
struct AccountInChannel {
  std::uint32_t channel;
  std::uint32_t account;
  auto operator<=>(const AccountInChannel&) const = default;
};

/// In how many objects of a channel an account acts.
struct Support {
  AccountInChannel who;
  std::uint32_t objects;
};

/// Distinct objects per account and channel of a sorted log, in no order. Local.
std::vector<Support> count_support(std::span<const Action> log, std::span<const ChannelRule> channels);

}  // namespace lockstep
