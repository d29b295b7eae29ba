#include "src/log/partition.hpp"

#include <algorithm>

#include <tsl/robin_map.h>

#include "cluster/agree.hpp"
#include "cluster/exchange.hpp"
#include "cluster/sort.hpp"
#include "src/log/prune.hpp"
#include "src/log/windows.hpp"

namespace lockstep {

namespace {

std::uint64_t key_of(const AccountInChannel& who) {
  return std::uint64_t{who.channel} << 32 | who.account;
}

struct ChannelSupport {
  AccountInChannel who;
  std::uint64_t object;
  auto operator<=>(const ChannelSupport&) const = default;
};

/// Accounts on the piece's first and last object, which other ranks may hold parts of, too.
std::vector<ChannelSupport> border_support(std::span<const Action> log,
                                           std::span<const ChannelRule> channels) {
  std::vector<ChannelSupport> supports;
  const auto add = [&](const Action& action) {
    supports.push_back({{channel_of(channels, action.object), action.account}, action.object});
  };
  if (log.empty()) return supports;
  const auto first_end =
      std::find_if(log.begin(), log.end(), [&](const Action& a) { return a.object != log.front().object; });
  std::for_each(log.begin(), first_end, add);
  const auto last_begin = std::find_if(log.rbegin(), log.rend(), [&](const Action& a) {
                            return a.object != log.back().object;
                          }).base();
  std::for_each(std::max(first_end, last_begin), log.end(), add);
  std::sort(supports.begin(), supports.end());
  supports.erase(std::unique(supports.begin(), supports.end()), supports.end());
  return supports;
}

std::span<const Action> without_border(std::span<const Action> log) {
  std::size_t begin = 0;
  std::size_t end = log.size();
  while (begin < end && log[begin].object == log.front().object) ++begin;
  while (end > begin && log[end - 1].object == log.back().object) --end;
  return log.subspan(begin, end - begin);
}

/// The accounts met on this rank that act on too few objects of a channel, over all ranks. Collective.
tsl::robin_map<std::uint64_t, bool> find_weak_accounts(const Comm& comm, std::span<const Action> log,
                                                       std::span<const ChannelRule> channels) {
  const auto owner = [&](const AccountInChannel& who) {
    return static_cast<int>(who.account % static_cast<std::uint32_t>(comm.size()));
  };
  const auto supports = count_support(without_border(log), channels);
  const auto borders = border_support(log, channels);
  const auto counted = send_to(comm, supports, [&](const Support& support) { return owner(support.who); });
  auto listed =
      send_to(comm, borders, [&](const ChannelSupport& support) { return owner(support.who); }).rows;

  tsl::robin_map<std::uint64_t, std::uint64_t> objects;
  for (const auto& support : counted.rows) objects[key_of(support.who)] += support.objects;
  std::sort(listed.begin(), listed.end());
  const auto end = std::unique(listed.begin(), listed.end());
  for (auto support = listed.begin(); support != end; ++support) ++objects[key_of(support->who)];

  std::vector<AccountInChannel> questions;
  for (const auto& support : supports) questions.push_back(support.who);
  for (const auto& support : borders) questions.push_back(support.who);
  const auto weak = ask(comm, questions, owner, [&](const AccountInChannel& who) {
    return static_cast<std::uint8_t>(objects[key_of(who)] < channels[who.channel].min_shared);
  });
  tsl::robin_map<std::uint64_t, bool> found;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (weak[i] != 0) found[key_of(questions[i])] = true;
  }
  return found;
}

std::vector<Action> drop_lone_actions(const HaloLog& log, std::span<const ChannelRule> channels) {
  const auto co_acts = find_co_actions(log.actions, channels);
  std::vector<Action> kept;
  kept.reserve(static_cast<std::size_t>(std::count(co_acts.begin(), co_acts.end(), 1)));
  for (std::size_t i = log.own_begin; i < log.own_end; ++i) {
    if (co_acts[i] != 0) kept.push_back(log.actions[i]);
  }
  return kept;
}

void drop_weak_accounts(const Comm& comm, std::vector<Action>& log, std::span<const ChannelRule> channels) {
  const auto weak = find_weak_accounts(comm, log, channels);
  std::erase_if(log, [&](const Action& action) {
    return weak.contains(key_of({channel_of(channels, action.object), action.account}));
  });
}

}  // namespace

std::vector<Action> sort_log(const Comm& comm, std::vector<Action> actions) {
  return sample_sort(comm, std::move(actions));
}

std::vector<Action> prune(const Comm& comm, HaloLog halo, const std::vector<ChannelRule>& channels,
                          const std::function<void(std::uint64_t)>& actions_seen) {
  for (;;) {
    if (actions_seen) actions_seen(halo.own().size());
    auto log = drop_lone_actions(halo, channels);
    halo = {};
    const std::uint64_t before = comm.sum(log.size());
    drop_weak_accounts(comm, log, channels);
    // Where no account fell, no action lost its company.
    if (comm.sum(log.size()) == before) return log;
    halo = with_halo(comm, std::move(log), channels);
  }
}

std::vector<Action> balance(const Comm& comm, std::vector<Action> log) {
  const Ranges target = even_ranges(comm.sum(log.size()), comm.size());
  return redistribute(comm, std::move(log), target);
}

std::vector<LogCounts> count_log(const Comm& comm, const HaloLog& log,
                                 const std::vector<ChannelRule>& channels) {
  std::vector<std::uint64_t> pairs(channels.size(), 0);
  std::vector<std::uint64_t> actions(channels.size(), 0);
  std::vector<std::uint64_t> objects(channels.size(), 0);
  std::vector<std::uint64_t> accounts(channels.size(), 0);
  std::size_t c = 0;
  for_each_window(log.actions, channels, [&](std::size_t i, std::size_t, std::size_t high) {
    if (i < log.own_begin || i >= log.own_end) return;
    while (log.actions[i].object >= channels[c].end_object) ++c;
    pairs[c] += high - i - 1;
    ++actions[c];
  });

  // An object counts on the rank that holds its first action.
  struct Last {
    std::uint64_t object;
    std::uint64_t size;
  };
  const auto own = log.own();
  const auto lasts = comm.gather_all_values(own.empty() ? Last{0, 0} : Last{own.back().object, own.size()});
  bool continues = false;
  for (int r = comm.rank() - 1; r >= 0 && !own.empty(); --r) {
    const auto& last = lasts[static_cast<std::size_t>(r)];
    if (last.size == 0) continue;
    continues = last.object == own.front().object;
    break;
  }
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (i == 0 ? !continues : own[i].object != own[i - 1].object)
      ++objects[channel_of(channels, own[i].object)];
  }

  std::vector<AccountInChannel> present;
  for (const auto& support : count_support(own, channels)) present.push_back(support.who);
  auto met = send_to(comm, present, [&](const AccountInChannel& who) {
               return static_cast<int>(who.account % static_cast<std::uint32_t>(comm.size()));
             }).rows;
  std::sort(met.begin(), met.end());
  met.erase(std::unique(met.begin(), met.end()), met.end());
  for (const auto& who : met) ++accounts[who.channel];

  for (auto* counts : {&pairs, &actions, &objects, &accounts}) comm.sum_each(*counts);
  std::vector<LogCounts> counted;
  for (std::size_t i = 0; i < channels.size(); ++i) {
    counted.push_back({actions[i], accounts[i], objects[i], pairs[i]});
  }
  return counted;
}

}  // namespace lockstep
