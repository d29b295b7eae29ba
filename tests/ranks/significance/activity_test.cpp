#include "src/networks/activity.hpp"

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "tests/ranks/significance/swept_logs.hpp"

namespace lockstep::test {

namespace {

constexpr std::uint32_t networks = 4;
constexpr DayClock clock_of_days{1'000'003, 50};
constexpr EvidenceBounds bounds{5, 12};

/// The actions of a network's members with another member's on the same object within Δ, by object.
std::map<std::uint64_t, std::vector<Action>> co_actions_of(const LabelledLog& labelled,
                                                           std::uint32_t network) {
  const auto& log = labelled.log.actions;
  const auto labels = labelled.labels(log);
  std::map<std::uint64_t, std::vector<Action>> found;
  for (std::size_t i = 0; i < log.size(); ++i) {
    for (std::size_t j = 0; j < log.size(); ++j) {
      if (labels[i] != network || labels[j] != network || log[i].account == log[j].account) continue;
      if (!in_window(log[i], log[j], labelled.log.channels)) continue;
      found[log[i].object].push_back(log[i]);
      break;
    }
  }
  return found;
}

struct Expected {
  std::vector<Evidence> evidence;
  std::vector<double> scores;
  std::vector<TimelineRow> timeline;
  std::vector<std::uint64_t> co_actions;  ///< by network
  std::vector<std::uint64_t> actions;
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
    std::uint64_t co_actions = 0;
    for (const auto& [object, actions] : co_actions_of(labelled, network)) {
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
      co_actions += actions.size();
    }
    expected.co_actions.push_back(co_actions);
    const auto labels = labelled.labels(labelled.log.actions);
    expected.actions.push_back(static_cast<std::uint64_t>(std::count(labels.begin(), labels.end(), network)));
    // By object already: a stable sort keeps the smaller object first.
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return a.score != b.score ? a.score > b.score : a.evidence.accounts > b.evidence.accounts;
    });
    std::uint32_t listed = 0;
    for (std::uint32_t place = 0; place < entries.size() && place < bounds.objects; ++place) {
      entries[place].evidence.place = place;
      expected.evidence.push_back(entries[place].evidence);
      expected.scores.push_back(entries[place].score);
      for (const Action& action : entries[place].actions) {
        if (listed < bounds.timeline_rows) expected.timeline.push_back({network, listed++, action});
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
      for (std::uint32_t n = 0; n < networks; ++n) {
        EXPECT_EQ(found.networks[n].co_actions, expected.co_actions[n]) << n;
        EXPECT_EQ(found.networks[n].actions, expected.actions[n]) << n;
      }
    }
    for (const TimelineRow& row : expected.timeline)
      timelines_cut += row.place + 1 == bounds.timeline_rows ? 1 : 0;
  }
  EXPECT_GT(evidence_found, 50U);
  EXPECT_GT(timelines_cut, 3U);
}

}  // namespace

}  // namespace lockstep::test
