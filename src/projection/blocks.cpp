#include "src/projection/blocks.hpp"

#include <numeric>

#include "data/wide.hpp"
#include "src/log/windows.hpp"

namespace lockstep {

AccountBlocks::AccountBlocks(std::uint64_t accounts, std::span<const std::uint64_t> work)
    : accounts_(accounts) {
  const std::uint64_t total = std::accumulate(work.begin(), work.end(), std::uint64_t{0});
  const std::size_t parts_wanted = parts(total);
  // The first account of a range r: the smallest a with a * ranges / accounts == r.
  const auto first_of_range = [&](std::size_t r) {
    return static_cast<std::uint32_t>((r * accounts + ranges - 1) / ranges);
  };
  std::uint64_t before = 0;
  for (std::size_t r = 0; r < ranges; ++r) {
    // A new block begins where the running work enters the next of the equal parts.
    const auto part = static_cast<std::size_t>(UnsignedWide{before} * parts_wanted / (total + 1));
    const bool starts =
        work_.empty() ||
        (part > 0 && before > 0 &&
         part != static_cast<std::size_t>(UnsignedWide{before - work[r - 1]} * parts_wanted / (total + 1)));
    if (starts) {
      first_account_.push_back(first_of_range(r));
      work_.push_back(0);
    }
    block_of_range_.push_back(static_cast<std::uint16_t>(work_.size() - 1));
    work_.back() += work[r];
    before += work[r];
  }
  first_account_.push_back(static_cast<std::uint32_t>(accounts));
}

std::vector<std::uint64_t> weigh_rows(const HaloLog& log, std::span<const ChannelRule> channels,
                                      std::uint64_t accounts) {
  std::vector<std::uint64_t> work(AccountBlocks::ranges, 0);
  for_each_window(log.actions, channels, [&](std::size_t i, std::size_t low, std::size_t high) {
    if (i < log.own_begin || i >= log.own_end) return;
    work[AccountBlocks::range_of(log.actions[i].account, accounts)] += high - low;
  });
  return work;
}

std::vector<std::size_t> deal_blocks(const AccountBlocks& blocks, int ranks) {
  std::uint64_t total = 0;
  for (std::size_t b = 0; b < blocks.size(); ++b) total += blocks.work(b);
  std::vector<std::size_t> first = {0};
  std::uint64_t before = 0;
  std::size_t b = 0;
  for (int rank = 1; rank < ranks; ++rank) {
    const auto share = static_cast<std::uint64_t>(UnsignedWide{total} * static_cast<unsigned>(rank) /
                                                  static_cast<unsigned>(ranks));
    while (b < blocks.size() && before + blocks.work(b) / 2 < share) before += blocks.work(b++);
    first.push_back(b);
  }
  first.push_back(blocks.size());
  return first;
}

}  // namespace lockstep
