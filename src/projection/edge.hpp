#pragma once

#include <cstdint>

namespace lockstep {

/// A pair of accounts that share at least min_shared objects in one channel (METHOD §2). 36 bytes.
/// Of each shared object the smallest |lag| of the pair's actions on it counts.
struct Edge {
  std::uint32_t source;  ///< account id; smaller than target
  std::uint32_t target;
  std::uint32_t channel;
  std::uint32_t shared;      ///< S: distinct objects with a co-action
  std::uint32_t lag_min;     ///< ticks
  std::uint32_t lag_median;  ///< ticks; the lower median of the S lags
  std::uint32_t first_time;  ///< ticks since the epoch: earliest action that is part of a co-action
  std::uint32_t last_time;   ///< latest such action
  std::uint32_t days;        ///< distinct UTC days of the shared objects' closest co-actions
};

}  // namespace lockstep
