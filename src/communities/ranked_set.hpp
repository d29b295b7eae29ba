#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

namespace lockstep {

/// A set of numbers that knows each one's position in ascending order. Finding one takes two looks at memory
/// that stays near: 4 bytes for every 256 consecutive numbers, 48 more where the set has any of them.
class RankedSet {
 public:
  static constexpr std::uint32_t absent = UINT32_MAX;

  RankedSet() = default;
  /// For numbers below `end`.
  explicit RankedSet(std::uint64_t end) : block_of_((end + block_size - 1) / block_size, none) {}

  void insert(std::uint32_t number) {
    std::uint32_t& block = block_of_[number / block_size];
    if (block == none) {
      block = static_cast<std::uint32_t>(blocks_.size());
      blocks_.emplace_back();
    }
    blocks_[block].words[word(number)] |= std::uint64_t{1} << bit(number);
  }
  /// To be called once, after the last insertion. Returns the numbers, ascending.
  std::vector<std::uint32_t> number() {
    std::size_t size = 0;
    for (const Block& block : blocks_) {
      for (const std::uint64_t bits : block.words) size += static_cast<std::size_t>(std::popcount(bits));
    }
    std::vector<std::uint32_t> numbers;
    numbers.reserve(size);
    for (std::size_t i = 0; i < block_of_.size(); ++i) {
      if (block_of_[i] == none) continue;
      Block& block = blocks_[block_of_[i]];
      for (std::size_t w = 0; w < most_words; ++w) {
        block.before[w] = static_cast<std::uint32_t>(numbers.size());
        const auto first = static_cast<std::uint32_t>(i * block_size + w * 64);
        for (std::uint64_t bits = block.words[w]; bits != 0; bits &= bits - 1) {
          numbers.push_back(first + static_cast<std::uint32_t>(std::countr_zero(bits)));
        }
      }
    }
    return numbers;
  }
  /// The position of a number, or `absent`. After number().
  std::uint32_t find(std::uint32_t number) const {
    const std::size_t i = number / block_size;
    if (i >= block_of_.size() || block_of_[i] == none) return absent;
    const std::uint64_t bits = blocks_[block_of_[i]].words[word(number)];
    return (bits >> bit(number) & 1) == 0 ? absent : position(number);
  }
  /// The position of a number that is in the set. After number().
  std::uint32_t position(std::uint32_t number) const {
    const Block& block = blocks_[block_of_[number / block_size]];
    const std::uint64_t below = (std::uint64_t{1} << bit(number)) - 1;
    return block.before[word(number)] +
           static_cast<std::uint32_t>(std::popcount(block.words[word(number)] & below));
  }

 private:
  static constexpr std::size_t most_words = 4;
  static constexpr std::uint32_t block_size = most_words * 64;
  static constexpr std::uint32_t none = UINT32_MAX;
  struct Block {
    std::array<std::uint64_t, most_words> words{};
    std::array<std::uint32_t, most_words> before{};  ///< numbers of the set that are smaller than a word's
  };
  static std::size_t word(std::uint32_t number) { return number % block_size / 64; }
  static std::uint32_t bit(std::uint32_t number) { return number % 64; }

  std::vector<std::uint32_t> block_of_;  ///< by number / block_size: in blocks_
  std::vector<Block> blocks_;
};

}  // namespace lockstep
