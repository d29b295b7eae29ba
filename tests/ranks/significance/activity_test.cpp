#include "src/networks/activity.hpp"

#include <map>
#include <optional>
#include <set>

#include <gtest/gtest.h>

#include "tests/ranks/significance/swept_logs.hpp"

namespace lockstep::test {

namespace {

constexpr std::uint32_t networks = 4;
constexpr DayClock clock_of_days{1'000'003, 50};
constexpr EvidenceBounds bounds{5, 12};

/// The actions of a network's members with another member's on the same object within Δ.
std::vector<CoAction> co_actions_of(const LabelledLog& labelled, std::uint32_t network) {
  const auto& log = labelled.log.actions;
  const auto labels = labelled.labels(log);
  std::vector<CoAction> found;
  for (std::size_t i = 0; i < log.size(); ++i) {
    CoAction row{network, UINT32_MAX, log[i], 0};
    for (std::size_t j = 0; j < log.size(); ++j) {
      row.object_actions += log[i].object == log[j].object ? 1 : 0;
      if (labels[i] != network || labels[j] != network || log[i].account == log[j].account) continue;
      if (in_window(log[i], log[j], labelled.log.channels)) row.lag = std::min(row.lag, lag(log[i], log[j]));
    }
    if (row.lag != UINT32_MAX) found.push_back(row);
  }
  return found;
}

/// Of one channel, or of all; `describe` itself is tested against the definitions elsewhere.
Activity activity_of(const LabelledLog& labelled, std::uint32_t network,
                     std::optional<std::uint32_t> channel) {
  const auto& [log, channels] = labelled.log;
  const auto elsewhere = [&](const Action& action) {
    return channel && channel_of(action, labelled.log.channels) != *channel;
  };
  auto co_actions = co_actions_of(labelled, network);
  std::erase_if(co_actions, [&](const CoAction& row) { return elsewhere(row.action); });
  Activity activity = describe(co_actions, channels, clock_of_days);
  for (const Action& action : log) {
    activity.actions += labelled.network_of[action.account] == network && !elsewhere(action) ? 1 : 0;
  }
  return activity;
}

/// Every descriptor of it.
std::vector<double> numbers(const Activity& a) {
  return {static_cast<double>(a.actions),
          static_cast<double>(a.co_actions),
          static_cast<double>(a.lag_quartile),
          static_cast<double>(a.lag_median),
          static_cast<double>(a.lag_upper_quartile),
          a.effective_objects,
          a.effective_accounts,
          a.captive_share,
          static_cast<double>(a.active_days),
          static_cast<double>(a.largest_burst),
          a.participation()};
}

/// Rows in the timeline of each of a network's objects: dealt out one by one, to every object that has more;
/// the last round, which does not reach all, to the best.
std::vector<std::size_t> deal_rows(const std::vector<std::size_t>& available) {
  std::vector<std::size_t> shares(available.size(), 0);
  std::size_t left = bounds.timeline_rows;
  for (std::size_t round = 0; round < bounds.timeline_rows / std::max<std::size_t>(1, available.size());
       ++round) {
    for (std::size_t i = 0; i < available.size(); ++i) {
      if (shares[i] == available[i]) continue;
      ++shares[i];
      --left;
    }
  }
  for (std::size_t i = 0; i < available.size(); ++i) {
    for (; left > 0 && shares[i] < available[i]; --left) ++shares[i];
  }
  return shares;
}

struct Expected {
  std::vector<Evidence> evidence;
  std::vector<double> scores;
  std::vector<TimelineRow> timeline;
};

Expected brute_force(const LabelledLog& labelled) {
  const auto table = brute_force_sweep(labelled, labelled.labels(labelled.log.actions));
  const auto& channels = labelled.log.channels;
  Expected expected;
  for (std::uint32_t network = 1; network <= networks; ++network) {
    struct Entry {
      double score;
      Evidence evidence;
      std::vector<Action> actions;
    };
    std::vector<Entry> entries;
    std::map<std::uint64_t, std::vector<Action>> by_object;
    for (const CoAction& row : co_actions_of(labelled, network)) {
      by_object[row.action.object].push_back(row.action);
    }
    for (const auto& [object, actions] : by_object) {
      std::array<PairCounts, NullModel::classes> counts{};
      for (const auto& [key, pairs] : table) {
        const auto& [of, row_object, interval_class] = key;
        if (of == network && row_object == object) counts[interval_class] += {pairs[0], pairs[1], pairs[2]};
      }
      const NullModel& model = labelled.models[channel_of({object, 0, 0}, channels)];
      std::set<std::uint32_t> accounts;
      std::set<std::uint32_t> times;
      for (const Action& action : actions) {
        accounts.insert(action.account);
        times.insert(action.time);
      }
      entries.push_back(
          {judge(counts, model).score(),
           {network, 0, object, accounts.size(), actions.size(), *times.begin(), *times.rbegin()},
           actions});
    }
    // By object already: a stable sort keeps the smaller object first.
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return a.score != b.score ? a.score > b.score : a.evidence.accounts > b.evidence.accounts;
    });
    entries.resize(std::min<std::size_t>(entries.size(), bounds.objects));
    std::vector<std::size_t> available;
    for (const Entry& entry : entries) available.push_back(entry.actions.size());
    const auto shares = deal_rows(available);
    std::uint32_t listed = 0;
    for (std::uint32_t place = 0; place < entries.size(); ++place) {
      entries[place].evidence.place = place;
      expected.evidence.push_back(entries[place].evidence);
      expected.scores.push_back(entries[place].score);
      for (std::size_t i = 0; i < shares[place]; ++i) {
        expected.timeline.push_back({network, listed++, entries[place].actions[i]});
      }
    }
  }
  return expected;
}

