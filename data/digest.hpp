#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

namespace lockstep {

/// 128-bit digest of a name: XXH3-128 of its UTF-8 bytes. Names are told apart by it and ordered by it.
struct Digest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const Digest&) const = default;
};

Digest digest_of(std::string_view name);

/// A 64-bit digest of a few words, for sums that must not depend on an order.
std::uint64_t mix(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d);

}  // namespace lockstep
