#include "src/networks/activity.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "cluster/exchange.hpp"
#include "cluster/sort.hpp"
#include "src/log/windows.hpp"

namespace lockstep {

namespace {

auto log_order(const CoAction& row) {
  return std::tie(row.network, row.action);
}

/// exp of the entropy of counts that add up to `total`.
double effective_number(std::vector<std::uint64_t> counts, std::uint64_t total) {
  std::sort(counts.begin(), counts.end());  // so that the sum does not depend on who counted first
  double entropy = 0;
  for (const std::uint64_t count : counts) {
    const double share = static_cast<double>(count) / static_cast<double>(total);
    entropy -= share * std::log(share);
  }
  return std::exp(entropy);
}

/// Most accounts within Δ among one object's co-actions, by time.
std::uint32_t largest_burst(std::span<const CoAction> object, std::uint32_t window) {
  std::map<std::uint32_t, std::uint32_t> present;
  std::size_t most = 0;
  std::size_t low = 0;
  for (const CoAction& row : object) {
    ++present[row.action.account];
    for (; row.action.time - object[low].action.time > window; ++low) {
      const auto gone = present.find(object[low].action.account);
      if (--gone->second == 0) present.erase(gone);
    }
    most = std::max(most, present.size());
  }
  return static_cast<std::uint32_t>(most);
}

template <class Row, class Same, class Visit>
void for_each_run(std::span<const Row> rows, Same same, Visit visit) {
  for (std::size_t begin = 0; begin < rows.size();) {
    std::size_t end = begin;
    while (end < rows.size() && same(rows[begin], rows[end])) ++end;
    visit(rows.subspan(begin, end - begin));
    begin = end;
  }
}

bool same_object(const CoAction& a, const CoAction& b) {
  return a.action.object == b.action.object;
}

std::vector<CoAction> gather_co_actions(const Comm& comm, const SweptLog& swept,
                                        std::span<const std::uint32_t> networks,
                                        std::span<const ChannelRule> channels) {
  std::vector<CoAction> found;
  auto clock = swept.clocks.begin();
  for_each_member_co_action(swept.log, networks, channels, [&](std::size_t position, std::uint32_t lag) {
    const Action& action = swept.log.actions[position];
    while (clock->object != action.object) ++clock;
    found.push_back({networks[position], lag, action, clock->actions});
  });
  found = send_to(comm, found, [&](const CoAction& row) { return keeper(comm, row.network); }).rows;
  std::sort(found.begin(), found.end(),
            [](const CoAction& a, const CoAction& b) { return log_order(a) < log_order(b); });
  return found;
}

/// Actions of members by network and channel, over all ranks: [(network − 1) · channels + channel].
std::vector<std::uint64_t> count_member_actions(const Comm& comm, const SweptLog& swept,
                                                std::span<const std::uint32_t> networks, std::size_t count,
                                                std::span<const ChannelRule> channels) {
  std::vector<std::uint64_t> actions(count * channels.size(), 0);
  std::size_t c = 0;
  for (std::size_t i = swept.log.own_begin; i < swept.log.own_end; ++i) {
    while (swept.log.actions[i].object >= channels[c].end_object) ++c;
    if (networks[i] != 0) ++actions[(networks[i] - 1) * channels.size() + c];
  }
  comm.sum_each(actions);
  return actions;
}

/// A row for every network and channel with actions, whether any of them is a co-action or not: `rows` are
/// those with co-actions.
std::vector<ChannelActivity> fill_in(std::vector<ChannelActivity> rows,
                                     std::span<const std::uint64_t> actions, std::size_t channels) {
  const auto place = [&](const ChannelActivity& row) { return (row.network - 1) * channels + row.channel; };
  std::ranges::sort(rows, {}, place);
  std::vector<ChannelActivity> filled;
  auto row = rows.begin();
  for (std::size_t p = 0; p < actions.size(); ++p) {
    if (actions[p] == 0) continue;
    auto& next = filled.emplace_back(ChannelActivity{
        static_cast<std::uint32_t>(p / channels) + 1, static_cast<std::uint32_t>(p % channels), {}});
    if (row != rows.end() && place(*row) == p) next = *row++;
    next.activity.actions = actions[p];
  }
  return filled;
}

/// Lists one network's objects and what was done on them.
class EvidenceList {
 public:
  EvidenceList(std::span<const ChannelRule> channels, std::span<const NullModel> models,
               EvidenceBounds bounds)
      : channels_(channels), models_(models), bounds_(bounds) {}

