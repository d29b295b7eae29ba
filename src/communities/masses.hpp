#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "data/prefetch.hpp"

namespace lockstep {

/// Masses of communities: 4 bytes each where that of all vertices together fits, 8 otherwise. They wrap: one
/// that is out of date is right again when what it has missed is added.
class Masses {
 public:
  explicit Masses(std::uint64_t total) : is_narrow_(total <= UINT32_MAX) {}

  std::uint64_t operator[](std::size_t place) const { return is_narrow_ ? narrow_[place] : wide_[place]; }
  void prefetch(std::size_t place) const {
    lockstep::prefetch(is_narrow_ ? static_cast<const void*>(&narrow_[place]) : &wide_[place]);
  }
  void set(std::size_t place, std::uint64_t mass) {
    if (is_narrow_) {
      narrow_[place] = static_cast<std::uint32_t>(mass);
    } else {
      wide_[place] = mass;
    }
  }
  void add(std::size_t place, std::int64_t mass) {
    set(place, (*this)[place] + static_cast<std::uint64_t>(mass));
  }
  void push_back(std::uint64_t mass) {
    if (is_narrow_) {
      narrow_.push_back(static_cast<std::uint32_t>(mass));
    } else {
      wide_.push_back(mass);
    }
  }
  void reserve(std::size_t places) { is_narrow_ ? narrow_.reserve(places) : wide_.reserve(places); }
  void resize(std::size_t places) { is_narrow_ ? narrow_.resize(places) : wide_.resize(places); }

 private:
  bool is_narrow_;
  std::vector<std::uint32_t> narrow_;
  std::vector<std::uint64_t> wide_;
};

}  // namespace lockstep
