#pragma once

#include <cstddef>
#include <cstdint>

#include <Random123/philox.h>

namespace lockstep::generator {

/// What a draw is for; draws of different streams are independent.
enum class Stream : std::uint64_t { names, account, object, group, organic, event, member, camouflage };

/// The sequence of random numbers that belongs to (seed, stream, index, sub_index), whoever asks for it.
/// Counter-based: making one costs nothing and sequences need no order among each other.
class Draws {
 public:
  Draws(std::uint64_t seed, Stream stream, std::uint64_t index, std::uint64_t sub_index = 0)
      : counter_{{index, sub_index, 0, 0}}, key_{{seed, static_cast<std::uint64_t>(stream)}} {}

  /// 64 random bits.
  std::uint64_t bits() {
    if (used_ == block_.size()) refill();
    return block_[used_++];
  }

  /// Uniform in [0, 1), a multiple of 2^-53.
  double uniform() { return static_cast<double>(bits() >> 11U) * 0x1p-53; }

  /// Uniform among 0 … count − 1, for count < 2^53.
  std::uint64_t below(std::uint64_t count) {
    return static_cast<std::uint64_t>(uniform() * static_cast<double>(count));
  }

 private:
  void refill() {
    block_ = r123::Philox4x64()(counter_, key_);
    ++counter_[2];
    used_ = 0;
  }

  r123::Philox4x64::ctr_type counter_;
  r123::Philox4x64::key_type key_;
  r123::Philox4x64::ctr_type block_{};
  std::size_t used_ = 4;
};

}  // namespace lockstep::generator