  /// `rows`: the network's rows of the sweep, by object.
  void take(std::span<const CoAction> co_actions, std::span<const SweepRow> rows) {
    std::vector<Entry> entries;
    for_each_run(co_actions, same_object, [&](std::span<const CoAction> object) {
      entries.push_back({sum_up(object), score_of(object.front().action.object, rows), object});
    });
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return std::tie(b.score, b.evidence.accounts, a.evidence.object) <
             std::tie(a.score, a.evidence.accounts, b.evidence.object);
    });
    entries.resize(std::min<std::size_t>(entries.size(), bounds_.objects));
    const auto shares = share_out(entries);
    std::uint32_t rows_listed = 0;
    for (std::uint32_t place = 0; place < entries.size(); ++place) {
      entries[place].evidence.place = place;
      listed.push_back({entries[place].evidence, entries[place].score});
      for (const CoAction& row : entries[place].co_actions.first(shares[place])) {
        timeline.push_back({row.network, rows_listed++, row.action});
      }
    }
  }

  struct Listed {
    Evidence evidence;
    double score;
    bool operator<(const Listed& other) const { return evidence < other.evidence; }
  };
  std::vector<Listed> listed;
  std::vector<TimelineRow> timeline;

 private:
  struct Entry {
    Evidence evidence;
    double score;
    std::span<const CoAction> co_actions;
  };

  /// How many rows each object has in the timeline: the same for all, as far as they have so many; what is
  /// left goes to the best ones.
  std::vector<std::size_t> share_out(const std::vector<Entry>& entries) const {
    std::vector<std::size_t> shares;
    std::size_t left = bounds_.timeline_rows;
    for (const Entry& entry : entries) {
      shares.push_back(
          std::min<std::size_t>(bounds_.timeline_rows / entries.size(), entry.co_actions.size()));
      left -= shares.back();
    }
    for (std::size_t place = 0; place < entries.size(); ++place) {
      const std::size_t more = std::min(left, entries[place].co_actions.size() - shares[place]);
      shares[place] += more;
      left -= more;
    }
    return shares;
  }

  static Evidence sum_up(std::span<const CoAction> object) {
    Evidence evidence{
        object.front().network, 0, object.front().action.object, 0, object.size(), UINT32_MAX, 0};
    std::vector<std::uint32_t> accounts;
    for (const CoAction& row : object) {
      evidence.first_time = std::min(evidence.first_time, row.action.time);
      evidence.last_time = std::max(evidence.last_time, row.action.time);
      accounts.push_back(row.action.account);
    }
    std::sort(accounts.begin(), accounts.end());
    evidence.accounts =
        static_cast<std::uint64_t>(std::unique(accounts.begin(), accounts.end()) - accounts.begin());
    return evidence;
  }

  double score_of(std::uint64_t object, std::span<const SweepRow> rows) const {
    const auto first =
        std::lower_bound(rows.begin(), rows.end(), object,
                         [](const SweepRow& row, std::uint64_t id) { return row.object < id; });
    std::array<PairCounts, NullModel::classes> counts{};
    for (auto row = first; row != rows.end() && row->object == object; ++row) {
      counts[row->interval_class] += row->counts;
    }
    return judge(counts, models_[channel_of(channels_, object)]).score();
  }

  std::span<const ChannelRule> channels_;
  std::span<const NullModel> models_;
  EvidenceBounds bounds_;
};

}  // namespace

