#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/log/action.hpp"

namespace lockstep {

/// By action of a sorted log: 1 where another account acts on the same object within Δ, else 0. Local.
std::vector<std::uint8_t> find_co_actions(std::span<const Action> log, std::span<const ChannelRule> channels);

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
