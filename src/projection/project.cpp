#include "src/projection/project.hpp"

#include <algorithm>
#include <chrono>

#include "cluster/agree.hpp"
#include "cluster/progress.hpp"
#include "src/log/windows.hpp"
#include "src/projection/blocks.hpp"

namespace lockstep {

namespace {

/// Which block of accounts is computed where and when.
struct Schedule {
  std::vector<int> rank;              ///< by block
  std::vector<std::uint32_t> round;   ///< by block
  std::vector<std::vector<std::size_t>> first;  ///< by rank: first block of each round, and the end
  std::uint32_t rounds = 0;
};

/// Calls take(block, begin, end) for every stretch of own actions that a block of accounts needs and has not
/// been told of; `covered` is by block: where its last stretch ended.
template <class Key, class Take>
void for_each_segment(const HaloLog& log, std::span<const ChannelRule> channels, std::size_t keys, Key key_of,
                      Take take) {
  std::vector<std::size_t> covered(keys, 0);
  for_each_window(log.actions, channels, [&](std::size_t i, std::size_t low, std::size_t high) {
    const std::size_t key = key_of(log.actions[i].account);
    if (key == keys) return;
    const std::size_t begin = std::max({low, log.own_begin, covered[key]});
    const std::size_t end = std::min(high, log.own_end);
    if (begin >= end) return;
    take(key, begin, end);
    covered[key] = end;
  });
}

/// Rounds as large as the budget lets them be. `sizes`: actions of each block's segments, over all ranks.
Schedule schedule_blocks(const AccountBlocks& blocks, int ranks, std::span<const std::uint64_t> sizes,
                         std::uint64_t budget) {
  Schedule schedule;
  schedule.rank.resize(blocks.size());
  schedule.round.resize(blocks.size());
  const auto first = deal_blocks(blocks, ranks);
  for (int r = 0; r < ranks; ++r) {
    auto& rounds = schedule.first.emplace_back();
    std::uint64_t size = 0;
    for (std::size_t b = first[static_cast<std::size_t>(r)]; b < first[static_cast<std::size_t>(r) + 1]; ++b) {
      if (rounds.empty() || size + sizes[b] > budget) {
        rounds.push_back(b);
        size = 0;
      }
      size += sizes[b];
      schedule.rank[b] = r;
      schedule.round[b] = static_cast<std::uint32_t>(rounds.size() - 1);
    }
    rounds.push_back(first[static_cast<std::size_t>(r) + 1]);
    schedule.rounds = std::max(schedule.rounds, static_cast<std::uint32_t>(rounds.size() - 1));
  }
  return schedule;
}

/// Sends every rank the segments of its accounts in this round.
std::vector<Action> exchange_segments(const Comm& comm, const HaloLog& log, std::span<const ChannelRule> channels,
                                      const AccountBlocks& blocks, const Schedule& schedule, std::uint32_t round,
                                      std::uint64_t& sent) {
  const auto ranks = static_cast<std::size_t>(comm.size());
  const auto destination = [&](std::uint32_t account) {
    const std::size_t block = blocks.block_of(account);
    return schedule.round[block] == round ? static_cast<std::size_t>(schedule.rank[block]) : ranks;
  };
  std::vector<std::size_t> counts(ranks, 0);
  for_each_segment(log, channels, ranks, destination,
                   [&](std::size_t r, std::size_t begin, std::size_t end) { counts[r] += end - begin; });
  std::vector<std::size_t> next(ranks, 0);
  for (std::size_t r = 1; r < ranks; ++r) next[r] = next[r - 1] + counts[r - 1];
  std::vector<Action> segments(next.back() + counts.back());
  for_each_segment(log, channels, ranks, destination, [&](std::size_t r, std::size_t begin, std::size_t end) {
    std::copy(log.actions.begin() + static_cast<std::ptrdiff_t>(begin),
              log.actions.begin() + static_cast<std::ptrdiff_t>(end),
              segments.begin() + static_cast<std::ptrdiff_t>(next[r]));
    next[r] += end - begin;
  });
  sent += segments.size() - counts[static_cast<std::size_t>(comm.rank())];
  return comm.exchange(segments, counts).rows;
}

}  // namespace

Projection project(const Comm& comm, const HaloLog& log, const std::vector<ChannelRule>& channels,
                   std::uint64_t accounts, DayClock clock, const ProjectionOptions& options) {
  Projection result;
  auto work = weigh_rows(log, channels, accounts);
  comm.sum_each(work);
  const AccountBlocks blocks(accounts, work);

  // One rank alone has all windows at hand; segments matter only between ranks.
  const bool alone = comm.size() == 1;
  std::vector<std::uint64_t> sizes(blocks.size(), 0);
  if (!alone || options.segment_budget > 0) {
    for_each_segment(
        log, channels, blocks.size(), [&](std::uint32_t account) { return blocks.block_of(account); },
        [&](std::size_t block, std::size_t begin, std::size_t end) { sizes[block] += end - begin; });
    comm.sum_each(sizes);
  }
  const std::uint64_t even_piece = comm.sum(log.own().size()) / static_cast<std::uint64_t>(comm.size()) + 1;
  const auto schedule = schedule_blocks(blocks, comm.size(), sizes,
                                        options.segment_budget > 0 ? options.segment_budget : even_piece);

  const auto& mine = schedule.first[static_cast<std::size_t>(comm.rank())];
  for (std::size_t b = mine.front(); b < mine.back(); ++b) result.row_steps += blocks.work(b);
  Progress progress(comm, "project", "pairs", result.row_steps);
  for (std::uint32_t round = 0; round < schedule.rounds; ++round) {
    std::vector<Action> segments;
    if (!alone) {
      segments = exchange_segments(comm, log, channels, blocks, schedule, round, result.segment_actions);
    }
    attempt(comm, [&] {
      if (round + 1 >= mine.size()) return;
      const auto start = std::chrono::steady_clock::now();
      // A few blocks at a time keep the index of own actions small.
      for (std::size_t b = mine[round]; b < mine[round + 1];) {
        const std::size_t end = std::min(mine[round + 1], b + AccountBlocks::most_blocks / 8);
        project_rows(alone ? log.actions : segments, {blocks.first_account(b), blocks.first_account(end)},
                     channels, clock, result.edges);
        for (; b < end; ++b) progress.advance(blocks.work(b));
      }
      result.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    });
  }
  for (const auto& rounds : schedule.first) result.accounts.first.push_back(blocks.first_account(rounds.front()));
  result.accounts.first.push_back(accounts);
  return result;
}

}  // namespace lockstep
