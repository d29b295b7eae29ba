#include "data/digest.hpp"

#include <array>

#include <xxhash.h>

namespace lockstep {

Digest digest_of(std::string_view name) {
  const XXH128_hash_t hash = XXH3_128bits(name.data(), name.size());
  return {hash.high64, hash.low64};
}

std::uint64_t mix(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d) {
  const std::array<std::uint64_t, 4> words = {a, b, c, d};
  return XXH3_64bits(words.data(), sizeof words);
}

}  // namespace lockstep
