#include "src/significance/jitter.hpp"

#include <algorithm>

#include <Random123/philox.h>

#include "data/digest.hpp"
#include "data/wide.hpp"

namespace lockstep {

std::vector<Action> jitter(std::span<const Action> log, std::span<const ObjectClock> clocks,
                           std::span<const ChannelRule> channels, std::span<const NullModel> models,
                           std::uint64_t seed, std::uint32_t replica) {
  const r123::Philox4x32 philox;
  const auto salt = static_cast<std::uint32_t>(mix(seed, replica, 0, 0));
  std::vector<Action> surrogate(log.begin(), log.end());
  std::size_t c = 0;
  std::uint32_t ordinal = 0;
  for_each_object(log, clocks, [&](const ObjectClock& clock, std::size_t begin, std::size_t end) {
    while (clock.object >= channels[c].end_object) ++c;
    const NullModel& model = models[c];
    for (std::size_t i = begin; i < end; ++i) {
      ordinal = i > begin && log[i] == log[i - 1] ? ordinal + 1 : 0;
      const auto object = log[i].object;
      const auto draw = philox({{static_cast<std::uint32_t>(object), static_cast<std::uint32_t>(object >> 32),
                                 log[i].account, log[i].time}},
                               {{salt, ordinal}});
      const std::uint64_t random = std::uint64_t{draw[0]} << 32 | draw[1];
      const std::uint32_t interval = model.interval(log[i].time - clock.born);
      // Only windows of days in milliseconds reach over the last time that 32 bits hold.
      const std::uint64_t first = clock.born + model.begin(interval);
      const std::uint64_t slots =
          std::min(model.slots(NullModel::class_of(interval)), (UINT32_MAX - first) / model.resolution() + 1);
      const auto slot = static_cast<std::uint64_t>(UnsignedWide{random} * slots >> 64);
      surrogate[i].time = static_cast<std::uint32_t>(first + slot * model.resolution());
    }
  });
  return surrogate;
}

}  // namespace lockstep
