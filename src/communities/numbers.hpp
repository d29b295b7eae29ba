#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <variant>
#include <vector>

#include "data/prefetch.hpp"

namespace lockstep {

/// Whole numbers in one, two, four or eight bytes each: the fewest that are enough for all so far. Most
/// weights and masses of a first graph take one, and the processor's caches hold so many more of them.
class Numbers {
  template <class Any, class Visitor>
  static auto visit(Any& any, Visitor visitor) {
    if (auto* numbers = std::get_if<std::vector<std::uint8_t>>(&any)) return visitor(*numbers);
    if (auto* numbers = std::get_if<std::vector<std::uint16_t>>(&any)) return visitor(*numbers);
    if (auto* numbers = std::get_if<std::vector<std::uint32_t>>(&any)) return visitor(*numbers);
    return visitor(*std::get_if<std::vector<std::uint64_t>>(&any));
  }
  template <class Visitor>
  auto visit(Visitor visitor) const {
    return visit(numbers_, visitor);
  }
  template <class Visitor>
  void visit(Visitor visitor) {
    visit(numbers_, visitor);
  }

 public:
  Numbers() = default;
  Numbers(std::size_t count, std::uint64_t value) {
    reserve(count);
    for (std::size_t i = 0; i < count; ++i) push_back(value);
  }
  explicit Numbers(const std::vector<std::uint64_t>& values) {
    reserve(values.size());
    for (const std::uint64_t value : values) push_back(value);
  }

  std::uint64_t operator[](std::size_t i) const {
    return visit([i](const auto& numbers) { return std::uint64_t{numbers[i]}; });
  }
  std::size_t size() const {
    return visit([](const auto& numbers) { return numbers.size(); });
  }
  void prefetch(std::size_t i) const {
    visit([i](const auto& numbers) { lockstep::prefetch(&numbers[i]); });
  }
  std::uint64_t sum() const {
    return visit([](const auto& numbers) {
      std::uint64_t sum = 0;
      for (const std::uint64_t number : numbers) sum += number;
      return sum;
    });
  }
  std::vector<std::uint64_t> values() const {
    return visit(
        [](const auto& numbers) { return std::vector<std::uint64_t>(numbers.begin(), numbers.end()); });
  }

  void reserve(std::size_t count) {
    visit([count](auto& numbers) { numbers.reserve(count); });
  }
  void push_back(std::uint64_t value) {
    make_room_for(value);
    visit([value](auto& numbers) { numbers.push_back(narrowed(numbers, value)); });
  }
  void add(std::size_t i, std::uint64_t more) {
    const std::uint64_t value = (*this)[i] + more;
    make_room_for(value);
    visit([i, value](auto& numbers) { numbers[i] = narrowed(numbers, value); });
  }

 private:
  template <class T>
  static T narrowed(const std::vector<T>&, std::uint64_t value) {
    return static_cast<T>(value);
  }
  template <class T>
  static constexpr std::uint64_t most = std::numeric_limits<T>::max();
  void make_room_for(std::uint64_t value) {
    if (value > most_) widen(value);
  }
  [[gnu::noinline]] void widen(std::uint64_t value) {
    if (value <= most<std::uint16_t>) return widen_to<std::uint16_t>();
    value <= most<std::uint32_t> ? widen_to<std::uint32_t>() : widen_to<std::uint64_t>();
  }
  template <class T>
  void widen_to() {
    std::vector<T> wider;
    visit([&](auto& numbers) {
      wider.reserve(numbers.capacity());
      wider.assign(numbers.begin(), numbers.end());
    });
    numbers_ = std::move(wider);
    most_ = most<T>;
  }

  std::variant<std::vector<std::uint8_t>, std::vector<std::uint16_t>, std::vector<std::uint32_t>,
               std::vector<std::uint64_t>>
      numbers_;
  std::uint64_t most_ = most<std::uint8_t>;  ///< that has room
};

}  // namespace lockstep