Activity describe(std::span<const CoAction> co_actions, std::span<const ChannelRule> channels,
                  DayClock clock) {
  Activity activity;
  activity.co_actions = co_actions.size();
  if (co_actions.empty()) return activity;
  std::vector<std::uint32_t> lags;
  std::vector<std::int64_t> days;
  std::map<std::uint32_t, std::uint64_t> by_account;
  for (const CoAction& row : co_actions) {
    lags.push_back(row.lag);
    days.push_back(clock.day(row.action.time));
    ++by_account[row.action.account];
  }
  std::sort(lags.begin(), lags.end());
  activity.lag_quartile = lags[(lags.size() - 1) / 4];
  activity.lag_median = lags[(lags.size() - 1) / 2];
  activity.lag_upper_quartile = lags[(lags.size() - 1) * 3 / 4];
  std::sort(days.begin(), days.end());
  activity.active_days = static_cast<std::uint32_t>(std::unique(days.begin(), days.end()) - days.begin());

  std::vector<std::uint64_t> object_counts;
  std::uint64_t all_actions = 0;
  for_each_run(co_actions, same_object, [&](std::span<const CoAction> object) {
    object_counts.push_back(object.size());
    all_actions += object.front().object_actions;
    const std::uint32_t window = channels[channel_of(channels, object.front().action.object)].window;
    activity.largest_burst = std::max(activity.largest_burst, largest_burst(object, window));
  });
  std::vector<std::uint64_t> account_counts;
  for (const auto& [account, count] : by_account) account_counts.push_back(count);
  activity.effective_objects = effective_number(std::move(object_counts), co_actions.size());
  activity.effective_accounts = effective_number(std::move(account_counts), co_actions.size());
  activity.captive_share = static_cast<double>(co_actions.size()) / static_cast<double>(all_actions);
  return activity;
}

NetworkActivity describe_networks(const Comm& comm, const SweptLog& swept,
                                  std::span<const std::uint32_t> networks, std::span<const SweepRow> rows,
                                  std::size_t count, std::span<const ChannelRule> channels,
                                  std::span<const NullModel> models, DayClock clock, EvidenceBounds bounds) {
  const auto co_actions = gather_co_actions(comm, swept, networks, channels);
  const auto actions = count_member_actions(comm, swept, networks, count, channels);

  struct Whole {
    std::uint32_t network;
    Activity activity;
  };
  std::vector<Whole> wholes;
  NetworkActivity described;
  EvidenceList list(channels, models, bounds);
  const auto same_network = [](const CoAction& a, const CoAction& b) { return a.network == b.network; };
  for_each_run(std::span<const CoAction>(co_actions), same_network, [&](std::span<const CoAction> network) {
    const std::uint32_t rank = network.front().network;
    wholes.push_back({rank, describe(network, channels, clock)});
    const auto same_channel = [&](const CoAction& a, const CoAction& b) {
      return channel_of(channels, a.action.object) == channel_of(channels, b.action.object);
    };
    for_each_run(network, same_channel, [&](std::span<const CoAction> of_channel) {
      const std::uint32_t c = channel_of(channels, of_channel.front().action.object);
      described.channels.push_back({rank, c, describe(of_channel, channels, clock)});
    });
    const auto of_network =
        std::equal_range(rows.begin(), rows.end(), SweepRow{rank, 0, 0, 0, {}},
                         [](const SweepRow& a, const SweepRow& b) { return a.network < b.network; });
    list.take(network, {of_network.first, of_network.second});
  });

  described.networks.resize(count);
  for (const Whole& whole : comm.gather_all(wholes)) described.networks[whole.network - 1] = whole.activity;
  for (std::size_t n = 0; n < count; ++n) {
    for (std::size_t c = 0; c < channels.size(); ++c) {
      described.networks[n].actions += actions[n * channels.size() + c];
    }
  }
  described.channels = fill_in(comm.gather_all(described.channels), actions, channels.size());
  for (const auto& listed : sample_sort(comm, std::move(list.listed))) {
    described.evidence.push_back(listed.evidence);
    described.evidence_scores.push_back(listed.score);
  }
  described.timeline = sample_sort(comm, std::move(list.timeline));
  return described;
}

}  // namespace lockstep
