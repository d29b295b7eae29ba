#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "src/communities/packed.hpp"

namespace lockstep {

/// What the numbers in one field of a message have been like: tells in how many low bits the next one is best
/// written. Sender and receiver learn the same, message by message.
class Field {
 public:
  int low_bits() const { return low_bits_; }
  void learn(std::uint64_t value) {
    sum_ += std::min(value, most_);
    if (++count_ > few_ && count_ % often_ != 0) return;
    low_bits_ = log_of_mean();
    if (count_ < memory_) return;
    sum_ /= 2;
    count_ /= 2;
  }

 private:
  static constexpr std::uint64_t most_ = std::uint64_t{1} << 55;  // so that sums do not overflow
  static constexpr std::uint64_t memory_ = 64;
  static constexpr std::uint64_t few_ = 16;
  static constexpr std::uint64_t often_ = 8;  // at every number it would take as long as the writing
  /// log2 of about the mean of the latest numbers, as in JPEG-LS (ITU-T T.87, A.5.1).
  int log_of_mean() const {
    const int bits = std::countl_zero(count_) - std::countl_zero(sum_);
    if (bits <= 0) return 0;
    return count_ << bits > sum_ ? bits - 1 : bits;
  }
  std::uint64_t sum_ = 0;
  std::uint64_t count_ = 1;
  int low_bits_ = 0;
};

class BitUnpacker;

/// Records of whole numbers as bits: Rice codes (Rice & Plaunt 1971) whose parameter each Field tells. For
/// fields with numbers of one size this is within a bit of what is possible.
class BitPacker {
 public:
  using Reader = BitUnpacker;
  void begin_record() { ++records_; }
  void put(std::uint64_t value, Field& field) {
    const int low = field.low_bits();
    field.learn(value);
    const std::uint64_t high = value >> low;
    if (high < most_ones) {
      const std::uint64_t ones = (std::uint64_t{1} << high) - 1;
      const std::uint64_t rest = value & ((std::uint64_t{1} << low) - 1);
      const int length = static_cast<int>(high) + 1;
      if (low <= most_rest) {
        write(ones | rest << length, length + low);
      } else {
        write(ones, length);
        write_long(rest, low);
      }
      return;
    }
    const int length = 64 - std::countl_zero(value);
    write((std::uint64_t{1} << most_ones) - 1, most_ones);
    write(static_cast<std::uint64_t>(length - 1), 6);
    write_long(value, length);
  }
  void put_signed(std::int64_t value, Field& field) { put(fold(value), field); }
  /// The number of records, then these. Nothing may be put after it.
  std::span<const std::byte> bytes() {
    if (records_ == 0) return {};
    const std::size_t size = bytes_.size() + static_cast<std::size_t>(pending_bits_ + 7) / 8;
    store_pending();
    bytes_.resize(size);
    Packer count;
    count.put(records_);
    const auto head = count.bytes();
    bytes_.insert(bytes_.begin(), head.begin(), head.end());
    records_ = 0;
    return bytes_;
  }

  static constexpr int most_ones = 24;
  static constexpr int most_rest = 32;  ///< low bits that are written and read along with the ones

 private:
  /// Least significant bits first. `count`: at most 56.
  void write(std::uint64_t bits, int count) {
    pending_ |= bits << pending_bits_;
    pending_bits_ += count;
    if (pending_bits_ < 64) return;
    store_pending();
    pending_bits_ -= 64;
    pending_ = bits >> (count - pending_bits_);
  }
  void store_pending() {
    std::array<std::byte, sizeof pending_> word;
    for (std::size_t i = 0; i < word.size(); ++i) word[i] = static_cast<std::byte>(pending_ >> 8 * i & 0xFF);
    bytes_.insert(bytes_.end(), word.begin(), word.end());
  }
  void write_long(std::uint64_t bits, int count) {
    if (count > 32) {
      write(bits & 0xFFFFFFFF, 32);
      bits >>= 32;
      count -= 32;
    }
    write(bits, count);
  }

  std::vector<std::byte> bytes_;
  std::uint64_t pending_ = 0;  ///< bits to come after these
  int pending_bits_ = 0;
  std::uint64_t records_ = 0;
};

/// Reads what a BitPacker has put, in the same order and with fields that have learned the same.
class BitUnpacker {
 public:
  explicit BitUnpacker(std::span<const std::byte> bytes) {
    Unpacker head(bytes);
    records_ = head.get();
    bytes_ = head.rest();
  }
  /// False at the end.
  bool next_record() { return records_ > 0 && records_-- > 0; }
  std::uint64_t get(Field& field) {
    const int low = field.low_bits();
    std::uint64_t value = 0;
    fill();
    const int ones = std::countr_one(pending_);
    if (ones < BitPacker::most_ones) {
      drop(ones + 1);
      value = static_cast<std::uint64_t>(ones) << low |
              (low <= BitPacker::most_rest ? take(low) : read_long(low));
    } else {
      drop(BitPacker::most_ones);
      const auto length = static_cast<int>(read(6)) + 1;
      value = read_long(length);
    }
    field.learn(value);
    return value;
  }
  std::int64_t get_signed(Field& field) { return unfold(get(field)); }

 private:
  /// At least 56 bits are at hand, as far as there are so many.
  void fill() {
    if (at_ + sizeof pending_ <= bytes_.size()) {
      std::uint64_t next = 0;
      for (std::size_t i = 0; i < sizeof next; ++i) {  // becomes one load
        next |= static_cast<std::uint64_t>(bytes_[at_ + i]) << 8 * i;
      }
      // Bits that do not fill a byte come along, and will be the same when they are read again.
      pending_ |= next << pending_bits_;
      at_ += static_cast<std::size_t>(63 - pending_bits_) / 8;
      pending_bits_ |= 56;
    }
    for (; pending_bits_ < 56 && at_ < bytes_.size(); pending_bits_ += 8) {
      pending_ |= static_cast<std::uint64_t>(bytes_[at_++]) << pending_bits_;
    }
  }
  void drop(int count) {
    pending_ >>= count;
    pending_bits_ -= count;
  }
  std::uint64_t read(int count) {
    fill();
    return take(count);
  }
  std::uint64_t take(int count) {
    const std::uint64_t bits = pending_ & ((std::uint64_t{1} << count) - 1);
    drop(count);
    return bits;
  }
  std::uint64_t read_long(int count) {
    if (count <= 32) return read(count);
    const std::uint64_t low = read(32);
    return low | read(count - 32) << 32;
  }

  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
  std::uint64_t pending_ = 0;
  int pending_bits_ = 0;
  std::uint64_t records_ = 0;
};

}  // namespace lockstep