std::vector<std::vector<std::uint64_t>> numbers(const std::vector<Evidence>& rows) {
  std::vector<std::vector<std::uint64_t>> all;
  for (const Evidence& r : rows) {
    all.push_back({r.network, r.place, r.object, r.accounts, r.actions, r.first_time, r.last_time});
  }
  return all;
}

std::vector<std::vector<std::uint64_t>> numbers(const std::vector<TimelineRow>& rows) {
  std::vector<std::vector<std::uint64_t>> all;
  for (const TimelineRow& r : rows) {
    all.push_back({r.network, r.place, r.action.object, r.action.time, r.action.account});
  }
  return all;
}

TEST(DescribeNetworks, ListsEvidenceAndTimelineHoweverTheLogIsCut) {
  std::size_t evidence_found = 0;
  std::size_t timelines_cut = 0;
  std::size_t channels_without_co_actions = 0;
  for (const auto& labelled : rank_logs()) {
    const auto& channels = labelled.log.channels;
    const Expected expected = brute_force(labelled);
    evidence_found += expected.evidence.size();
    for (std::uint32_t seed = 0; seed < 4; ++seed) {
      auto own = own_actions(labelled.log.actions, seed);
      const ObjectClocks clocks(world(), own);
      const auto swept = prepare_sweep(world(), std::move(own), clocks, channels, labelled.models);
      const auto labels = labelled.labels(swept.log.actions);
      const auto rows = sweep_networks(world(), swept, labels, channels, labelled.models);
      const auto found = describe_networks(world(), swept, labels, rows, networks, channels, labelled.models,
                                           clock_of_days, bounds);
      EXPECT_EQ(numbers(world().gather_all(found.evidence)), numbers(expected.evidence)) << seed;
      EXPECT_EQ(world().gather_all(found.evidence_scores), expected.scores) << seed;
      EXPECT_EQ(numbers(world().gather_all(found.timeline)), numbers(expected.timeline)) << seed;
      auto row = found.channels.begin();
      for (std::uint32_t n = 0; n < networks; ++n) {
        EXPECT_EQ(numbers(found.networks[n]), numbers(activity_of(labelled, n + 1, std::nullopt))) << n;
        for (std::uint32_t c = 0; c < channels.size(); ++c) {
          const Activity of_channel = activity_of(labelled, n + 1, c);
          if (of_channel.actions == 0) continue;
          ASSERT_NE(row, found.channels.end());
          EXPECT_EQ(std::pair(row->network, row->channel), std::pair(n + 1, c));
          EXPECT_EQ(numbers(row->activity), numbers(of_channel)) << n << ' ' << c;
          channels_without_co_actions += of_channel.co_actions == 0 ? 1 : 0;
          ++row;
        }
      }
      EXPECT_EQ(row, found.channels.end());
    }
    for (const TimelineRow& row : expected.timeline)
      timelines_cut += row.place + 1 == bounds.timeline_rows ? 1 : 0;
  }
  EXPECT_GT(evidence_found, 50U);
  EXPECT_GT(timelines_cut, 3U);
  EXPECT_GT(channels_without_co_actions, 3U);
}

}  // namespace

}  // namespace lockstep::test
