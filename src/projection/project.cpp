#include "src/projection/project.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "cluster/agree.hpp"
#include "cluster/progress.hpp"
#include "src/log/windows.hpp"
#include "src/projection/blocks.hpp"

namespace lockstep {

namespace {

/// Which block of accounts is computed where and when: each rank's blocks are cut into `rounds` groups of
/// about equally many. Blocks without work are computed nowhere.
class Schedule {
 public:
  Schedule(const AccountBlocks& blocks, int ranks, std::size_t rounds)
      : rounds_(rounds), first_(deal_blocks(blocks, ranks)) {
    for (int r = 0; r < ranks; ++r) {
      for (std::size_t round = 0; round < rounds; ++round) {
        slots_.resize(first_block(r, round + 1), static_cast<std::size_t>(r) * rounds + round);
      }
    }
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      if (blocks.work(b) == 0) slots_[b] = slots();
    }
  }
  std::size_t rounds() const { return rounds_; }
  /// A rank and round, as rank · rounds + round; slots(): nowhere.
  std::size_t slots() const { return (first_.size() - 1) * rounds_; }
  std::size_t slot_of(std::size_t block) const { return slots_[block]; }
  std::size_t first_block(int rank, std::size_t round) const {
    const std::size_t begin = first_[static_cast<std::size_t>(rank)];
    return begin + (first_[static_cast<std::size_t>(rank) + 1] - begin) * round / rounds_;
  }

 private:
  std::size_t rounds_;
  std::vector<std::size_t> first_;  ///< by rank: its first block
  std::vector<std::size_t> slots_;  ///< by block
};

/// Calls take(key, begin, end) for every stretch of own actions that lies in a window of an account of `key`
/// and was not taken for it before. Keys are 0 … keys − 1; accounts whose key is `keys` are passed over.
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

/// The fewest rounds in which no rank receives more actions than the budget at a time, as far as blocks of
/// accounts allow. Fewer rounds mean fewer bytes: an action travels once per rank and round. Collective.
Schedule plan_rounds(const Comm& comm, const HaloLog& log, std::span<const ChannelRule> channels,
                     const AccountBlocks& blocks, std::uint64_t budget) {
  for (std::size_t rounds = 1;; rounds *= 2) {
    Schedule schedule(blocks, comm.size(), rounds);
    if (comm.size() == 1 || rounds * static_cast<std::size_t>(comm.size()) >= blocks.size()) return schedule;
    std::vector<std::uint64_t> sizes(schedule.slots(), 0);
    for_each_segment(
        log, channels, sizes.size(),
        [&](std::uint32_t account) { return schedule.slot_of(blocks.block_of(account)); },
        [&](std::size_t slot, std::size_t begin, std::size_t end) { sizes[slot] += end - begin; });
    comm.sum_each(sizes);
    if (*std::max_element(sizes.begin(), sizes.end()) <= budget) return schedule;
  }
}

/// Sends every rank the segments of its accounts in this round.
std::vector<Action> exchange_segments(const Comm& comm, const HaloLog& log,
                                      std::span<const ChannelRule> channels, const AccountBlocks& blocks,
                                      const Schedule& schedule, std::size_t round, std::uint64_t& sent) {
  const auto ranks = static_cast<std::size_t>(comm.size());
  const auto destination = [&](std::uint32_t account) {
    const std::size_t slot = schedule.slot_of(blocks.block_of(account));
    return slot < schedule.slots() && slot % schedule.rounds() == round ? slot / schedule.rounds() : ranks;
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
  AccountBlocks blocks(accounts, work);
  for (std::size_t b = 0; b < std::min(blocks.size(), options.done.size()); ++b) {
    if (options.done[b]) blocks.set_done(b);
  }

  const std::uint64_t even_piece = comm.sum(log.own().size()) / static_cast<std::uint64_t>(comm.size()) + 1;
  const Schedule schedule = plan_rounds(comm, log, channels, blocks,
                                        options.segment_budget > 0 ? options.segment_budget : 4 * even_piece);
  // One rank alone has all windows at hand; segments matter only between ranks.
  const bool alone = comm.size() == 1;
  const int rank = comm.rank();
  for (std::size_t b = schedule.first_block(rank, 0); b < schedule.first_block(rank, schedule.rounds());
       ++b) {
    result.row_steps += blocks.work(b);
  }
  Progress progress(comm, options.stage, "steps", result.row_steps);
  const auto is_done = [&](std::size_t b) { return b < options.done.size() && options.done[b]; };
  for (std::size_t round = 0; round < schedule.rounds(); ++round) {
    std::vector<Action> segments;
    if (!alone) {
      segments = exchange_segments(comm, log, channels, blocks, schedule, round, result.segment_actions);
    }
    auto rows = attempt(comm, [&] { return RowProjection(alone ? log.actions : segments, channels, clock); });
    const std::size_t last = schedule.first_block(rank, round + 1);
    std::size_t next = schedule.first_block(rank, round);
    std::size_t indexed = next;
    // Some blocks at a time keep the index of own actions small.
    const std::size_t at_a_time = blocks.size() / 8 + 1;
    const auto project_next = [&] {
      if (next >= indexed) {
        indexed = std::min(last, next + at_a_time);
        rows.index({blocks.first_account(next), blocks.first_account(indexed)});
      }
      rows.project({blocks.first_account(next), blocks.first_account(next + 1)}, result.edges);
      progress.advance(blocks.work(next));
    };
    do {
      std::vector<std::uint32_t> computed;
      attempt(comm, [&] {
        const auto start = std::chrono::steady_clock::now();
        const auto elapsed = [&] {
          return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        };
        for (; next < last; ++next) {
          if (options.take && !computed.empty() && elapsed() >= options.stretch_seconds) break;
          if (is_done(next)) continue;
          project_next();
          computed.push_back(static_cast<std::uint32_t>(next));
        }
        result.seconds += elapsed();
      });
      if (options.take) {
        options.take({std::exchange(result.edges, {}), comm.gather_all(computed), blocks.size()});
      }
    } while (comm.any(next < last));
  }
  progress.finish();
  for (int r = 0; r < comm.size(); ++r) {
    result.accounts.first.push_back(blocks.first_account(schedule.first_block(r, 0)));
  }
  result.accounts.first.push_back(accounts);
  return result;
}

}  // namespace lockstep
