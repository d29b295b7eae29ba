#include "src/log/halo.hpp"

#include <algorithm>

#include "src/log/windows.hpp"

namespace lockstep {

namespace {

struct Border {
  Action first;
  Action last;
  std::uint64_t size;
};

}  // namespace

HaloLog with_halo(const Comm& comm, std::vector<Action> own, std::span<const ChannelRule> channels) {
  const Border border = own.empty() ? Border{} : Border{own.front(), own.back(), own.size()};
  const auto borders = comm.gather_all_values(border);

  // For each other rank: which of my actions its windows reach. They are contiguous.
  std::vector<Action> outgoing;
  std::vector<std::size_t> counts;
  for (int other = 0; other < comm.size(); ++other) {
    const auto& [first, last, size] = borders[static_cast<std::size_t>(other)];
    auto begin = own.begin();
    auto end = own.begin();
    if (size > 0 && other > comm.rank()) {
      const std::uint32_t window = channels[channel_of(channels, first.object)].window;
      const std::uint32_t from = first.time > window ? first.time - window : 0;
      begin = std::lower_bound(own.begin(), own.end(), Action{first.object, from, 0});
      end = own.end();
    } else if (size > 0 && other < comm.rank()) {
      const std::uint64_t until =
          std::uint64_t{last.time} + channels[channel_of(channels, last.object)].window;
      end = std::find_if(own.begin(), own.end(), [&, object = last.object](const Action& action) {
        return action.object != object || action.time > until;
      });
    }
    outgoing.insert(outgoing.end(), begin, end);
    counts.push_back(static_cast<std::size_t>(end - begin));
  }
  const auto received = comm.exchange(outgoing, counts);
  std::size_t before = 0;
  for (int other = 0; other < comm.rank(); ++other)
    before += received.counts[static_cast<std::size_t>(other)];

  HaloLog log{std::move(own), before, before};
  log.own_end += log.actions.size();
  if (!received.rows.empty()) {
    const auto middle = received.rows.begin() + static_cast<std::ptrdiff_t>(before);
    log.actions.insert(log.actions.begin(), received.rows.begin(), middle);
    log.actions.insert(log.actions.end(), middle, received.rows.end());
  }
  return log;
}

}  // namespace lockstep
