#include "src/significance/histories.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "cluster/exchange.hpp"

namespace lockstep {

Histories::Histories(const Comm& comm, std::span<const Action> log, std::span<const ObjectClock> clocks,
                     std::span<const ChannelRule> channels, std::span<const NullModel> models,
                     std::uint64_t accounts)
    : owners_(even_ranges(accounts, comm.size())), begin_(owners_.begin(comm.rank())) {
  std::vector<Visit> met;
  met.reserve(log.size());
  std::size_t c = 0;
  for_each_object(log, clocks, [&](const ObjectClock& clock, std::size_t begin, std::size_t end) {
    while (clock.object >= channels[c].end_object) ++c;
    for (std::size_t i = begin; i < end; ++i) {
      met.push_back({clock.object, models[c].interval(log[i].time - clock.born), log[i].account});
    }
  });
  if (comm.size() > 1)
    met = send_to(comm, met, [&](const Visit& visit) { return owner(visit.account); }).rows;

  // Holders send in the log's order, so visits arrive by (object, time): dealing them out by account keeps
  // it.
  first_.assign(owners_.size(comm.rank()) + 1, 0);
  for (const Visit& visit : met) ++first_[visit.account - begin_ + 1];
  std::partial_sum(first_.begin(), first_.end(), first_.begin());
  visits_.resize(met.size());
  auto next = first_;
  for (const Visit& visit : met) visits_[next[visit.account - begin_]++] = visit;
}

std::span<const Visit> Histories::of(std::uint32_t account) const {
  const std::size_t own = account - begin_;
  return std::span(visits_).subspan(first_[own], first_[own + 1] - first_[own]);
}

}  // namespace lockstep
