#pragma once

#include <map>
#include <span>
#include <tuple>
#include <vector>

#include "src/networks/synchrony.hpp"
#include "tests/unit/log/brute_force.hpp"

namespace lockstep::test {

/// Some logs with what a sweep wants beside them. Accounts are in networks 0 … 3, 0 being none.
struct LabelledLog {
  TestLog log;
  std::vector<NullModel> models;
  std::vector<std::uint32_t> network_of;  ///< by account

  std::vector<std::uint32_t> labels(std::span<const Action> actions) const {
    std::vector<std::uint32_t> networks;
    for (const Action& action : actions) networks.push_back(network_of[action.account]);
    return networks;
  }
};

inline LabelledLog random_labelled_log(std::uint32_t seed, const LogShape& shape) {
  LabelledLog labelled{random_log(seed, shape), {}, {}};
  std::mt19937 engine(seed + 1);
  for (std::uint32_t a = 0; a < shape.accounts; ++a) {
    labelled.network_of.push_back(static_cast<std::uint32_t>(engine() % 4));
  }
  for (std::uint32_t c = 0; c < labelled.log.channels.size(); ++c) {
    labelled.models.emplace_back(labelled.log.channels[c].window, 1 + c % 3);
  }
  return labelled;
}

/// Network, object, class of interval; co-acting, co-present, triples.
using SweepKey = std::tuple<std::uint32_t, std::uint64_t, std::uint32_t>;
using SweepTable = std::map<SweepKey, std::array<std::uint64_t, 3>>;

inline SweepTable table_of(std::span<const SweepRow> rows) {
  SweepTable table;
  for (const SweepRow& row : rows) {
    auto& counts = table[{row.network, row.object, row.interval_class}];
    counts[0] += row.counts.co_acting;
    counts[1] += row.counts.co_present;
    counts[2] += static_cast<std::uint64_t>(row.counts.triples);
  }
  return table;
}

/// Over all pairs of actions, from the definitions (METHOD §5).
inline SweepTable brute_force_sweep(const LabelledLog& labelled, std::span<const std::uint32_t> networks) {
  const auto& [log, channels] = labelled.log;
  std::map<std::uint64_t, std::uint32_t> born;
  for (const Action& a : log)
    born[a.object] = std::min(born.try_emplace(a.object, a.time).first->second, a.time);
  const auto interval = [&](const Action& a) {
    return labelled.models[channel_of(a, channels)].interval(a.time - born[a.object]);
  };
  SweepTable table;
  for (std::size_t i = 0; i < log.size(); ++i) {
    std::uint64_t beside = 0;
    const SweepKey key{networks[i], log[i].object, NullModel::class_of(interval(log[i]))};
    for (std::size_t j = 0; j < log.size(); ++j) {
      const bool present = log[i].object == log[j].object && log[i].account != log[j].account &&
                           networks[i] != 0 && networks[i] == networks[j] &&
                           interval(log[i]) == interval(log[j]);
      if (!present) continue;
      ++beside;
      if (i > j) continue;
      ++table[key][1];
      table[key][0] += in_window(log[i], log[j], channels) ? 1 : 0;
    }
    if (beside > 0) table[key][2] += beside * (beside - 1);
  }
  return table;
}

}  // namespace lockstep::test
