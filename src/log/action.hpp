#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <vector>

namespace lockstep {

/// One action: an account acts on an object at a time. The object's id implies its channel (ids are dense
/// by channel), so that this order is the order by (channel, object, time, account). 16 bytes.
struct Action {
  std::uint64_t object;
  std::uint32_t time;  ///< ticks of the study's time unit since the log's epoch
  std::uint32_t account;
  auto operator<=>(const Action&) const = default;
};
static_assert(sizeof(Action) == 16);

/// When an object was published, as far as one row says. 16 bytes.
struct Publication {
  std::uint64_t object;
  std::uint32_t time;  ///< as Action::time
  std::uint32_t unused = 0;
};

/// A channel as the kernels see it.
struct ChannelRule {
  std::uint64_t first_object;  ///< its objects are first_object … end_object − 1
  std::uint64_t end_object;
  std::uint32_t window;  ///< Δ in ticks
  std::uint32_t min_shared;
};

}  // namespace lockstep
