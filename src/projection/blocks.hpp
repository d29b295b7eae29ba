#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "src/log/halo.hpp"
#include "src/projection/rows.hpp"

namespace lockstep {

/// Contiguous blocks of accounts with about equal row work. Their borders depend on the log only.
class AccountBlocks {
 public:
  /// Accounts are weighed in so many equal ranges; blocks are made of whole ranges.
  static constexpr std::size_t ranges = std::size_t{1} << 16;
  static constexpr std::size_t fewest_parts = 1024;
  static constexpr std::size_t most_parts = 16384;
  /// What a run can lose and ranks can wait for is a block, so where there is much work, there are more of
  /// them: about a second's work each.
  static constexpr std::uint64_t steps_per_part = std::uint64_t{1} << 26;
  /// Parts that the work is cut into; as many blocks come of it at most.
  static std::size_t parts(std::uint64_t work) {
    return static_cast<std::size_t>(
        std::clamp<std::uint64_t>(work / steps_per_part, fewest_parts, most_parts));
  }

  /// `work`: steps of the rows of each of the equal ranges, over all ranks.
  AccountBlocks(std::uint64_t accounts, std::span<const std::uint64_t> work);

  static std::size_t range_of(std::uint32_t account, std::uint64_t accounts) {
    return static_cast<std::size_t>(std::uint64_t{account} * ranges / accounts);
  }
  std::size_t block_of(std::uint32_t account) const { return block_of_range_[range_of(account, accounts_)]; }
  std::size_t size() const { return work_.size(); }
  /// Row work of a block, in steps; 0 once it is done.
  std::uint64_t work(std::size_t block) const { return work_[block]; }
  /// There is nothing left to do for a block.
  void set_done(std::size_t block) { work_[block] = 0; }
  /// The first account of a block; of size(): the number of accounts.
  std::uint32_t first_account(std::size_t block) const { return first_account_[block]; }

 private:
  std::uint64_t accounts_;
  std::vector<std::uint16_t> block_of_range_;
  std::vector<std::uint64_t> work_;
  std::vector<std::uint32_t> first_account_;
};

/// Row work by equal account range of a piece of the log: each own action costs its window's population.
std::vector<std::uint64_t> weigh_rows(const HaloLog& log, std::span<const ChannelRule> channels,
                                      std::uint64_t accounts);

/// Blocks first … end − 1 for each rank in order, about equal work each: first[rank], first[rank + 1].
std::vector<std::size_t> deal_blocks(const AccountBlocks& blocks, int ranks);

}  // namespace lockstep
