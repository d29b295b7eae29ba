#include "src/significance/object_clocks.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "cluster/exchange.hpp"

namespace lockstep {

ObjectClocks::ObjectClocks(const Comm& comm, std::span<const Action> log) {
  for (const Action& action : log) {
    if (own_.empty() || own_.back().object != action.object) own_.push_back({action.object, 0, action.time});
    ++own_.back().actions;
  }
  // An object that began on a lower rank belongs there: its part here, the first entry, is added to that one.
  struct Border {
    std::uint64_t first_object, last_object, first_actions, objects;
  };
  const Border border =
      own_.empty() ? Border{}
                   : Border{own_.front().object, own_.back().object, own_.front().actions, own_.size()};
  const auto borders = comm.gather_all_values(border);
  const auto rank = static_cast<std::size_t>(comm.rank());
  const auto begins_here = [&](std::size_t r) {
    for (std::size_t before = r; before-- > 0;) {
      if (borders[before].objects > 0) return borders[before].last_object != borders[r].first_object;
    }
    return true;
  };
  for (std::size_t r = 0; r < borders.size(); ++r) {
    if (borders[r].objects == 0) continue;
    const bool continued = !begins_here(r);
    if (borders[r].objects > 1 || !continued) {
      ranks_.push_back(static_cast<int>(r));
      first_objects_.push_back(borders[r].first_object + (continued ? 1 : 0));
    }
    // The part on rank r of an object whose owner is this rank.
    if (continued && r > rank && !own_.empty() && borders[r].first_object == own_.back().object &&
        (own_.size() > 1 || begins_here(rank))) {
      own_.back().actions += borders[r].first_actions;
    }
  }
  if (!own_.empty() && !begins_here(rank)) own_.erase(own_.begin());
}

int ObjectClocks::owner(std::uint64_t object) const {
  const auto next = std::upper_bound(first_objects_.begin(), first_objects_.end(), object);
  return ranks_[static_cast<std::size_t>(next - first_objects_.begin()) - 1];
}

std::size_t ObjectClocks::place(std::uint64_t object) const {
  const auto clock =
      std::lower_bound(own_.begin(), own_.end(), object,
                       [](const ObjectClock& known, std::uint64_t id) { return known.object < id; });
  return static_cast<std::size_t>(clock - own_.begin());
}

void ObjectClocks::set_births(const Comm& comm, const std::vector<Publication>& publications,
                              std::span<const ChannelRule> channels,
                              std::span<const std::uint32_t> resolutions) {
  auto known = send_to(comm, publications, [&](const Publication& publication) {
                 return owner(publication.object);
               }).rows;
  std::sort(known.begin(), known.end(), [](const Publication& a, const Publication& b) {
    return std::tie(a.object, a.time) < std::tie(b.object, b.time);
  });
  std::size_t c = 0;
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (i > 0 && known[i - 1].object == known[i].object) continue;  // the earliest counts
    while (known[i].object >= channels[c].end_object) ++c;
    ObjectClock& clock = own_[place(known[i].object)];
    if (known[i].time >= clock.born) continue;
    clock.born -= (clock.born - known[i].time) / resolutions[c] * resolutions[c];
  }
}

std::vector<ObjectClock> ObjectClocks::of(const Comm& comm, std::span<const Action> log) const {
  std::vector<std::uint64_t> objects;
  for (const Action& action : log) {
    if (objects.empty() || objects.back() != action.object) objects.push_back(action.object);
  }
  return ask(
      comm, objects, [&](std::uint64_t object) { return owner(object); },
      [&](std::uint64_t object) { return own_[place(object)]; });
}

std::vector<std::uint32_t> find_resolutions(const Comm& comm, std::span<const Action> log,
                                            std::span<const ChannelRule> channels) {
  struct Steps {
    std::uint32_t first = UINT32_MAX;  ///< a time of the channel
    std::uint32_t step = 0;            ///< divides the differences of all its times
  };
  std::vector<Steps> own(channels.size());
  std::size_t c = 0;
  for (const Action& action : log) {
    while (action.object >= channels[c].end_object) ++c;
    if (own[c].first == UINT32_MAX) own[c].first = action.time;
    const auto [low, high] = std::minmax(own[c].first, action.time);
    own[c].step = std::gcd(own[c].step, high - low);
  }
  const auto all = comm.gather_all(own);
  std::vector<std::uint32_t> resolutions;
  for (c = 0; c < channels.size(); ++c) {
    Steps joined;
    for (std::size_t r = 0; r < static_cast<std::size_t>(comm.size()); ++r) {
      const Steps& part = all[r * channels.size() + c];
      if (part.first == UINT32_MAX) continue;
      if (joined.first == UINT32_MAX) joined.first = part.first;
      const auto [low, high] = std::minmax(joined.first, part.first);
      joined.step = std::gcd(joined.step, std::gcd(part.step, high - low));
    }
    resolutions.push_back(std::max<std::uint32_t>(joined.step, 1));
  }
  return resolutions;
}

}  // namespace lockstep
