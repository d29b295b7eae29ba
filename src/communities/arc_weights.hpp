#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/communities/prefetch.hpp"

namespace lockstep {

/// Weights by arc: 4 bytes each as long as all fit, 8 from the first that does not.
class ArcWeights {
 public:
  std::uint64_t operator[](std::size_t arc) const { return wide_.empty() ? narrow_[arc] : wide_[arc]; }
  void prefetch(std::size_t arc) const {
    lockstep::prefetch(wide_.empty() ? static_cast<const void*>(&narrow_[arc]) : &wide_[arc]);
  }
  std::size_t size() const { return wide_.empty() ? narrow_.size() : wide_.size(); }
  void reserve(std::size_t arcs) { narrow_.reserve(arcs); }
  void push_back(std::uint64_t weight) {
    if (wide_.empty() && weight <= UINT32_MAX) {
      narrow_.push_back(static_cast<std::uint32_t>(weight));
    } else {
      push_back_wide(weight);
    }
  }
  std::vector<std::uint64_t> values() const {
    return wide_.empty() ? std::vector<std::uint64_t>(narrow_.begin(), narrow_.end()) : wide_;
  }

 private:
  [[gnu::noinline]] void push_back_wide(std::uint64_t weight) {
    if (wide_.empty()) {
      wide_.reserve(narrow_.capacity());
      wide_.assign(narrow_.begin(), narrow_.end());
      narrow_ = {};
    }
    wide_.push_back(weight);
  }
  std::vector<std::uint32_t> narrow_;
  std::vector<std::uint64_t> wide_;
};

}  // namespace lockstep
