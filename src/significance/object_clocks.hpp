#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cluster/comm.hpp"
#include "src/log/action.hpp"

namespace lockstep {

/// When an object was born and how often it was acted on, in the whole log.
struct ObjectClock {
  std::uint64_t object;
  std::uint64_t actions;
  std::uint32_t born;  ///< t0: publication, or first action; ticks since the log's epoch
  std::uint32_t unused = 0;
};

/// The clocks of all objects, each on the rank that held the object's first action when the log was sorted.
class ObjectClocks {
 public:
  /// From the whole sorted log. Collective.
  ObjectClocks(const Comm& comm, std::span<const Action> log);

  /// Objects that were published before their first action are born then, moved to the grid of the channel's
  /// time resolution that the first action lies on. Collective.
  void set_births(const Comm& comm, const std::vector<Publication>& publications,
                  std::span<const ChannelRule> channels, std::span<const std::uint32_t> resolutions);

  /// The clocks of the objects of a sorted log, in its order, one each. Collective.
  std::vector<ObjectClock> of(const Comm& comm, std::span<const Action> log) const;

 private:
  /// The rank that has the clock of an object of the log.
  int owner(std::uint64_t object) const;
  /// Where an own object's clock is.
  std::size_t place(std::uint64_t object) const;

  std::vector<ObjectClock> own_;
  std::vector<std::uint64_t> first_objects_;  ///< by rank that has any: its first object
  std::vector<int> ranks_;                    ///< the rank of each of these
};

/// Calls visit(clock, begin, end) for every object of a sorted log with its clock, actions begin … end − 1.
template <class Visit>
void for_each_object(std::span<const Action> log, std::span<const ObjectClock> clocks, Visit visit) {
  std::size_t begin = 0;
  for (const ObjectClock& clock : clocks) {
    std::size_t end = begin;
    while (end < log.size() && log[end].object == clock.object) ++end;
    visit(clock, begin, end);
    begin = end;
  }
}

/// The largest step that divides all times of a channel after its first: its time resolution in ticks, by
/// channel. At least 1; 1 where all times are equal. Collective.
std::vector<std::uint32_t> find_resolutions(const Comm& comm, std::span<const Action> log,
                                            std::span<const ChannelRule> channels);

}  // namespace lockstep
